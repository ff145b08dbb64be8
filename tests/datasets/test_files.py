"""Files of datasets: folders, archives, single and compressed files, streams; what leads out of them is not found."""

import gzip
import json
import shutil
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import kili_query as kq
from kili_query.datasets import format_of, open_dataset, streamed_dataset
from kili_query.datasets.files import Files
from kili_query.errors import ArgumentError, SourceError
from kili_query.export import write
from tests.each import for_each

COCO: dict[str, Any] = {
    "images": [{"id": 1, "file_name": "a.png", "width": 8, "height": 4}],
    "categories": [{"id": 7, "name": "traffic light"}],
    "annotations": [{"id": 3, "image_id": 1, "category_id": 7, "bbox": [1, 1, 2, 2]}],
}
TEXT = json.dumps(COCO)


def folder(root: Path) -> Path:
    path = root / "set"
    (path / "images").mkdir(parents=True)
    (path / "annotations.json").write_text(TEXT, encoding="utf-8")
    (path / "images" / "a.png").write_bytes(b"an image")
    return path


def one_file(root: Path) -> Path:
    path = root / "instances.json"
    path.write_text(TEXT, encoding="utf-8")
    return path


def packed(root: Path) -> Path:
    path = root / "instances.json.gz"
    path.write_bytes(gzip.compress(TEXT.encode()))
    return path


def archive(root: Path) -> Path:
    return Path(shutil.make_archive(str(root / "set"), "zip", folder(root)))


@for_each([folder, one_file, packed, archive])
def test_every_kind_is_recognized_and_answers_the_same(made: Callable[[Path], Path], tmp_path: Path) -> None:
    path = made(tmp_path)
    assert format_of(path) == "coco"
    found = kq.scan(path, 'OBJECTS."traffic light"')
    assert [label["labelOf"]["externalId"] for label in found] == ["a.png"]
    with pytest.raises(kq.QueryError, match="KQ102"):
        kq.scan(path, "OBJECTS.traffic_lights")


@pytest.mark.parametrize("made", [folder, archive])
def test_images_come_along(tmp_path: Path, made: Callable[[Path], Path]) -> None:
    to = tmp_path / "new.zip"
    write(made(tmp_path), None, fmt="coco", to=to, with_assets=True)
    with zipfile.ZipFile(to) as new:
        [image] = [name for name in new.namelist() if name.endswith("a.png")]
        assert new.read(image) == b"an image"


def test_a_stream_is_read_by_the_name_of_its_format() -> None:
    dataset = streamed_dataset(TEXT.encode(), "<stdin>", "coco")
    [label] = kq.scan(dataset, "OBJECTS.traffic_light.count == 1")
    assert label["jsonResponse"]["OBJECTS"]["annotations"][0]["mid"] == "3"
    with pytest.raises(ArgumentError, match="did you mean `coco`"):
        streamed_dataset(b"", "<stdin>", "coca")
    with pytest.raises(SourceError, match="<stdin>"):
        list(streamed_dataset(b"{", "<stdin>", "coco").items())


def test_what_leads_out_is_not_found(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("x", encoding="utf-8")
    files = Files.of(folder(tmp_path))
    for name in ("../secret", "/etc/passwd", "images/../../secret", "", "\0", "x" * 5000):
        assert files.local(name) is None, name
    path = tmp_path / "bad.zip"
    with zipfile.ZipFile(path, "w") as new:
        new.writestr("../annotations.json", TEXT)
    with pytest.raises(SourceError, match="an entry that leads out of it"):
        open_dataset(path)


def test_what_is_damaged(tmp_path: Path) -> None:
    path = packed(tmp_path)
    path.write_bytes(path.read_bytes()[:-20])
    with pytest.raises(SourceError, match=r"instances\.json\.gz` cannot be unpacked"):
        list(open_dataset(path, fmt="coco").items())
    with pytest.raises(SourceError, match="no such file"):
        open_dataset(tmp_path / "nowhere")
    (tmp_path / "notes.txt").write_text("x", encoding="utf-8")
    with pytest.raises(SourceError, match="not known to be a dataset"):
        open_dataset(tmp_path / "notes.txt")


@for_each(
    [
        '{"id": "l", "jsonResponse": {}, "images": []}',
        '{"id": "p", "jsonInterface": {"jobs": {}}, "images": []}',
        '[{"id": "a", "externalId": "a.png", "latestLabel": {"annotations": []}}]',
        '{"id": "l", "annotations": [{"id": "1"}], "labelType": "DEFAULT"}',
        "names are not here: [a]",
        "",
        "[]",
    ]
)
def test_labels_projects_and_other_texts_are_not_taken_for_datasets(text: str, tmp_path: Path) -> None:
    for name in ("x.json", "x.ndjson", "x.xml", "x.yaml", "x"):
        path = tmp_path / name
        path.write_text(text, encoding="utf-8")
        assert format_of(path) is None, name
