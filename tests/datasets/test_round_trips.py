"""What is exported and read again: the same objects on each image, boxes within half a pixel, masks within a row."""

import json
from collections import Counter, defaultdict
from collections.abc import Iterator
from functools import cache, cached_property
from pathlib import Path
from typing import Any

import pytest
from attrs import frozen

import kili_query as kq
from kili_query.datasets import DatasetItem, open_dataset
from kili_query.export import write
from kili_query.labels.geometry import Part, Point, Region, Size, run_lengths
from tests.each import for_each
from tests.shared_data import data_set


@frozen
class Extent:
    """An object in pixels: what it covers, and the box around it."""

    region: Region
    size: Size
    edges: tuple[float, float, float, float]

    @cached_property
    def area(self) -> int:
        return int(sum(run_lengths(self.region, self.size)[1::2]))

    @property
    def has_holes(self) -> bool:
        """Whether COCO makes a mask of it."""
        return any(part.holes for part in self.region.parts)


def annotations_of(content: dict[str, Any], jobs: list[str]) -> Iterator[tuple[str, dict[str, Any]]]:
    for job in jobs:
        yield from ((job, one) for one in content.get(job, {}).get("annotations", ()))


def extents_of(content: dict[str, Any], size: Size, jobs: list[str]) -> dict[str, list[Extent]]:
    """The objects by category; parts with one id are one object."""
    parts: dict[tuple[str, str, str], list[Part]] = defaultdict(list)
    for job, one in annotations_of(content, jobs):
        rings = [
            tuple(Point(corner["x"] * size[0], corner["y"] * size[1]) for corner in ring["normalizedVertices"])
            for ring in one["boundingPoly"]
        ]
        parts[one["categories"][0]["name"], job, one["mid"]].append(Part(rings[0], tuple(rings[1:])))
    found: dict[str, list[Extent]] = defaultdict(list)
    for (category, _, _), listed in parts.items():
        xs = [point.x for part in listed for point in part.outer]
        ys = [point.y for part in listed for point in part.outer]
        found[category].append(Extent(Region(tuple(listed)), size, (min(xs), min(ys), max(xs), max(ys))))
    return found


