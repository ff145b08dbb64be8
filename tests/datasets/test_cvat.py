"""CVAT: what becomes what in images and videos, and hostile files."""

import zipfile
from pathlib import Path

import pytest

import kili_query as kq
from kili_query.datasets import DatasetItem, open_dataset
from kili_query.errors import MalformedLabelError, SourceError
from kili_query.labels.mismatches import find_mismatches
from kili_query.places import Problem
from tests.each import for_each

SAMPLES = Path(__file__).parent / "samples" / "cvat"
BOX = '<box label="car" xtl="1" ytl="2" xbr="3" ybr="4"/>'


def corners(annotation, part=0):
    ring = annotation["boundingPoly"][part]["normalizedVertices"]
    return [(round(one["x"], 6), round(one["y"], 6)) for one in ring]


def image(content, attributes='id="0" name="a.png" width="10" height="10"'):
    return f"<annotations><image {attributes}>{content}</image></annotations>"


def opened(folder, content):
    path = folder / "annotations.xml"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return open_dataset(path, fmt="cvat")


def only_item(dataset):
    (item,) = dataset.items()
    assert isinstance(item, DatasetItem), item
    return item


def test_images():
    dataset = open_dataset(SAMPLES / "images.xml")
    first, empty = dataset.items()
    content = first.read()
    box, ellipse, cuboid, mask, skeleton = content["OBJECTS"]["annotations"]
    assert kq.count(first.counted) == {
        ("OBJECTS", "car"): 3,
        ("OBJECTS", "sky"): 1,
        ("OBJECTS", "person"): 1,
        ("TAGS", "weather"): 1,
        ("colour", "blue"): 1,
        ("parked", "true"): 1,
        ("sky", "blue"): 1,
    }
    assert corners(box) == [(0.15, 0.1), (0.25, 0.1), (0.25, 0.5), (0.15, 0.5)]
    assert box["children"] == {
        "colour": {"categories": [{"name": "blue"}]},
        "parked": {"categories": [{"name": "true"}]},
        "plate": {"text": "AB 12"},
        "doors": {"text": "4"},
    }
    assert box["source"] == {"occluded": "1", "z_order": "2", "group_id": "3", "rotation": 90.0}
    assert ellipse["source"] == {"cx": 50, "cy": 25, "rx": 10, "ry": 5}
    assert len(corners(cuboid)) == 6
    assert len(cuboid["source"]["corners"]) == 8
    assert {(round(x * 100), round(y * 50)) for x, y in corners(mask)} == {
        *[(11, 20), (12, 20), (12, 21), (11, 21), (10, 21), (10, 22), (11, 22)],
    }
    assert mask["source"] == {"source": "semi-auto"}
    assert [(one["code"], one["point"]) for one in skeleton["points"]] == [("head", {"x": 0.5, "y": 0.2})]
    assert skeleton["source"]["outside"][0]["label"] == "foot"
    assert (empty.label, empty.counted) == ({"labelType": "DEFAULT"}, {})
    jobs = dataset.ontology.jobs
    assert list(jobs["colour"].categories) == ["red", "blue"]
    assert jobs["doors"].input == "number"
    assert jobs["OBJECTS"].categories["car"].color == "#ff0000"
    assert [one.code for one in jobs["OBJECTS"].categories["person"].points] == ["head", "foot"]
    assert not list(find_mismatches(content, dataset.ontology, ""))


def test_what_datumaro_writes():
    dataset = open_dataset(SAMPLES / "datumaro.xml")
    first, empty = dataset.items()
    content = first.read()
    kinds = [(one["mid"], one["type"]) for one in content["OBJECTS"]["annotations"]]
    assert kinds == [("1", "rectangle"), ("2", "polygon"), ("3", "polyline"), ("4", "marker"), ("4", "marker"),
                     ("5", "semantic")]  # fmt: skip
    assert corners(content["OBJECTS"]["annotations"][0])[1] == (0.1, 0.2)
    assert corners(content["OBJECTS"]["annotations"][5]) == [(0.05, 0.05), (0.05, 0.175), (0.183333, 0.175),
                                                             (0.183333, 0.05)]  # fmt: skip
    assert kq.count(content)[("OBJECTS", "bolt")] == 1
    assert empty.label is not None


def test_videos():
    dataset = open_dataset(SAMPLES / "video.xml")
    item = only_item(dataset)
    content = item.read()
    assert dataset.input_type == "VIDEO"
    assert item.asset == {"id": "9", "externalId": "drive.mp4", "resolution": {"width": 100, "height": 50}}
    found = {
        (frame, one["mid"]): (one["isKeyFrame"], corners(one)[1][0])
        for frame, jobs in content.items()
        for one in jobs["OBJECTS"]["annotations"]
    }
    assert found == {
        ("0", "0"): (True, 0),
        ("1", "0"): (False, 0.1),
        ("2", "0"): (False, 0.2),
        ("3", "0"): (False, 0.3),
        ("6", "0"): (True, 0.6),
        ("7", "0"): (False, 0.6),
        ("2", "1"): (True, 0.1),
        ("3", "1"): (False, 0.1),
    }
    assert content["7"]["OBJECTS"]["annotations"][0]["children"] == {"lights": {"categories": [{"name": "on"}]}}
    counted = {
        policy: kq.count(item.counted, policy=kq.CountPolicy(policy))[("OBJECTS", "car")]
        for policy in ("objects", "key_frames", "frames")
    }
    assert counted == {"objects": 2, "key_frames": 3, "frames": 6}


