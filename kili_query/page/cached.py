"""Large collections of labels for a page: label caches, and files whose labels are kept in a temporary file."""

import json
from array import array
from collections.abc import Iterator, Sequence
from contextlib import suppress
from tempfile import TemporaryFile
from typing import IO, Any

import numpy as np
import polars as pl
from attrs import define, field

from kili_query.cache.columns import CREATED, DIGEST, FIELDS, PART, labels_of
from kili_query.cache.counting import Counting, text_of
from kili_query.cache.documents import ontology_of
from kili_query.cache.tables import Tables, told
from kili_query.counting import DEFAULT_POLICY
from kili_query.counting.label import CONTENT, content_of
from kili_query.errors import UnknownContentError
from kili_query.page.columns import HeldCounts, Numbers, held_counts
from kili_query.page.source import Occurrences, PageSource, Pair
from kili_query.places import Problem
from kili_query.query import Query
from kili_query.scanning import LabelSource, ProgressCallback, read_labels
from kili_query.targets.column_names import FAULT

_COLUMNS_AT_ONCE = 64
_LABELS_AT_ONCE = 4_096
_UNKNOWN, _MALFORMED = "unknown", "malformed"


@define(eq=False, slots=False, kw_only=True)
class CountedSource(PageSource):
    """Labels with their counts in columns.

    Attributes:
        held: the counts.
        faults: by the number of a label without counts, what its fault is.
    """

    held: HeldCounts = field(repr=False)
    faults: dict[int, str] = field(factory=dict, repr=False)

    @property
    def n_labels(self) -> int:
        return self.held.n_labels

    @property
    def unknown(self) -> Sequence[int]:
        return [row for row, fault in self.faults.items() if fault == _UNKNOWN]

    @property
    def malformed(self) -> Sequence[int]:
        return [row for row, fault in self.faults.items() if fault == _MALFORMED]

    @property
    def occurrences(self) -> Occurrences:
        return self.held.occurrences

    def occurrences_among(self, rows: Sequence[int]) -> Occurrences:
        return self.held.occurrences_among(rows)

    def counts(self, rows: Sequence[int], pairs: Sequence[Pair]) -> list[list[int | None]]:
        return self.held.of(rows, pairs)

    def candidates(self, query: Query) -> tuple[Sequence[int], Query | None]:
        plan = query.plan(self.ontology, target="columns", policy=self.policy)
        return array("q", self.held.matching(plan.pushed).astype(np.int64).tobytes()), plan.residual


@define(eq=False, slots=False, kw_only=True)
class FileSource(CountedSource):
    """Labels of files, a dataset or memory, each once more in a temporary file, from which it is read when it is shown.

    A label cache would not do: it has each id once, and files may not.
    """

    _file: IO[bytes] = field(repr=False)
    _ends: "array[int]" = field(repr=False)

    @classmethod
    def of(cls, labels: LabelSource, *, progress: ProgressCallback | None = None, **about: Any) -> "FileSource":
        """Read labels.

        Args:
            labels: anything that `kili_query.scan` reads.
            progress: called now and then with the bytes read so far and, where it is known, their total.
            **about: the attributes of a `PageSource`.

        Raises:
            SourceError: a file cannot be read.
        """
        spool = _Spool(Counting(about.get("ontology"), about.get("policy") or DEFAULT_POLICY))
        for record in read_labels(labels, progress=progress):
            if isinstance(record, Problem):
                spool.broken += 1
            else:
                spool.add(record.label)
        held, faults = spool.finish()
        return cls(file=spool.file, ends=spool.ends, held=held, faults=faults, broken=spool.broken, **about)

    def labels(self, rows: Sequence[int]) -> list[dict[str, Any]]:
        with self._lock:
            return [self._label(row) for row in rows]

    def _label(self, row: int) -> dict[str, Any]:
        begin = self._ends[row]
        self._file.seek(begin)
        label: dict[str, Any] = json.loads(self._file.read(self._ends[row + 1] - begin))
        return label

    def facts(self, rows: Sequence[int]) -> list[dict[str, Any]]:
        return self.labels(rows)

    def close(self) -> None:
        """Remove the temporary file."""
        self._file.close()


