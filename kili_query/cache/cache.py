"""The label cache: the labels of a project or of files in a folder, for questions that need no server."""

import os
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from functools import partial
from os import PathLike
from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING, Any, Unpack

import polars as pl
import pyarrow as pa
from attrs import evolve, frozen

from kili_query.cache.columns import COLUMNS, columns_of
from kili_query.cache.documents import ontology_of
from kili_query.cache.drift import Drift, OntologyPair, QueryDrift
from kili_query.cache.expected import Expected, expected
from kili_query.cache.filters import check_filters
from kili_query.cache.history import Difference, Version, checked_version, difference, version_at, versions_of
from kili_query.cache.loading import Loaded, assets_of
from kili_query.cache.reading import Reading
from kili_query.cache.search import Search
from kili_query.cache.state import State
from kili_query.cache.tables import Tables, check_version, log_seen, told
from kili_query.cache.writing import Summary, opened
from kili_query.client.arguments import checked_count, checked_fields, checked_filters, is_parsed
from kili_query.client.keyword_arguments import COUNT_POSITIONS, LABEL_FIELDS, takes_filters
from kili_query.client.search import parse_search
from kili_query.errors import ArgumentError, CacheError
from kili_query.ontology import Ontology, OntologySource, VideoPolicy
from kili_query.output_files import check_path
from kili_query.planning import DEFAULT_PROFILE, ServerProfile
from kili_query.protocol import LabelFilters
from kili_query.query import Query
from kili_query.scanning import LabelSource, Problem
from kili_query.scanning.asset_ids import AssetIds
from kili_query.scanning.sources import own_ontology, with_datasets
from kili_query.statistics import Statistics
from kili_query.targets.column_names import FAULT

if TYPE_CHECKING:
    from kili_query.client import KiliClient
    from kili_query.labels import ParsedLabel

_BATCH_ROWS = 50_000
"""Number of rows of a record batch, at most."""

_LOOK_AGAIN_S = 1.0
"""How often a watch looks whether its subscription has ended."""


