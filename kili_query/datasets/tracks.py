"""Objects of a video between their key frames."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from attrs import frozen

from kili_query.datasets.vocabulary import Answer
from kili_query.errors import MalformedLabelError

MAX_FRAMES = 1 << 20
"""The most frames of one object: 11 hours at 25 frames a second."""


@frozen
class TrackPoint:
    """An object in one frame, as the source writes it.

    Attributes:
        frame: its number, from 0.
        numbers: what is interpolated, such as the edges of a box.
        content: whatever else the source says about it; it holds until the next one.
        is_key: whether it is a key frame.
        is_shown: whether the object is there in this frame.
        goes_on: whether it is there in the frames until the next one.
        is_blended: whether the numbers change evenly until the next one; otherwise they stay.
    """

    frame: int
    numbers: Sequence[float]
    content: Mapping[str, Any]
    is_key: bool = True
    is_shown: bool = True
    goes_on: bool = True
    is_blended: bool = True


class Moment(NamedTuple):
    """An object in one frame in which it is there.

    Attributes:
        point: the one that the source writes, for this frame or an earlier one.
    """

    frame: int
    numbers: Sequence[float]
    point: TrackPoint
    is_key: bool


def moments(points: Sequence[TrackPoint], last_frame: int, step: int = 1) -> Iterator[Moment]:
    """Return an object in all frames in which it is there.

    Args:
        points: by frame, each frame once.
        last_frame: in which an object is there that does not end before.
        step: how many frames there are from one labeled frame to the next.

    Raises:
        MalformedLabelError: there are too many frames.

    >>> points = [TrackPoint(0, [0.0], {}), TrackPoint(2, [4.0], {}, goes_on=False)]
    >>> [(one.frame, one.numbers[0], one.is_key) for one in moments(points, 9)]
    [(0, 0.0, True), (1, 2.0, False), (2, 4.0, True)]
    >>> list(moments([], 9))
    []
    """
    if points and max(last_frame, points[-1].frame) - points[0].frame > MAX_FRAMES:
        raise MalformedLabelError(f"an object in more than {MAX_FRAMES} frames")
    for index, point in enumerate(points):
        after = points[index + 1] if index + 1 < len(points) else None
        if point.is_shown:
            yield Moment(point.frame, point.numbers, point, point.is_key)
        end = last_frame + 1 if after is None else after.frame
        if point.goes_on:
            for frame in range(point.frame + step, end, step):
                yield Moment(frame, _between(point, after, frame), point, False)


def _between(point: TrackPoint, after: TrackPoint | None, frame: int) -> Sequence[float]:
    if after is None or not point.is_blended or len(point.numbers) != len(after.numbers):
        return point.numbers
    share = (frame - point.frame) / (after.frame - point.frame)
    return [a + (b - a) * share for a, b in zip(point.numbers, after.numbers, strict=True)]


def in_frame(frames: dict[int, dict[str, Answer]], frame: int, job: str) -> Answer:
    """Return the answer of a job in a frame, which is made if it is not there."""
    return frames.setdefault(frame, {}).setdefault(job, {})


def content_of_frames(frames: Mapping[int, Mapping[str, Answer]]) -> dict[str, Any]:
    """Return the content of a video, by the numbers of its frames as labels write them."""
    return {str(frame): dict(frames[frame]) for frame in sorted(frames)}
