"""Changes of a cache: labels that are new or changed, and labels that are gone, batch by batch."""

import os
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, cast

import polars as pl
import pyarrow as pa
from attrs import define, evolve, field

from kili_query.cache.columns import COLUMNS, DIGEST, PART, stored_names
from kili_query.cache.counting import Batch, Counting, contents_table, digest_of
from kili_query.cache.documents import document_of, ontology_of
from kili_query.cache.filters import is_among
from kili_query.cache.state import State
from kili_query.cache.tables import DOCUMENTS, JSON, PART_ROWS, Tables, log_seen, told
from kili_query.cache_folder import cache_around
from kili_query.client.cost import grouped
from kili_query.counting import Rules
from kili_query.errors import CacheError
from kili_query.ontology import Ontology, VideoPolicy
from kili_query.output_files import cannot_write, has_lock
from kili_query.targets.column_names import FAULT

BATCH_ROWS, BATCH_CHARACTERS = 5_000, 4_000_000
"""How many labels are written together, and how long their contents are together; whichever comes first."""
_LOCK = ".lock"
"""The file in a cache that its writer locks."""
_COMPARED = [name for name in COLUMNS if name != PART]


@define
class Summary:
    """What changed in a cache.

    Attributes:
        new: the number of labels that it did not hold.
        changed: the number of labels that it held otherwise.
        deleted: the number of labels that are gone.
        unchanged: the number of labels that were read and are as they were.
        unknown: the number of labels in the cache whose content is unknown or malformed.
        total: the number of labels in the cache.
        missed: how many of the changes only a verification found.

    >>> print(Summary(new=2, changed=1, total=30))
    2 new, 1 changed, 0 deleted; 30 labels, 0 of them without a known content
    """

    new: int = 0
    changed: int = 0
    deleted: int = 0
    unchanged: int = 0
    unknown: int = 0
    total: int = 0
    missed: int = 0

    @property
    def changes(self) -> str:
        """The changes in words."""
        return f"{self.new:,} new, {self.changed:,} changed, {self.deleted:,} deleted"

    @property
    def told(self) -> str:
        """The changes in words, and how many of them only a verification found."""
        missed = f"; {self.missed:,} of the changes only the verification found" if self.missed else ""
        return f"{self.changes}{missed}"

    def __str__(self) -> str:
        return f"{self.told}; {grouped(self.total, 'label')}, {self.unknown:,} of them without a known content"

    @property
    def number(self) -> int:
        """The number of changes."""
        return self.new + self.changed + self.deleted

    @property
    def read(self) -> int:
        """The number of labels that were read."""
        return self.new + self.changed + self.unchanged

    @property
    def has_changes(self) -> bool:
        """Whether anything is different now."""
        return self.number > 0


