"""From GeoJSON features to annotations.

What the arguments do not say, ``properties.kili`` does; the ``mid`` is the argument, or the ``id`` of the feature, or,
where there is none, a digest of the feature, the same each time.
"""

import json
from collections.abc import Mapping, Sequence
from hashlib import sha256
from typing import TypeAlias

from kili_query.errors import MalformedLabelError
from kili_query.labels.geometry.pixels import Vertex
from kili_query.labels.geometry.reading import finite, items_of

Annotation: TypeAlias = dict[str, object]
Feature: TypeAlias = Mapping[str, object]
Categories: TypeAlias = Sequence[Mapping[str, object]] | None
Children: TypeAlias = Mapping[str, object] | None

GEOMETRIES: Mapping[str, Sequence[str]] = {
    "marker": ("Point",),
    "polyline": ("LineString",),
    "rectangle": ("Polygon",),
    "polygon": ("Polygon",),
    "semantic": ("Polygon", "MultiPolygon"),
}
"""The geometries that an annotation of each type can be made of."""

_BOX_POSITIONS = 4
_LEAST_OF_RING = 4  # the first is repeated
_LEAST_OF_LINE = 2


def geojson_point_feature_to_kili_point_annotation(
    feature: Feature, categories: Categories = None, children: Children = None, mid: str | None = None
) -> Annotation:
    """Return a ``marker`` of a Point.

    Args:
        feature: in degrees.
        categories: of the annotation; by default those in ``properties.kili``.
        children: likewise.
        mid: likewise; by default the feature's ``id``.

    Raises:
        MalformedLabelError: it is no feature of a Point.

    >>> feature = {"type": "Feature", "id": "m", "geometry": {"type": "Point", "coordinates": [1, 2]}}
    >>> geojson_point_feature_to_kili_point_annotation(feature, [{"name": "A"}])
    {'children': {}, 'categories': [{'name': 'A'}], 'mid': 'm', 'type': 'marker', 'point': {'x': 1, 'y': 2}}
    """
    return _annotation(feature, "marker", (categories, children, mid))


def geojson_linestring_feature_to_kili_line_annotation(
    feature: Feature, categories: Categories = None, children: Children = None, mid: str | None = None
) -> Annotation:
    """Return a ``polyline`` of a LineString; for the arguments see `geojson_point_feature_to_kili_point_annotation`."""
    return _annotation(feature, "polyline", (categories, children, mid))


def geojson_polygon_feature_to_kili_bbox_annotation(
    feature: Feature, categories: Categories = None, children: Children = None, mid: str | None = None
) -> Annotation:
    """Return a ``rectangle`` of a Polygon: bottom left, bottom right, top right, top left, as `features` writes it.

    For the arguments see `geojson_point_feature_to_kili_point_annotation`.
    """
    return _annotation(feature, "rectangle", (categories, children, mid))


def geojson_polygon_feature_to_kili_polygon_annotation(
    feature: Feature, categories: Categories = None, children: Children = None, mid: str | None = None
) -> Annotation:
    """Return a ``polygon`` of a Polygon, with its holes.

    For the arguments see `geojson_point_feature_to_kili_point_annotation`.
    """
    return _annotation(feature, "polygon", (categories, children, mid))


def geojson_polygon_feature_to_kili_segmentation_annotation(
    feature: Feature, categories: Categories = None, children: Children = None, mid: str | None = None
) -> Annotation:
    """Return a ``semantic`` of a Polygon, or, with its parts nested, of a MultiPolygon.

    For the arguments see `geojson_point_feature_to_kili_point_annotation`.
    """
    return _annotation(feature, "semantic", (categories, children, mid))


