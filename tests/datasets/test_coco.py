"""COCO: what becomes of each kind of annotation, judged by pycocotools, and files with faults."""

import contextlib
import io
import json
import zipfile
from collections import Counter
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from pycocotools import mask as mask_tools
from pycocotools.coco import COCO

import kili_query as kq
from kili_query.datasets import DatasetItem, open_dataset
from kili_query.datasets.dataset import Dataset
from kili_query.labels.geometry import Part, Point, Region, Size, run_lengths
from kili_query.places import Problem
from tests.each import for_each
from tests.shared_data import data_set


def read_by_coco(path: Path) -> COCO:
    with contextlib.redirect_stdout(io.StringIO()):
        return COCO(str(path))


def counts_of(dataset: Dataset) -> Counter[tuple[str, str]]:
    """The objects of each image, by the names of images and categories."""
    titles = {key: one.name for key, one in dataset.ontology.jobs["OBJECTS"].categories.items()}
    found: Counter[tuple[str, str]] = Counter()
    for item in dataset.items():
        assert isinstance(item, DatasetItem), item
        for (job, key), number in kq.count(item.counted, ontology=dataset.ontology).items():
            if job == "OBJECTS":
                found[item.asset["externalId"], titles[key]] += number
    return found


def counts_by_coco(coco: COCO) -> Counter[tuple[str, str]]:
    return Counter(
        (coco.imgs[one["image_id"]]["file_name"], coco.cats[one["category_id"]]["name"]) for one in coco.anns.values()
    )


def areas_of(content: dict[str, Any], size: Size) -> dict[str, int]:
    """The pixels of each object."""
    regions: dict[str, list[Part]] = {}
    for one in content["OBJECTS"]["annotations"]:
        rings = [
            tuple(Point(corner["x"] * size[0], corner["y"] * size[1]) for corner in ring["normalizedVertices"])
            for ring in one["boundingPoly"]
        ]
        regions.setdefault(one["mid"], []).append(Part(rings[0], tuple(rings[1:])))
    return {mid: sum(run_lengths(Region(tuple(parts)), size)[1::2]) for mid, parts in regions.items()}


@pytest.mark.filterwarnings("ignore:__array__ implementation doesn't accept a copy keyword:DeprecationWarning")
def test_real_annotations_are_counted_as_pycocotools_does() -> None:
    path = data_set("coco-parts") / "instances.json"
    dataset, coco = open_dataset(path), read_by_coco(path)
    assert counts_of(dataset) == counts_by_coco(coco)
    assert dataset.notes == []
    for item in dataset.items():
        assert isinstance(item, DatasetItem)
        whole = item.read()
        assert kq.count(item.counted) == kq.count(whole)
        if not whole:
            continue
        size = Size(item.asset["resolution"]["width"], item.asset["resolution"]["height"])
        for mid, area in areas_of(whole, size).items():
            one = coco.anns[int(mid)]
            ours, theirs = area, int(coco.annToMask(one).sum())
            outline = one["bbox"][2] + one["bbox"][3]
            allowed = 0 if one["iscrowd"] else 2 * outline
            assert abs(ours - theirs) <= allowed, (mid, ours, theirs)


def write(path: Path, **parts: object) -> Path:
    base: dict[str, object] = {
        "images": [{"id": 1, "file_name": "a.jpg", "width": 200, "height": 100}],
        "annotations": [],
        "categories": [{"id": 1, "name": "cat"}, {"id": 7, "name": "traffic light"}],
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps({**base, **parts}), encoding="utf-8")
    return path


def only(dataset: Dataset) -> DatasetItem:
    [item] = dataset.items()
    assert isinstance(item, DatasetItem), item
    return item


def test_a_box_becomes_a_rectangle(tmp_path: Path) -> None:
    box = {"id": 4, "image_id": 1, "category_id": 7, "bbox": [20, 10, 100, 50], "area": 5000, "iscrowd": 0}
    dataset = open_dataset(write(tmp_path / "a.json", annotations=[box]))
    item = only(dataset)
    assert item.asset == {"id": "1", "externalId": "a.jpg", "resolution": {"width": 200, "height": 100}}
    assert item.counted == {"OBJECTS": {"annotations": [{"mid": "4", "categories": [{"name": "traffic_light"}]}]}}
    corners = [{"x": 0.1, "y": 0.6}, {"x": 0.1, "y": 0.1}, {"x": 0.6, "y": 0.1}, {"x": 0.6, "y": 0.6}]
    [annotation] = item.read()["OBJECTS"]["annotations"]
    assert annotation == {
        "mid": "4",
        "categories": [{"name": "traffic_light"}],
        "type": "rectangle",
        "boundingPoly": [{"normalizedVertices": corners}],
    }
    assert dataset.ontology.jobs["OBJECTS"].tools == ("rectangle",)
    assert not dataset.kept