class _Spool:
    """Labels on their way into a temporary file, and their counts."""

    def __init__(self, counting: Counting) -> None:
        self.file: IO[bytes] = TemporaryFile(prefix="kili-query-page-")  # noqa: SIM115 - closed by the source
        self.ends = array("q", [0])
        self.broken = 0
        self._counting = counting
        self._texts: list[str | None] = []
        self._tables: list[pl.DataFrame] = []

    def add(self, label: dict[str, Any]) -> None:
        """Add a label."""
        data = json.dumps(label).encode()
        self.file.write(data)
        self.ends.append(self.ends[-1] + len(data))
        text = None
        with suppress(UnknownContentError):
            text = text_of(content_of(label))
        self._texts.append(text)
        if len(self._texts) >= _LABELS_AT_ONCE:
            self._count()

    def _count(self) -> None:
        table = pl.from_arrow(self._counting.counts_of(self._texts))
        assert isinstance(table, pl.DataFrame)
        self._tables.append(table)
        self._texts = []

    def finish(self) -> tuple[HeldCounts, dict[int, str]]:
        """Return the counts, and the faults by number."""
        self._count()
        n_labels = len(self.ends) - 1
        fault = pl.concat([table[FAULT] for table in self._tables])
        names = dict.fromkeys(name for table in self._tables for name in table.columns if name != FAULT)
        columns = ((name, self._column(name)) for name in names)
        return held_counts(n_labels, _counted(fault), columns), _faults(fault)

    def _column(self, name: str) -> Numbers:
        parts = [
            table[name].fill_null(0).to_numpy() if name in table.columns else np.zeros(len(table), np.int64)
            for table in self._tables
        ]
        return np.concatenate(parts).astype(np.int64)


@define(eq=False, slots=False, kw_only=True)
class CacheSource(CountedSource):
    """The labels of a label cache, as they were when this was made, oldest first."""

    _tables: Tables = field(repr=False)
    _rows: pl.DataFrame = field(repr=False)

    @classmethod
    def of(cls, folder: str, **about: Any) -> "CacheSource":
        """Open a cache.

        Args:
            folder: the folder of the cache.
            **about: the attributes of a `PageSource`, but those that the cache says.

        Raises:
            CacheError: it cannot be read, or was never filled to the end.
        """
        tables = Tables.open(folder, whole=True).require_complete()
        with told(folder):
            rows = tables.frame().select(PART, DIGEST, FAULT, CREATED, *FIELDS).collect()
            order = rows.select(pl.arg_sort_by(CREATED, "id", nulls_last=True).alias("order"))["order"]
            rows = rows[order]
            held = held_counts(len(rows), _counted(rows[FAULT]), _columns_of(tables, order))
        about = {"ontology": ontology_of(tables), "policy": tables.state.policy, **about}
        return cls(tables=tables, rows=rows.drop(CREATED, FAULT), held=held, faults=_faults(rows[FAULT]), **about)

    def facts(self, rows: Sequence[int]) -> list[dict[str, Any]]:
        found = self._rows[list(rows)]
        return list(labels_of(found.select(*FIELDS).iter_rows(), [one.path for one in FIELDS.values()]))

    def labels(self, rows: Sequence[int]) -> list[dict[str, Any]]:
        found = self._rows[list(rows)].select(PART, DIGEST)
        texts: dict[tuple[int, str], str] = {}
        for (part,), named in found.drop_nulls(DIGEST).group_by(PART):
            known = self._tables.texts(int(str(part)), named[DIGEST].unique().to_list())
            texts |= {(int(str(part)), digest): text for digest, text in known.items()}
        contents = (None if digest is None else texts[part, digest] for part, digest in found.iter_rows())
        return [
            {**label, CONTENT: _decoded(content)} for label, content in zip(self.facts(rows), contents, strict=True)
        ]


def _columns_of(tables: Tables, order: pl.Series) -> Iterator[tuple[str, Numbers]]:
    stored = list(tables.counters().items())
    for begin in range(0, len(stored), _COLUMNS_AT_ONCE):
        some = dict(stored[begin : begin + _COLUMNS_AT_ONCE])
        frame = tables.frame().select(pl.col(name).fill_null(0) for name in some.values()).collect()
        for own, name in some.items():
            yield own, frame[name].to_numpy()[order.to_numpy()].astype(np.int64)


def _counted(fault: pl.Series) -> Numbers:
    return np.flatnonzero(fault.is_null().to_numpy())


def _faults(fault: pl.Series) -> dict[int, str]:
    rows = np.flatnonzero(fault.is_not_null().to_numpy())
    return dict(zip(rows.tolist(), fault.drop_nulls().to_list(), strict=True))


def _decoded(text: str | None) -> object:
    """Return a content as files hold it: what is not JSON stays a text."""
    if text is None:
        return None
    try:
        content: object = json.loads(text)
    except (ValueError, RecursionError):
        return text
    return content
