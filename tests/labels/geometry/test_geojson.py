"""Annotations on maps, to GeoJSON and back."""

import copy

import pytest

from kili_query.errors import MalformedLabelError
from kili_query.labels.geometry import (
    geojson_feature_collection_to_kili_json_response,
    geojson_linestring_feature_to_kili_line_annotation,
    geojson_point_feature_to_kili_point_annotation,
    geojson_polygon_feature_to_kili_bbox_annotation,
    geojson_polygon_feature_to_kili_polygon_annotation,
    geojson_polygon_feature_to_kili_segmentation_annotation,
    kili_bbox_annotation_to_geojson_polygon_feature,
    kili_json_response_to_feature_collection,
    kili_line_annotation_to_geojson_linestring_feature,
    kili_point_annotation_to_geojson_point_feature,
    kili_polygon_annotation_to_geojson_polygon_feature,
    kili_polygon_to_geojson_polygon,
    kili_segmentation_annotation_to_geojson_polygon_feature,
    kili_segmentation_to_geojson_geometry,
    kili_segmentation_to_geojson_polygon,
)


def ring(*corners):
    return {"normalizedVertices": [{"x": x, "y": y} for x, y in corners]}


COUNTERCLOCKWISE = ((0, 0), (9, 0), (9, 9), (0, 9))
HOLE = ((2, 2), (2, 4), (4, 4), (4, 2))


def annotation(kind, **geometry):
    return {"children": {}, "categories": [{"name": "A"}], "mid": "m", "type": kind, **geometry}


ROUND_TRIPS = [
    (
        annotation("marker", point={"x": 1.5, "y": -2}),
        kili_point_annotation_to_geojson_point_feature,
        geojson_point_feature_to_kili_point_annotation,
    ),
    (
        annotation("polyline", polyline=[{"x": 1, "y": 2}, {"x": 3, "y": 4}]),
        kili_line_annotation_to_geojson_linestring_feature,
        geojson_linestring_feature_to_kili_line_annotation,
    ),
    (
        annotation("rectangle", boundingPoly=[ring((1, 4), (1, 2), (3, 2), (3, 4))]),
        kili_bbox_annotation_to_geojson_polygon_feature,
        geojson_polygon_feature_to_kili_bbox_annotation,
    ),
    (
        annotation("polygon", boundingPoly=[ring(*COUNTERCLOCKWISE), ring(*HOLE)]),
        kili_polygon_annotation_to_geojson_polygon_feature,
        geojson_polygon_feature_to_kili_polygon_annotation,
    ),
    (
        annotation(
            "semantic", boundingPoly=[[ring(*COUNTERCLOCKWISE), ring(*HOLE)], [ring((20, 0), (30, 0), (20, 9))]]
        ),
        kili_segmentation_annotation_to_geojson_polygon_feature,
        geojson_polygon_feature_to_kili_segmentation_annotation,
    ),
]


@pytest.mark.parametrize(("given", "there", "back"), ROUND_TRIPS, ids=lambda value: getattr(value, "__name__", None))
def test_there_and_back_nothing_is_lost_or_changed(given, there, back):
    before = copy.deepcopy(given)
    feature = there(given, "JOB")
    assert given == before
    assert feature["id"] == "m"
    assert feature["properties"]["kili"]["job"] == "JOB"
    assert back(feature) == given


def test_whole_labels_there_and_back():
    label = {
        "DRAW": {"annotations": [given for given, _, _ in ROUND_TRIPS]},
        "SKY": {"categories": [{"name": "BLUE"}]},
        "NOTE": {"text": "hazy"},
    }
    collection = kili_json_response_to_feature_collection(label)
    assert [one["geometry"] and one["geometry"]["type"] for one in collection["features"]] == [
        "Point", "LineString", "Polygon", "Polygon", "MultiPolygon", None, None,
    ]  # fmt: skip
    assert geojson_feature_collection_to_kili_json_response(collection) == label


