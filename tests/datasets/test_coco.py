"""COCO: what becomes of each kind of annotation, judged by pycocotools, and files with faults."""

import contextlib
import io
import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from pycocotools.coco import COCO

import kili_query as kq
from kili_query.datasets import DatasetItem, open_dataset
from kili_query.datasets.dataset import Dataset
from kili_query.labels.geometry import Part, Point, Region, Size, run_lengths
from kili_query.places import Problem
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


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ('{"images": [', "is truncated"),
        ("[]", "it must be an object with"),
        ('{"images": 3}', "`images` of"),
        ('{"images": [], "categories": [3]}', "`categories[0]` of"),
        ("\udcff", "is not UTF-8 (at byte 1)"),
    ],
)
def test_a_file_that_cannot_be_read(tmp_path: Path, text: str, reason: str) -> None:
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
