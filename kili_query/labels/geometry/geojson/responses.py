"""Between whole labels on maps and GeoJSON collections."""

import warnings
from collections.abc import Callable, Iterator, Mapping
from typing import TypeAlias

from kili_query.errors import MalformedLabelError
from kili_query.labels.geometry.geojson.annotations import (
    geojson_linestring_feature_to_kili_line_annotation,
    geojson_point_feature_to_kili_point_annotation,
    geojson_polygon_feature_to_kili_bbox_annotation,
    geojson_polygon_feature_to_kili_polygon_annotation,
    geojson_polygon_feature_to_kili_segmentation_annotation,
)
from kili_query.labels.geometry.geojson.features import (
    Feature,
    feature_of,
    features_to_feature_collection,
    kili_bbox_annotation_to_geojson_polygon_feature,
    kili_line_annotation_to_geojson_linestring_feature,
    kili_point_annotation_to_geojson_point_feature,
    kili_polygon_annotation_to_geojson_polygon_feature,
)
from kili_query.labels.geometry.geojson.geometries import region_geometry
from kili_query.labels.geometry.reading import shape_of
from kili_query.labels.geometry.shapes import parts

Object: TypeAlias = Mapping[str, object]

_TO_FEATURE: dict[str, Callable[[Object, str | None], Feature]] = {
    "marker": kili_point_annotation_to_geojson_point_feature,
    "polyline": kili_line_annotation_to_geojson_linestring_feature,
    "rectangle": kili_bbox_annotation_to_geojson_polygon_feature,
    "polygon": kili_polygon_annotation_to_geojson_polygon_feature,
}
_TO_ANNOTATION: dict[str, Callable[[Object], dict[str, object]]] = {
    "marker": geojson_point_feature_to_kili_point_annotation,
    "polyline": geojson_linestring_feature_to_kili_line_annotation,
    "rectangle": geojson_polygon_feature_to_kili_bbox_annotation,
    "polygon": geojson_polygon_feature_to_kili_polygon_annotation,
    "semantic": geojson_polygon_feature_to_kili_segmentation_annotation,
}


def kili_json_response_to_feature_collection(json_response: Object) -> dict[str, object]:
    """Convert all annotations of a label to features; those of a ``semantic`` that share a ``mid`` are one.

    Args:
        json_response: the decoded content of a label, in degrees.

    Returns:
        A FeatureCollection: of each job in order its annotations in order. A job without annotations gives a feature
        without geometry. Tools that GeoJSON has no geometry for, such as poses, are left out, with one warning.

    Raises:
        MalformedLabelError: an annotation has the wrong shape; ``.path`` says where.

    >>> label = {"J": {"annotations": [{"type": "marker", "categories": [{"name": "A"}], "point": {"x": 1, "y": 2}}]}}
    >>> kili_json_response_to_feature_collection(label)["features"][0]["geometry"]
    {'type': 'Point', 'coordinates': [1, 2]}
    """
    left_out: dict[str, None] = {}
    features = [
        feature
        for job, payload in json_response.items()
        if isinstance(payload, Mapping)
        for feature in _job_features(job, payload, left_out)
    ]
    if left_out:
        warnings.warn(f"GeoJSON has no geometry for: {', '.join(left_out)}", stacklevel=2)
    return features_to_feature_collection(features)


def _job_features(job: str, payload: Object, left_out: dict[str, None]) -> Iterator[Feature]:
    listed = payload.get("annotations")
    if not isinstance(listed, list):
        if "categories" in payload or "text" in payload:
            yield feature_of(payload, None, job)
        return
    groups = _groups(job, listed)
    for path, members in groups:
        kind = str(members[0].get("type"))
        if kind == "semantic":
            yield _semantic(members, path, job)
        elif kind in _TO_FEATURE:
            try:
                yield _TO_FEATURE[kind](members[0], job)
            except MalformedLabelError as error:
                raise MalformedLabelError(error.message, f"{path}.{error.path}".rstrip(".")) from error
        else:
            left_out.setdefault(kind)


def _groups(job: str, listed: list[object]) -> list[tuple[str, list[Object]]]:
    """Return the annotations with their paths; those of one semantic object together, where its first is."""
    groups: dict[object, tuple[str, list[Object]]] = {}
    for index, annotation in enumerate(listed):
        path = f"{job}.annotations[{index}]"
        if not isinstance(annotation, Mapping):
            raise MalformedLabelError("an annotation must be an object", path)
        mid = annotation.get("mid")
        key = mid if annotation.get("type") == "semantic" and isinstance(mid, str) else index
        groups.setdefault(key, (path, []))[1].append(annotation)
    return list(groups.values())


def _semantic(members: list[Object], path: str, job: str) -> Feature:
    shapes = [shape_of(one, path) for one in members]
    found = [part for shape in shapes if shape is not None for part in parts(shape)]
    return feature_of(members[0], region_geometry(found), job)


def geojson_feature_collection_to_kili_json_response(feature_collection: Object) -> dict[str, object]:
    """Make a label of a collection's features; the inverse of `kili_json_response_to_feature_collection`.

    Args:
        feature_collection: each feature says in ``properties.kili`` its ``job`` and, with a geometry, the ``type``.

    Raises:
        MalformedLabelError: it is no such collection; ``.path`` says where.
    """
    features = feature_collection.get("features")
    if feature_collection.get("type") != "FeatureCollection" or not isinstance(features, list):
        raise MalformedLabelError("not a FeatureCollection")
    response: dict[str, object] = {}
    lists: dict[str, list[object]] = {}
    for index, feature in enumerate(features):
        path = f"features[{index}]"
        job, kili = _kili(feature, path)
        if feature.get("geometry") is None:
            response[job] = {key: value for key, value in kili.items() if key != "job"}
            continue
        read = _TO_ANNOTATION.get(str(kili.get("type")))
        if read is None:
            raise MalformedLabelError(f"unknown type `{kili.get('type')}`", f"{path}.properties.kili.type")
        try:
            lists.setdefault(job, []).append(read(feature))
        except MalformedLabelError as error:
            raise MalformedLabelError(error.message, f"{path}.{error.path}") from error
        response[job] = {"annotations": lists[job]}
    return response


def _kili(feature: object, path: str) -> tuple[str, Object]:
    properties = feature.get("properties") if isinstance(feature, Mapping) else None
    kili = properties.get("kili") if isinstance(properties, Mapping) else None
    job = kili.get("job") if isinstance(kili, Mapping) else None
    if not isinstance(kili, Mapping) or not isinstance(job, str):
        raise MalformedLabelError("a feature that does not name its job", f"{path}.properties.kili.job")
    return job, kili
