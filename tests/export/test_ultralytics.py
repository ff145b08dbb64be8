"""Ultralytics loads the YOLO datasets that we write: each image, with all of its objects.

It needs an environment of its own, `.venv-peers/ultralytics`, and is skipped without it.
"""

import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import pytest

from kili_query.datasets import open_dataset
from kili_query.export import write
from tests.datasets.test_poses import poses
from tests.shared_data import data_set

ROOT = Path(__file__).parents[2]
PYTHON = ROOT / ".venv-peers" / "ultralytics" / "bin" / "python"
JUDGE = Path(__file__).with_name("ultralytics_judge.py")
SAMPLES = ROOT / "tests" / "datasets" / "samples"

pytestmark = pytest.mark.skipif(
    not PYTHON.exists(), reason="ultralytics brings gigabytes of torch: `make judges` installs it"
)


def judged(archive: Path, task: str, folder: Path) -> dict[str, tuple[int, list[int] | None]]:
    """What ultralytics loads of an archive."""
    with ZipFile(archive) as packed:
        packed.extractall(folder / "unpacked")
    answer = folder / "answer.json"
    environ = {**os.environ, "YOLO_CONFIG_DIR": str(folder), "YOLO_OFFLINE": "true", "YOLO_AUTOINSTALL": "false"}
    words = [PYTHON, JUDGE, task, folder / "unpacked", answer]
    ran = subprocess.run(words, env=environ, capture_output=True, text=True, check=False, timeout=300)
    assert ran.returncode == 0, ran.stderr
    found: dict[str, Any] = json.loads(answer.read_text(encoding="utf-8"))
    return {name: (number, shape) for name, (number, shape) in found.items()}


def lines_of(archive: Path) -> dict[str, int]:
    """How many objects the label files have; ultralytics leaves out lines that are repeated."""
    with ZipFile(archive) as packed:
        named = [name for name in packed.namelist() if name.startswith("labels/")]
        return {Path(name).stem: len(set(packed.read(name).splitlines())) for name in named}


def exported(source: Path, folder: Path) -> Path:
    dataset = open_dataset(source)
    write(dataset, None, dataset.project, fmt="yolo_v8", to=folder / "out.zip", layout="merged", disable_tqdm=True)
    return folder / "out.zip"


def cases() -> Iterator[Any]:
    yield pytest.param("detect", SAMPLES / "yolo" / "supervision_boxes", id="boxes")
    yield pytest.param("segment", SAMPLES / "yolo" / "supervision_outlines", id="outlines")
    yield pytest.param("segment", SAMPLES / "coco" / "supervision_outlines.json", id="outlines of COCO")
    yield pytest.param("detect", SAMPLES / "cvat" / "images.xml", id="cvat")
    yield pytest.param("detect", SAMPLES / "pascal_voc" / "supervision_boxes", id="voc")


@pytest.mark.parametrize(("task", "sample"), list(cases()))
def test_a_sample(tmp_path: Path, task: str, sample: Path) -> None:
    archive = exported(sample, tmp_path)
    found = judged(archive, task, tmp_path)
    assert {name: number for name, (number, _) in found.items()} == lines_of(archive)


def test_rotated_boxes(tmp_path: Path) -> None:
    source = tmp_path / "rotated"
    (source / "labels").mkdir(parents=True)
    (source / "data.yaml").write_text("names: [boat]\n")
    (source / "labels" / "a.txt").write_text("0 0.5 0.1 0.9 0.5 0.5 0.9 0.1 0.5\n0 0.2 0.1 0.3 0.2 0.2 0.3 0.1 0.2\n")
    assert judged(exported(source, tmp_path), "obb", tmp_path) == {"a": (2, None)}


def test_poses(tmp_path: Path) -> None:
    assert judged(exported(poses(tmp_path), tmp_path), "pose", tmp_path) == {"a": (3, [3, 3])}


@pytest.mark.parametrize("task", ["detect", "segment"])
def test_real_labels(tmp_path: Path, task: str) -> None:
    given = data_set("coco-mini")
    platform = tmp_path / "platform.zip"
    files = [given / name for name in ("labels.ndjson", "assets.ndjson", "project.json")]
    write(*files, fmt="coco", to=platform, layout="merged", disable_tqdm=True)
    archive = exported(platform, tmp_path)
    found = judged(archive, task, tmp_path)
    assert {name: number for name, (number, _) in found.items()} == lines_of(archive)
