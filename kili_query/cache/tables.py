"""The two Delta Lake tables of a cache: one row for each label, and the contents by their digests.

Both are partitioned by a number, the part: a label stays in the part where it was first written, and its content is in
the part of the same number. A part of labels is replaced whole, which touches one small file.

INVARIANT: a content is committed before the row that names it, so that a process that is killed leaves at most contents
that no row names.
"""

import json
import os
import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from itertools import repeat
from pathlib import Path
from shutil import disk_usage
from typing import Any, cast

import polars as pl
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from attrs import define, evolve, field, frozen
from deltalake import ColumnProperties, CommitProperties, DeltaTable, WriterProperties, write_deltalake
from deltalake.exceptions import CommitFailedError, DeltaError, TableNotFoundError

from kili_query.cache.columns import COLUMNS, CREATED, DIGEST, PART, own_name
from kili_query.cache.counting import digest_of
from kili_query.cache.state import KEY, State
from kili_query.errors import ArgumentError, CacheError
from kili_query.targets.column_names import FAULT, counter_of

JSON = "json"
"""The column of the contents that holds their text."""
PART_ROWS = 50_000
"""Number of labels in a part before the next one begins."""

DOCUMENTS = -1
"""The part of contents that are not of labels: interfaces of projects."""

_MANY_FILES = 10
"""How many files a table may have beside one in each part before they are joined: each costs a question time."""

_UNUSABLE = re.compile(r"[\[\]\\^|#?=\n]|%[0-9A-Fa-f]{2}")
"""What the path of a folder must not contain, because the libraries of the tables cannot find such a folder."""

_ROOM = 1_000_000
"""Number of bytes that a change may take beside its rows: entries of logs, and what files say of themselves."""

