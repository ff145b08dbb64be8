"""YOLO: what becomes of each kind of line, where files lie, judged by supervision, and files with faults."""

import json
import shutil
import zipfile
from collections import Counter
from itertools import product
from pathlib import Path
from typing import Any, ClassVar

import cv2
import numpy as np
import pytest

import kili_query as kq
from kili_query.datasets import DatasetItem, open_dataset
from kili_query.datasets.dataset import Dataset
from kili_query.errors import SourceError
from kili_query.places import Problem
from tests.each import for_each

BOXES = "0 0.5 0.5 0.5 0.25\n2 0.25 0.25 0.1 0.1\n"


def lay(root: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return root


def items_of(dataset: Dataset) -> dict[str, DatasetItem]:
    found = {}
    for item in dataset.items():
        assert isinstance(item, DatasetItem), item
        found[item.asset["id"]] = item
    return found


def counts_of(dataset: Dataset) -> dict[str, dict[str, int] | None]:
    return {
        name: None if item.label is None else {key: n for (_, key), n in kq.count(item.counted).items()}
        for name, item in items_of(dataset).items()
    }


class TestOneFile:
    """A file alone names the classes of its folder."""

    FILES: ClassVar = {"data.yaml": "names: [cat]", "other.yaml": "{names: [dog]}", "labels/a.txt": "0 0.5 0.5 0.5 0.5"}

    def test_the_given_file_counts(self, tmp_path: Path) -> None:
        root = lay(tmp_path, self.FILES)
        for name, found in (("data.yaml", "cat"), ("other.yaml", "dog")):
            assert counts_of(open_dataset(root / name)) == {"a": {found: 1}}
        assert counts_of(open_dataset(root)) == {"a": {"cat": 1}}

    def test_a_text_alone_does_not_take_the_classes_of_a_neighbour(self, tmp_path: Path) -> None:
        root = lay(tmp_path, self.FILES)
        with pytest.raises(SourceError, match=r"does not name classes.*or the folder of the dataset"):
            open_dataset(root / "labels" / "a.txt", fmt="yolo")

    def test_a_yaml_without_names_does_not_take_those_of_a_neighbour(self, tmp_path: Path) -> None:
        root = lay(tmp_path, {**self.FILES, "third.yaml": "nc: 1"})
        with pytest.raises(SourceError, match=r"third.yaml` has no `names` of classes"):
            items_of(open_dataset(root / "third.yaml", fmt="yolo"))


LAYOUTS: dict[str, dict[str, str]] = {
    "ultralytics": {
        "data.yaml": "path: /somewhere/else\ntrain: images/train\nval: images/val\nnames:\n  0: cat\n  2: no\n",
        "images/train/a.jpg": "",
        "labels/train/a.txt": BOXES,
        "images/val/b.jpg": "",
    },
    "roboflow": {
        "data.yaml": "train: ../train/images\nval: ../valid/images\nnc: 3\nnames: ['cat', 'dog', 'no']\n",
        "train/images/a.jpg": "",
        "train/labels/a.txt": BOXES,
        "valid/images/b.jpg": "",
    },
    "darknet": {
        "obj.names": "cat\ndog\nno\n",
        "train.txt": "data/obj_train_data/a.jpg\n",
        "obj_train_data/a.jpg": "",
        "obj_train_data/a.txt": BOXES,
        "obj_train_data/b.jpg": "",
    },
    "labelimg": {"classes.txt": "cat\ndog\nno\n", "a.jpg": "", "a.txt": BOXES, "b.jpg": ""},
    "numbered": {"classes.txt": "0 cat\n1 dog\n2 no\n", "labels/a.txt": BOXES, "images/a.jpg": "", "images/b.jpg": ""},
}


@for_each(product(LAYOUTS, [False, True]))
def test_layouts(row: tuple[str, bool], tmp_path: Path) -> None:
    layout, packed = row
    root = lay(tmp_path / "set", LAYOUTS[layout])
    if packed:
        with zipfile.ZipFile(tmp_path / "set.zip", "w") as archive:
            for name, text in LAYOUTS[layout].items():
                archive.writestr(f"set/{name}", text)
    dataset = open_dataset(tmp_path / "set.zip" if packed else root)
    assert dataset.format == "yolo"
    assert counts_of(dataset) == {"a.jpg": {"cat": 1, "no": 1}, "b.jpg": None}
    assert dataset.notes == []
    items = items_of(dataset)
    assert items["a.jpg"].asset["content"].endswith("a.jpg")
    split = items["a.jpg"].asset.get("source", {}).get("split")
    assert split == ("train" if layout in ("ultralytics", "roboflow", "darknet") else None)


def test_the_file_that_names_classes_stands_for_its_folder(tmp_path: Path) -> None:
    root = lay(tmp_path, LAYOUTS["ultralytics"])
    assert counts_of(open_dataset(root / "data.yaml")) == counts_of(open_dataset(root))


def annotations_of(tmp_path: Path, line: str, yaml: str = "names: [cat]\n") -> list[dict[str, Any]]:
    dataset = open_dataset(lay(tmp_path, {"data.yaml": yaml, "labels/a.txt": line}))
    [item] = dataset.items()
    assert isinstance(item, DatasetItem), item
    assert kq.count(item.counted) == kq.count(item.read())
    found: list[dict[str, Any]] = item.read()["OBJECTS"]["annotations"]
    assert list(dict.fromkeys(one["type"] for one in found)) == list(dataset.ontology.jobs["OBJECTS"].tools)
    return found


def corners(annotation: dict[str, Any]) -> list[tuple[float, float]]:
    [ring] = annotation["boundingPoly"]
    return [(one["x"], one["y"]) for one in ring["normalizedVertices"]]


def test_a_box(tmp_path: Path) -> None:
    [box] = annotations_of(tmp_path, "0 0.5 0.5 0.5 0.25\n")
    assert box["type"] == "rectangle"
    assert corners(box) == [(0.25, 0.625), (0.25, 0.375), (0.75, 0.375), (0.75, 0.625)]


def test_a_box_with_the_confidence_of_a_model(tmp_path: Path) -> None:
    [box] = annotations_of(tmp_path, "0 0.5 0.5 0.5 0.25 0.875")
    assert box["source"] == {"confidence": 0.875}


def test_an_outline_and_a_rotated_box(tmp_path: Path) -> None:
    [outline, rotated] = annotations_of(tmp_path, "0 0 0 1 0 1 1\r\n\n 0\t0.5 0 1 0.5 0.5 1 0 0.5\r\n")
    assert (outline["type"], corners(outline)) == ("polygon", [(0, 0), (1, 0), (1, 1)])
    assert (rotated["mid"], corners(rotated)) == ("2", [(0.5, 0), (1, 0.5), (0.5, 1), (0, 0.5)])


def test_keypoints(tmp_path: Path) -> None:
    yaml = "kpt_shape: [3, 3]\nnames: {0: cat}\nkpt_names: {0: [nose, left ear, tail]}\n"
    [pose, box] = annotations_of(tmp_path, "0 0.5 0.5 1 1 0.25 0.5 2 0 0 0 0.75 0.5 1\n", yaml)
    assert pose["mid"] == box["mid"] == "1"
    assert pose["points"] == [
        {"code": "nose", "mid": "1-nose", "type": "marker", "point": {"x": 0.25, "y": 0.5}},
        {
            "code": "tail",
            "mid": "1-tail",
            "type": "marker",
            "point": {"x": 0.75, "y": 0.5},
            "source": {"visibility": 1.0},
        },
    ]


@for_each(
    [
        ("0 0.5 nan 0.5 0.25", {"cat": 1}, "must be a number, not `nan`"),
        ("0 0.5 0.5", {"cat": 1}, "a line must be a class and 4 numbers of a box, or 6 and more of an outline"),
        ("0 1 2 3 four", {"cat": 1}, "must be a number, not `four`"),
        ("cat 0.5 0.5 0.5 0.25", None, "the class of object 1 must be a number, not `cat`"),
        ("\ufffe\ufeff0 0", None, "the class of object 1 must be a number, not `\ufffe\ufeff0`"),
    ]
)
def test_a_line_that_cannot_be_read(row: tuple[str, dict[str, int] | None, str], tmp_path: Path) -> None:
    line, counts, reason = row
    dataset = open_dataset(lay(tmp_path, {"data.yaml": "names: [cat]", "labels/a.txt": line}))
    [item] = dataset.items()
    if counts is not None:
        assert isinstance(item, DatasetItem)
        assert {key: n for (_, key), n in kq.count(item.counted).items()} == counts
    [problem] = dataset.labels()
    assert isinstance(problem, Problem)
    assert problem.reason == reason


def test_a_class_beyond_the_names_and_sizes_below_zero(tmp_path: Path) -> None:
    dataset = open_dataset(lay(tmp_path, {"data.yaml": "names: [cat]", "labels/a.txt": "7 0.5 0.5 -0.5 0.25"}))
    [item] = dataset.items()
    assert isinstance(item, DatasetItem)
    assert kq.count(item.counted) == {("OBJECTS", "c_7"): 1}
    [box] = item.read()["OBJECTS"]["annotations"]
    assert corners(box)[0] == (0.75, 0.625)  # as it is written
    [note] = dataset.notes
    assert note.reason == "there is no class 7 in `data.yaml`: a category was made for it"


def test_an_empty_file_is_a_label_without_objects(tmp_path: Path) -> None:
    files = {"data.yaml": "names: [cat]", "labels/a.txt": "", "images/a.png": "", "images/b.png": ""}
    items = items_of(open_dataset(lay(tmp_path, files)))
    assert items["a.png"].label is not None
    assert kq.count(items["a.png"].read()) == {}
    assert items["b.png"].label is None


@for_each(
    [
        ("names: [a, [b]]", "must be a list of names, or names by their numbers"),
        ("names: {first: a}", "must be a list of names, or names by their numbers"),
        ("names: [a", "is not YAML"),
        ("names: [a]\nkpt_shape: [x]", "`kpt_shape` of"),
        ("a: &a [x, x]\nb: &b [*a, *a]\nnames: [*b, *b]", "must be a list of names"),
        ("nc: 3", "has no file that names classes"),
    ]
)
def test_names_that_cannot_be_read(row: tuple[str, str], tmp_path: Path) -> None:
    yaml, reason = row
    with pytest.raises(kq.SourceError, match=r".") as caught:
        open_dataset(lay(tmp_path, {"data.yaml": yaml, "labels/a.txt": BOXES}), fmt="yolo")
    assert reason in str(caught.value)


def test_a_path_that_leads_out_is_not_followed(tmp_path: Path) -> None:
    lay(tmp_path, {"elsewhere/labels/train/x.txt": BOXES})
    yaml = f"path: {tmp_path}/elsewhere\ntrain: ../elsewhere/images/train\nnames: [cat, dog, no]\n"
    dataset = open_dataset(lay(tmp_path / "set", {"data.yaml": yaml, "labels/train/a.txt": BOXES}))
    assert list(items_of(dataset)) == ["a"]


def test_what_supervision_writes_is_read_alike(tmp_path: Path) -> None:
    """Boxes and masks written by supervision, which also says how many there are."""
    import supervision as sv  # here, so that collecting the tests does not wait for it

    images = {}
    annotations = {}
    for number in range(3):
        path = tmp_path / f"{number}.png"
        cv2.imwrite(str(path), np.zeros((60, 80, 3), np.uint8))
        images[str(path)] = path
        boxes = np.array([[1 + at, 2, 11 + at, 12] for at in range(number)], np.float32).reshape(-1, 4)
        annotations[str(path)] = sv.Detections(xyxy=boxes, class_id=np.arange(number) % 2)
    written = sv.DetectionDataset(classes=["cat", "dog"], images=list(images), annotations=annotations)
    root = tmp_path / "set"
    written.as_yolo(
        images_directory_path=str(root / "images"),
        annotations_directory_path=str(root / "labels"),
        data_yaml_path=str(root / "data.yaml"),
    )
    dataset = open_dataset(root)
    for name, item in items_of(dataset).items():
        theirs = annotations[str(tmp_path / name)]
        expected = Counter(["cat", "dog"][int(one)] for one in ([] if theirs.class_id is None else theirs.class_id))
        assert Counter({key: n for (_, key), n in kq.count(item.counted).items()}) == expected
        for one, (left, top, right, bottom) in zip(
            item.read().get("OBJECTS", {}).get("annotations", ()), theirs.xyxy.tolist(), strict=True
        ):
            assert [(x * 80, y * 60) for x, y in corners(one)] == [
                pytest.approx(corner, abs=0.5)
                for corner in [(left, bottom), (left, top), (right, top), (right, bottom)]
            ]
    assert json.dumps(dataset.project)


@pytest.mark.parametrize("is_packed", [False, True])
def test_the_size_of_an_image_is_read_when_the_whole_label_is(tmp_path: Path, is_packed: bool) -> None:
    folder = Path(__file__).parent / "samples/yolo/datumaro_ultralytics"
    dataset = open_dataset(shutil.make_archive(str(tmp_path / "all"), "zip", folder) if is_packed else folder)
    assert "resolution" not in items_of(dataset)["street.jpg"].asset
    assert items_of(dataset)["street.jpg"].whole()["labelOf"]["resolution"] == {"width": 64, "height": 48}
    assert [asset["resolution"] for asset in dataset.assets()] == [{"width": 64, "height": 48}] * 3
    root = tmp_path / "broken"
    lay(root, {"classes.txt": "cat", "a.txt": "", "a.jpg": "no image"})
    [broken] = open_dataset(shutil.make_archive(str(root), "zip", root) if is_packed else root).assets()
    assert "resolution" not in broken
