"""A content may be JSON text, and may stay so until somebody asks: what is written does not tell the difference."""

import json
from contextlib import contextmanager
from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

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


def written(tmp_path, content, fmt="yolo_v5", **options):
    rows = [label(1, content), label(2, boxes(box(corners=CORNERS)))]
    path, options = tmp_path / "out", {"layout": "merged" if fmt == "pascal_voc" else "split", **options}
    write(rows, [asset(1), asset(2)], project(), fmt=fmt, to=path, **options)
    return path.read_bytes()


@for_each(product(FORMATS, CONTENTS.items()))
def test_text_or_value(row, tmp_path):
    fmt, (_, content) = row
    if "ELSE" in content and fmt == "parquet":
        content = {**content, "ELSE": {}}  # nothing to count
    assert written(tmp_path, json.dumps(content), fmt) == written(tmp_path, content, fmt)


@for_each(product(["yolo_v5", "pascal_voc"], CONTENTS.items()))
def test_the_fast_way_writes_what_checking_each_annotation_does(row, tmp_path):
    fmt, (_, content) = row
    fast = written(tmp_path, json.dumps(content), fmt)
    with every_annotation_checked():
        assert written(tmp_path, json.dumps(content), fmt) == fast
        assert written(tmp_path, content, fmt) == fast


COORDINATES = st.sampled_from((0, 0.0, 0.25, 0.3, 1, 1.0, -0.0, 1e-7, 1.5, -0.25))
RINGS = st.lists(st.fixed_dictionaries({"x": COORDINATES, "y": COORDINATES}), min_size=3, max_size=5).map(
    lambda corners: {"normalizedVertices": corners}
)
DRAWN = st.one_of(
    st.builds(
        box,
        category=st.sampled_from(("BOAT", "KITE")),
        corners=st.lists(st.tuples(COORDINATES, COORDINATES), min_size=4, max_size=4),
        type=st.sampled_from(("rectangle", "polygon", "semantic")),
    ),
    st.builds(box, boundingPoly=st.lists(RINGS, min_size=1, max_size=2), type=st.sampled_from(("polygon", "semantic"))),
)


@settings(max_examples=25)  # each is written six times
@given(st.lists(DRAWN, max_size=4))
def test_any_outlines(tmp_path_factory, annotations):
    tmp_path, content = tmp_path_factory.mktemp("ways"), {"DET": {"annotations": annotations}}
    for fmt in ("yolo_v5", "pascal_voc"):
        fast = written(tmp_path, json.dumps(content), fmt, on_error="skip")
        assert written(tmp_path, content, fmt, on_error="skip") == fast
        with every_annotation_checked():
            assert written(tmp_path, content, fmt, on_error="skip") == fast


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


@pytest.mark.parametrize("fmt", ["kili", "yolo_v5"])
def test_a_text_at_the_end_of_the_stack_is_a_problem_of_its_asset(tmp_path, fmt):
    """Whether the stack suffices to decode it may change between reading and writing."""
    path = tmp_path / "out.zip"
    for depth in range(940, 1000):
        odd = '{"DET": {"annotations": []}, "ROTATION_JOB": ' + '{"a":' * depth + "0" + "}" * depth + "}"
        summary = write([label(1, odd), label(2)], [asset(1), asset(2)], project(), fmt=fmt, to=path, on_error="skip")
        assert {one.asset for one in summary.problems} <= {"1.png"}
        assert any("2." in name for name in names(path))


def test_a_label_with_a_field_of_assets_is_a_label(tmp_path):
    path = tmp_path / "out.zip"
    for more in ({"labels": []}, {"latestLabel": None}):
        assert write([label(1, **more)], None, project(), fmt="kili", to=path).labels == 1


def test_numbers_of_other_types_are_written_too(tmp_path):
    numpy = pytest.importorskip("numpy")
    corners = [(numpy.float64(x), numpy.float64(y)) for x, y in CORNERS]
    assert written(tmp_path, boxes(box(corners=corners))) == written(tmp_path, boxes(box(corners=CORNERS)))
