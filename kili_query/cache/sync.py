"""A cache that follows a project: all labels the first time, then only what changed.

An asset is the unit of following: a new label also changes which label of its user is the latest, without an event of
its own. So all labels of an asset to which something happened are listed again, and those that the service no longer
lists are gone.

Nothing depends on the clock of this machine: positions are ids of events, and times that the service wrote.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import Any, TypeVar

import polars as pl
from attrs import define, evolve

from kili_query.cache.columns import CREATED, LABEL_FIELDS
from kili_query.cache.filters import is_among
from kili_query.cache.state import SyncPosition
from kili_query.cache.tables import told
from kili_query.cache.writing import Summary, Writer
from kili_query.client import KiliClient
from kili_query.client.seen_ids import SeenIds
from kili_query.client.warning import warn
from kili_query.errors import ArgumentError, CacheError, FeedUnavailable, GraphQLError
from kili_query.ontology import Ontology
from kili_query.protocol import read_instant
from kili_query.targets.column_names import FAULT
from kili_query.wording import listed

_MANY = 50
"""Number of ids in one filter."""
_SHOWN = 10
"""Number of faults that a warning shows."""
_MANY_KNOWN = 10_000
"""Number of ids that are looked up in the cache together."""
_FEW_LABELS = 500
"""Number of labels whose ids are compared rather than counted once more."""
_ONE_DAY = 2
"""The length of a list of days of one day: its beginning and its end."""
_Item = TypeVar("_Item")


def check_client(client: object) -> None:
    """Raise for what cannot ask a service.

    Raises:
        ArgumentError: it is not a client.
    """
    if not isinstance(client, KiliClient):
        raise ArgumentError(f"`client` must be a `KiliClient`, not {client!r:.80}")


def sync(writer: Writer, client: KiliClient, project_id: str, *, verify: bool, disable_tqdm: bool | None) -> Summary:
    """Bring a cache up to date; see `LabelCache.sync`."""
    client = client.without_cache()
    run = Sync(writer, client, project_id, disable_tqdm)
    run.check_project()
    run.use_ontology()
    if writer.state.is_complete and writer.state.project_id is not None:
        position = run.catch_up()
    elif writer.is_dry:
        writer.summary.new = client.count_labels(project_id)
        return writer.summary
    else:
        position = run.read_all()
    run.find_gone()
    if verify:
        run.verify()
    run.use_ontology()  # it may have changed meanwhile
    if writer.faults:
        warn(f"fields of labels are not kept as they are: {listed(writer.faults, _SHOWN)}")
    state = evolve(writer.state, position=position, is_complete=True, synced_at=datetime.now(UTC).isoformat())
    return writer.finish(state)


@define
class Sync:
    """One run: a cache that is written, and the project that it follows.

    Attributes:
        writer: writes into the cache.
        client: asks the service.
        project_id: the project.
        disable_tqdm: whether progress bars are hidden.
    """

    writer: Writer
    client: KiliClient
    project_id: str
    disable_tqdm: bool | None

    def check_project(self) -> None:
        """Raise if the cache holds other labels.

        Raises:
            CacheError: of another project, or of files.
        """
        state, folder = self.writer.state, self.writer.tables.folder
        if state.project_id not in (None, self.project_id):
            raise CacheError(f"`{folder}` holds the project `{state.project_id}`, not `{self.project_id}`")
        if state.project_id is None and self.writer.tables.labels is not None:
            raise CacheError(f"`{folder}` holds labels of files: sync the project into another folder")

    def use_ontology(self) -> None:
        """Count by the interface that the project has now."""
        found = self.client.project(self.project_id, fields=["jsonInterface", "inputType"])
        self.writer.use_ontology(Ontology.from_json_interface(found))

    def read_all(self) -> SyncPosition:
        """List all labels, or those that an interrupted run has not reached, and return the position."""
        state = self.writer.state
        if state.project_id is None:
            event = self._last_event()
            position = SyncPosition(event=event, updated=self._last_update() if event is None else None)
            self.writer.state = state = evolve(state, project_id=self.project_id, is_complete=False, position=position)
        since = state.position.created
        rows = self.client.labels_as_json(
            self.project_id,
            fields=LABEL_FIELDS,
            disable_tqdm=self.disable_tqdm,
            created_at_gte=since and _day_before(since),
        )
        latest: str | None = ""
        for row in rows:
            created = str(row.get("createdAt") or "")
            latest = None if latest is None or not latest <= created > "" else created
            self.writer.add(row)
            if self.writer.is_full:
                # an interrupted run goes on from here, if the service lists labels by time
                self.writer.state = self.writer.state.with_position(created=latest)
                self.writer.flush()
        position = evolve(self.writer.state.position, created=self._latest())
        if position.event is None:
            return self._read_meanwhile(position)
        self._refresh(_assets_of(self.client.events(self.project_id, from_event_id=position.event)))
        return position

    def catch_up(self) -> SyncPosition:
        """Read what changed since the last run, and return the new position."""
        position = self.writer.state.position
        self._retry_unknown()
        if position.event is not None:
            try:
                events = list(self.client.events(self.project_id, from_event_id=position.event))
            except FeedUnavailable:
                events = None
            except GraphQLError as error:
                if position.event not in str(error):
                    raise
                events = None  # the service has forgotten this event
            if events is not None:
                self._refresh(_assets_of(events))
                return evolve(position, event=events[-1]["id"] if events else position.event)
        event = self._last_event()
        return evolve(self._read_windows(position), event=event)

    def _read_windows(self, position: SyncPosition) -> SyncPosition:
        """Read labels created, and assets updated, since a day before those that were seen last."""
        assets: dict[str, str | None] = {}
        listed = self.client.labels_as_json(
            self.project_id,
            fields=["id", "labelOf.id", "labelOf.externalId"],
            disable_tqdm=True,
            created_at_gte=position.created and _day_before(position.created),
        )
        for batch in _chunks(listed, _MANY_KNOWN):
            unknown = set(self._unknown([str(row["id"]) for row in batch]))
            for row in batch:
                if row["id"] in unknown:
                    assets[row["labelOf"]["id"]] = row["labelOf"].get("externalId")
        updated = position.updated
        for asset in self._assets(updated and _day_before(updated)):
            assets[asset["id"]] = asset.get("externalId")
            updated = _later(updated, asset.get("updatedAt"))
        self._refresh(assets)
        return evolve(position, created=self._latest(), updated=updated)

    def _read_meanwhile(self, position: SyncPosition) -> SyncPosition:
        """Read the labels of assets that were updated since the first sync began: some of them were listed before."""
        since, updated = position.updated, position.updated
        assets = {}
        for asset in self._assets(since and _day_before(since)):
            time = asset.get("updatedAt")
            if since is None or time is None or read_instant(time) >= read_instant(since):
                assets[asset["id"]] = asset.get("externalId")
            updated = _later(updated, time)
        self._refresh(assets)
        return evolve(position, updated=updated)

    def _last_update(self) -> str | None:
        """Return when an asset was updated last."""
        latest = None
        for asset in self._assets(None):
            latest = _later(latest, asset.get("updatedAt"))
        return latest

    def _assets(self, since: str | None) -> Iterator[dict[str, Any]]:
        fields = ["id", "externalId", "updatedAt"]
        return self.client.assets(
            self.project_id, fields=fields, disable_tqdm=True, as_generator=True, updated_at_gte=since
        )

    def _last_event(self) -> str | None:
        """Return the id of the newest event; None if the account has no feed, or the project no event yet."""
        try:
            newest = next(self.client.events(self.project_id, order="desc"), None)
        except FeedUnavailable:
            return None
        return None if newest is None else str(newest["id"])

    def _refresh(self, assets: Mapping[str, str | None]) -> None:
        """List the labels of assets again.

        Args:
            assets: their external ids, by id; None where that is not known.
        """
        for asset_ids in _chunks((one for one in assets if assets[one]), _MANY):
            self._replace(asset_ids, asset_external_id_strictly_in=[assets[one] for one in asset_ids])
        for asset_id in (one for one in assets if not assets[one]):
            self._replace([asset_id], asset_id=asset_id)

    def _replace(self, assets: Collection[str], **filters: Any) -> None:
        """Replace the labels of assets by those that the service lists with a filter."""
        listed = self._add_listed(**filters)
        self.writer.remove([one for one in self._ids(is_among(pl.col("assetId"), assets)) if one not in listed])

    def _retry_unknown(self) -> None:
        """Fetch contents that could not be fetched before."""
        for ids in _chunks(self._ids(pl.col(FAULT) == "unknown"), _MANY):
            self._add_listed(id_contains=ids)

    def find_gone(self) -> None:
        """Remove labels that the service no longer has, and add those that it has besides.

        No event tells of a deleted label. So labels are counted, and where the numbers differ, the ids of some days are
        compared: of those that have other numbers of labels.
        """
        if self.writer.is_dry:
            return
        self.writer.flush()
        if not (surplus := self._surplus(None)):
            return
        days: list[datetime | None] = [None, *self._days(), None]
        self._search_days(days, surplus, 0)
        self.writer.flush()
        if self._surplus(None):  # the service has other days than we have
            self._compare_ids(None, None)

    def _search_days(self, days: Sequence[datetime | None], surplus: int, surplus_after: int) -> None:
        """Compare the ids of those days that have other numbers of labels.

        Args:
            days: when each day begins, and when the last one ends; None for the beginning and the end of all.
            surplus: how many more labels the service has since the first day.
            surplus_after: how many more it has after the last one.
        """
        if surplus == surplus_after:
            return
        middle = len(days) // 2
        if len(days) == _ONE_DAY or self._number(_between(days[0], days[-1])) <= _FEW_LABELS:
            self._compare_ids(days[0], days[-1])
            return
        surplus_between = self._surplus(days[middle])
        self._search_days(days[: middle + 1], surplus, surplus_between)
        self._search_days(days[middle:], surplus_between, surplus_after)

    def _surplus(self, begin: datetime | None) -> int:
        """Return how many more labels the service has since a day than the cache."""
        number = self.client.count_labels(self.project_id, created_at_gte=_day(begin))
        return number - self._number(_between(begin, None))

    def _compare_ids(self, begin: datetime | None, end: datetime | None) -> None:
        """Compare the ids of the labels created in a time."""
        rows = self.client.labels_as_json(
            self.project_id, fields=["id"], disable_tqdm=True, created_at_gte=_day(begin), created_at_lte=_day(end)
        )
        listed, missing = SeenIds(), list[str]()
        for ids in _chunks((str(row["id"]) for row in rows), _MANY_KNOWN):
            for one in ids:
                listed.add(one)
            missing += self._unknown(ids)
        self.writer.remove([one for one in self._ids(_between(begin, end)) if one not in listed])
        for ids in _chunks(missing, _MANY):
            self._add_listed(id_contains=ids)

    def verify(self) -> None:
        """Read everything again, and note how many labels were otherwise than after the quick way."""
        self.writer.flush()
        before = self.writer.summary.number
        listed = self._add_listed()
        self.writer.remove([one for one in self._ids(pl.lit(True)) if one not in listed])
        self.writer.flush()
        self.writer.summary.missed = self.writer.summary.number - before

    def _add_listed(self, **filters: Any) -> SeenIds:
        """Put the labels that the service lists with a filter into the cache, and return their ids."""
        listed = SeenIds()
        for row in self.client.labels_as_json(
            self.project_id, fields=LABEL_FIELDS, disable_tqdm=self.disable_tqdm if not filters else True, **filters
        ):
            listed.add(str(row["id"]))
            self.writer.add(row)
        return listed

    def _found(self, condition: pl.Expr, *columns: pl.Expr | str) -> pl.DataFrame:
        with told(self.writer.tables.folder):
            return self.writer.tables.frame().filter(condition).select(*columns).collect()

    def _ids(self, condition: pl.Expr) -> Iterator[str]:
        yield from self._found(condition, "id")["id"]

    def _unknown(self, ids: Sequence[str]) -> list[str]:
        """Return those ids that no label of the cache has."""
        known = set(self._ids(is_among(pl.col("id"), ids)))
        return [one for one in ids if one not in known]

    def _number(self, condition: pl.Expr) -> int:
        return int(self._found(condition, pl.len()).item())

    def _days(self) -> list[datetime]:
        """Return when each day begins on which labels were created, but the first."""
        days = pl.col(CREATED).dt.truncate("1d").unique().sort()
        return self._found(pl.col(CREATED).is_not_null(), days)[CREATED].to_list()[1:]

    def _latest(self) -> str | None:
        """Return when the latest label was created."""
        latest = self._found(pl.lit(True), pl.col(CREATED).max()).item()
        return None if latest is None else latest.isoformat()


def _between(begin: datetime | None, end: datetime | None) -> pl.Expr:
    """Return the condition of labels created in a time; labels without a time are before all."""
    after = pl.lit(True) if begin is None else pl.col(CREATED) >= begin
    before = pl.lit(True) if end is None else pl.col(CREATED) < end
    return after & before if begin is not None or end is None else after & (before | pl.col(CREATED).is_null())


def _assets_of(events: Iterable[Mapping[str, Any]]) -> dict[str, str | None]:
    """Return the assets that events are about: their external ids, by id.

    >>> _assets_of([{"payload": {"assetId": "a", "externalId": "a.jpg"}}, {"payload": None}])
    {'a': 'a.jpg'}
    """
    payloads = [event.get("payload") or {} for event in events]
    return {one["assetId"]: one.get("externalId") for one in payloads if "assetId" in one}


def _day_before(time: str) -> str:
    """Return the day before a time, as filters take it: days may be of another zone.

    >>> _day_before("2024-03-01T00:30:00Z")
    '2024-02-29'
    """
    return f"{read_instant(time) - timedelta(days=1):%Y-%m-%d}"


def _day(time: datetime | None) -> str | None:
    return None if time is None else f"{time:%Y-%m-%d}"


def _later(first: str | None, second: str | None) -> str | None:
    """Return the later one of two times; either may be unknown."""
    known = [one for one in (first, second) if one is not None]
    return max(known, key=read_instant, default=None)


def _chunks(items: Iterable[_Item], size: int) -> Iterator[list[_Item]]:
    """Yield the items in lists of a size, the last one shorter.

    >>> list(_chunks("abc", 2))
    [['a', 'b'], ['c']]
    """
    remaining = iter(items)
    while chunk := list(islice(remaining, size)):
        yield chunk
