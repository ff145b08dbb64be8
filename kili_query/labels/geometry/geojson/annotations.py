"""From GeoJSON features to annotations.

What the arguments do not say, ``properties.kili`` does; the ``mid`` is the argument, or the ``id`` of the feature, or,
where there is none, a digest of the feature, the same each time.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from hashlib import sha256
from typing import TypeAlias

from kili_query.errors import MalformedLabelError
from kili_query.labels.geometry.pixels import Vertex
from kili_query.labels.geometry.reading import items_of

Annotation: TypeAlias = dict[str, object]
Feature: TypeAlias = Mapping[str, object]
Categories: TypeAlias = Sequence[Mapping[str, object]] | None
Children: TypeAlias = Mapping[str, object] | None

_BOX_POSITIONS = 4
_LEAST_POSITIONS = 4  # the first is repeated


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
    return _annotation(feature, "marker", ("Point",), (categories, children, mid), _point_of)


def geojson_linestring_feature_to_kili_line_annotation(
    feature: Feature, categories: Categories = None, children: Children = None, mid: str | None = None
) -> Annotation:
    """Return a ``polyline`` of a LineString; for the arguments see `geojson_point_feature_to_kili_point_annotation`."""
    return _annotation(feature, "polyline", ("LineString",), (categories, children, mid), _line_of)


def geojson_polygon_feature_to_kili_bbox_annotation(
    feature: Feature, categories: Categories = None, children: Children = None, mid: str | None = None
) -> Annotation:
    """Return a ``rectangle`` of a Polygon: bottom left, bottom right, top right, top left, as `features` writes it.

    For the arguments see `geojson_point_feature_to_kili_point_annotation`.
    """
    return _annotation(feature, "rectangle", ("Polygon",), (categories, children, mid), _box_of)


def geojson_polygon_feature_to_kili_polygon_annotation(
    feature: Feature, categories: Categories = None, children: Children = None, mid: str | None = None
) -> Annotation:
    """Return a ``polygon`` of a Polygon, with its holes.

    For the arguments see `geojson_point_feature_to_kili_point_annotation`.
    """
    return _annotation(feature, "polygon", ("Polygon",), (categories, children, mid), _region_of)


def geojson_polygon_feature_to_kili_segmentation_annotation(
    feature: Feature, categories: Categories = None, children: Children = None, mid: str | None = None
) -> Annotation:
    """Return a ``semantic`` of a Polygon, or, with its parts nested, of a MultiPolygon.

    For the arguments see `geojson_point_feature_to_kili_point_annotation`.
    """
    return _annotation(feature, "semantic", ("Polygon", "MultiPolygon"), (categories, children, mid), _region_of)


def _annotation(
    feature: Feature,
    kind: str,
    geometries: Sequence[str],
    given: tuple[Categories, Children, str | None],
    read: Callable[[object], Annotation],
) -> Annotation:
    geometry = feature.get("geometry")
    found = geometry.get("type") if isinstance(geometry, Mapping) else None
    if not isinstance(geometry, Mapping) or found not in geometries:
        raise MalformedLabelError(f"a feature of a {' or '.join(geometries)}, not of a {found}", "geometry.type")
    categories, children, mid = given
    annotation: Annotation = {key: value for key, value in _kili(feature).items() if key != "job"}
    annotation["children"] = dict(children) if children is not None else annotation.get("children", {})
    if categories is not None:
        annotation["categories"] = list(categories)
    elif "categories" not in annotation:
        raise MalformedLabelError("no categories: give them, or let `properties.kili` hold them", "properties.kili")
    annotation["mid"] = str(mid if mid is not None else feature.get("id", _digest(feature)))
    coordinates = geometry.get("coordinates")
    if found == "MultiPolygon":
        parts = items_of(coordinates, "geometry.coordinates")
        return {**annotation, "type": kind, "boundingPoly": [_region_of(part)["boundingPoly"] for part in parts]}
    return {**annotation, "type": kind, **read(coordinates)}


def _kili(feature: Feature) -> Mapping[str, object]:
    properties = feature.get("properties")
    kili = properties.get("kili") if isinstance(properties, Mapping) else None
    return kili if isinstance(kili, Mapping) else {}


def _digest(feature: Feature) -> str:
    return sha256(json.dumps(feature, sort_keys=True).encode()).hexdigest()[:32]


def _point_of(coordinates: object) -> Annotation:
    return {"point": _vertex(coordinates)}


def _line_of(coordinates: object) -> Annotation:
    return {"polyline": [_vertex(one) for one in items_of(coordinates, "geometry.coordinates")]}


def _box_of(coordinates: object) -> Annotation:
    rings = items_of(coordinates, "geometry.coordinates")
    corners = _ring(rings[0]) if rings else []
    if len(corners) != _BOX_POSITIONS:
        raise MalformedLabelError(f"a rectangle has 4 corners, not {len(corners)}", "geometry.coordinates[0]")
    bottom_left, bottom_right, top_right, top_left = corners
    return {"boundingPoly": [{"normalizedVertices": [bottom_left, top_left, top_right, bottom_right]}]}


def _region_of(coordinates: object) -> Annotation:
    rings = items_of(coordinates, "geometry.coordinates")
    if not rings:
        raise MalformedLabelError("no ring", "geometry.coordinates")
    return {"boundingPoly": [{"normalizedVertices": _ring(ring)} for ring in rings]}


def _ring(value: object) -> list[Vertex]:
    """Return the corners of a closed ring, the first not repeated."""
    positions = items_of(value, "geometry.coordinates")
    if len(positions) < _LEAST_POSITIONS or positions[0] != positions[-1]:
        raise MalformedLabelError("a ring has 4 positions or more, the last like the first", "geometry.coordinates")
    return [_vertex(one) for one in positions[:-1]]


def _vertex(value: object) -> Vertex:
    match value:
        case [int() | float() as x, int() | float() as y, *_]:
            return Vertex(x=x, y=y)
        case _:
            raise MalformedLabelError("a position is a list of two numbers or more", "geometry.coordinates")
