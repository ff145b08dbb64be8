"""From the JSON of an annotation to its shape; only what is read is checked."""

from collections.abc import Iterator, Mapping
from math import isfinite

from kili_query.errors import MalformedLabelError
from kili_query.labels.geometry.shapes import Box, Keypoint, Line, Marker, Part, Point, Pose, Region, Ring, Shape

_BOX_CORNERS = 4
_LEAST_CORNERS = 3
_FARTHEST = 1e300  # what is farther away is not finite once it is scaled
_NUMBERS = frozenset({int, float})


def shape_of(annotation: Mapping[str, object], path: str = "") -> Shape | None:
    """Return the shape that an annotation draws, in its own coordinates.

    The ``type`` tells what it is; without one, the field that holds the geometry does, and rings are a region. In a
    list of rings the first is an outline and the others its holes; a list of such lists is a region of many parts.

    Args:
        annotation: one annotation of a job, as JSON holds it.
        path: where it stands, for messages.

    Returns:
        The shape, in fractions of width and height on images and in degrees on maps; None for an annotation that holds
        no geometry of its own, such as a named entity or what stands on the pages of a PDF.

    Raises:
        MalformedLabelError: the geometry has the wrong shape; ``.path`` says where.

    >>> corners = [{"x": 0, "y": 1}, {"x": 0, "y": 0}, {"x": 1, "y": 0}]
    >>> shape_of({"type": "rectangle", "boundingPoly": [{"normalizedVertices": corners}]})
    Traceback (most recent call last):
        ...
    kili_query.errors.MalformedLabelError: a rectangle has 4 corners, not 3 (at `boundingPoly[0].normalizedVertices`)
    """
    if annotation.get("points") is not None:
        return Pose(tuple(_pose_points(items_of(annotation["points"], _at(path, "points")), _at(path, "points"))))
    if annotation.get("polyline") is not None:
        where = _at(path, "polyline")
        line = _ring(annotation["polyline"], where)
        if not line:
            raise MalformedLabelError("a line without points", where)
        return Line(line)
    if annotation.get("point") is not None:
        return Marker(_point(annotation["point"], _at(path, "point")))
    if annotation.get("boundingPoly") is not None:
        return _area(annotation, _at(path, "boundingPoly"))
    if annotation.get("type") is not None:
        raise MalformedLabelError(f"a `{annotation['type']}` without geometry", path)
    return None


def _area(annotation: Mapping[str, object], path: str) -> Shape:
    given = items_of(annotation["boundingPoly"], path)
    if not given:
        raise MalformedLabelError("no ring", path)
    if annotation.get("type") == "rectangle":
        corners = _ring_of(given[0], f"{path}[0]")
        if len(corners) != _BOX_CORNERS:
            message = f"a rectangle has {_BOX_CORNERS} corners, not {len(corners)}"
            raise MalformedLabelError(message, f"{path}[0].normalizedVertices")
        return Box(corners)
    if isinstance(given[0], list | tuple):
        return Region(tuple(_part(items_of(one, f"{path}[{at}]"), f"{path}[{at}]") for at, one in enumerate(given)))
    return Region((_part(given, path),))


def _part(given: list[object], path: str) -> Part:
    rings = [_ring_of(one, f"{path}[{index}]") for index, one in enumerate(given)]
    if not rings:
        raise MalformedLabelError("no ring", path)
    for index, ring in enumerate(rings):
        if len(ring) < _LEAST_CORNERS:
            message = f"a ring has {_LEAST_CORNERS} corners or more, not {len(ring)}"
            raise MalformedLabelError(message, f"{path}[{index}].normalizedVertices")
    return Part(rings[0], tuple(rings[1:]))


def _ring_of(holder: object, path: str) -> Ring:
    if not isinstance(holder, Mapping):
        raise MalformedLabelError("a ring must be an object", path)
    return _ring(holder.get("normalizedVertices"), f"{path}.normalizedVertices")


def _ring(value: object, path: str) -> Ring:
    if (plain := _plain_ring(value)) is not None:
        return plain
    return tuple(_point(one, f"{path}[{index}]") for index, one in enumerate(items_of(value, path)))


def _plain_ring(value: object) -> Ring | None:
    """Read a ring as nearly all are, in a third of the time; None for one that needs a closer look."""
    if not isinstance(value, list):
        return None
    try:
        corners = tuple(
            [
                Point(x, y)
                for one in value
                if type(x := one["x"]) in _NUMBERS
                and type(y := one["y"]) in _NUMBERS
                and -_FARTHEST < x < _FARTHEST
                and -_FARTHEST < y < _FARTHEST
            ]
        )
    except (TypeError, LookupError):
        return None
    return corners if len(corners) == len(value) else None


def _pose_points(given: list[object], path: str) -> Iterator[Keypoint]:
    for index, one in enumerate(given):
        at = f"{path}[{index}]"
        if not isinstance(one, Mapping):
            raise MalformedLabelError("a point of a pose must be an object", at)
        code = one.get("code")
        if not isinstance(code, str):
            raise MalformedLabelError("a point of a pose has no code", f"{at}.code")
        yield Keypoint(code, _point(one.get("point"), f"{at}.point"))
    if not given:
        raise MalformedLabelError("a pose without points", path)


def _point(value: object, path: str) -> Point:
    if not isinstance(value, Mapping):
        raise MalformedLabelError("a vertex must be an object", path)
    return Point(finite(value.get("x"), f"{path}.x"), finite(value.get("y"), f"{path}.y"))


def finite(value: object, path: str) -> float:
    """Return a coordinate that must be a finite number, and small enough to be scaled."""
    if not isinstance(value, int | float) or isinstance(value, bool):
        raise MalformedLabelError("a coordinate must be a finite number", path)
    if -_FARTHEST < value < _FARTHEST:
        return value
    if isinstance(value, float) and not isfinite(value):
        raise MalformedLabelError("a coordinate must be a finite number", path)
    raise MalformedLabelError(f"a coordinate must be between {-_FARTHEST:g} and {_FARTHEST:g}", path)


def items_of(value: object, path: str) -> list[object]:
    """Return the items of a value that must be a list."""
    if not isinstance(value, list | tuple):
        raise MalformedLabelError("missing" if value is None else "must be a list", path)
    return list(value)


def _at(path: str, key: str) -> str:
    return f"{path}.{key}" if path else key
