"""Lowering keeps the meaning, takes all sugar away, and is done after one time."""

import operator
from collections.abc import Mapping
from fractions import Fraction
from functools import cache
from itertools import product
from typing import assert_never

from hypothesis import given, settings

from kili_query.ast import (
    And,
    Comparison,
    Constant,
    Counter,
    Exists,
    Filtered,
    Linear,
    Membership,
    Not,
    Or,
    Pattern,
    Predicate,
    Relation,
    Sum,
    Term,
    conjunction,
    subtrees,
    terms,
)
from kili_query.syntax import lower, negate, parse_tree, print_tree
from tests.each import for_each
from tests.strategies import trees
from tests.syntax.texts import error_of

COMPARE = {
    "==": operator.eq,
    "!=": operator.ne,
    ">=": operator.ge,
    "<=": operator.le,
    ">": operator.gt,
    "<": operator.lt,
}
Counts = Mapping[Term, int]


def holds(tree: Predicate, counts: Counts) -> bool:
    """Whether a tree holds where its terms count so much; what counts by brackets or stars is a variable too."""
    match tree:
        case And(operands):
            return all(holds(operand, counts) for operand in operands)
        case Or(operands):
            return any(holds(operand, counts) for operand in operands)
        case Not(operand):
            return not holds(operand, counts)
        case Constant(value):
            return value
        case Exists(counter):
            return counts[plain(counter)] > 0
        case Comparison(counter, op, bound):
            return bool(COMPARE[op.value](counts[plain(counter)], bound))
        case Linear(addends, op, bound):
            total = sum(addend.coefficient * counts[plain(addend.counter)] for addend in addends)
            return bool(COMPARE[op.value](total, bound))
        case Relation(sums, ops):
            values = [value_of(one, counts) for one in sums]
            return all(COMPARE[op.value](a, b) for a, op, b in zip(values, ops, values[1:], strict=False))
        case Membership(one, ranges, negated):
            number = value_of(one, counts)
            inside = any(number >= item.low and (item.high is None or number <= item.high) for item in ranges)
            return inside is not negated
        case _:
            assert_never(tree)


def value_of(one: Sum, counts: Counts) -> Fraction | int:
    total: Fraction | int = 0
    for summand in one.summands:
        match summand.operand:
            case Counter() | Pattern() | Filtered() as term:
                value: Fraction | int = counts[plain(term)]
            case int() as value:
                pass
            case decimal:
                value = Fraction(decimal)
        total += -value if summand.negative else value
    return total


@cache
def plain(term: Term) -> Term:
    """The variable of a term: what stands in brackets is lowered, so that both trees have the same one."""
    return Filtered(term.counter, lower(term.condition)) if isinstance(term, Filtered) else term


def assert_same_meaning(tree: Predicate, other: Predicate, opposite: Predicate | None = None) -> None:
    """Another tree means the same, and an opposite one the contrary, for counts up to well above the bounds."""
    others = (tree, other) if opposite is None else (tree, other, opposite)
    variables = list(dict.fromkeys(plain(term) for one in others for term in terms(one)))
    values = range(8) if len(variables) <= 3 else (0, 1, 3)
    for row in product(values, repeat=min(len(variables), 5)):
        counts = dict(zip(variables, (*row, *[1] * len(variables)), strict=False))
        verdict = holds(tree, counts)
        assert holds(other, counts) is verdict, counts
        assert opposite is None or holds(opposite, counts) is not verdict, counts


