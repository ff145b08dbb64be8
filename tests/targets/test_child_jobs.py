"""What stands below the root, and that a verdict that rests on it is the reference's for any damage to a label."""

import json
from collections.abc import Callable
from functools import cache
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kili_query.ast import Addend, And, CompareOp, Comparison, Counter, Linear, Or, Predicate
from kili_query.counting import MAX_NESTING, CountPolicy, Rules
from kili_query.errors import MalformedLabelError, UnknownContentError
from kili_query.ontology import Ontology
from kili_query.ontology.job import METADATA_JOBS
from kili_query.targets.child_jobs import IRREGULAR, child_jobs, count_in
from kili_query.targets.closures import compile_closure
from tests import reference, strategies
from tests.each import for_each

MANY = settings(max_examples=80)

NO_RULES = Rules()

LABEL: dict[str, Any] = {
    "ROTATION_JOB": {"rotation": 90},
    "OBJECTS": {
        "annotations": [
            {"mid": "a", "categories": [{"name": "PERSON", "children": {}}], "children": {}},
            {
                "mid": "b",
                "categories": [{"name": "PERSON", "children": {"POSE": {"categories": [{"name": "UP"}]}}}],
                "children": {
                    "SIZE": {"categories": [{"name": "SMALL"}], "children": {"WHY": {"text": "far away"}}},
                    "PARTS": {"annotations": [{"mid": "c", "categories": [{"name": "HAND"}], "children": None}]},
                },
            },
            {"mid": "d", "categories": [{"name": "CAR"}]},
        ]
    },
    "BODY": {
        "annotations": [
            {
                "mid": "e",
                "categories": [{"name": "ARM"}],
                "points": [
                    {"code": "ELBOW", "mid": "f", "children": {}},
                    {"code": "WRIST", "mid": "g", "children": {"SEEN": {"categories": [{"name": "YES"}]}}},
                ],
            }
        ]
    },
    "SCENE": {"categories": [{"name": "STREET", "children": {"TIME": {"categories": [{"name": "DAY"}]}}}]},
    "NOTE": {"text": "free", "children": {"WHO": None}},
    "LATER": None,
    "NEVER": {},
}
BELOW = {"POSE", "SIZE", "WHY", "PARTS", "SEEN", "TIME", "WHO"}

COUNTERS = [
    Counter(job, name)
    for job, name in [
        ("OBJECTS", "PERSON"), ("SCENE", "STREET"), ("BODY", "ARM"), ("SEEN", "YES"), ("LOST", "ANY"),
    ]
]  # fmt: skip
TREES: list[Predicate] = [
    *(Comparison(counter, CompareOp.GT, 0) for counter in COUNTERS),
    And((Comparison(COUNTERS[-1], CompareOp.EQ, 0), Comparison(COUNTERS[0], CompareOp.GE, 2))),
    Or((Comparison(COUNTERS[0], CompareOp.GE, 3), Comparison(COUNTERS[1], CompareOp.LT, 1))),
    Comparison(Counter("PARTS", "HAND"), CompareOp.EQ, 1),
    Linear((Addend(2, COUNTERS[0]), Addend(-1, COUNTERS[1]), Addend(1, COUNTERS[3])), CompareOp.EQ, 4),
]

UNKNOWN_ASSETS = Ontology.from_json_interface(
    {
        "jobs": {
            "OBJECTS": {
                "mlTask": "OBJECT_DETECTION",
                "instruction": "",
                "content": {"input": "radio", "categories": {"PERSON": {"name": "Person"}}},
            }
        }
    }
)

JUNK: list[object] = [
    None, True, 0, 1.5, "", "A", "name children points", [], ["children"], [[]], {}, {"A": 1}, {"A": {}}, [{}], [None],
    [{}, {}], [{"name": "A"}, {"name": "B"}],
]  # fmt: skip


def told(answer: Callable[[], object]) -> object:
    try:
        return answer()
    except (UnknownContentError, MalformedLabelError) as error:
        return type(error), error.path


compiled = cache(compile_closure)  # the same few trees are put to all damaged labels


def assert_agreement(tree: Predicate, label: object, ontology: Ontology | None = None) -> None:
    expected = told(lambda: reference.matches(tree, label, ontology=ontology))
    matcher = compiled(tree) if ontology is None else compile_closure(tree, ontology=ontology)
    assert told(lambda: matcher(label)) == expected, (tree, label)


