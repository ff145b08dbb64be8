"""Columns beside the counts of a label: the fields that people filter on."""

from typing import TypeAlias

import pyarrow as pa

from kili_query.errors import MalformedLabelError
from kili_query.protocol import table_flag, table_number, table_object, table_text

FIELDS: dict[str, pa.DataType] = {
    "id": pa.string(),
    "assetId": pa.string(),
    "externalId": pa.string(),
    "authorEmail": pa.string(),
    "createdAt": pa.string(),
    "labelType": pa.string(),
    "modelName": pa.string(),
    "secondsToLabel": pa.float64(),
    "isLatestLabelForUser": pa.bool_(),
}
"""The metadata columns, such as the ids of the label and its asset; null if absent."""

Metadata: TypeAlias = tuple[
    str | None, str | None, str | None, str | None, str | None, str | None, str | None, float | None, bool | None
]
"""One value for each of the `FIELDS`."""

NO_METADATA: Metadata = (None,) * 9


def metadata_of(label: dict[str, object]) -> Metadata:
    """Return the metadata of a decoded label.

    Raises:
        MalformedLabelError: a value has the wrong type, or a table cannot hold it; the message names label and field.

    >>> metadata_of({"id": 7, "labelOf": {"id": "a", "externalId": "a.jpg"}})[:4]
    ('7', 'a', 'a.jpg', None)
    """
    try:
        return _metadata_of(label)
    except MalformedLabelError as error:
        name = str(label.get("id", "?"))[:60].encode("utf-8", "backslashreplace").decode()
        raise MalformedLabelError(f"label `{name}`: {error.message}", error.path) from error


def _metadata_of(label: dict[str, object]) -> Metadata:
    asset, author = table_object(label.get("labelOf"), "labelOf"), table_object(label.get("author"), "author")
    asset_id = table_text(label.get("assetId"), "assetId")
    return (
        table_text(label.get("id"), "id"),
        table_text(asset.get("id"), "labelOf.id") if asset_id is None else asset_id,
        table_text(asset.get("externalId"), "labelOf.externalId"),
        table_text(author.get("email"), "author.email"),
        table_text(label.get("createdAt"), "createdAt"),
        table_text(label.get("labelType"), "labelType"),
        table_text(label.get("modelName"), "modelName"),
        table_number(label.get("secondsToLabel"), "secondsToLabel"),
        table_flag(label.get("isLatestLabelForUser"), "isLatestLabelForUser"),
    )
