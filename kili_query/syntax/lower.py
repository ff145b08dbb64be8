"""Lowering: sugar becomes comparisons, linear comparisons, AND and OR. Nothing of it needs an ontology."""

from collections.abc import Iterable, Iterator
from fractions import Fraction
from math import ceil, floor
from operator import itemgetter
from typing import TypeAlias, assert_never

from attrs import evolve

from kili_query.ast import (
    COMPARE,
    FLIPPED,
    Addend,
    And,
    CompareOp,
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
    Range,
    Relation,
    RelationOp,
    Sum,
    Term,
    comparison,
    conjunction,
    disjunction,
)
from kili_query.source import Span

_NEGATED = {
    CompareOp.GE: CompareOp.LT,
    CompareOp.LT: CompareOp.GE,
    CompareOp.GT: CompareOp.LE,
    CompareOp.LE: CompareOp.GT,
}
_NEGATED_RELATION = {
    RelationOp.EQ: RelationOp.NE,
    RelationOp.NE: RelationOp.EQ,
    RelationOp.GE: RelationOp.LT,
    RelationOp.LT: RelationOp.GE,
    RelationOp.GT: RelationOp.LE,
    RelationOp.LE: RelationOp.GT,
}


def lower(tree: Predicate) -> Predicate:
    """The tree without sugar: negations are pushed to the leaves, relations and sets become comparisons.

    A tree that has no sugar is returned as it is.

    >>> from kili_query.syntax import parse_tree, print_tree
    >>> print_tree(lower(parse_tree("NOT (J.A.count != 2 OR 2 <= J.B.count < 5)")))
    'J.A.count == 2 AND (J.B.count < 2 OR J.B.count >= 5)'
    """
    match tree:
        case And(operands):
            lowered = tuple(map(lower, operands))
            return tree if lowered == operands else conjunction(lowered, tree.span)
        case Or(operands):
            lowered = tuple(map(lower, operands))
            return tree if lowered == operands else disjunction(lowered, tree.span)
        case Not(operand):
            return negate(operand)
        case Comparison(counter):
            inner = _lower_term(counter)
            return tree if inner is counter else evolve(tree, counter=inner)
        case Linear(addends):
            plain = tuple(Addend(addend.coefficient, _lower_term(addend.counter)) for addend in addends)
            return tree if plain == addends else evolve(tree, addends=plain)
        case Constant():
            return tree
        case Exists(counter):
            return Comparison(_lower_term(counter), CompareOp.GT, 0, span=tree.span)
        case Relation(sums, ops):
            steps = zip(sums, ops, sums[1:], strict=False)
            return conjunction((_relate(left, op, right, tree.span) for left, op, right in steps), tree.span)
        case Membership():
            return _lower_membership(tree)
        case _:
            assert_never(tree)


def negate(tree: Predicate) -> Predicate:
    """The lowered tree that holds exactly where ``tree`` does not."""
    match tree:
        case And(operands):
            return disjunction(map(negate, operands), tree.span)
        case Or(operands):
            return conjunction(map(negate, operands), tree.span)
        case Not(operand):
            return lower(operand)
        case Constant(value):
            return Constant(not value, span=tree.span)
        case Comparison(counter, op, bound):
            counter = _lower_term(counter)
            if op is not CompareOp.EQ:
                return comparison(counter, _NEGATED[op], bound, tree.span)
            below, above = (comparison(counter, one, bound, tree.span) for one in (CompareOp.LT, CompareOp.GT))
            return disjunction((below, above), tree.span)
        case Linear(_, op):
            ops = (CompareOp.LT, CompareOp.GT) if op is CompareOp.EQ else (_NEGATED[op],)
            plain = lower(tree)
            assert isinstance(plain, Linear)
            return disjunction((evolve(plain, op=one) for one in ops), tree.span)
        case Membership():
            return lower(evolve(tree, negated=not tree.negated))
        case Relation(sums, ops):
            steps = zip(sums, ops, sums[1:], strict=False)
            negated = (_relate(left, _NEGATED_RELATION[op], right, tree.span) for left, op, right in steps)
            return disjunction(negated, tree.span)
        case Exists():
            return negate(lower(tree))
        case _:
            assert_never(tree)


def _lower_term(term: Term) -> Term:
    match term:
        case Filtered(counter, condition):
            inner = lower(condition)
            return term if inner is condition else Filtered(counter, inner, span=term.span)
        case Counter() | Pattern():
            return term
        case _:
            assert_never(term)


def _relate(left: Sum, op: RelationOp, right: Sum, span: Span) -> Predicate:
    """One step of a relation: all counters to the left, the numbers to the right."""
    weights, constant = _collect(((left, 1), (right, -1)))
    if op is not RelationOp.NE:
        return _weigh(weights, CompareOp(op.value), -constant, span)
    if constant.denominator != 1 and sum(1 for weight in weights.values() if weight != 0) > 1:
        return Constant(True, span=span)  # a sum of counts is no fraction
    return disjunction((_weigh(weights, one, -constant, span) for one in (CompareOp.LT, CompareOp.GT)), span)


