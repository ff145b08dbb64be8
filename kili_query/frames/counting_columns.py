"""Collect the counts of many labels column by column."""

from array import array
from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np
import pyarrow as pa

from kili_query.labels.columns import FIELDS, Metadata
from kili_query.targets.column_names import FAULT, column_name

_BATCH_ROWS = 65_536


class Codes(dict[str, "_CodesOfJob"]):
    """The number of each counter, by job and then by category, in the order of first use: see `counting.typed.Numbers`.

    >>> codes = Codes()
    >>> codes["J"]["A"], codes["J"]["B"], codes["J"]["A"], codes.counters
    ((0,), (1,), (0,), [('J', 'A'), ('J', 'B')])
    """

    def __init__(self) -> None:
        super().__init__()
        self.counters: list[tuple[str, str]] = []

    def __missing__(self, job: str) -> "_CodesOfJob":
        self[job] = codes = _CodesOfJob(job, self.counters)
        return codes


class _CodesOfJob(dict[str, tuple[int]]):
    def __init__(self, job: str, counters: list[tuple[str, str]]) -> None:
        super().__init__()
        self._job = job
        self._counters = counters

    def __missing__(self, category: str) -> tuple[int]:
        self[category] = code = (len(self._counters),)
        self._counters.append((self._job, category))
        return code


class Columns:
    """Builds a table: objects of labels are appended to flat arrays, and counted at the end.

    Attributes:
        codes: the numbers of the counters.
        objects: the counter of each object of each label, in order. After appending a label's objects, call `add_row`.
    """

    def __init__(self, counters: Iterable[tuple[str, str]]) -> None:
        self.codes = Codes()
        self.objects = array("i")
        self._ends = array("q", [0])
        self._n_declared = len([self.codes[job][category] for job, category in counters])
        self._metadata: list[Metadata] = []
        self._faults: list[str | None] = []
        self._faulty_rows: list[int] = []
        self._batches: list[pa.RecordBatch] = []

    def add_row(self, metadata: Metadata, fault: str | None = None) -> None:
        """Add a label whose objects have been appended, or a label without counts."""
        if fault is not None:
            self._faulty_rows.append(len(self._ends) - 1)
        self._ends.append(len(self.objects))
        self._faults.append(fault)
        self._metadata.append(metadata)
        if len(self._faults) == _BATCH_ROWS:
            self._flush()

    def add_counts(self, metadata: Metadata, counts: dict[tuple[str, str], int]) -> None:
        """Add a label with its counts."""
        for (job, category), number in counts.items():
            self.objects.extend(self.codes[job][category] * number)
        self.add_row(metadata)

    def _flush(self) -> None:
        values = zip(*self._metadata, strict=True)
        columns = [pa.array(list(column), kind) for column, kind in zip(values, FIELDS.values(), strict=True)]
        self._batches.append(pa.record_batch([*columns, pa.array(self._faults, pa.string())], schema=_SCHEMA))
        self._metadata, self._faults = [], []

    def to_table(self) -> pa.Table:
        """Return all labels so far, in order: declared counters come first, then others by name."""
        if self._faults:
            self._flush()
        table = pa.Table.from_batches(self._batches, _SCHEMA)
        counts = dict(zip(self.codes.counters, self._count_columns(), strict=True))
        beyond = sorted(self.codes.counters[self._n_declared :])
        ordered = [*self.codes.counters[: self._n_declared], *beyond]
        arrays: list[pa.Array[Any] | pa.ChunkedArray[Any]] = [*table.columns, *(counts[counter] for counter in ordered)]
        return pa.table(arrays, names=[*table.column_names, *(column_name(*counter) for counter in ordered)])

    def _count_columns(self) -> Iterator["pa.Array[pa.Int32Scalar]"]:
        n_labels, n_counters = len(self._ends) - 1, len(self.codes.counters)
        codes = np.frombuffer(self.objects, np.int32)
        ends_of_rows = np.frombuffer(self._ends, np.int64)
        rows = np.repeat(np.arange(n_labels, dtype=np.int32), ends_of_rows[1:] - ends_of_rows[:-1])
        rows_by_code = rows[np.argsort(codes, kind="stable")]
        ends = np.cumsum(np.bincount(codes, minlength=n_counters))
        is_faulty = np.zeros(n_labels, np.bool_)
        is_faulty[self._faulty_rows] = True
        for own in np.split(rows_by_code, ends)[:n_counters]:
            column = np.bincount(own, minlength=n_labels).astype(np.int32)
            yield pa.array(column, pa.int32(), mask=is_faulty if self._faulty_rows else None)


_SCHEMA = pa.schema({**FIELDS, FAULT: pa.string()})
