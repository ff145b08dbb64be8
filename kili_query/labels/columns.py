"""The metadata of labels as columns of tables, beside the counts: the fields that people filter on.

A value of another kind is an error: an empty cell would say that there is none.
"""

from collections.abc import Mapping
from typing import TypeAlias

import pyarrow as pa

from kili_query.errors import MalformedLabelError

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

_MAX_EXACT = 2**53


def metadata_of(label: Mapping[str, object]) -> Metadata:
    """Return the metadata of a decoded label.

    Raises:
        MalformedLabelError: a value has the wrong type, or a table cannot hold it; the message names the field.

    >>> metadata_of({"id": 7, "labelOf": {"id": "a", "externalId": "a.jpg"}})[:4]
    ('7', 'a', 'a.jpg', None)
    """
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


def table_text(value: object, field: str) -> str | None:
    """A text, or a number as text; None for None.

    Args:
        value: of the field.
        field: its name, for messages.

    Raises:
        MalformedLabelError: it is neither, or no table can hold it.

    >>> table_text(7, "id"), table_text(None, "id")
    ('7', None)
    """
    if value is None or (type(value) is str and value.isascii()):  # nearly all: the answer is known soon
        return value
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise _wrong("a text", value, field)
    try:
        text = str(value)
        text.encode()
    except UnicodeEncodeError as error:
        shown = str(value)[:60].encode("utf-8", "backslashreplace").decode()
        raise MalformedLabelError(f"a table cannot hold half of a character: `{shown}`", field) from error
    except ValueError as error:  # more digits than Python writes
        raise MalformedLabelError("the number is too long to be written", field) from error
    return text


def table_number(value: object, field: str) -> float | None:
    """A number as a float; None for None.

    Raises:
        MalformedLabelError: it is not a number, or a whole number so large that a float may not hold it exactly.

    >>> table_number(3, "secondsToLabel"), table_number(None, "secondsToLabel")
    (3.0, None)
    """
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise _wrong("a number", value, field)
    if isinstance(value, int) and abs(value) > _MAX_EXACT:
        raise MalformedLabelError("a table cannot hold a whole number beyond 2**53", field)
    return float(value)


def table_flag(value: object, field: str) -> bool | None:
    """Yes or no; None for None.

    Raises:
        MalformedLabelError: it is something else.
    """
    if value is None or isinstance(value, bool):
        return value
    raise _wrong("true or false", value, field)


def table_object(value: object, field: str) -> Mapping[object, object]:
    """Return the object that holds some of these; empty for None.

    Raises:
        MalformedLabelError: it is not an object.
    """
    if value is None:
        return {}
    if not isinstance(value, Mapping):
        raise _wrong("an object", value, field)
    return value


def _wrong(kind: str, value: object, field: str) -> MalformedLabelError:
    shown = repr(value)[:40].encode("utf-8", "backslashreplace").decode()
    return MalformedLabelError(f"it must be {kind}, not `{shown}`", field)
