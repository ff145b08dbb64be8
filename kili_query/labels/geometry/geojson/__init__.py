"""Between annotations on maps and GeoJSON (RFC 7946): ``x`` is the longitude, ``y`` the latitude, in degrees."""

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

__all__ = [
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
]
