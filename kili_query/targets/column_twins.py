"""Columns that differ in upper and lower case alone, which some libraries take for one."""

import re
from collections.abc import Callable, Iterable, Iterator

from kili_query.errors import NotExpressible

_RENAMED = re.compile(r"_[0-9]+\Z")
_INSTEAD = "use a table of polars, pandas or pyarrow with `frames.filter`, or the long layout of SQL"


class ColumnTwins:
    """The columns of a frame whose library may take names that differ in case alone for one.

    DuckDB shows no two such columns: it renames the second, to ``J/a_1``, or adds both to one table as one column. Ibis
    shows both, and the database below takes the one for the other.

    >>> ColumnTwins({"J/A", "J/a_1", "J/B"}, may_stand_together=False).require_certain("J/B")
    """

    def __init__(self, columns: Iterable[str], *, may_stand_together: bool) -> None:
        """The columns; and whether two that differ in case alone, where the frame shows both, are told apart."""
        self._by_folded: dict[str, list[str]] = {}
        for column in sorted(columns):
            self._by_folded.setdefault(column.casefold(), []).append(column)
        self._may_stand_together = may_stand_together

    def require_certain(self, column: str) -> None:
        """Refuse the column of a counter where its counts may stand elsewhere, or be those of another.

        Raises:
            NotExpressible: names the column and its twin.
        """
        twin = self._twin(column)
        if column in self:
            self._require_alone(column)
            for original in self._originals(column):
                raise NotExpressible(_may_be_renamed(column, original, self._twin(original)))
        elif twin is not None:
            raise NotExpressible(
                f"the table has no column `{column}`, but `{twin}`, which differs in upper and lower case alone: "
                f"DuckDB and others rename or merge such columns, so a missing one need not mean 0; ask for `{twin}` "
                f"if that is meant, or {_INSTEAD}"
            )

    def require_certain_of(self, is_wanted: Callable[[str], bool]) -> None:
        """Refuse a choice of columns by name where it may depend on what a column was called before.

        Raises:
            NotExpressible: names a column and its twin.
        """
        for column in (column for group in self._by_folded.values() for column in group):
            if is_wanted(column):
                self._require_alone(column)
            for original in self._originals(column):
                if is_wanted(original) != is_wanted(column):
                    raise NotExpressible(_may_be_renamed(column, original, self._twin(original)))

    def _require_alone(self, column: str) -> None:
        twin = self._twin(column)
        if twin is not None and not self._may_stand_together:
            raise NotExpressible(
                f"the columns `{column}` and `{twin}` differ in upper and lower case alone, and the library of the "
                f"table takes the one for the other; {_INSTEAD}"
            )

    def _originals(self, column: str) -> Iterator[str]:
        """Yield the names that a column may have had before it was renamed; usually none."""
        name = column
        while (shorter := _RENAMED.sub("", name)) != name:
            name = shorter
            if name not in self and self._twin(name) is not None:
                yield name

    def __contains__(self, column: str) -> bool:
        return column in self._by_folded.get(column.casefold(), ())

    def _twin(self, column: str) -> str | None:
        """A column that differs from this one in case alone."""
        return next((one for one in self._by_folded.get(column.casefold(), ()) if one != column), None)


def _may_be_renamed(column: str, original: str, twin: str | None) -> str:
    return (
        f"the column `{column}` may be `{original}`, renamed because `{twin}` differs from it in upper and lower case "
        f"alone, as DuckDB does; {_INSTEAD}"
    )
