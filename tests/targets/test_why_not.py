"""Why not: what failed, and the smallest change of counts after which a label would match."""

import json
import random
from collections.abc import Mapping
from itertools import product

import pytest
from hypothesis import given

from kili_query.ast import (
    MAX_COUNT,
    Addend,
    And,
    CompareOp,
    Comparison,
    Counter,
    Linear,
    Or,
    Predicate,
    Term,
    counters,
    terms,
)
from kili_query.counting import CountPolicy, count
from kili_query.logic.evaluate import holds
from kili_query.syntax.lower import lower
from kili_query.syntax.parser import parse_text
from kili_query.targets.closures import compile_closure
from kili_query.targets.explain import Explanation
from kili_query.targets.why_not import Change, why_not
from tests import reference, strategies
from tests.logic.generate import assignments, random_tree
from tests.logic.truths import truths
from tests.work import lines_run

COUNTERS = tuple(Counter("J", name) for name in "ABC")
LABEL = {
    "OBJECTS": {"annotations": [{"mid": str(index), "categories": [{"name": "PERSON"}]} for index in range(5)]},
    "SCENE": {"categories": [{"name": "FOOD"}]},
}


def tree_of(text: str) -> Predicate:
    return lower(parse_text(text, "extended"))


def explained(text: str) -> Explanation:
    return compile_closure(parse_text(text, "extended")).explain(LABEL)


def answer(text: str, **found: int) -> str:
    return str(why_not(tree_of(text), {Counter("J", name): number for name, number in found.items()}))


def applied(change: Change, counts: Mapping[Term, int]) -> dict[Term, int]:
    return {**counts, **{counter: counts.get(counter, 0) + delta for counter, delta in change.deltas}}


def assert_valid(tree: Predicate, change: Change, counts: Mapping[Term, int]) -> None:
    changed = applied(change, counts)
    assert holds(tree, changed)
    assert all(0 <= number <= MAX_COUNT for number in changed.values())
    assert all(delta != 0 for _, delta in change.deltas)


@pytest.mark.parametrize(
    ("text", "found", "wanted"),
    [
        ("J.A.count > 3", {}, "would match with 4 more J.A"),
        ("NOT J.A", {"A": 2}, "would match with 2 fewer J.A"),
        ("J.A.count == 5 OR J.A.count == 0", {"A": 2}, "would match with 2 fewer J.A"),
        ("J.A.count > 3 OR J.B", {}, "would match with 1 more J.B"),
        ("J.A.count > 3 AND NOT J.B AND J.C", {"B": 1}, "would match with 4 more J.A, 1 fewer J.B and 1 more J.C"),
        ("(J.A.count == 2 OR J.B) AND (J.A.count == 5 OR J.C)", {"A": 4}, "would match with 1 more J.A and 1 more J.B"),
        ("J.A.count + J.B.count >= 5", {"B": 1}, "would match with 4 more J.A"),
        ("J.A.count + J.B.count >= 5 AND J.A.count <= 2", {"B": 1}, "would match with 4 more J.B"),
        ("J.A.count > J.B.count", {"A": 1, "B": 3}, "would match with 3 more J.A"),
        ("J.A.count + J.A.count + J.B.count == 7", {}, "would match with 3 more J.A and 1 more J.B"),
        ("J.A.count + J.B.count IN {2, 900}", {"A": 100, "B": 600}, "would match with 200 more J.A"),
        ('"a job"."Traffic light"', {}, 'would match with 1 more "a job"."Traffic light"'),
        ("J.A.count > 3 AND J.A.count < 2", {}, "no label can match"),
        ("J.A.count > 10000000000", {}, "no label can match"),
        ("J.A.count + J.B.count > 2 AND J.A.count + J.B.count < 2", {}, "no label can match"),
        ("FALSE", {}, "no label can match"),
        ("ROTATION_JOB.A.count > 0", {}, "no label can match"),
        ("ROTATION_JOB.A.count + J.B.count > 1", {}, "would match with 2 more J.B"),
    ],
)
def test_the_answer(text: str, found: dict[str, int], wanted: str) -> None:
    assert answer(text, **found) == wanted


