"""Which files are datasets, and which stay what they were: labels, projects, or nothing known."""

import json
import shutil
from itertools import product
from pathlib import Path

import pytest

import kili_query as kq
from kili_query.datasets import format_of
from tests.each import for_each

DEMO = Path(kq.__file__).parent / "demo" / "instances.json"
CONTENT = {"SKY": {"categories": [{"name": "BLUE"}]}}
LABEL = {"id": "a", "jsonResponse": CONTENT}


LABELS: list[dict[str, object]] = [
    {"images": [], **LABEL},
    {"images": [{"id": 1}], "annotations": [], **LABEL},
    {"images": ["x" * 100_000], **LABEL},
    {"annotations": [{"image_id": 1}], **LABEL},
    {"data": {}, "annotations": [{"result": []}], **LABEL},
    {"data_row": {"id": 1}, **LABEL},
    {"type": "FeatureCollection", **LABEL},
]


@for_each(product(LABELS, ["object", "array", "lines"]))
def test_labels_with_the_keys_of_other_tools_stay_labels(row: tuple[dict[str, object], str], tmp_path: Path) -> None:
    label, form = row
    text = json.dumps(label)
    path = tmp_path / "some.json"
    path.write_text({"object": text, "array": f"[{text}]", "lines": f"{text}\n{text}\n"}[form], encoding="utf-8")
    assert format_of(path) is None
    found = kq.scan(path, "SKY.BLUE")
    assert len(list(found)) == found.report.read == (2 if form == "lines" else 1)


@pytest.mark.parametrize(
    "content",
    [
        {"images": {"categories": [{"name": "BLUE"}]}},
        {"images": [], "jsonInterface": {"jobs": {}}},
        {"jobs": {"images": {}}},
        {"annotations": []},
        {"annotations": [], "categories": [{"name": "BLUE"}]},
        {"type": "Feature"},
        {},
        [],
    ],
    ids=json.dumps,
)
def test_what_is_like_a_dataset_and_is_none(content: object, tmp_path: Path) -> None:
    path = tmp_path / "some.json"
    path.write_text(json.dumps(content), encoding="utf-8")
    assert format_of(path) is None


OF_COCO: list[dict[str, object]] = [
    {"images": []},
    {"images": [{"id": 1}], "annotations": [], "categories": []},
    {"info": {"images": 3}, "licenses": [], "images": [{"id": 1}]},
    {"annotations": [{"image_id": 1}]},
]


@for_each(product(OF_COCO, [None, 2]))
def test_a_coco_file_is_known(row: tuple[dict[str, object], int | None], tmp_path: Path) -> None:
    content, indent = row
    path = tmp_path / "some.json"
    path.write_text(json.dumps(content, indent=indent), encoding="utf-8")
    assert format_of(path) == "coco"


@pytest.mark.parametrize("seen", ['"images":', '"images": [', '"images": [{'])
def test_a_coco_file_is_known_wherever_its_first_bytes_end(seen: str, tmp_path: Path) -> None:
    path = tmp_path / "some.json"
    start = '{"info": "'
    text = start + "x" * (64 * 1024 - len(start) - len('", ') - len(seen)) + '", "images": [{"id": 1}]}'
    path.write_text(text, encoding="utf-8")
    assert format_of(path) == "coco"


def test_reading_a_dataset_reports_progress_so_that_it_can_be_stopped() -> None:
    def stop(done: int, total: int | None) -> None:
        raise TimeoutError

    with pytest.raises(TimeoutError):
        list(kq.scan(DEMO, "OBJECTS.person.count > 1000", progress=stop))


def test_a_dataset_may_have_a_folder_of_labels(tmp_path: Path) -> None:
    folder = tmp_path / "set"
    (folder / "labels").mkdir(parents=True)
    shutil.copy(DEMO, folder / "labels" / "instances.json")
    for path in (folder, shutil.make_archive(str(folder), "zip", folder)):
        assert len(list(kq.scan(path, "OBJECTS.person"))) == 13
    (folder / "labels" / "instances.json").write_text(json.dumps([LABEL]), encoding="utf-8")
    for path in (folder, shutil.make_archive(str(folder), "zip", folder)):
        assert len(list(kq.scan(path, "SKY.BLUE"))) == 1
