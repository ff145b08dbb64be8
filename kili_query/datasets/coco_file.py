"""One JSON file of COCO: what counting needs is decoded at once, the rest of an annotation when it is asked for."""

import json
import re
from collections.abc import Sequence
from functools import cached_property
from pathlib import PurePosixPath
from typing import Any, TypeAlias

import msgspec
from attrs import define, field
from msgspec import UNSET, Raw, Struct, UnsetType

from kili_query.datasets.files import Files
from kili_query.datasets.media import SPLITS
from kili_query.datasets.raw_json import value_of, why_not_json
from kili_query.errors import MalformedLabelError, SourceError

Row: TypeAlias = dict[str, Any]
_Raw: TypeAlias = Raw | UnsetType

_TASK = re.compile(
    r"(?:instances|person_keypoints|keypoints|captions|panoptic|stuff|image_info|annotations|labels|segmentation)_(.+)"
)


_NULL = Raw(b"null")


class CocoObject(Struct, gc=False):
    """What counting needs of an annotation, and the look of its shape."""

    id: Any = None
    image_id: Any = None
    category_id: Any = None
    iscrowd: Any = 0
    segmentation: _Raw = UNSET
    keypoints: _Raw = UNSET
    attributes: _Raw = UNSET
    caption: _Raw = UNSET
    segments_info: _Raw = UNSET


class _Document(Struct, gc=False):
    images: Raw = _NULL
    annotations: list[CocoObject] | None = None
    categories: Raw = _NULL
    info: Raw = _NULL


class _Listed(Struct, gc=False):
    """The same for files in which an annotation is not an object."""

    images: Raw = _NULL
    annotations: Raw = _NULL
    categories: Raw = _NULL
    info: Raw = _NULL


@define(slots=False, eq=False)
class CocoFile:
    """A JSON file of a dataset.

    Attributes:
        files: of the dataset.
        name: its path in the dataset.
        images: in order; None in place of what is not an object.
        annotations: the same.
        categories: as they are written.
        title: its description.
    """

    files: Files
    name: str
    images: Sequence[Row | None]
    annotations: Sequence[CocoObject | None]
    categories: list[Row]
    title: str
    _data: bytes = field(repr=False)
    _segments: dict[int, list[CocoObject]] = field(factory=dict, init=False, repr=False)

    @classmethod
    def of(cls, files: Files, name: str) -> "CocoFile":
        """Read a file.

        Raises:
            SourceError: it is not JSON, or has another shape; the message says where.
        """
        full_name = files.full_name(name)
        data, document = _document(files.read(name), full_name)
        annotations: Sequence[CocoObject | None] | None
        if isinstance(document, _Document):
            annotations = document.annotations
        else:
            annotations = [_object(one) for one in _list(document.annotations, f"`annotations` of `{full_name}`")]
        images = _rows(document.images, f"`images` of `{full_name}`")
        return cls(
            files,
            name,
            images,
            annotations or [],
            _categories(document.categories, full_name),
            _title(document.info),
            data,
        )

    @cached_property
    def has_unique_ids(self) -> bool:
        """Whether all annotations have ids, which are numbers and each occurs once."""
        ids = [None if one is None else one.id for one in self.annotations]
        return set(map(type, ids)) <= {int} and len(set(ids)) == len(ids)

    @cached_property
    def split(self) -> str | None:
        """The name of its split, as in ``instances_val2017.json`` or the folder ``train``; None if there is none."""
        path = PurePosixPath(self.name)
        found = _TASK.fullmatch(path.stem)
        return path.parent.name if path.parent.name in SPLITS else None if found is None else found[1]

    def row(self, number: int) -> Row:
        """Return an annotation as it is written."""
        row: Row = value_of(self._annotation_rows[number])
        return row

    def segments(self, row: int) -> list[CocoObject]:
        """Return the segments of an annotation that describes a panoptic mask.

        Raises:
            MalformedLabelError: they cannot be read.
        """
        found = self._segments.get(row)
        if found is None:
            one = self.annotations[row]
            assert one is not None
            try:
                found = msgspec.json.decode(one.segments_info or b"[]", type=list[CocoObject])
            except msgspec.MsgspecError as error:
                raise MalformedLabelError("must be a list of objects", f"annotations[{row}].segments_info") from error
            self._segments[row] = found
        return found

    @cached_property
    def _annotation_rows(self) -> list[Raw]:
        return _list(msgspec.json.decode(self._data, type=_Listed).annotations, "`annotations`")


def _document(data: bytes, name: str) -> tuple[bytes, _Document | _Listed]:
    """Return the text, as all can read it, and what is in it."""
    data = data.removeprefix(b"\xef\xbb\xbf")
    try:
        if not data.isascii():
            data.decode()
        try:
            return data, msgspec.json.decode(data, type=_Document)
        except msgspec.ValidationError:
            return data, _with_other_rows(data, name)
        except msgspec.DecodeError:  # perhaps it has numbers that only Python writes; a shape with one is reported
            data = msgspec.json.encode(json.loads(data, parse_constant=str))
            return data, _with_other_rows(data, name)
    except UnicodeDecodeError as error:
        raise SourceError(f"`{name}` is not UTF-8 (at byte {error.start + 1}): save it as UTF-8") from error
    except json.JSONDecodeError as error:
        what = "truncated" if error.pos >= len(data.rstrip()) - 1 or "Unterminated" in error.msg else "not JSON"
        place = f"line {error.lineno}, column {error.colno}"
        raise SourceError(f"`{name}` is {what}: {error.msg.lower()} (at {place})") from error
    except RecursionError as error:
        raise SourceError(f"`{name}` is {why_not_json(error)}") from error
    except (ValueError, TypeError) as error:
        raise SourceError(f"`{name}` is not COCO: {error}") from error


def _with_other_rows(data: bytes, name: str) -> _Listed:
    try:
        return msgspec.json.decode(data, type=_Listed)
    except msgspec.ValidationError as error:
        reason = "it must be an object with `images`, `annotations` and `categories`"
        raise SourceError(f"`{name}` is not COCO: {reason}") from error


def _list(raw: Raw, what: str) -> list[Raw]:
    try:
        return msgspec.json.decode(raw, type=list[Raw] | None) or []
    except msgspec.ValidationError as error:
        raise SourceError(f"{what} must be a list") from error


def _rows(raw: Raw, what: str) -> Sequence[Row | None]:
    """Return objects as they are written; None in place of what is not an object."""
    rows = value_of(raw)
    if not isinstance(rows, list | None):
        raise SourceError(f"{what} must be a list")
    return [row if isinstance(row, dict) else None for row in rows or ()]


def _object(raw: Raw) -> CocoObject | None:
    """Return an annotation; None for what is not an object."""
    try:
        return msgspec.json.decode(raw, type=CocoObject)
    except msgspec.ValidationError:
        return None


def _categories(raw: Raw, name: str) -> list[Row]:
    value = value_of(raw)
    if not isinstance(value, list | None):
        raise SourceError(f"`categories` of `{name}` must be a list")
    for index, one in enumerate(value or ()):
        if not isinstance(one, dict) or not isinstance(one.get("id"), int | str):
            raise SourceError(f"`categories[{index}]` of `{name}` must be an object with `id` and `name`")
    return value or []


def _title(raw: Raw) -> str:
    info = value_of(raw)
    found = info.get("description") if isinstance(info, dict) else None
    return found if isinstance(found, str) else ""