@for_each(
    [
        ('{"images": [', "is truncated"),
        ("[]", "it must be an object with"),
        ('{"images": 3}', "`images` of"),
        ('{"images": [], "categories": [3]}', "`categories[0]` of"),
        ("\udcff", "is not UTF-8 (at byte 1)"),
    ]
)
def test_a_file_that_cannot_be_read(row: tuple[str, str], tmp_path: Path) -> None:
    text, reason = row
    path = tmp_path / "a.json"
    path.write_bytes(text.encode("utf-8", "surrogateescape"))
    with pytest.raises(kq.SourceError, match=r".") as caught:
        open_dataset(path, fmt="coco")
    assert reason in str(caught.value)
    assert str(path) in str(caught.value)


def test_an_image_without_size_is_counted_and_its_shapes_are_a_problem(tmp_path: Path) -> None:
    box = {"id": 4, "image_id": 9, "category_id": 8, "bbox": [20, 10, 100, 50]}
    dataset = open_dataset(write(tmp_path / "a.json", images=[], annotations=[box]))
    assert kq.count(only(dataset).counted) == {("OBJECTS", "c_8"): 1}
    [problem] = dataset.labels()
    assert isinstance(problem, Problem)
    assert problem.reason == "is in pixels, and the size of the image is not known"
    assert problem.path == "annotations[0].bbox"
    assert [str(one).removeprefix(f"{tmp_path}/") for one in dataset.notes] == [
        "a.json: annotations[0]: there is no image with the id `9`: its file name and size are not known"
        " (at `image_id`)",
        "a.json: annotations[0]: there is no category with the id `8`: one was made (at `category_id`)",
    ]


def annotations_of(dataset: Dataset) -> list[dict[str, Any]]:
    item = only(dataset)
    whole = item.read()
    assert kq.count(item.counted) == kq.count(whole)
    found: list[dict[str, Any]] = whole["OBJECTS"]["annotations"]
    assert {one["type"] for one in found} == set(dataset.ontology.jobs["OBJECTS"].tools)
    return found


def ring(annotation: dict[str, Any], number: int = 0) -> list[tuple[float, float]]:
    """A ring in pixels of the image that `write` names."""
    vertices = annotation["boundingPoly"][number]["normalizedVertices"]
    return [(round(one["x"] * 200, 6), round(one["y"] * 100, 6)) for one in vertices]


TRIANGLE = [10, 10, 30, 10, 10, 40]
SQUARE = [100, 50, 110, 50, 110, 60, 100, 60]


def one_object(**fields: object) -> dict[str, object]:
    return {"id": 4, "image_id": 1, "category_id": 1, **fields}


def test_polygons_and_what_is_kept(tmp_path: Path) -> None:
    box = [10, 10, 20, 30]
    given = one_object(segmentation=[TRIANGLE], bbox=box, area=300.5, iscrowd=0, score=0.5)
    dataset = open_dataset(write(tmp_path / "a.json", annotations=[given]))
    [one] = annotations_of(dataset)
    assert (one["type"], ring(one)) == ("polygon", [(10, 10), (30, 10), (10, 40)])
    assert one["source"] == {"area": 300.5, "score": 0.5}
    assert dataset.kept == {"area": 1, "score": 1}
    assert only(dataset).read() == only(dataset).read()
    assert dataset.kept == {"area": 1, "score": 1}  # once, however often it is read


def test_several_polygons_are_one_object(tmp_path: Path) -> None:
    dataset = open_dataset(write(tmp_path / "a.json", annotations=[one_object(segmentation=[TRIANGLE, SQUARE])]))
    parts = annotations_of(dataset)
    assert [(one["mid"], one["type"]) for one in parts] == [("4", "semantic"), ("4", "semantic")]
    assert ring(parts[1]) == [(100, 50), (110, 50), (110, 60), (100, 60)]
    assert kq.count(only(dataset).counted) == {("OBJECTS", "cat"): 1}