def paths(value: object) -> list[tuple[Any, ...]]:
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [(), *((key, *path) for key, below in inner for path in paths(below))]


def damaged(label: dict[str, Any], path: tuple[Any, ...], by: object) -> Any:
    """A copy with something else at a path, or nothing there for `...`."""
    around = {"": json.loads(json.dumps(label))}
    holder: Any = around
    for step in ("", *path)[:-1]:
        holder = holder[step]
    if by is ...:
        del holder[("", *path)[-1]]
    else:
        holder[("", *path)[-1]] = by
    return around.get("")


def test_child_jobs() -> None:
    assert set(child_jobs(LABEL, NO_RULES)) == BELOW
    assert child_jobs({}, NO_RULES) == {}


def test_parents_that_are_one_count_once() -> None:
    def child(**where: Any) -> dict[str, Any]:
        return {"categories": [{"name": "A"}], "mid": "m", **where}

    choice = {"J": {"categories": [{"name": "X"}]}}
    objects = {"J": {"annotations": [{"mid": "A", "categories": [{"name": "X"}]}]}}
    for one, other, expected in [
        (child(children=choice), child(children=choice), 1),
        (child(children=choice), child(children=choice, mid="n"), 2),
        (child(children=objects), child(children=objects), 1),
        (child(children=objects), child(children=choice), 2),
        (child(children=choice), child(categories=[{"name": "A", "children": choice}]), 2),
        (child(children=choice), child(points=[{"mid": "A", "children": choice}]), 2),
        (child(points=[{"mid": "A", "children": choice}]), child(categories=[{"name": "A", "children": choice}]), 2),
        (child(points=[{"mid": "A", "children": choice}]), child(points=[{"mid": "A", "children": choice}]), 1),
    ]:
        label = {"P": {"annotations": [one, other]}}
        assert count_in(child_jobs(label, NO_RULES), "J", "X") == expected
        assert_agreement(Comparison(Counter("J", "X"), CompareOp.EQ, expected), label)
    both = {"categories": [{"name": "A", "children": choice}], "annotations": [{**child(children=choice), "mid": "A"}]}
    inside = {"J": {"annotations": [{"mid": "J", "categories": [{"name": "X"}]}], "children": choice}}
    for payload in (both, {"children": inside}):
        assert count_in(child_jobs({"P": payload}, NO_RULES), "J", "X") == 2
        assert_agreement(Comparison(Counter("J", "X"), CompareOp.EQ, 2), {"P": payload})


def test_what_stands_below_metadata_is_not_counted() -> None:
    for name in METADATA_JOBS:
        label = {name: {"children": {"J": {"categories": [{"name": "A"}]}}}}
        for tree in (Comparison(Counter("J", "A"), CompareOp.EQ, 0), Comparison(Counter("J", "A"), CompareOp.GE, 2)):
            assert_agreement(tree, label)
            assert_agreement(tree, {"P": {"children": label}})


def test_verdicts_without_ontology() -> None:
    for tree in TREES:
        assert_agreement(tree, LABEL)


@for_each(paths(LABEL))
def test_no_damage_goes_unnoticed(path: tuple[Any, ...]) -> None:
    for junk in (*JUNK, ...):
        label = damaged(LABEL, path, junk)
        for tree in TREES:
            assert_agreement(tree, label)
        assert_agreement(TREES[0], label, UNKNOWN_ASSETS)


@pytest.mark.parametrize(
    "label",
    [
        {"0": {"OBJECTS": {"annotations": []}}},
        {"assetLevel": {}, "ROTATION_JOB": {}},
        {"A": {"categories": ["children"]}},
        {"A": {"annotations": [{"categories": [{"name": "B"}], "points": ["x"]}]}},
        {"A": {"annotations": [{"categories": [{"name": "B"}], "points": [[]]}]}},
        {"A": {"annotations": [{"mid": ["x"], "categories": [{"name": "B"}], "children": {"C": {}}}]}},
        {"A": {"annotations": [{"mid": "x", "categories": [{"name": 1}]}]}},
    ],
)
def test_what_is_irregular(label: Any) -> None:
    with pytest.raises(IRREGULAR):
        child_jobs(label, NO_RULES)
    for tree in (*TREES, Comparison(Counter("1", "B"), CompareOp.EQ, 0)):
        assert_agreement(tree, label)


@pytest.mark.parametrize("label", [{1: {}}, {"A": {"children": {1: {}}}}])
def test_a_job_name_that_is_no_string(label: Any) -> None:
    with pytest.raises(MalformedLabelError):
        compile_closure(TREES[0])(label)


