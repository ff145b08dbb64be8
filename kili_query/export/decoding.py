"""From the JSON of an asset and its labels to what a format is given."""

from collections.abc import Iterator, Mapping
from typing import TypeGuard

from kili_query.counting import REPEATED_FRAME, Rules, is_frame_key, is_video, repeated_frame
from kili_query.counting.conversations import holds_answers
from kili_query.counting.label import content_of
from kili_query.errors import MalformedLabelError
from kili_query.export.asset import CONTENT, Frame, Label
from kili_query.export.project import Project
from kili_query.export.text_jobs import read_jobs
from kili_query.labels.frames import ASSET_LEVEL
from kili_query.labels.geometry import Size

ROTATION_JOB = "ROTATION_JOB"
_ROTATIONS_DEGREES = (0, 90, 180, 270)
_MAX_FRAME_DIGITS = 9
_MAX_PIXELS = 2**31


def label_name(label: Mapping[str, object], number: int) -> str:
    """What messages call a label: its id, or its number among the asset's."""
    return str(label.get("id") or number).encode("utf-8", "backslashreplace").decode()  # as a terminal can show it


def label_of(document: dict[str, object], project: Project, name: str) -> Label:
    """The label of a document.

    Raises:
        UnknownContentError: it has no content.
        MalformedLabelError: the content has the wrong shape.
    """
    content = _content(document)
    is_of_frames = _is_video(content, project)
    frames = _frames(content) if is_of_frames else (Frame(None, content, CONTENT),)
    beside = tuple(_beside_frames(content)) if is_of_frames else ()
    rotation = 0 if is_of_frames or project.input_type == "GEOSPATIAL" else _rotation(content)
    return Label(document, content, frames, name, beside_frames=beside, rotation_degrees=rotation)


def _content(document: dict[str, object]) -> Mapping[str, object]:
    given = document.get(CONTENT)
    jobs = read_jobs(given) if isinstance(given, str) else None
    if jobs is not None and not holds_answers(document):
        return jobs
    content = content_of(document, CONTENT)
    if not isinstance(content, dict):
        raise MalformedLabelError("the content of the label is no object", CONTENT)
    return content


def _is_video(response: Mapping[str, object], project: Project) -> bool:
    """Whether the root keys are frames; in old video projects there are labels without any."""
    if not (project.is_video if project.input_type else is_video(response, Rules())):
        return False
    return not response or any(is_frame_key(key) or key == ASSET_LEVEL for key in response)


def _frames(response: Mapping[str, object]) -> tuple[Frame, ...]:
    if (repeated := repeated_frame(response)) is not None:
        raise MalformedLabelError(REPEATED_FRAME, f'{CONTENT}["{repeated}"]')
    frames = []
    for key, value in response.items():
        if not is_frame_key(key):
            continue
        path = f'{CONTENT}["{key}"]'
        if len(key.lstrip("0")) > _MAX_FRAME_DIGITS:
            raise MalformedLabelError(f"the number of a frame has more than {_MAX_FRAME_DIGITS} digits", path[:80])
        if value is not None and not isinstance(value, Mapping):
            raise MalformedLabelError("a frame is no object", path)
        frames.append(Frame(int(key), value or {}, path))
    return tuple(sorted(frames, key=lambda frame: frame.number or 0))


def _beside_frames(response: Mapping[str, object]) -> Iterator[Frame]:
    """What a video tells of no frame: at its root, and for the asset as a whole."""
    if root := {key: value for key, value in response.items() if not is_frame_key(key) and key != ASSET_LEVEL}:
        yield Frame(None, root, CONTENT)
    level = response.get(ASSET_LEVEL)
    if isinstance(level, Mapping):
        yield Frame(None, level, f"{CONTENT}.{ASSET_LEVEL}")


def _rotation(response: Mapping[str, object]) -> int:
    if ROTATION_JOB not in response:
        return 0
    told = response[ROTATION_JOB]
    rotation = told.get("rotation") if isinstance(told, Mapping) else told
    if rotation is None:
        return 0
    if isinstance(rotation, bool) or rotation not in _ROTATIONS_DEGREES:
        raise MalformedLabelError("a rotation is 0, 90, 180 or 270", f"{CONTENT}.{ROTATION_JOB}")
    return int(str(rotation).partition(".")[0])


def size_of(asset: Mapping[str, object]) -> Size | None:
    """The size that an asset says it has.

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
