"""Queries from Python: the same trees that the parser builds.

>>> import kili_query as kq
>>> cars, people = kq.job("OBJECTS")["CAR"], kq.job("OBJECTS")["PERSON"]
>>> print((cars.count > 3) & ~(people.count >= 1))
OBJECTS.CAR.count > 3 AND NOT OBJECTS.PERSON.count >= 1
>>> print(cars.count + people.count >= 5)
OBJECTS.CAR.count + OBJECTS.PERSON.count >= 5
>>> print(kq.job("BOXES")["PERSON"][kq.job("SIZE")["SMALL"].exists].count >= 2)
BOXES.PERSON[SIZE.SMALL].count >= 2
>>> print(people.count.isin(0, 2, range(5, 10)))
OBJECTS.PERSON.count IN {0, 2, 5..9}
"""

import re
from collections.abc import Iterable
from decimal import Decimal
from typing import NoReturn, TypeAlias

from attrs import field, frozen

from kili_query.ast import (
    CompareOp,
    Counter,
    Exists,
    Filtered,
    Membership,
    NamePattern,
    Number,
    Pattern,
    Range,
    Relation,
    RelationOp,
    Sum,
    Summand,
    Term,
    comparison,
)
from kili_query.query import Query, built_query

Operand: TypeAlias = "Count | int | float | Decimal"


def job(name: str) -> "JobReference":
    """A job by its key or display name; a ``*`` in it is a wildcard.

    >>> import kili_query as kq
    >>> print(kq.job("OBJECTS").count > 9)
    OBJECTS.count > 9
    """
    return JobReference(_name(name))


class _Uncounted:
    """A job or category, which people compare or join as if it were its count or a query."""

    def _refuse(self, other: object = None) -> NoReturn:
        example = 'job("OBJECTS")["CAR"].count > 3'
        raise TypeError(f"compare its `.count`, as in `{example}`, or take the `.exists` of a category")

    __lt__ = __le__ = __gt__ = __ge__ = __eq__ = __ne__ = _refuse
    __add__ = __radd__ = __sub__ = __rsub__ = __and__ = __rand__ = __or__ = __ror__ = __invert__ = __bool__ = _refuse
    __hash__ = None  # type: ignore[assignment] # equality is refused too


@frozen(eq=False)
class JobReference(_Uncounted):
    """A job of a project: index it by a category, or take its total ``count``."""

    name: str

    def __getitem__(self, category: str) -> "CountOf":
        category = _name(category)
        if "*" in self.name or "*" in category:
            return CountOf(Pattern(_pattern(self.name), _pattern(category)))
        return CountOf(Counter(self.name, category))

    @property
    def count(self) -> "Count":
        """The number of objects of all categories of the job."""
        return Count(Sum((Summand(Pattern(_pattern(self.name), NamePattern(("", "")))),)))


@frozen(eq=False)
class CountOf(_Uncounted):
    """The objects of a category in a job: ``count`` them, or index by a condition on their own children."""

    term: Term

    def __getitem__(self, condition: Query) -> "CountOf":
        if not isinstance(condition, Query):
            raise TypeError(f"a condition is a query, not {type(condition).__name__}")
        if isinstance(self.term, Filtered):
            raise TypeError("join the conditions with `&` in one pair of brackets")
        return CountOf(Filtered(self.term, condition.tree))

    @property
    def count(self) -> "Count":
        """How many there are in a label."""
        return Count(Sum((Summand(self.term),)))

    @property
    def exists(self) -> Query:
        """There is one at least: ``JOB.CATEGORY`` where a condition is expected."""
        return built_query(Exists(self.term))


@frozen(eq=False)
class Count:
    """A counter or a sum of counters; comparing it gives a `Query`."""

    sum: Sum = field()

    __hash__ = None  # type: ignore[assignment] # `==` builds a query, so equal counts cannot be found by hash

    def __add__(self, other: Operand) -> "Count":
        return Count(Sum(self.sum.summands + _sum(other).summands))

    def __radd__(self, other: Operand) -> "Count":
        return Count(Sum(_sum(other).summands + self.sum.summands))

    def __sub__(self, other: Operand) -> "Count":
        return Count(Sum(self.sum.summands + _negated(_sum(other))))

    def __rsub__(self, other: Operand) -> "Count":
        return Count(Sum(_sum(other).summands + _negated(self.sum)))

    def __eq__(self, other: object) -> Query:  # type: ignore[override] # a query language compares to build
        return self._relate(RelationOp.EQ, other)

    def __ne__(self, other: object) -> Query:  # type: ignore[override] # a query language compares to build
        return self._relate(RelationOp.NE, other)

    def __ge__(self, other: Operand) -> Query:
        return self._relate(RelationOp.GE, other)

    def __le__(self, other: Operand) -> Query:
        return self._relate(RelationOp.LE, other)

    def __gt__(self, other: Operand) -> Query:
        return self._relate(RelationOp.GT, other)

    def __lt__(self, other: Operand) -> Query:
        return self._relate(RelationOp.LT, other)

    def isin(self, *values: int | range | Iterable[int]) -> Query:
        """The count is one of these integers or lies in one of these ranges of step 1.

        >>> import kili_query as kq
        >>> print(kq.job("J")["C"].count.isin({0, 2}, range(5, 10)))
        J.C.count IN {0, 2, 5..9}
        """
        ranges = tuple(one for value in values for one in _ranges(value))
        if not ranges:
            raise ValueError("a set needs one number at least")
        return built_query(Membership(self.sum, ranges))

    def _relate(self, op: RelationOp, other: object) -> Query:
        right = _sum(other)
        match self.sum.summands, right.summands:
            case (Summand(Counter() | Pattern() | Filtered() as term, False),), (
                Summand(int() | Decimal() as bound, False),
            ):
                if op is not RelationOp.NE:
                    return built_query(comparison(term, CompareOp(op.value), bound))
            case _:
                pass
        return built_query(Relation((self.sum, right), (op,)))


def _name(name: object) -> str:
    if not isinstance(name, str):
        raise TypeError(f"a name is a str, not {type(name).__name__}")
    return name


def _pattern(name: str) -> NamePattern:
    return NamePattern(tuple(re.split(r"\*+", name)))


def _sum(operand: object) -> Sum:
    match operand:
        case Count(one):
            return one
        case bool():
            raise TypeError("a count is compared with a number, not with a bool")
        case int():
            return Sum((Summand(operand),))
        case float() | Decimal():
            number = Decimal(str(operand))
            if not number.is_finite():
                raise ValueError(f"a count is compared with a finite number, not {operand}")
            return Sum((Summand(_exact(number)),))
        case _:
            raise TypeError(f"a count is compared with a number or a count, not {type(operand).__name__}")


def _exact(number: Decimal) -> Number:
    whole = number.to_integral_value()
    return int(whole) if whole == number else number


def _negated(one: Sum) -> tuple[Summand, ...]:
    return tuple(Summand(summand.operand, not summand.negative) for summand in one.summands)


def _ranges(value: int | range | Iterable[int]) -> Iterable[Range]:
    match value:
        case bool():
            raise TypeError("a set holds integers, not bools")
        case int():
            return (Range(value, value),)
        case range(start=start, stop=stop, step=1):
            return (Range(start, stop - 1),)
        case _:
            return (Range(number, number) for number in sorted(value))
