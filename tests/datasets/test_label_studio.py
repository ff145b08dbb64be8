"""Label Studio: what becomes what, and hostile files."""

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

SAMPLES = Path(__file__).parent / "samples" / "label_studio"


def rounded(value):
    if isinstance(value, float):
        return round(value, 6)
    if isinstance(value, dict):
        return {key: rounded(one) for key, one in value.items()}
    return [rounded(one) for one in value] if isinstance(value, list) else value


def corners(annotation, part=0):
    return [(one["x"], one["y"]) for one in rounded(annotation)["boundingPoly"][part]["normalizedVertices"]]


def box(mid="r", label="Car", **value):
    shape = {"x": 10, "y": 20, "width": 30, "height": 40, "rotation": 0, "rectanglelabels": [label], **value}
    return {"id": mid, "type": "rectanglelabels", "from_name": "box", "to_name": "image", "value": shape}


def task(*results, number=1, **more):
    return {"id": number, "data": {"image": "a.png"}, "annotations": [{"id": 1, "result": list(results)}], **more}


def opened(folder, content, name="tasks.json"):
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else json.dumps(content).encode())
    return open_dataset(path, fmt="label_studio")


def only_label(dataset):
    (item,) = dataset.items()
    assert isinstance(item, DatasetItem), item
    return item


def test_images():
    dataset = open_dataset(SAMPLES / "images.json")
    annotated, predicted, empty, new = dataset.items()
    content = annotated.read()
    objects = {one["mid"]: one for one in content["OBJECTS"]["annotations"]}
    assert kq.count(annotated.counted) == {
        **{("OBJECTS", name): 1 for name in ("Car", "traffic_light", "Road", "Sky", "Bolt", "Wheel")},
        ("weather", "sunny"): 1,
        ("kind", "Place"): 1,
        ("colour", "red"): 1,
        ("kind_2", "City"): 1,
        ("kind_2", "Land"): 1,
        ("RELATIONS", "waits_for"): 1,
    }
    assert objects["r1"]["type"] == "rectangle"
    assert corners(objects["r1"]) == [(0.1, 0.6), (0.1, 0.2), (0.4, 0.2), (0.4, 0.6)]
    assert objects["r1"]["children"] == {"colour": {"categories": [{"name": "red"}]}}
    # 12 by 4 pixels, turned by a right angle around (30, 20) of 60 by 40 pixels
    assert corners(objects["r2"]) == [(0.433333, 0.5), (0.5, 0.5), (0.5, 0.8), (0.433333, 0.8)]
    assert objects["r2"]["source"] == {"rotation": 90.0}
    assert corners(objects["r3"]) == [(0, 1), (0.5, 0.6), (1, 1)]
    assert objects["r5"]["point"] == {"x": 0.25, "y": 0.75}
    assert objects["r6"]["source"] == {"x": 50.0, "y": 50.0, "radiusX": 10.0, "radiusY": 5.0}
    assert len(objects["r6"]["boundingPoly"][0]["normalizedVertices"]) == 64
    sky = [
        [corners({"boundingPoly": part}, ring) for ring in range(len(part))] for part in objects["r4"]["boundingPoly"]
    ]
    assert sorted(len(part) for part in sky) == [1, 2]
    assert all(
        max(abs(x * 60 - round(x * 60)), abs(y * 40 - round(y * 40))) < 1e-3
        for part in sky
        for ring in part
        for x, y in ring
    )
    assert [content[job] for job in ("note", "quality", "count_2")] == [{"text": one} for one in ("a street", "4", "3")]
    relation = content["RELATIONS"]["annotations"][0]
    assert (relation["startObjects"], relation["endObjects"]) == ([{"mid": "r1"}], [{"mid": "r2"}])
    assert annotated.label == {
        "labelType": "DEFAULT",
        "author": {"id": "1"},
        "createdAt": "2024-05-01T10:00:00Z",
        "secondsToLabel": 12.5,
        "id": "101",
    }
    assert annotated.asset["source"]["skipped"][0]["id"] == 102
    assert annotated.asset["resolution"] == {"width": 60, "height": 40}
    assert predicted.label == {"labelType": "PREDICTION", "id": "prediction-9", "modelName": "v1", "score": 0.5}
    assert predicted.read()["OBJECTS"]["annotations"][0]["score"] == 75
    assert (empty.label["id"], empty.counted, new.label) == ("103", {}, None)
    assert dict(dataset.kept)["rotation"] == 1
    assert not list(find_mismatches(content, dataset.ontology, ""))


