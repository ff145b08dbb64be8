"""Labelbox: what becomes what, and hostile files."""

import copy
import json
import zipfile
from pathlib import Path

import pytest

import kili_query as kq
from kili_query.datasets import DatasetItem, open_dataset
from kili_query.errors import MalformedLabelError, SourceError
from kili_query.labels.mismatches import find_mismatches
from kili_query.places import Problem, ProblemKind
from tests.each import for_each

SAMPLES = Path(__file__).parent / "samples" / "labelbox"
ROW = json.loads((SAMPLES / "export.ndjson").read_text().splitlines()[0])


def corners(annotation):
    ring = annotation["boundingPoly"][0]["normalizedVertices"]
    return [(round(one["x"], 6), round(one["y"], 6)) for one in ring]


def row(*objects, **more):
    made = copy.deepcopy(ROW)
    made["projects"]["p1"]["labels"][0]["annotations"] = {"objects": list(objects)}
    return {**made, "experiments": {}, **more}


def box(feature="o1", **bounding_box):
    shape = {"top": 10, "left": 20, "height": 20, "width": 30, **bounding_box}
    return {"feature_id": feature, "name": "car", "bounding_box": shape}


def opened(folder, *rows):
    path = folder / "export.ndjson"
    path.write_bytes(b"\n".join(one if isinstance(one, bytes) else json.dumps(one).encode() for one in rows))
    return open_dataset(path, fmt="labelbox")


def only_item(dataset):
    (item,) = dataset.items()
    assert isinstance(item, DatasetItem), item
    return item


def test_images():
    dataset = open_dataset(SAMPLES / "export.ndjson")
    first, predicted, unlabeled, empty = dataset.items()
    content = first.read()
    assert kq.count(first.counted) == {
        **{("OBJECTS", name): 1 for name in ("car", "road", "line", "bolt", "sky")},
        ("weather", "wet"): 1,
        ("kind_of_rain", "heavy"): 1,
        ("kind_of_rain", "warm"): 1,
        ("RELATIONS", "follows"): 1,
        ("colour", "red"): 1,
    }
    car, road, line, bolt, sky = content["OBJECTS"]["annotations"]
    assert corners(car) == [(0.2, 0.6), (0.2, 0.2), (0.5, 0.2), (0.5, 0.6)]
    assert car["children"] == {"colour": {"categories": [{"name": "red"}]}, "plate": {"text": "AB 12"}}
    assert [one["type"] for one in (road, line, bolt, sky)] == ["polygon", "polyline", "marker", "semantic"]
    assert sky["source"] == {"mask": {"url": "https://api.example.com/masks/o5"}}
    assert any("masks are addresses" in note.reason for note in dataset.notes)
    assert content["note"] == {"text": "late"}
    assert content["RELATIONS"]["annotations"][0]["startObjects"] == [{"mid": "o1"}]
    assert first.label["author"] == {"email": "a@example.com"}
    assert first.label["secondsToLabel"] == 12
    assert predicted.label["labelType"] == "PREDICTION"
    assert predicted.label["modelName"] == "detector"
    assert predicted.read()["OBJECTS"]["annotations"][0]["score"] == 50
    assert (unlabeled.label, empty.counted, empty.label["id"]) == (None, {}, "l-r3")
    assert dataset.ontology.jobs["kind_of_rain"].input == "checkbox"
    del content["OBJECTS"]["annotations"][4]
    assert not list(find_mismatches(content, dataset.ontology, ""))


def test_videos():
    dataset = open_dataset(SAMPLES / "video.ndjson")
    item = only_item(dataset)
    content = item.read()
    assert dataset.input_type == "VIDEO"
    found = {
        frame: (one["isKeyFrame"], corners(one)[1][0], one["children"]["lights"]["categories"][0]["name"])
        for frame, jobs in content.items()
        for one in jobs.get("OBJECTS", {}).get("annotations", ())
    }
    assert found == {
        "0": (True, 0, "off"),
        "1": (False, 0.1, "off"),
        "2": (False, 0.2, "off"),
        "3": (False, 0.3, "off"),
        "4": (True, 0.4, "on"),
        "5": (False, 0.4, "on"),
        "8": (True, 0.8, "on"),
    }
    assert content["0"]["scene"]["isKeyFrame"]
    assert content["assetLevel"] == {"note": {"text": "fine"}}
    counted = {
        policy: kq.count(item.counted, policy=kq.CountPolicy(policy))[("OBJECTS", "car")]
        for policy in ("objects", "key_frames", "frames")
    }
    assert counted == {"objects": 1, "key_frames": 3, "frames": 7}


