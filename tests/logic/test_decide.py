"""Verdicts against brute force; every "no" shows counts, and a label that has them."""

import random
import time

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from kili_query.ast import And, CompareOp, Counter, Not, Or, Predicate, comparison, conjunction
from kili_query.counting import count
from kili_query.logic import Example, Verdict, always_true, disjoint, equivalent, implies, satisfiable
from kili_query.logic.evaluate import holds
from kili_query.logic.witness import MAX_OBJECTS, example_of
from kili_query.ontology import Ontology
from kili_query.ontology.bind import bind
from kili_query.syntax import Limits, lower, parse_tree, print_tree
from kili_query.targets.closures import compile_closure
from tests import strategies
from tests.logic.generate import COUNTERS, random_tree
from tests.logic.truths import everywhere, truths

UNLIMITED = Limits(length=2**40, depth=2**40)


def check_example(example: Example | None, ontology: Ontology | None = None) -> dict[tuple[str, str], int]:
    """The example's label has the example's counts."""
    assert example is not None
    assert example.json_response is not None
    assert count(example.json_response, ontology=ontology) == example.counts
    return example.counts


def meets(tree: Predicate, counts: dict[tuple[str, str], int]) -> bool:
    return holds(tree, {Counter(*pair): number for pair, number in counts.items()})


@pytest.mark.parametrize("seed", range(8))
def test_verdicts_are_those_of_brute_force(seed: int) -> None:
    rng = random.Random(100 + seed)
    for _ in range(60):
        chosen = COUNTERS[: rng.randint(1, 4)]
        left = lower(random_tree(rng, rng.randint(1, 4), counters=chosen))
        right = lower(random_tree(rng, rng.randint(1, 3), counters=chosen))
        every, one, other = everywhere(chosen, 4), truths(left, chosen, 4), truths(right, chosen, 4)
        text = f"{print_tree(left)} and {print_tree(right)}"

        found = satisfiable(left)
        assert found.value == (one != 0), text
        assert not found or meets(left, check_example(found.example))

        found = always_true(left)
        assert found.value == (one == every), text
        assert found or not meets(left, check_example(found.counterexample))

        found = implies(left, right)
        assert found.value == (one & ~other == 0), text
        if not found:
            counts = check_example(found.counterexample)
            assert meets(left, counts)
            assert not meets(right, counts)

        found = equivalent(left, right)
        assert found.value == (one == other), text
        if not found:
            counts = check_example(found.counterexample)
            assert meets(left, counts) != meets(right, counts)

        found = disjoint(left, right)
        assert found.value == (one & other == 0), text
        if not found:
            counts = check_example(found.counterexample)
            assert meets(left, counts)
            assert meets(right, counts)


def test_sums_are_never_judged_wrong_and_seldom_unknown() -> None:
    rng = random.Random(7)
    unknown = 0
    for _ in range(250):
        chosen = COUNTERS[:3]
        tree = lower(random_tree(rng, 3, counters=chosen, sums=True))
        truth = truths(tree, chosen, 5)
        can, must = satisfiable(tree), always_true(tree)
        unknown += can.unknown + must.unknown
        assert can.value is not False or not truth, print_tree(tree)
        assert must.value is not True or truth == everywhere(chosen, 5), print_tree(tree)
        if can:
            assert meets(tree, check_example(can.example))
        if must.value is False:
            assert not meets(tree, check_example(must.counterexample))
    assert unknown <= 5


@pytest.mark.parametrize(
    ("left", "right", "value"),
    [
        ("J.A.count + J.B.count > 4", "J.A.count >= 3 OR J.B.count >= 3", True),
        ("J.A.count + J.B.count > 4", "J.A.count >= 4 OR J.B.count >= 3", False),
        ("J.A.count > J.B.count AND J.B.count > J.C.count", "J.A.count > J.C.count", True),
        ("J.A.count > J.B.count", "J.A.count > 0", True),
        ("J.A.count > J.B.count AND J.B.count > J.A.count", "J.C.count > 5", True),
        ("J.A.count + J.A.count == 5", "FALSE", True),
        ("J.A.count - J.B.count == 1000000", "J.A.count >= 1000000", True),
        ("J.A[K.B].count > 2", "J.A.count > 1", True),
        ("J.A[K.B AND TRUE].count > 2", "J.A[K.B].count > 1", True),
        ("J.A.count > 2", "J.*.count > 1", True),
        ("J.*.count < 1", "J.A.count < 1", True),
        ("J.*.count > 2", "J.A.count > 1", False),
        ("J.A[K.B].count > 2", "J.C.count > 1", None),
    ],
)
def test_implications(left: str, right: str, value: bool | None) -> None:
    assert implies(parse_tree(left), parse_tree(right)).value is value