def test_parts_that_share_a_mid_are_one_feature():
    parts = [annotation("semantic", boundingPoly=[ring(*COUNTERCLOCKWISE)]) for _ in range(2)]
    other = {**parts[0], "mid": "n"}
    features = kili_json_response_to_feature_collection({"J": {"annotations": [parts[0], other, parts[1]]}})["features"]
    assert [(one["id"], one["geometry"]["type"]) for one in features] == [("m", "MultiPolygon"), ("n", "Polygon")]


def test_outlines_run_counterclockwise_and_holes_clockwise():
    geometry = kili_segmentation_to_geojson_geometry([ring(*COUNTERCLOCKWISE[::-1]), ring(*HOLE[::-1])])
    outer, hole = geometry["coordinates"]
    assert outer == [[0, 9], [0, 0], [9, 0], [9, 9], [0, 9]]
    assert hole == [[4, 2], [2, 2], [2, 4], [4, 4], [4, 2]]


def test_poses_are_left_out_with_one_warning():
    pose = annotation("pose", points=[{"code": "A", "point": {"x": 1, "y": 2}}])
    with pytest.warns(UserWarning, match="no geometry for: pose"):
        collection = kili_json_response_to_feature_collection({"J": {"annotations": [pose, pose]}})
    assert collection["features"] == []


def test_arguments_win_and_a_missing_id_is_made():
    feature = {"type": "Feature", "geometry": {"type": "Point", "coordinates": [1, 2, 30]}, "properties": None}
    first = geojson_point_feature_to_kili_point_annotation(feature, [{"name": "B"}], {"C": {}})
    second = geojson_point_feature_to_kili_point_annotation(feature, [{"name": "B"}], {"C": {}})
    assert first == second
    assert (first["categories"], first["children"], first["point"]) == ([{"name": "B"}], {"C": {}}, {"x": 1, "y": 2})
    assert len(first["mid"]) == 32


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: kili_bbox_annotation_to_geojson_polygon_feature(annotation("marker")), "not a `rectangle`"),
        (
            lambda: kili_bbox_annotation_to_geojson_polygon_feature(annotation("rectangle")),
            "a `rectangle` without geometry",
        ),
        (lambda: kili_polygon_to_geojson_polygon([{"x": 0, "y": 0}] * 3), "encloses nothing"),
        (lambda: kili_segmentation_to_geojson_polygon([[ring(*HOLE)], [ring(*HOLE)]]), "several parts"),
        (
            lambda: geojson_point_feature_to_kili_point_annotation({"geometry": None}),
            "a `marker` needs a geometry of type `Point`, not `None`",
        ),
        (
            lambda: geojson_point_feature_to_kili_point_annotation(
                {"geometry": {"type": "Point", "coordinates": [1, 2]}}
            ),
            "no categories",
        ),
        (
            lambda: geojson_polygon_feature_to_kili_bbox_annotation(
                {"geometry": {"type": "Polygon", "coordinates": [[[0, 0], [1, 0], [0, 1], [0, 0]]]}}, [{"name": "A"}]
            ),
            "4 corners, not 3",
        ),
        (lambda: geojson_feature_collection_to_kili_json_response({"type": "Feature"}), "not a FeatureCollection"),
        (
            lambda: geojson_feature_collection_to_kili_json_response(
                {"type": "FeatureCollection", "features": [{"properties": None}]}
            ),
            r"features\[0\]\.properties\.kili\.job",
        ),
        (
            lambda: geojson_feature_collection_to_kili_json_response(
                {
                    "type": "FeatureCollection",
                    "features": [{"geometry": {}, "properties": {"kili": {"job": "J", "type": "blob"}}}],
                }
            ),
            "unknown type `blob`",
        ),
    ],
)
def test_bad_input_is_reported(call, message):
    with pytest.raises(MalformedLabelError, match=message):
        call()