@define
class Writer:
    """Writes changes into a cache; `opened` makes one.

    Attributes:
        tables: the version that was written last.
        counting: how labels are counted.
        state: the facts that the next version records; it is a step until `finish`.
        summary: what changed so far.
        is_dry: nothing is written, only the summary is made.
        faults: a message for each field of a label that was not kept as it was.
    """

    tables: Tables
    counting: Counting
    state: State
    summary: Summary = field(factory=Summary)
    is_dry: bool = False
    faults: list[str] = field(factory=list)
    _batch: Batch = field(factory=Batch)
    _gone: set[str] = field(factory=set)
    _has_other_ontology: bool = False

    def add(self, label: Mapping[str, Any]) -> None:
        """Add a label, or replace the one with its id, when the labels that were added are written.

        Raises:
            MalformedLabelError: the label has no id.
            CacheError: the tables cannot be written.
        """
        if self.is_full:
            self.flush()
        self._batch.add(label, self.faults)

    @property
    def is_full(self) -> bool:
        """Whether the labels that were added will be written when another one comes."""
        return len(self._batch) >= BATCH_ROWS or self._batch.n_characters >= BATCH_CHARACTERS

    def remove(self, ids: Collection[str]) -> None:
        """Remove labels, when those that were added are written."""
        self._gone |= set(ids)

    def flush(self) -> None:
        """Write the labels that were added and removed."""
        if len(self._batch) or self._gone:
            self._write()
            self._tidy()

    def finish(self, state: State) -> Summary:
        """Write what is left and the final state, and return what changed.

        Raises:
            CacheError: the tables cannot be written.
        """
        version, self.state = self.tables.version, evolve(state, is_complete=True, base=None, summary="")
        self.flush()
        is_written = self.tables.version != version
        is_current = self.tables.labels is not None and evolve(self.tables.state, summary="") == self.state
        if not self.is_dry and not is_written and not is_current:
            self._commit(self._rows(Batch(), []))
            self._tidy()
        with told(self.tables.folder):
            if not self.is_dry:
                self.tables.sum_up_logs()
            counts = self.tables.frame().select(pl.len(), pl.col(FAULT).is_not_null().sum()).collect().row(0)
        self.summary.total, self.summary.unknown = counts
        return self.summary

    def _write(self) -> None:
        batch, gone = self._batch.last_of_each(), self._gone
        self._batch, self._gone = Batch(), set()
        held = self._held([*batch.ids, *gone])
        kept = Batch()
        parts: list[int] = []
        changed: list[str] = []
        for row, text in zip(batch.rows, batch.texts, strict=True):
            before = held.get(str(row["id"]))
            if before is None:
                self.summary.new += 1
                parts.append(-1)
            elif all(before[name] == row.get(name) for name in _COMPARED):
                self.summary.unchanged += 1
                continue
            else:
                self.summary.changed += 1
                parts.append(before[PART])
                changed.append(str(row["id"]))
            kept.rows.append(row)
            kept.texts.append(text)
        deleted = [one for one in gone if one in held]
        self.summary.deleted += len(deleted)
        if self.is_dry or not (len(kept) or deleted):
            return
        parts = self._with_new_parts(parts)
        touched = {held[one][PART] for one in (*changed, *deleted)}
        with told(self.tables.folder):
            self.tables.add_contents(kept.to_contents(parts))
            rows = self._rows(kept, parts)
            if touched:
                touched |= set(parts)
                rows = self._with_others(rows, touched, {*changed, *deleted})
        self._commit(rows, touched)

    def _held(self, ids: Sequence[str]) -> dict[str, dict[str, Any]]:
        """Return the rows of these labels, as they are in the cache, by id."""
        if self.tables.labels is None or not ids:
            return {}
        with told(self.tables.folder):
            found = self.tables.frame().filter(is_among(pl.col("id"), ids)).select(*COLUMNS).collect()
        return {row["id"]: row for row in found.iter_rows(named=True)}

    def _with_new_parts(self, parts: Sequence[int]) -> list[int]:
        """Give each new label a part: the last one while there is room."""
        rows = self.tables.rows_of_parts()
        last = max(rows, default=0)
        room = PART_ROWS - rows.get(last, 0)
        given = []
        for part in parts:
            if part >= 0:
                given.append(part)
                continue
            if room <= 0:
                last, room = last + 1, PART_ROWS
            given.append(last)
            room -= 1
        return given

    def _rows(self, batch: Batch, parts: Sequence[int]) -> pa.Table:
        return batch.to_rows(parts, self.counting, self.tables.stored_columns())

    def _with_others(self, rows: pa.Table, parts: Collection[int], without: Collection[str]) -> pa.Table:
        """Return rows together with the other rows of their parts."""
        others = self.tables.frame().filter(pl.col(PART).is_in(list(parts)) & ~is_among(pl.col("id"), without))
        new = cast("pl.DataFrame", pl.from_arrow(rows))
        return pl.concat([others.collect(), new], how="diagonal").sort(PART, "created", "id").to_arrow()

    def _commit(self, rows: pa.Table, replace: Iterable[int] = ()) -> None:
        words = self.summary.changes if self.summary.has_changes else "no label changed"
        state = evolve(self.state, summary=f"{words}; another ontology" if self._has_other_ontology else words)
        self.tables = self.tables.commit(rows, state, replace=replace)

    def _tidy(self) -> None:
        """Release unused memory and join small files; to be called when no batch is in memory."""
        pa.default_memory_pool().release_unused()  # else it keeps the size of the largest batch
        if not self.is_dry and self.tables.has_many_files():
            self.tables = self.tables.compact()

    def use_ontology(self, ontology: Ontology | None) -> None:
        """Count by another ontology from here on. Labels are counted again if its rules are others.

        Raises:
            CacheError: the tables cannot be written.
        """
        if ontology == self.counting.ontology:
            return
        self.flush()
        before, self.counting = self.counting, evolve(self.counting, ontology=ontology)
        self._has_other_ontology = self._has_other_ontology or self.tables.labels is not None
        if self.is_dry:
            return
        if ontology is not None:
            text = document_of(ontology)
            digest = digest_of(text)
            with told(self.tables.folder):
                self.tables.add_contents(contents_table([DOCUMENTS], [digest], [text]))
            self.state = evolve(self.state, ontology=digest)
        policy = self.counting.policy
        if self.tables.labels is not None and Rules.of(policy, ontology) != Rules.of(policy, before.ontology):
            self._count_again()

    def _count_again(self) -> None:
        """Count all labels from their contents, part by part, so that few are in memory at a time."""
        self.state = evolve(self.state, recounts=True)
        for part in sorted(self.tables.rows_of_parts()):
            with told(self.tables.folder):
                rows = self._counted_again(part)
            self._commit(rows, [part])
            del rows
            self._tidy()
        self.state = evolve(self.state, recounts=False)

    def _counted_again(self, part: int) -> pa.Table:
        fields = self.tables.frame().filter(pl.col(PART) == part).select(*COLUMNS).collect()
        frames = [self._counted(batch) for batch in self.tables.batches(part, fields[DIGEST].drop_nulls().unique())]
        counts = pl.concat([self._counted(pl.DataFrame({DIGEST: [None], JSON: [None]})), *frames], how="diagonal")
        rows = fields.join(counts, on=DIGEST, how="left", nulls_equal=True, maintain_order="left")
        return rows.rename(
            dict(zip(counts.columns, stored_names(counts.columns, self.tables.stored_columns()), strict=True))
        ).to_arrow()

    def _counted(self, contents: pl.DataFrame) -> pl.DataFrame:
        """Return the digests of contents with their counts, named as frames name them."""
        counts = cast("pl.DataFrame", pl.from_arrow(self.counting.counts_of(contents[JSON].to_list())))
        return counts.insert_column(0, contents[DIGEST].cast(pl.String))