@pytest.mark.parametrize("levels", [MAX_NESTING - 1, MAX_NESTING, MAX_NESTING + 1, 5000])
def test_depth(levels: int) -> None:
    label: dict[str, Any] = {}
    for _ in range(levels + 1):
        label = {"A": {"children": label}}
    matcher = compile_closure(Comparison(Counter("B", "C"), CompareOp.EQ, 0))
    if levels <= MAX_NESTING:
        assert matcher(label)
        assert set(child_jobs(label, NO_RULES)) == {"A"}
    else:
        with pytest.raises(MalformedLabelError):
            matcher(label)


def test_a_job_that_may_be_a_frame() -> None:
    label = {"0": {"categories": [{"name": "A"}]}}
    for name in ("0", "assetLevel"):
        assert_agreement(Comparison(Counter(name, "A"), CompareOp.GT, 0), {name: label["0"]})
        assert_agreement(Comparison(Counter(name, "A"), CompareOp.GT, 0), {name: label["0"], "OBJECTS": {}})


def test_metadata_is_no_job() -> None:
    for name in METADATA_JOBS:
        assert_agreement(Comparison(Counter(name, "A"), CompareOp.GT, 0), {name: {"categories": [{"name": "A"}]}})


class _Writer:
    """Writes labels as projects have them: one category and a `mid` for each object, few children."""

    def __init__(self, seed: int) -> None:
        self.random = Random(seed)

    def jobs(self, depth: int) -> dict[str, Any]:
        names = strategies.CHILD_JOBS if depth else (*strategies.ROOT_JOBS, "OBJECTS", "SIZE", "ROTATION_JOB")
        return {self.random.choice(names): self.payload(depth) for _ in range(self.random.randint(1, 3))}

    def payload(self, depth: int) -> dict[str, Any]:
        many = range(self.random.randint(0, 3))
        if self.random.random() < 0.4:
            return self.with_children({"categories": [self.category(depth) for _ in many]}, depth)
        return self.with_children({"annotations": [self.annotation(depth) for _ in many]}, depth)

    def annotation(self, depth: int) -> dict[str, Any]:
        annotation = {"mid": self.random.choice("abcdef"), "categories": [self.category(depth)]}
        if self.random.random() < 0.1:
            annotation["points"] = [self.with_children({"code": "X", "mid": "p"}, depth)]
        return self.with_children(annotation, depth)

    def category(self, depth: int) -> dict[str, Any]:
        return self.with_children({"name": self.random.choice(("A", "A", *strategies.CATEGORIES))}, depth)

    def with_children(self, holder: dict[str, Any], depth: int) -> dict[str, Any]:
        kind = self.random.random()
        if kind < 0.4:
            holder["children"] = {} if kind < 0.35 else None
        elif kind > 0.95 and depth < 2:
            holder["children"] = self.jobs(depth + 1)
        return holder

    def label(self) -> Any:
        label = self.jobs(0)
        for _ in range(self.random.choice([0, 0, 1, 2])):
            path = self.random.choice(paths(label))
            if path:
                label = damaged(label, path, self.random.choice([*JUNK, ...]))
        return label


LABELS = st.integers(0, 2**32 - 1).map(lambda seed: _Writer(seed).label())


@MANY
@given(strategies.core_trees(depth=0), LABELS, st.none() | strategies.ontologies(("IMAGE", "VIDEO", None)))
def test_labels_that_are_mostly_regular(tree: Predicate, label: Any, ontology: Ontology | None) -> None:
    assert_agreement(tree, label, ontology)


@MANY
@given(LABELS, strategies.policies)
def test_what_is_regular_is_well_formed(label: Any, policy: CountPolicy) -> None:
    try:
        below = child_jobs(label, Rules(policy.video))
    except IRREGULAR:
        return
    absent = Counter("ABSENT", "A")
    assert not reference.matches(Comparison(absent, CompareOp.GT, 0), label, policy=policy)
    reader = reference.Reader(None, policy)
    found = {job for place in reader.root_places(label)() for inner in deeper(reader, place) for job in inner["jobs"]}
    assert found <= set(below)  # it may hold what stands in metadata, too


def deeper(reader: reference.Reader, place: reference.Place) -> list[reference.Place]:
    return [one for below in reader.below(place) for one in (below, *deeper(reader, below))]
