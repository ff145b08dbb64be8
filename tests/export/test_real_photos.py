"""Labels that people drew: COCO gives back the objects that they were made from, a YOLO file has one kind of line."""

import json
from collections import defaultdict
from itertools import product

import pytest

from kili_query.export import write
from tests.each import for_each
from tests.export.samples import names, read, text
from tests.shared_data import data_set


def exported(name, folder, fmt, **options):
    given = data_set(name)
    files = [given / file for file in ("labels.ndjson", "assets.ndjson", "project.json")]
    return write(*files, fmt=fmt, to=folder / "out.zip", disable_tqdm=True, **options)


def by_image_and_category(document, names_of_categories):
    """Box and area of each object, in order of their size, by image and category."""
    images = {one["id"]: one["file_name"].rpartition("/")[2] for one in document["images"]}
    found = defaultdict(list)
    for one in document["annotations"]:
        if not one["iscrowd"]:
            key = images[one["image_id"]], names_of_categories[one["category_id"]]
            found[key].append((one["area"], one["bbox"]))
    return {key: sorted(objects) for key, objects in found.items()}


def test_coco_gives_back_the_objects_of_coco(tmp_path):
    given = json.loads((data_set("coco-parts") / "instances.json").read_text(encoding="utf-8"))
    summary = exported("coco-parts", tmp_path, "coco")
    document = read(summary.path, "OBJECTS/labels.json")
    project = json.loads((data_set("coco-parts") / "project.json").read_text(encoding="utf-8"))
    categories = project["jsonInterface"]["jobs"]["OBJECTS"]["content"]["categories"]
    ours = by_image_and_category(
        document, {one["id"]: categories[one["name"]]["name"] for one in document["categories"]}
    )
    theirs = by_image_and_category(given, {one["id"]: one["name"] for one in given["categories"]})
    assert {key: len(objects) for key, objects in ours.items()} == {key: len(one) for key, one in theirs.items()}
    assert sum(map(len, theirs.values())) == 731
    for key, objects in theirs.items():
        for (area, box), (our_area, our_box) in zip(objects, ours[key], strict=True):
            assert our_area == pytest.approx(area, rel=0.02)
            assert our_box == pytest.approx(box, abs=1)
    assert (summary.labels, summary.skipped, dict(summary.unsupported)) == (80, 0, {})


@for_each(product(["coco-mini", "coco-parts"], ["merged", "split"]))
def test_each_file_of_yolo_has_one_kind_of_line(row, tmp_path):
    name, layout = row
    summary = exported(name, tmp_path, "yolo_v8", layout=layout)
    files = [one for one in names(summary.path) if "labels/" in one]
    kinds = [{len(line.split()) == 5 for line in text(summary.path, one).splitlines()} for one in files]
    assert len(kinds) == 80 * (2 if layout == "split" else 1)
    assert max(map(len, kinds)) == 1
    assert summary.skipped == 0
