# ruff: noqa: S608 - the parts of a statement are constants of this module; what comes from outside is bound
"""Writes of a request; each is one transaction."""

import json
from collections.abc import Mapping, Sequence
from secrets import token_hex
from sqlite3 import Connection
from typing import cast

from attrs import define, frozen

from kili_query.errors import MalformedLabelError
from kili_query.protocol import AssetStatus, EventName, LabelType, StepStatus, decode_json
from kili_query.sandbox.contents import Content
from kili_query.sandbox.database import Row
from kili_query.sandbox.feed import CREATED, record_asset, record_label
from kili_query.sandbox.project import OWNER
from kili_query.sandbox.store import Store
from kili_query.sandbox.values import Refused, is_text, later_than, now

_OF_MODELS = (LabelType.PREDICTION, LabelType.INFERENCE)
_MAX_NAMED = 10
_STATUS_AFTER = {LabelType.DEFAULT: AssetStatus.LABELED, LabelType.REVIEW: AssetStatus.REVIEWED}
_STEP_STATUS_AFTER = {
    LabelType.DEFAULT: StepStatus.DONE,
    LabelType.REVIEW: StepStatus.DONE,
    LabelType.AUTOSAVE: StepStatus.IN_PROGRESS,
}


_KIND = (
    "CASE WHEN {table}.label_type IN ('DEFAULT', 'REVIEW', 'AUTOSAVE') THEN '' "
    "ELSE {table}.label_type || ':' || coalesce({table}.model_name, '') END"
)
"""The groups of labels of one author of which one is the latest: those of people, or of a model for one purpose."""

SETTLE_LATEST = (
    "UPDATE labels SET is_latest_label_for_user = NOT EXISTS (SELECT 1 FROM labels AS newer"
    " WHERE newer.asset = labels.asset AND newer.author = labels.author AND newer.number > labels.number"
    f" AND {_KIND.format(table='newer')} = {_KIND.format(table='labels')})"
)
"""Of the labels of one author on one asset, the newest of each kind is the latest."""
_GIVE_WAY = (
    "UPDATE labels SET is_latest_label_for_user = FALSE"
    " WHERE asset = ?2 AND author = ?3 AND number < ?1 AND is_latest_label_for_user"
    f" AND {_KIND.format(table='labels')} = (SELECT {_KIND.format(table='new')} FROM labels AS new WHERE number = ?1)"
)
"""To a new label, only what was the latest of its kind gives way: an asset may have many others."""
_MAKE_LATEST = (
    "UPDATE labels SET is_latest_label_for_user = TRUE WHERE number = (SELECT max(number) FROM labels AS one"
    f" WHERE asset = ? AND author = ? AND {_KIND.format(table='one')} = ?)"
)
_OF_LABEL = (
    f"SELECT asset, author, content, is_latest_label_for_user, {_KIND.format(table='labels')} AS kind"
    " FROM labels WHERE number = ?"
)


@frozen(kw_only=True)
class NewLabel:
    """A label to be added, checked as far as it can be without the database."""

    asset_id: str | None
    author_id: str | None
    content: Content
    model_name: str | None = None
    seconds_to_label: float | None = None
    reviewed_label: str | None = None


