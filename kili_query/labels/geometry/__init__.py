"""Geometry of annotations: shapes as values, and the conversions of the official client's label helpers.

Coordinates of annotations are fractions of width and height from the top left, 0 to 1; on maps, degrees. Masks and run
lengths need the extra ``masks``, everything else the standard library only.
"""

from typing import TYPE_CHECKING

from kili_query.extras import load
from kili_query.labels.geometry.geojson.annotations import (
    geojson_linestring_feature_to_kili_line_annotation,
    geojson_point_feature_to_kili_point_annotation,
    geojson_polygon_feature_to_kili_bbox_annotation,
    geojson_polygon_feature_to_kili_polygon_annotation,
    geojson_polygon_feature_to_kili_segmentation_annotation,
)
from kili_query.labels.geometry.geojson.features import (
    features_to_feature_collection,
    kili_bbox_annotation_to_geojson_polygon_feature,
    kili_line_annotation_to_geojson_linestring_feature,
    kili_point_annotation_to_geojson_point_feature,
    kili_polygon_annotation_to_geojson_polygon_feature,
    kili_segmentation_annotation_to_geojson_polygon_feature,
)
from kili_query.labels.geometry.geojson.geometries import (
    kili_bbox_to_geojson_polygon,
    kili_line_to_geojson_linestring,
    kili_point_to_geojson_point,
    kili_polygon_to_geojson_polygon,
    kili_segmentation_to_geojson_geometry,
    kili_segmentation_to_geojson_polygon,
)
from kili_query.labels.geometry.geojson.responses import (
    geojson_feature_collection_to_kili_json_response,
    kili_json_response_to_feature_collection,
)
from kili_query.labels.geometry.pixels import (
    BoxPoints,
    OriginLocation,
    Vertex,
    bbox_points_to_normalized_vertices,
    normalized_point_to_point,
    normalized_vertices_to_bbox_points,
    point_to_normalized_point,
)
from kili_query.labels.geometry.reading import shape_of
from kili_query.labels.geometry.shapes import (
    BoundingBox,
    Box,
    Keypoint,
    Line,
    Marker,
    Part,
    Point,
    Pose,
    Region,
    Ring,
    Shape,
    Size,
    area,
    bounds,
    mapped,
    parts,
    points,
    ring_area,
    scaled,
    unrotated,
)

if TYPE_CHECKING:
    from kili_query.labels.geometry.masks import mask_to_normalized_vertices, normalized_vertices_to_mask
    from kili_query.labels.geometry.pixel_runs import compress_counts, run_lengths

_OF_PIXELS = {
    "compress_counts": "pixel_runs",
    "mask_to_normalized_vertices": "masks",
    "normalized_vertices_to_mask": "masks",
    "run_lengths": "pixel_runs",
}


def __getattr__(name: str) -> object:
    if name in _OF_PIXELS:
        return getattr(load(f"{__name__}.{_OF_PIXELS[name]}", "masks", "masks"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


__all__ = [
    "BoundingBox",
    "Box",
    "BoxPoints",
    "Keypoint",
    "Line",
    "Marker",
    "OriginLocation",
    "Part",
    "Point",
    "Pose",
    "Region",
    "Ring",
    "Shape",
    "Size",
    "Vertex",
    "area",
    "bbox_points_to_normalized_vertices",
    "bounds",
    "compress_counts",
    "features_to_feature_collection",
    "geojson_feature_collection_to_kili_json_response",
    "geojson_linestring_feature_to_kili_line_annotation",
    "geojson_point_feature_to_kili_point_annotation",
    "geojson_polygon_feature_to_kili_bbox_annotation",
    "geojson_polygon_feature_to_kili_polygon_annotation",
    "geojson_polygon_feature_to_kili_segmentation_annotation",
    "kili_bbox_annotation_to_geojson_polygon_feature",
    "kili_bbox_to_geojson_polygon",
    "kili_json_response_to_feature_collection",
    "kili_line_annotation_to_geojson_linestring_feature",
    "kili_line_to_geojson_linestring",
    "kili_point_annotation_to_geojson_point_feature",
    "kili_point_to_geojson_point",
    "kili_polygon_annotation_to_geojson_polygon_feature",
    "kili_polygon_to_geojson_polygon",
    "kili_segmentation_annotation_to_geojson_polygon_feature",
    "kili_segmentation_to_geojson_geometry",
    "kili_segmentation_to_geojson_polygon",
    "mapped",
    "mask_to_normalized_vertices",
    "normalized_point_to_point",
    "normalized_vertices_to_bbox_points",
    "normalized_vertices_to_mask",
    "parts",
    "point_to_normalized_point",
    "points",
    "ring_area",
    "run_lengths",
    "scaled",
    "shape_of",
    "unrotated",
]
