"""Decode the JSON of an asset and its labels for a format."""

from collections.abc import Mapping
from typing import TypeGuard

from kili_query.counting.conversations import holds_answers
from kili_query.counting.label import content_of
from kili_query.errors import MalformedLabelError
from kili_query.export.asset import ExportedLabel
from kili_query.export.project import Project
from kili_query.export.text_jobs import read_jobs
from kili_query.labels.geometry import Size
from kili_query.labels.structure import CONTENT, Frame, beside_frames, frames_of, is_framed, rotation_of

_MAX_PIXELS = 2**31


def label_name(label: Mapping[str, object], number: int) -> str:
    """Return the name of a label in messages: its id, or its number among the asset's labels."""
    return str(label.get("id") or number).encode("utf-8", "backslashreplace").decode()  # so that a terminal can show it


def label_of(document: dict[str, object], project: Project, name: str) -> ExportedLabel:
    """Return the label of a document.

    Raises:
        UnknownContentError: it has no content.
        MalformedLabelError: the content is malformed.
    """
    content = _content(document)
    if is_framed(content, is_video=project.is_video if project.input_type else None):
        return ExportedLabel(document, content, frames_of(content), name, beside_frames=beside_frames(content))
    rotation = 0 if project.input_type == "GEOSPATIAL" else rotation_of(content)
    return ExportedLabel(document, content, (Frame(None, content, CONTENT),), name, rotation_degrees=rotation)


def _content(document: dict[str, object]) -> Mapping[str, object]:
    given = document.get(CONTENT)
    jobs = read_jobs(given) if isinstance(given, str) else None
    if jobs is not None and not holds_answers(document):
        return jobs
    content = content_of(document, CONTENT)
    if not isinstance(content, dict):
        raise MalformedLabelError("the content of the label must be an object", CONTENT)
    return content


def size_of(asset: Mapping[str, object]) -> Size | None:
    """Return the size in an asset's `resolution`.

    >>> size_of({"resolution": {"width": 200, "height": 100}}), size_of({"resolution": None})
    (Size(width_px=200, height_px=100), None)
    """
    told = asset.get("resolution")
    if not isinstance(told, Mapping):
        return None
    width, height = told.get("width"), told.get("height")
    return Size(int(width), int(height)) if _is_length(width) and _is_length(height) else None


def _is_length(value: object) -> TypeGuard[float]:
    return isinstance(value, int | float) and not isinstance(value, bool) and 1 <= value < _MAX_PIXELS
