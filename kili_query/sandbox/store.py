# ruff: noqa: S608 - the parts of a statement are constants of this module; what comes from outside is bound
"""Reads the database for a request: pages of labels and assets, and the objects that belong to them."""

import json
from collections.abc import Mapping, Sequence
from contextlib import ExitStack, closing
from sqlite3 import Connection, OperationalError
from typing import cast

from attrs import Factory, define, field, frozen

from kili_query.protocol import LabelType
from kili_query.sandbox.contents import ContentCounter
from kili_query.sandbox.conversations import annotations_of, served
from kili_query.sandbox.database import Database, Row
from kili_query.sandbox.feed import event_number
from kili_query.sandbox.project import ServedProject
from kili_query.sandbox.selecting import Selector, Statement
from kili_query.sandbox.together import Together
from kili_query.sandbox.values import Refused

SUBMITTED = (LabelType.DEFAULT.value, LabelType.REVIEW.value)
"""The types of the labels that people submit."""

_MAX_ROWS = 200_000
"""How many rows one request may read: fields within fields, or many of them, ask for more than any client does."""
_MAX_VALUES = 4_000_000
"""How many values these rows may give, if each of them has all fields that the document names."""
_EVENT_SHARE = 100
"""An event of a subscription may take this part of it: while it is made, everybody waits."""
_ASSETS_TOGETHER = 20
"""How many assets' labels are read at once; they stay in memory until used."""
MAX_ANSWER_BYTES = 256 * 1024 * 1024
"""How large an answer may be, and how much text may be read for it."""

_LABELS = """
    SELECT l.number, l.id, l.asset, a.id AS assetId, l.label_type AS labelType, l.model_name AS modelName,
        l.created_at AS createdAt, l.updated_at AS updatedAt, l.seconds_to_label AS secondsToLabel,
        l.seconds_to_label AS totalSecondsToLabel, l.is_latest_label_for_user AS isLatestLabelForUser,
        l.is_sent_back_to_queue AS isSentBackToQueue, l.consensus_mark AS consensusMark,
        l.honeypot_mark AS honeypotMark, l.inference_mark AS inferenceMark, l.content, l.author,
        u.id AS authorId, u.email, u.firstname, u.lastname, s.step AS stepId, s.reviewed AS referencedLabelId
    FROM labels AS l JOIN assets AS a ON a.number = l.asset JOIN users AS u ON u.number = l.author
        LEFT JOIN label_steps AS s ON s.label = l.number
"""
_ASSETS = """
    SELECT a.number, a.id, a.external_id AS externalId, a.status, a.created_at AS createdAt, a.updated_at AS updatedAt,
        a.skipped, a.is_honeypot AS isHoneypot, a.consensus_mark AS consensusMark, a.honeypot_mark AS honeypotMark,
        a.inference_mark AS inferenceMark, a.priority, a.duration, a.content, a.json_content AS jsonContent,
        a.json_metadata AS jsonMetadata, a.ocr_metadata AS ocrMetadata, a.resolution,
        a.page_resolutions AS pageResolutions, s.step, s.status AS stepStatus
    FROM assets AS a LEFT JOIN asset_steps AS s ON s.asset = a.number
"""
_EVENTS = """
    SELECT e.number, e.name, e.created_at AS createdAt, u.id AS userId, a.id AS assetId, a.external_id AS externalId,
        e.label AS labelId, e.fields
    FROM events AS e JOIN users AS u ON u.number = e.user JOIN assets AS a ON a.number = e.asset
"""


_LAST_IN_ITS_STEP = f"""
    l.label_type IN {SUBMITTED!r} AND NOT EXISTS (
        SELECT 1 FROM labels AS newer LEFT JOIN label_steps AS t ON t.label = newer.number
        WHERE newer.asset = l.asset AND newer.author = l.author AND newer.number > l.number
            AND newer.label_type IN {SUBMITTED!r} AND t.step IS s.step
    )
"""
"""Whether a label is the newest that its author submitted in its step; without steps, of all of the asset."""
_NEWEST_STEP = f"""
    SELECT t.step FROM labels AS n LEFT JOIN label_steps AS t ON t.label = n.number
    WHERE n.asset = l.asset AND n.label_type IN {SUBMITTED!r} ORDER BY n.number DESC LIMIT 1
"""


