"""The shapes of CVAT, in images and in tracks: their numbers, which tracks interpolate, and what they become."""

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from kili_query.datasets import drawing
from kili_query.datasets.drawing import Position, Shape, number
from kili_query.datasets.vocabulary import KnownCategory
from kili_query.errors import MalformedLabelError
from kili_query.extras import load


class Element(Protocol):
    """An element of XML."""

    tag: str
    attrib: dict[str, str]
    text: str | None

    def iterfind(self, path: str) -> Any: ...


_NUMBERS = {
    "box": ("xtl", "ytl", "xbr", "ybr"),
    "ellipse": ("cx", "cy", "rx", "ry"),
    "cuboid": tuple(f"{axis}{corner}{face}" for face in "12" for corner in ("tl", "bl", "tr", "br") for axis in "xy"),
    "mask": (),
}
_POINTS = ("polygon", "polyline", "points")
_BLENDED = ("box", "ellipse", "cuboid", "points", "skeleton")

TOOLS: Mapping[str, str] = {
    "box": "rectangle",
    "polygon": "polygon",
    "polyline": "polyline",
    "points": "marker",
    "ellipse": "polygon",
    "mask": "semantic",
    "cuboid": "polygon",
    "skeleton": "pose",
}
"""The tool of each kind of shape."""

FIELDS = frozenset(
    {"label", "points", "rle", "left", "top", "width", "height", "frame", "keyframe", "outside"}
    | {name for names in _NUMBERS.values() for name in names}
)
"""The attributes of shapes that have a counterpart."""


def is_blended(shape: Element) -> bool:
    """Whether a shape changes evenly between key frames; other shapes stay as they are."""
    return shape.tag in _BLENDED


def numbers_of(shape: Element, path: str) -> list[float]:
    """Return the numbers that say where a shape is, in pixels.

    Raises:
        MalformedLabelError: one of them is missing, or is not a number.
    """
    if shape.tag == "skeleton":
        return [one for point in shape.iterfind("points") for one in _positions(point, path)]
    if shape.tag in _POINTS:
        return _positions(shape, path)
    found = [number(shape.attrib.get(name), f"{path}/@{name}") for name in _NUMBERS[shape.tag]]
    if shape.tag in ("box", "ellipse"):
        found.append(number(shape.attrib.get("rotation", 0), f"{path}/@rotation"))
    return found


def shapes_of(
    shape: Element, numbers: Sequence[float], size: Position, path: str, category: KnownCategory, mid: str
) -> tuple[list[Shape], dict[str, Any]]:
    """Return the shape of an annotation, several for an object of several points, and what is kept of it.

    Raises:
        MalformedLabelError: it cannot be drawn.
    """
    points = list(zip(numbers[::2], numbers[1::2], strict=False))
    match shape.tag:
        case "box":
            *box, degrees = numbers
            left, top, right, bottom = box
            if not degrees:
                return [drawing.rectangle(left, top, right, bottom, size)], {}
            center = (left + right) / 2, (top + bottom) / 2
            return [drawing.turned_rectangle(left, top, right, bottom, degrees, center, size)], {"rotation": degrees}
        case "ellipse":
            x, y, radius_x, radius_y, degrees = numbers
            kept = {"cx": x, "cy": y, "rx": radius_x, "ry": radius_y} | ({"rotation": degrees} if degrees else {})
            return [drawing.ellipse((x, y), radius_x, radius_y, degrees, size)], kept
        case "polygon":
            return [drawing.polygon(points, size)], {}
        case "polyline":
            return [drawing.polyline(points, size)], {}
        case "points":
            return [drawing.marker(point, size) for point in points], {}
        case "cuboid":
            return [drawing.polygon(drawing.hull(points), size)], {"corners": [list(one) for one in points]}
        case "skeleton":
            return _pose(shape, points, size, category, mid)
    return [drawing.semantic(_outlines(shape, path), size)], {}


def _pose(
    shape: Element, points: Sequence[Position], size: Position, category: KnownCategory, mid: str
) -> tuple[list[Shape], dict[str, Any]]:
    drawn, hidden = [], []
    for point, position in zip(shape.iterfind("points"), points, strict=True):
        code = category.point(point.attrib.get("label", "point"))
        if point.attrib.get("outside") == "1":
            hidden.append({**point.attrib})
            continue
        one = drawing.pose_point(code, f"{mid}-{code}", position, size)
        kept = {"occluded": "1"} if point.attrib.get("occluded") == "1" else {}
        kept |= {str(one.get("name")): one.text for one in point.iterfind("attribute")}
        drawn.append({**one, "source": kept} if kept else one)
    return [{"type": "pose", "points": drawn}], {"outside": hidden} if hidden else {}


def _outlines(shape: Element, path: str) -> Sequence[Sequence[Sequence[Position]]]:
    masks = load("kili_query.datasets.masks", "masks of CVAT", "masks")
    runs = [int(number(one, f"{path}/@rle")) for one in shape.attrib.get("rle", "").split(",")]
    left, top, width, height = (
        int(number(shape.attrib.get(name), f"{path}/@{name}")) for name in ("left", "top", "width", "height")
    )
    try:
        found: Sequence[Sequence[Sequence[Position]]] = masks.outlines(
            masks.mask_of_rows(runs, (left, top, width, height))
        )
    except MalformedLabelError as error:
        raise MalformedLabelError(error.message, f"{path}/@rle") from error
    return found


def _positions(shape: Element, path: str) -> list[float]:
    listed = [one.split(",") for one in shape.attrib.get("points", "").split(";")]
    if any(len(one) != 2 for one in listed):
        raise MalformedLabelError("must be pairs of numbers, as `1.5,2;3,4`", f"{path}/@points")
    return [number(part, f"{path}/@points") for one in listed for part in one]