_ROW_GROUP = 2_048
"""Number of contents that are decompressed to read one."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
"""The instant that the times of commits are counted from."""

_UNDONE = "a change that was interrupted was undone"
"""The summary of a version that has the same labels as the last whole version."""

_EVER = datetime(1, 1, 1, tzinfo=UTC)
"""A time before which nothing was created."""

_BEGIN = f"min.{CREATED}"
"""When the first label of a file was created, in milliseconds that are rounded down: see `_CONFIGURATION_OF_LABELS`."""

_LABEL_ROW_GROUP = 32_768
"""Number of labels in memory when files are joined: smaller groups make questions slower."""
_MANY_ENTRIES = 10
"""Number of entries of a log that are summed up: each is read whenever the table is opened."""

_UNIQUE = ColumnProperties(dictionary_enabled=False)  # of values of which few are equal
_LABELS = WriterProperties(
    compression="ZSTD",
    compression_level=3,
    max_row_group_size=_LABEL_ROW_GROUP,
    column_properties=dict.fromkeys(("id", "createdAt", CREATED, DIGEST), _UNIQUE),
)
_CONTENTS = WriterProperties(
    compression="ZSTD",
    compression_level=3,
    max_row_group_size=_ROW_GROUP,
    column_properties={
        DIGEST: _UNIQUE,
        JSON: ColumnProperties(dictionary_enabled=False, statistics_enabled="NONE"),  # they would be whole texts
    },
)
_CONTENT_KINDS: dict[str, pa.DataType] = {PART: pa.int32(), DIGEST: pa.string(), JSON: pa.string()}
_CONTENT_SCHEMA = pa.schema(_CONTENT_KINDS)
_CONFIGURATION = {
    "delta.logRetentionDuration": "interval 36500 days",  # versions stay readable
    "delta.deletedFileRetentionDuration": "interval 7 days",
    "delta.dataSkippingNumIndexedCols": "0",  # least and greatest values of each column would be most of the log
}
_CONFIGURATION_OF_LABELS = _CONFIGURATION | {"delta.dataSkippingStatsColumns": CREATED}  # so that few files are read


@contextmanager
def told(folder: object) -> Iterator[None]:
    """Turn the errors of the tables' libraries into errors of the cache, which say what to do.

    Raises:
        CacheError: the tables cannot be read or written.
    """
    try:
        yield
    except CommitFailedError as error:
        raise CacheError(f"`{folder}`: another process changed the cache meanwhile: run it again") from error
    except (DeltaError, pa.ArrowException, pl.exceptions.PolarsError, pl.exceptions.PanicException) as error:
        raise damaged(folder, str(error)) from error
    except OSError as error:
        if type(error) is not OSError or error.strerror is not None:
            raise
        raise damaged(folder, str(error)) from error  # as deltalake tells of a disk that is full


def damaged(folder: object, reason: str) -> CacheError:
    """Return the error about tables that cannot be read or written."""
    first = reason.strip().splitlines()[0] if reason.strip() else "no reason is known"
    return CacheError(
        f"`{folder}` cannot be used: {first[:300]}. Earlier versions may still be readable (`cache.at(version)`); "
        "otherwise remove the folder and fill it again"
    )


@frozen
class Commit:
    """A version in the log of the labels.

    Attributes:
        number: of the version.
        written: when, by the clock of the machine that wrote it.
        state: what it records; None for a commit of another tool.
    """

    number: int
    written: datetime
    state: State | None


@frozen
class File:
    """A Parquet file of a table.

    Attributes:
        path: where it is.
        begin: a time before which none of its labels was created; None if that is not known.
    """

    path: Path
    begin: datetime | None


@define
class Tables:
    """One version of a cache on disk.

    Attributes:
        folder: the folder of both tables.
        labels: the table of labels; None if nothing was committed yet.
        state: the facts that the version records.
    """

    folder: Path
    labels: DeltaTable | None = None
    state: State = field(factory=State)
    _contents: DeltaTable | None = None
    _listed: pl.DataFrame | None = None
    _checked: list[File] | None = None
    _layout: "_Layout | None" = None

    @classmethod
    def open(cls, folder: str | os.PathLike[str], version: int | None = None, *, whole: bool = False) -> "Tables":
        """Open a version; the latest by default. A folder without a cache is empty.

        Args:
            folder: the folder of both tables.
            version: the number of the version.
            whole: not a step of a change that is under way, or was not finished: rather the version before it.

        Raises:
            ArgumentError: the version is not a number.
            CacheError: the cache is damaged, of a newer format, or has no such version; or this process was forked from
                one that has opened a cache.
        """
        check_version(version)
        path = Path(folder)
        _check_process(path)
        if found := _UNUSABLE.search(path.absolute().as_posix()):
            raise CacheError(f"the path of a cache must not contain {found[0]!r}: `{path}`. Name another folder")
        with told(path):
            if version is not None:
                _require_version(path, version)
            try:
                table = DeltaTable(_uri(path, "labels"), version=version)
            except TableNotFoundError:
                if version is not None:
                    raise CacheError(f"`{path}` has no version {version}: it is empty") from None
                _refuse_other(path)
                return cls(path)
            _check_entries(path, table.version())
            tables = cls(path, table, _state_of(path, table.version()))
        base = tables.state.base
        if whole and base is not None:
            if version is not None:
                raise CacheError(
                    f"version {version} of `{path}` is a step of a change: `versions` lists whole versions"
                )
            return cls.open(path, base)
        tables.check_files()
        return tables

    def again(self) -> "Tables":
        """Return the same version for another question, with the newest contents.

        Raises:
            CacheError: a file is missing or shorter than when it was written.
        """
        tables = evolve(self, contents=None, checked=None)
        tables.check_files()
        return tables

    def require_complete(self) -> "Tables":
        """Return the version, if the cache was filled to the end once.

        Raises:
            CacheError: the first filling was not finished, so there is no complete version.
        """
        if self.state.is_complete:
            return self
        what = "loading of" if self.state.project_id is None else "sync of"
        if self.version is not None and self.version < DeltaTable(_uri(self.folder, "labels")).version():
            raise CacheError(
                f"version {self.version} is a step of the first {what} `{self.folder}`: `versions` lists whole versions"
            )
        raise CacheError(f"the first {what} `{self.folder}` was not finished: run it again")

    @property
    def version(self) -> int | None:
        """The number of the version; None before the first."""
        return None if self.labels is None else self.labels.version()

    @property
    def written(self) -> datetime | None:
        """When the version was written, by the clock of that machine; None before the first."""
        if self.version is None:
            return None
        return next((commit.written for commit in commits(self.folder, self.version)), None)

    def check_files(self) -> None:
        """Raise for files of labels that are missing or shorter than when they were written.

        Raises:
            CacheError: names the file.
        """
        self._files()

    def frame(self) -> pl.LazyFrame:
        """Return all rows of the labels; a counter that a row's file lacks is null, and so is a field.

        Raises:
            CacheError: a file cannot be read.
        """
        if self.labels is None:
            return pl.DataFrame(schema=dict.fromkeys((*COLUMNS, FAULT), pl.Null)).lazy()
        return _scan(self._stored().empty, self.files())

    def frames_by_time(self) -> Iterator[tuple[pl.LazyFrame, datetime | None]]:
        """Yield all rows, few at first and more each time, for callers who want few of the oldest.

        With each frame comes a time before which no label of the frames after it was created; None if none comes after.

        Raises:
            CacheError: a file cannot be read.
        """
        if self.labels is None:
            return
        files = sorted(self._files(), key=lambda one: one.begin or _EVER)
        n_unknown = sum(one.begin is None for one in files)
        begin, end = 0, max(1, n_unknown)
        while begin < len(files):
            later = files[end].begin if end < len(files) else None
            yield _scan(self._stored().empty, [one.path for one in files[begin:end]]), later
            begin, end = end, end + 2 * (end - begin)

    def files(self) -> list[Path]:
        """Return the Parquet files of the labels.

        Raises:
            CacheError: a file is missing or shorter than when it was written.
        """
        return [one.path for one in self._files()]

    def _files(self) -> list[File]:
        if self._checked is None:
            self._checked = [] if self.labels is None else _files(self._list(), self.folder, "labels")
        return self._checked

    def _list(self) -> pl.DataFrame:
        """Return what the version says of the files of labels, which never changes."""
        if self._listed is None:
            assert self.labels is not None
            self._listed = _actions(self.labels)
        return self._listed

    def stored_columns(self) -> Sequence[str]:
        """Return the names of all columns in the table."""
        return () if self.labels is None else self._stored().columns

    def counters(self) -> Mapping[str, str]:
        """Return the name in the table of each column of counts, by the name that frames give it."""
        return {} if self.labels is None else self._stored().counters

    def _stored(self) -> "_Layout":
        if self._layout is None:
            assert self.labels is not None
            self._layout = _Layout.of(self.labels)
        return self._layout

    def rows_of_parts(self) -> dict[int, int]:
        """Return the number of labels in each part."""
        found: dict[int, int] = {}
        if self.labels is not None:
            listed = self._list()
            for part, number in zip(listed[f"partition.{PART}"], listed["num_records"], strict=True):
                found[int(part)] = found.get(int(part), 0) + int(number)
        return found

    def sum_up_logs(self) -> None:
        """Write a checkpoint of each log that has many entries since its last one, so that it opens faster."""
        for name, table in (("labels", self.labels), ("contents", self._table_of_contents())):
            if table is not None:
                version = table.version()
                if version - _last_checkpoint(self.folder, version, name) >= _MANY_ENTRIES:
                    table.create_checkpoint()

    def _table_of_contents(self) -> DeltaTable | None:
        """Return the latest version of the contents, opened once; None before the first."""
        if self._contents is None:
            with suppress(TableNotFoundError):
                self._contents = DeltaTable(_uri(self.folder, "contents"))
        return self._contents

    def contents(self, parts: Collection[int]) -> pl.LazyFrame:
        """Return the contents of some parts: part, digest and text.

        Raises:
            CacheError: a file is missing or shorter than when it was written.
        """
        table = self._table_of_contents()
        if table is None:
            return pl.from_arrow(_CONTENT_SCHEMA.empty_table()).lazy()  # type: ignore[union-attr]
        return _scan(_empty(table), [one.path for one in _files(_actions(table), self.folder, "contents", parts)])

    def texts(self, part: int, digests: Collection[str]) -> dict[str, str]:
        """Return the texts of contents of one part, by digest.

        Raises:
            CacheError: one is missing.
        """
        texts: dict[str, str] = {}
        with told(self.folder):
            table = self._table_of_contents()
            for file in [] if table is None else _files(_actions(table), self.folder, "contents", [part]):
                if len(texts) < len(digests):
                    texts |= _texts_of(file.path, digests)
        for digest in digests:
            if digest not in texts:
                raise damaged(self.folder, f"the content `{digest}` of part {part} is missing")
        self._check(part, texts.items())
        return texts

    def _check(self, part: int, contents: Iterable[tuple[str, str]]) -> None:
        """Raise for a content whose bytes have changed on disk: files of Parquet have no checksums, but digests are.

        Raises:
            CacheError: names the content.
        """
        for digest, text in contents:
            if digest_of(text) != digest:
                raise damaged(self.folder, f"the content `{digest}` of part {part} is not as it was written")

    def batches(self, part: int, digests: pl.Series) -> Iterator[pl.DataFrame]:
        """Yield the digests and texts of contents of one part, some at a time.

        Raises:
            CacheError: one is missing.
        """
        n_found = 0
        found = self.contents([part]).filter(pl.col(DIGEST).is_in(digests.implode())).select(DIGEST, JSON)
        with told(self.folder):
            for batch in found.collect_batches(chunk_size=_ROW_GROUP, lazy=True):
                n_found += len(batch)
                self._check(part, batch.iter_rows())
                yield batch
        if n_found != len(digests):
            raise damaged(self.folder, f"{len(digests) - n_found} contents of part {part} are missing")

    def add_contents(self, contents: pa.Table) -> None:
        """Append those contents that their parts lack.

        Raises:
            CacheError: they cannot be written.
        """
        with told(self.folder):
            new = cast("pl.DataFrame", pl.from_arrow(contents))
            new = new.unique([PART, DIGEST], keep="first", maintain_order=True)
            parts = new[PART].unique().to_list()
            known = self.contents(parts).select(PART, DIGEST)
            new = new.lazy().join(known, on=[PART, DIGEST], how="anti", maintain_order="left").collect()
            if len(new):
                _require_room(self.folder, int(new.estimated_size()))
                write_deltalake(
                    _uri(self.folder, "contents") if self._contents is None else self._contents,
                    new.to_arrow().cast(_CONTENT_SCHEMA),
                    mode="append",
                    partition_by=[PART],
                    writer_properties=_CONTENTS,
                    configuration=_CONFIGURATION if self._contents is None else None,
                )

    def commit(self, rows: pa.Table, state: State, *, replace: Iterable[int] = ()) -> "Tables":
        """Write rows and a state as the next version, and return it; this one is not read any more.

        Args:
            rows: new rows, and all rows of the parts that are replaced.
            state: the facts that the version records.
            replace: the parts whose rows these are.

        Raises:
            CacheError: another process committed meanwhile, or the tables cannot be written.
        """
        parts = sorted(set(replace))
        how: dict[str, Any] = {"mode": "append"}
        if parts:
            how = {"mode": "overwrite", "predicate": f"{PART} IN ({', '.join(map(str, parts))})"}
        with told(self.folder):
            _require_room(self.folder, rows.nbytes)
            write_deltalake(
                _uri(self.folder, "labels") if self.labels is None else self.labels,
                rows,
                schema_mode="merge",
                partition_by=[PART],
                writer_properties=_LABELS,
                configuration=_CONFIGURATION_OF_LABELS if self.labels is None else None,
                commit_properties=CommitProperties(custom_metadata={KEY: state.to_json()}),
                **how,
            )
            if self.labels is None:
                return Tables.open(self.folder)
            state = _state_of(self.folder, self.labels.version())
        written = Tables(self.folder, self.labels, state, self._contents)  # writing has brought the table up to date
        written.check_files()
        return written

    def undone(self) -> "Tables":
        """Undo a change that was not finished, as the next version, and return it.

        Raises:
            CacheError: another process committed meanwhile, or the tables cannot be written.
        """
        if self.labels is None or self.state.is_whole:
            return self
        base = self.state.base
        state = State(video=self.state.video) if base is None else Tables.open(self.folder, base).state
        properties = CommitProperties(custom_metadata={KEY: evolve(state, summary=_UNDONE).to_json()})
        with told(self.folder):
            if base is None:
                self.labels.delete(commit_properties=properties)
            else:
                self.labels.restore(base, commit_properties=properties)
        return Tables.open(self.folder)

    def has_many_files(self) -> bool:
        """Return whether questions would be faster if small files of labels were joined."""
        return len(self.files()) > len(self.rows_of_parts()) + _MANY_FILES

    def compact(self) -> "Tables":
        """Join the small files of labels, part by part, as the next version, and return it.

        Raises:
            CacheError: another process committed meanwhile, or the tables cannot be written.
        """
        if self.labels is None:
            return self
        state = evolve(self.state, summary="compacted")
        with told(self.folder):
            self.labels.optimize.compact(
                writer_properties=_LABELS,
                max_concurrent_tasks=1,
                commit_properties=CommitProperties(custom_metadata={KEY: state.to_json()}),
            )
        return Tables.open(self.folder)

    def compact_contents(self) -> int:
        """Join the small files of contents, remove contents that no row of any version names, and return their number.

        Files that this replaces stay for a week, for readers that are at work.

        Raises:
            CacheError: the tables cannot be read or written.
        """
        with told(self.folder):
            n_removed = sum(self._remove_unnamed(part) for part in self.rows_of_parts())
            if self._contents is not None:
                self._contents.optimize.compact(writer_properties=_CONTENTS, max_concurrent_tasks=1)
                self._contents.vacuum(dry_run=False)
                self._contents = None
        return n_removed

    def _remove_unnamed(self, part: int) -> int:
        """Remove the contents of a part that no file of rows names, whatever version the file is of."""
        files = sorted((self.folder / "labels" / f"{PART}={part}").glob("*.parquet"))
        named = pl.scan_parquet(files, glob=False, extra_columns="ignore", schema={DIGEST: pl.String})
        named = named.select(DIGEST).unique()
        unnamed = self.contents([part]).join(named, on=DIGEST, how="anti").select(pl.len()).collect().item()
        if unnamed:
            kept = self.contents([part]).join(named, on=DIGEST, how="semi").collect()
            write_deltalake(
                self._contents or _uri(self.folder, "contents"),
                kept.select(*_CONTENT_KINDS).to_arrow().cast(_CONTENT_SCHEMA),
                mode="overwrite",
                predicate=f"{PART} = {part}",
                writer_properties=_CONTENTS,
            )
            self._contents = None
        self.contents([part])
        return int(unnamed)


@frozen
class _Layout:
    """The columns of a table of labels.

    Attributes:
        columns: their names in the table.
        counters: the name in the table of each column of counts, by the name that frames give it.
        empty: no rows, of these columns and of those that an earlier release did not give to the table.
    """

    columns: Sequence[str]
    counters: Mapping[str, str]
    empty: pl.DataFrame

    @classmethod
    def of(cls, table: DeltaTable) -> "_Layout":
        empty = _empty(table)
        names = {own_name(name): name for name in empty.columns}
        lacking = pa.schema([(name, kind) for name, kind in COLUMNS.items() if name not in empty.columns])
        return cls(
            tuple(empty.columns),
            {own: name for own, name in names.items() if counter_of(own) is not None},
            empty.hstack(cast("pl.DataFrame", pl.from_arrow(lacking.empty_table()))),
        )


def _uri(folder: Path, name: str) -> str:
    """Return the address of a table, in which every character of the path keeps its meaning."""
    return (folder / name).absolute().as_uri()


def _actions(table: DeltaTable) -> pl.DataFrame:
    """Return what a table says of its files. Not by pyarrow, which imports pandas for it where that is installed."""
    return pl.DataFrame(table.get_add_actions(flatten=True))


def _files(actions: pl.DataFrame, folder: Path, name: str, parts: Collection[int] | None = None) -> list[File]:
    """Return the files that a table lists, of all parts or of some.

    Raises:
        CacheError: a file is missing or of another size; the libraries would print the texts of panics about it.
    """
    place = folder / name
    begins = actions[_BEGIN] if _BEGIN in actions.columns else repeat(None, len(actions))
    described = zip(actions["path"], actions["size_bytes"], actions[f"partition.{PART}"], begins, strict=True)
    files = []
    for within, wanted_bytes, part, begin in described:
        if parts is not None and int(part) not in parts:
            continue
        path = place / within
        try:
            size_bytes = path.stat().st_size
        except FileNotFoundError:
            raise damaged(folder, f"the file `{path}` is missing") from None
        if size_bytes != wanted_bytes:
            raise damaged(folder, f"the file `{path}` has {size_bytes} bytes instead of {wanted_bytes}")
        files.append(File(path, begin))
    return files


def _texts_of(path: Path, digests: Collection[str]) -> dict[str, str]:
    """Return those contents that a file holds.

    Only the groups that hold one are decompressed. A filter of polars by digests takes as long as that again.
    """
    texts: dict[str, str] = {}
    wanted = pl.Series(list(digests), dtype=pl.String).to_arrow().cast(pa.string())  # as in `_actions`
    with pq.ParquetFile(path) as file:
        for group in range(file.num_row_groups):
            known = file.read_row_group(group, [DIGEST])[DIGEST].cast(pa.string())
            is_wanted = pc.is_in(known, wanted)
            if pc.any(is_wanted).as_py():
                found = file.read_row_group(group, [JSON])[JSON].filter(is_wanted)
                pairs = zip(known.filter(is_wanted).to_pylist(), found.to_pylist(), strict=True)
                texts |= {str(digest): str(text) for digest, text in pairs}
    return texts


def _empty(table: DeltaTable) -> pl.DataFrame:
    """Return no rows of a table."""
    return pl.DataFrame(table.schema().to_arrow().empty_table())


def _scan(empty: pl.DataFrame, files: list[Path]) -> pl.LazyFrame:
    """Scan files of a table. Not by `polars.scan_delta`, which does not find files in a folder such as `my labels`.

    Args:
        empty: no rows of the table; columns that a file lacks are null there.
        files: its files.
    """
    if not files:
        return empty.lazy()
    hive = {PART: empty.schema[PART]}
    return pl.scan_parquet(
        files, schema=empty.schema, missing_columns="insert", glob=False, hive_partitioning=True, hive_schema=hive
    )


def _check_entries(folder: Path, version: int) -> None:
    """Raise if an entry of the log is empty, as after a loss of power: its changes would be missing, without an error.

    Entries up to a checkpoint are not read, because the checkpoint sums them up.
    """
    for number in range(_last_checkpoint(folder, version, "labels") + 1, version + 1):
        entry = _entry(folder, number)
        if entry.exists() and entry.stat().st_size == 0:
            raise damaged(folder, f"the file `{entry}` is empty")


def _last_checkpoint(folder: Path, version: int, name: str) -> int:
    """Return the version of the last checkpoint of a table up to a version; -1 if there is none."""
    log = folder / name / "_delta_log"
    numbers = (int(one.name[:20]) for one in log.glob("*.checkpoint*.parquet") if one.name[:20].isdigit())
    return max((number for number in numbers if number <= version), default=-1)


def _require_room(folder: Path, size_bytes: int) -> None:
    """Raise if a disk is too full for rows of this size before they are compressed.

    Raises:
        CacheError: says how much there is and how much is needed.
    """
    free, needed = disk_usage(folder).free, size_bytes + _ROOM
    if free < needed:
        raise CacheError(
            f"`{folder}`: the disk has {free:,} bytes left, and up to {needed:,} are needed: make room, and run it "
            "again. The cache is as it was after the last version"
        )


_PROCESSES: set[int] = set()
"""The processes that have opened a table: two numbers mean that this one was forked from the first."""


def _check_process(folder: Path) -> None:
    """Raise in a fork of a process that has opened a table: Delta Lake and polars have threads, which a fork lacks."""
    _PROCESSES.add(os.getpid())
    if len(_PROCESSES) > 1:
        raise CacheError(
            f"`{folder}` cannot be read here: this process was forked from one that has read a label cache. "
            "Start processes with the method `spawn` or `forkserver`"
        )


def log_seen(folder: Path) -> tuple[object, ...]:
    """Return a value that tells whether the log of the labels has changed: each change of a cache adds an entry.

    The oldest entries count by their names alone. The value is empty if no log can be read.
    """
    log = folder / "labels" / "_delta_log"
    try:
        names = sorted(os.listdir(log))
        stated = [(log / name).stat() for name in names[-2 * _MANY_ENTRIES :]]
    except OSError:  # opening the table says why
        return ()
    return (*names, *((one.st_ino, one.st_size, one.st_mtime_ns) for one in stated))


def check_version(version: object) -> None:
    """Raise for what is not the number of a version, or None.

    Raises:
        ArgumentError: it is something else.
    """
    if version is not None and (not isinstance(version, int) or isinstance(version, bool)):
        raise ArgumentError(f"`version` must be a whole number, not {version!r:.80}: `at` also takes times")


def _require_version(folder: Path, version: int) -> None:
    """Raise if the version does not exist.

    Nothing is checked if the latest version cannot be read, because an earlier one may still be readable.
    """
    try:
        latest = DeltaTable(_uri(folder, "labels")).version()
    except DeltaError:
        return
    if not 0 <= version <= latest:
        raise CacheError(f"`{folder}` has no version {version}: it has 0 to {latest}")


def _refuse_other(folder: Path) -> None:
    """Raise if a folder without a cache holds something else."""
    if folder.exists() and (not folder.is_dir() or set(os.listdir(folder)) - {"contents", "labels", ".lock"}):
        raise CacheError(f"`{folder}` is not a label cache, and not empty: name another folder")


def commits(folder: Path, version: int) -> Iterator[Commit]:
    """Yield the commits up to a version, newest first.

    They are read from the log itself: `DeltaTable.history` lists those after the version of the table, too, and numbers
    them as if they were before it.

    Raises:
        CacheError: an entry of the log is damaged, or of a newer format.
    """
    for number in _entries(folder, version):
        entry = _entry(folder, number)
        try:
            lines = entry.read_text(encoding="utf-8").splitlines()
            actions = [json.loads(line) for line in lines if '"commitInfo"' in line]
            found: dict[str, Any] = next((action["commitInfo"] for action in actions if "commitInfo" in action), {})
            state = State.from_json(found[KEY], str(folder)) if KEY in found else None
            stated = found.get("timestamp")
        except CacheError:  # of a newer format, which is not damage
            raise
        except (ValueError, TypeError, AttributeError) as error:
            raise damaged(folder, f"the file `{entry}` is not an entry of a log: {error}") from error
        milliseconds = stated if isinstance(stated, int) else entry.stat().st_mtime_ns // 1_000_000
        yield Commit(number, _EPOCH + timedelta(milliseconds=milliseconds), state)


def _entries(folder: Path, version: int) -> Iterator[int]:
    """Yield the numbers of the entries up to a version: its own without listing the others."""
    log = folder / "labels" / "_delta_log"
    if _entry(folder, version).exists():
        yield version
    numbers = (int(one.stem) for one in log.glob("*.json") if re.fullmatch(r"[0-9]{20}", one.stem))
    yield from sorted((number for number in numbers if number < version), reverse=True)


def _entry(folder: Path, version: int) -> Path:
    return folder / "labels" / "_delta_log" / f"{version:020}.json"


def _state_of(folder: Path, version: int) -> State:
    """Return the state that the latest commit of ours up to a version holds; other tools may have compacted since."""
    for commit in commits(folder, version):
        if commit.state is not None:
            return commit.state
    raise CacheError(f"`{folder}/labels` is a Delta table, but not of a label cache: name another folder")
