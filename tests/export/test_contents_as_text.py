"""A content may be JSON text, and may stay so until somebody asks: what is written does not tell the difference."""

import json
from contextlib import contextmanager
from itertools import product
from random import Random

import pytest

from kili_query.export import NotExportableLabelError, write
from kili_query.export.decoding import read_jobs
from kili_query.export.formats import drawn
from tests.each import for_each
from tests.export.samples import asset, box, boxes, label, names, project

FORMATS = ("kili", "raw", "yolo_v5", "coco", "pascal_voc", "jsonl", "parquet")
CORNERS = ((0.5, 0.5), (0.75, 0.5), (0.75, 0.99), (0.5, 0.99))
CONTENTS = {
    "boxes": boxes(box(), box("KITE", CORNERS)),
    "nothing": {},
    "an empty job": {"DET": {"annotations": []}},
    "another job": {"CLS": {"categories": [{"name": "A", "confidence": 12}]}},
    "an empty annotation": boxes(box(), {}),
    "numbers": boxes(box(corners=((0, 1), (0, 0), (1, 0), (1, 1))), box(corners=((-0.0, 1.0), *CORNERS[1:]))),
    "over the edge": boxes(box(corners=((-0.5, 0.5), (0.5, 0.5), (0.5, 0.1), (-0.5, 0.1)))),
    "a polygon": boxes(box(type="polygon", corners=CORNERS[:3])),
    "turned": boxes(box()) | {"ROTATION_JOB": {"rotation": 90}},
    "odd text": boxes(box(**{"mid": "\ud800", "\ud800": 1}), box(children={})),
    "escapes": boxes(box()) | {"CLS": {"categories": [{"name": "A"}], 'é"\\\n': "\ud800 \U0001f600"}},
    "long numbers": boxes(box()) | {"CLS": {"categories": [{"name": "A"}], "more": 2**500}},
    "unknown jobs": boxes(box()) | {"ELSE": [1, None, "x"], "GONE": None},
}


