"""Binding keeps what a query means, and leaves no name that is not a key."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import kili_query as kq
from kili_query.ast import (
    Addend,
    CompareOp,
    Comparison,
    Constant,
    Counter,
    Filtered,
    Linear,
    NamePattern,
    Or,
    Pattern,
    Predicate,
    Range,
    Term,
)
from kili_query.ast.walk import matches_pattern
from kili_query.ontology import Ontology
from kili_query.ontology.bind import bind
from kili_query.ontology.check import check_names
from kili_query.source import NOWHERE
from kili_query.syntax import lower, parse_tree, print_tree

DATA = Path(__file__).parent.parent / "data"
STREET = Ontology.load(DATA / "ontology_street.json")
SKY = Ontology.from_json_interface(
    {
        "jobs": {
            "SKY": {
                "mlTask": "CLASSIFICATION",
                "instruction": "How is the sky?",
                "content": {
                    "categories": {"BLUE": {"name": "GREY"}, "GREY": {"name": "Rain"}, "RED": {"name": "Evening"}}
                },
            },
            "SEA": {"mlTask": "OBJECT_DETECTION", "content": {"categories": {"BLUE": {}, "WAVE": {"name": "Wave"}}}},
            "NOTE": {"mlTask": "TRANSCRIPTION"},
        }
    }
)


def bound(text: str, ontology: Ontology = STREET) -> str:
    return print_tree(bind(parse_tree(text), ontology))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("BOXES.CAR.count > 2", "BOXES.CAR.count > 2"),
        ('BOXES."Traffic light".count > 1', "BOXES.TRAFFIC_LIGHT.count > 1"),
        ('"Box them".Somebody', "BOXES.PERSON"),
        ('"Box them".Somebody.count IN {1..3}', "BOXES.PERSON.count IN {1..3}"),
        ("2 <= BOXES.Somebody.count < 5", "2 <= BOXES.PERSON.count < 5"),
        ("BOXES.Somebody.count > BOXES.CAR.count + 1", "BOXES.PERSON.count > BOXES.CAR.count + 1"),
        ("NOT SIZE.Small", "NOT SIZE.SMALL"),
        # what means nothing, or not one thing, stays
        ("BOXES.Car", "BOXES.Car"),
        ('"Pick one".RAIN', '"Pick one".RAIN'),
        ("NOPE.X AND BOXES.somebody", "NOPE.X AND BOXES.somebody"),
        ("NOPE.*.count > 2", "NOPE.count > 2"),
        ('*."Car".count > 2', "*.Car.count > 2"),
    ],
)
def test_names_become_keys(text: str, expected: str) -> None:
    assert bound(text) == expected


def test_a_key_wins_over_a_display_name() -> None:
    assert bound("SKY.GREY", SKY) == "SKY.GREY"
    assert bound("*.GREY.count == 3", SKY) == "SKY.GREY.count == 3"


@pytest.mark.parametrize("form", ["> 0", ">= 1", "!= 0", "NOT IN {0}", "IN {1..}"])
def test_a_pattern_above_zero_becomes_a_disjunction(form: str) -> None:
    tree = bind(parse_tree(f"BOXES.CA*.count {form}"), STREET)
    assert isinstance(tree, Or)
    assert {print_tree(operand) for operand in tree.operands} in (
        {"BOXES.CAR.count > 0", "BOXES.CAR_2.count > 0"},
        {"BOXES.CAR.count >= 1", "BOXES.CAR_2.count >= 1"},
    )


@pytest.mark.parametrize("form", ["== 0", "<= 0", "< 1", "IN {0}"])
def test_a_pattern_at_zero_becomes_a_conjunction(form: str) -> None:
    text = bound(f"BOXES.CA*.count {form}")
    assert text in {f"BOXES.CAR.count {op} AND BOXES.CAR_2.count {op}" for op in ("== 0", "<= 0", "< 1")}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("BOXES.CA*", "BOXES.CAR OR BOXES.CAR_2"),
        ("BODY.*.count >= 3", "BODY.ARM.count >= 3"),
        ("BODY.count >= 3", "BODY.ARM.count >= 3"),
        ("BOXES.CA*.count >= 3", "BOXES.CAR.count + BOXES.CAR_2.count >= 3"),
        ("0 < BOXES.CA*.count", "BOXES.CAR.count > 0 OR BOXES.CAR_2.count > 0"),
        ('"Box them".T*.count > 3', "BOXES.TRAFFIC_LIGHT.count > 3"),
        ("BOXES.CA*.count > BODY.count + 1", "BOXES.CAR.count + BOXES.CAR_2.count - BODY.ARM.count > 1"),
        ("BOXES.CA*.count - BOXES.CAR.count > 1", "BOXES.CAR_2.count > 1"),
        ("SIZE.SMALL OR BOXES.CA*", "SIZE.SMALL OR BOXES.CAR OR BOXES.CAR_2"),
        # none
        ("BOXES.Z*.count > 0", "FALSE"),
        ("BOXES.Z*", "FALSE"),
        ("BOXES.Z*.count <= 4", "TRUE"),
        ("HOW_MUCH.count == 0", "TRUE"),
        ("BOXES.Z*.count + BODY.count > 1", "BODY.ARM.count > 1"),
        ("BOXES.Z*.count IN {0, 4}", "TRUE"),
    ],
)
def test_patterns_become_their_pairs(text: str, expected: str) -> None:
    assert bound(text) == expected


def test_a_plain_name_in_a_pattern_may_be_a_display_name() -> None:
    assert bound("*.Wave.count > 3", SKY) == "SEA.WAVE.count > 3"
    assert bound('"How is the sky?".R*.count > 3', SKY) == "SKY.RED.count > 3"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('BOXES.Somebody["How large?".Small]', "BOXES.PERSON[SIZE.SMALL]"),
        (
            "BODY.ARM[*.YES].count > 1",
            "BODY.ARM[OCCLUDED.YES OR WHY.YES OR BENT.YES OR LOST.YES].count > 1",
        ),
        (
            "BOXES.CA*[NOT OCCLUDED.YES].count > 1",
            "BOXES.CAR[NOT OCCLUDED.YES].count + BOXES.CAR_2[NOT OCCLUDED.YES].count > 1",
        ),
        ("BOXES.CA*[BENT.YES]", "BOXES.CAR[BENT.YES] OR BOXES.CAR_2[BENT.YES]"),
        ("BOXES.CAR[SIZE.SMALL]", "BOXES.CAR[SIZE.SMALL]"),
        ("BOXES.PERSON[SIZE.SMALL[WHY.*]]", "BOXES.PERSON[SIZE.SMALL[WHY.FAR OR WHY.YES]]"),
    ],
)
def test_brackets_are_bound_to_child_jobs_wherever_the_ontology_places_them(text: str, expected: str) -> None:
    assert bound(text) == expected


def test_spans_are_kept() -> None:
    tree = parse_tree("BOXES.CA*.count > 0 AND BOXES.Somebody")
    found = bind(tree, STREET)
    assert found.span == tree.span
    spans = [(term.job_span, term.category_span) for term in _counters(found)]
    assert NOWHERE not in {span for pair in spans for span in pair}
    assert spans[0] == spans[1] == ((0, 5), (6, 9))


def test_a_bound_tree_is_the_same_object() -> None:
    tree = parse_tree("BOXES.CAR.count > 2 AND (NOT SIZE.SMALL OR 2 < BODY.ARM[BENT.YES].count) AND TRUE")
    assert bind(tree, STREET) is tree


def test_a_lowered_tree_can_be_bound_too() -> None:
    total = Pattern(NamePattern(("SKY",)), NamePattern(("", "")))
    tree = Linear((Addend(2, total), Addend(-2, Counter("SKY", "RED"))), CompareOp.GE, 3)
    assert bind(tree, SKY) == Linear(
        (Addend(2, Counter("SKY", "BLUE")), Addend(2, Counter("SKY", "GREY"))), CompareOp.GE, 3
    )
    gone = Linear((Addend(1, Counter("SKY", "Rain")), Addend(-1, Counter("SKY", "GREY"))), CompareOp.GE, 0)
    assert bind(gone, SKY) == Constant(True)


def _counters(tree: Predicate) -> list[Counter]:
    match tree:
        case Comparison(Counter() as counter):
            return [counter]
        case _ if hasattr(tree, "operands"):
            return [counter for operand in tree.operands for counter in _counters(operand)]
        case _:
            term = getattr(tree, "counter", None)
            return [term] if isinstance(term, Counter) else []


# An oracle: lowered trees judged on counts, patterns by what they match.

COMPARE = {
    CompareOp.EQ: int.__eq__,
    CompareOp.GE: int.__ge__,
    CompareOp.LE: int.__le__,
    CompareOp.GT: int.__gt__,
    CompareOp.LT: int.__lt__,
}


def holds(tree: Predicate, counts: dict[tuple[str, str], int]) -> bool:
    if isinstance(tree, Constant):
        return tree.value
    if isinstance(tree, Comparison):
        return bool(COMPARE[tree.op](value_of(tree.counter, counts), tree.bound))
    if isinstance(tree, Linear):
        total = sum(addend.coefficient * value_of(addend.counter, counts) for addend in tree.addends)
        return bool(COMPARE[tree.op](total, tree.bound))
    quantifier = any if isinstance(tree, Or) else all
    return quantifier(holds(operand, counts) for operand in tree.operands)  # type: ignore[union-attr]


def value_of(term: Term, counts: dict[tuple[str, str], int]) -> int:
    if isinstance(term, Counter):
        return counts.get((term.job, term.category), 0)
    assert not isinstance(term, Filtered)
    return sum(
        counts[pair]
        for pair in SKY.pairs()
        if matches_pattern(term.job.pieces, pair[0]) and matches_pattern(term.category.pieces, pair[1])
    )


terms = st.sampled_from(["SKY.BLUE", "SEA.WAVE", "SKY.*", "*.BLUE", "*.*", "S*.*E*", "SKY.R*", "*.X*", "NOTE.*"])
ops = st.sampled_from(["==", "!=", ">=", "<=", ">", "<"])
numbers = st.sampled_from(["-1", "0", "1", "2", "0.5", "1.5"])
leaves = st.one_of(
    terms,
    st.builds("{}.count {} {}".format, terms, ops, numbers),
    st.builds("{} {} {}.count".format, numbers, ops, terms),
    st.builds("{} < {}.count {} {}".format, numbers, terms, ops, numbers),
    st.builds("{}.count - {}.count + 1 {} {}.count".format, terms, terms, ops, terms),
    st.builds("{}.count NOT IN {{{}, 3..}}".format, terms, st.integers(0, 2)),
    st.builds("{}.count IN {{{}..{}}}".format, terms, st.integers(0, 2), st.integers(0, 3)),
)
queries = st.recursive(
    leaves,
    lambda inner: st.one_of(
        st.builds("NOT ({})".format, inner),
        st.builds("({}) AND ({})".format, inner, inner),
        st.builds("({}) OR ({})".format, inner, inner),
    ),
    max_leaves=4,
)
some_counts = st.fixed_dictionaries({pair: st.integers(0, 3) for pair in SKY.pairs()})


@settings(max_examples=60)  # `tests/targets/test_bound.py` binds to other ontologies, with brackets
@given(queries, st.lists(some_counts, min_size=1, max_size=5))
def test_binding_keeps_the_meaning_and_settles_at_once(text: str, rows: list[dict[tuple[str, str], int]]) -> None:
    tree = parse_tree(text)
    found = bind(tree, SKY)
    assert bind(found, SKY) == found
    assert bind(lower(found), SKY) == lower(found)
    for counts in rows:
        expected = holds(lower(tree), counts)
        assert holds(lower(found), counts) is expected, print_tree(found)
        assert holds(bind(lower(tree), SKY), counts) is expected


def test_what_an_ontology_says_of_labels_does_not_change_a_query() -> None:
    """Only a car lists the child job, but the label, older than the ontology, has it below a bus."""
    boxes = {"CAR": {"children": ["COLOR"]}, "BUS": {}}
    jobs = {
        "BOX": {"mlTask": "OBJECT_DETECTION", "content": {"categories": boxes}},
        "COLOR": {"mlTask": "CLASSIFICATION", "isChild": True, "content": {"categories": {"RED": {}}}},
    }
    ontology = Ontology.from_json_interface({"jobs": jobs})
    color = {"COLOR": {"categories": [{"name": "RED"}]}}
    label = {"BOX": {"annotations": [{"mid": "a", "categories": [{"name": "BUS"}], "children": color}]}}
    for text in ("BOX.*[COLOR.RED].count >= 1", "BOX.*[COLOR.*].count == 1", "BOX.*[NOT COLOR.RED].count == 0"):
        query = kq.parse(text)
        assert query.matches(label)
        assert query.compile(ontology=ontology)(label), text


@pytest.mark.parametrize(
    "text",
    [
        "BOXES.*[SIZE.SMALL OR NOT OCCLUDED.YES].count >= 2",
        "*.PERSON[*.YES AND SIZE.count > 0]",
        'BODY."Arm"[*.*.count > 1]',
        "BOXES.count > 3 OR BOXES.count < 1",
        '"not".count > 0',
        "*.YES.count > 1",
    ],
)
def test_binding_twice_is_binding_once(text: str) -> None:
    tree = parse_tree(text)
    assert list(check_names(tree, STREET)) == []
    found = bind(tree, STREET)
    assert bind(found, STREET) is found
    assert lower(parse_tree(print_tree(found))) == lower(found)


def test_the_ranges_of_a_set_are_kept() -> None:
    tree = bind(parse_tree("SKY.Rain.count IN {1, 3..}"), SKY)
    assert getattr(tree, "ranges", None) == (Range(1, 1), Range(3, None))
