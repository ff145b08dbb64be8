"""Names of categories that a dataset brings are the names that exports of it have, in each format and layout."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import kili_query as kq
from kili_query.datasets import Dataset, open_dataset
from kili_query.export import format_named, write
from tests.each import for_each

NAMES = [
    "traffic light",
    "traffic_light",
    "Ampel/Rot",
    "3D",
    "l'avion",
    "yes",
    "a: b",
    "信号",
    "person",
    "<&>",
    "1 dog",
]
FORMATS_WITH_NAMES = ["coco", "pascal_voc", "yolo_v4", "yolo_v5", "yolo_v7", "yolo_v8"]
WRITTEN = [(fmt, layout) for fmt in FORMATS_WITH_NAMES for layout in sorted(format_named(fmt).layouts)]


def coco_file(path: Path, names: Sequence[str]) -> Path:
    """A file with an object of each category."""
    annotation: dict[str, Any] = {"image_id": 1, "bbox": [1, 1, 4, 4], "iscrowd": 0}
    document = {
        "images": [{"id": 1, "file_name": "a.png", "width": 10, "height": 10}],
        "categories": [{"id": number, "name": name} for number, name in enumerate(names, 1)],
        "annotations": [{**annotation, "id": number, "category_id": number} for number in range(1, len(names) + 1)],
    }
    path.write_text(json.dumps(document), encoding="utf-8")
    return path


def names_in(dataset: Dataset) -> list[str]:
    return [one.name for one in dataset.ontology.jobs["OBJECTS"].categories.values()]


@for_each(WRITTEN)
def test_names_come_back(row: tuple[str, Any], tmp_path: Path) -> None:
    fmt, layout = row
    original = open_dataset(coco_file(tmp_path / "names.json", NAMES))
    write(original, None, fmt=fmt, to=tmp_path / "out.zip", layout=layout)
    assert names_in(open_dataset(tmp_path / "out.zip")) == names_in(original) == NAMES


@for_each(FORMATS_WITH_NAMES)
def test_names_that_are_not_unique_become_keys(fmt: str, tmp_path: Path) -> None:
    original = open_dataset(coco_file(tmp_path / "names.json", ["person", "person", "person_2", " "]))
    assert list(original.ontology.jobs["OBJECTS"].categories) == ["person", "person_2", "person_2_2", "c"]
    write(original, None, fmt=fmt, to=tmp_path / "out.zip", layout="merged")
    assert names_in(open_dataset(tmp_path / "out.zip")) == ["person", "person_2_2", "person_2", "c"]


def test_a_project_of_the_platform_keeps_its_keys(tmp_path: Path) -> None:
    dataset = open_dataset(coco_file(tmp_path / "names.json", NAMES[:2]))
    project = {"inputType": "IMAGE", "jsonInterface": dataset.ontology.to_json_interface()}
    write(dataset, None, project, fmt="coco", to=tmp_path / "out.zip", layout="merged")
    assert names_in(open_dataset(tmp_path / "out.zip")) == ["OBJECTS/traffic_light", "OBJECTS/traffic_light_2"]


def test_the_projects_that_commands_make_of_datasets_keep_the_names(tmp_path: Path) -> None:
    one, other = (open_dataset(coco_file(tmp_path / f"{name}.json", [name, "a b"])) for name in ("x y", "z"))
    for ontology in (
        kq.Ontology.from_json_interface(one.project),
        kq.Ontology.from_json_interface(one.ontology.to_project()),
    ):
        assert (ontology, ontology.dataset_format) == (one.ontology, "coco")
    write([one, other], None, one.ontology, fmt="coco", to=tmp_path / "out.zip", on_error="skip")
    assert names_in(open_dataset(tmp_path / "out.zip")) == ["x y", "a b"]
