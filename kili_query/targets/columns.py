"""The target for tables of counts: a predicate becomes one expression that filters frames of any library."""

from collections.abc import Collection, Iterable, Iterator
from typing import assert_never

import narwhals as nw
from attrs import field, frozen

from kili_query.ast import (
    COMPARE,
    MAX_COUNT,
    And,
    CompareOp,
    Comparison,
    Constant,
    Counter,
    Linear,
    Or,
    Pattern,
    Predicate,
    Sugar,
    terms,
)
from kili_query.ast.walk import deepest
from kili_query.errors import NotExpressible
from kili_query.logic.evaluate import holds
from kili_query.syntax import lower
from kili_query.targets.base import FRAMES, require
from kili_query.targets.column_names import FAULT
from kili_query.targets.column_search import FoundColumns
from kili_query.targets.deciding import outcome

_MAX_SUM = 2**62
"""No sum of counts in 64 bits goes so far from 0."""

_MOST_LEVELS = 128
"""How deep ANDs and ORs may nest: narwhals calls up to five functions inside one another for each level."""

_MANY_COLUMNS = 2**16
"""No frame has so many columns that a pattern matches."""


def to_narwhals(
    tree: Predicate,
    prefix: str = "",
    columns: Collection[str] | None = None,
    *,
    is_case_sensitive: bool | None = None,
) -> nw.Expr:
    """Translate a predicate into an expression over wide count columns.

    A counter without a column is 0. A label whose counts are null is neither a match nor a non-match, nor is one
    with a value in the column ``fault``, where the frame has one: no query finds it. Counts are null when one that is
    asked for is, or all that the frame has.

    Args:
        tree: a predicate, sugar allowed; each of its counters is a column ``JOB/CATEGORY``.
        prefix: put before every column name.
        columns: the columns of the frame, where they are known beforehand. By default the expression itself looks for
            its columns when it meets a frame, and cannot see there that a library has renamed one.
        is_case_sensitive: whether the library of the frame tells columns apart that differ in upper and lower case
            alone; None where that is not known. It matters where the columns are known.

    Returns:
        A boolean expression. On integer columns of shape ``(n_labels,)``, in objects per label, it gives shape
        ``(n_labels,)`` in row order, null or false where a count is null.

    Raises:
        NotExpressible: the predicate looks inside annotations, which counts cannot tell, or nests more than 128 levels
            of AND and OR; or a column is missing, or
            may be another one renamed, while one that differs from it in case alone is there.

    Note:
        One vectorized comparison per counter; sums are computed in 64 bits.

    >>> import polars as pl
    >>> from kili_query.syntax import parse_tree
    >>> frame = nw.from_native(pl.DataFrame({"id": ["a", "b"], "J/A": [1, 3]}))
    >>> frame.filter(to_narwhals(parse_tree("J.A.count >= 2 AND J.B.count == 0")))["id"].to_list()
    ['b']
    """
    lowered = lower(tree)
    require(lowered, FRAMES, "a table of counts")
    if deepest(lowered)[0] > _MOST_LEVELS:
        raise NotExpressible(
            f"a table of counts cannot express more than {_MOST_LEVELS} levels of AND and OR: split the query"
        )
    found = FoundColumns.of(prefix, columns, is_case_sensitive=is_case_sensitive)
    operands = _guards(lowered, found)
    operands.add(lowered, found)
    return operands.join()


def _nowhere() -> nw.Expr:
    """False, as long as the frame: a literal has no length, and not every library lends it one."""
    return nw.nth(0).is_null().is_null()


def _all(conditions: Iterable[nw.Expr]) -> nw.Expr:
    return nw.all_horizontal(*conditions, ignore_nulls=False)


def _any(conditions: Iterable[nw.Expr]) -> nw.Expr:
    return nw.any_horizontal(*conditions, ignore_nulls=False)


@frozen
class _Operands:
    """The operands of an AND, or of an OR: some are there, and others may find no column and are then passed over."""

    is_and: bool
    sure: list[nw.Expr] = field(factory=list)
    other: list[nw.Expr] = field(factory=list)

    def add(self, tree: Predicate, columns: FoundColumns) -> None:
        """Add a predicate."""
        match tree:
            case And(operands) | Or(operands) if isinstance(tree, And) is self.is_and:
                for operand in operands:
                    self.add(operand, columns)
            case Comparison(Counter(), op) if columns.names is None and COMPARE[op](0, tree.bound) == self.is_and:
                self.other.extend(_conditions(tree, columns))
            case _:
                self.sure.append(_translate(tree, columns))

    def join(self) -> nw.Expr:
        """All of them, or any; what may find no column comes last."""
        sure = self.sure or [nw.lit(self.is_and)]
        if len(sure) == 1 and not self.other:
            return sure[0]
        return _all([*sure, *self.other]) if self.is_and else _any([*sure, *self.other])


