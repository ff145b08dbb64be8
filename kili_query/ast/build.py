"""Constructors that keep the invariants of trees."""

from collections.abc import Iterable
from decimal import ROUND_CEILING, ROUND_FLOOR

from kili_query.ast.nodes import MAX_COUNT, And, CompareOp, Comparison, Constant, Number, Or, Predicate, Term
from kili_query.ast.walk import map_operands
from kili_query.source import NOWHERE, Span


def floor(number: Number) -> int:
    """Return the largest integer that is not greater than a number.

    >>> from decimal import Decimal
    >>> floor(Decimal("-1.5")), floor(2)
    (-2, 2)
    """
    return number if isinstance(number, int) else int(number.to_integral_value(ROUND_FLOOR))


def ceiling(number: Number) -> int:
    """Return the smallest integer that is not less than a number."""
    return number if isinstance(number, int) else int(number.to_integral_value(ROUND_CEILING))


def comparison(counter: Term, op: CompareOp, number: Number, span: Span = NOWHERE) -> Comparison:
    """Compare a counter with any number. A decimal becomes the equivalent integer comparison; a number outside the
    range of counts becomes the nearest equivalent one.

    >>> from decimal import Decimal
    >>> from kili_query.ast.nodes import Counter
    >>> c = Counter("J", "A")
    >>> comparison(c, CompareOp.GT, Decimal("1.5")) == comparison(c, CompareOp.GE, 2)
    True
    >>> comparison(c, CompareOp.LE, 10**30).bound == MAX_COUNT + 1
    True
    """
    if not isinstance(number, int):
        whole = floor(number)
        if whole == number:
            number = whole
        else:
            match op:
                case CompareOp.GT | CompareOp.GE:
                    op, number = CompareOp.GE, whole + 1
                case CompareOp.LT | CompareOp.LE:
                    op, number = CompareOp.LE, whole
                case CompareOp.EQ:
                    op, number = CompareOp.LT, 0  # no count is a fraction
    if not -1 <= number <= MAX_COUNT + 1:
        number = -1 if number < 0 else MAX_COUNT + 1
    return Comparison(counter, op, number, span=span)


def conjunction(operands: Iterable[Predicate], span: Span = NOWHERE) -> Predicate:
    """Join operands with AND; flatten nested conjunctions. No operand gives TRUE, a single one itself."""
    return _joined(And, operands, span)


def disjunction(operands: Iterable[Predicate], span: Span = NOWHERE) -> Predicate:
    """Join operands with OR; flatten nested disjunctions. No operand gives FALSE, a single one itself."""
    return _joined(Or, operands, span)


def _joined(kind: type[And] | type[Or], operands: Iterable[Predicate], span: Span) -> Predicate:
    flat: list[Predicate] = []
    for operand in operands:
        flat.extend(operand.operands if isinstance(operand, kind) else (operand,))
    match flat:
        case []:
            return Constant(kind is And, span=span)
        case [only]:
            return only
        case _:
            return kind(tuple(flat), span=span)


def all_of(operands: Iterable[Predicate], span: Span = NOWHERE) -> Predicate:
    """Join operands with AND, without constants: TRUE is dropped, FALSE decides.

    >>> all_of([Constant(True), Constant(False)]), all_of([Constant(True)])
    (Constant(value=False), Constant(value=True))
    """
    return _joined_without(True, And, operands, span)


def any_of(operands: Iterable[Predicate], span: Span = NOWHERE) -> Predicate:
    """Join operands with OR, without constants: FALSE is dropped, TRUE decides."""
    return _joined_without(False, Or, operands, span)


def _joined_without(neutral: bool, kind: type[And] | type[Or], operands: Iterable[Predicate], span: Span) -> Predicate:
    found = list(operands)
    wanted = [operand for operand in found if not isinstance(operand, Constant)]
    if any(isinstance(operand, Constant) and operand.value is not neutral for operand in found):
        return Constant(not neutral, span=span)
    return _joined(kind, wanted, span)


def without_constants(tree: Predicate) -> Predicate:
    """Remove constants below AND and OR from a lowered predicate, and flatten nested operators.

    >>> from kili_query.ast.nodes import Counter
    >>> car = Comparison(Counter("J", "CAR"), CompareOp.GT, 0)
    >>> without_constants(And((car, Or((Constant(True), car))))) == car
    True
    """
    match map_operands(without_constants, tree):
        case And(operands, span=span):
            return all_of(operands, span)
        case Or(operands, span=span):
            return any_of(operands, span)
        case leaf:
            return leaf
