"""Counts of many labels, held as the few that are not 0, and questions about them answered in bulk."""

from collections.abc import Iterable, Sequence
from functools import cached_property
from typing import TypeAlias

import numpy as np
import numpy.typing as npt
import polars as pl
from attrs import define, field

from kili_query.frames import filter as filter_table
from kili_query.frames.frame_checks import columns_in_use
from kili_query.page.source import Occurrences, Pair
from kili_query.query import Query
from kili_query.syntax import lower
from kili_query.targets.column_names import FAULT, column_name, counter_of
from kili_query.targets.column_search import FoundColumns

Numbers: TypeAlias = "npt.NDArray[np.int64]"

_ROW = "row"


@define(eq=False, slots=False)
class HeldCounts:
    """The labels that hold any objects of a category, and how many.

    Attributes:
        n_labels: the number of labels.
        rows: by category, the numbers of the labels that hold it, ascending.
        values: how many objects each of these holds.
        counted: the numbers of the labels whose counts are known, ascending.
    """

    n_labels: int
    rows: dict[Pair, Numbers]
    values: dict[Pair, Numbers]
    counted: Numbers = field(repr=False)

    @cached_property
    def occurrences(self) -> Occurrences:
        """How often each count occurs."""
        return self._decoded(np.bincount(self._codes, minlength=len(self._known)))

    def occurrences_among(self, rows: Sequence[int]) -> Occurrences:
        """Return how often each count occurs in some labels."""
        if len(rows) == self.n_labels:
            return self.occurrences
        is_in = np.zeros(self.n_labels, np.bool_)
        is_in[np.asarray(rows, np.int64)] = True
        return self._decoded(np.bincount(self._codes[is_in[self._all_rows]], minlength=len(self._known)))

    @cached_property
    def _numbered(self) -> tuple[Numbers, list[tuple[Pair, int]]]:
        """The number of each count that is not 0, category by category, and what these numbers stand for."""
        codes, known = [], list[tuple[Pair, int]]()
        for pair, values in self.values.items():
            different, inverse = np.unique(values, return_inverse=True)
            codes.append(inverse.astype(np.int64) + len(known))
            known += [(pair, int(value)) for value in different]
        return _joined(codes), known

    @property
    def _codes(self) -> Numbers:
        return self._numbered[0]

    @property
    def _known(self) -> list[tuple[Pair, int]]:
        return self._numbered[1]

    @cached_property
    def _all_rows(self) -> Numbers:
        return _joined(list(self.rows.values()))

    def _decoded(self, labels: Numbers) -> Occurrences:
        found: dict[Pair, dict[int, int]] = {pair: {} for pair in self.rows}
        for (pair, value), number in zip(self._known, labels.tolist(), strict=True):
            if number:
                found[pair][value] = number
        return found

    def of(self, rows: Sequence[int], pairs: Sequence[Pair]) -> list[list[int | None]]:
        """Return the counts of some labels; None where they are not known."""
        wanted = np.asarray(rows, np.int64)
        is_known = _is_among(self.counted, wanted)
        columns = [self._some(pair, wanted).tolist() for pair in pairs]
        return [[column[place] if is_known[place] else None for column in columns] for place in range(len(wanted))]

    def _some(self, pair: Pair, wanted: Numbers) -> Numbers:
        held = self.rows.get(pair)
        found = np.zeros(len(wanted), np.int64)
        if held is not None and len(held):
            places = np.minimum(np.searchsorted(held, wanted), len(held) - 1)
            is_held = held[places] == wanted
            found[is_held] = self.values[pair][places[is_held]]
        return found

    def matching(self, query: Query) -> Numbers:
        """Return the numbers of the labels whose counts meet a query."""
        names = {column_name(*pair): pair for pair in self.rows}
        found = FoundColumns.of("", list(names), is_case_sensitive=True)
        columns = {name: self._column(names[name]) for name in columns_in_use(lower(query.tree), found)}
        empty = pl.Series(FAULT, [], pl.String).clear(len(self.counted))
        table = pl.DataFrame({_ROW: self.counted, FAULT: empty, **columns})
        return filter_table(table, query)[_ROW].to_numpy()

    def _column(self, pair: Pair) -> Numbers:
        column = np.zeros(self.n_labels, np.int64)
        column[self.rows[pair]] = self.values[pair]
        return column if len(self.counted) == self.n_labels else column[self.counted]


def held_counts(n_labels: int, counted: Numbers, columns: Iterable[tuple[str, Numbers]]) -> HeldCounts:
    """Gather columns of counts.

    Args:
        n_labels: the number of labels.
        counted: the numbers of the labels whose counts are known, ascending.
        columns: names and counts, 0 where they are not known; a name may come again, for labels further on.
    """
    rows: dict[Pair, Numbers] = {}
    values: dict[Pair, Numbers] = {}
    for name, column in columns:
        counter = counter_of(name)
        if counter is not None:
            held = np.flatnonzero(column)
            rows[counter.job, counter.category] = held
            values[counter.job, counter.category] = column[held]
    return HeldCounts(n_labels, rows, values, counted)


def _joined(parts: list[Numbers]) -> Numbers:
    return np.concatenate(parts) if parts else np.zeros(0, np.int64)


def _is_among(known: Numbers, wanted: Numbers) -> "npt.NDArray[np.bool_]":
    return np.isin(wanted, known, assume_unique=True)
