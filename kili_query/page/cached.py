"""Large collections of labels for a page: label caches, and files whose labels are kept in a temporary file."""

import json
from array import array
from collections.abc import Iterable, Iterator, Sequence
from tempfile import TemporaryFile
from typing import IO, Any, TypeAlias
from weakref import finalize

import numpy as np
import polars as pl
from attrs import define, field

from kili_query.cache.columns import CREATED, DIGEST, FIELDS, PART, labels_of
from kili_query.cache.documents import ontology_of
from kili_query.cache.tables import Tables, told
from kili_query.counting import DEFAULT_POLICY, CountPolicy
from kili_query.counting.label import CONTENT, content_of
from kili_query.datasets import DatasetItem
from kili_query.errors import UnknownContentError
from kili_query.frames import count_table
from kili_query.ontology import Ontology
from kili_query.page.columns import HeldCounts, Numbers, held_counts
from kili_query.page.source import BrokenRecords, Occurrences, PageSource, Pair
from kili_query.places import Place, Problem, Record
from kili_query.query import Query
from kili_query.scanning import LabelSource, ProgressCallback
from kili_query.scanning.judging import Labels
from kili_query.scanning.labels import decode, labels_in
from kili_query.scanning.sources import read_with
from kili_query.scanning.split import JsonText
from kili_query.targets.column_names import FAULT, counter_of

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

    def meeting(self, query: Query) -> Sequence[int]:
        return array("q", self.held.matching(query).astype(np.int64).tobytes())


@define(eq=False, slots=False, kw_only=True)
class FileSource(CountedSource):
    """Labels of a file, a dataset or memory, copied to a temporary file from which they are read when they are shown.

    A label cache would not do: it has each id once, and files may not.
    """

    _file: IO[bytes] = field(repr=False)
    _ends: "array[int]" = field(repr=False)

    def __attrs_post_init__(self) -> None:
        finalize(self, self._file.close)

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
        spool = _Spool(about.get("ontology"), about.get("policy") or DEFAULT_POLICY)
        broken = BrokenRecords()
        for found in read_with(labels, _WithTexts(), progress=progress):
            if isinstance(found, Problem):
                broken.add(found)
            else:
                spool.add(*found)
        held, faults = spool.finish()
        return cls(file=spool.file, ends=spool.ends, held=held, faults=faults, broken_records=broken, **about)

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


_Read: TypeAlias = "tuple[dict[str, Any], bytes | None] | Problem"


class _WithTexts:
    """Returns labels with the JSON that they were read from, so that it need not be written anew."""

    def __init__(self) -> None:
        self._labels = Labels(CONTENT)

    def texts(self, texts: Iterable[JsonText | Problem]) -> Iterator[_Read]:
        for text in texts:
            if isinstance(text, Problem):
                yield text
            else:
                yield from self._text(text)

    def _text(self, text: JsonText) -> Iterator[_Read]:
        value = decode(text)
        for found in (value,) if isinstance(value, Problem) else labels_in(value, text.place):
            if isinstance(found, Problem):
                yield found
            else:
                yield found.label, text.data if found.label is value else None

    def value(self, value: object, place: Place) -> Iterator[_Read]:
        return self._alone(self._labels.value(value, place))

    def items(self, items: Iterable[DatasetItem | Problem]) -> Iterator[_Read]:
        return self._alone(self._labels.items(items))

    def _alone(self, found: Iterable[Record | Problem]) -> Iterator[_Read]:
        return (one if isinstance(one, Problem) else (one.label, None) for one in found)


class _Spool:
    """Labels on their way into a temporary file, and their counts."""

    def __init__(self, ontology: Ontology | None, policy: CountPolicy) -> None:
        self.file: IO[bytes] = TemporaryFile(prefix="kili-query-page-")  # noqa: SIM115 - closed by the source
        self.ends = array("q", [0])
        self._ontology = ontology
        self._policy = policy
        self._contents: list[object] = []
        self._tables: list[pl.DataFrame] = []

    def add(self, label: dict[str, Any], text: bytes | None) -> None:
        """Add a label, and its JSON if that is known."""
        data = json.dumps(label).encode() if text is None else text
        self.file.write(data)
        self.ends.append(self.ends[-1] + len(data))
        self._contents.append(_content(label))
        if len(self._contents) >= _LABELS_AT_ONCE:
            self._count()

    def _count(self) -> None:
        counted = count_table(self._contents, self._ontology, policy=self._policy, at="")
        table = pl.from_arrow(counted)
        assert isinstance(table, pl.DataFrame)
        self._tables.append(table.select(FAULT, *(name for name in table.columns if counter_of(name) is not None)))
        self._contents = []

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


def _content(label: dict[str, Any]) -> object:
    """Return the content of a label as `count_table` takes it; None if it is not known."""
    try:
        content = content_of(label)
    except UnknownContentError:
        return None
    return content if isinstance(content, dict) else json.dumps(content).encode()  # a text would be taken for a path


@define(eq=False, slots=False, kw_only=True)
class CacheSource(CountedSource):
    """The labels of a label cache, as they were when this was made, oldest first."""

    _tables: Tables = field(repr=False)
    _rows: pl.DataFrame = field(repr=False)

    @classmethod
    def of(cls, folder: str, *, version: int | None = None, **about: Any) -> "CacheSource":
        """Open a cache.

        Args:
            folder: the folder of the cache.
            version: of the cache; by default the latest.
            **about: the attributes of a `PageSource`, but those that the cache says.

        Raises:
            CacheError: it cannot be read, or was never filled to the end.
        """
        tables = Tables.open(folder, version, whole=True).require_complete()
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
    """Decode a content; return a text that is not JSON as it is."""
    if text is None:
        return None
    try:
        content: object = json.loads(text)
    except (ValueError, RecursionError):
        return text
    return content
