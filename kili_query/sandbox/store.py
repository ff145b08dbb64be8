# ruff: noqa: S608 - the parts of a statement are constants of this module; what comes from outside is bound
"""What a sandbox holds, as a request reads it: pages of labels and assets, and what belongs to them."""

import json
import operator
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from functools import reduce
from sqlite3 import Connection, OperationalError
from threading import Lock
from typing import cast

from attrs import define, field, frozen

from kili_query.ast import And, Or, Predicate
from kili_query.protocol import LabelType
from kili_query.sandbox.contents import ContentCounter
from kili_query.sandbox.database import Database, Row
from kili_query.sandbox.numbers import Numbers
from kili_query.sandbox.project import ServedProject
from kili_query.sandbox.refusal import Refused
from kili_query.sandbox.selecting import Selector, Statement

__all__ = ["MAX_ANSWER_BYTES", "SUBMITTED", "Reader", "Store"]

SUBMITTED = (LabelType.DEFAULT, LabelType.REVIEW)
"""The types of the labels that people submit."""

_MAX_REMEMBERED = 1024
_MAX_REMEMBERED_CHARS = 10_000
_MAX_ROWS = 200_000
"""How many rows one request may read: fields within fields, or many of them, ask for more than any client does."""
_MAX_VALUES = 4_000_000
"""How many fields of these rows it may ask for: one field may stand in a document under many names."""
_EVENT_SHARE = 100
"""An event of a subscription may take this part of it: while it is made, everybody waits."""
MAX_ANSWER_BYTES = 256 * 1024 * 1024
"""How large an answer may be, and how much text may be read for it."""

_LABELS = """
    SELECT l.number, l.id, l.asset, l.author, a.id AS assetId, l.label_type AS labelType, l.model_name AS modelName,
        l.created_at AS createdAt, l.updated_at AS updatedAt, l.seconds_to_label AS secondsToLabel,
        l.seconds_to_label AS totalSecondsToLabel, l.is_latest_label_for_user AS isLatestLabelForUser,
        l.is_sent_back_to_queue AS isSentBackToQueue, l.consensus_mark AS consensusMark,
        l.honeypot_mark AS honeypotMark, l.inference_mark AS inferenceMark, l.content
    FROM labels AS l JOIN assets AS a ON a.number = l.asset
"""
_ASSETS = """
    SELECT a.number, a.id, a.external_id AS externalId, a.status, a.created_at AS createdAt, a.updated_at AS updatedAt,
        a.skipped, a.is_honeypot AS isHoneypot, a.consensus_mark AS consensusMark, a.honeypot_mark AS honeypotMark,
        a.inference_mark AS inferenceMark, a.priority, a.duration, a.content, a.json_content AS jsonContent,
        a.json_metadata AS jsonMetadata, a.ocr_metadata AS ocrMetadata, a.resolution,
        a.page_resolutions AS pageResolutions
    FROM assets AS a
"""
_AMONG = "IN (SELECT value FROM json_each(?))"
_LATEST_NUMBERS = f"""
    SELECT max(number) FROM labels WHERE label_type IN ({", ".join(map(repr, map(str, SUBMITTED)))}) AND asset {_AMONG}
    GROUP BY asset
"""


@define
class _Memory:
    """What selections gave, of one version of the data alone.

    Paging asks for the same selection many times, and counting for it once more; different searches have comparisons
    in common.
    """

    version: object = None
    selections: "OrderedDict[Statement, Numbers]" = field(factory=OrderedDict)
    lock: Lock = field(factory=Lock)

    def find(self, version: object, statement: Statement) -> Numbers | None:
        with self.lock:
            found = self.selections.get(statement) if version == self.version else None
            if found is not None:
                self.selections.move_to_end(statement)
            return found

    def keep(self, version: object, statement: Statement, numbers: Numbers) -> None:
        if sum(len(str(value)) for value in statement.values) > _MAX_REMEMBERED_CHARS:
            return  # long lists of ids seldom come again, and would fill the memory
        with self.lock:
            if version != self.version:
                self.selections.clear()
                self.version = version
            self.selections[statement] = numbers
            if len(self.selections) > _MAX_REMEMBERED:
                self.selections.popitem(last=False)


