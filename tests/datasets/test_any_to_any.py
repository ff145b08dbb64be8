"""Every sample in every format that is written: the objects that a format can hold come back, others are counted."""

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

import kili_query as kq
from kili_query.datasets import READERS, Dataset, DatasetItem, open_dataset
from kili_query.export import FORMATS, ExportSummary, NoCompatibleJobError, NotCompatibleInputType, format_named, write
from tests.datasets.test_formats_table import SAMPLES, samples_of
from tests.each import for_each

ALL = [path for fmt in READERS for path in samples_of(fmt)]
TOOLS = {"rectangle", "polygon", "semantic"}
OF_OBJECTS = ("coco", "pascal_voc", "yolo_v4", "yolo_v5", "yolo_v7", "yolo_v8")
REFUSED = re.compile(
    r"the format `(\w+)` (?:can hold no job of the project: it has `\w+` \(.*"
    r"|is for projects of type [A-Z_, ]+, not for those of type [A-Z]+)"
)


def frames_of(content: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """The jobs of an image, or those of each frame of a video."""
    if content and all(key.isdecimal() or key == "assetLevel" for key in content):
        yield from (jobs for key, jobs in content.items() if key != "assetLevel")
    else:
        yield content


def objects_of(dataset: Dataset, *, by_part: bool) -> tuple[Counter[str], Counter[str]]:
    """The objects with an area by the names of their categories, and other annotations by tool."""
    found: set[object] = set()
    names, others = Counter[str](), Counter[str]()
    for item in dataset.items():
        assert isinstance(item, DatasetItem)
        if item.label is None or item.label["labelType"] == "PREDICTION":  # which is not exported by default
            continue
        for at, jobs in enumerate(frames_of(item.read())):
            for index, one in enumerate(jobs.get("OBJECTS", {}).get("annotations", ())):
                if one.get("type") not in TOOLS or not one.get("boundingPoly"):
                    others[str(one.get("type"))] += 1
                    continue
                is_region = one["type"] == "semantic"
                identity = (item.place, at, one["mid"] if is_region and not by_part else index)
                if identity not in found:
                    found.add(identity)
                    name = dataset.ontology.jobs["OBJECTS"].categories[one["categories"][0]["name"]].name
                    nested = isinstance(one["boundingPoly"][0], list)
                    names[name] += len(one["boundingPoly"]) if by_part and nested else 1
    return names, others


def written(dataset: Dataset, fmt: str, to: Path) -> ExportSummary | str:
    try:
        return write(dataset, None, fmt=fmt, to=to, layout=max(format_named(fmt).layouts), on_error="skip")
    except (NoCompatibleJobError, NotCompatibleInputType) as error:
        return str(error)


YOLO = [fmt for fmt in OF_OBJECTS if fmt.startswith("yolo")]
CASES = [(sample, YOLO[at % len(YOLO)]) for at, sample in enumerate(ALL)]
"""Each sample with one version of YOLO: all are written and read by the same functions."""


@for_each(CASES, lambda case: case[0].relative_to(SAMPLES).as_posix())
def test_objects_come_back_or_it_is_said_why_not(case: tuple[Path, str], tmp_path: Path) -> None:
    sample, yolo = case
    dataset = open_dataset(sample)
    has_objects = bool(TOOLS & set(dataset.ontology.jobs["OBJECTS"].tools)) if "OBJECTS" in dataset.ontology.jobs else 0
    for fmt in (fmt for fmt in FORMATS if fmt == yolo or fmt not in YOLO):
        found = written(dataset, fmt, tmp_path / fmt)
        if isinstance(found, str):
            assert REFUSED.fullmatch(found), found
            assert not (fmt in OF_OBJECTS and has_objects and dataset.input_type in ("IMAGE", "VIDEO")), (fmt, found)
        elif found.labels and fmt in OF_OBJECTS:
            given, others = objects_of(dataset, by_part=fmt.startswith("yolo"))
            back, _ = objects_of(open_dataset(tmp_path / fmt), by_part=fmt.startswith("yolo"))
            assert back == given, fmt
            shapeless = [one for one in found.problems if one.reason == "a `semantic` without geometry"]
            assert sum(found.unsupported.values()) + len(shapeless) == sum(others.values()), (fmt, str(found))
        else:
            assert found.labels or found.skipped, fmt


def test_only_a_dataset_may_have_objects_that_a_format_leaves_out(tmp_path: Path) -> None:
    dataset = open_dataset(SAMPLES / "cvat" / "images.xml")
    platform = {"inputType": "IMAGE", "jsonInterface": dataset.ontology.to_json_interface()}
    with pytest.raises(kq.KiliQueryError, match="can hold no job"):
        write(dataset, None, platform, fmt="yolo_v8", to=tmp_path / "a.zip", on_error="skip")
