"""From what annotations draw to GeoJSON geometries. The input is never changed."""

from collections.abc import Mapping, Sequence
from typing import TypeAlias, assert_never

from kili_query.errors import MalformedLabelError
from kili_query.labels.geometry.reading import shape_of
from kili_query.labels.geometry.shapes import Box, Line, Marker, Part, Pose, Region, Ring, Shape, ring_area

Geometry: TypeAlias = dict[str, object]
Position: TypeAlias = list[float]


def kili_point_to_geojson_point(point: Mapping[str, float]) -> Geometry:
    """Return a Point.

    Args:
        point: ``{"x": longitude, "y": latitude}``, in degrees.

    Raises:
        MalformedLabelError: it is no point.

    >>> kili_point_to_geojson_point({"x": 1.5, "y": 2})
    {'type': 'Point', 'coordinates': [1.5, 2]}
    """
    return annotation_geometry({"type": "marker", "point": point})


def kili_line_to_geojson_linestring(polyline: Sequence[Mapping[str, float]]) -> Geometry:
    """Return a LineString.

    Args:
        polyline: points in degrees.

    Raises:
        MalformedLabelError: it holds something else, or nothing.

    >>> kili_line_to_geojson_linestring([{"x": 1, "y": 2}, {"x": 3, "y": 4}])
    {'type': 'LineString', 'coordinates': [[1, 2], [3, 4]]}
    """
    return annotation_geometry({"type": "polyline", "polyline": polyline})


def kili_bbox_to_geojson_polygon(vertices: Sequence[Mapping[str, float]]) -> Geometry:
    """Return a Polygon of a rectangle.

    Args:
        vertices: bottom left, top left, top right, bottom right, in degrees.

    Returns:
        Bottom left, bottom right, top right, top left, and the first once more.

    Raises:
        MalformedLabelError: there are not four points.

    >>> vertices = [{"x": 1, "y": 4}, {"x": 1, "y": 2}, {"x": 3, "y": 2}, {"x": 3, "y": 4}]
    >>> kili_bbox_to_geojson_polygon(vertices)["coordinates"]
    [[[1, 4], [3, 4], [3, 2], [1, 2], [1, 4]]]
    """
    return annotation_geometry({"type": "rectangle", "boundingPoly": [{"normalizedVertices": vertices}]})


def kili_polygon_to_geojson_polygon(vertices: Sequence[Mapping[str, float]]) -> Geometry:
    """Return a Polygon, counterclockwise on the map as RFC 7946 has it.

    Args:
        vertices: three points or more, in degrees; the first is not repeated.

    Raises:
        MalformedLabelError: there are fewer, or they enclose nothing.

    >>> kili_polygon_to_geojson_polygon([{"x": 0, "y": 0}, {"x": 0, "y": 2}, {"x": 2, "y": 0}])["coordinates"]
    [[[0, 0], [2, 0], [0, 2], [0, 0]]]
    """
    return kili_segmentation_to_geojson_polygon([{"normalizedVertices": vertices}])


def kili_segmentation_to_geojson_polygon(bounding_poly: Sequence[object]) -> Geometry:
    """Return a Polygon with its holes.

    Args:
        bounding_poly: rings as in an annotation, ``{"normalizedVertices": points}``: the outline, then its holes.

    Raises:
        MalformedLabelError: it is something else, or an outline that encloses nothing, or a region of several parts.
    """
    geometry = kili_segmentation_to_geojson_geometry(bounding_poly)
    if geometry["type"] != "Polygon":
        raise MalformedLabelError("a region of several parts is not a polygon")
    return geometry


def kili_segmentation_to_geojson_geometry(bounding_poly: Sequence[object]) -> Geometry:
    """Return a Polygon, or of several parts a MultiPolygon.

    Args:
        bounding_poly: rings, or a list of parts which are lists of rings.

    Raises:
        MalformedLabelError: it is something else, or empty, or an outline encloses nothing.

    >>> triangle = {"normalizedVertices": [{"x": 0, "y": 0}, {"x": 2, "y": 0}, {"x": 0, "y": 2}]}
    >>> kili_segmentation_to_geojson_geometry([[triangle], [triangle]])["type"]
    'MultiPolygon'
    """
    return annotation_geometry({"type": "semantic", "boundingPoly": bounding_poly})


def annotation_geometry(annotation: Mapping[str, object]) -> Geometry:
    """Return the geometry of an annotation.

    Raises:
        MalformedLabelError: it has none that GeoJSON can hold.
    """
    shape = shape_of(annotation)
    geometry = None if shape is None else geometry_of(shape)
    if geometry is None:
        raise MalformedLabelError("an annotation without a geometry that GeoJSON can hold")
    return geometry


def geometry_of(shape: Shape) -> Geometry | None:
    """Return the geometry of a shape; None for a pose, which GeoJSON has no geometry for.

    Raises:
        MalformedLabelError: an outline encloses nothing.
    """
    match shape:
        case Box(corners):
            bottom_left, top_left, top_right, bottom_right = corners
            ring = [list(point) for point in (bottom_left, bottom_right, top_right, top_left, bottom_left)]
            return {"type": "Polygon", "coordinates": [ring]}
        case Region(found):
            return region_geometry(found)
        case Line(points):
            return {"type": "LineString", "coordinates": [list(point) for point in points]}
        case Marker(point):
            return {"type": "Point", "coordinates": list(point)}
        case Pose():
            return None
        case _:
            assert_never(shape)


def region_geometry(found: Sequence[Part]) -> Geometry:
    """Return the geometry of one part, or of several.

    Raises:
        MalformedLabelError: an outline encloses nothing.
    """
    positions = [part_positions(part) for part in found]
    if len(positions) == 1:
        return {"type": "Polygon", "coordinates": positions[0]}
    return {"type": "MultiPolygon", "coordinates": positions}


def part_positions(part: Part) -> list[list[Position]]:
    """Return the closed rings of a part: the outline counterclockwise on the map, holes clockwise.

    Raises:
        MalformedLabelError: the outline encloses nothing.
    """
    if ring_area(part.outer) == 0:
        raise MalformedLabelError("a ring that encloses nothing")
    outer = _closed(part.outer, is_counterclockwise=True)
    return [outer, *(_closed(hole, is_counterclockwise=False) for hole in part.holes)]


def _closed(ring: Ring, *, is_counterclockwise: bool) -> list[Position]:
    # where y points up, a positive area is counterclockwise
    turned = ring if (ring_area(ring) > 0) == is_counterclockwise else (ring[0], *ring[:0:-1])
    return [list(point) for point in (*turned, turned[0])]