@define
class _Spent:
    """What was read for one answer: rows, the characters of their texts, and values asked for."""

    rows: int = 0
    bytes: int = 0
    values: int = 0


@define
class _Contents:
    """The contents of labels that were read together, read together too once one of them is asked for."""

    numbers: list[object]
    found: dict[object, str] | None = None


@define
class _Latest:
    """The latest labels of assets that were read together, as `_Contents`."""

    assets: list[object]
    found: dict[object, Row] | None = None


def _labels_together(rows: list[Row]) -> list[Row]:
    contents = _Contents([row["content"] for row in rows])
    return [{**row, "contents": contents} for row in rows]


def _assets_together(rows: list[Row]) -> list[Row]:
    latest = _Latest([row["number"] for row in rows])
    return [{**row, "latest": latest} for row in rows]


@frozen
class Store:
    """A project, its database, and how its filters are read and its contents counted."""

    database: Database
    project: ServedProject
    selector: Selector
    counter: ContentCounter
    max_answer_bytes: int = MAX_ANSWER_BYTES
    _memory: _Memory = field(factory=_Memory)

    def reader(self, *, is_held: bool = True) -> "Reader":
        """What one request reads with.

        Args:
            is_held: all is read of one moment, until it is closed. What lives long must not: old states are kept
                for as long as one reads them.
        """
        return Reader(self, is_held)