def shape_fields(kind: str, geometry: object, path: str = "geometry") -> Annotation:
    """Return the fields of an annotation that hold its shape.

    Args:
        kind: the type of the annotation, one of `GEOMETRIES`.
        geometry: a geometry that fits it, in degrees.
        path: of the geometry, for messages.

    Raises:
        MalformedLabelError: the geometry does not fit, or is malformed.

    >>> shape_fields("polyline", {"type": "LineString", "coordinates": [[1, 2], [3, 4]]})
    {'polyline': [{'x': 1, 'y': 2}, {'x': 3, 'y': 4}]}
    """
    found = geometry.get("type") if isinstance(geometry, Mapping) else None
    if not isinstance(geometry, Mapping) or found not in GEOMETRIES[kind]:
        fitting = " or ".join(f"`{one}`" for one in GEOMETRIES[kind])
        raise MalformedLabelError(f"a `{kind}` needs a geometry of type {fitting}, not `{found}`", f"{path}.type")
    coordinates, where = geometry.get("coordinates"), f"{path}.coordinates"
    match kind, found:
        case "marker", _:
            return {"point": _vertex(coordinates, where)}
        case "polyline", _:
            return {"polyline": _line(coordinates, where)}
        case "rectangle", _:
            return {"boundingPoly": _box(coordinates, where)}
        case _, "MultiPolygon":
            parts = items_of(coordinates, where)
            if not parts:
                raise MalformedLabelError("no polygon", where)
            return {"boundingPoly": [_rings(part, f"{where}[{index}]") for index, part in enumerate(parts)]}
        case _:
            return {"boundingPoly": _rings(coordinates, where)}


def _annotation(feature: Feature, kind: str, given: tuple[Categories, Children, str | None]) -> Annotation:
    shape = shape_fields(kind, feature.get("geometry"))
    categories, children, mid = given
    annotation: Annotation = {key: value for key, value in _kili(feature).items() if key != "job"}
    annotation["children"] = dict(children) if children is not None else annotation.get("children", {})
    if categories is not None:
        annotation["categories"] = list(categories)
    elif "categories" not in annotation:
        raise MalformedLabelError("no categories: give them, or let `properties.kili` hold them", "properties.kili")
    annotation["mid"] = str(mid if mid is not None else feature.get("id", _digest(feature)))
    return {**annotation, "type": kind, **shape}


def _kili(feature: Feature) -> Mapping[str, object]:
    properties = feature.get("properties")
    kili = properties.get("kili") if isinstance(properties, Mapping) else None
    return kili if isinstance(kili, Mapping) else {}


def _digest(feature: Feature) -> str:
    return sha256(json.dumps(feature, sort_keys=True).encode()).hexdigest()[:32]


def _line(coordinates: object, path: str) -> list[Vertex]:
    positions = items_of(coordinates, path)
    if len(positions) < _LEAST_OF_LINE:
        raise MalformedLabelError(f"a line has {_LEAST_OF_LINE} positions or more, not {len(positions)}", path)
    return [_vertex(one, f"{path}[{index}]") for index, one in enumerate(positions)]


def _box(coordinates: object, path: str) -> list[Annotation]:
    rings = items_of(coordinates, path)
    if len(rings) != 1:
        raise MalformedLabelError(f"a rectangle has one ring, not {len(rings)}", path)
    corners = _ring(rings[0], f"{path}[0]")
    if len(corners) != _BOX_POSITIONS:
        raise MalformedLabelError(f"a rectangle has 4 corners, not {len(corners)}", f"{path}[0]")
    bottom_left, bottom_right, top_right, top_left = corners
    return [{"normalizedVertices": [bottom_left, top_left, top_right, bottom_right]}]


def _rings(coordinates: object, path: str) -> list[Annotation]:
    rings = items_of(coordinates, path)
    if not rings:
        raise MalformedLabelError("no ring", path)
    return [{"normalizedVertices": _ring(ring, f"{path}[{index}]")} for index, ring in enumerate(rings)]


def _ring(value: object, path: str) -> list[Vertex]:
    """Return the corners of a closed ring, the first not repeated."""
    positions = items_of(value, path)
    if len(positions) < _LEAST_OF_RING or positions[0] != positions[-1]:
        raise MalformedLabelError("a ring has 4 positions or more, the last like the first", path)
    return [_vertex(one, f"{path}[{index}]") for index, one in enumerate(positions[:-1])]


def _vertex(value: object, path: str) -> Vertex:
    match value:
        case [x, y, *_]:
            return Vertex(x=finite(x, f"{path}[0]"), y=finite(y, f"{path}[1]"))
        case _:
            raise MalformedLabelError("a position is a list of two numbers or more", path)
