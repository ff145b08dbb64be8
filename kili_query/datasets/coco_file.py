"""One JSON file of COCO: what counting needs is decoded at once, the rest of an annotation when it is asked for."""

import json
import re
from collections.abc import Iterator
from functools import cached_property
from pathlib import PurePosixPath
from typing import Any, TypeAlias, TypeVar

import msgspec
from attrs import define, field
from msgspec import UNSET, Raw, Struct, UnsetType

from kili_query.datasets.files import Files
from kili_query.datasets.media import SPLITS
from kili_query.errors import MalformedLabelError, SourceError

Row: TypeAlias = dict[str, Any]
_Raw: TypeAlias = Raw | UnsetType

_TASK = re.compile(
    r"(?:instances|person_keypoints|keypoints|captions|panoptic|stuff|image_info|annotations|labels|segmentation)_(.+)"
)


_NULL = Raw(b"null")


class CocoImage(Struct, gc=False):
    """An image. Each field may hold anything: it is checked where it is used."""

    id: Any = None
    file_name: Any = None
    width: Any = None
    height: Any = None


class CocoObject(Struct, gc=False):
    """What counting needs of an annotation, and where its shape is."""

    id: Any = None
    image_id: Any = None
    category_id: Any = None
    iscrowd: Any = 0
    bbox: _Raw = UNSET
    segmentation: _Raw = UNSET
    keypoints: _Raw = UNSET
    attributes: _Raw = UNSET
    caption: _Raw = UNSET
    segments_info: _Raw = UNSET


class _Document(Struct, gc=False):
    images: Raw = _NULL
    annotations: Raw = _NULL
    categories: Raw = _NULL
    info: Raw = _NULL


_T = TypeVar("_T", CocoImage, CocoObject)


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
    images: list[CocoImage | None]
    annotations: list[CocoObject | None]
    categories: list[Row]
    title: str
    _document: _Document = field(repr=False)
    _segments: dict[int, list[CocoObject]] = field(factory=dict, init=False, repr=False)

    @classmethod
    def of(cls, files: Files, name: str) -> "CocoFile":
        """Read a file.

        Raises:
            SourceError: it is not JSON, or has another shape; the message says where.
        """
        full_name = files.full_name(name)
        document = _document(files.read(name), full_name)
        return cls(
            files,
            name,
            _rows(document.images, CocoImage, f"`images` of `{full_name}`"),
            _rows(document.annotations, CocoObject, f"`annotations` of `{full_name}`"),
            _categories(document.categories, full_name),
            _title(document.info),
            document,
        )

    @cached_property
    def split(self) -> str | None:
        """The name of its split, as in ``instances_val2017.json`` or the folder ``train``; None if there is none."""
        path = PurePosixPath(self.name)
        found = _TASK.fullmatch(path.stem)
        return path.parent.name if path.parent.name in SPLITS else None if found is None else found[1]

    def image_row(self, number: int) -> Row:
        """Return an image as it is written."""
        row: Row = decoded(self._image_rows[number])
        return row

    def row(self, number: int) -> Row:
        """Return an annotation as it is written."""
        row: Row = decoded(self._annotation_rows[number])
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
    def _image_rows(self) -> list[Raw]:
        return msgspec.json.decode(self._document.images, type=list[Raw] | None) or []

    @cached_property
    def _annotation_rows(self) -> list[Raw]:
        return msgspec.json.decode(self._document.annotations, type=list[Raw] | None) or []


def decoded(raw: Raw) -> Any:
    """Return the value of a part of the file."""
    return msgspec.json.decode(raw)


def _document(data: bytes, name: str) -> _Document:
    data = data.removeprefix(b"\xef\xbb\xbf")
    try:
        if not data.isascii():
            data.decode()
        try:
            return msgspec.json.decode(data, type=_Document)
        except msgspec.ValidationError as error:
            raise SourceError(
                f"`{name}` is not COCO: it must be an object with `images`, `annotations` and `categories`"
            ) from error
        except msgspec.DecodeError:  # perhaps it has numbers that only Python writes; a shape with one is reported
            return msgspec.json.decode(msgspec.json.encode(json.loads(data, parse_constant=str)), type=_Document)
    except UnicodeDecodeError as error:
        raise SourceError(f"`{name}` is not UTF-8 (at byte {error.start + 1}): save it as UTF-8") from error
    except json.JSONDecodeError as error:
        what = "truncated" if error.pos >= len(data.rstrip()) - 1 or "Unterminated" in error.msg else "not JSON"
        place = f"line {error.lineno}, column {error.colno}"
        raise SourceError(f"`{name}` is {what}: {error.msg.lower()} (at {place})") from error
    except (RecursionError, ValueError, TypeError) as error:
        raise SourceError(f"`{name}` is not COCO: {error}") from error


def _rows(raw: Raw, kind: type[_T], what: str) -> list[_T | None]:
    """Decode the rows of a list, most often at once; those that are no objects become None."""
    try:
        return list(msgspec.json.decode(raw, type=list[kind] | None) or ())  # type: ignore[valid-type]
    except msgspec.MsgspecError:
        return list(_rows_one_by_one(raw, kind, what))


def _rows_one_by_one(raw: Raw, kind: type[_T], what: str) -> Iterator[_T | None]:
    if not isinstance(decoded(raw), list):
        raise SourceError(f"{what} must be a list")
    for one in msgspec.json.decode(raw, type=list[Raw]):
        try:
            yield msgspec.json.decode(one, type=kind)
        except msgspec.MsgspecError:
            yield None


def _categories(raw: Raw, name: str) -> list[Row]:
    value = decoded(raw)
    if not isinstance(value, list | None):
        raise SourceError(f"`categories` of `{name}` must be a list")
    for index, one in enumerate(value or ()):
        if not isinstance(one, dict) or not isinstance(one.get("id"), int | str):
            raise SourceError(f"`categories[{index}]` of `{name}` must be an object with `id` and `name`")
    return value or []


def _title(raw: Raw) -> str:
    info = decoded(raw)
    found = info.get("description") if isinstance(info, dict) else None
    return found if isinstance(found, str) else ""