@frozen(init=False, repr=False, eq=False)
class LabelCache:
    """Labels in a folder: pulled once, then asked without a server, at any size.

    The folder holds two Delta Lake tables. ``labels`` has one row for each label, with its fields and one column for
    each counter; ``contents`` has the JSON of the labels. A question reads only the columns that it needs, and the JSON
    of those labels only that it returns or cannot decide without. Each change is one version, and a reader sees one
    version whatever is written meanwhile.

    Attributes:
        folder: the folder.

    >>> from tempfile import mkdtemp
    >>> cache = LabelCache(mkdtemp())
    >>> labels = [{"id": f"l{n}", "jsonResponse": {"J": {"categories": [{"name": "A"}] * n}}} for n in range(3)]
    >>> print(cache.load(labels))
    3 new, 0 changed, 0 deleted; 3 labels, 0 of them without a known content
    >>> cache.count_labels(category_search="J.A"), cache.labels(category_search="J.A.count == 0", fields=["id"])
    (2, [{'id': 'l0'}])
    """

    folder: Path
    _at: int | None
    _video: VideoPolicy | None
    _ontologies: dict[str | None, Ontology | None]
    _opened: dict[tuple[object, ...], Tables]

    def __init__(
        self, path: str | PathLike[str], *, video: VideoPolicy | None = None, version: int | None = None
    ) -> None:
        """Name the folder; nothing is read or created before the first question or change.

        Args:
            path: the folder.
            video: how objects of videos are counted, see `kili_query.CountPolicy`; by default as the cache does, or
                ``"objects"`` in a new one.
            version: the version that is read; by default the latest at each question.

        Raises:
            ArgumentError: an argument cannot be used.
        """
        check_path("path", path, of="a folder")
        check_version(version)
        self.__attrs_init__(Path(path), version, video, {}, {})

    def __repr__(self) -> str:
        version = "" if self._at is None else f", version={self._at}"
        return f"LabelCache({str(self.folder)!r}{version})"

    @property
    def version(self) -> int | None:
        """The version that is read; None for the latest at each question."""
        return self._at

    def __reduce__(self) -> tuple[object, ...]:
        return partial(LabelCache, self.folder, video=self._video, version=self._at), ()  # tables are opened again

    def _tables(self) -> Tables:
        """Return the version that is read; the log is read again only if it has changed since the last question."""
        log = log_seen(self.folder)
        seen = (os.getpid(), log)  # what one process opened cannot be used in a fork of it
        if (known := self._opened.get(seen)) is not None:
            with suppress(CacheError):  # another log may look the same; if none does, opening says what is wrong
                return known.again()
        tables = Tables.open(self.folder, self._at, whole=True)
        self._opened.clear()
        if log:
            self._opened[seen] = tables
        return tables

    @property
    def state(self) -> State:
        """What the cache knows beside its labels: the project, how far it was followed, and when.

        Raises:
            CacheError: the cache cannot be read.
        """
        return self._tables().state

    @property
    def ontology(self) -> Ontology | None:
        """The jobs and categories of the project; None if labels were loaded without any.

        Raises:
            CacheError: the cache cannot be read.
        """
        return self._ontology_of(self._tables())

    def _ontology_of(self, tables: Tables) -> Ontology | None:
        """Return the ontology of a version, which is read once: its digest says which it is."""
        digest = tables.state.ontology
        if digest not in self._ontologies:
            self._ontologies[digest] = ontology_of(tables)
        return self._ontologies[digest]

    def load(
        self,
        labels: LabelSource,
        assets: LabelSource | None = None,
        *,
        ontology: OntologySource | None = None,
        problems: list[Problem] | None = None,
        dataset_ontology: bool = True,
    ) -> Summary:
        """Add labels from files or memory; a label replaces the one with its id.

        Readers see the cache as it was until all labels are written. If that is interrupted, the next load undoes it.

        Args:
            labels: anything that `kili_query.scanning` reads: label files, raw exports, labels in memory, a dataset of
                another tool.
            assets: the assets of these labels, for the ids and states that labels lack; anything that is read as such.
            ontology: the project's ontology, or the path of its file; by default that of the cache, or else of
                the dataset.
            problems: a list to which every record that is not a label is added, which is left out, and every field of a
                label that cannot be kept as it is; by default nothing reports them.
            dataset_ontology: False does not use the ontology of a dataset.

        Returns:
            What changed.

        Raises:
            SourceError: a file cannot be read, there are records but not one is a label, or several datasets use the
                same ids for different assets.
            CacheError: the cache cannot be written, or it follows a project.
        """
        labels = with_datasets(labels)
        source = Loaded(labels, assets_of(assets))
        with opened(self._writable(), self._video) as writer:
            if writer.state.project_id is not None:
                raise CacheError(f"`{self.folder}` follows a project: load files into another folder")
            known = own_ontology(labels) if dataset_ontology and writer.state.ontology is None else None
            if ontology is not None or known is not None:
                writer.use_ontology(Ontology.if_given(ontology) or known)
            ids = AssetIds.of(labels)
            for label in source:
                ids.check(label)
                writer.add(label)
                source.note(writer.faults)
            if problems is not None:
                problems += source.problems
            source.refuse_without_labels()
            return writer.finish(writer.state)

    def sync(
        self,
        client: "KiliClient",
        project_id: str | None = None,
        *,
        verify: bool = False,
        dry_run: bool = False,
        disable_tqdm: bool | None = None,
    ) -> Summary:
        """Bring the cache up to date with a project: everything the first time, then only what changed.

        Changes are found by the project's change feed; without one, by labels created and assets updated since the
        day before the last ones that were seen. Deleted labels raise no event: they are found by counting. It can be
        interrupted at any point, and the next run goes on from there. Readers see the last complete version meanwhile.

        Args:
            client: the client of the service.
            project_id: the project; by default the one that the cache follows.
            verify: read everything again afterwards, and report how many labels the quick way had missed.
            dry_run: change nothing, and report what would change.
            disable_tqdm: hide progress bars; by default they show in terminals only.

        Returns:
            What changed. Contents that cannot be fetched are unknown, and are fetched again next time.

        Raises:
            ArgumentError: no project was given, and the cache does not follow one yet.
            CacheError: the cache holds something else, another process writes to it, or it cannot be written.
            ServiceError: the service refused the call, or cannot be reached; what was read stays in the cache.
        """
        from kili_query.cache.sync import check_client, sync  # here, because `load` and questions need no client

        check_client(client)
        with opened(self._writable(), self._video, is_dry=dry_run) as writer:
            wanted = writer.state.project_id if project_id is None else project_id
            if wanted is None:
                raise ArgumentError(f"`{self.folder}` follows no project yet: give `project_id`")
            return sync(writer, client, wanted, verify=verify, disable_tqdm=disable_tqdm)

    def watch(self, client: "KiliClient", project_id: str | None = None, *, poll_s: float = 5.0) -> Iterator[Summary]:
        """Sync, and sync again whenever the service tells that a label was created or changed, until it is closed.

        Args:
            client: the client of the service, whose subscription tells of changes.
            project_id: the project; by default the one that the cache follows.
            poll_s: how long to wait between two reads of the change feed, in seconds, if no websocket can be opened.

        Yields:
            What changed, after each sync.

        Raises:
            ArgumentError, CacheError, ServiceError: as `sync` does, or from the subscription when it ends.
        """
        from kili_query.cache.sync import check_client  # here, because `load` and questions need no client

        check_client(client)
        followed = self.state.project_id if project_id is None else project_id
        if followed is None:
            raise ArgumentError(f"`{self.folder}` follows no project yet: give `project_id`")
        has_news = Event()

        def tell(*_: object) -> None:
            has_news.set()

        with client.label_created_or_updated(
            followed, tell, on_malformed="skip", on_notice=tell, poll_s=poll_s
        ) as subscription:
            yield self.sync(client, followed, disable_tqdm=True)
            while subscription.error is None:
                if has_news.wait(_LOOK_AGAIN_S):
                    has_news.clear()
                    yield self.sync(client, followed, disable_tqdm=True)
            raise subscription.error

    def why_not(
        self,
        project_id: str,
        fields: Sequence[str],
        *,
        is_search: bool,
        max_age_s: float | None,
        filters: Collection[str] = (),
    ) -> str | None:
        """Return why the cache cannot answer as the service would; None if it can: see ``cache`` of `KiliClient`.

        Args:
            project_id: the project that is asked about.
            fields: the fields of labels that are wanted.
            is_search: whether labels are searched by categories.
            max_age_s: how long ago the last sync may have been, in seconds; None for any time.
            filters: the names of the filters.
        """
        try:
            columns_of(fields)
            check_filters(filters)
            tables = self._tables()
        except (ArgumentError, CacheError) as error:
            return str(error)
        state = tables.state
        if state.project_id != project_id or not state.is_complete or state.synced_at is None:
            return f"`{self.folder}` does not hold the project"
        age_s = (datetime.now(UTC) - datetime.fromisoformat(state.synced_at)).total_seconds()
        if max_age_s is not None and not 0 <= age_s <= max_age_s:
            return f"the last sync of `{self.folder}` was {age_s:,.0f} seconds ago, and may be {max_age_s:,.0f}"
        if is_search and Search(tables, {}).has_faults():
            return f"`{self.folder}` holds labels without a known content, which a search may find"
        return None

    def compact(self) -> int:
        """Join small files, and remove contents that no version names, as a process that was killed may leave them.

        Small files of rows are also joined whenever there are many; all versions stay readable.

        Returns:
            The number of contents that were removed.

        Raises:
            CacheError: another process writes, or the cache cannot be used.
        """
        with opened(self._writable(), self._video) as writer:
            return writer.tables.compact().compact_contents()

    def _writable(self) -> Path:
        if self._at is not None:
            raise CacheError(f"version {self._at} of `{self.folder}` cannot be changed: open the cache without it")
        return self.folder

    @takes_filters(LabelFilters, positions=COUNT_POSITIONS)
    def count_labels(
        self,
        project_id: str | None = None,
        *,
        category_search: str | Query | None = None,
        **filters: Unpack[LabelFilters],
    ) -> int:
        """Count the labels that `labels` would list.

        Raises:
            ArgumentError, QueryError, CacheError, LabelError: as `labels` does.
        """
        return self._search(project_id, filters, category_search).count()

    def statistics(self, **filters: Unpack[LabelFilters]) -> Statistics:
        """Count the values of each counter, for estimates, over labels whose content is known. No JSON is read.

        Args:
            **filters: only these labels; see `LabelFilters`.

        Raises:
            ArgumentError: a filter cannot be used.
            CacheError: the cache cannot be read, or its first sync was not finished.
        """
        return self._search(None, filters, None).statistics()

    def expected(
        self,
        category_search: str | Query,
        *,
        profile: ServerProfile = DEFAULT_PROFILE,
        **filters: Unpack[LabelFilters],
    ) -> Expected:
        """Return what a search would find and cost if it were sent to the service; nothing is sent, no JSON is read.

        Args:
            category_search: the query.
            profile: which of the service's searches are reliable.
            **filters: only these labels; see `LabelFilters`.

        Raises:
            ArgumentError: a filter cannot be used.
            QueryError: the search is not a query, or the ontology has no such job or category.
            CacheError: the cache cannot be read, or its first sync was not finished.
        """
        return expected(self._search(None, filters, category_search), profile)

    @takes_filters(LabelFilters)
    def labels(
        self,
        project_id: str | None = None,
        *,
        fields: Sequence[str] = LABEL_FIELDS,
        first: int | None = None,
        skip: int = 0,
        disable_tqdm: bool | None = None,
        category_search: str | Query | None = None,
        output_format: str = "dict",
        as_generator: bool = False,
        **filters: Unpack[LabelFilters],
    ) -> Any:
        """List the labels that meet all filters, oldest first, as `KiliClient.labels` does.

        Args:
            project_id: the project of the cache; None for whatever it holds.
            fields: the fields of each label; dots lead into objects, as in ``author.email``.
            first: maximum number of labels; None for all.
            skip: number of labels to leave out at the beginning.
            disable_tqdm: has no effect: it is accepted because the client has it.
            category_search: a query that the label must match, such as ``OBJECTS.CAR.count > 3``.
            output_format: ``"dict"``, or ``"parsed_label"`` for label objects.
            as_generator: return an iterator that reads contents as it is read, instead of a list.
            **filters: only these labels; see `LabelFilters`.

        Raises:
            ArgumentError: an argument cannot be used, or the cache does not keep a field.
            QueryError: the search is not a query, or the ontology has no such job or category.
            CacheError: the cache cannot be read, follows another project, or was not filled to the end once.
            LabelError: the content of a label cannot be read; the message names the label.
        """
        names = checked_fields(fields)
        parsed = is_parsed(output_format, "output_format")
        if first is not None:
            first = checked_count("first", first)
        search = self._search(project_id, filters, category_search)
        rows: Iterator[Any] = search.labels(names, checked_count("skip", skip), first)
        if parsed:
            rows = self._parsed(rows, search.ontology)
        return rows if as_generator else list(rows)

    def _parsed(self, rows: Iterator[dict[str, Any]], ontology: Ontology | None) -> "Iterator[ParsedLabel]":
        from kili_query.labels import ParsedLabel

        if ontology is None:
            raise ArgumentError("the cache has no ontology, which parsed labels need: load one with the labels")
        return (ParsedLabel(row, ontology, ontology.input_type) for row in rows)

    def _search(self, project_id: str | None, filters: LabelFilters, category_search: str | Query | None) -> Search:
        checked = checked_filters(LabelFilters, filters, what="labels")
        query = parse_search(category_search)
        tables = self._tables().require_complete()
        state = tables.state
        if project_id is not None and state.project_id is not None and project_id != state.project_id:
            raise CacheError(f"`{self.folder}` holds the project `{state.project_id}`, not `{project_id}`")
        ontology = self._ontology_of(tables)
        if query is not None and ontology is not None:
            query = query.bind(ontology)
        return Search(tables, checked, query, ontology, state.policy)

    def reading(self, category_search: str | Query | None = None) -> Reading:
        """Return the labels as files of labels are read, for the command: those that a search may find.

        Raises:
            QueryError: the search is not a query, or the ontology has no such job or category.
            CacheError: the cache cannot be read, or was not filled to the end once.
        """
        return Reading(str(self.folder), self._search(None, {}, category_search))

    @property
    def versions(self) -> list[Version]:
        """The versions that can be read, oldest first, with what changed in each.

        Raises:
            CacheError: the cache cannot be read.
        """
        return versions_of(self._tables())

    def at(self, version: int | str | datetime) -> "LabelCache":
        """Return the cache as it was: at a version, or at a time, which is ISO 8601.

        Raises:
            ArgumentError: it is neither.
            CacheError: the version does not exist, or the cache was empty at that time.
        """
        wanted = checked_version(version)
        if not isinstance(wanted, int):
            return LabelCache(self.folder, video=self._video, version=version_at(self._tables(), wanted))
        found = LabelCache(self.folder, video=self._video, version=wanted)
        found._tables().require_complete()
        return found

    def diff(
        self, before: int | str | datetime, after: int | str | datetime, category_search: str | Query | None = None
    ) -> Difference:
        """Compare the labels that a query finds in two versions.

        Raises:
            QueryError: the search is not a query, or one of the ontologies has no such job or category.
            CacheError: a version does not exist.
        """
        searches = [self.at(version)._search(None, {}, category_search) for version in (before, after)]
        return difference(*searches)

    def drift(
        self,
        before: int | str | datetime | None = None,
        after: int | str | datetime | None = None,
        queries: Iterable[str | Query] = (),
    ) -> Drift:
        """Compare the ontologies of two versions, and what queries mean by them.

        Args:
            before: a version or time, as `at` takes it; by default the oldest version that can be read and has an
                ontology.
            after: the other one; by default the newest version.
            queries: queries or their texts, whose names are those of the ontologies.

        Raises:
            CacheError: a version cannot be read, or has no ontology.
        """
        newer = self.at(self._newest() if after is None else after)
        new = newer._required_ontology()
        older = self._oldest(newer) if before is None else self.at(before)
        pair = OntologyPair.of(older._required_ontology(), new)
        found = (pair.drift_of(one, newer.state.policy) for one in _listed(queries))
        counted = tuple(older._with_labels(newer, one) if one.has_changed else one for one in found)
        assert older._at is not None
        assert newer._at is not None
        return Drift(older._at, newer._at, tuple(pair.changes()), counted)

    def _newest(self) -> int:
        version = self._tables().version
        if version is None:
            raise CacheError(f"`{self.folder}` is empty: there are no versions to compare")
        return version

    def _oldest(self, newer: "LabelCache") -> "LabelCache":
        """Return the oldest version that has an ontology; versions whose files were removed cannot be read."""
        for version in newer.versions:
            try:
                older = self.at(version.number)
                if older.ontology is not None:
                    return older
            except CacheError:
                continue
        return newer

    def _required_ontology(self) -> Ontology:
        ontology = self.ontology
        if ontology is None:
            raise CacheError(f"version {self._at} of `{self.folder}` has no ontology: there is nothing to compare")
        return ontology

    def _with_labels(self, newer: "LabelCache", found: QueryDrift) -> QueryDrift:
        """Add how many labels entered and left the answer to a query; nothing where it has no answer."""
        text = found.rewritten or (None if found.kind == "invalid" else found.text)
        if text is None or not (self.state.is_complete and newer.state.is_complete):
            return found
        changed = difference(self._search(None, {}, found.text), newer._search(None, {}, text))
        return evolve(found, entered=len(changed.entered), left=len(changed.left))

    def to_arrow(self) -> pa.RecordBatchReader:
        """Return the rows of all labels as record batches, without their contents.

        Files are read while batches are taken, so that memory stays small at any size.

        Columns are those of `kili_query.frames.count_table` and a few more; counts of labels without a known content
        are null.

        Raises:
            CacheError: the cache cannot be read.
        """
        rows = self.to_polars()
        with told(self.folder):
            schema = rows.head(0).collect().to_arrow().schema
        return pa.RecordBatchReader.from_batches(schema, self._batches(rows, schema))

    def _batches(self, rows: pl.LazyFrame, schema: pa.Schema) -> Iterator[pa.RecordBatch]:
        with told(self.folder):
            for batch in rows.collect_batches(chunk_size=_BATCH_ROWS, maintain_order=True, lazy=True):
                yield from batch.to_arrow().cast(schema).to_batches()

    def to_polars(self) -> pl.LazyFrame:
        """Return the rows of all labels as a lazy frame of polars: see `to_arrow`.

        Raises:
            CacheError: the cache cannot be read.
        """
        tables = self._tables().require_complete()
        is_known = pl.col(FAULT).is_null()
        stored = tables.counters()
        counts = [pl.when(is_known).then(pl.col(stored[name]).fill_null(0)).alias(name) for name in stored]
        return tables.frame().select(*COLUMNS, FAULT, *counts)


def _listed(queries: Iterable[str | Query]) -> list[str | Query]:
    """Return queries as a list.

    Raises:
        ArgumentError: it is a single query, whose characters would be taken for queries, or one is not a query.
    """
    if isinstance(queries, str | Query):
        raise ArgumentError(f"`queries` must be a list of queries, not {str(queries)!r:.80}")
    listed = list(queries)
    for number, one in enumerate(listed):
        if not isinstance(one, str | Query):
            raise ArgumentError(f"`queries[{number}]` must be a text or a `Query`, not {one!r:.80}")
    return listed
