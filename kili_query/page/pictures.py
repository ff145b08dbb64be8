"""The picture of a label: its image, if that is at hand, and its shapes as fractions of width and height."""

from collections.abc import Iterator, Mapping, Sequence
from math import isfinite
from pathlib import Path
from typing import Any, assert_never

from attrs import frozen

from kili_query.errors import LabelError
from kili_query.labels.drawn import Drawing, DrawnShape, drawn_of, shown_name
from kili_query.labels.frame_rate import frames_per_second
from kili_query.labels.geometry import Box, Line, Marker, Point, Pose, Region, Shape
from kili_query.page.names import hex_of
from kili_query.page.source import PageSource
from kili_query.page.texts import marked_text
from kili_query.wording import shortened

Json = dict[str, Any]


@frozen
class Detailing:
    """How much of a label a picture shows.

    Attributes:
        points: how many points its shapes may have together.
        digits: of each coordinate.
        characters: of a text.
    """

    points: int
    digits: int
    characters: int


SMALL, BIG = Detailing(1_500, 4, 600), Detailing(50_000, 6, 100_000)
"""A thumbnail, and the whole picture."""

_NO_RATE = (
    "The video is not shown, because the time of a frame is not known: its asset does not say at how many frames per "
    "second it was labeled."
)

_KINDS = {"IMAGE": "image", "VIDEO": "video", "VIDEO_LEGACY": "video", "TEXT": "text", "PDF": "document"}


def picture_of(
    label: Mapping[str, Any], number: int, source: PageSource, detail: Detailing, view: int | None = None
) -> Json:
    """Return the picture of a label.

    Args:
        label: the label, with its content.
        number: of the label.
        source: the labels.
        detail: how much to show.
        view: the frame or page; by default the one with most shapes.
    """
    try:
        drawing = drawn_of(label, ontology=source.ontology, view=view)
    except LabelError:
        drawing = Drawing((), None, (), ())
    asset = asset_of(label, source)
    text = marked_text(label, asset, source, detail.characters)
    kind = _kind(drawing, text, source)
    width, height = _size(asset)
    shapes, is_cut = _shapes(drawing.shapes, source, detail)
    has_image = kind in ("image", "none") and source.images.find(asset) is not None
    time_s, why_blank = None, None
    if detail is BIG and kind == "video":
        time_s, why_blank = _moment(asset, drawing.view, source)
    elif detail is BIG and not has_image:
        why_blank = _why_blank(kind, source)
    if kind == "none" and not has_image and detail is SMALL and drawing.lines:  # a big picture has them below it
        text = {"text": shortened("\n".join(drawing.lines), detail.characters), "spans": []}
    return {
        "kind": "image" if has_image else kind,
        "url": f"media/{number}" if has_image or time_s is not None else None,
        "time": time_s,
        "why_blank": why_blank,
        "width": width,
        "height": height,
        "shapes": shapes,
        "text": text,
        "frames": list(drawing.views) if kind in ("video", "document") else None,
        "frame": drawing.view,
        "cut": is_cut,
    }


def asset_of(label: Mapping[str, Any], source: PageSource) -> Mapping[str, object]:
    """Return what is known of the asset of a label."""
    owner = label.get("labelOf")
    told = dict(owner) if isinstance(owner, Mapping) else {}
    beside = {key: label[key] for key in ("externalId", "content") if isinstance(label.get(key), str)}
    asset_id = told.get("id", label.get("assetId"))
    known = source.assets.get(asset_id, {}) if isinstance(asset_id, str) else {}
    return {**beside, **known, **{key: value for key, value in told.items() if value is not None}}


def video_of(source: PageSource, number: int) -> tuple[str, Path] | None:
    """Return the type of the video of a label and its file; None if it is not at hand."""
    if number >= source.n_labels:
        return None
    (label,) = source.facts([number])
    name = source.images.find(asset_of(label, source))
    return None if name is None else source.images.video(name)


def _moment(
    asset: Mapping[str, object], frame: int | None, source: PageSource
) -> tuple[float, None] | tuple[None, str | None]:
    """Return the time in seconds at which the video of an asset shows a frame, or why it cannot be shown.

    Frames are numbered after the service has resampled the video. The middle of a frame is the moment of the video's
    own frame that resampling chose for it.
    """
    name = source.images.find(asset)
    if name is None or source.images.video(name) is None:
        return None, "The video is not shown: it is not among the files that were opened."
    try:
        rate = frames_per_second(asset)
    except ValueError as error:
        return None, f"The video is not shown: {error}."
    if rate is None:
        return None, _NO_RATE
    return (None, None) if frame is None else ((frame + 0.5) / rate, None)


def _why_blank(kind: str, source: PageSource) -> str | None:
    if kind == "document":
        return "The page itself is not shown, only what is drawn on it."
    if kind != "image":
        return None
    if source.input_type == "GEOSPATIAL":
        return "The map is not shown, only what is drawn on it, north at the top."
    return "The image is not shown: it is not among the files that were opened."


def image_of(source: PageSource, number: int) -> tuple[str, bytes] | None:
    """Return the type of the image of a label and what it holds; None if it is not at hand."""
    if number >= source.n_labels:
        return None
    (label,) = source.facts([number])
    name = source.images.find(asset_of(label, source))
    return None if name is None else source.images.read(name)


def _kind(drawing: Drawing, text: Json | None, source: PageSource) -> str:
    known = _KINDS.get((source.input_type or "").upper())
    if known is not None:
        return known
    if text is not None:
        return "text"
    if drawing.views:
        return "video"
    return "image" if drawing.shapes else "none"


def _size(asset: Mapping[str, object]) -> tuple[int | None, int | None]:
    found = asset.get("resolution")
    sides = [found.get("width"), found.get("height")] if isinstance(found, Mapping) else []
    whole = [int(side) for side in sides if isinstance(side, int | float) and isfinite(side) and 1 <= side < 2**31]
    return (whole[0], whole[1]) if len(whole) == 2 else (None, None)


def _shapes(drawn: Sequence[DrawnShape], source: PageSource, detail: Detailing) -> tuple[list[Json], bool]:
    shapes: list[Json] = []
    left = detail.points
    for one in drawn:
        for rings, kind in _parts(one.shape):
            left -= sum(map(len, rings))
            if left < 0:
                return shapes, True
            points = [[[round(x, detail.digits), round(y, detail.digits)] for x, y in ring] for ring in rings]
            if all(isfinite(value) for ring in points for point in ring for value in point):
                shapes.append(
                    {
                        "kind": kind,
                        "name": shown_name(one.job, one.category, source.ontology),
                        "color": hex_of(one.job, one.category, source.ontology),
                        "rings": points,
                    }
                )
    return shapes, False


def _parts(shape: Shape) -> Iterator[tuple[Sequence[Sequence[Point]], str]]:
    match shape:
        case Box(corners):
            yield [corners], "box"
        case Region(found):
            yield from ((list(part.rings), "polygon") for part in found)
        case Line(points):
            yield [points], "line"
        case Marker(point):
            yield [[point]], "point"
        case Pose(points):
            yield [[one.point] for one in points], "pose"
        case _:
            assert_never(shape)
