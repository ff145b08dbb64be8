"""Searches of a cache: the columns first, then the JSON of the labels that they leave, only where it is needed."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from functools import cached_property
from itertools import islice, repeat
from typing import Any

import polars as pl
from attrs import frozen

from kili_query.ast import Counter, terms
from kili_query.cache.columns import CREATED, DIGEST, FIELDS, PART, columns_of, labels_of
from kili_query.cache.filters import conditions_of
from kili_query.cache.tables import Tables, told
from kili_query.counting import DEFAULT_POLICY, CountPolicy
from kili_query.counting.label import CONTENT
from kili_query.errors import LabelError
from kili_query.frames import filter as filter_table
from kili_query.frames import statistics_of
from kili_query.frames.frame_checks import columns_in_use
from kili_query.ontology import Ontology
from kili_query.protocol import read_json
from kili_query.query import Plan, Query
from kili_query.statistics import Statistics
from kili_query.syntax import lower
from kili_query.targets.closures import Matcher
from kili_query.targets.column_names import FAULT, column_name
from kili_query.targets.column_search import FoundColumns

_FEWEST, _GROWTH, _MOST = 128, 4, 8_192
"""How many candidates have their contents read at a time: few at first, for callers who want few labels."""


@frozen
class Search:
    """A search of one version of a cache.

    Attributes:
        tables: the version.
        filters: checked filters of labels, by name.
        query: the query, bound to the ontology if there is one; None for all labels.
        ontology: the ontology of the cache.
        policy: the rule by which objects were counted.
    """

    tables: Tables
    filters: Mapping[str, object]
    query: Query | None = None
    ontology: Ontology | None = None
    policy: CountPolicy = DEFAULT_POLICY

    @cached_property
    def plan(self) -> Plan | None:
        """The query, split into what the columns answer and the rest."""
        return None if self.query is None else self.query.plan(self.ontology, target="columns", policy=self.policy)

    def count(self) -> int:
        """Count the labels.

        Raises:
            CacheError: a file cannot be read.
        """
        plan = self.plan
        if plan is not None and plan.residual is not None:
            return sum(1 for _ in self._found(plan, [], has_contents=False, skip=0, first=None))
        with told(self.tables.folder):
            return int(self._candidates(plan, []).select(pl.len()).collect().item())

    def statistics(self, counters: Collection[str] | None = None) -> Statistics:
        """Count the values of counters in the labels that the filters leave and whose content is known.

        Args:
            counters: the names of their columns, as in frames; None for all.

        Raises:
            CacheError: a file cannot be read.
        """
        return self._statistics(self.tables.frame().filter(*conditions_of(self.filters)), counters)

    def _statistics(self, rows: pl.LazyFrame, counters: Collection[str] | None) -> Statistics:
        stored = self.tables.counters()
        names = stored if counters is None else stored.keys() & counters
        counts = [pl.col(stored[name]).fill_null(0).alias(name) for name in sorted(names)]
        with told(self.tables.folder):
            return statistics_of(rows.filter(pl.col(FAULT).is_null()).select(FAULT, *counts))

    def has_faults(self) -> bool:
        """Return whether there are labels whose content is unknown or malformed.

        Raises:
            CacheError: a file cannot be read.
        """
        with told(self.tables.folder):
            return bool(self.tables.frame().select(pl.col(FAULT).is_not_null().any()).collect().item())

    def labels(self, fields: Sequence[str], skip: int = 0, first: int | None = None) -> Iterator[dict[str, Any]]:
        """Yield the labels, oldest first, with these fields; their content is decoded.

        Raises:
            ArgumentError: the cache does not keep a field.
            CacheError: a file cannot be read.
        """
        columns = columns_of(fields)
        has_contents = CONTENT in fields
        keys = list(dict.fromkeys(path.split(".")[0] for path in fields))
        for row, content in self._found(self.plan, list(columns.values()), has_contents, skip, first):
            (label,) = labels_of([row], list(columns))
            if has_contents:
                label[CONTENT] = content
            yield {key: label[key] for key in keys}

    def count_candidates(self) -> int:
        """Count the labels with a known content that the columns leave; without a residual they are those that match.

        Raises:
            CacheError: a file cannot be read.
        """
        rows = self._candidates(self.plan, [FAULT]).filter(pl.col(FAULT).is_null())
        with told(self.tables.folder):
            return int(rows.select(pl.len()).collect().item())

    def texts(self, *, only_faulty: bool = False) -> Iterator[tuple[dict[str, Any], str | None, str | None]]:
        """Yield fields, text of the content and fault of each label that the columns leave or whose content is faulty.

        Args:
            only_faulty: leave out those without a fault.

        Raises:
            CacheError: a file cannot be read.
        """
        columns = [PART, DIGEST, FAULT, CREATED, *FIELDS]
        frame = self.tables.frame().filter(*conditions_of(self.filters))
        rows = frame.filter(pl.col(FAULT).is_not_null()).select(columns)
        if not only_faulty:
            known = self._candidates(self.plan, columns).filter(pl.col(FAULT).is_null())
            rows = pl.concat([rows, known.select(columns)])
        with told(self.tables.folder):
            found = rows.sort(CREATED, "id", nulls_last=True).collect()
        labels = labels_of(found.select(*FIELDS).iter_rows(), [one.path for one in FIELDS.values()])
        yield from zip(labels, self._texts(found), found[FAULT], strict=True)

    def _found(
        self, plan: Plan | None, columns: Sequence[str], has_contents: bool, skip: int, first: int | None
    ) -> Iterator[tuple[tuple[object, ...], object]]:
        """Yield the values and the content of each label, oldest first."""
        judge = None if plan is None else self._judge(plan)
        frames = self._oldest_first(plan, columns)
        if judge is None:
            frames = _sliced(frames, skip, first)
        reads_contents = has_contents or judge is not None
        pairs = (
            pair
            for found in frames
            for pair in self._judged(found, self._texts(found) if reads_contents else repeat(None), judge)
        )
        yield from pairs if judge is None else islice(pairs, skip, None if first is None else skip + first)

    def _oldest_first(self, plan: Plan | None, columns: Sequence[str]) -> Iterator[pl.DataFrame]:
        """Yield part, digest, id and some columns of the rows that filters and columns leave, oldest first."""
        named = [pl.col(name).alias(f"field {n}") for n, name in enumerate(columns)]
        waiting: pl.DataFrame | None = None
        for frame, later in self.tables.frames_by_time():
            rows = self._narrowed(frame, plan, [PART, DIGEST, "id", CREATED, *columns])
            rows = rows.select(PART, DIGEST, "id", *named, time=CREATED)
            with told(self.tables.folder):
                found = rows.sort("time", "id", nulls_last=True).collect()
            if waiting is not None:
                found = pl.concat([waiting, found]).sort("time", "id", nulls_last=True)
            n_ready = len(found) if later is None else int((found["time"] < later).sum())
            ready, waiting = found.head(n_ready), found.tail(len(found) - n_ready)
            ready.drop_in_place("time")
            yield ready

    def _judge(self, plan: Plan) -> Matcher | None:
        """Return what decides the rest of the query; None if there is none.

        Where the rest reads both plain counters and conditions in brackets, it first reads what decides most of the
        candidates for its cost. Their contents have no faults, so that the order changes no verdict.
        """
        if plan.residual is None:
            return None
        tree = plan.residual.tree
        plain = [column_name(one.job, one.category) for one in terms(tree) if isinstance(one, Counter)]
        if not plain:
            return plan.residual.compile(ontology=self.ontology, policy=self.policy)
        statistics = self._statistics(self._candidates(plan), plain)
        return statistics.compile(tree, ontology=self.ontology, policy=self.policy)

    def _judged(
        self, found: pl.DataFrame, texts: Iterator[str | None], judge: Matcher | None
    ) -> Iterator[tuple[tuple[object, ...], object]]:
        for (_, _, label_id, *values), text in zip(found.iter_rows(), texts, strict=False):
            content = None if text is None else _decoded(text)
            try:
                if judge is None or judge(content):
                    yield tuple(values), content
            except LabelError as error:
                raise type(error)(f"label `{label_id}`: {error.message}", error.path) from error

    def _texts(self, found: pl.DataFrame) -> Iterator[str | None]:
        """Yield the text of each row's content; None where it is unknown."""
        begin, size = 0, _FEWEST
        while begin < len(found):
            batch = found.slice(begin, size)
            named = list(zip(batch[PART].to_list(), batch[DIGEST].to_list(), strict=True))
            wanted: dict[int, set[str]] = {}
            for part, digest in named:
                if digest is not None:
                    wanted.setdefault(part, set()).add(digest)
            texts = {part: self.tables.texts(part, digests) for part, digests in wanted.items()}
            for part, digest in named:
                yield None if digest is None else texts[part][digest]
            begin, size = begin + size, min(_GROWTH * size, _MOST)

    def _candidates(self, plan: Plan | None, columns: Sequence[str] | None = None) -> pl.LazyFrame:
        """Return the rows that the filters and the columns leave, with these columns at least; None for all columns."""
        return self._narrowed(self.tables.frame(), plan, columns)

    def _narrowed(self, frame: pl.LazyFrame, plan: Plan | None, columns: Sequence[str] | None) -> pl.LazyFrame:
        frame = frame.filter(*conditions_of(self.filters))
        if plan is None:
            return frame
        return filter_table(self._with_counts(frame, plan.pushed, columns), plan.pushed)

    def _with_counts(self, frame: pl.LazyFrame, query: Query, columns: Sequence[str] | None) -> pl.LazyFrame:
        """Name the columns that a query uses as frames do, with 0 where a file is older than a counter.

        Few other columns make the frame much faster to plan: a table has one for each counter.
        """
        stored = self.tables.counters()
        used = columns_in_use(lower(query.tree), FoundColumns.of("", list(stored), is_case_sensitive=True))
        is_known = pl.col(FAULT).is_null()
        counts = [pl.when(is_known).then(pl.col(stored[name]).fill_null(0)).alias(name) for name in used]
        return (
            frame.with_columns(counts)
            if columns is None
            else frame.select(*{FAULT: None, **dict.fromkeys(columns)}, *counts)
        )


def _sliced(frames: Iterator[pl.DataFrame], skip: int, first: int | None) -> Iterator[pl.DataFrame]:
    """Yield some of the rows of frames, which are read only so far."""
    while first != 0 and (frame := next(frames, None)) is not None:
        taken = frame.slice(skip, first)
        yield taken
        skip = max(0, skip - len(frame))
        first = None if first is None else first - len(taken)


def _decoded(text: str) -> object:
    try:
        return read_json(text)
    except ValueError:
        return None  # a text that is not JSON: the content is unknown