def test_masks_have_the_pixels_of_the_brush():
    np, runs = pytest.importorskip("numpy"), pytest.importorskip("kili_query.datasets.brush_runs")
    expected = np.zeros((40, 60), bool)
    expected[5:15, 10:30], expected[8:11, 15:20], expected[30:35, 50:60] = True, False, True
    results = json.loads((SAMPLES / "images.json").read_text())[0]["annotations"][0]["result"]
    (brush,) = [one for one in results if one["type"] == "brushlabels"]
    assert ((runs.brush_pixels(brush["value"]["rle"], 60, 40) > 0) == expected).all()


def test_videos():
    dataset = open_dataset(SAMPLES / "video.json")
    item = only_label(dataset)
    assert dataset.input_type == "VIDEO"
    content = item.read()
    cars = {
        frame: [(one["mid"], one["isKeyFrame"], corners(one)[1][0]) for one in jobs["OBJECTS"]["annotations"]]
        for frame, jobs in content.items()
        if "OBJECTS" in jobs
    }
    assert cars == {
        "0": [("v1", True, 0)],
        "1": [("v1", False, 0.1)],
        "2": [("v1", False, 0.2), ("v2", True, 0.6)],
        "3": [("v1", False, 0.3)],
        "4": [("v1", True, 0.4)],
        "10": [("v1", True, 0.5)],
        "11": [("v1", False, 0.5)],
    }
    assert [frame for frame, jobs in content.items() if "scene" in jobs] == ["1", "2", "3"]
    assert content["assetLevel"] == {"weather": {"categories": [{"name": "dry"}]}}
    counted = {
        policy: kq.count(item.counted, policy=kq.CountPolicy(policy))[("OBJECTS", "Car")]
        for policy in ("objects", "key_frames", "frames")
    }
    assert counted == {"objects": 2, "key_frames": 4, "frames": 7}


def test_texts():
    dataset = open_dataset(SAMPLES / "text.json")
    item = only_label(dataset)
    assert dataset.input_type == "TEXT"
    content = item.read()
    first = content["ENTITIES"]["annotations"][0]
    assert (first["content"], first["beginOffset"], first["endOffset"]) == ("Ada", 0, 3)
    assert first["children"] == {"sure": {"categories": [{"name": "yes"}]}}
    assert content["RELATIONS"]["annotations"][0]["startEntities"] == [{"mid": "n2"}]
    assert dataset.ontology.jobs["topic"].input == "checkbox"
    assert item.asset["source"] == {"data": {"text": "Ada met Charles in London."}}


def test_the_short_form():
    dataset = open_dataset(SAMPLES / "short.json")
    item = only_label(dataset)
    assert kq.count(item.read()) == {("OBJECTS", "Car"): 1, ("weather", "dry"): 1, ("weather", "cold"): 1}
    assert item.asset["source"] == {"data": {"remark": "late"}}
    assert "JSON_MIN does not tell answers from data: `remark`" in dataset.notes[0].reason


@for_each(
    [
        (b'[{"id": 1, "data": {', "is not JSON, or truncated"),
        (b'[{"id": 1, "data": {"image": "\xff"}}]', "is not UTF-8 (at byte 30)"),
        (b'{"id": 1}', "must be a list of tasks, not an object"),
        (b"", "is empty"),
    ]
)
def test_a_file_that_cannot_be_read_is_named(row, tmp_path):
    content, message = row
    with pytest.raises(SourceError, match=r"tasks\.json") as caught:
        list(opened(tmp_path, content).items())
    assert message in str(caught.value)


@for_each(
    [
        (7, ""),
        ({"id": 1, "data": []}, "data"),
        ({"id": 1, "data": {}, "annotations": {}}, "annotations"),
        ({"id": 1, "data": {}, "annotations": [{"result": {}}]}, "result"),
        (task(7), "result[0]"),
        (task({"type": "choices"}), "result[0].value"),
        (task(box(rectanglelabels="Car")), "result[0]"),
    ]
)
def test_a_problem_stands_in_place_of_what_cannot_be_read(row, tmp_path):
    content, path = row
    dataset = opened(tmp_path, [content, task(box(), number=2)])
    problem, item = dataset.items()
    assert isinstance(problem, Problem)
    assert problem.path == path
    assert kq.count(item.counted) == {("OBJECTS", "Car"): 1}