LOWERED = {
    "A.B": "A.B.count > 0",
    "NOT A.B": "A.B.count <= 0",
    "A.B.count != 2": "A.B.count < 2 OR A.B.count > 2",
    "NOT A.B.count = 2": "A.B.count < 2 OR A.B.count > 2",
    "NOT A.B.count <> 2": "A.B.count == 2",
    "2 <= A.B.count < 5": "A.B.count >= 2 AND A.B.count < 5",
    "NOT (2 <= A.B.count < 5)": "A.B.count < 2 OR A.B.count >= 5",
    "NOT (A.B AND (C.D OR NOT E.F))": "A.B.count <= 0 OR C.D.count <= 0 AND E.F.count > 0",
    "A.B.count IN {1, 2, 5..9, 20..}": (
        "A.B.count >= 1 AND A.B.count <= 2 OR A.B.count >= 5 AND A.B.count <= 9 OR A.B.count >= 20"
    ),
    "A.B.count IN {0..}": "A.B.count >= 0",
    "A.B.count - 1.5 NOT IN {1, 4}": "TRUE",
    "A.B.count - 0.5 IN {1, 2}": "FALSE",
    "A.B.count - 0.5 IN {1, 2.5, 4..6}": "A.B.count == 3 OR A.B.count >= 5 AND A.B.count <= 6",
    "A.B.count - 0.5 NOT IN {1.5, 4..}": "A.B.count <= 1 OR A.B.count >= 3 AND A.B.count <= 4",
    "2.5 - A.B.count IN {0.5, 1..2}": "A.B.count <= 2 AND A.B.count >= 1",
    "A.B.count - C.D.count + 0.5 IN {1, 2}": "FALSE",
    "A.B.count - C.D.count != 0.5": "TRUE",
    "A.B.count NOT IN {0, 2..}": "A.B.count == 1",
    "A.B.count IN {5..1}": "FALSE",
    "A.B.count + A.B.count > 5": "A.B.count >= 3",
    "A.B.count - A.B.count > 5": "FALSE",
    "5 - A.B.count >= 2": "A.B.count <= 3",
    "A.B.count > C.D.count": "A.B.count - C.D.count > 0",
    "A.B.count + C.D.count > 1.5": "A.B.count + C.D.count >= 2",
    "2 > 1": "TRUE",
    "NOT TRUE": "FALSE",
    "A.B[NOT C.D].count != 1": "A.B[C.D.count <= 0].count < 1 OR A.B[C.D.count <= 0].count > 1",
}


@for_each(LOWERED)
def test_what_sugar_lowers_to(text: str) -> None:
    tree = parse_tree(text)
    assert print_tree(lower(tree)) == LOWERED[text]
    assert_same_meaning(tree, lower(tree))


@given(trees())
@settings(max_examples=60)
def test_lowering_keeps_the_meaning_and_leaves_nothing_sweet(tree: Predicate) -> None:
    lowered = lower(tree)
    assert_same_meaning(tree, lowered, negate(tree))
    assert lower(lowered) == lowered
    for node in subtrees(lowered):
        assert isinstance(node, And | Or | Constant | Comparison | Linear)
        assert all(not isinstance(term, Filtered) or lower(term.condition) is term.condition for term in terms(node))


def test_what_has_no_sugar_is_returned_as_it_is() -> None:
    tree = parse_tree("(A.B.count > 0 OR C.D.count == 1) AND A.B.count < 5")
    assert lower(tree) is tree


def test_lowering_keeps_the_places() -> None:
    text = "A.B.count > 0 AND C.D"
    lowered = lower(parse_tree(text))
    assert [text[slice(*node.span)] for node in subtrees(lowered)] == [text, "A.B.count > 0", "C.D"]


def test_the_core_of_a_long_negation_is_core() -> None:
    inner = " AND ".join(f"(A.B{number} OR C.D{number}.count IN {{1, 3}})" for number in range(50))
    assert error_of(print_tree(lower(parse_tree(f"NOT ({inner})"))), "core") is None


def test_the_operands_of_a_negated_and_are_joined_by_or() -> None:
    tree = parse_tree("A.B AND C.D AND E.F")
    assert negate(tree) == parse_tree("A.B.count <= 0 OR C.D.count <= 0 OR E.F.count <= 0")
    assert conjunction([negate(negate(tree))]) == lower(tree)
