"""From annotations to GeoJSON features.

``id`` is the ``mid``; ``properties.kili`` holds the rest of the annotation and its job, so that a feature can become
the annotation again.
"""

from collections.abc import Mapping, Sequence
from typing import TypeAlias

from kili_query.errors import MalformedLabelError
from kili_query.labels.geometry.geojson.geometries import Geometry, annotation_geometry

Feature: TypeAlias = dict[str, object]
Annotation: TypeAlias = Mapping[str, object]

GEOMETRY_FIELDS = ("boundingPoly", "point", "polyline", "mid")


def kili_point_annotation_to_geojson_point_feature(annotation: Annotation, job_name: str | None = None) -> Feature:
    """Return a feature of a ``marker``.

    Args:
        annotation: with ``point`` in degrees.
        job_name: the job it belongs to.

    Raises:
        MalformedLabelError: it is no marker.

    >>> marker = {"type": "marker", "mid": "m", "categories": [{"name": "A"}], "point": {"x": 1, "y": 2}}
    >>> kili_point_annotation_to_geojson_point_feature(marker, "JOB")["properties"]
    {'kili': {'type': 'marker', 'categories': [{'name': 'A'}], 'job': 'JOB'}}
    """
    return _feature(annotation, "marker", job_name)


def kili_line_annotation_to_geojson_linestring_feature(annotation: Annotation, job_name: str | None = None) -> Feature:
    """Return a feature of a ``polyline``, in degrees.

    Raises:
        MalformedLabelError: it is none.
    """
    return _feature(annotation, "polyline", job_name)


def kili_bbox_annotation_to_geojson_polygon_feature(annotation: Annotation, job_name: str | None = None) -> Feature:
    """Return a feature of a ``rectangle``, in degrees.

    Raises:
        MalformedLabelError: it is none.
    """
    return _feature(annotation, "rectangle", job_name)


def kili_polygon_annotation_to_geojson_polygon_feature(annotation: Annotation, job_name: str | None = None) -> Feature:
    """Return a feature of a ``polygon``, in degrees, with its holes.

    Raises:
        MalformedLabelError: it is none, or encloses nothing.
    """
    return _feature(annotation, "polygon", job_name)


def kili_segmentation_annotation_to_geojson_polygon_feature(
    annotation: Annotation, job_name: str | None = None
) -> Feature:
    """Return a feature of a ``semantic``, in degrees: a Polygon, or of several parts a MultiPolygon.

    Raises:
        MalformedLabelError: it is none, or encloses nothing.
    """
    return _feature(annotation, "semantic", job_name)


def feature_of(annotation: Annotation, geometry: Geometry | None, job_name: str | None = None) -> Feature:
    """Return a feature with this geometry and everything else of the annotation."""
    rest: dict[str, object] = {key: value for key, value in annotation.items() if key not in GEOMETRY_FIELDS}
    kili = rest if job_name is None else {**rest, "job": job_name}
    feature: Feature = {"type": "Feature", "geometry": geometry}
    if annotation.get("mid") is not None:
        feature["id"] = annotation["mid"]
    return {**feature, "properties": {"kili": kili}}


def features_to_feature_collection(features: Sequence[Mapping[str, object]]) -> dict[str, object]:
    """Return a FeatureCollection.

    >>> features_to_feature_collection([])
    {'type': 'FeatureCollection', 'features': []}
    """
    return {"type": "FeatureCollection", "features": list(features)}


def _feature(annotation: Annotation, kind: str, job_name: str | None) -> Feature:
    if annotation.get("type") != kind:
        raise MalformedLabelError(f"not a `{kind}` but a `{annotation.get('type')}`", "type")
    return feature_of(annotation, annotation_geometry(annotation), job_name)
