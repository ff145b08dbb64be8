"""Join labels with their assets in constant memory; labels that have to wait are kept in a temporary database."""

import json
import pickle
import sqlite3
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple, TypeAlias, cast

from kili_query.counting.label import CONTENT, mistaken_for_label
from kili_query.errors import SourceError
from kili_query.export.options import Options
from kili_query.protocol import ExportType, read_instant
from kili_query.scanning import LabelSource, Place, Problem, ProblemKind, ProgressCallback, Record, read_labels
from kili_query.scanning.asset_ids import AssetIds
from kili_query.scanning.labels import (
    LABEL_FIELDS,
    LOOKS_LIKE_PROJECT,
    is_project,
    labels_in,
    labels_of_asset,
    mistaken_asset,
)
from kili_query.scanning.sources import with_datasets

_FIELDS_OF_LABELS = ("labelOf", "assetId", "labelType")
_NEITHER = f"neither a label nor an asset: it has no `{CONTENT}`, no `latestLabel` or `labels`, and no `id`"
_ASTRAY = "a label that does not name its asset: it has no `labelOf`, `assetId` or `externalId`"
_MISTAKEN = "not an asset: this looks like {}; labels come first, and `assets=…` names the assets"
_TIME = "createdAt"
_UNTIMED = "the label `{}` may be the latest of its asset or not: its `createdAt` is not a time: `{!s:.40}`"
_UNKNOWN_TIME = datetime.min.replace(tzinfo=UTC)
_SENT_BACK, _LAST_FOR_STEP, _STEP = "isSentBackToQueue", "isLastForStep", "stepId"
_NO_LAST = "the label `{}` does not say whether it is the last of its step: it has no `isLastForStep`"
_NO_STEP = (
    "several labels, and `{}` does not name its step: there is neither its `stepId` nor the asset's `latestLabels`,"
    " so that those of the last step are not known"
)
_NO_AUTHOR = "several labels, and `{}` does not name its author, so that the latest of each author are not known"
_AMBIGUOUS = "a second asset with the external id `{}`, by which labels name theirs: give them an asset's id"

Document: TypeAlias = dict[str, object]


class Joined(NamedTuple):
    """An asset with the labels that the options ask for, or a problem, or labels that no asset has claimed.

    Attributes:
        asset: the asset without its labels.
        labels: in order; empty if none has an accepted type.
        orphans: in the last item, the number of labels without an asset; otherwise 0.
        layers: the JSON at the URL of its ``jsonContent``, or the error of fetching it; None if it was not fetched.
    """

    asset: Document
    labels: tuple[Document, ...]
    orphans: int = 0
    layers: object = None


def joined(
    labels: LabelSource | None,
    assets: LabelSource | None,
    options: Options,
    scratch: Path,
    progress: ProgressCallback | None = None,
) -> Generator[Joined | Problem, None, None]:
    """Return each asset with its labels, in the order of the assets.

    Args:
        labels: labels, or assets that hold them; None if ``assets`` hold them.
        assets: None if labels carry their assets in ``labelOf``, or assets hold them.
        options: select the labels.
        scratch: a folder for the temporary database.
        progress: called while labels are read, see `read_labels`.
    """
    if labels is None or assets is None:
        return _alone(assets if labels is None else labels, options, scratch, progress)
    return _both(labels, assets, options, scratch, progress)


