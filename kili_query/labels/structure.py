"""Read the structure of a label that exports and pictures share: its frames, rotation, annotations and categories.

`null` is read as a missing key. Anything else of the wrong shape is malformed, and the error names its path.
"""

from collections.abc import Iterable, Mapping

from attrs import frozen

from kili_query.counting import REPEATED_FRAME, Rules, is_frame_key, repeated_frame
from kili_query.counting import is_video as looks_like_video
from kili_query.counting.label import CONTENT
from kili_query.errors import MalformedLabelError
from kili_query.labels.json_values import path_text
from kili_query.ontology.job import METADATA_JOBS

ASSET_LEVEL = "assetLevel"
"""The key beside the frames that holds the answers about the whole video."""

_LEVEL_PATH = f"{CONTENT}.{ASSET_LEVEL}"
_ROTATION_JOB = "ROTATION_JOB"
_ROTATIONS_DEGREES = (0, 90, 180, 270)
_MAX_FRAME_DIGITS = 9


@frozen
class Frame:
    """The jobs of one frame, or of a whole asset that is not a video.

    Attributes:
        number: from 0; None for an asset that is not a video.
        jobs: job name to job response; any mapping, which may decode a response when it is asked for.
        path: where in the label, as a JSON path.
    """

    number: int | None
    jobs: Mapping[str, object]
    path: str


def is_framed(response: Mapping[str, object], *, is_video: bool | None) -> bool:
    """Whether the keys of a response are frames and not jobs.

    Args:
        response: the content of a label.
        is_video: whether the assets are videos; None where the response itself has to show it.

    Older projects have videos whose answers are not given by frame: there is no number among their keys.
    """
    if is_video is None:
        return looks_like_video(response, Rules())
    keys = [key for key in response if key not in METADATA_JOBS] if is_video else []
    return is_video and (not keys or any(is_frame_key(key) or key == ASSET_LEVEL for key in keys))


def frame_keys(response: Iterable[str]) -> list[str]:
    """Return the keys that are frames, sorted by number.

    Raises:
        MalformedLabelError: a frame is there twice, as under "7" and "007", or its number is too long.
    """
    if (repeated := repeated_frame(response)) is not None:
        raise MalformedLabelError(REPEATED_FRAME, path_text([CONTENT, repeated]))
    keys = list(filter(is_frame_key, response))
    for key in keys:
        if len(key) > _MAX_FRAME_DIGITS and len(key.lstrip("0")) > _MAX_FRAME_DIGITS:
            message = f"the number of a frame has more than {_MAX_FRAME_DIGITS} digits"
            raise MalformedLabelError(message, f'{CONTENT}["{key}"]'[:80])
    return sorted(keys, key=int)


def frames_of(response: Mapping[str, object]) -> tuple[Frame, ...]:
    """Return the frames of a video, sorted by number."""
    return tuple(_frame(key, response[key]) for key in frame_keys(response))


def _frame(key: str, jobs: object) -> Frame:
    path = f'{CONTENT}["{key}"]'
    if jobs is not None and not isinstance(jobs, Mapping):
        raise MalformedLabelError("a frame must be an object", path)
    return Frame(int(key), jobs or {}, path)


def outside_frames(response: Mapping[str, object]) -> dict[str, object]:
    """Return the jobs at the root of a video."""
    return {key: value for key, value in response.items() if not is_frame_key(key) and key != ASSET_LEVEL}


def beside_frames(response: Mapping[str, object]) -> tuple[Frame, ...]:
    """Return the answers of a video that belong to no frame: those at its root, and those about the whole asset."""
    root = outside_frames(response)
    level = response.get(ASSET_LEVEL)
    found = (Frame(None, root, CONTENT), Frame(None, level if isinstance(level, Mapping) else {}, _LEVEL_PATH))
    return tuple(frame for frame in found if frame.jobs)


def rotation_of(response: Mapping[str, object]) -> int:
    """Return how far the image was turned clockwise when it was labeled, in degrees."""
    told = response.get(_ROTATION_JOB)
    rotation = told.get("rotation") if isinstance(told, Mapping) else told
    if rotation is None:
        return 0
    if isinstance(rotation, bool) or rotation not in _ROTATIONS_DEGREES:
        raise MalformedLabelError("a rotation must be 0, 90, 180 or 270", f"{CONTENT}.{_ROTATION_JOB}")
    return int(str(rotation).partition(".")[0])


def annotations_of(payload: object, path: str) -> list[object]:
    """Return the annotations of a job response that stands at a path."""
    if payload is None:
        return []
    if not isinstance(payload, Mapping):
        raise MalformedLabelError("a job response must be an object", path)
    listed = payload.get("annotations")
    if listed is None:
        return []
    if not isinstance(listed, list | tuple):
        raise MalformedLabelError("`annotations` must be a list", f"{path}.annotations")
    return list(listed)


def first_category(annotation: object, path: str) -> str:
    """Return the name of the first category of an annotation that stands at a path."""
    if not isinstance(annotation, Mapping):
        raise MalformedLabelError("an annotation must be an object", path)
    listed = annotation.get("categories")
    if not isinstance(listed, list | tuple) or not listed:
        raise MalformedLabelError("an annotation without a category", f"{path}.categories")
    name = listed[0].get("name") if isinstance(listed[0], Mapping) else None
    if not isinstance(name, str):
        raise MalformedLabelError("a category without a name", f"{path}.categories[0].name")
    return name
