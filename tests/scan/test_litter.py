"""What macOS and Windows leave beside files is no data, wherever files are looked for."""

import json
import zipfile
from pathlib import Path

import pytest

from kili_query.export import write
from kili_query.lint import lint_paths
from kili_query.sandbox import Sandbox
from kili_query.scanning import scan
from tests.scan.samples import BLUE, QUERY

APPLE_DOUBLE = b"\x00\x05\x16\x07\x00\x02\x00\x00Mac OS X        "
LITTER = (
    ".DS_Store",
    "labels/.DS_Store",
    "labels/._1.json",
    "._labels.ndjson",
    "labels/Thumbs.db",
    "labels/desktop.ini",
)
PROJECT = {
    "id": "p",
    "inputType": "IMAGE",
    "jsonInterface": {
        "jobs": {
            "SKY": {"mlTask": "CLASSIFICATION", "content": {"input": "radio", "categories": {"BLUE": {}, "GREY": {}}}}
        }
    },
}


@pytest.fixture(params=["folder", "zip"])
def export(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """A raw export of one label that a Mac has handled."""

    asset = json.dumps({"id": "a", "externalId": "a.jpg", "latestLabel": {"id": "l", "jsonResponse": BLUE}})
    files = {"labels/1.json": asset.encode()} | dict.fromkeys(LITTER, APPLE_DOUBLE)
    path = tmp_path / "export"
    if request.param == "zip":
        path = tmp_path / "export.zip"
        files |= dict.fromkeys(("__MACOSX/labels/._1.json", "__MACOSX/._labels"), APPLE_DOUBLE)
        with zipfile.ZipFile(path, "w") as archive:
            for name, data in files.items():
                archive.writestr(name, data)
        return path
    for name, data in files.items():
        (path / name).parent.mkdir(parents=True, exist_ok=True)
        (path / name).write_bytes(data)
    return path


def test_scan(export: Path) -> None:
    labels = scan(export, QUERY)
    assert [label["id"] for label in labels] == ["l"]
    assert (labels.report.read, labels.report.malformed) == (1, 0)


def test_export(export: Path, tmp_path: Path) -> None:
    assert write(export, None, PROJECT, fmt="raw", to=tmp_path / "out.zip").labels == 1


def test_sandbox(export: Path, tmp_path: Path) -> None:

    (tmp_path / "project.json").write_text(json.dumps(PROJECT))
    with Sandbox(tmp_path / "project.json", export) as box:
        assert box.project_id == "p"


def test_lint(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("f(category_search='A.B')\n")
    (tmp_path / "._a.py").write_bytes(APPLE_DOUBLE)
    assert [Path(name).name for name, _ in lint_paths([str(tmp_path)])] == ["a.py"]
