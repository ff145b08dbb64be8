"""Hostile names, in every format: nothing outside the target, nothing lost, and each reference points at its file."""

import csv
import io
import json
import os
import zipfile
from itertools import product
from pathlib import Path
from xml.etree import ElementTree

import pytest

from kili_query.export import FORMATS, write
from kili_query.export.naming import fold, is_safe
from tests.each import for_each
from tests.export.samples import asset, box, label, png, project
from tests.export.test_naming import NASTY

LLM = ("llm_v1", "llm_rlhf", "llm_dynamic_v1")
ARCHIVES = [fmt for fmt in FORMATS if fmt not in ("jsonl", "parquet", *LLM)]
LAYOUTS = {"pascal_voc": "merged", "geojson": "merged"}
DEGREES = [{"useClassicCoordinates": False, "epsg": "EPSG4326"}]
NASTY_JOBS = ["../x", "DET", "det", "/etc", "labels", "images", "a\0b", "", "con", "x" * 300, "data.yaml"]


def jobs(names):
    categories = {"input": "radio", "categories": {"BOAT": {"name": "Boat"}, "a: 'b'\n": {"name": "A"}}}
    one = {"mlTask": "OBJECT_DETECTION", "tools": ["rectangle"], "instruction": "i", "content": categories}
    return dict.fromkeys(names, one)


def exported(folder, fmt, names=NASTY, job_names=("DET",), **options):
    """An export of an asset of each name; their images lie beside, one of its own each."""
    (folder / "in").mkdir()
    assets = []
    for number, name in enumerate(names):
        (folder / "in" / f"{number}").write_bytes(png(10 + number, 10))
        more = {"jsonContent": DEGREES} if fmt == "geojson" else {}
        size = {"width": 10 + number, "height": 10}
        assets.append({**asset(number, name, resolution=size, **more), "content": f"{number}"})
    response = {job: {"annotations": [box()]} for job in job_names}
    labels = [label(number, response) for number in range(len(names))]
    options = {"layout": LAYOUTS.get(fmt, "split"), "media_root": folder / "in", **options}
    return write(labels, assets, project(jobs=jobs(job_names)), fmt=fmt, to=folder / "out" / "all.zip", **options)


def unpacked(summary, folder: Path) -> dict[str, bytes]:
    """The files, once they are on disk; the standard library goes wherever it is told, but for `..`."""
    target = folder / "deep" / "in" / "here"
    before = {path for path in folder.rglob("*") if path.is_file()}
    with zipfile.ZipFile(summary.path) as archive:
        names = archive.namelist()
        archive.extractall(target)
        assert archive.testzip() is None
    files = [path for path in target.rglob("*") if path.is_file()]
    assert {path for path in folder.rglob("*") if path.is_file()} - before == set(files)
    assert all(map(is_safe, names))
    folded = {fold(name) for name in names}
    above = {fold("/".join(name.split("/")[:end])) for name in names for end in range(1, name.count("/") + 1)}
    assert len(folded) == len(names) == len(files)
    assert not folded & above
    return {path.relative_to(target).as_posix(): path.read_bytes() for path in files}


@for_each(ARCHIVES)
def test_of_assets(fmt, tmp_path):
    summary = exported(tmp_path, fmt, with_assets=True)
    files = unpacked(summary, tmp_path)
    assert (summary.assets, summary.media) == (len(NASTY), len(NASTY))
    pictures = {name: data for name, data in files.items() if data.startswith(b"\x89PNG")}
    assert sorted(pictures.values()) == sorted(png(10 + number, 10) for number in range(len(NASTY)))
    references = list(references_in(files, fmt))
    assert len(references) == {"coco": 1, "kili": 1, "raw": 1, "pascal_voc": 1}.get(fmt, 0) * len(NASTY)
    for width_px, path in references:
        assert pictures[path] == png(width_px, 10)


def references_in(files, fmt):
    """The width that a label file says, and the image that it points at."""
    for name, data in files.items():
        if fmt in ("kili", "raw") and name.startswith("labels/"):
            document = json.loads(data)
            yield document["resolution"]["width"], document["content"]
        elif fmt == "coco" and name.endswith("labels.json"):
            for image in json.loads(data)["images"]:
                yield image["width"], image["file_name"]
        elif fmt == "pascal_voc" and name.endswith(".xml"):
            element = ElementTree.fromstring(data)
            assert element.findtext("path") == f"images/{element.findtext('filename')}"
            yield int(element.findtext("size/width")), element.findtext("path")


@for_each([fmt for fmt in ARCHIVES if fmt.startswith("yolo")])
def test_label_files_of_yolo_stand_beside_their_images(fmt, tmp_path):
    """Readers swap `images` for `labels`, and the extension."""
    files = unpacked(exported(tmp_path, fmt, with_assets=True, layout="merged"), tmp_path)
    assert len([name for name in files if name.startswith("labels/")]) == len(NASTY)
    images = [Path(name) for name in files if name.startswith("images/") and name.endswith(".png")]
    wanted = {Path("labels", *image.parts[1:]).with_suffix(".txt").as_posix() for image in images}
    assert len(wanted) == len(images) > 1
    assert wanted <= set(files)


def test_remote_assets_name_label_files(tmp_path):
    urls = [f"https://cdn.example.org/{number}" for number in range(len(NASTY))]
    assets = [{**asset(number, name), "content": urls[number]} for number, name in enumerate(NASTY)]
    labels = [label(number) for number in range(len(NASTY))]
    summary = write(labels, assets, project(jobs=jobs(["DET"])), fmt="yolo_v5", to=tmp_path / "all.zip")
    files = unpacked(summary, tmp_path)
    rows = list(csv.DictReader(io.StringIO(files["images/remote_assets.csv"].decode(errors="replace"), newline="")))
    assert [row["url"] for row in rows] == urls
    assert {os.path.normpath(f"DET/labels/{row['label file']}") for row in rows} == {
        name for name in files if name.startswith("DET/labels/")
    }


@for_each(product(["split", "merged"], [fmt for fmt in ARCHIVES if fmt not in LAYOUTS]))
def test_of_jobs(row, tmp_path):
    layout, fmt = row
    summary = exported(tmp_path, fmt, ["a.png"], NASTY_JOBS, layout=layout)
    files = unpacked(summary, tmp_path)
    assert summary.skipped == 0
    if layout == "split" and fmt not in ("kili", "raw"):
        ending = "labels.json" if fmt == "coco" else "labels/a.txt"
        assert len([name for name in files if name.endswith(f"/{ending}")]) == len(NASTY_JOBS)


@pytest.mark.parametrize("fmt", ["jsonl", "parquet"])
def test_one_file_holds_whatever_they_are_called(tmp_path, fmt):
    names = NASTY if fmt == "jsonl" else [name for name in NASTY if "\ud800" not in name]  # no text of Arrow
    summary = exported(tmp_path, fmt, names)
    assert summary.labels == len(names)
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["all.zip"]