def _guards(tree: Predicate, columns: FoundColumns) -> _Operands:
    """Conditions that leave out what is unknown or malformed; one is as long as the frame."""
    faults = [column.is_null() for column in columns.named(FAULT)]
    if faults and columns.names is not None:
        return _Operands(is_and=True, sure=faults)
    nulls = [column.is_null() for column in columns.counts_of_all(list(dict.fromkeys(terms(tree))))]
    sure = [~_any([_nowhere(), *nulls])]
    if holds(tree, {}):  # otherwise a label without any of these columns does not match anyway
        sure += _some_count(columns)
    return _Operands(is_and=True, sure=sure, other=faults)


def _some_count(columns: FoundColumns) -> Iterator[nw.Expr]:
    """That not all counts of a label are null, where the frame has any."""
    is_null = [column.is_null() for column in columns.every_count()]
    if is_null:
        is_known = [one == nw.lit(value=False) for one in is_null]  # `~` of a selector would select the others
        yield ~_any([_nowhere(), *is_null]) | _any([_nowhere(), *is_known])


def _translate(tree: Predicate, columns: FoundColumns) -> nw.Expr:
    match tree:
        case Comparison():
            return _translate_comparison(tree, columns)
        case Linear():
            return _translate_sum(tree, columns)
        case And() | Or():
            operands = _Operands(is_and=isinstance(tree, And))
            operands.add(tree, columns)
            return operands.join()
        case Constant(value):
            return nw.lit(value)
        case Sugar():
            raise AssertionError("not lowered")
        case _:
            assert_never(tree)


def _translate_comparison(tree: Comparison, columns: FoundColumns) -> nw.Expr:
    of_zero, conditions = COMPARE[tree.op](0, tree.bound), _conditions(tree, columns)
    if columns.names is None and isinstance(tree.counter, Counter):
        return _Operands(of_zero, other=conditions).join()
    return conditions[0] if conditions else nw.lit(of_zero)


def _conditions(tree: Comparison, columns: FoundColumns) -> list[nw.Expr]:
    """The comparison of the column, or none; no bound leaves the range of counts, so that none overflows an engine."""
    decided = outcome(tree.op, tree.bound)
    if decided.stop == 0:
        return [nw.lit(decided.at_stop)]
    if decided.is_exact:
        op, bound = CompareOp.EQ, decided.stop - 1
    else:
        op, bound = (CompareOp.GE if decided.at_stop else CompareOp.LT), decided.stop
    counts = columns.counts(tree.counter)
    if isinstance(tree.counter, Pattern):
        counts = [_sum(map(_wide, counts))]
    return [_compare(column, op, bound) for column in counts]


def _translate_sum(tree: Linear, columns: FoundColumns) -> nw.Expr:
    addends: list[nw.Expr] = []
    reach = 0
    for addend in tree.addends:
        found = columns.counts(addend.counter)
        is_one_each = columns.names is not None or isinstance(addend.counter, Counter)
        reach += abs(addend.coefficient) * (len(found) if is_one_each else _MANY_COLUMNS)
        addends += [_wide(column) * addend.coefficient for column in found]
    if reach * (MAX_COUNT + 1) > _MAX_SUM:
        raise NotExpressible("a table of counts cannot express a sum that needs more than 64 bits")
    total = _sum(addends)
    return _compare(total, tree.op, max(-_MAX_SUM, min(tree.bound, _MAX_SUM)))


def _sum(addends: Iterable[nw.Expr]) -> nw.Expr:
    return nw.sum_horizontal(_nowhere().cast(nw.Int64), *addends)  # there may be no addends


def _wide(column: nw.Expr) -> nw.Expr:
    """Return a column as 64-bit counts; null becomes 0, because not every library has nullable integers."""
    return column.fill_null(0).cast(nw.Int64)


def _compare(left: nw.Expr, op: CompareOp, bound: int) -> nw.Expr:
    match op:
        case CompareOp.EQ:
            return left == bound
        case CompareOp.GE:
            return left >= bound
        case CompareOp.LE:
            return left <= bound
        case CompareOp.GT:
            return left > bound
        case CompareOp.LT:
            return left < bound
        case _:
            assert_never(op)