def test_what_cannot_be_looked_into_is_never_changed() -> None:
    unknown = "no change of counts is known that would make it match"
    assert answer("J.A[K.X].count > 0") == unknown
    assert answer("J.A[K.X].count > 0 OR J.B.count > 4") == "would match with 5 more J.B (a smaller change may do)"
    assert answer("J.*.count > 4") == unknown
    assert answer("J.A[K.X AND NOT K.X].count > 0") == "no label can match"
    assert answer("J.A[K.X].count > 5 AND J.A.count < 5") == "no label can match"


def test_what_holds_must_not_be_shaken() -> None:
    """A pattern that holds counts what would be added; one that is not concerned does not hinder."""
    tree = tree_of("J.*.count <= 2 AND (J.A.count >= 2 OR K.B.count >= 5)")
    counts = dict.fromkeys((Counter("J", "A"), *_patterns(tree)), 1)
    assert str(why_not(tree, counts)) == "would match with 5 more K.B (a smaller change may do)"


def _patterns(tree: Predicate) -> list[Term]:
    assert isinstance(tree, And)
    [first, _] = tree.operands
    assert isinstance(first, Comparison)
    return [first.counter]


def test_failed_clauses() -> None:
    found = explained(
        "OBJECTS.PERSON.count >= 3 AND (SCENE.NIGHT OR OBJECTS.CAR.count > 1) AND NOT (SCENE.FOOD OR X.Y)"
    )
    assert [str(part) for part in found.failed] == [
        "✗ SCENE.NIGHT      (found 0)",
        "✗ OBJECTS.CAR.count > 1      (found 0)",
        "✗ NOT SCENE.FOOD      (found 1)",
    ]
    assert not any(found.failed)
    assert explained("OBJECTS.PERSON").failed == ()
    assert [part.text for part in explained("SCENE.NIGHT AND SCENE.NIGHT").failed] == ["SCENE.NIGHT"]
    assert [part.text for part in explained("NOT NOT SCENE.NIGHT").failed] == ["SCENE.NIGHT"]


def test_shown_last_where_it_does_not_match() -> None:
    assert str(explained("SCENE.NIGHT")).splitlines() == [
        "✗ SCENE.NIGHT      (found 0)",
        "would match with 1 more SCENE.NIGHT",
    ]
    assert str(explained("SCENE.FOOD")) == "✓ SCENE.FOOD      (found 1)"
    assert explained("SCENE.FOOD").change is None


def test_as_json() -> None:
    decoded = json.loads(json.dumps(explained("OBJECTS.PERSON.count > 6 AND NOT SCENE.FOOD").to_dict()))
    assert decoded["failed"] == [
        {"text": "OBJECTS.PERSON.count > 6", "found": {"OBJECTS.PERSON.count": 5}},
        {"text": "NOT SCENE.FOOD", "found": {"SCENE.FOOD.count": 1}},
    ]
    assert decoded["change"] == {"OBJECTS.PERSON.count": 2, "SCENE.FOOD.count": -1}
    assert decoded["why_not"] == "would match with 2 more OBJECTS.PERSON and 1 fewer SCENE.FOOD"
    assert explained("FALSE").to_dict()["change"] is None
    assert "change" not in explained("SCENE.FOOD").to_dict()


@pytest.mark.parametrize("sums", [False, True])
def test_no_smaller_change_does(sums: bool) -> None:
    """Against all counts up to well above the bounds."""
    rng = random.Random(11)
    highest, judged = 8, 0
    grid = list(assignments(COUNTERS, highest))
    while judged < 100:
        tree = lower(random_tree(rng, depth=3, counters=COUNTERS, highest=3, sums=sums))
        counts: dict[Term, int] = {counter: rng.randint(0, 5) for counter in COUNTERS}
        if holds(tree, counts):
            continue
        judged += 1
        table = truths(tree, COUNTERS, highest)
        costs = [
            sum(abs(counts[one] - number) for one, number in other.items())
            for at, other in enumerate(grid)
            if table >> at & 1
        ]
        found = why_not(tree, counts)
        assert found.is_impossible == (not costs), tree
        if found.change is not None:
            assert_valid(tree, found.change, counts)
            assert found.change.is_smallest
            assert found.change.size == min(costs), tree


