"""A dataset that is exported as YOLO is what ultralytics loads: images where `data.yaml` says, labels beside them.

`tests/export/test_ultralytics.py` lets ultralytics load what we write, in an environment of its own.
"""

import json
import zipfile
from pathlib import Path
from typing import Any

import pytest
import yaml

from kili_query.datasets import DatasetItem, open_dataset
from tests.datasets.test_formats_table import SAMPLES

BOXES = SAMPLES / "pascal_voc" / "datumaro_detection"


@pytest.mark.parametrize("fmt", ["yolo_v5", "yolo_v7", "yolo_v8"])
def test_images_are_where_the_file_of_names_says(run: Any, tmp_path: Path, fmt: str) -> None:
    to = tmp_path / "out.zip"
    assert run("export", str(BOXES), "-f", fmt, "--with-assets", "-o", str(to)).status == 0
    with zipfile.ZipFile(to) as archive:
        names = set(archive.namelist())
        about = yaml.safe_load(archive.read("data.yaml"))
    assert about["train"] == about["val"] == "images"
    images = {Path(name).stem for name in names if name.startswith("images/")}
    assert images == {Path(name).stem for name in names if name.startswith("labels/")} == {"park", "street"}
    for item in open_dataset(to).items():
        assert isinstance(item, DatasetItem)
        assert "source" not in item.asset  # one folder for two splits says of no image in which it is


def test_a_project_of_the_platform_has_the_layout_of_the_platform(run: Any, tmp_path: Path) -> None:
    project = tmp_path / "project.json"
    interface = open_dataset(BOXES).ontology.to_json_interface()
    project.write_text(json.dumps({"inputType": "IMAGE", "jsonInterface": interface}), encoding="utf-8")
    given = ["export", str(BOXES), "--ontology", str(project), "-f", "yolo_v8"]
    assert run(*given, "-o", str(tmp_path / "a.zip")).status == 0
    with zipfile.ZipFile(tmp_path / "a.zip") as archive:
        assert "OBJECTS/data.yaml" in archive.namelist()
    assert run(*given, "-o", str(tmp_path / "b.zip"), "--layout", "merged").status == 0
    with zipfile.ZipFile(tmp_path / "b.zip") as archive:
        assert set(yaml.safe_load(archive.read("data.yaml"))) == {"nc", "names"}