def test_a_verdict_is_true_only_when_it_is_yes() -> None:
    yes, no, unknown = Verdict(True), Verdict(False), Verdict(None, note="too much work")
    assert yes
    assert not no
    assert not unknown
    assert [one.unknown for one in (yes, no, unknown)] == [False, False, True]
    assert [str(one) for one in (yes, no, unknown)] == ["yes", "no", "unknown: too much work"]
    assert str(always_true(parse_tree("J.A.count > 2 OR J.B"))) == "no: J.A = 0, J.B = 0"


def test_a_root_of_numbers_is_no_video() -> None:
    found = satisfiable(parse_tree('"0".A.count > 2 AND "1".A.count > 0'))
    assert check_example(found.example) == {("0", "A"): 3, ("1", "A"): 1}


def test_metadata_is_never_counted() -> None:
    assert satisfiable(parse_tree("ROTATION_JOB.A.count > 0")).value is False


def test_very_many_objects_are_not_written_out() -> None:
    found = satisfiable(parse_tree(f"J.A.count > {MAX_OBJECTS}"))
    assert found.example is not None
    assert found.example.counts == {("J", "A"): MAX_OBJECTS + 1}
    assert found.example.counts["J", "B"] == 0
    assert found.example.json_response is None


def test_what_has_no_place_in_a_label_is_not_written() -> None:
    jobs = {
        "BOXES": {"mlTask": "OBJECT_DETECTION", "content": {"categories": {"CAR": {}}}},
        "OLD": {"mlTask": "OBJECT_DETECTION", "isChild": True, "content": {"categories": {"CAR": {}}}},
    }
    example = example_of(
        {Counter("BOXES", "CAR"): 1, Counter("OLD", "CAR"): 1}, Ontology.from_json_interface({"jobs": jobs})
    )
    assert example.counts == {("BOXES", "CAR"): 1, ("OLD", "CAR"): 1}
    assert example.json_response is None


@given(data=st.data(), ontology=strategies.ontologies(("IMAGE", "VIDEO", None)), tree=strategies.trees(depth=0))
@settings(max_examples=50)
def test_labels_that_obey_an_ontology_agree(data: st.DataObject, ontology: Ontology, tree: Predicate) -> None:
    bound = bind(tree, ontology)
    content = data.draw(strategies.contents_of(ontology))
    matches = compile_closure(bound, ontology=ontology)(content)
    can, must = satisfiable(tree, ontology), always_true(tree, ontology)
    assert matches is False or can.value is not False
    assert matches is True or must.value is not True
    for example, wanted in ((can.example, True), (must.counterexample, False)):
        if example is not None and example.json_response is not None:
            assert count(example.json_response, ontology=ontology) == example.counts
            assert compile_closure(bound, ontology=ontology)(example.json_response) is wanted


@given(ontology=strategies.ontologies(("IMAGE", "VIDEO", None)), data=st.data())
@settings(max_examples=40)
def test_examples_have_a_place_in_the_ontology(ontology: Ontology, data: st.DataObject) -> None:
    pairs = list(ontology.pairs())
    assume(pairs)
    chosen = data.draw(st.lists(st.sampled_from(pairs), min_size=1, max_size=4))
    numbers = [data.draw(st.integers(0, 3)) for _ in chosen]
    asked = (comparison(Counter(*pair), CompareOp.GE, number) for pair, number in zip(chosen, numbers, strict=True))
    tree = conjunction(asked)
    found = satisfiable(tree, ontology)
    if found:
        check_example(found.example, ontology)


def three_sat(seed: int, variables: int = 60) -> str:
    rng = random.Random(seed)
    clauses = []
    for _ in range(int(4.26 * variables)):
        chosen = rng.sample(range(variables), 3)
        clauses.append("(" + " OR ".join(f"J.C{one}.count {rng.choice(('> 0', '== 0'))}" for one in chosen) + ")")
    return " AND ".join(clauses)


def pigeons(number: int) -> str:
    holes = range(number - 1)
    clauses = ["(" + " OR ".join(f"P{one}.H{hole}" for hole in holes) + ")" for one in range(number)]
    clauses += [
        f"(NOT P{one}.H{hole} OR NOT P{other}.H{hole})"
        for hole in holes
        for one in range(number)
        for other in range(one)
    ]
    return " AND ".join(clauses)