@define
class StoreWriter:
    """Changes what a store holds."""

    store: Store

    def check(self, text: str) -> Content:
        """The content that a JSON text says, counted.

        Raises:
            Refused: it is no JSON object.
        """
        try:
            decoded = decode_json(text)
        except MalformedLabelError as error:
            raise Refused(str(error)) from error
        if not isinstance(decoded, dict):
            raise Refused(f"`jsonResponse` must be the text of a JSON object, not `{text[:60]}`")
        return self.store.counter.count({"jsonResponse": text if is_text(text) else decoded})

    def append(
        self,
        labels: Sequence[NewLabel],
        label_type: LabelType,
        where: Mapping[str, object],
        *,
        overwrite: bool = False,
        step_id: str | None = None,
    ) -> list[int]:
        """Add labels, all of them or none.

        Args:
            labels: where one names no asset, ``where`` must select one asset alone.
            label_type: of all of them.
            where: the assets that may be labeled.
            overwrite: put them in the place of what the same model had said of these assets, for the same purpose.
            step_id: the step that they are made in; by default the one that each asset is in.

        Returns:
            Their numbers, in the order in which they were given.

        Raises:
            Refused: an asset, an author, the step or a label under review is not there.
        """
        if step_id and self.store.project.workflow.step(step_id) is None:
            raise Refused(f"the project has no step `{step_id}`")
        with self.store.database.writing() as connection:
            addition = _Addition(connection, label_type, step_id or None)
            assets = addition.assets_of(labels, [row["number"] for row in self._assets(connection, where)])
            replaced = addition.remove_replaced(labels, assets) if overwrite and label_type in _OF_MODELS else ()
            created = CREATED.get(label_type)
            return [
                addition.add(label, asset, EventName.LABEL_EDITED if (label.model_name, asset) in replaced else created)
                for label, asset in zip(labels, assets, strict=True)
            ]

    def create_honeypot(self, content: Content, where: Mapping[str, object]) -> int:
        """Make an asset a honeypot by a review of it, and give the review's number.

        Raises:
            Refused: not one asset alone is selected.
        """
        with self.store.database.writing() as connection:
            label = NewLabel(asset_id=None, author_id=None, content=content)
            addition = _Addition(connection, LabelType.REVIEW)
            [asset] = addition.assets_of([label], [row["number"] for row in self._assets(connection, where)])
            number = addition.add(label, asset, EventName.HONEYPOT_CREATED)
            connection.execute("UPDATE assets SET is_honeypot = TRUE WHERE number = ?", (asset,))
            record_asset(connection, asset, ["isHoneypot"], now())
            return number

    def update(self, where: Mapping[str, object], columns: Mapping[str, object], content: Content | None) -> int:
        """Change one label, and give its number.

        Raises:
            Refused: not one label alone is selected.
        """
        with self.store.database.writing() as connection:
            statement = self.store.selector.labels(where)
            found = connection.execute(f"{statement.text} LIMIT 2", statement.values).fetchall()
            if len(found) != 1:
                raise Refused(f"`where` must select one label: it selects {'several' if found else 'none'}")
            number = cast("int", found[0]["number"])
            if content is not None:
                _replace_content(connection, number, content)
            changes = {**columns, "updated_at": now()}
            assigned = ", ".join(f"{column} = ?" for column in changes)
            connection.execute(f"UPDATE labels SET {assigned} WHERE number = ?", (*changes.values(), number))
            [row] = connection.execute("SELECT asset FROM labels WHERE number = ?", (number,))
            _touch(connection, row["asset"], changes["updated_at"])
            record_label(connection, EventName.LABEL_EDITED, number, str(changes["updated_at"]), by_owner=True)
            return number

    def delete(self, ids: Sequence[str]) -> list[str]:
        """Delete predictions and inferences, all of them or none, and give their ids.

        Raises:
            Refused: a label is not there, or is of another type.
        """
        with self.store.database.writing() as connection:
            found = _by_id(connection, "SELECT number, id, label_type FROM labels", ids)
            _refuse_missing("label", [key for key in ids if key not in found])
            kept = [key for key in dict.fromkeys(ids) if found[key]["label_type"] not in _OF_MODELS]
            if kept:
                raise Refused(f"only predictions and inferences can be deleted, and these are neither: {_named(kept)}")
            for row in found.values():
                _remove(connection, cast("int", row["number"]))
            return list(dict.fromkeys(ids))

    def _assets(self, connection: Connection, where: Mapping[str, object]) -> list[Row]:
        statement = self.store.selector.assets(where)
        return connection.execute(statement.text, statement.values).fetchall()


