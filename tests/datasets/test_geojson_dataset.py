"""GeoJSON as a dataset, without an ontology."""

import json
import zipfile
from pathlib import Path

import pytest

import kili_query as kq
from kili_query.datasets import DatasetItem, open_dataset
from kili_query.errors import MalformedLabelError, SourceError
from kili_query.labels.mismatches import find_mismatches
from kili_query.places import Problem
from tests.each import for_each

SAMPLES = Path(__file__).parent / "samples" / "geojson"
POINT = {"type": "Point", "coordinates": [1, 2]}


def feature(geometry=POINT, **properties):
    return {"type": "Feature", "properties": properties, "geometry": geometry}


def opened(folder, *features):
    path = folder / "map.geojson"
    path.write_text(json.dumps({"type": "FeatureCollection", "features": features}), encoding="utf-8")
    return open_dataset(path, fmt="geojson")


def only_item(dataset):
    (item,) = dataset.items()
    assert isinstance(item, DatasetItem), item
    return item


def test_features_of_other_programs():
    dataset = open_dataset(SAMPLES / "classes.geojson")
    item = only_item(dataset)
    content = item.read()
    assert kq.count(item.counted) == {
        ("OBJECTS", "house"): 1,
        ("OBJECTS", "old_tree"): 2,
        ("OBJECTS", "road"): 1,
        ("OBJECTS", "MultiPolygon"): 1,
    }
    house, *trees, road, parts = content["OBJECTS"]["annotations"]
    assert (house["mid"], house["type"], house["source"]) == ("7", "polygon", {"properties": {"floors": 2}})
    assert house["boundingPoly"][0]["normalizedVertices"][0] == {"x": 4.8, "y": 45.7}
    assert [one["type"] for one in (*trees, road, parts)] == ["marker", "marker", "polyline", "semantic"]
    assert len(parts["boundingPoly"]) == 2
    assert item.label["source"]["features"][0]["properties"] == {"class": "lost"}
    assert {note.reason for note in dataset.notes} == {
        "features without a class have the category `MultiPolygon`",
        "features without a geometry are kept under `source`, and count nothing",
    }
    assert dataset.input_type == "GEOSPATIAL"
    assert not list(find_mismatches(content, dataset.ontology, ""))


def test_features_of_the_platform():
    dataset = open_dataset(SAMPLES / "kili.geojson")
    content = only_item(dataset).read()
    assert kq.count(content) == {
        ("FIELDS", "WHEAT"): 1,
        ("LAND", "LAKE"): 1,
        ("SKY", "CLEAR"): 1,
        ("SEASON", "DRY"): 1,
    }
    assert content["FIELDS"]["annotations"][0]["children"]["NOTE"] == {"text": "late"}
    assert content["REMARK"] == {"text": "fine"}
    assert dataset.ontology.jobs["LAND"].tools == ("semantic",)
    assert not list(find_mismatches(content, dataset.ontology, ""))


@for_each([({"name": "a", "class": "b"}, "b"), ({"type": "c"}, "c"), ({"label": 3}, "c_3"), ({"class": True}, "Point")])
def test_the_usual_properties_name_the_class(row, tmp_path):
    properties, category = row
    item = only_item(opened(tmp_path, feature(**properties)))
    assert kq.count(item.counted) == {("OBJECTS", category): 1}


@for_each(
    [
        (b'{"type": "FeatureCollection", "features": [', "is not GeoJSON"),
        (b'{"type": "FeatureCollection", "features": ["\xff"]}', "is not UTF-8"),
        (b'{"type": "FeatureCollection", "features": {}}', "`features` must be a list"),
        (b'{"type": "FeatureCollection", "features": [NaN]}', "NaN is not a JSON number"),
    ]
)
def test_a_file_that_cannot_be_read_is_named(row, tmp_path):
    content, message = row
    (tmp_path / "map.geojson").write_bytes(content)
    with pytest.raises(SourceError, match=r"map\.geojson") as caught:
        list(open_dataset(tmp_path / "map.geojson", fmt="geojson").items())
    assert message in str(caught.value)


@for_each(
    [
        (7, "features[0]"),
        ({"type": "Feature", "properties": [], "geometry": POINT}, "features[0].properties"),
        (feature({"type": "Blob"}), "features[0].geometry.type"),
        (feature(kili={"job": "A", "categories": "B"}), "features[0].properties.kili.categories"),
        (
            feature(kili={"job": "A", "categories": [{"name": "B"}], "children": {"C": 3}}),
            "features[0].properties.kili.children.C",
        ),
    ]
)
def test_a_malformed_feature_is_a_problem(row, tmp_path):
    one, path = row
    (problem,) = opened(tmp_path, one).items()
    assert isinstance(problem, Problem)
    assert problem.path == path


@pytest.mark.parametrize(
    "one",
    [
        feature({"type": "Point", "coordinates": ["far", 2]}),
        feature({"type": "Polygon", "coordinates": [[[0, 0], [1, 1]]]}),
        feature(kili={"job": "A", "categories": [{"name": "Point"}], "type": "blob"}),
    ],
)
def test_a_shape_that_cannot_be_read_still_counts(tmp_path, one):
    item = only_item(opened(tmp_path, one))
    assert sum(kq.count(item.counted).values()) == 1
    with pytest.raises(MalformedLabelError):
        item.read()


def test_repeated_ids_are_made_unique_and_noted(tmp_path):
    dataset = opened(tmp_path, *[{**feature(**{"class": "a"}), "id": 1}] * 2)
    assert kq.count(only_item(dataset).counted) == {("OBJECTS", "a"): 2}
    assert "another feature has the id `1`" in dataset.notes[0].reason


def test_an_empty_file_is_a_label_without_objects_and_each_file_of_an_archive_an_asset(tmp_path):
    assert only_item(opened(tmp_path)).counted == {}
    with zipfile.ZipFile(tmp_path / "maps.zip", "w") as archive:
        for name in ("classes.geojson", "kili.geojson"):
            archive.write(SAMPLES / name, name)
    assert [one["id"] for one in open_dataset(tmp_path / "maps.zip").assets()] == ["classes.geojson", "kili.geojson"]
