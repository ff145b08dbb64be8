"""Lowering: sugar becomes comparisons, linear comparisons, AND and OR. Nothing of it needs an ontology."""

from collections.abc import Iterable, Iterator
from fractions import Fraction
from math import ceil, floor
from typing import assert_never

from attrs import evolve

from kili_query.ast import (
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
    Summand,
    Term,
    comparison,
    conjunction,
    disjunction,
)
from kili_query.source import Span

__all__ = ["lower", "negate"]

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
_OPPOSITE = {
    RelationOp.EQ: RelationOp.NE,
    RelationOp.NE: RelationOp.EQ,
    RelationOp.GE: RelationOp.LT,
    RelationOp.LT: RelationOp.GE,
    RelationOp.GT: RelationOp.LE,
    RelationOp.LE: RelationOp.GT,
}
_FLIPPED = {
    CompareOp.GE: CompareOp.LE,
    CompareOp.LE: CompareOp.GE,
    CompareOp.GT: CompareOp.LT,
    CompareOp.LT: CompareOp.GT,
    CompareOp.EQ: CompareOp.EQ,
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
    if op is RelationOp.NE:
        return disjunction((_relate(left, one, right, span) for one in (RelationOp.LT, RelationOp.GT)), span)
    weights: dict[Term, int] = {}
    constant = Fraction(0)
    for side, sign in ((left, 1), (right, -1)):
        for summand in side.summands:
            factor = -sign if summand.negative else sign
            if isinstance(summand.operand, Counter | Pattern | Filtered):
                term = _lower_term(summand.operand)
                weights[term] = weights.get(term, 0) + factor
            else:
                constant -= factor * Fraction(summand.operand)
    return _weigh(weights, CompareOp(op.value), constant, span)


def _weigh(weights: dict[Term, int], op: CompareOp, bound: Fraction, span: Span) -> Predicate:
    addends = tuple(Addend(weight, term) for term, weight in weights.items() if weight != 0)
    match addends:
        case ():
            return Constant(_compare(Fraction(0), op, bound), span=span)
        case (Addend(weight, term),):
            return _bound_counter(term, op if weight > 0 else _FLIPPED[op], bound / weight, span)
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


def _compare(left: Fraction, op: CompareOp, right: Fraction) -> bool:
    match op:
        case CompareOp.EQ:
            return left == right
        case CompareOp.GE:
            return left >= right
        case CompareOp.LE:
            return left <= right
        case CompareOp.GT:
            return left > right
        case CompareOp.LT:
            return left < right
        case _:
            assert_never(op)


def _lower_membership(tree: Membership) -> Predicate:
    """A set is an OR over its ranges, united first; what lies outside is an OR over the gaps between them."""
    united = list(_unite(tree.ranges))
    match tree.sum.summands:
        case (only,) if not only.negative and isinstance(only.operand, Counter | Pattern | Filtered):
            lowest: int | None = 0  # a counter is never negative, so no bound below 0 needs saying
        case _:
            lowest = None
    parts = _gaps(united) if tree.negated else [(item.low, item.high) for item in united]
    if lowest is not None:
        parts = [(low, high) for low, high in parts if high is None or high >= lowest]
    return disjunction((_within(tree, low, high, lowest) for low, high in parts), tree.span)


def _within(tree: Membership, low: int | None, high: int | None, lowest: int | None) -> Predicate:
    def relate(op: RelationOp, number: int) -> Predicate:
        return _relate(tree.sum, op, _number(number), tree.span)

    if low is not None and low == high:
        return relate(RelationOp.EQ, low)
    bounds = []
    if low is not None and (lowest is None or low > lowest or high is None):
        bounds.append(relate(RelationOp.GE, low))
    if high is not None:
        bounds.append(relate(RelationOp.LE, high))
    return conjunction(bounds, tree.span)


def _number(number: int) -> Sum:
    return Sum((Summand(number),))


def _unite(ranges: Iterable[Range]) -> Iterator[Range]:
    """Sorted, and no two of them overlapping or adjacent; empty ranges are gone."""
    current: Range | None = None
    for item in sorted((item for item in ranges if item.high is None or item.low <= item.high), key=_low):
        if current is None:
            current = item
        elif current.high is not None and item.low > current.high + 1:
            yield current
            current = item
        elif current.high is not None:
            current = Range(current.low, None if item.high is None else max(current.high, item.high))
    if current is not None:
        yield current


def _low(item: Range) -> int:
    return item.low


def _gaps(united: list[Range]) -> list[tuple[int | None, int | None]]:
    gaps: list[tuple[int | None, int | None]] = []
    low: int | None = None
    for item in united:
        gaps.append((low, item.low - 1))
        if item.high is None:
            return gaps
        low = item.high + 1
    gaps.append((low, None))
    return gaps