@define
class _Addition:
    """Adds labels of one type, within a transaction."""

    connection: Connection
    label_type: LabelType
    step_id: str | None = None

    def assets_of(self, labels: Sequence[NewLabel], selected: Sequence[object]) -> list[int]:
        """The number of the asset of each label."""
        ids = [label.asset_id for label in labels if label.asset_id is not None]
        if len(ids) < len(labels) and len(selected) != 1:
            raise Refused(f"`where` must select one asset: it selects {'several' if selected else 'none'}")
        found = _by_id(self.connection, "SELECT number, id FROM assets", ids)
        allowed = frozenset(selected)
        outside = [key for key in ids if key not in found or found[key]["number"] not in allowed]
        _refuse_missing("asset", outside)
        numbers = [selected[0] if label.asset_id is None else found[label.asset_id]["number"] for label in labels]
        return cast("list[int]", numbers)

    def remove_replaced(self, labels: Sequence[NewLabel], assets: Sequence[int]) -> set[tuple[str | None, int]]:
        """Delete what the same models had said of these assets, and return of which models and assets there was any."""
        found = set()
        for model, asset in dict.fromkeys((label.model_name, one) for label, one in zip(labels, assets, strict=True)):
            replaced = self.connection.execute(
                "SELECT number FROM labels WHERE asset = ? AND label_type = ? AND model_name IS ?",
                (asset, self.label_type, model),
            ).fetchall()
            for row in replaced:
                _remove(self.connection, row["number"])
                found.add((model, asset))
        return found

    def add(self, label: NewLabel, asset: int, event: EventName | None) -> int:
        """Add a label, record the event, if any, and give the label's number."""
        newest = self.connection.execute(
            "SELECT number, created_at FROM labels ORDER BY number DESC LIMIT 1"
        ).fetchone() or {"number": 0, "created_at": None}
        # INVARIANT: a number more is a later creation, so the order of pages holds
        number, created_at = newest["number"] + 1, later_than(newest["created_at"])
        key = f"label-{created_at.translate(_DIGITS)}-{token_hex(4)}"
        author = self._author_of(label)
        content = self.connection.execute("INSERT INTO contents (json_response) VALUES (?)", (label.content.text,))
        self.connection.execute(
            "INSERT INTO labels (number, id, asset, author, label_type, model_name, created_at, seconds_to_label,"
            " is_latest_label_for_user, content, fault) VALUES (?, ?, ?, ?, ?, ?, ?, ?, TRUE, ?, ?)",
            (
                number,
                key,
                asset,
                author,
                self.label_type,
                label.model_name,
                created_at,
                label.seconds_to_label,
                content.lastrowid,
                label.content.fault,
            ),
        )
        _put_counts(self.connection, number, label.content)
        self.connection.execute(_GIVE_WAY, (number, asset, author))
        self._settle_status(asset)
        self._settle_step(cast("int", number), asset, label)
        _touch(self.connection, asset, created_at)
        if event is not None:
            record_label(self.connection, event, number, created_at)
        return cast("int", number)

    def _settle_step(self, number: int, asset: int, label: NewLabel) -> None:
        """Keep the step of a label and what it reviews; a submitted label does the step, which the asset stays in."""
        at = self.connection.execute("SELECT step FROM asset_steps WHERE asset = ?", (asset,)).fetchone()
        current = None if at is None else at["step"]
        step = self.step_id or current
        if label.reviewed_label is not None:
            select = "SELECT 1 FROM labels WHERE id = ? AND asset = ?"
            if self.connection.execute(select, (label.reviewed_label, asset)).fetchone() is None:
                raise Refused(f"the asset has no label `{label.reviewed_label}` to review")
        if step is not None or label.reviewed_label is not None:
            self.connection.execute("INSERT INTO label_steps VALUES (?, ?, ?)", (number, step, label.reviewed_label))
        if (status := _STEP_STATUS_AFTER.get(self.label_type)) is not None and step == current:
            among = " AND status = 'TO_DO'" if status is StepStatus.IN_PROGRESS else ""
            self.connection.execute(f"UPDATE asset_steps SET status = ? WHERE asset = ?{among}", (status, asset))

    def _author_of(self, label: NewLabel) -> int:
        key = OWNER.id if label.author_id is None else label.author_id
        row = self.connection.execute("SELECT number FROM users WHERE id = ?", (key,)).fetchone()
        if row is None:
            raise Refused(f"there is no user `{key}`")
        return cast("int", row["number"])

    def _settle_status(self, asset: int) -> None:
        if (status := _STATUS_AFTER.get(self.label_type)) is not None:
            change, among = (status, asset), ""
        elif self.label_type is LabelType.AUTOSAVE:
            change, among = (AssetStatus.ONGOING, asset), " AND status = 'TODO'"
        else:
            return
        self.connection.execute(f"UPDATE assets SET status = ? WHERE number = ?{among}", change)


_DIGITS = str.maketrans("", "", "-:.TZ")


def _replace_content(connection: Connection, number: int, content: Content) -> None:
    connection.execute(
        "UPDATE contents SET json_response = ? WHERE number = (SELECT content FROM labels WHERE number = ?)",
        (content.text, number),
    )
    connection.execute("DELETE FROM answers WHERE content = (SELECT content FROM labels WHERE number = ?)", (number,))
    connection.execute("UPDATE labels SET fault = ? WHERE number = ?", (content.fault, number))
    connection.execute("DELETE FROM counts WHERE label = ?", (number,))
    _put_counts(connection, number, content)


def _put_counts(connection: Connection, number: int, content: Content) -> None:
    rows = [(job, category, number, count) for (job, category), count in content.counts.items()]
    connection.executemany("INSERT INTO counts VALUES (?, ?, ?, ?)", rows)


def _remove(connection: Connection, number: int) -> None:
    """Delete a label with all that is of it."""
    label = connection.execute(_OF_LABEL, (number,)).fetchone()
    connection.execute("DELETE FROM labels WHERE number = ?", (number,))
    connection.execute("DELETE FROM contents WHERE number = ?", (label["content"],))
    if label["is_latest_label_for_user"]:
        connection.execute(_MAKE_LATEST, (label["asset"], label["author"], label["kind"]))
    _touch(connection, label["asset"], now())


def _touch(connection: Connection, asset: int, time: object) -> None:
    """Note that the labels of an asset changed: whoever has no change feed finds out by this time.

    Whether the platform does so when a label is deleted is not documented.
    """
    connection.execute(
        "UPDATE assets SET updated_at = max(coalesce(updated_at, ''), ?) WHERE number = ?", (time, asset)
    )


def _by_id(connection: Connection, select: str, ids: Sequence[str]) -> dict[str, Row]:
    rows = connection.execute(f"{select} WHERE id IN (SELECT value FROM json_each(?))", (json.dumps(list(ids)),))
    return {str(row["id"]): row for row in rows}


def _refuse_missing(what: str, ids: Sequence[str]) -> None:
    if ids:
        raise Refused(f"there is no {what} {_named(list(dict.fromkeys(ids)))}")


def _named(ids: Sequence[str]) -> str:
    more = f" and {len(ids) - _MAX_NAMED} more" if len(ids) > _MAX_NAMED else ""
    return ", ".join(f"`{key}`" for key in ids[:_MAX_NAMED]) + more