@pytest.mark.parametrize("packed", [False, True], ids=["lengths", "text"])
def test_masks(tmp_path: Path, packed: bool) -> None:
    pixels = np.zeros((100, 200), np.uint8, order="F")
    pixels[20:40, 30:60] = 1
    pixels[25:30, 35:45] = 0  # a hole
    pixels[70:75, 100:102] = 1  # another part
    encoded = mask_tools.encode(pixels)
    counts = encoded["counts"].decode() if packed else run_lengths_of(pixels)
    segmentation = {"size": [100, 200], "counts": counts}
    given = one_object(segmentation=segmentation, iscrowd=1, bbox=[30, 20, 72, 55], area=int(pixels.sum()))
    dataset = open_dataset(write(tmp_path / "a.json", annotations=[given]))
    large, small = sorted(annotations_of(dataset), key=lambda one: len(one["boundingPoly"]), reverse=True)
    assert (ring(large), ring(large, 1)) == (
        [(30, 20), (30, 40), (60, 40), (60, 20)],
        [(35, 25), (45, 25), (45, 30), (35, 30)],
    )
    assert ring(small) == [(100, 70), (100, 75), (102, 75), (102, 70)]
    assert areas_of(only(dataset).read(), Size(200, 100)) == {"4": int(pixels.sum())}
    assert kq.count(only(dataset).counted) == {("OBJECTS", "cat"): 1, ("iscrowd", "yes"): 1}


def run_lengths_of(pixels: Any) -> list[int]:
    flat = pixels.T.ravel()
    changes = np.flatnonzero(np.diff(flat, prepend=0))
    return [int(one) for one in np.diff(changes, prepend=0, append=flat.size)]


def test_keypoints(tmp_path: Path) -> None:
    categories = [{"id": 1, "name": "cat", "keypoints": ["nose", "left ear", "tail"], "skeleton": [[1, 2]]}]
    given = one_object(keypoints=[100, 50, 2, 0, 0, 0, 150, 50, 1], num_keypoints=2, bbox=[90, 40, 100, 20])
    dataset = open_dataset(write(tmp_path / "a.json", annotations=[given], categories=categories))
    pose, box = annotations_of(dataset)
    assert [(one["mid"], one["type"]) for one in (pose, box)] == [("4", "pose"), ("4", "rectangle")]
    assert [(one["code"], one["mid"], one["point"], one.get("source")) for one in pose["points"]] == [
        ("nose", "4-nose", {"x": 0.5, "y": 0.5}, None),
        ("tail", "4-tail", {"x": 0.75, "y": 0.5}, {"visibility": 1}),
    ]
    points = dataset.ontology.jobs["OBJECTS"].categories["cat"].points
    assert [(one.code, one.name) for one in points] == [("nose", "nose"), ("left_ear", "left ear"), ("tail", "tail")]
    assert dataset.project["source"] == {"format": "coco", "categories": {"cat": {"skeleton": [[1, 2]]}}}


def panoptic(folder: Path) -> Path:
    picture = np.zeros((100, 200, 3), np.uint8)
    picture[10:20, 10:30] = (0, 1, 44)  # blue, green, red: the number 300
    picture[50:60, 10:30] = (1, 0, 0)  # 65536
    (folder / "annotations" / "panoptic_val").mkdir(parents=True)
    cv2.imwrite(str(folder / "annotations" / "panoptic_val" / "a.png"), picture)
    segments = [
        {"id": 300, "category_id": 1, "bbox": [10, 10, 20, 10], "area": 200, "iscrowd": 0},
        {"id": 65536, "category_id": 7, "bbox": [10, 50, 20, 10], "area": 200, "iscrowd": 1},
    ]
    annotation = {"image_id": 1, "file_name": "a.png", "segments_info": segments}
    categories = [
        {"id": 1, "name": "cat", "isthing": 1, "color": [220, 20, 60]},
        {"id": 7, "name": "sky", "isthing": 0},
    ]
    return write(folder / "annotations" / "panoptic_val.json", annotations=[annotation], categories=categories)


def test_panoptic_masks(tmp_path: Path) -> None:
    panoptic(tmp_path)
    dataset = open_dataset(tmp_path)
    cat, sky = annotations_of(dataset)
    assert (cat["mid"], ring(cat)) == ("300", [(10, 10), (10, 20), (30, 20), (30, 10)])
    assert (sky["mid"], ring(sky)) == ("65536", [(10, 50), (10, 60), (30, 60), (30, 50)])
    assert kq.count(only(dataset).counted)["iscrowd", "yes"] == 1
    assert dataset.ontology.jobs["OBJECTS"].categories["cat"].color == "#DC143C"
    assert dataset.notes == []