def test_the_end_of_an_entity_is_its_last_character(tmp_path):
    """As in the example of the documentation of Labelbox, whose `token` has 11 characters from 10 to 20."""
    entity = {"name": "word", "location": {"start": 10, "end": 20, "token": "um dolor si"}}
    row = {"data_row": {"id": "a"}, "projects": {"p": {"labels": [{"annotations": {"objects": [entity]}}]}}}
    path = tmp_path / "a.ndjson"
    path.write_text(json.dumps(row), encoding="utf-8")
    [found] = only_item(open_dataset(path)).read()["ENTITIES"]["annotations"]
    assert found["endOffset"] - found["beginOffset"] == len("um dolor si")


def test_texts():
    dataset = open_dataset(SAMPLES / "text.ndjson")
    content = only_item(dataset).read()
    assert dataset.input_type == "TEXT"
    first = content["ENTITIES"]["annotations"][0]
    assert (first["beginOffset"], first["endOffset"], first["source"]) == (0, 3, {"location": {"start": 0, "end": 2}})
    assert content["RELATIONS"]["annotations"][0]["endEntities"] == [{"mid": "n2"}]


@pytest.mark.parametrize("line", [b'{"data_row": {', b'{"data_row": {"id": "\xff"}}', b"nothing"])
def test_a_line_that_is_not_json_is_a_problem(tmp_path, line):
    problem, item = opened(tmp_path, line, row(box())).items()
    assert isinstance(problem, Problem)
    assert (problem.fault, problem.place.line) == (ProblemKind.BROKEN, 1)
    assert kq.count(item.counted) == {("OBJECTS", "car"): 1}


def test_a_list_that_is_truncated_is_named(tmp_path):
    with pytest.raises(SourceError, match=r"export\.ndjson.*truncated"):
        list(opened(tmp_path, b'[{"data_row"').items())


@for_each(
    [
        (7, ""),
        ({}, "data_row"),
        ({"data_row": []}, "data_row"),
        (row(7), "objects"),
        (row({"bounding_box": {}}), "objects[0]"),
        (row(box(), projects=[]), "projects"),
        (row({**box(), "classifications": [{"name": "a"}]}), "objects[0].classifications[0]"),
    ]
)
def test_a_problem_stands_in_place_of_what_cannot_be_read(case, tmp_path):
    content, path = case
    problem, item = opened(tmp_path, content, row(box())).items()
    assert isinstance(problem, Problem)
    assert problem.path == path
    assert isinstance(item, DatasetItem)


@pytest.mark.parametrize("shape", [{"top": float("nan")}, {"left": "far"}, {"width": None}])
def test_a_shape_that_cannot_be_read_still_counts(tmp_path, shape):
    item = only_item(opened(tmp_path, row(box(**shape))))
    assert kq.count(item.counted) == {("OBJECTS", "car"): 1}
    with pytest.raises(MalformedLabelError):
        item.read()


@pytest.mark.parametrize("media", [{}, {"width": 0, "height": 5}, {"width": -1, "height": 5}])
def test_without_the_size_of_the_image_counts_are_right(tmp_path, media):
    item = only_item(opened(tmp_path, row(box(), media_attributes=media)))
    assert kq.count(item.counted) == {("OBJECTS", "car"): 1}
    with pytest.raises(MalformedLabelError, match="media_attributes"):
        item.read()


def test_repeated_ids_are_made_unique_and_noted(tmp_path):
    dataset = opened(tmp_path, row(box(), box()), row(box()))
    assert [one["id"] for one in dataset.assets()] == ["r1", "r1-2"]
    first, _ = dataset.items()
    assert kq.count(first.counted) == {("OBJECTS", "car"): 2}
    assert len(dataset.notes) == 2


def test_negative_sizes_stay_and_skipped_labels_are_kept(tmp_path):
    skipped = row(box())
    skipped["projects"]["p1"]["labels"][0]["performance_details"]["skipped"] = True
    first, second = opened(tmp_path, row(box(width=-10, left=-20)), skipped).items()
    assert corners(first.read()["OBJECTS"]["annotations"][0])[1:3] == [(-0.2, 0.2), (-0.3, 0.2)]
    assert second.label is None
    assert len(second.asset["source"]["skipped"]) == 1


@pytest.mark.parametrize("name", ["../secret.png", "/etc/passwd"])
def test_media_outside_the_dataset_are_not_found(tmp_path, name):
    folder = tmp_path / "inner"
    folder.mkdir()
    (tmp_path / "secret.png").write_bytes(b"")
    item = only_item(opened(folder, row(box(), data_row={"id": "1", "external_id": name})))
    assert "content" not in item.asset


def test_a_zip_archive(tmp_path):
    with zipfile.ZipFile(tmp_path / "export.zip", "w") as archive:
        archive.write(SAMPLES / "export.ndjson", "export.ndjson")
    assert len(list(open_dataset(tmp_path / "export.zip").items())) == 4