def _both(
    labels: LabelSource, assets: LabelSource, options: Options, scratch: Path, progress: ProgressCallback | None
) -> Generator[Joined | Problem, None, None]:
    with closing(_Store(scratch)) as store:
        for item in _documents(labels, progress):
            if isinstance(item, Problem):
                yield item
                continue
            yield from _stored(store, labels_in(item.label, item.place), options)
        store.finish()
        mistake, has_assets = None, False
        for item in read_labels(assets, at=""):
            if isinstance(item, Problem):
                yield item
            elif (mistaken := mistaken_asset(item.label)) is not None:
                mistake = mistake or f"`{item.place.file}` looks like {mistaken}, not like assets"
                yield Problem(item.place, ProblemKind.BROKEN, _MISTAKEN.format(mistaken))
            else:
                has_assets = True
                asset = {key: value for key, value in item.label.items() if key not in LABEL_FIELDS}
                if store.is_ambiguous(asset):
                    yield Problem(item.place, ProblemKind.BROKEN, _AMBIGUOUS.format(asset.get("externalId")))
                yield from _chosen(asset, store.take(asset), item.place, options)
        if mistake is not None and not has_assets:
            raise SourceError(mistake)
        yield Joined({}, (), store.orphans)


def _alone(
    source: LabelSource | None, options: Options, scratch: Path, progress: ProgressCallback | None
) -> Generator[Joined | Problem, None, None]:
    """Return assets that hold their labels immediately; labels that name their asset after all have been read."""
    if source is None:
        raise SourceError("neither labels nor assets were given")
    with closing(_Store(scratch)) as store:
        for item in _documents(source, progress):
            if isinstance(item, Problem):
                yield item
            elif CONTENT in item.label:
                yield from _stored(store, [item], options)
            elif any(field in item.label for field in LABEL_FIELDS):
                is_asset = _is_named(item.label) or "labels" not in item.label
                if is_asset:
                    yield from _own(item, options)
                else:  # a list of labels outside any asset, such as the one that `match --json` prints
                    yield from _stored(store, labels_of_asset(item.label, item.place), options)
            elif any(field in item.label for field in _FIELDS_OF_LABELS):
                yield from _stored(store, [item], options)  # without a content, which decoding reports
            elif _is_named(item.label):
                yield Joined(item.label, ())  # an asset without labels
            else:
                yield Problem(item.place, ProblemKind.BROKEN, f"{_NEITHER}{mistaken_for_label(item.label)}")
        store.finish()
        for asset in store.owners():
            yield from _chosen(asset, store.take(asset), None, options)
        yield Joined({}, (), store.orphans)


def _is_named(asset: Mapping[str, object]) -> bool:
    return any(asset.get(key) is not None for key in ("id", "externalId"))


def _stored(store: "_Store", records: Iterable[Record | Problem], options: Options) -> Iterator[Problem]:
    """Keep labels; return a problem for each that cannot be kept."""
    for record in records:
        if isinstance(record, Problem):
            yield record
            continue
        owner = _owner(record.label)
        if not _is_named(owner):
            yield Problem(record.place, ProblemKind.BROKEN, _ASTRAY)
            continue
        try:
            store.add(record.label, owner, is_wanted=_is_wanted(record.label, options))
        except RecursionError:
            yield Problem(record.place, ProblemKind.BROKEN, "nested too deeply")
        except (pickle.PicklingError, TypeError, AttributeError) as error:
            yield Problem(record.place, ProblemKind.BROKEN, f"it holds a value that JSON cannot hold: {error}")


def _owner(label: Document) -> Document:
    """Return the fields of a label that describe its asset."""
    owner = label.get("labelOf")
    asset = dict(cast("Document", owner)) if isinstance(owner, Mapping) else {}
    if asset.get("id") is None and label.get("assetId") is not None:
        asset["id"] = label["assetId"]
    if asset.get("externalId") is None and label.get("externalId") is not None:
        asset["externalId"] = label["externalId"]
    return asset


def _own(record: Record, options: Options) -> Iterator[Joined | Problem]:
    document = record.label
    asset = {key: value for key, value in document.items() if key not in LABEL_FIELDS}
    is_of_latest = options.export_type in ("latest", "latest_from_last_step")
    fields = _latest_field(document) if is_of_latest else LABEL_FIELDS
    own: Document = {field: document[field] for field in fields if field in document}
    found = list(labels_of_asset(own, record.place))
    yield from (one for one in found if isinstance(one, Problem))
    labels = [
        {key: value for key, value in one.label.items() if key != "labelOf"}
        for one in found
        if isinstance(one, Record) and _is_wanted(one.label, options)
    ]
    if fields == ("labels",) or options.export_type == "latest_from_all_steps":
        yield from _chosen(asset, labels, record.place, options)
    else:
        yield Joined(asset, tuple(labels))