def test_panoptic_masks_without_their_pictures(tmp_path: Path) -> None:
    path = panoptic(tmp_path)
    (tmp_path / "annotations" / "panoptic_val" / "a.png").unlink()
    dataset = open_dataset(path)
    assert [one["type"] for one in annotations_of(dataset)] == ["rectangle", "rectangle"]
    [note] = dataset.notes
    assert note.reason == "the picture of the masks, `a.png`, is not there: their boxes are used"


def test_a_folder_with_several_files_has_one_label_for_each_image(tmp_path: Path) -> None:
    person = one_object(segmentation=[SQUARE], bbox=[100, 50, 10, 10])
    write(tmp_path / "annotations/instances_val.json", annotations=[person])
    write(
        tmp_path / "annotations/person_keypoints_val.json",
        annotations=[{**person, "keypoints": [105, 55, 2]}],
        categories=[{"id": 1, "name": "cat", "keypoints": ["nose"]}],
    )
    captions = [{"id": 9, "image_id": 1, "caption": "a cat"}, {"id": 10, "image_id": 1, "caption": "a grey cat"}]
    write(tmp_path / "annotations/captions_val.json", annotations=captions, categories=[])
    (tmp_path / "val").mkdir()
    (tmp_path / "val/a.jpg").touch()
    dataset = open_dataset(tmp_path)
    item = only(dataset)
    assert kq.count(item.counted) == kq.count(item.read()) == {("OBJECTS", "cat"): 1}
    assert [one["type"] for one in item.read()["OBJECTS"]["annotations"]] == ["polygon", "pose"]
    assert (item.read()["CAPTION"], item.read()["CAPTION_2"]) == ({"text": "a cat"}, {"text": "a grey cat"})
    assert item.asset["content"] == "val/a.jpg"
    assert item.asset["source"] == {"split": "val"}
    assert [(job.name, job.ml_task) for job in dataset.ontology.jobs.values()] == [
        ("OBJECTS", "OBJECT_DETECTION"),
        ("CAPTION", "TRANSCRIPTION"),
        ("CAPTION_2", "TRANSCRIPTION"),
    ]


def test_the_same_id_in_two_splits_is_two_images(tmp_path: Path) -> None:
    write(tmp_path / "train/_annotations.coco.json", annotations=[one_object(bbox=[0, 0, 1, 1])])
    other = [{"id": 1, "file_name": "b.jpg", "width": 200, "height": 100}]
    write(tmp_path / "valid/_annotations.coco.json", images=other)
    items = [item for item in open_dataset(tmp_path).items() if isinstance(item, DatasetItem)]
    assert [(item.asset["id"], item.asset["source"]["split"]) for item in items] == [
        ("1", "train"),
        ("valid/1", "valid"),
    ]
    assert [kq.count(item.counted) for item in items] == [{("OBJECTS", "cat"): 1}, {}]


def test_attributes_become_child_jobs(tmp_path: Path) -> None:
    attributes = [
        {"occluded": False, "colour": "red", "age": 3, "tags": ["a", "b"], "other": {"deep": 1}, "none": None},
        {"occluded": True, "colour": "dark red"},
    ]
    given = [one_object(id=at, bbox=[0, 0, 1, 1], attributes=one) for at, one in enumerate(attributes)]
    dataset = open_dataset(write(tmp_path / "a.json", annotations=given))
    first, _ = annotations_of(dataset)
    assert first["children"] == {
        "occluded": {"categories": [{"name": "false"}]},
        "colour": {"categories": [{"name": "red"}]},
        "age": {"text": "3"},
        "tags": {"categories": [{"name": "a"}, {"name": "b"}]},
    }
    assert first["source"]["attributes"] == {"other": {"deep": 1}, "none": None}
    assert kq.count(only(dataset).counted)["colour", "dark_red"] == 1
    assert dataset.ontology.jobs["colour"].parents == (("OBJECTS", "cat"),)


