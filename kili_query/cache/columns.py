"""The columns of a cached label beside its counts, and the way from a label to its row and back."""

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

import pyarrow as pa
from attrs import frozen

from kili_query.counting.label import CONTENT
from kili_query.errors import ArgumentError, MalformedLabelError
from kili_query.labels.columns import table_flag, table_number, table_object, table_text
from kili_query.protocol import read_instant
from kili_query.targets.column_names import counter_of

_TWIN = re.compile(r"%\d+\Z")


@frozen
class Field:
    """A field of a label that the cache keeps.

    Attributes:
        path: where it stands in a label; dots lead into objects.
        kind: the type of its column.
        other: another key of the label, which is read if the first has nothing, and answered too.
    """

    path: str
    kind: pa.DataType
    other: str | None = None


FIELDS: dict[str, Field] = {
    "id": Field("id", pa.string()),
    "assetId": Field("labelOf.id", pa.string(), "assetId"),
    "externalId": Field("labelOf.externalId", pa.string()),
    "assetStatus": Field("labelOf.status", pa.string()),
    "assetWidth": Field("labelOf.resolution.width", pa.float64()),
    "assetHeight": Field("labelOf.resolution.height", pa.float64()),
    "authorId": Field("author.id", pa.string()),
    "authorEmail": Field("author.email", pa.string()),
    "authorFirstname": Field("author.firstname", pa.string()),
    "authorLastname": Field("author.lastname", pa.string()),
    "createdAt": Field("createdAt", pa.string()),
    "labelType": Field("labelType", pa.string()),
    "modelName": Field("modelName", pa.string()),
    "secondsToLabel": Field("secondsToLabel", pa.float64()),
    "isLatestLabelForUser": Field("isLatestLabelForUser", pa.bool_()),
    "honeypotMark": Field("honeypotMark", pa.float64()),
    "consensusMark": Field("consensusMark", pa.float64()),
}
"""The fields of a label in its row, by column."""

PART, CREATED, DIGEST = "part", "created", "content"
OWN_COLUMNS: dict[str, pa.DataType] = {
    PART: pa.int32(),
    CREATED: pa.timestamp("us", "UTC"),
    DIGEST: pa.string(),
}
"""What the cache adds: the part of the tables, the instant of ``createdAt``, the digest of the content."""

COLUMNS: dict[str, pa.DataType] = {**OWN_COLUMNS, **{name: one.kind for name, one in FIELDS.items()}}

LABEL_FIELDS = (*(one.path for one in FIELDS.values()), CONTENT)
"""The fields that a sync asks the service for."""

_COLUMN_OF_PATH = {one.path: name for name, one in FIELDS.items()} | {
    one.other: name for name, one in FIELDS.items() if one.other
}


def _divided(path: str) -> tuple[str, str]:
    """Return the object that holds a field, empty for the label itself, and the key there."""
    parent, _, key = path.rpartition(".")
    return parent, key


_READERS: dict[pa.DataType, Callable[[object, str], object]] = {
    pa.string(): table_text,
    pa.float64(): table_number,
    pa.bool_(): table_flag,
}
_WAYS: list[tuple[str, str, str, str, str | None, Callable[[object, str], object]]] = [
    (name, one.path, *_divided(one.path), one.other, _READERS[one.kind]) for name, one in FIELDS.items()
]
"""For each column: its path, the object that holds it and the key there, the other path, and what reads a value."""


def _parents_of(paths: Iterable[str]) -> list[str]:
    """Return the objects that hold fields with these paths, an outer one before those in it.

    >>> _parents_of(["id", "labelOf.resolution.width", "labelOf.id"])
    ['labelOf', 'labelOf.resolution']
    """
    places = [path.split(".") for path in paths]
    return sorted({".".join(place[:depth]) for place in places for depth in range(1, len(place))})


_PARENTS = [(parent, *_divided(parent)) for parent in _parents_of(one.path for one in FIELDS.values())]
"""Each object in a label that holds fields, the object that holds it, and the key there."""


