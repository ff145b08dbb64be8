"""Pascal VOC: what becomes of the elements of an object, judged by supervision, and files with faults."""

import zipfile
from collections import Counter
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

import kili_query as kq
from kili_query.datasets import DatasetItem, open_dataset
from kili_query.places import Problem
from tests.each import for_each

IMAGE = "<filename>a.jpg</filename><size><width>200</width><height>100</height><depth>3</depth></size>"
BOX = "<bndbox><xmin>20</xmin><ymin>10.5</ymin><xmax>120</xmax><ymax>60</ymax></bndbox>"


def annotation(*objects: str, image: str = IMAGE) -> str:
    return f"<annotation>{image}{''.join(f'<object>{one}</object>' for one in objects)}</annotation>"


def lay(root: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return root


def only(path: Path) -> DatasetItem:
    [item] = open_dataset(path).items()
    assert isinstance(item, DatasetItem), item
    assert kq.count(item.counted) == kq.count(item.read())
    return item


def annotations_of(item: DatasetItem) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = item.read()["OBJECTS"]["annotations"]
    return found


def test_a_box_with_flags_and_parts(tmp_path: Path) -> None:
    part = "<part><name>head</name><bndbox><xmin>20</xmin></bndbox></part>"
    flags = "<difficult>1</difficult><truncated>0</truncated><pose>Frontal</pose>"
    (tmp_path / "a.xml").write_text(annotation(f"<name>traffic light</name>{flags}{part}{BOX}"))
    dataset = open_dataset(tmp_path / "a.xml")
    assert list(dataset.ontology.jobs) == ["OBJECTS", "difficult", "pose"]
    assert dataset.ontology.jobs["OBJECTS"].categories["traffic_light"].children == ("difficult", "pose")
    item = only(tmp_path / "a.xml")
    assert kq.count(item.counted) == {
        ("OBJECTS", "traffic_light"): 1,
        ("difficult", "yes"): 1,
        ("pose", "Frontal"): 1,
    }
    assert annotations_of(item) == [
        {
            "mid": "1",
            "categories": [{"name": "traffic_light"}],
            "children": {
                "difficult": {"categories": [{"name": "yes"}]},
                "pose": {"categories": [{"name": "Frontal"}]},
            },
            "type": "rectangle",
            "boundingPoly": [
                {
                    "normalizedVertices": [
                        {"x": 0.1, "y": 0.6},
                        {"x": 0.1, "y": 0.105},
                        {"x": 0.6, "y": 0.105},
                        {"x": 0.6, "y": 0.6},
                    ]
                }
            ],
            "source": {"part": {"name": "head", "bndbox": {"xmin": "20"}}},
        }
    ]
    assert item.asset == {"id": "a.jpg", "externalId": "a.jpg", "resolution": {"width": 200, "height": 100}}


def test_a_rotated_box(tmp_path: Path) -> None:
    turned = "<robndbox><cx>100</cx><cy>50</cy><w>40</w><h>20</h><angle>1.5707963267948966</angle></robndbox>"
    (tmp_path / "a.xml").write_text(annotation(f"<name>cat</name>{turned}"))
    [one] = annotations_of(only(tmp_path / "a.xml"))
    assert one["source"] == {"robndbox": {"angle": 1.5707963267948966}}
    corners = [(corner["x"] * 200, corner["y"] * 100) for corner in one["boundingPoly"][0]["normalizedVertices"]]
    assert corners == [pytest.approx(corner) for corner in [(90, 30), (110, 30), (110, 70), (90, 70)]]


@pytest.mark.parametrize(
    "corners",
    [
        "<x1>20</x1><y1>10</y1><x2>120</x2><y2>10</y2><x3>20</x3><y3>60</y3>",
        "<pt><x>20</x><y>10</y></pt><pt><x>120</x><y>10</y></pt><pt><x>20</x><y>60</y></pt>",
    ],
)
def test_an_outline(tmp_path: Path, corners: str) -> None:
    (tmp_path / "a.xml").write_text(annotation(f"<name>cat</name>{BOX}<polygon>{corners}</polygon>"))
    [one] = annotations_of(only(tmp_path / "a.xml"))
    assert one["type"] == "polygon"
    vertices = [(corner["x"], corner["y"]) for corner in one["boundingPoly"][0]["normalizedVertices"]]
    assert vertices == [(0.1, 0.1), (0.6, 0.1), (0.1, 0.6)]
    assert one["source"] == {"bndbox": {"xmin": "20", "ymin": "10.5", "xmax": "120", "ymax": "60"}}


@pytest.mark.parametrize("packed", [False, True], ids=["folder", "zip"])
def test_folders_splits_and_images_without_label(tmp_path: Path, packed: bool) -> None:
    files = {
        "Annotations/a.xml": annotation(f"<name>cat</name>{BOX}"),
        "Annotations/b.xml": annotation(image="<filename>b.jpg</filename><owner><name>me</name></owner>"),
        "JPEGImages/a.jpg": "",
        "JPEGImages/b.jpg": "",
        "JPEGImages/c.jpg": "",
        "SegmentationClass/a.png": "",
        "ImageSets/Main/train.txt": "a\n",
        "ImageSets/Main/val.txt": "b 1\n",
        "ImageSets/Main/cat_val.txt": "a -1\n",
    }
    root = lay(tmp_path / "voc", files)
    if packed:
        with zipfile.ZipFile(tmp_path / "voc.zip", "w") as archive:
            for name, text in files.items():
                archive.writestr(f"VOC2012/{name}", text)
    dataset = open_dataset(tmp_path / "voc.zip" if packed else root)
    items = [item for item in dataset.items() if isinstance(item, DatasetItem)]
    assert [(item.asset["externalId"], item.label is not None) for item in items] == [
        ("a.jpg", True),
        ("b.jpg", True),
        ("c.jpg", False),
    ]
    assert [item.asset.get("source") for item in items] == [
        {"split": "train"},
        {"owner": {"name": "me"}, "split": "val"},
        None,
    ]
    assert all("content" in item.asset for item in items)
    assert dataset.kept == {"split": 2, "owner": 1}
    [note] = dataset.notes
    assert note.reason == "1 pictures of masks are not read: their objects are those of the XML files"


ENTITIES = '<!DOCTYPE annotation [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]>'
OUTSIDE = '<!DOCTYPE annotation [<!ENTITY a SYSTEM "file:///etc/passwd">]>'


@for_each(
    [
        (ENTITIES + annotation("<name>&b;</name>"), "it declares entities, which are not expanded"),
        (OUTSIDE + annotation("<name>&a;</name>"), "it declares entities, which are not expanded"),
        (annotation("<name>cat</name>")[:-9], "it is truncated or not XML: unclosed token"),
        ('<?xml version="1.0" encoding="utf-99"?>' + annotation(), "it is truncated or not XML"),
        (annotation(f"<name>{'<a>' * 30}{'</a>' * 30}</name>"), "elements are nested deeper than 20 levels"),
    ]
)
def test_a_file_that_cannot_be_read(row: tuple[str, str], tmp_path: Path) -> None:
    text, reason = row
    (tmp_path / "a.xml").write_text(text)
    (tmp_path / "b.xml").write_text(annotation(f"<name>cat</name>{BOX}"))
    problem, other = open_dataset(tmp_path).items()
    assert isinstance(problem, Problem)
    assert problem.reason.startswith(reason)
    assert problem.place.file == f"{tmp_path}/a.xml"
    assert isinstance(other, DatasetItem)


@pytest.mark.parametrize(
    ("text", "reason", "path"),
    [
        (
            annotation("<name>cat</name><bndbox><xmin>nan</xmin></bndbox>"),
            "must be a number, not `nan`",
            "object[0].bndbox.xmin",
        ),
        (
            annotation(f"<name>cat</name>{BOX}", image="<size><width>-5</width><height>nan</height></size>"),
            "is in pixels, and the size of the image is not known",
            "object[0].bndbox",
        ),
        (
            annotation(f"<name>cat</name>{BOX}", image="<size><width>wide</width><height>9</height></size>"),
            "is in pixels, and the size of the image is not known",
            "object[0].bndbox",
        ),
        (
            annotation(f"<name>cat</name>{BOX}", image="<filename>../../etc/passwd</filename>"),
            "is in pixels, and the size of the image is not known",
            "object[0].bndbox",
        ),
    ],
)
def test_an_object_that_is_counted_but_not_drawn(tmp_path: Path, text: str, reason: str, path: str) -> None:
    (tmp_path / "a.xml").write_text(text)
    dataset = open_dataset(tmp_path)
    [item] = dataset.items()
    assert isinstance(item, DatasetItem)
    assert kq.count(item.counted) == {("OBJECTS", "cat"): 1}
    assert "content" not in item.asset
    [problem] = dataset.labels()
    assert isinstance(problem, Problem)
    assert (problem.reason, problem.path) == (reason, path)


def test_the_size_of_an_image_is_read_from_its_file(tmp_path: Path) -> None:
    cv2.imwrite(str(tmp_path / "a.png"), np.zeros((100, 200, 3), np.uint8))
    (tmp_path / "a.xml").write_text(annotation(f"<name>cat</name>{BOX}", image="<filename>a.png</filename>"))
    [one] = annotations_of(only(tmp_path))
    assert one["boundingPoly"][0]["normalizedVertices"][0] == {"x": 0.1, "y": 0.6}


def test_what_supervision_writes_is_read_alike(tmp_path: Path) -> None:
    import supervision as sv  # here, so that collecting the tests does not wait for it

    path = tmp_path / "a.png"
    cv2.imwrite(str(path), np.zeros((60, 80, 3), np.uint8))
    boxes = np.array([[1, 2, 11, 12], [30, 20, 50, 44]], np.float32)
    theirs = sv.Detections(xyxy=boxes, class_id=np.array([1, 0]))
    written = sv.DetectionDataset(classes=["cat", "dog"], images=[str(path)], annotations={str(path): theirs})
    written.as_pascal_voc(
        images_directory_path=str(tmp_path / "set/images"), annotations_directory_path=str(tmp_path / "set/labels")
    )
    item = only(tmp_path / "set")
    names = [one["categories"][0]["name"] for one in annotations_of(item)]
    assert Counter(names) == Counter(["dog", "cat"])
    for one, (left, top, right, bottom) in zip(annotations_of(item), boxes.tolist(), strict=True):
        corners = [(corner["x"] * 80, corner["y"] * 60) for corner in one["boundingPoly"][0]["normalizedVertices"]]
        # supervision counts the first pixel as 1, and we take edges as they are written
        assert corners[1] == pytest.approx((left, top), abs=1.01)
        assert corners[3] == pytest.approx((right, bottom), abs=1.01)
