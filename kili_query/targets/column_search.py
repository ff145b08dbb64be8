"""The count columns of a predicate: found by name where the columns of a frame are known, and else by selectors."""

from collections.abc import Collection, Sequence
from typing import assert_never

import narwhals as nw
import narwhals.selectors as ncs
from attrs import frozen

from kili_query.ast import Counter, Filtered, Pattern, Term
from kili_query.ast.walk import matches_pattern
from kili_query.targets.column_names import column_name, column_pattern, counter_of
from kili_query.targets.column_twins import ColumnTwins

_TOGETHER = 100  # so many names make no regular expression that is too long for an engine


@frozen
class FoundColumns:
    """How columns are found: by name where they are known, and else by a selector, which may find none.

    Attributes:
        prefix: of every name.
        names: of the columns, where they are known.
        twins: refuses what case makes uncertain, where it may.
    """

    prefix: str
    names: frozenset[str] | None = None
    twins: ColumnTwins | None = None

    @classmethod
    def of(cls, prefix: str, names: Collection[str] | None, *, is_case_sensitive: bool | None = None) -> "FoundColumns":
        """Of a frame with these columns; see `kili_query.targets.columns.to_narwhals`."""
        if names is None:
            return cls(prefix)
        twins = None if is_case_sensitive else ColumnTwins(names, may_stand_together=is_case_sensitive is None)
        return cls(prefix, frozenset(names), twins)

    def named(self, name: str) -> list[nw.Expr]:
        """The column of a name, or nothing."""
        if self.names is None:
            return [_select(_literal(self.prefix + name))]
        return [nw.col(one) for one in self._known(name)]

    def counts(self, term: Term) -> list[nw.Expr]:
        """The columns whose sum a term is."""
        if self.names is None:
            return [_select(self._regular_expression(term))]
        return [nw.col(name) for name in self.names_of(term)]

    def names_of(self, term: Term) -> list[str]:
        """The names of these columns, where the columns are known."""
        assert self.names is not None
        match term:
            case Counter(job, category):
                return self._known(column_name(job, category))
            case Pattern():
                if self.twins is not None:
                    self.twins.require_certain_of(lambda name: self._is_of(name, term))
                return [name for name in sorted(self.names) if self._is_of(name, term)]
            case Filtered():
                raise AssertionError("refused before")
            case _:
                assert_never(term)

    def every_count(self) -> list[nw.Expr]:
        """Every column of counts, asked for or not."""
        if self.names is None:
            return [_select(_literal(self.prefix) + "[^/]*/[^/]*")]
        names = sorted(name for name in self.names if name.startswith(self.prefix))
        return [nw.col(name) for name in names if counter_of(name.removeprefix(self.prefix)) is not None]

    def _known(self, name: str) -> list[str]:
        assert self.names is not None
        name = self.prefix + name
        if self.twins is not None:
            self.twins.require_certain(name)
        return [name] if name in self.names else []

    def _regular_expression(self, term: Term) -> str:
        match term:
            case Counter(job, category):
                return _literal(self.prefix + column_name(job, category))
            case Pattern():
                pieces = [r"[^/]*".join(map(_literal, pieces)) for pieces in column_pattern(term)]
                return _literal(self.prefix) + "/".join(pieces)
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

    def counts_of_all(self, wanted: Sequence[Term]) -> list[nw.Expr]:
        """Return the columns of all terms; selectors are combined, because each search costs time."""
        if self.names is not None:
            return [column for term in wanted for column in self.counts(term)]
        sought = [self._regular_expression(term) for term in wanted]
        return [_select("|".join(sought[at : at + _TOGETHER])) for at in range(0, len(sought), _TOGETHER)]


def _literal(text: str) -> str:
    """A regular expression for a text, read alike by Python and by Rust."""
    return "".join(f"\\U{ord(char):08x}" for char in text)


def _select(pattern: str) -> nw.Expr:
    return ncs.matches(f"^(?:{pattern})$")
