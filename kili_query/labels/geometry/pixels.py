"""Points and boxes between a user's coordinates and the vertices of annotations.

A user's point is ``{"x", "y"}``: in pixels when the size of the image is given, else in fractions; counted from the
bottom left (``y`` up) unless ``origin_location="top_left"``. A vertex is in fractions, 0 to 1, from the top left.
"""

from collections.abc import Mapping, Sequence
from typing import Literal, TypeAlias, TypedDict

OriginLocation: TypeAlias = Literal["top_left", "bottom_left"]


class Vertex(TypedDict):
    """A point, as JSON holds it."""

    x: float
    y: float


class BoxPoints(TypedDict):
    """The corners of a box."""

    bottom_left: Vertex
    bottom_right: Vertex
    top_right: Vertex
    top_left: Vertex


_Point: TypeAlias = Mapping[str, float] | Vertex


def point_to_normalized_point(
    point: _Point,
    img_width: float | None = None,
    img_height: float | None = None,
    origin_location: OriginLocation = "bottom_left",
) -> Vertex:
    """Convert a user's point to a vertex.

    Args:
        point: in pixels when the size is given, else in fractions.
        img_width: of the image, in pixels; both or none.
        img_height: of the image, in pixels; both or none.
        origin_location: the corner from which the point is counted.

    Returns:
        In fractions, from the top left.

    Raises:
        ValueError: it lies outside the image, or one of width and height is missing, or is 0 or less.

    >>> point_to_normalized_point({"x": 5, "y": 40}, img_width=100, img_height=50)
    {'x': 0.05, 'y': 0.19999999999999996}
    """
    width, height = _size(img_width, img_height)
    x, y = point["x"] / width, point["y"] / height
    vertex = Vertex(x=x, y=_turned(y, origin_location))
    if not (0 <= vertex["x"] <= 1 and 0 <= vertex["y"] <= 1):
        raise ValueError(f"the point ({point['x']}, {point['y']}) lies outside the image")
    return vertex


def normalized_point_to_point(
    point: _Point,
    img_width: float | None = None,
    img_height: float | None = None,
    origin_location: OriginLocation = "bottom_left",
) -> Vertex:
    """Convert a vertex to a user's point; the inverse of `point_to_normalized_point`.

    Args:
        point: in fractions, from the top left; other keys are dropped, and it may lie outside the image.
        img_width: of the image, in pixels; both or none.
        img_height: of the image, in pixels; both or none.
        origin_location: the corner from which the result is counted.

    Returns:
        In pixels when the size is given, else in fractions.

    Raises:
        ValueError: one of width and height is missing, or is 0 or less.

    >>> normalized_point_to_point({"x": 0.05, "y": 0.25}, img_width=100, img_height=50, origin_location="top_left")
    {'x': 5.0, 'y': 12.5}
    """
    width, height = _size(img_width, img_height)
    return Vertex(x=point["x"] * width, y=_turned(point["y"], origin_location) * height)


def bbox_points_to_normalized_vertices(
    *,
    bottom_left: _Point,
    bottom_right: _Point,
    top_right: _Point,
    top_left: _Point,
    img_width: float | None = None,
    img_height: float | None = None,
    origin_location: OriginLocation = "bottom_left",
) -> list[Vertex]:
    """Convert the corners of a box to the vertices of a rectangle.

    Args:
        bottom_left: in pixels when the size is given, else in fractions; as are the others.
        bottom_right: see there.
        top_right: see there.
        top_left: see there.
        img_width: of the image, in pixels; both or none.
        img_height: of the image, in pixels; both or none.
        origin_location: the corner from which the points are counted.

    Returns:
        Bottom left, top left, top right, bottom right, in fractions from the top left.

    Raises:
        ValueError: left is right of right, or top below bottom, or a corner lies outside the image, or one of width and
            height is missing.

    >>> corners = {"bottom_left": {"x": 0, "y": 0}, "bottom_right": {"x": 10, "y": 0},
    ...            "top_right": {"x": 10, "y": 20}, "top_left": {"x": 0, "y": 20}}
    >>> bbox_points_to_normalized_vertices(**corners, img_width=100, img_height=100)
    [{'x': 0.0, 'y': 1.0}, {'x': 0.0, 'y': 0.8}, {'x': 0.1, 'y': 0.8}, {'x': 0.1, 'y': 1.0}]
    """
    if bottom_left["x"] > bottom_right["x"] or top_left["x"] > top_right["x"]:
        raise ValueError("a left corner lies right of its right corner")
    upward = 1 if origin_location == "bottom_left" else -1
    for top, bottom in ((top_left, bottom_left), (top_right, bottom_right)):
        if upward * top["y"] < upward * bottom["y"]:
            raise ValueError(f"a top corner lies below its bottom corner, counted from {origin_location}")
    return [
        point_to_normalized_point(corner, img_width, img_height, origin_location)
        for corner in (bottom_left, top_left, top_right, bottom_right)
    ]


def normalized_vertices_to_bbox_points(
    normalized_vertices: Sequence[_Point],
    img_width: float | None = None,
    img_height: float | None = None,
    origin_location: OriginLocation = "bottom_left",
) -> BoxPoints:
    """Convert a rectangle's vertices to the corners of a box; inverts `bbox_points_to_normalized_vertices`.

    Args:
        normalized_vertices: bottom left, top left, top right, bottom right, in fractions from the top left.
        img_width: of the image, in pixels; both or none.
        img_height: of the image, in pixels; both or none.
        origin_location: the corner from which the result is counted.

    Returns:
        In pixels when the size is given, else in fractions.

    Raises:
        ValueError: there are not four vertices, or one of width and height is missing.

    >>> square = [{"x": 0, "y": 1}, {"x": 0, "y": 0}, {"x": 1, "y": 0}, {"x": 1, "y": 1}]
    >>> normalized_vertices_to_bbox_points(square, 20, 10)["top_right"]
    {'x': 20, 'y': 10}
    """
    if len(normalized_vertices) != 4:
        raise ValueError(f"a rectangle has 4 corners, not {len(normalized_vertices)}")
    bottom_left, top_left, top_right, bottom_right = (
        normalized_point_to_point(vertex, img_width, img_height, origin_location) for vertex in normalized_vertices
    )
    return BoxPoints(bottom_left=bottom_left, bottom_right=bottom_right, top_right=top_right, top_left=top_left)


def _size(img_width: float | None, img_height: float | None) -> tuple[float, float]:
    if img_width is None and img_height is None:
        return 1, 1
    if img_width is None or img_height is None:
        raise ValueError("give both `img_width` and `img_height`, or none")
    if img_width <= 0 or img_height <= 0:
        raise ValueError(f"an image is not {img_width} by {img_height} pixels")
    return img_width, img_height


def _turned(y: float, origin_location: OriginLocation) -> float:
    """Turn fractions counted upwards into downwards, or back."""
    if origin_location not in ("top_left", "bottom_left"):
        raise ValueError(f"`origin_location` is 'top_left' or 'bottom_left', not {origin_location!r}")
    return 1 - y if origin_location == "bottom_left" else y
