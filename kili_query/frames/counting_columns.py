"""Counts of many labels, gathered column by column."""

from array import array
from collections.abc import Iterable, Iterator
from itertools import chain

import numpy as np
import pyarrow as pa

from kili_query.frames.metadata import FIELDS, Metadata
from kili_query.targets.column_names import FAULT, column_name

__all__ = ["Columns"]

_BATCH_ROWS = 65_536


class _Codes(dict[tuple[str, str], int]):
    """Counter to number, in the order of first use."""

    def __missing__(self, counter: tuple[str, str]) -> int:
        self[counter] = code = len(self)
        return code


class Columns:
    """A table in the making. What a label adds is a constant number of calls, whatever it holds."""

    def __init__(self, counters: Iterable[tuple[str, str]]) -> None:
        self._codes = _Codes()
        for counter in counters:
            self._codes[counter]
        self._n_declared = len(self._codes)
        self._rows: list[tuple[Metadata, str | None]] = []
        self._batches: list[pa.RecordBatch] = []
        # Of each count that is not 0: its counter and its value; and how many of these each label has.
        self._counters, self._values, self._lengths = array("i"), array("i"), array("i")
        self._faults: list[int] = []

    def add(self, metadata: Metadata, counts: dict[tuple[str, str], int]) -> None:
        """A label whose counts are known."""
        self._counters.extend(map(self._codes.__getitem__, counts))
        self._values.extend(counts.values())
        self._lengths.append(len(counts))
        self._note(metadata, None)

    def add_fault(self, metadata: Metadata, fault: str) -> None:
        """A label that has no counts."""
        self._faults.append(len(self._lengths))
        self._lengths.append(0)
        self._note(metadata, fault)

    def _note(self, metadata: Metadata, fault: str | None) -> None:
        self._rows.append((metadata, fault))
        if len(self._rows) == _BATCH_ROWS:
            self._flush()

    def _flush(self) -> None:
        faults = pa.array([fault for _, fault in self._rows], pa.string())
        values = zip(*(metadata for metadata, _ in self._rows), strict=True)
        columns = [pa.array(list(column), kind) for column, kind in zip(values, FIELDS.values(), strict=True)]
        self._batches.append(pa.record_batch([*columns, faults], schema=_SCHEMA))
        self._rows = []

    def to_table(self) -> pa.Table:
        """All labels so far, in order."""
        if self._rows:
            self._flush()
        table = pa.Table.from_batches(self._batches, _SCHEMA)
        names, arrays = table.column_names, table.columns
        declared = list(self._codes)[: self._n_declared]
        beyond = sorted(list(self._codes)[self._n_declared :])
        counts = list(self._count_columns())
        ordered = chain(declared, beyond)
        found = [(column_name(*counter), counts[self._codes[counter]]) for counter in ordered]
        return pa.table([*arrays, *(one for _, one in found)], names=[*names, *(name for name, _ in found)])

    def _count_columns(self) -> Iterator["pa.Array[pa.Scalar[pa.DataType]]"]:
        n_labels = len(self._lengths)
        codes = np.frombuffer(self._counters, np.int32)
        rows = np.repeat(np.arange(n_labels, dtype=np.int32), np.frombuffer(self._lengths, np.int32))
        values = np.frombuffer(self._values, np.int32)
        order = np.argsort(codes, kind="stable")
        ends = np.searchsorted(codes[order], np.arange(len(self._codes) + 1))
        is_faulty = np.zeros(n_labels, np.bool_)
        is_faulty[self._faults] = True
        for code in range(len(self._codes)):
            own = order[ends[code] : ends[code + 1]]
            column = np.zeros(n_labels, np.int32)
            column[rows[own]] = values[own]
            yield pa.array(column, mask=is_faulty if self._faults else None)


_SCHEMA = pa.schema({**FIELDS, FAULT: pa.string()})
