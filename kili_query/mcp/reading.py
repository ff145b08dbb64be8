"""Reading the labels of a served file: how many match, and the first that do."""

from collections.abc import Mapping
from itertools import islice
from typing import Any

from attrs import frozen

from kili_query.counting import DEFAULT_POLICY, CountPolicy, count
from kili_query.diagnostics import Diagnostic
from kili_query.errors import LabelError, SourceError
from kili_query.mcp.calls import Call
from kili_query.mcp.files import ServedFile
from kili_query.ontology import Ontology
from kili_query.ontology.did_you_mean import spell
from kili_query.ontology.seen import unseen_names
from kili_query.query import Query
from kili_query.scanning import Judged, Judgements, LabelNames, Report, Scan, content_of, judge_labels, scan
from kili_query.syntax import print_name

MOST_COUNTERS = 20
"""How many counts of each label `match` returns."""

_FIELDS = {"id": "id", "external_id": "labelOf.externalId", "author": "author.email", "created_at": "createdAt"}


@frozen
class ServedReader:
    """Reads one file for one call.

    Attributes:
        call: the call, which may run out of time.
        file: the file.
        ontology: its ontology; None if there is none.
        names: what labels hold, where no ontology checks the names of a query.
    """

    call: Call
    file: ServedFile
    ontology: Ontology | None
    names: LabelNames | None

    @classmethod
    def of(cls, call: Call) -> "ServedReader":
        """Return the reader of the file that a call names."""
        file = call.files.file(call.file_name)
        ontology = call.files.ontology_for(file.name)
        return cls(call, file, ontology, LabelNames() if ontology is None else None)

    def count(self, query: Query | None) -> Report:
        """Count the labels that match, or all: by the columns of a cache if they say it, otherwise by the labels."""
        if not self.file.is_cache:
            return _readable(self._scanned(self.call.files.source(self.file), query, DEFAULT_POLICY))
        cache = self.call.files.cache(self.file)
        if not self.call.files.counts_as_cached(self.file):
            return self._scanned(cache.reading().stream(), query, cache.state.policy)
        reading = cache.reading(query)
        totals = reading.totals()
        if self.names is not None:
            held = reading.names()
            self.names.pairs, self.names.jobs, self.names.labels = held.pairs, held.jobs, held.labels
        if not reading.is_exact:
            totals.matched = self._scanned(reading.stream(), query, cache.state.policy).matched
        return totals

    def first_rows(self, query: Query, first: int) -> list[dict[str, object]]:
        """Return the first labels that match, each with the counts that the query names."""
        cache = self.call.files.cache(self.file) if self.file.is_cache else None
        policy = DEFAULT_POLICY if cache is None else cache.state.policy
        bound = query if self.ontology is None else query.bind(self.ontology)
        pairs = sorted(bound.counters)[:MOST_COUNTERS]
        if cache is not None and self.call.files.counts_as_cached(self.file):
            paths = [*_FIELDS.values(), "jsonResponse"]
            found = cache.labels(category_search=query, fields=paths, first=first)
            return [self._row(label, pairs, policy) for label in found]
        source: Any = self.call.files.source(self.file) if cache is None else cache.reading().stream()
        progress = self.call.patience.check
        with scan(source, query, ontology=self.ontology, policy=policy, progress=progress, names=self.names) as labels:
            rows = [self._row(label, pairs, policy) for label in islice(labels, first)]
        if not rows and cache is None:
            _readable(labels.report)
        return rows

    def unseen(self, query: Query | None) -> list[str]:
        """Return what may be a slip in a query whose names were not checked: names that are not in the labels."""
        if query is None or self.names is None or not self.names.labels:
            return []
        where = f"the first {self.names.labels} labels" if self.names.is_enough else "the labels"
        found = unseen_names(query.tree, self.names.pairs, self.names.jobs)
        return [f"{_sentence(one)} (names were compared with those in {where})" for one in found]

    def _scanned(self, source: Any, query: Query | None, policy: CountPolicy) -> Report:
        """Read labels to their end; without a query, all that can be counted match."""

        def is_counted(content: object) -> bool:
            count(content, ontology=self.ontology, policy=policy)
            return True

        progress = self.call.patience.check
        found: Judgements[Judged[bool]] | Scan = (
            judge_labels(source, is_counted, progress=progress)
            if query is None
            else scan(source, query, ontology=self.ontology, policy=policy, progress=progress, names=self.names)
        )
        with found:
            for _ in found:
                progress()
        return found.report

    def _row(self, label: Mapping[str, object], pairs: list[tuple[str, str]], policy: CountPolicy) -> dict[str, object]:
        fields: dict[str, object] = {name: _at(label, path) for name, path in _FIELDS.items()}
        try:
            counts = count(content_of(dict(label)), ontology=self.ontology, policy=policy)
        except LabelError:  # the query was decided before it reached the malformed part
            return {**fields, "counts": dict.fromkeys(spelled(*pair) for pair in pairs)}
        return {**fields, "counts": {spelled(*pair): counts.get(pair, 0) for pair in pairs}}


def spelled(job: str, category: str) -> str:
    """Return a job with its category as queries name it."""
    return f"{print_name(job)}.{spell(category)}"


def _sentence(found: Diagnostic) -> str:
    return found.message if found.help is None else f"{found.message}: {found.help.text}"


def line_of(row: Mapping[str, object]) -> str:
    """Return a row as text."""
    counts = row["counts"]
    assert isinstance(counts, Mapping)
    fields = [f"{name}={row[name]}" for name in _FIELDS if row[name] is not None]
    return " ".join([*fields, *(f"{name}={number}" for name, number in counts.items())])


def _readable(report: Report) -> Report:
    """Refuse a report on files of which nothing could be read as a label."""
    if report.unreadable:
        reasons = [f": {one.reason}" for one in report.problems[:1]]
        raise SourceError(f"nothing in `{report.unreadable[0]}` could be read as a label{''.join(reasons)}")
    return report


def _at(label: Mapping[str, object], path: str) -> object:
    value: object = label
    for key in path.split("."):
        value = value.get(key) if isinstance(value, Mapping) else None
    return value if isinstance(value, str | int | float) else None