def rows_of(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


@cache
def given_extents(name: str, held: frozenset[str]) -> list[tuple[str, dict[str, list[Extent]], Counter[str]]]:
    """The file name of each image, and by category its objects and the number of its annotations, drawn so."""
    jobs = jobs_of(name, held)
    return [
        (
            file,
            extents_of(content, size, jobs),
            Counter(one["categories"][0]["name"] for _, one in annotations_of(content, jobs)),
        )
        for file, content, size in given_labels(name)
    ]


def given_labels(name: str) -> Iterator[tuple[str, dict[str, Any], Size]]:
    """The file name, the content and the size of each image."""
    folder = data_set(name)
    assets = {one["id"]: one for one in rows_of(folder / "assets.ndjson")}
    for label in rows_of(folder / "labels.ndjson"):
        asset = assets[label["assetId"]]
        size = Size(asset["resolution"]["width"], asset["resolution"]["height"])
        yield asset["externalId"], label["jsonResponse"], size


def exported(name: str, folder: Path, fmt: str) -> Path:
    given = data_set(name)
    files = [given / file for file in ("labels.ndjson", "assets.ndjson", "project.json")]
    write(*files, fmt=fmt, to=folder / "out.zip", layout="merged", disable_tqdm=True)
    return folder / "out.zip"


def held_by(fmt: str) -> frozenset[str]:
    """The tools whose shapes a format can hold."""
    return frozenset({"rectangle"} if fmt == "pascal_voc" else {"rectangle", "polygon", "semantic"})


def jobs_of(name: str, held: frozenset[str]) -> list[str]:
    """The jobs with one of these tools."""
    jobs = kq.Ontology.load(data_set(name) / "project.json").jobs.values()
    return [job.name for job in jobs if held & set(job.tools)]


def key_of(title: str) -> str:
    """The category of a merged export, whose names have the job in front."""
    return title.rpartition("/")[2]


FORMATS = ["coco", "yolo_v8", "pascal_voc"]


@pytest.mark.parametrize("name", ["coco-mini", "coco-parts"])
@pytest.mark.parametrize("fmt", FORMATS)
def test_a_round_trip_keeps_the_objects(tmp_path: Path, name: str, fmt: str) -> None:
    dataset = open_dataset(exported(name, tmp_path, fmt))
    titles = {key: key_of(one.name) for key, one in dataset.ontology.jobs["OBJECTS"].categories.items()}
    items = {}
    for item in dataset.items():
        assert isinstance(item, DatasetItem), item
        items[Path(item.asset["externalId"]).stem] = item
    sizes = {file: size for file, _, size in given_labels(name)}
    for file, theirs, annotations in given_extents(name, held_by(fmt)):
        item, size = items.pop(Path(file).stem), sizes[file]
        ours: dict[str, list[Extent]] = defaultdict(list)
        for key, found in extents_of(item.read(), size, ["OBJECTS"]).items():
            ours[titles[key]] += found
        counts: Counter[str] = Counter()
        for (_, key), number in kq.count(item.counted).items():
            counts[titles[key]] += number
        assert counts == {category: len(found) for category, found in ours.items()}
        if fmt.startswith("yolo"):  # a line holds one outline, so that parts become objects
            assert counts == annotations
        else:
            assert counts == {category: len(found) for category, found in theirs.items()}
        for category, found in theirs.items():
            if fmt == "pascal_voc":
                assert_same_edges([one.edges for one in found], [one.edges for one in ours[category]])
            elif counts[category] == len(found):
                assert_same_extents(found, ours[category])
    assert not items


@for_each([("coco-mini", ("yolo_v4", "yolo_v7")), ("coco-parts", ("yolo_v5",))])
def test_all_versions_of_yolo_are_read_alike(row: tuple[str, tuple[str, ...]], tmp_path: Path) -> None:
    name, others = row

    def read(fmt: str) -> tuple[dict[str, str], dict[str, tuple[object, object]]]:
        (tmp_path / fmt).mkdir()
        dataset = open_dataset(exported(name, tmp_path / fmt, fmt))
        items = [item for item in dataset.items() if isinstance(item, DatasetItem)]
        titles = {key: one.name for key, one in dataset.ontology.jobs["OBJECTS"].categories.items()}
        return titles, {Path(one.asset["externalId"]).stem: (one.counted, one.read()) for one in items}

    titles, contents = read("yolo_v8")
    assert len(contents) == len(list(given_labels(name)))
    for fmt in others:
        assert read(fmt) == (titles, contents), fmt


def assert_same_extents(given: list[Extent], read: list[Extent]) -> None:
    left = list(read)
    for one in given:
        near = min(left, key=lambda other: max(abs(a - b) for a, b in zip(one.edges, other.edges, strict=True)))
        left.remove(near)
        if one.has_holes:  # a mask, which has the same pixels; a tip that covers the centre of none is not in it
            assert near.area == one.area
        else:
            assert near.edges == pytest.approx(one.edges, abs=0.5)
            assert abs(near.area - one.area) <= one.edges[2] - one.edges[0] + one.edges[3] - one.edges[1]


def assert_same_edges(given: list[tuple[float, ...]], read: list[tuple[float, ...]]) -> None:
    """Edges are rounded to whole pixels, and a box has at least one."""
    left = list(read)
    for edges in given:
        near = min(left, key=lambda other: max(abs(a - b) for a, b in zip(edges, other, strict=True)))
        left.remove(near)
        assert near == pytest.approx(edges, abs=1 if edges[2] - edges[0] < 1 or edges[3] - edges[1] < 1 else 0.5001)