class Reader:
    """Reads for one request; while it is held, all it sees is of one moment: its first read since `refresh`."""

    def __init__(self, store: Store, is_held: bool = True) -> None:
        self._store = store
        self._is_held = is_held
        self._stack = ExitStack()
        self._connection: Connection | None = None
        self._authors: dict[object, Row] = {}
        share = 1 if is_held else _EVENT_SHARE
        self._most_rows, self._most_values = _MAX_ROWS // share, _MAX_VALUES // share
        self._spent = _Spent()

    def begin(self) -> None:
        """Begin to read for another answer: what may be read for one is bounded."""
        self._spent = _Spent()

    def spend_values(self, number: int) -> None:
        """Take note that an answer gets so many values more.

        Raises:
            Refused: they are too many.
        """
        self._spent.values += number
        if self._spent.values > self._most_values:
            raise Refused(
                f"the answer has more than {self._most_values} values: ask for fewer fields or a smaller page"
            )

    def close(self) -> None:
        """Give back what was taken for reading."""
        self.refresh()

    def refresh(self) -> None:
        """See what has been written since."""
        self._stack.close()
        self._connection = None

    def label_numbers(self, where: Mapping[str, object]) -> Numbers:
        """The numbers of the labels under filters, in the order of the pages."""
        selector = self._store.selector
        found = self._numbers(selector.labels({**where, "search": None}))
        search = where.get("search")
        return found & self._matching(selector.read(str(search))) if search else found

    def _matching(self, tree: Predicate) -> Numbers:
        """The labels that match: each comparison is a search of its own, which others may have asked for before."""
        match tree:
            case And(operands):
                return reduce(operator.and_, map(self._matching, operands))
            case Or(operands):
                return reduce(operator.or_, map(self._matching, operands))
            case leaf:
                return self._numbers(self._store.selector.matching(leaf))

    def asset_numbers(self, where: Mapping[str, object]) -> Numbers:
        """The numbers of the assets under filters, in the order of the pages."""
        return self._numbers(self._store.selector.assets(where))

    def labels(self, numbers: Sequence[int]) -> list[Row]:
        """Labels by number, in the order of their numbers."""
        select = f"{_LABELS} WHERE l.number {_AMONG} ORDER BY l.number"
        return _labels_together(self._rows(select, json.dumps(list(numbers))))

    def labels_of(self, asset: Row) -> list[Row]:
        """All labels of an asset, oldest first."""
        return _labels_together(self._rows(f"{_LABELS} WHERE l.asset = ? ORDER BY l.number", asset["number"]))

    def latest_label_of(self, asset: Row) -> Row | None:
        """The newest label of an asset that a person submitted."""
        latest = cast("_Latest", asset["latest"])
        if latest.found is None:
            rows = self._rows(f"{_LABELS} WHERE l.number IN ({_LATEST_NUMBERS})", json.dumps(latest.assets))
            latest.found = {row["asset"]: row for row in _labels_together(rows)}
        return latest.found.get(asset["number"])

    def assets(self, numbers: Sequence[int]) -> list[Row]:
        """Assets by number, in the order of their numbers."""
        select = f"{_ASSETS} WHERE a.number {_AMONG} ORDER BY a.number"
        return _assets_together(self._rows(select, json.dumps(list(numbers))))

    def asset_of(self, label: Row) -> Row:
        """The asset of a label."""
        return _assets_together(self._rows(f"{_ASSETS} WHERE a.number = ?", label["asset"]))[0]

    def author_of(self, label: Row) -> Row:
        """The author of a label. Users never change, and few make many labels."""
        number = label["author"]
        if number not in self._authors:
            [self._authors[number]] = self._rows("SELECT *, TRUE AS activated FROM users WHERE number = ?", number)
        return self._authors[number]

    def user(self, key: str) -> Row:
        """A user by id."""
        return self._rows("SELECT *, TRUE AS activated FROM users WHERE id = ?", key)[0]

    def content_of(self, label: Row) -> str:
        """The JSON text of a label's content; empty where it is not known."""
        contents = cast("_Contents", label["contents"])
        if contents.found is None:
            select = f"SELECT number, json_response FROM contents WHERE number {_AMONG}"
            rows = self._rows(select, json.dumps(contents.numbers))
            contents.found = {row["number"]: str(row["json_response"]) for row in rows}
        return contents.found[label["content"]]

    def object_count(self, label: Row) -> int:
        """How many objects and choices a label holds."""
        [row] = self._rows("SELECT coalesce(sum(count), 0) AS n FROM counts WHERE label = ?", label["number"])
        return cast("int", row["n"])

    def is_latest_of_type(self, label: Row) -> bool:
        """Whether its author made no newer label of its type on its asset."""
        newer = "asset = ? AND author = ? AND label_type = ? AND number > ?"
        values = (label["asset"], label["author"], label["labelType"], label["number"])
        return not self._rows(f"SELECT 1 FROM labels WHERE {newer} LIMIT 1", *values)

    def asset_count(self) -> int:
        """How many assets there are."""
        [row] = self._rows("SELECT count(*) AS n FROM assets")
        return cast("int", row["n"])

    def _numbers(self, statement: Statement) -> Numbers:
        [row] = self._rows("SELECT data_version FROM project")
        version, memory = row["data_version"], self._store._memory
        found = memory.find(version, statement)
        if found is None:
            found = self._select(statement)
            memory.keep(version, statement, found)
        return found

    def _select(self, statement: Statement) -> Numbers:
        # as one row: between rows other threads take their turn, and there may be a hundred thousand
        whole = f"WITH found (number) AS ({statement.text}) SELECT json_group_array(number) AS numbers FROM found"
        try:
            [row] = self._execute(whole, *statement.values)
        except OperationalError as error:  # a search may name more counters than a statement can hold
            raise Refused(f"the filters are too much for the sandbox: {error}") from error
        return Numbers.of(json.loads(str(row["numbers"])))

    def _rows(self, statement: str, *values: object) -> list[Row]:
        """The rows of a statement, which the request's budget pays for."""
        rows = self._execute(statement, *values)
        spent, most_bytes = self._spent, self._store.max_answer_bytes
        spent.rows += len(rows)
        if spent.rows > self._most_rows:
            raise Refused(f"the request reads more than {self._most_rows} rows: ask for less at a time")
        spent.bytes += sum(len(value) for row in rows for value in row.values() if isinstance(value, str))
        if spent.bytes > most_bytes:
            raise Refused(f"the request reads more than {most_bytes} bytes: ask for less at a time")
        return rows

    def _execute(self, statement: str, *values: object) -> list[Row]:
        rows: list[Row] = self._reading().execute(statement, values).fetchall()
        if not self._is_held:
            self.refresh()
        return rows

    def _reading(self) -> Connection:
        if self._connection is None:
            self._connection = self._stack.enter_context(self._store.database.reading())
        return self._connection
