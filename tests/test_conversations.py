"""Contents of conversations that stand in annotations: never taken for empty, wherever a label is read."""

import json

import pytest
from hypothesis import given, settings

import kili_query as kq
from kili_query.conversations import rebuilt
from kili_query.counting.label import content_of
from kili_query.errors import UnknownContentError
from kili_query.export import write
from kili_query.frames import count_table
from kili_query.labels import ParsedLabel
from kili_query.targets.raw_bytes import compile_bytes
from tests.each import for_each
from tests.strategies import conversations

KIND = {"id": "1", "job": "KIND", "path": [], "annotationValue": {"categories": ["GOOD", "LONG"]}}
WHY = {"id": "2", "job": "WHY", "path": [["1", "LONG"]], "annotationValue": {"text": "rambles"}}
AGAIN = {"id": "3", "job": "KIND", "path": [], "annotationValue": {"categories": ["GOOD"]}, "chatItemId": "c2"}
BEST = {"id": "4", "job": "BEST", "path": [], "annotationValue": {"choice": {"code": "A", "firstId": "x"}}}
RANKED = {"id": "5", "job": "RANK", "path": [], "annotationValue": {"orders": [{"rank": 2}, {"rank": 1}]}}
VIDEO = {"id": "6", "job": "TRACK", "path": [], "__typename": "VideoObjectDetectionAnnotation"}
CONTENT = {"KIND": {"categories": [{"name": "GOOD"}, {"name": "LONG", "children": {"WHY": {"text": "rambles"}}}]}}
JOBS = {
    "KIND": {
        "mlTask": "CLASSIFICATION",
        "content": {"input": "checkbox", "categories": {"GOOD": {"name": "Good"}, "LONG": {"children": ["WHY"]}}},
    },
    "WHY": {"mlTask": "TRANSCRIPTION", "isChild": True},
}
PROJECT = {"id": "p", "inputType": "LLM_STATIC", "jsonInterface": {"jobs": JOBS}}


@for_each(
    [
        ([], {}),
        ([KIND, WHY], CONTENT),
        ([WHY, KIND], CONTENT),
        ([KIND, AGAIN], {"KIND": {"categories": [{"name": "GOOD"}, {"name": "LONG"}, {"name": "GOOD"}]}}),
        ([BEST, BEST | {"annotationValue": {"choice": {"code": "B"}}}], {"BEST": BEST["annotationValue"]}),
        ([RANKED], {"RANK": {"orders": [{"rank": 1}, {"rank": 2}]}}),
        ([KIND, WHY | {"path": [["9", "LONG"]]}], {"KIND": {"categories": [{"name": "GOOD"}, {"name": "LONG"}]}}),
    ]
)
def test_what_annotations_tell(row):
    annotations, content = row
    assert rebuilt(annotations) == content


def test_two_children_of_one_job_stay_apart():
    other = WHY | {"id": "7", "path": [["1", "GOOD"]], "annotationValue": {"text": "short"}}
    good, long = rebuilt([KIND, WHY, other])["KIND"]["categories"]
    assert (good["children"], long["children"]) == ({"WHY": {"text": "short"}}, {"WHY": {"text": "rambles"}})


@for_each(
    [
        ([VIDEO], "the entry 0 is not understood: a VideoObjectDetectionAnnotation"),
        ([KIND, {}], "the entry 1 is not understood"),
        ([WHY], "none of them is an answer by itself"),
        ("x", "not a list"),
        ([RANKED | {"annotationValue": {"orders": [{}]}}], "no `rank`"),
        ([KIND | {"annotationValue": {"categories": [3]}}], "not understood"),
        ([KIND | {"path": [["1"]]}], "not understood"),
        ([KIND | {"annotationValue": {}}], "not understood"),
    ]
)
def test_what_cannot_be_read_is_unknown_and_not_empty(row):
    annotations, message = row
    for empty in ({"jsonResponse": {}}, {"jsonResponse": "{}"}, {"jsonResponse": None}, {}):
        with pytest.raises(UnknownContentError, match=message):
            content_of({**empty, "annotations": annotations})


@settings(max_examples=25)  # each is read in 30 ways
@given(told=conversations())
def test_every_way_to_read_a_label_gives_the_same(told):
    annotations, content = told
    query = kq.parse("KIND.GOOD.count >= 2 OR WHY.SHORT")
    expected = query.matches(content)
    for empty in ({}, "{}", " {\n} ", "", None):
        label = {"id": "l", "jsonResponse": empty, "annotations": annotations}
        assert content_of(label) == content
        assert [*kq.scan([label], query)] == [label] * expected
        assert compile_bytes(query.tree)(json.dumps(label).encode()) is expected
        for given_as in (label, json.dumps(label).encode()):
            assert count_table([given_as]).to_pylist()[0].get("KIND/GOOD", 0) == kq.count(content).get(
                ("KIND", "GOOD"), 0
            )
        assert ParsedLabel(label, {"jobs": {}}).json_response == content


def test_a_content_that_says_something_is_the_content():
    label = {"jsonResponse": {"KIND": {"categories": [{"name": "LONG"}]}}, "annotations": [AGAIN]}
    assert content_of(label) == label["jsonResponse"]
    match = compile_bytes(kq.parse("KIND.GOOD").tree)
    assert match(json.dumps(label).encode()) is False
    assert match(json.dumps({"jsonResponse": {}, "annotations": [AGAIN]}).encode()) is True
    assert match(json.dumps({"jsonResponse": {}, "annotations": []}).encode()) is False
    assert match(json.dumps({"jsonResponse": {}, "annotations": None}).encode()) is False


@pytest.mark.parametrize("empty", [{}, "{}"])
def test_exports(tmp_path, empty):
    label = {"id": "l", "assetId": "a", "jsonResponse": empty, "annotations": [KIND, WHY]}
    write([label], [{"id": "a"}], PROJECT, fmt="jsonl", to=tmp_path / "a.jsonl", where="KIND.LONG")
    assert json.loads((tmp_path / "a.jsonl").read_text())["jsonResponse"] == CONTENT
    summary = write(
        [label | {"annotations": [VIDEO]}], [{"id": "a"}], PROJECT, fmt="raw", to=tmp_path / "a", on_error="skip"
    )
    assert (summary.labels, summary.skipped) == (0, 1)


def test_what_is_changed_in_a_parsed_label_stays_changed():
    label = ParsedLabel({"jsonResponse": {}, "annotations": [AGAIN]}, {"jobs": JOBS})
    label.jobs["KIND"].categories[0].name = "LONG"
    assert label.copy().json_response == label.json_response != rebuilt([AGAIN])
