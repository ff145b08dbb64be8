"""Poses that are written as YOLO and read again: the same objects, points within half a pixel, and visibility."""

import json
from collections import Counter
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import pytest

import kili_query as kq
from kili_query.datasets import DatasetItem, open_dataset
from kili_query.export import write

WIDTH, HEIGHT = 640, 480
KEYPOINTS = [10, 20, 2, 0, 0, 0, 30.5, 40.25, 1]
ANNOTATIONS: list[dict[str, Any]] = [
    {"category_id": 1, "bbox": [5, 10, 100, 200], "keypoints": KEYPOINTS, "num_keypoints": 2},
    {"category_id": 1, "bbox": [50, 60, 70, 80]},
    {"category_id": 2, "bbox": [300, 100, 20, 30], "segmentation": [[300, 100, 320, 100, 320, 130]]},
]


def poses(folder: Path, *more: dict[str, Any]) -> Path:
    listed = [{"id": at, "image_id": 1, **one} for at, one in enumerate([*ANNOTATIONS, *more], 1)]
    names = ["nose", "left eye", "tail"]
    document = {
        "images": [{"id": 1, "file_name": "a.jpg", "width": WIDTH, "height": HEIGHT}],
        "annotations": listed,
        "categories": [{"id": 1, "name": "black cat", "keypoints": names}, {"id": 2, "name": "box"}],
    }
    path = folder / "keypoints.json"
    path.write_text(json.dumps(document))
    return path


def exported(path: Path, folder: Path, fmt: str = "yolo_v8") -> tuple[Path, Any]:
    dataset = open_dataset(path)
    target = folder / f"{fmt}.zip"
    return target, write(dataset, None, dataset.project, fmt=fmt, to=target, layout="merged", disable_tqdm=True)


def objects_of(path: Path) -> tuple[Counter[tuple[str, str]], list[tuple[float, ...]]]:
    """The counts by display name, and the points of all poses in pixels, with their visibility."""
    dataset = open_dataset(path)
    names = {key: one.name for key, one in dataset.ontology.jobs["OBJECTS"].categories.items()}
    counts: Counter[tuple[str, str]] = Counter()
    points = []
    for item in dataset.items():
        assert isinstance(item, DatasetItem)
        counts.update({(job, names[key]): number for (job, key), number in kq.count(item.counted).items()})
        for one in item.read()["OBJECTS"]["annotations"]:
            for point in one.get("points", ()):
                x, y = point["point"]["x"] * WIDTH, point["point"]["y"] * HEIGHT
                points.append((point["code"], x, y, point.get("source", {}).get("visibility", 2)))
    return counts, points


@pytest.mark.parametrize("fmt", ["yolo_v5", "yolo_v7", "yolo_v8"])
def test_poses_come_back(tmp_path: Path, fmt: str) -> None:
    given = poses(tmp_path)
    written, summary = exported(given, tmp_path, fmt)
    assert not summary.unsupported
    (counts, points), (again, points_again) = objects_of(given), objects_of(written)
    assert counts == again == {("OBJECTS", "black cat"): 2, ("OBJECTS", "box"): 1}
    assert [(code, seen) for code, _, _, seen in points_again] == [("nose", 2), ("tail", 1)]
    for one, other in zip(points, points_again, strict=True):
        assert other[1:3] == pytest.approx(one[1:3], abs=0.5)


def test_every_line_has_all_points(tmp_path: Path) -> None:
    written, _ = exported(poses(tmp_path), tmp_path)
    with ZipFile(written) as archive:
        lines = archive.read("labels/a.txt").decode().splitlines()
        about = archive.read("data.yaml").decode()
    assert [len(line.split()) for line in lines] == [5 + 3 * 3] * 3
    assert lines[1].split()[5:] == lines[2].split()[5:] == ["0"] * 9
    assert "kpt_shape: [3, 3]\nkpt_names:\n  0: ['nose', 'left eye', 'tail']\n" in about


def test_a_point_outside_the_image_is_reported(tmp_path: Path) -> None:
    outside = {"category_id": 1, "bbox": [5, 10, 100, 200], "keypoints": [-10, 20, 2, 7, 8, 2, 9, 9, 2]}
    given = poses(tmp_path, outside)
    dataset = open_dataset(given)
    target = tmp_path / "out.zip"
    summary = write(dataset, None, dataset.project, fmt="yolo_v8", to=target, layout="merged", on_error="skip")
    assert "the point `nose` lies outside the image" in str(summary)
    assert len(objects_of(target)[1]) == 4


def test_names_of_classes_alone_hold_no_poses(tmp_path: Path) -> None:
    _, summary = exported(poses(tmp_path), tmp_path, "yolo_v4")
    assert summary.unsupported == {"pose": 1}