def _chosen(
    asset: Document, labels: Iterable[Document], place: Place | None, options: Options
) -> Iterator[Joined | Problem]:
    """Return the asset with the labels that the options select, the latest last.

    It is a problem if it is not known whether a label is one of them. Labels without a `createdAt` come first.
    """
    given = list(labels)
    timed = []
    for label in given:
        time = _created_at(label)
        unknown = _not_known(label, time, options.export_type, is_alone=len(given) == 1)
        if unknown is None:
            timed.append((time or _UNKNOWN_TIME, label))
        else:
            yield Problem(place or _place_of(asset), ProblemKind.BROKEN, unknown)
    found = [label for _, label in sorted(timed, key=lambda one: one[0])]
    yield Joined(asset, tuple(_SELECT[options.export_type](found)))


def _not_known(label: Document, time: datetime | None, export_type: ExportType, *, is_alone: bool) -> str | None:
    """Return why it is not known whether a label is selected; None if it is known."""
    name = label.get("id")
    if export_type == "latest_from_all_steps":
        return None if _LAST_FOR_STEP in label else _NO_LAST.format(name)
    if export_type == "normal" or is_alone:
        return None
    if export_type == "latest_from_last_step" and (_STEP not in label or _author(label) is None):
        return (_NO_AUTHOR if _STEP in label else _NO_STEP).format(name)
    return _UNTIMED.format(name, label[_TIME]) if time is None else None


def _of_last_step(labels: list[Document]) -> list[Document]:
    """Return the latest label of each author, in order, in the step of the latest of all."""
    in_step = [label for label in labels if label.get(_STEP) == labels[-1].get(_STEP)]
    last = {_author(label): number for number, label in enumerate(in_step)}
    return [in_step[number] for number in sorted(last.values())]


_SELECT: Mapping[ExportType, Callable[[list[Document]], list[Document]]] = {
    "latest": lambda labels: labels[-1:],
    "latest_from_last_step": _of_last_step,
    "latest_from_all_steps": list,  # the others are not wanted
    "normal": list,
}
"""Of the labels of an asset by time, those that are exported."""


def _author(label: Mapping[str, object]) -> object:
    """Return what tells the authors of labels apart; None if a label does not name its author."""
    author = label.get("author")
    return author.get("id") or author.get("email") if isinstance(author, Mapping) else None


def _place_of(asset: Document) -> Place:
    return Place(f"<the labels of `{asset.get('externalId', asset.get('id'))}`>")


def _latest_field(document: Document) -> tuple[str, ...]:
    """Return the field with the latest labels, or the one with all labels."""
    return next(((field,) for field in ("latestLabels", "latestLabel") if field in document), ("labels",))


def _is_wanted(label: Mapping[str, object], options: Options) -> bool:
    kind = label.get("labelType")
    if not options.include_sent_back_labels and label.get(_SENT_BACK, False) is not False:
        return False
    if options.export_type == "latest_from_all_steps" and not label.get(_LAST_FOR_STEP, True):
        return False
    return kind is None or kind in options.label_types


def _created_at(label: Mapping[str, object]) -> datetime | None:
    """Return when a label was made: the beginning of time if it does not say, None if it is not a time."""
    value = label.get(_TIME)
    try:
        return _UNKNOWN_TIME if value is None or value == "" else read_instant(value)
    except ValueError:
        return None


def _documents(source: LabelSource, progress: ProgressCallback | None) -> Iterator[Record | Problem]:
    source = with_datasets(source)
    ids = AssetIds.of(source)
    for item in read_labels(source, at="", progress=progress):
        if isinstance(item, Record):
            ids.check(item.label)
        is_other = isinstance(item, Record) and is_project(item.label)
        yield Problem(item.place, ProblemKind.BROKEN, LOOKS_LIKE_PROJECT) if is_other else item


