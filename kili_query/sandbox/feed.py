"""The change feed as it is kept: one row for each event, written in the transaction of the change it reports.

A deleted label raises no event and neither does a draft, because the platform has no name for either. Whether the
platform reports a label that overwrites others as edited or as created is not known; here it is edited.
"""

import json
import re
from collections.abc import Sequence
from sqlite3 import Connection

from kili_query.protocol import EventName, LabelType
from kili_query.sandbox.database import Row
from kili_query.sandbox.project import OWNER
from kili_query.sandbox.values import Refused

CREATED = {
    LabelType.DEFAULT: EventName.DEFAULT_CREATED,
    LabelType.REVIEW: EventName.REVIEW_CREATED,
    LabelType.PREDICTION: EventName.PREDICTION_CREATED,
    LabelType.INFERENCE: EventName.INFERENCE_CREATED,
}
"""The event of a new label, by its type."""

_DIGITS = 12
_ID = re.compile(rf"event-(\d{{{_DIGITS}}})")


def record_label(connection: Connection, name: EventName, label: int, time: str, *, by_owner: bool = False) -> None:
    """Record what happened to a label.

    Args:
        connection: the transaction of the change.
        name: what happened.
        label: its number.
        time: when.
        by_owner: the owner of the key did it; otherwise the label's author.
    """
    [row] = connection.execute("SELECT id, asset, author FROM labels WHERE number = ?", (label,))
    user = _owner(connection) if by_owner else row["author"]
    _record(connection, name, time, user, row["asset"], row["id"], None)


def record_asset(connection: Connection, asset: int, fields: Sequence[str], time: str) -> None:
    """Record that fields of an asset were updated by the owner of the key."""
    _record(connection, EventName.ASSET_UPDATED, time, _owner(connection), asset, None, json.dumps(fields))


FILL_FEED = (
    "INSERT INTO events (name, created_at, user, asset, label) SELECT name, created_at, user, asset, label FROM ("
    " SELECT 'asset.created' AS name, created_at, (SELECT min(number) FROM users) AS user, number AS asset,"
    " NULL AS label, number FROM assets"
    " UNION ALL SELECT 'label.workflow.created.' || lower(label_type), created_at, author, asset, id, number"
    " FROM labels WHERE label_type <> 'AUTOSAVE'"
    ") ORDER BY created_at, name, number"
)
"""Record the assets and labels that were imported; the owner of the key is the first user."""


def event_of(row: Row, project_id: str, organization_id: str) -> Row:
    """Return an event as it is sent, from its row."""
    payload = {"assetId": row["assetId"], "externalId": row["externalId"]}
    if row["labelId"] is not None:
        payload["labelId"] = row["labelId"]
    if row["fields"] is not None:
        payload["fields"] = json.loads(str(row["fields"]))
    return {
        "id": f"event-{row['number']:0{_DIGITS}}",
        "event": row["name"],
        "createdAt": row["createdAt"],
        "userId": row["userId"],
        "projectId": project_id,
        "organizationId": organization_id,
        "payload": payload,
    }


def event_number(event_id: object) -> int:
    """Return the number of an event's row, which need not exist.

    >>> event_number("event-000000000007")
    7

    Raises:
        Refused: no event has such an id.
    """
    found = _ID.fullmatch(str(event_id))
    if found is None:
        raise Refused(f"there is no event `{event_id}`")
    return int(found[1])


def _owner(connection: Connection) -> object:
    return connection.execute("SELECT number FROM users WHERE id = ?", (OWNER.id,)).fetchone()["number"]


def _record(
    connection: Connection,
    name: EventName,
    time: str,
    user: object,
    asset: object,
    label: object,
    fields: str | None,
) -> None:
    # INVARIANT: the times of events never descend, even if the clock was set back
    connection.execute(
        "INSERT INTO events (name, created_at, user, asset, label, fields) VALUES"
        " (?, max(?, coalesce((SELECT created_at FROM events ORDER BY number DESC LIMIT 1), '')), ?, ?, ?, ?)",
        (name, time, user, asset, label, fields),
    )