def _collect(sides: Iterable[tuple[Sum, int]]) -> tuple[dict[Term, int], Fraction]:
    """The weight of each term in signed sums, and the sum of their numbers, exactly."""
    weights: dict[Term, int] = {}
    constant = Fraction(0)
    for side, sign in sides:
        for summand in side.summands:
            factor = -sign if summand.negative else sign
            if isinstance(summand.operand, Counter | Pattern | Filtered):
                term = _lower_term(summand.operand)
                weights[term] = weights.get(term, 0) + factor
            else:
                constant += factor * Fraction(summand.operand)
    return weights, constant


def _weigh(weights: dict[Term, int], op: CompareOp, bound: Fraction, span: Span) -> Predicate:
    return _compare_to(_addends(weights), op, bound, span)


def _addends(weights: dict[Term, int]) -> tuple[Addend, ...]:
    return tuple(Addend(weight, term) for term, weight in weights.items() if weight != 0)


def _compare_to(addends: tuple[Addend, ...], op: CompareOp, bound: Fraction, span: Span) -> Predicate:
    match addends:
        case ():
            return Constant(COMPARE[op](0, bound), span=span)
        case (Addend(weight, term),):
            return _bound_counter(term, op if weight > 0 else FLIPPED[op], bound / weight, span)
        case _:
            whole = floor(bound)
            if whole != bound:
                match op:
                    case CompareOp.GT | CompareOp.GE:
                        op, whole = CompareOp.GE, whole + 1
                    case CompareOp.LT | CompareOp.LE:
                        op = CompareOp.LE
                    case CompareOp.EQ:  # a sum of counts is no fraction
                        return Constant(False, span=span)
            return Linear(addends, op, whole, span=span)


def _bound_counter(term: Term, op: CompareOp, bound: Fraction, span: Span) -> Comparison:
    if bound.denominator == 1:
        return comparison(term, op, bound.numerator, span)
    match op:
        case CompareOp.GT | CompareOp.GE:
            return comparison(term, CompareOp.GE, ceil(bound), span)
        case CompareOp.LT | CompareOp.LE:
            return comparison(term, CompareOp.LE, floor(bound), span)
        case CompareOp.EQ:  # no count is a fraction
            return comparison(term, CompareOp.LT, 0, span)
        case _:
            assert_never(op)


def _lower_membership(tree: Membership) -> Predicate:
    """A set is an OR over its ranges, united first; what lies outside is an OR over the gaps between them.

    The numbers of the sum are taken over to the ranges before that: what is left of the sum is an integer, so that
    ranges of integers say exactly where it may lie.
    """
    weights, constant = _collect(((tree.sum, 1),))
    united = list(_unite(_shifted(item, constant) for item in tree.ranges))
    parts: Iterable[_Part] = _gaps(united) if tree.negated else united
    lowest: int | None = None
    addends = _addends(weights)
    match addends:
        case (Addend(weight),) if weight > 0:
            lowest = 0  # a counter is never negative, so no bound below 0 needs saying
            parts = [(low, high) for low, high in parts if high is None or high >= lowest]
        case _:
            pass
    return disjunction((_within(addends, low, high, lowest, tree.span) for low, high in parts), tree.span)


_Part: TypeAlias = tuple[int | None, int | None]
"""The lowest and the highest integer, both included; None where there is no end."""


def _shifted(item: Range, constant: Fraction) -> tuple[int, int | None]:
    """The integers that lie in a range once a number is added to them."""
    if constant.denominator == 1 and isinstance(item.low, int) and isinstance(item.high, int | None):
        return item.low - constant.numerator, None if item.high is None else item.high - constant.numerator
    return ceil(Fraction(item.low) - constant), None if item.high is None else floor(Fraction(item.high) - constant)


def _within(
    addends: tuple[Addend, ...], low: int | None, high: int | None, lowest: int | None, span: Span
) -> Predicate:
    def relate(op: CompareOp, number: int) -> Predicate:
        return _compare_to(addends, op, Fraction(number), span)

    if low is not None and low == high:
        return relate(CompareOp.EQ, low)
    bounds = []
    if low is not None and (lowest is None or low > lowest or high is None):
        bounds.append(relate(CompareOp.GE, low))
    if high is not None:
        bounds.append(relate(CompareOp.LE, high))
    return conjunction(bounds, span)


def _unite(ranges: Iterable[tuple[int, int | None]]) -> Iterator[tuple[int, int | None]]:
    """Sorted, and no two of them overlapping or adjacent; empty ranges are gone."""
    current: tuple[int, int | None] | None = None
    for low, high in sorted((one for one in ranges if one[1] is None or one[0] <= one[1]), key=itemgetter(0)):
        if current is None:
            current = low, high
        elif current[1] is not None and low > current[1] + 1:
            yield current
            current = low, high
        elif current[1] is not None:
            current = current[0], None if high is None else max(current[1], high)
    if current is not None:
        yield current


def _gaps(united: Iterable[tuple[int, int | None]]) -> Iterator[_Part]:
    start: int | None = None
    for low, high in united:
        yield start, low - 1
        if high is None:
            return
        start = high + 1
    yield start, None