class _Store:
    """Labels on disk, by their assets."""

    def __init__(self, scratch: Path) -> None:
        self._database = sqlite3.connect(scratch / "labels.sqlite", isolation_level=None)
        self._database.executescript(
            """
            PRAGMA journal_mode = OFF;
            PRAGMA synchronous = OFF;
            CREATE TABLE labels (
                number INTEGER PRIMARY KEY, id TEXT, external_id TEXT, is_wanted INTEGER,
                is_taken INTEGER DEFAULT 0, document BLOB
            );
            CREATE TABLE owners (number INTEGER PRIMARY KEY, key TEXT UNIQUE, document BLOB);
            BEGIN;
            """
        )

    def add(self, label: Document, asset: Document, *, is_wanted: bool) -> None:
        """Store a label of an asset; for a label that is not wanted, store only that it exists."""
        own = {key: value for key, value in label.items() if key != "labelOf"} if is_wanted else {}
        self._database.execute(
            "INSERT INTO labels (id, external_id, is_wanted, document) VALUES (?, ?, ?, ?)",
            (*_keys(asset), is_wanted, _packed(own)),
        )
        self._database.execute(
            "INSERT OR IGNORE INTO owners (key, document) VALUES (?, ?)", (_key(asset), _packed(asset))
        )

    def finish(self) -> None:
        """Prepare for `take` after all labels have been added."""
        self._database.executescript(
            "CREATE INDEX by_id ON labels (id); CREATE INDEX by_external_id ON labels (external_id) WHERE id IS NULL;"
        )

    def owners(self) -> Iterator[Document]:
        """Return the assets that labels named, in order of appearance."""
        for (packed,) in self._database.execute("SELECT document FROM owners ORDER BY number"):
            yield _unpacked(packed)

    def is_ambiguous(self, asset: Document) -> bool:
        """Whether another asset took labels that name this asset's external id but no id."""
        rows = self._database.execute(
            "SELECT 1 FROM labels WHERE is_taken AND is_wanted AND id IS NULL AND external_id = ? LIMIT 1",
            (_keys(asset)[1],),
        )
        return rows.fetchone() is not None

    def take(self, asset: Document) -> tuple[Document, ...]:
        """Return the wanted labels of an asset: those with its id, or without an id and with its external id."""
        id_, external_id = _keys(asset)
        rows = self._database.execute(
            "SELECT number, is_wanted, document FROM labels WHERE is_taken = 0 AND "
            "(id = ?1 OR (id IS NULL AND external_id = ?2)) ORDER BY number",
            (id_, external_id),
        ).fetchall()
        self._database.executemany("UPDATE labels SET is_taken = 1 WHERE number = ?", [(row[0],) for row in rows])
        return tuple(_unpacked(packed) for _, is_wanted, packed in rows if is_wanted)

    @property
    def orphans(self) -> int:
        """Return the number of wanted labels that no asset has taken."""
        found = self._database.execute("SELECT count(*) FROM labels WHERE is_taken = 0 AND is_wanted").fetchone()
        return int(found[0])

    def close(self) -> None:
        self._database.close()


def _packed(document: Document) -> bytes:
    return pickle.dumps(document, pickle.HIGHEST_PROTOCOL)


def _unpacked(packed: bytes) -> Document:
    document: Document = pickle.loads(packed)  # noqa: S301  # packed by this process; three times as fast as JSON
    return document


def _keys(asset: Mapping[str, object]) -> tuple[str | None, str | None]:
    """Return id and external id as text that a database can hold: lone surrogates escaped."""
    id_, external_id = (None if asset.get(key) is None else json.dumps(str(asset[key])) for key in ("id", "externalId"))
    return id_, external_id


def _key(asset: Mapping[str, object]) -> str:
    id_, external_id = _keys(asset)
    return f"id {id_}" if id_ is not None else f"externalId {external_id}"