def row_of(label: Mapping[str, Any], faults: list[str] | None = None) -> dict[str, object]:
    """Return the fields of a decoded label by column, and the instant at which it was created.

    Half of a character is kept as JSON escapes it, because no table can hold it; a field of a wrong type is left empty.

    Args:
        label: the label.
        faults: a list to which the message of each such field is added; it names label and field.

    Raises:
        MalformedLabelError: the label has no id.

    >>> row = row_of({"id": "l1", "labelOf": {"id": "a1"}, "createdAt": "2024-05-06T07:08:09Z"})
    >>> row["assetId"], row["created"].hour, row["labelType"]
    ('a1', 7, None)
    >>> row_of({"id": "l1", "author": 3}, faults := [])["authorEmail"], faults
    (None, ['label `l1`: it must be an object, not `3` (at `author`): the field is left empty'])
    """
    found: list[tuple[MalformedLabelError, object]] = []
    places: dict[str, Mapping[Any, object]] = {"": label}
    for parent, outer, key in _PARENTS:
        try:
            places[parent] = table_object(places[outer].get(key), parent)
        except MalformedLabelError as error:
            places[parent] = {}
            found.append((error, None))
    row: dict[str, object] = {}
    for name, path, parent, key, other, read in _WAYS:
        value = places[parent].get(key)
        value = label.get(other) if value is None and other is not None else value
        try:
            row[name] = read(value, path)
        except MalformedLabelError as error:
            row[name] = _escaped(value) if isinstance(value, str) and read is table_text else None
            found.append((error, row[name]))
    if faults is not None and found:
        shown = "?" if row["id"] is None else str(row["id"])[:60]
        faults += [f"label `{shown}`: {error}: {_what_is_kept(kept)}" for error, kept in found]
    if row["id"] is None:
        raise MalformedLabelError("a label without an id cannot be cached", "id")
    row[CREATED] = _instant(row["createdAt"])
    return row


def _escaped(text: str) -> str:
    return text.encode("utf-8", "backslashreplace").decode()


def _what_is_kept(value: object) -> str:
    return "the field is left empty" if value is None else f"it is kept as `{str(value)[:60]}`"


def _instant(text: object) -> datetime | None:
    try:
        return None if text is None else read_instant(text)
    except ValueError:
        return None


def columns_of(fields: Sequence[str]) -> dict[str, str]:
    """Return the column of each wanted field but the content, by the path of the field.

    Raises:
        ArgumentError: the cache does not keep a field.

    >>> columns_of(["author.email", "assetId", "jsonResponse"])
    {'author.email': 'authorEmail', 'assetId': 'assetId'}
    """
    for path in fields:
        if path not in _COLUMN_OF_PATH and path != CONTENT:
            kept = ", ".join(f"`{one}`" for one in (*_COLUMN_OF_PATH, CONTENT))
            raise ArgumentError(f"the cache does not keep the field `{path}` of a label: it keeps {kept}")
    return {path: _COLUMN_OF_PATH[path] for path in fields if path != CONTENT}


def labels_of(rows: Iterable[Sequence[object]], paths: Sequence[str]) -> Iterator[dict[str, Any]]:
    """Build labels from rows with one value for each path. An object is None if all fields that it is asked for are.

    >>> list(labels_of([("l1", "a@x.org"), ("l2", None)], ["id", "author.email"]))
    [{'id': 'l1', 'author': {'email': 'a@x.org'}}, {'id': 'l2', 'author': None}]
    >>> list(labels_of([("a1", 640.0), ("a2", None)], ["labelOf.id", "labelOf.resolution.width"]))
    [{'labelOf': {'id': 'a1', 'resolution': {'width': 640.0}}}, {'labelOf': {'id': 'a2', 'resolution': None}}]
    """
    ways = [_divided(path) for path in paths]
    asked = {parent for parent, _ in ways}
    parents = [(parent, *_divided(parent)) for parent in _parents_of(paths) if parent in asked]
    for row in rows:
        label: dict[str, Any] = {}
        places = {"": label}
        for (parent, key), value in zip(ways, row, strict=True):
            if parent not in places:
                _make_objects(places, parent)
            places[parent][key] = value
        for parent, outer, key in reversed(parents):
            if all(value is None for value in places[parent].values()):
                places[outer][key] = None
        yield label


def _make_objects(places: dict[str, dict[str, Any]], parent: str) -> None:
    """Add an object of a label, and those around it."""
    outer, key = _divided(parent)
    if outer not in places:
        _make_objects(places, outer)
    places[parent] = places[outer][key] = {}


def stored_names(names: Iterable[str], taken: Collection[str]) -> list[str]:
    """Return the names of columns in the table, where no two may differ in case alone.

    >>> stored_names(["J/A", "J/a", "id"], ["J/B"])
    ['J/A', 'J/a%1', 'id']
    >>> stored_names(["J/a"], ["J/A", "J/a%1"])
    ['J/a%1']
    """
    stored: list[str] = []
    own_names = {own_name(name): name for name in taken}
    folded = {name.lower() for name in taken}
    for name in names:
        if name not in own_names:
            new, number = name, 0
            while new.lower() in folded or (number and counter_of(new) is not None):
                number += 1
                new = f"{name}%{number}"
            own_names[name] = new
            folded.add(new.lower())
        stored.append(own_names[name])
    return stored


def own_name(stored: str) -> str:
    """Return the name of a stored column as frames have it.

    A column of a category that ends in an escape, such as ``%25``, is not a twin.

    >>> own_name("J/a%1"), own_name("J/a"), own_name("J/a%25")
    ('J/a', 'J/a', 'J/a%25')
    """
    return stored if counter_of(stored) is not None else _TWIN.sub("", stored)