@contextmanager
def every_annotation_checked():
    """Without the fast ways, which give up on whatever has to be looked at."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(drawn, "read_boxes", lambda jobs, name: None)
        patch.setattr(drawn, "read_rings", lambda jobs, name: None)
        patch.setattr(drawn, "read_outlines", lambda jobs, name, path: None)
        yield


def written(folder, *contents, fmt="yolo_v5", **options):
    """The archive with the contents, and one more."""
    rows = [label(number, content) for number, content in enumerate((*contents, boxes(box(corners=CORNERS))), 1)]
    path, options = folder / "out", {"layout": "merged" if fmt == "pascal_voc" else "split", **options}
    write(rows, [asset(number) for number, _ in enumerate(rows, 1)], project(), fmt=fmt, to=path, **options)
    return path.read_bytes()


@for_each(FORMATS)
def test_text_or_value(fmt, tmp_path):
    contents = list(CONTENTS.values())
    if fmt == "parquet":
        contents[-1] = {**contents[-1], "ELSE": {}}  # nothing to count
    assert written(tmp_path, *map(json.dumps, contents), fmt=fmt) == written(tmp_path, *contents, fmt=fmt)


@for_each(["yolo_v5", "pascal_voc"])
def test_the_fast_way_writes_what_checking_each_annotation_does(fmt, tmp_path):
    contents = list(CONTENTS.values())
    fast = written(tmp_path, *map(json.dumps, contents), fmt=fmt)
    with every_annotation_checked():
        assert written(tmp_path, *map(json.dumps, contents), fmt=fmt) == fast
        assert written(tmp_path, *contents, fmt=fmt) == fast


COORDINATES = (0, 0.0, 0.25, 0.3, 1, 1.0, -0.0, 1e-7, 1.5, -0.25)


def annotation(random):
    """An annotation with corners in and on and over the edge, which often lie on each other or on a line."""
    few = random.choices(COORDINATES, k=random.randint(2, 4))

    def corners(number):
        return [(random.choice(few), random.choice(few)) for _ in range(number)]

    if random.random() < 0.5:
        category, kind = random.choice(("BOAT", "KITE")), random.choice(("rectangle", "polygon", "semantic"))
        return box(category, corners(4), type=kind)
    rings = [[{"x": x, "y": y} for x, y in corners(random.randint(3, 5))] for _ in range(random.randint(1, 2))]
    parts = [{"normalizedVertices": ring} for ring in rings]
    return box(boundingPoly=parts, type=random.choice(("polygon", "semantic")))


@for_each(["yolo_v5", "pascal_voc"])
def test_any_outlines(fmt, tmp_path):
    """All in one archive, which is much cheaper than an archive of each."""
    random, options = Random(1), {"fmt": fmt, "on_error": "skip"}
    contents = [{"DET": {"annotations": [annotation(random) for _ in range(random.randint(0, 4))]}} for _ in range(100)]
    fast = written(tmp_path, *map(json.dumps, contents), **options)
    assert written(tmp_path, *contents, **options) == fast
    with every_annotation_checked():
        assert written(tmp_path, *contents, **options) == fast


@for_each(
    product(["{", "", "null", "[]", "3", '{"DET": 01}', '{"DET": "\\q"}', "[" * 100_000, "\ud800"], ["kili", "yolo_v5"])
)
def test_a_malformed_content_is_named_and_fatal_or_left_out(row, tmp_path):
    text, fmt = row
    rows, path = [label(1, text), label(2)], tmp_path / "out.zip"
    with pytest.raises(
        NotExportableLabelError, match=r"asset `1\.png`, label `l1`: .*(`jsonResponse` is|must be an object)"
    ):
        write(rows, [asset(1), asset(2)], project(), fmt=fmt, to=path)
    assert not path.exists()
    summary = write(rows, [asset(1), asset(2)], project(), fmt=fmt, to=path, on_error="skip")
    assert [(one.asset, one.label) for one in summary.problems] == [("1.png", "l1")]
    assert [name for name in names(path) if "labels/" in name] == [name for name in names(path) if "2." in name]


def test_of_a_key_given_twice_the_last_counts(tmp_path):
    twice = f'{{"DET": {{"annotations": [{{}}]}}, "CLS": 1, "DET": {json.dumps(boxes(box())["DET"])}}}'
    assert written(tmp_path, twice) == written(tmp_path, boxes(box()))
    assert list(read_jobs(twice)) == list(json.loads(twice)) == ["DET", "CLS"]


def test_a_job_is_decoded_once_and_only_when_it_is_asked_for():
    jobs = read_jobs('{"A": {"x": [0, 1e999]}, "B": {}}')
    assert (len(jobs), "A" in jobs, "C" in jobs, jobs.get("C")) == (2, True, False, None)
    assert jobs["A"] is jobs["A"]
    assert dict(jobs) == {"A": {"x": [0, float("inf")]}, "B": {}}


@for_each(["kili", "yolo_v5"])
def test_a_text_at_the_end_of_the_stack_is_a_problem_of_its_asset(fmt, tmp_path):
    """Whether the stack suffices to decode it may change between reading and writing."""
    path, depths = tmp_path / "out.zip", range(900, 1000)
    contents = ['{"DET": {"annotations": []}, "ROTATION_JOB": ' + '{"a":' * n + "0" + "}" * n + "}" for n in depths]
    rows = [label(number, content) for number, content in enumerate((*contents, boxes()), 1)]
    assets = [asset(number) for number, _ in enumerate(rows, 1)]
    summary = write(rows, assets, project(), fmt=fmt, to=path, on_error="skip")
    assert {one.asset for one in summary.problems} <= {f"{number}.png" for number, _ in enumerate(contents, 1)}
    assert any("101." in name for name in names(path))


def test_a_label_with_a_field_of_assets_is_a_label(tmp_path):
    path = tmp_path / "out.zip"
    for more in ({"labels": []}, {"latestLabel": None}):
        assert write([label(1, **more)], None, project(), fmt="kili", to=path).labels == 1


def test_numbers_of_other_types_are_written_too(tmp_path):
    numpy = pytest.importorskip("numpy")
    corners = [(numpy.float64(x), numpy.float64(y)) for x, y in CORNERS]
    assert written(tmp_path, boxes(box(corners=corners))) == written(tmp_path, boxes(box(corners=CORNERS)))