def test_repeated_ids(tmp_path: Path) -> None:
    given = [one_object(bbox=[0, 0, 1, 1]), one_object(bbox=[5, 5, 1, 1])]
    images = [{"id": 1, "file_name": name, "width": 200, "height": 100} for name in ("a.jpg", "b.jpg")]
    dataset = open_dataset(write(tmp_path / "a.json", annotations=given, images=images))
    items = [item for item in dataset.items() if isinstance(item, DatasetItem)]
    assert [item.asset["id"] for item in items] == ["1", "1-2"]
    assert [kq.count(item.read()) for item in items] == [{("OBJECTS", "cat"): 2}, {}]
    assert [note.reason for note in dataset.notes] == [
        "the image id `1` occurs more than once: annotations belong to the first",
        "the id `4` occurs more than once in an image: this object is `4-2`",
    ]


@for_each(
    [
        ({"bbox": [0, 0, float("nan"), 1]}, "must be a number, not 'NaN'", "bbox[2]"),
        ({"bbox": [0, 0, 1]}, "must be a list of 4 numbers", "bbox"),
        ({"segmentation": [[1, 2, 3]]}, "must be pairs of x and y", "segmentation[0]"),
        (
            {"segmentation": {"size": [100, 200], "counts": [5]}},
            "must be lengths with the sum 20000",
            "segmentation.counts",
        ),
        (
            {"segmentation": {"size": [-1, 200], "counts": [5]}},
            "must be height and width in pixels",
            "segmentation.size",
        ),
        ({"segmentation": {"size": [100, 200], "counts": "5~"}}, "is not a character of packed", "segmentation.counts"),
        ({"segmentation": {"size": [1 << 20, 1 << 20], "counts": [0, 1 << 40]}}, "the mask has more than", ""),
        ({"keypoints": [1, 2]}, "must be triples of x, y and visibility", "keypoints"),
    ]
)
def test_a_shape_that_cannot_be_read_is_counted(row: tuple[dict[str, object], str, str], tmp_path: Path) -> None:
    fields, reason, path = row
    dataset = open_dataset(write(tmp_path / "a.json", annotations=[one_object(**fields)]))
    assert kq.count(only(dataset).counted) == {("OBJECTS", "cat"): 1}
    assert dataset.ontology
    [problem] = dataset.labels()
    assert isinstance(problem, Problem)
    assert reason in problem.reason
    assert problem.path == f"annotations[0].{path}".rstrip(".")


def test_rows_that_are_no_objects_are_problems(tmp_path: Path) -> None:
    images = [3, {"id": None}, {"id": 1, "file_name": "../../etc/passwd", "width": -5, "height": 0}]
    annotations = ["x", {"id": 1}, one_object(bbox=[0, 0, 1, 1], category_id=[1])]
    dataset = open_dataset(write(tmp_path / "a.json", images=images, annotations=annotations), fmt="coco")
    *problems, item = dataset.items()
    assert [problem.place.path for problem in problems if isinstance(problem, Problem)] == [
        "images[0]",
        "images[1]",
        "annotations[0]",
        "annotations[1]",
    ]
    assert isinstance(item, DatasetItem)
    assert item.asset == {"id": "1", "externalId": "../../etc/passwd"}
    assert list(kq.count(item.counted).values()) == [1]


def test_a_zip(tmp_path: Path) -> None:
    panoptic(tmp_path / "set")
    with zipfile.ZipFile(tmp_path / "set.zip", "w") as archive:
        for path in sorted((tmp_path / "set").rglob("*.*")):
            archive.write(path, path.relative_to(tmp_path))
    dataset = open_dataset(tmp_path / "set.zip")
    assert [one["type"] for one in annotations_of(dataset)] == ["semantic", "semantic"]


def test_the_size_of_an_image_is_read_from_its_file(tmp_path: Path) -> None:
    cv2.imwrite(str(tmp_path / "a.png"), np.zeros((100, 200, 3), np.uint8))
    path = write(
        tmp_path / "a.json", images=[{"id": 1, "file_name": "a.png"}], annotations=[one_object(bbox=[20, 10, 20, 10])]
    )
    [one] = annotations_of(open_dataset(path))
    assert ring(one) == [(20, 20), (20, 10), (40, 10), (40, 20)]


def test_captions_with_a_category_that_is_not_listed() -> None:
    """As datumaro writes them."""
    dataset = open_dataset(Path(__file__).parent / "samples/coco/datumaro_captions")
    assert only(dataset).read() == {"CAPTION": {"text": "a street"}, "CAPTION_2": {"text": "a red light"}}
    assert (list(dataset.ontology.jobs), dataset.notes) == (["CAPTION", "CAPTION_2"], [])