@contextmanager
def opened(
    folder: str | os.PathLike[str], video: VideoPolicy | None = None, *, is_dry: bool = False
) -> Iterator[Writer]:
    """Open a cache for writing, which one process can do at a time.

    Args:
        folder: the folder of the cache; it is created.
        video: how objects of videos are counted; None for what the cache has.
        is_dry: nothing is written, only the summary is made.

    Raises:
        CacheError: another process writes, the cache cannot be used, lies in another one, or counts videos otherwise.
        WriteError: the folder cannot be created.
    """
    path = Path(folder)
    seen = log_seen(path)
    tables = Tables.open(path)  # before anything is created
    if is_dry:
        yield _writer(tables, video, is_dry=True)
        return
    if (outer := cache_around(path.absolute().parent)) is not None:
        raise CacheError(f"`{path}` lies in the label cache `{outer}`: name another folder")
    is_new = not path.exists()
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise cannot_write(path, error) from error
    with (path / _LOCK).open("wb") as lock:
        if has_lock(lock.fileno()) is False:
            raise CacheError(f"another process writes to `{path}`: wait until it has finished")
        if log_seen(path) != seen:  # by a process that has ended meanwhile
            tables = Tables.open(path)
        try:
            yield _writer(tables, video, is_dry=False)
        finally:
            if is_new and os.listdir(path) == [_LOCK]:  # nothing was written, so that no empty folder stays
                (path / _LOCK).unlink()
                path.rmdir()


def _writer(tables: Tables, video: VideoPolicy | None, *, is_dry: bool) -> Writer:
    if not is_dry and (tables.state.project_id is None or tables.state.recounts):
        tables = tables.undone()  # a sync goes on instead, for it knows how far it was
    state = tables.state
    if video is not None and video != state.video:
        if tables.labels is not None:
            folder = tables.folder
            raise CacheError(f"`{folder}` counts videos by `{state.video}`, not by `{video}`: fill another folder")
        state = evolve(state, video=video)
    if tables.labels is None:
        state = evolve(state, is_complete=False)
    elif state.is_whole:
        state = evolve(state, base=tables.version)
    return Writer(tables, Counting(ontology_of(tables), state.policy), state, is_dry=is_dry)
