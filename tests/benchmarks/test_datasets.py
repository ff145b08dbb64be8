"""Questions to datasets of other tools, opening included, against what their users do today: ``--benchmark-only``."""

import contextlib
import io
import json
import os
import random
from pathlib import Path
from typing import Any

import pytest
from pycocotools.coco import COCO
from pytest_benchmark.fixture import BenchmarkFixture

import kili_query as kq
from tests.benchmarks.ratios import record_ratios
from tests.benchmarks.rounds import best_times_s
from tests.benchmarks.sizes import FILE_LABELS

ROUNDS = 3
IMAGES, OBJECTS = FILE_LABELS // 4, FILE_LABELS * 9 // 5  # 5,000 and 36,000, as in val2017 of COCO
FILES = FILE_LABELS * 5  # 100,000
NAMES = ["person", "bicycle", "car", *(f"thing {number}" for number in range(77))]
QUERY = "OBJECTS.person.count >= 3 AND OBJECTS.car.count == 0"


def some_class(random_: random.Random) -> int:
    return random_.choice([0, 0, 0, 2, 2, random_.randrange(len(NAMES))])


@pytest.fixture(scope="module")
def coco_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    random_ = random.Random(0)
    site = "http://images.example.com/val2017"
    images = [
        {
            "license": 4,
            "file_name": f"{number:012d}.jpg",
            "coco_url": f"{site}/{number:012d}.jpg",
            "height": 480,
            "width": 640,
            "date_captured": "2013-11-14 17:02:52",
            "id": number * 7,
        }
        for number in range(IMAGES)
    ]
    annotations = [
        {
            "segmentation": [[round(random_.uniform(0, 480), 2) for _ in range(2 * random_.randint(8, 42))]],
            "area": round(random_.uniform(20, 9999), 4),
            "iscrowd": 0,
            "image_id": random_.randrange(IMAGES) * 7,
            "bbox": [round(random_.uniform(0, 300), 2) for _ in range(4)],
            "category_id": some_class(random_) + 1,
            "id": number,
        }
        for number in range(1, OBJECTS + 1)
    ]
    categories = [{"supercategory": "thing", "id": number, "name": name} for number, name in enumerate(NAMES, 1)]
    path = tmp_path_factory.mktemp("coco") / "instances_val2017.json"
    path.write_text(json.dumps({"images": images, "annotations": annotations, "categories": categories}))
    return path


@pytest.fixture(scope="module")
def yolo_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    random_ = random.Random(0)
    root = tmp_path_factory.mktemp("yolo")
    (root / "labels").mkdir()
    for number in range(FILES):
        lines = [
            f"{some_class(random_)} {' '.join(f'{random_.random():.6f}' for _ in range(4))}\n"
            for _ in range(random_.randint(0, 14))
        ]
        (root / "labels" / f"{number:06d}.txt").write_text("".join(lines))
    (root / "data.yaml").write_text(f"names: {json.dumps(NAMES)}\n")
    return root


def matching(path: Path) -> list[str]:
    return [label["labelOf"]["externalId"] for label in kq.scan(path, QUERY)]


def judged(path: Path) -> list[str]:
    """The same without the shapes of what matches."""
    return [label["labelOf"]["externalId"] for label in kq.scan(path, QUERY, shapes=False)]


def matching_by_coco(path: Path) -> list[str]:
    with contextlib.redirect_stdout(io.StringIO()):
        coco = COCO(str(path))
    person, car = (coco.getCatIds(catNms=[name]) for name in ("person", "car"))
    return [
        coco.imgs[image]["file_name"]
        for image in coco.getImgIds()
        if len(coco.getAnnIds(imgIds=[image], catIds=person)) >= 3 and not coco.getAnnIds(imgIds=[image], catIds=car)
    ]


def read_alone(path: Path) -> int:
    size = 0
    for folder, _, files in os.walk(path):
        for name in files:
            with open(os.path.join(folder, name), "rb") as file:
                size += len(file.read())
    return size


def counted_by_hand(path: Path) -> int:
    """What a script for this one question does."""
    found = 0
    for name in sorted(os.listdir(path / "labels")):
        with open(path / "labels" / name, encoding="utf-8") as file:
            classes = [int(line.split()[0]) for line in file]
        found += classes.count(0) >= 3 and 2 not in classes
    return found


@pytest.mark.benchmark(group="datasets of other tools")
def test_coco(benchmark: BenchmarkFixture, coco_file: Path) -> None:
    assert sorted(matching(coco_file)) == sorted(judged(coco_file)) == sorted(matching_by_coco(coco_file)) != []
    peers: dict[str, Any] = {
        "scan": lambda: judged(coco_file),
        "pycocotools": lambda: matching_by_coco(coco_file),
    }
    times_s = best_times_s(peers, ROUNDS)
    record_ratios(benchmark, "a question to a file of COCO", times_s, goals={"pycocotools": 5})
    benchmark.pedantic(peers["scan"], rounds=1)


@pytest.mark.benchmark(group="datasets of other tools")
def test_yolo(benchmark: BenchmarkFixture, yolo_folder: Path) -> None:
    assert len(judged(yolo_folder)) == counted_by_hand(yolo_folder) > 0
    peers: dict[str, Any] = {
        "scan": lambda: judged(yolo_folder),
        "reading the files alone": lambda: read_alone(yolo_folder),
        "a script for this question": lambda: counted_by_hand(yolo_folder),
    }
    times_s = best_times_s(peers, ROUNDS)
    goals = {"reading the files alone": 1 / 1.5}
    record_ratios(benchmark, "a question to files of YOLO", times_s, goals=goals)
    benchmark.pedantic(peers["scan"], rounds=1)
