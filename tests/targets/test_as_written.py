"""Explanations show the parts of a query as their reader wrote them, with the right verdicts."""

from collections.abc import Iterator
from random import Random

import pytest
from hypothesis import given

import kili_query as kq
import kili_query.targets.as_written as as_written
from kili_query.ast import Predicate, subtrees
from kili_query.diagnostics import Severity
from kili_query.ontology import Ontology
from kili_query.query import query_of
from kili_query.syntax import parse_tree, print_tree
from kili_query.targets.as_written import Written, keep_operators
from kili_query.targets.explain import Explanation
from tests import reference, strategies
from tests.dense import World

MANY = [f"C{number}" for number in range(12)]
WIDE = Ontology.from_json_interface(
    {
        "jobs": {
            "J": {
                "mlTask": "OBJECT_DETECTION",
                "tools": ["rectangle"],
                "content": {"input": "radio", "categories": {name: {"children": ["K"]} for name in MANY}},
            },
            "K": {
                "mlTask": "CLASSIFICATION",
                "isChild": True,
                "content": {"input": "checkbox", "categories": {name: {} for name in MANY}},
            },
        }
    }
)
HELD = {"mid": "1", "categories": [{"name": "C3"}], "children": {"K": {"categories": [{"name": "C5"}]}}}
LABEL = {"J": {"annotations": [HELD]}}
COUNTED = "(J.C3.count = 1, 11 others = 0)"


def shown(text: str) -> list[str]:
    query = kq.parse(text)
    found = query.compile(ontology=WIDE).explain(LABEL)
    return [" ".join(line.split()) for line in str(Written.of(query.tree, text).explanation(found)).split("\n")]


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        (
            "((J.*)) OR (J.C1.count>5)",  # the pattern becomes operands of the OR around it
            ["✓ ((J.*)) OR (J.C1.count>5)", f"✓ ((J.*)) {COUNTED}", "✗ J.C1.count > 5 (found 0)"],
        ),
        (
            "J.C3 AND J.*.count=0",
            ["✗ J.C3 AND J.*.count=0", "✓ J.C3 (found 1)", f"✗ J.*.count=0 {COUNTED}", "no label can match"],
        ),
        ("1 <= J.*.count < 5", [f"✓ 1 <= J.*.count < 5 {COUNTED}"]),  # becomes two comparisons
        ("J.*.count IN {0, 7}", [f"✗ J.*.count IN {{0, 7}} {COUNTED}", "would match with 1 fewer J.C3"]),
        ("J.\r\n * # so many\r\n .count >= 1", [f"✓ J.count >= 1 {COUNTED}"]),
        ("J.*[K.*]", ["✓ J.*[K.*] (J.C3[K.*].count = 1, 11 others = 0)"]),
        ("J.C3[K.*].count > 0", ["✓ J.C3[K.*].count > 0 (found 1)"]),
    ],
)
def test_patterns_of_many_categories(text: str, lines: list[str]) -> None:
    assert shown(text) == lines


def parts(of: Explanation) -> Iterator[Explanation]:
    yield of
    for operand in of.operands:
        yield from parts(operand)


def test_each_part_has_the_verdict_of_what_is_written(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(as_written, "_MOST_FOUND", 1)  # so that nearly all is shown as written
    random, compared = Random(3), 0
    for seed in range(40):
        world = World(seed)
        text = world.query().replace(" AND ", random.choice([" AND ", " and\r\n", " AND # why\n"]))
        if any(found.severity is Severity.ERROR for found in kq.check(text, world.ontology)):
            continue
        query = kq.parse(text)
        written = Written.of(query.tree, text)
        nodes = {node.span: node for node in subtrees(query.tree)}
        for label in (world.label(obeys=True), world.label(obeys=False)):
            for part in parts(written.explanation(query.compile(ontology=world.ontology).explain(label))):
                assert len(part.text.splitlines()) == 1
                node = nodes.get(part.tree.span)
                if node is not None and part.text == written.texts[node.span]:
                    assert parse_tree(part.text) == node
                    wanted = reference.matches(node, label, ontology=world.ontology, binds=True)
                    assert part.matches is wanted, (text, part.text, label)
                    compared += 1
    assert compared > 100


@given(strategies.trees(), strategies.contents().filter(reference.is_well_formed))
def test_other_operators_mean_the_same(tree: Predicate, label: object) -> None:
    simplified = query_of(tree).simplify().tree
    kept = keep_operators(simplified, tree)
    assert keep_operators(kept, tree) == kept
    judged = [verdict_of(one, label) for one in (simplified, kept, parse_tree(print_tree(kept)))]
    assert judged[1:] == judged[:1] * 2


def verdict_of(tree: Predicate, label: object) -> bool | None:
    """The verdict of the reference; None for a malformed label, such as one whose only job is named `0`."""
    try:
        return reference.matches(tree, label)
    except kq.MalformedLabelError:
        return None
