"""Decisions on queries with brackets, patterns and sugar in them, against the labels themselves."""

from itertools import pairwise

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from kili_query.ast import Not, Predicate
from kili_query.logic import Example, always_true, disjoint, equivalent, implies, satisfiable, simplify
from kili_query.ontology import Ontology
from kili_query.ontology.check import check_names
from kili_query.syntax import lower, negate, parse_tree, print_tree
from tests import reference, strategies
from tests.dense import World

SEEDS = st.integers(0, 2**32 - 1)
LABELS = st.lists(strategies.contents().filter(reference.is_well_formed), min_size=1, max_size=4)


def judged(tree: Predicate, example: Example | None, ontology: Ontology | None = None) -> bool | None:
    """What the reference says of the label of an example, where that is written out."""
    assert example is not None
    if example.json_response is None:
        return None  # too many objects to be written down, or no place for one
    return reference.matches(tree, example.json_response, ontology=ontology, binds=ontology is not None)


def rewritten(tree: Predicate) -> list[Predicate]:
    """The tree, said otherwise, and itself; each text once."""
    others = (tree, Not(Not(tree)), lower(tree), negate(negate(tree)), negate(Not(tree)), simplify(tree))
    return list(dict.fromkeys(others))


@settings(max_examples=30)  # each proves a dozen equivalences
@given(strategies.trees(), st.none() | strategies.ontologies(("IMAGE",)), SEEDS)
def test_a_query_is_equivalent_to_itself(tree: Predicate, ontology: Ontology | None, seed: int) -> None:
    if ontology is not None:
        tree = strategies.named_by(tree, ontology, seed)
    for other in rewritten(tree):
        found = equivalent(tree, other, ontology)  # which asks `implies` both ways
        assert found.value is not False, f"{print_tree(tree)} and {print_tree(other)}: {found}"
    assert equivalent(tree, Not(tree), ontology).value is not True or disjoint(tree, tree, ontology).value is True
    assert disjoint(tree, Not(tree), ontology).value is not False


@settings(max_examples=20)
@given(strategies.trees(), strategies.trees(), LABELS)
def test_verdicts_hold_of_labels(left: Predicate, right: Predicate, labels: list[object]) -> None:
    rows = [(reference.matches(left, label), reference.matches(right, label)) for label in labels]
    check_verdicts(left, right, rows, None)


@settings(max_examples=20)
@given(st.data(), strategies.trees(), strategies.trees(), strategies.ontologies(("IMAGE",)), SEEDS)
def test_verdicts_hold_of_labels_that_obey_an_ontology(
    data: st.DataObject, left: Predicate, right: Predicate, ontology: Ontology, seed: int
) -> None:
    one, other = (strategies.named_by(tree, ontology, seed) for tree in (left, right))
    assume(not [*check_names(one, ontology), *check_names(other, ontology)])
    labels = [data.draw(strategies.contents_of(ontology)) for _ in range(4)]
    rows = [
        (
            reference.matches(one, label, ontology=ontology, binds=True),
            reference.matches(other, label, ontology=ontology, binds=True),
        )
        for label in labels
    ]
    check_verdicts(one, other, rows, ontology)


def test_verdicts_in_small_worlds_where_everything_meets() -> None:
    for seed in range(4):  # `fuzz/worlds_agree.py` tries others
        assert_verdicts_in(World(seed))


def assert_verdicts_in(world: World) -> None:
    """No verdict on the queries about a world is wrong, with labels that are complete or need not be."""
    labels = [world.label(obeys=True) for _ in range(6)]  # complete, too
    queries = [text for text in (world.query() for _ in range(6)) if not _is_refused(text, world.ontology)]
    for left, right in pairwise(map(parse_tree, queries)):
        rows = [
            (
                reference.matches(left, label, ontology=world.ontology, binds=True),
                reference.matches(right, label, ontology=world.ontology, binds=True),
            )
            for label in labels
        ]
        for is_complete in (False, True):
            check_verdicts(left, right, rows, world.ontology, is_complete=is_complete)
        for other in rewritten(left):
            assert equivalent(left, other, world.ontology).value is not False, print_tree(left)


def _is_refused(text: str, ontology: Ontology) -> bool:
    return bool(list(check_names(parse_tree(text), ontology)))


def check_verdicts(
    left: Predicate,
    right: Predicate,
    rows: list[tuple[bool, bool]],
    ontology: Ontology | None,
    *,
    is_complete: bool = False,
) -> None:
    """No label shows a yes to be wrong, and every no comes with a label that shows it."""
    text = f"{print_tree(left)} and {print_tree(right)}"
    found = satisfiable(left, ontology, labels_are_complete=is_complete)
    if found.value is False:
        assert not any(one for one, _ in rows), text
    elif found:
        assert judged(left, found.example, ontology) is not False, text

    found = always_true(left, ontology, labels_are_complete=is_complete)
    if found:
        assert all(one for one, _ in rows), text
    elif not found.unknown:
        assert judged(left, found.counterexample, ontology) is not True, text

    found = implies(left, right, ontology, labels_are_complete=is_complete)
    if found:
        assert all(other or not one for one, other in rows), text
    elif not found.unknown:
        assert judged(left, found.counterexample, ontology) is not False, text
        assert judged(right, found.counterexample, ontology) is not True, text

    found = equivalent(left, right, ontology, labels_are_complete=is_complete)
    if found:
        assert all(one == other for one, other in rows), text
    elif not found.unknown:
        shown = found.counterexample
        verdicts = judged(left, shown, ontology), judged(right, shown, ontology)
        assert None in verdicts or verdicts[0] != verdicts[1], text

    found = disjoint(left, right, ontology, labels_are_complete=is_complete)
    if found:
        assert not any(one and other for one, other in rows), text
    elif not found.unknown:
        assert judged(left, found.counterexample, ontology) is not False, text
        assert judged(right, found.counterexample, ontology) is not False, text
