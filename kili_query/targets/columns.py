"""The target for tables of counts: a predicate becomes one expression that filters frames of any library."""

from collections.abc import Collection, Iterable
from typing import assert_never

import narwhals as nw
import narwhals.selectors as ncs
from attrs import frozen

from kili_query.ast import (
    MAX_COUNT,
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
    Relation,
    Term,
    terms,
)
from kili_query.ast.walk import matches_pattern
from kili_query.errors import NotExpressible
from kili_query.syntax import lower
from kili_query.targets.base import FRAMES, require
from kili_query.targets.column_names import FAULT, column_name, column_pattern
from kili_query.targets.explain import COMPARE
from kili_query.targets.outcome import outcome

__all__ = ["to_narwhals"]

_MAX_SUM = 2**62


def to_narwhals(tree: Predicate, prefix: str = "", columns: Collection[str] | None = None) -> nw.Expr:
    """Translate a predicate into an expression over wide count columns.

    A counter without a column is 0. A label whose counts are null is neither a match nor a non-match, nor is one
    with a value in the column ``fault``, where the frame has one: no query finds it.

    Args:
        tree: a predicate, sugar allowed; each of its counters is a column ``JOB/CATEGORY``.
        prefix: put before every column name.
        columns: the columns of the frame, where they are known beforehand. By default the expression itself looks for
            its columns when it meets a frame.

    Returns:
        A boolean expression. On integer columns of shape ``(n_labels,)``, in objects per label, it gives shape
        ``(n_labels,)`` in row order, null or false where a count is null.

    Raises:
        NotExpressible: the predicate looks inside annotations, which counts cannot tell.

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
    frame = _Frame(prefix, None if columns is None else frozenset(columns))
    return _all([*frame.guards(lowered), _translate(lowered, frame)])


@frozen
class _Frame:
    """How columns are found: by name where they are known, and else by a selector, which may find none."""

    prefix: str
    columns: frozenset[str] | None

    def named(self, name: str) -> list[nw.Expr]:
        """The column of a name, or nothing."""
        name = self.prefix + name
        if self.columns is not None:
            return [nw.col(name)] if name in self.columns else []
        return [_select(_literal(name))]

    def counts(self, term: Term) -> list[nw.Expr]:
        """The columns whose sum a term is."""
        match term:
            case Counter(job, category):
                return self.named(column_name(job, category))
            case Pattern():
                job_pieces, category_pieces = column_pattern(term)
                if self.columns is not None:
                    return [nw.col(name) for name in sorted(self.columns) if self._is_of(name, term)]
                pieces = [r"[^/]*".join(map(_literal, pieces)) for pieces in (job_pieces, category_pieces)]
                return [_select(_literal(self.prefix) + "/".join(pieces))]
            case Filtered():
                raise AssertionError("refused before")
            case _:
                assert_never(term)

    def _is_of(self, column: str, pattern: Pattern) -> bool:
        job, slash, category = column.removeprefix(self.prefix).partition("/")
        job_pieces, category_pieces = column_pattern(pattern)
        return (
            column.startswith(self.prefix)
            and "/" in slash
            and "/" not in category
            and matches_pattern(job_pieces, job)
            and matches_pattern(category_pieces, category)
        )

    def guards(self, tree: Predicate) -> list[nw.Expr]:
        """Conditions that leave out what is unknown or malformed; the first is as long as the frame."""
        faults = [column.is_null() for column in self.named(FAULT)]
        if faults and self.columns is not None:
            return faults
        nulls = [column.is_null() for term in dict.fromkeys(terms(tree)) for column in self.counts(term)]
        return [~_any([_nowhere(), *nulls]), *faults]  # what may find no column comes last


def _literal(text: str) -> str:
    """A regular expression for a text, read alike by Python and by Rust."""
    return "".join(f"\\U{ord(char):08x}" for char in text)


def _select(pattern: str) -> nw.Expr:
    return ncs.matches(f"^{pattern}$")


def _nowhere() -> nw.Expr:
    """False, as long as the frame: a literal has no length, and not every library lends it one."""
    first = nw.nth(0).is_null()
    return first & ~first


def _all(conditions: Iterable[nw.Expr]) -> nw.Expr:
    return nw.all_horizontal(*conditions, ignore_nulls=False)


def _any(conditions: Iterable[nw.Expr]) -> nw.Expr:
    return nw.any_horizontal(*conditions, ignore_nulls=False)


def _translate(tree: Predicate, frame: _Frame) -> nw.Expr:
    match tree:
        case Comparison(counter, op, bound):
            return _translate_comparison(counter, op, bound, frame)
        case Linear():
            return _translate_sum(tree, frame)
        case And(operands):
            return _all(_translate(operand, frame) for operand in operands)
        case Or(operands):
            return _any(_translate(operand, frame) for operand in operands)
        case Constant(value):
            return nw.lit(value)
        case Not() | Exists() | Relation() | Membership():
            raise AssertionError("not lowered")
        case _:
            assert_never(tree)


def _translate_comparison(term: Term, op: CompareOp, bound: int, frame: _Frame) -> nw.Expr:
    """No bound leaves the range of counts, so that none overflows an engine."""
    decided = outcome(op, bound)
    if decided.stop == 0:
        return nw.lit(decided.at_stop)
    if decided.is_exact:
        op, bound = CompareOp.EQ, decided.stop - 1
    else:
        op, bound = (CompareOp.GE if decided.at_stop else CompareOp.LT), decided.stop
    if isinstance(term, Pattern):
        return _compare(_total(frame.counts(term)), op, bound)
    conditions = [_compare(column, op, bound) for column in frame.counts(term)]
    of_zero = COMPARE[op](0, bound)
    if frame.columns is not None:
        return conditions[0] if conditions else nw.lit(of_zero)
    return _all([nw.lit(True), *conditions]) if of_zero else _any([nw.lit(False), *conditions])


def _translate_sum(tree: Linear, frame: _Frame) -> nw.Expr:
    reach = sum(abs(addend.coefficient) for addend in tree.addends) * (MAX_COUNT + 1)
    if reach > _MAX_SUM:
        raise NotExpressible("a table of counts cannot express a sum that needs more than 64 bits")
    weighted = [
        _wide(column) * addend.coefficient for addend in tree.addends for column in frame.counts(addend.counter)
    ]
    return _compare(_sum(weighted), tree.op, max(-reach, min(tree.bound, reach)))


def _total(columns: list[nw.Expr]) -> nw.Expr:
    return _sum([_wide(column) for column in columns])


def _sum(addends: list[nw.Expr]) -> nw.Expr:
    return nw.sum_horizontal(_nowhere().cast(nw.Int64), *addends)  # there may be no addends


def _wide(column: nw.Expr) -> nw.Expr:
    """A column of counts in 64 bits; a null becomes 0, for not every library has integers that are null."""
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