@pytest.mark.parametrize("text", [*map(three_sat, range(3)), *map(pigeons, (4, 6, 9, 12))])
def test_adversarial_queries_stop_on_a_budget(text: str) -> None:
    tree = parse_tree(text)
    start = time.process_time()
    found = satisfiable(tree)
    assert time.process_time() - start < 2  # about 30 ms on a quiet machine
    if found:
        assert found.example is not None
        assert meets(lower(tree), found.example.counts)
    assert found.value is not None or "steps" in found.note


def test_a_pigeon_too_many_is_refuted() -> None:
    assert satisfiable(parse_tree(pigeons(5))).value is False


def test_wide_and_deep_trees_are_answered() -> None:
    chain = " AND ".join(f"(J.C{i}.count > 0 OR J.C{i + 1}.count == 0)" for i in range(1000))
    tree = parse_tree(f"{chain} AND J.C1000.count > 0", limits=UNLIMITED)
    assert satisfiable(tree)
    assert satisfiable(parse_tree(f"{print_tree(tree)} AND J.C0.count == 0", limits=UNLIMITED)).value is False
    text = "J.A.count > 0"
    for index in range(120):
        text = f"({text}) {('AND', 'OR')[index % 2]} J.C{index}.count > {index}"
    assert satisfiable(parse_tree(text))
    assert always_true(parse_tree(text)).value is False


@pytest.mark.parametrize(
    "text",
    [
        three_sat(0),
        pigeons(8),
        " AND ".join(f"(J.A{i}.count > {i} OR J.B{i}.count < {i})" for i in range(500)),
        " OR ".join(f"(J.A{i} AND J.B{i})" for i in range(500)),
    ],
    ids=["3-SAT", "pigeons", "wide AND", "wide OR"],
)
def test_what_shares_its_clauses_is_compared_clause_by_clause(text: str) -> None:
    tree = parse_tree(text, limits=UNLIMITED)
    assert implies(tree, tree)
    assert isinstance(tree, And | Or)
    backwards = type(tree)(tree.operands[::-1])
    assert equivalent(tree, backwards)
    without_one = type(tree)(tree.operands[1:])
    assert implies(tree, without_one) if isinstance(tree, And) else implies(without_one, tree)


def test_one_of_many_alternatives_is_found() -> None:
    tree = parse_tree(" OR ".join(f"(J.A{i} AND J.B{i})" for i in range(500)))
    assert satisfiable(tree, steps=0)
    assert always_true(Not(tree), steps=0).value is False
    some = conjunction([tree, parse_tree(" AND ".join(f"NOT J.A{i}" for i in range(499)))])
    found = satisfiable(some)
    assert found.example is not None
    assert found.example.counts == {("J", "A499"): 1, ("J", "B499"): 1}


def test_both_ways_of_an_equivalence_share_one_budget() -> None:
    one, other = parse_tree(three_sat(0)), parse_tree(three_sat(1))
    there, both = implies(other, one), equivalent(one, other)
    assert there.unknown
    assert both.unknown
    assert steps_in(both.note) < steps_in(there.note)


def steps_in(note: str) -> int:
    return int(note.removeprefix("undecided after ").removesuffix(" steps of work"))


def test_budgets_are_counted_in_steps() -> None:
    tree = parse_tree(three_sat(0))
    assert satisfiable(tree, steps=10).note == satisfiable(tree, steps=10).note
    assert satisfiable(tree, steps=10).unknown


def test_examples_name_what_counts_nothing() -> None:
    assert str(example_of({})) == "the empty label"
    assert str(example_of({Counter("J", "a b"): 0})) == 'J."a b" = 0'


@pytest.mark.parametrize(
    "text",
    ["NOT J.A[K.B.count > K.C.count]", "J.A[NOT K.B].count != 1", "J.A[K.B.count IN {1, 3..}].count > J.B.count"],
)
def test_sugar_in_brackets_makes_no_second_term(text: str) -> None:
    tree = parse_tree(text)
    assert equivalent(tree, tree)
    assert always_true(Or((tree, Not(tree))))
    assert disjoint(tree, Not(tree))


def test_the_objects_that_are_chosen_are_among_all() -> None:
    assert implies(parse_tree("J.A.count < 3"), parse_tree("J.A[K.B.count > K.C.count].count < 3"))