def test_the_videos_of_a_project_are_apart(tmp_path):
    tasks = "".join(f"<task><id>{one}</id><mode>interpolation</mode><size>2</size></task>" for one in (3, 4))
    track = '<track id="0" label="car" task_id="4"><box frame="0" outside="0"/></track>'
    dataset = opened(
        tmp_path, f"<annotations><meta><project><tasks>{tasks}</tasks></project></meta>{track}</annotations>"
    )
    first, second = dataset.items()
    assert (first.asset["id"], first.counted) == ("3", {})
    assert (second.asset["id"], list(second.counted)) == ("4", ["0", "1"])


@for_each(
    [
        (image(BOX)[:-20], "is not XML, or truncated"),
        (image(BOX).encode("utf-16")[:-3], "is not XML, or truncated"),
        (b'<?xml version="1.0" encoding="utf-8"?><annotations><image name="\xff"/></annotations>', "is not XML"),
        (b'<?xml version="1.0" encoding="klingon"?><annotations/>', "is not XML"),
        ("<other/>", "the root must be `annotations`, not `other`"),
        ('<!DOCTYPE a [<!ENTITY b "c">]><annotations><image name="&b;"/></annotations>', "has XML entities"),
        ('<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]><annotations>&b;</annotations>', "has XML entities"),
    ]
)
def test_a_file_that_cannot_be_read_is_named(row, tmp_path):
    content, message = row
    dataset = opened(tmp_path, content)
    with pytest.raises(SourceError, match=r"annotations\.xml") as caught:
        list(dataset.items())
    assert message in str(caught.value)


@for_each(
    [
        '<box label="car" xtl="nan" ytl="2" xbr="3" ybr="4"/>',
        '<box label="car" ytl="2" xbr="3" ybr="4"/>',
        '<polygon label="car" points="1,2;3"/>',
        '<polygon label="car"/>',
        '<mask label="car" rle="1,2" left="0" top="0" width="5" height="5"/>',
        '<mask label="car" rle="-1,26" left="0" top="0" width="5" height="5"/>',
        '<mask label="car" rle="1" left="0" top="0" width="1000000" height="1000000"/>',
        '<mask label="car" rle="x" left="0" top="0" width="5" height="5"/>',
    ]
)
def test_a_shape_that_cannot_be_read_still_counts(shape, tmp_path):
    item = only_item(opened(tmp_path, image(shape)))
    assert kq.count(item.counted) == {("OBJECTS", "car"): 1}
    with pytest.raises(MalformedLabelError):
        item.read()


@pytest.mark.parametrize("size", ["", 'width="0" height="10"', 'width="-5" height="10"'])
def test_without_the_size_of_the_image_counts_are_right(tmp_path, size):
    item = only_item(opened(tmp_path, image(BOX, f'id="0" name="a.png" {size}')))
    assert kq.count(item.counted) == {("OBJECTS", "car"): 1}
    with pytest.raises(MalformedLabelError):
        item.read()


def test_negative_sizes_and_places_outside_stay(tmp_path):
    item = only_item(opened(tmp_path, image('<box label="car" xtl="5" ytl="2" xbr="-5" ybr="40"/>')))
    assert corners(item.read()["OBJECTS"]["annotations"][0]) == [(0.5, 4), (0.5, 0.2), (-0.5, 0.2), (-0.5, 4)]


def test_repeated_ids_unknown_elements_and_shapes_without_label_are_noted(tmp_path):
    one = image("<box/><circle/>").removeprefix("<annotations>").removesuffix("</annotations>")
    dataset = opened(tmp_path, f"<annotations>{one}{one}</annotations>")
    assert [item.asset["id"] for item in dataset.items()] == ["0", "0-2"]
    assert [kq.count(item.counted) for item in dataset.items()] == [{("OBJECTS", "unlabeled"): 1}] * 2
    assert {note.reason for note in dataset.notes} == {
        "another image has the id `0`; this one is `0-2`",
        "shapes without a label have the category `unlabeled`",
        "elements `circle` are not known, and are not read",
    }


@pytest.mark.parametrize("frame", ["-1", "x", ""])
def test_a_frame_that_is_none_is_a_problem(tmp_path, frame):
    track = f'<track id="0" label="car"><box frame="{frame}"/></track>'
    (problem,) = opened(tmp_path, f"<annotations>{track}</annotations>").items()
    assert isinstance(problem, Problem)
    assert "@frame" in problem.path


@pytest.mark.parametrize("name", ["../secret.png", "/etc/passwd"])
def test_images_outside_the_dataset_are_not_found(tmp_path, name):
    folder = tmp_path / "inner"
    folder.mkdir()
    (tmp_path / "secret.png").write_bytes(b"")
    item = only_item(opened(folder, image(BOX, f'name="{name}"')))
    assert item.asset == {"id": name, "externalId": name}


def test_a_zip_archive(tmp_path):
    with zipfile.ZipFile(tmp_path / "export.zip", "w") as archive:
        archive.write(SAMPLES / "images.xml", "annotations.xml")
    assert len(list(open_dataset(tmp_path / "export.zip").items())) == 2


def test_a_track_without_a_shape_is_in_no_frame(tmp_path):
    item = only_item(opened(tmp_path, '<annotations><track id="0" label="car"/></annotations>'))
    assert kq.count(item.counted) == kq.count(item.read()) == {}
