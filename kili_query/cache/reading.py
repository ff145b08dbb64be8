"""A version of a cache read as a file of labels is, with as much as possible answered by its columns."""

import json
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any, TypeVar

import polars as pl
from attrs import define, field, frozen

from kili_query.cache.columns import FIELDS
from kili_query.cache.search import Search
from kili_query.cache.tables import told
from kili_query.counting.label import CONTENT
from kili_query.scanning import LabelNames, Report
from kili_query.targets.column_names import FAULT, counter_of

_T = TypeVar("_T")

_PATHS = tuple(one.path for one in FIELDS.values())
_KEPT = {path.split(".")[0] for path in _PATHS}


@define
class LabelStream:
    """Labels as NDJSON, for everything that reads open files.

    Attributes:
        name: what reports call it.
    """

    name: str
    _lines: Iterator[bytes]
    _rest: bytes = field(default=b"", init=False)

    def read(self, size: int = -1) -> bytes:
        """Return the next bytes; none at the end."""
        parts, found = [self._rest], len(self._rest)
        while (size < 0 or found < size) and (line := next(self._lines, None)) is not None:
            parts.append(line)
            found += len(line)
        text = b"".join(parts)
        end = len(text) if size < 0 else size
        self._rest = text[end:]
        return text[:end]


@frozen
class Reading:
    """The part of a cache that is read to answer a question.

    Attributes:
        name: what reports call the cache.
        search: the search that columns narrow down.
    """

    name: str
    search: Search

    def stream(self, *, only_faulty: bool = False) -> LabelStream:
        """Return the labels that the search may find, and those without a known content, oldest first.

        Args:
            only_faulty: leave out labels with a known content.
        """
        return LabelStream(self.name, _lines(self.search, only_faulty=only_faulty))

    @property
    def is_exact(self) -> bool:
        """Whether the columns alone say which labels match."""
        plan = self.search.plan
        return plan is None or plan.residual is None

    def answers(self, fields: Iterable[str]) -> bool:
        """Return whether the columns alone say which labels match, and hold these fields, whose dots lead into objects.

        >>> from kili_query.cache import LabelCache
        >>> reading = LabelCache("labels-cache").reading("J.A")
        >>> reading.answers(["id", "labelOf"]), reading.answers(["id", "jsonResponse"])
        (True, False)
        """
        return self.is_exact and all(field.split(".")[0] in _KEPT for field in fields)

    def labels(self) -> Iterator[dict[str, Any]]:
        """Return the labels that match without their contents, oldest first, where columns alone say which do."""
        return self.search.labels(_PATHS)

    def totals(self) -> Report:
        """Count the labels that the columns leave as matches, and those of each fault; no content is read."""
        frame = self.search.tables.frame()
        with told(self.search.tables.folder):
            rows = frame.group_by(FAULT).len().collect().iter_rows()
        number_of = dict(rows)
        report = Report(read=sum(number_of.values()), matched=self.search.count_candidates(), is_complete=True)
        report.unknown, report.malformed = number_of.get("unknown", 0), number_of.get("malformed", 0)
        return report

    def names(self) -> LabelNames:
        """Return the jobs and categories that labels of the cache hold."""
        counters = [counter_of(name) for name in self.search.tables.counters()]
        pairs = {(one.job, one.category) for one in counters if one is not None}
        return LabelNames(pairs, {job for job, _ in pairs}, self._known())

    def counted(self, items: Iterable[_T], report: Report) -> Iterator[_T]:
        """Yield what was found in a stream of faulty labels, and report those that the columns find beside it."""
        matched = self.search.count_candidates()
        return self._noted(items, report, left_out=self._known(), matched=matched)

    def narrowed(self, items: Iterable[_T], report: Report) -> Iterator[_T]:
        """Yield what was found in the whole stream, and report the labels that the columns left out of it."""
        return self._noted(items, report, left_out=self._known() - self.search.count_candidates(), matched=0)

    def _noted(self, items: Iterable[_T], report: Report, left_out: int, matched: int) -> Iterator[_T]:
        report.read += left_out
        report.matched += matched
        yield from items
        if left_out and self.name in report.unreadable:  # the labels that were read had faults, the others had none
            report.unreadable.remove(self.name)

    def occurrences(self) -> dict[tuple[str, str], Counter[int]]:
        """Return how many labels hold 1, 2, … objects of each category."""
        histograms = self.search.statistics().histograms
        return {pair: Counter(found.labels_by_count) for pair, found in histograms.items()}

    def _known(self) -> int:
        """Return how many labels have a known content."""
        tables = self.search.tables
        with told(tables.folder):
            return int(tables.frame().select(pl.col(FAULT).is_null().sum()).collect().item())


def _lines(search: Search, *, only_faulty: bool) -> Iterator[bytes]:
    for label, text, fault in search.texts(only_faulty=only_faulty):
        yield _line(label, text, fault)


def _line(label: dict[str, Any], text: str | None, fault: str | None) -> bytes:
    """Return a label as a line. A content that is not JSON stays the text that it is."""
    if text is None:
        content = "null"
    elif fault == "unknown":
        content = json.dumps(text)
    else:
        content = text.replace("\n", " ").replace("\r", " ")
    return f'{json.dumps(label, ensure_ascii=False)[:-1]}, "{CONTENT}": {content}}}\n'.encode()