def test_gaps() -> None:
    """A counter may pass over what was found, and over what is not allowed."""
    rng = random.Random(12)
    for _ in range(200):
        allowed = {one: {rng.randint(0, 7), rng.randint(0, 7)} for one in COUNTERS}
        choices = [Or(tuple(Comparison(one, CompareOp.EQ, at) for at in numbers)) for one, numbers in allowed.items()]
        total = rng.randint(0, 15)
        both = tree_of(f"J.A.count + J.B.count + J.C.count == {total}")
        tree = And((*choices, both))
        counts: dict[Term, int] = {one: rng.randint(0, 7) for one in COUNTERS}
        solutions = [numbers for numbers in product(*allowed.values()) if sum(numbers) == total]
        found = why_not(tree, counts)
        if not solutions:
            assert found.is_impossible
        else:
            wanted = min(sum(abs(a - b) for a, b in zip(one, counts.values(), strict=True)) for one in solutions)
            assert (found.change.size if found.change else 0) == wanted


def test_large_numbers() -> None:
    assert answer("J.A.count + J.B.count + J.C.count >= 2000000000") == "would match with 2000000000 more J.A"
    tree = tree_of("J.A.count + J.B.count >= 4000000000")
    found = why_not(tree, {}).change
    assert found is not None
    assert_valid(tree, found, {})
    assert found.size == 4_000_000_000


LABELS = (strategies.contents() | strategies.video_contents()).filter(reference.is_well_formed)


@given(strategies.trees(), LABELS, strategies.policies)
def test_a_change_is_one_of_the_label_that_was_explained(tree: Predicate, label: object, policy: CountPolicy) -> None:
    """Of any query, brackets and sugar in them included: what would match is not what was found."""
    matcher = compile_closure(tree, policy=policy)
    explanation = matcher.explain(label)
    assert explanation.matches == matcher(label)
    if explanation.change is None:
        return
    assert explanation.change.deltas
    lowered = lower(tree)
    if all(isinstance(term, Counter) for term in terms(lowered)):
        counts: dict[Term, int] = dict.fromkeys(counters(lowered), 0)
        counts |= {Counter(*pair): number for pair, number in count(label, policy=policy).items()}
        assert_valid(lowered, explanation.change, counts)


def _clauses(rng: random.Random, variables: int, clauses: int) -> Predicate:
    names = [Counter("J", f"V{index}") for index in range(variables)]
    return And(
        tuple(
            Or(tuple(Comparison(one, rng.choice((CompareOp.GT, CompareOp.LE)), 0) for one in rng.sample(names, 3)))
            for _ in range(clauses)
        )
    )


_MANY = 1_000


def _wide(connective: type[And] | type[Or]) -> Predicate:
    return connective(tuple(Comparison(Counter("J", f"V{index}"), CompareOp.GE, 2) for index in range(_MANY)))


def _long_sum() -> Predicate:
    many = _wide(And)
    assert isinstance(many, And)
    terms = [leaf.counter for leaf in many.operands if isinstance(leaf, Comparison)]
    return Linear(tuple(Addend(1, term) for term in terms), CompareOp.GE, 100 * _MANY)


@pytest.mark.parametrize(
    "tree",
    [
        pytest.param(_clauses(random.Random(1), 60, 250), id="3-sat"),
        pytest.param(_clauses(random.Random(2), 200, 600), id="large 3-sat"),
        pytest.param(_wide(And), id="wide and"),
        pytest.param(_wide(Or), id="wide or"),
        pytest.param(_long_sum(), id="long sum"),
        pytest.param(And((_long_sum(), _wide(Or))), id="long sum and wide or"),
    ],
)
def test_work_is_bounded(tree: Predicate) -> None:
    counts: dict[Term, int] = {}
    if holds(tree, counts):
        counts = {Counter("J", "V0"): 1}
    found = []
    assert lines_run(lambda: found.append(why_not(tree, counts))) < 5_000_000  # twice what the costliest takes
    [found] = found
    if found.change is not None:
        assert_valid(tree, found.change, counts)
