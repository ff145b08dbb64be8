"""The format ``kili``, also called ``raw``: one JSON document for each asset, unchanged from the service.

Nothing is lost: all fields of assets and labels are written, even unknown ones. Keys are sorted, and frames by number.
``normalized_coordinates=False`` adds pixels beside fractions, in the image as the labeler saw it.
"""

import json
import math
from collections.abc import Iterable, Mapping
from typing import IO, TypeAlias

from attrs import evolve

from kili_query.counting.label import CONTENT
from kili_query.errors import MalformedLabelError
from kili_query.export.asset import Asset, ExportedLabel
from kili_query.export.context import Export
from kili_query.export.errors import NotCompatibleInputType
from kili_query.export.format import Entry, Format
from kili_query.export.formats.json_text import encode_sorted, spread
from kili_query.export.formats.pixels import with_pixels
from kili_query.export.options import place_of_labels

_INPUT_TYPES_WITH_PIXELS = ("IMAGE", "VIDEO", "PDF")


def dump(value: object, indent: int | None = None, *, sort_keys: bool = False) -> str:
    """Write strict JSON in ASCII.

    Raises:
        MalformedLabelError: JSON cannot hold a number, a key or a value.
    """
    try:
        text = json.dumps(value, allow_nan=False, sort_keys=sort_keys)
        return text if indent is None else spread(text, indent)
    except (ValueError, TypeError, RecursionError) as error:
        number, path = _infinite(value) or (None, "")
        reason = str(error).lower() if number is None else f"that has no number `{number}`"
        raise MalformedLabelError(f"cannot be written as JSON: {reason}", path) from error


_Trail: TypeAlias = "tuple[_Trail, str] | None"
"""The steps to a value, the last one first: paths of values that are nested deeply would take too long to write."""


def _infinite(value: object) -> tuple[float, str] | None:
    """Return the first number that is not finite, and its path."""
    pending: list[tuple[object, _Trail]] = [(value, None)]
    seen = set()
    while pending:
        one, trail = pending.pop()
        if isinstance(one, float) and not math.isfinite(one):
            return one, _path(trail)
        if id(one) in seen or not isinstance(one, Mapping | list | tuple):
            continue
        seen.add(id(one))  # so that the search ends if a value contains itself
        if isinstance(one, Mapping):
            inner = [(held, (trail, f".{key}")) for key, held in one.items()]
        else:
            inner = [(held, (trail, f"[{index}]")) for index, held in enumerate(one)]
        pending += reversed(inner)
    return None


def _path(trail: _Trail) -> str:
    steps = []
    while trail is not None:
        trail, step = trail
        steps.append(step)
    return "".join(reversed(steps)).removeprefix(".")


class KiliWriter:
    """Writes documents, each to its own file or all to one list."""

    def __init__(self, export: Export) -> None:
        project, options = export.project, export.options
        self._export = export
        self._in_pixels = options.normalized_coordinates is False
        has_pixels = project.input_type in _INPUT_TYPES_WITH_PIXELS or project.is_labeled_in_pixels
        if self._in_pixels and not has_pixels:
            message = f"there are no pixels in a project of type {project.input_type or 'unknown'}"
            raise NotCompatibleInputType(f"{message}: leave out `normalized_coordinates=False`")
        self._list: IO[bytes] | None = export.spool() if options.single_file else None

    def asset(self, asset: Asset) -> Iterable[Entry]:
        data = self._data(asset)
        if self._list is None:
            return [Entry(f"labels/{asset.stem}.json", data)]
        before = b"[\n    " if self._list.tell() == 0 else b",\n    "
        self._list.write(before + data.replace(b"\n", b"\n    "))
        return []

    def close(self) -> Iterable[Entry]:
        if self._list is None:
            return []
        self._list.write(b"[]" if self._list.tell() == 0 else b"\n]")
        self._list.seek(0)
        return [Entry("data.json", self._list)]

    def _data(self, asset: Asset) -> bytes:
        document = self._document(asset)
        if any(frame.number is not None for label in asset.labels for frame in label.frames):
            return dump(_ordered(document), 4).encode()
        fast = encode_sorted(document, 4, nulls=_nulls(document)) if self._export.is_json else None
        return fast or dump(document, 4, sort_keys=True).encode()

    def _document(self, asset: Asset) -> dict[str, object]:
        labels = [self._label(asset, label) for label in asset.labels]
        document = {**asset.document, **_media(asset)}
        place = place_of_labels(self._export.options.export_type)
        if place == "latestLabel" and len(labels) == 1:
            return {**document, place: labels[0]}
        return {**document, "latestLabels" if place == "latestLabel" else place: labels}

    def _label(self, asset: Asset, label: ExportedLabel) -> dict[str, object]:
        document = dict(label.document)
        if self._in_pixels:
            document[CONTENT] = with_pixels(label, asset, self._export.project)
        author = document.get("author")
        if isinstance(author, Mapping):
            names = [author[key] for key in ("firstname", "lastname") if isinstance(author.get(key), str)]
            document["author"] = {**author, **({"name": " ".join(names)} if names else {})}
        return document


def _nulls(document: Mapping[str, object]) -> int:
    """Count the nulls of a document outside contents, which rarely have any."""
    count = 0
    for key, value in document.items():
        if value is None:
            count += 1
        elif isinstance(value, dict) and key != CONTENT:
            count += _nulls(value)
        elif isinstance(value, list):
            count += sum(_nulls(one) for one in value if isinstance(one, dict))
    return count


def _media(asset: Asset) -> dict[str, object]:
    """Return the fields of an asset that name its media in the archive."""
    frames = [one.path for one in asset.media if one.frame is not None]
    content = asset.media_path()
    return {
        **({"content": content} if content is not None else {}),
        **({"jsonContent": frames} if frames and content is None else {}),
    }


def _ordered(value: object) -> object:
    """Return the value with sorted keys; numeric keys come first, by value."""
    if isinstance(value, Mapping):
        return {key: _ordered(value[key]) for key in sorted(value, key=_rank)}
    return [_ordered(one) for one in value] if isinstance(value, list | tuple) else value


def _rank(key: object) -> tuple[bool, int, str]:
    text = str(key)
    is_number = text.isascii() and text.isdigit() and len(text) < 20
    return not is_number, int(text) if is_number else 0, text


def _stem(name: str) -> str:
    return name.replace(" ", "_")


KILI = Format(
    name="kili",
    open=KiliWriter,
    stem=_stem,
    media_folder="assets",
    has_single_file=True,
    has_geotiffs=True,
    has_layouts=False,
    has_all_jobs=True,
)

RAW = evolve(KILI, name="raw")
"""The official client's other name for ``kili``."""
