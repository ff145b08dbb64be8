"""What stands beside the counts of a label: the fields that people filter on."""

from typing import TypeAlias

import pyarrow as pa

__all__ = ["FIELDS", "NO_METADATA", "Metadata", "metadata_of"]

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
"""The metadata columns: the id of the label and of its asset, and more as the service has it; null where absent."""

Metadata: TypeAlias = tuple[
    str | None, str | None, str | None, str | None, str | None, str | None, str | None, float | None, bool | None
]
"""One value for each of the `FIELDS`."""

NO_METADATA: Metadata = (None,) * 9


def metadata_of(label: dict[str, object]) -> Metadata:
    """The metadata of a decoded label; a value of an unexpected type is read as absent.

    >>> metadata_of({"id": 7, "labelOf": {"id": "a", "externalId": "a.jpg"}})[:4]
    ('7', 'a', 'a.jpg', None)
    """
    asset, author = _dict(label.get("labelOf")), _dict(label.get("author"))
    asset_id = _text(label.get("assetId"))
    seconds, is_latest = label.get("secondsToLabel"), label.get("isLatestLabelForUser")
    return (
        _text(label.get("id")),
        _text(asset.get("id")) if asset_id is None else asset_id,
        _text(asset.get("externalId")),
        _text(author.get("email")),
        _text(label.get("createdAt")),
        _text(label.get("labelType")),
        _text(label.get("modelName")),
        _seconds(seconds),
        is_latest if isinstance(is_latest, bool) else None,
    )


def _dict(value: object) -> dict[object, object]:
    return value if isinstance(value, dict) else {}


def _text(value: object) -> str | None:
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    # Arrow holds no lone surrogates
    return value.encode("utf-8", "replace").decode("utf-8") if isinstance(value, str) else None


def _seconds(value: object) -> float | None:
    if not isinstance(value, int | float) or isinstance(value, bool):
        return None
    try:
        return float(value)
    except OverflowError:
        return None