_AMONG = "(SELECT value FROM json_each(?))"
"""The numbers of a list, which SQL reads from its JSON."""


@frozen
class Store:
    """A project, its database, and how its filters are read and its contents counted."""

    database: Database
    project: ServedProject
    selector: Selector
    counter: ContentCounter
    max_answer_bytes: int = MAX_ANSWER_BYTES


@define
class Reader:
    """Reads for one request; while it is held, all it sees is of one moment: its first read since `refresh`.

    Args:
        store: what is read.
        fields: how many fields the request's document names: each row may give so many values.
        is_held: False for what lives long, because old states are kept as long as somebody reads them.
    """

    store: Store
    fields: int
    is_held: bool = True
    _stack: ExitStack = field(factory=ExitStack)
    _connection: Connection | None = None
    _rows: int = 0
    _bytes: int = 0
    _contents: Together[str] = field(default=Factory(lambda self: Together(self._read_contents), takes_self=True))
    _latest: Together[Row] = field(default=Factory(lambda self: Together(self._read_latest), takes_self=True))
    _labels: Together[list[Row]] = field(default=Factory(lambda self: Together(self._read_labels_of), takes_self=True))
    _assets: Together[Row] = field(default=Factory(lambda self: Together(self._read_assets), takes_self=True))

    def begin(self) -> None:
        """Begin to read for another answer: what may be read for one is bounded."""
        self._rows = self._bytes = 0

    def spend(self, rows: int, text_bytes: int = 0) -> None:
        """Take note that rows are read, or objects that give as many values.

        Raises:
            Refused: they are too many for one answer.
        """
        share = 1 if self.is_held else _EVENT_SHARE
        max_rows, max_values, max_bytes = _MAX_ROWS // share, _MAX_VALUES // share, self.store.max_answer_bytes
        self._rows += rows
        self._bytes += text_bytes
        if self._rows > max_rows:
            raise Refused(f"the request reads more than {max_rows} rows: ask for less at a time")
        if self._rows * self.fields > max_values:
            raise Refused(f"the answer has more than {max_values} values: ask for fewer fields or a smaller page")
        if self._bytes > max_bytes:
            raise Refused(f"the request reads more than {max_bytes} bytes: ask for less at a time")

    def refresh(self) -> None:
        """See what has been written since, and give back what was taken for reading."""
        self._stack.close()
        self._connection = None
        for together in (self._contents, self._latest, self._labels, self._assets):
            together.forget()

    def count_labels(self, where: Mapping[str, object]) -> int:
        """How many labels pass the filters."""
        return self._count(self.store.selector.labels(where))

    def count_assets(self, where: Mapping[str, object]) -> int:
        """How many assets pass the filters."""
        return self._count(self.store.selector.assets(where))

    def label_page(self, where: Mapping[str, object], first: int, skip: int) -> list[Row]:
        """Some of the labels that pass the filters, in the order of their numbers."""
        return self._expecting(self._page(f"{_LABELS} WHERE l.number", self.store.selector.labels(where), first, skip))

    def asset_page(self, where: Mapping[str, object], first: int, skip: int) -> list[Row]:
        """Some of the assets that pass the filters, in the order of their numbers."""
        assets = self._page(f"{_ASSETS} WHERE a.number", self.store.selector.assets(where), first, skip)
        numbers = [asset["number"] for asset in assets]
        self._latest.expect(numbers)
        for at in range(0, len(numbers), _ASSETS_TOGETHER):
            self._labels.expect(numbers[at : at + _ASSETS_TOGETHER])
        return assets

    def event_page(
        self, where: Mapping[str, object], window: Mapping[str, object], first: int, skip: int, *, is_descending: bool
    ) -> list[Row]:
        """Some of the events that pass the filters, within a window whose ends belong to it.

        Raises:
            Refused: there is no event at an end of the window, or a filter is wrong.
        """
        statement = self.store.selector.events(where, window, is_descending=is_descending)
        for end in ("fromEventId", "untilEventId"):
            if (key := window.get(end)) and not self._read(
                "SELECT 1 AS one FROM events WHERE number = ?", event_number(key)
            ):
                raise Refused(f"there is no event `{key}`")
        return self._page(f"{_EVENTS} WHERE e.number", statement, first, skip, is_descending=is_descending)

    def labels(self, numbers: Sequence[int]) -> list[Row]:
        """Labels by number, in the order of their numbers."""
        return self._read_labels(f"l.number IN {_AMONG}", json.dumps(list(numbers)))

    def labels_of(self, asset: Row) -> list[Row]:
        """All labels of an asset, oldest first."""
        return self._labels.find(asset["number"]) or []

    def latest_label_of(self, asset: Row) -> Row | None:
        """The newest label of an asset that a person submitted."""
        return self._latest.find(asset["number"])

    def latest_labels_of(self, asset: Row) -> list[Row]:
        """The newest label of each author in the last step in which a label of an asset was submitted."""
        last = f"{_LAST_IN_ITS_STEP} AND s.step IS ({_NEWEST_STEP})"
        return self._read_labels(f"l.asset = ? AND {last}", asset["number"])

    def is_last_for_step(self, label: Row) -> bool:
        """Whether a label is the newest that its author submitted in its step."""
        return bool(self._read(f"{_LABELS} WHERE l.number = ? AND {_LAST_IN_ITS_STEP}", label["number"]))

    def asset_of(self, label: Row) -> Row:
        """The asset of a label."""
        asset = self._assets.find(label["asset"])
        assert asset is not None  # labels refer to assets
        return asset

    def assignees_of(self, asset: Row) -> list[Row]:
        """The users who are to label an asset."""
        select = "SELECT u.id, u.email, u.firstname, u.lastname FROM users AS u WHERE u.number IN"
        return self._read(f"{select} (SELECT user FROM assignees WHERE asset = ?) ORDER BY u.number", asset["number"])

    def layers_of(self, asset: Row) -> object:
        """The layers of an image of the earth; None if there are none."""
        rows = self._read("SELECT metadata FROM layers WHERE asset = ?", asset["number"])
        return json.loads(str(rows[0]["metadata"])) if rows else None

    def content_of(self, label: Row) -> str:
        """The JSON text of a label's content; empty where it is not known."""
        return self._contents.find(label["content"]) or ""

    def annotations_of(self, label: Row) -> list[Row]:
        """What a label of a conversation holds, as annotations."""
        rows = self._read("SELECT annotations FROM answers WHERE content = ?", label["content"])
        if rows:
            found = served(json.loads(str(rows[0]["annotations"])), label["id"])
        else:
            found = annotations_of(self.content_of(label), label["id"])
        self.spend(len(found))
        return found

    def messages_of(self, asset: object) -> list[Row]:
        """The messages of a conversation, by the number of the asset."""
        return self._of_conversation("messages", asset)

    def models_of(self, asset: object) -> list[Row]:
        """The models that a conversation is held with, by the number of the asset."""
        return self._of_conversation("models", asset)

    def _of_conversation(self, column: str, asset: object) -> list[Row]:
        rows = self._read(f"SELECT {column} AS found FROM conversations WHERE asset = ?", asset)
        found = cast("list[Row]", json.loads(str(rows[0]["found"]))) if rows else []
        self.spend(len(found))
        return found

    def asset_number(self, asset_id: object) -> object:
        """The number of an asset; None if there is none."""
        rows = self._read("SELECT number FROM assets WHERE id = ?", asset_id)
        return rows[0]["number"] if rows else None

    def count_objects(self, where: Mapping[str, object]) -> int:
        """How many objects and choices the labels of assets hold."""
        assets = self.store.selector.assets(where)
        labels = f"SELECT number FROM labels WHERE asset IN ({assets.text})"
        statement = f"SELECT coalesce(sum(count), 0) AS n FROM counts WHERE label IN ({labels})"
        return cast("int", self._select(statement, *assets.values)[0]["n"])

    def object_count(self, label: Row) -> int:
        """How many objects and choices a label holds."""
        return cast("int", self._value("SELECT coalesce(sum(count), 0) FROM counts WHERE label = ?", label["number"]))

    def is_latest_of_type(self, label: Row) -> bool:
        """Whether its author made no newer label of its type on its asset."""
        newer = "asset = ? AND author = ? AND label_type = ? AND number > ?"
        values = (label["asset"], label["author"], label["labelType"], label["number"])
        return not self._value(f"SELECT EXISTS (SELECT 1 FROM labels WHERE {newer})", *values)

    def _expecting(self, labels: list[Row]) -> list[Row]:
        self._contents.expect(label["content"] for label in labels)
        self._assets.expect(label["asset"] for label in labels)
        return labels

    def _read_labels(self, condition: str, *values: object) -> list[Row]:
        return self._expecting(self._read(f"{_LABELS} WHERE {condition} ORDER BY l.number", *values))

    def _read_latest(self, assets: list[object]) -> dict[object, Row]:
        newest = "SELECT max(number) FROM labels WHERE asset IN {} AND label_type IN (?, ?) GROUP BY asset"
        labels = self._read_labels(f"l.number IN ({newest.format(_AMONG)})", json.dumps(assets), *SUBMITTED)
        return {label["asset"]: label for label in labels}

    def _read_labels_of(self, assets: list[object]) -> dict[object, list[Row]]:
        found: dict[object, list[Row]] = {}
        for label in self._read_labels(f"l.asset IN {_AMONG}", json.dumps(assets)):
            found.setdefault(label["asset"], []).append(label)
        return found

    def _read_contents(self, numbers: list[object]) -> dict[object, str]:
        rows = self._read(f"SELECT number, json_response FROM contents WHERE number IN {_AMONG}", json.dumps(numbers))
        return {row["number"]: str(row["json_response"]) for row in rows}

    def _read_assets(self, numbers: list[object]) -> dict[object, Row]:
        rows = self._read(f"{_ASSETS} WHERE a.number IN {_AMONG}", json.dumps(numbers))
        return {row["number"]: row for row in rows}

    def _count(self, numbers: Statement) -> int:
        [row] = self._select(f"SELECT count(*) AS n FROM ({numbers.text})", *numbers.values)
        return cast("int", row["n"])

    def _page(
        self, rows_by_number: str, numbers: Statement, first: int, skip: int, *, is_descending: bool = False
    ) -> list[Row]:
        direction = " DESC" if is_descending else ""
        page = f"{rows_by_number} IN ({numbers.text} LIMIT ? OFFSET ?) ORDER BY 1{direction}"
        return self._select(page, *numbers.values, first, skip)

    def _select(self, statement: str, *values: object) -> list[Row]:
        """The rows of a statement that holds filters."""
        try:
            return self._read(statement, *values)
        except OperationalError as error:  # a search may name more counters than a statement can hold
            raise Refused(f"the filters are too much for the sandbox: {error}") from error

    def _value(self, statement: str, *values: object) -> object:
        [row] = self._read(statement, *values)
        [value] = row.values()
        return value

    def _read(self, statement: str, *values: object) -> list[Row]:
        """The rows of a statement, which the request's budget pays for."""
        if self._connection is None:
            self._connection = self._stack.enter_context(self.store.database.reading())
        rows: list[Row] = []
        with closing(self._connection.execute(statement, values)) as found:
            for row in found:
                self.spend(1, sum(len(value) for value in row.values() if isinstance(value, str)))
                rows.append(row)
        if not self.is_held:
            self.refresh()
        return rows