@pytest.mark.parametrize("value", [{"x": float("nan")}, {"width": "wide"}, {"rotation": 30}])
def test_a_shape_that_cannot_be_read_still_counts(tmp_path, value):
    item = only_label(opened(tmp_path, [task(box(**value))]))
    assert kq.count(item.counted) == {("OBJECTS", "Car"): 1}
    with pytest.raises(MalformedLabelError):
        item.read()


@for_each([[], [0, 0], [255] * 40, ["a"], [300]])
def test_run_lengths_that_are_none_are_reported(rle, tmp_path):
    pytest.importorskip("cv2")
    brush = {
        "id": "b",
        "type": "brushlabels",
        "original_width": 10,
        "original_height": 10,
        "value": {"rle": rle, "brushlabels": ["Sky"]},
    }
    item = only_label(opened(tmp_path, [task(brush)]))
    assert kq.count(item.counted) == {("OBJECTS", "Sky"): 1}
    with pytest.raises(MalformedLabelError, match="rle"):
        item.read()


def test_negative_sizes_and_far_places_stay(tmp_path):
    item = only_label(opened(tmp_path, [task(box(x=-10, width=-5))]))
    assert corners(item.read()["OBJECTS"]["annotations"][0])[1] == (-0.1, 0.2)


def test_repeated_ids_are_made_unique_and_noted(tmp_path):
    dataset = opened(tmp_path, [task(box(), number=1), task(box(), number=1)])
    assert [one["id"] for one in dataset.assets()] == ["1", "1-2"]
    assert "another task has the id `1`" in dataset.notes[0].reason


def test_regions_without_labels_are_counted_and_results_of_other_kinds_kept(tmp_path):
    strange = {"id": "s", "type": "ranker", "from_name": "rank", "value": {"ranker": {"a": [1]}}}
    lost = {"type": "relation", "from_id": "gone", "to_id": "r"}
    dataset = opened(tmp_path, [task(box(rectanglelabels=[]), strange, lost)])
    item = only_label(dataset)
    assert kq.count(item.read()) == {("OBJECTS", "box"): 1, ("RELATIONS", "relation"): 1}
    assert item.label["source"] == {"results": [strange]}
    assert dataset.kept["results"] == 1
    assert len(dataset.notes) == 2


@pytest.mark.parametrize("name", ["../secret.png", "/etc/passwd", "\0"])
def test_media_outside_the_dataset_are_not_found(tmp_path, name):
    folder = tmp_path / "inner"
    folder.mkdir()
    (tmp_path / "secret.png").write_bytes(b"")
    item = only_label(opened(folder, [{**task(box()), "data": {"image": name}}]))
    assert "content" not in item.asset
    assert item.asset["externalId"] == name


def test_media_of_the_dataset_are_found(tmp_path):
    (tmp_path / "images").mkdir()
    (tmp_path / "images" / "a.png").write_bytes(b"")
    (tmp_path / "tasks.json").write_text(json.dumps([task(box())]))
    item = only_label(open_dataset(tmp_path))
    assert item.asset["content"] == "images/a.png"


def test_a_zip_archive(tmp_path):
    with zipfile.ZipFile(tmp_path / "export.zip", "w") as archive:
        archive.write(SAMPLES / "images.json", "export/images.json")
    assert len(list(open_dataset(tmp_path / "export.zip").items())) == 4


def test_too_many_frames_are_rejected(tmp_path):
    track = {
        "framesCount": 10**12,
        "labels": ["Car"],
        "sequence": [{"frame": 1, "x": 0, "y": 0, "width": 1, "height": 1}],
    }
    dataset = opened(tmp_path, [task({"id": "v", "type": "videorectangle", "value": track})])
    (problem,) = dataset.items()
    assert "frames" in problem.reason


def test_an_object_without_a_frame_is_in_none(tmp_path):
    track = {"framesCount": 9, "labels": ["Car"], "sequence": []}
    item = only_label(opened(tmp_path, [task({"id": "v", "type": "videorectangle", "value": track})]))
    assert kq.count(item.counted) == kq.count(item.read()) == {}
