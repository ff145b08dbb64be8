"""Changing: what is written comes out, what the interface forbids changes nothing, the caller's data stay."""

import copy
import json
import math
from collections.abc import Callable
from typing import Any

import pytest

from kili_query.labels import (
    Annotation,
    AttributeNotCompatibleWithJobError,
    BoundingPoly,
    Category,
    InvalidMutationError,
    JobPayload,
    ParsedLabel,
)
from kili_query.labels.mismatches import MismatchKind
from tests.each import for_each
from tests.labels.samples import IMAGE, SAMPLES, TEXT, VIDEO, box, label_of, point, square
from tests.labels.test_reading import answer, frames, opened, sample


def first(label: ParsedLabel, name: str) -> Annotation:
    return answer(label, name).annotations[0]


def chosen(label: ParsedLabel, name: str) -> Category:
    found = answer(label, name).categories[0]
    assert isinstance(found, Category)
    return found


def ring(label: ParsedLabel) -> BoundingPoly:
    found = first(label, "BOXES").bounding_poly[0]
    assert isinstance(found, BoundingPoly)
    return found


def test_categories_are_chosen_in_answers_that_are_not_there() -> None:
    label = opened({})
    tags = answer(label, "TAGS")
    listed = tags.categories
    tags.add_category("B", confidence=80)
    listed.add_category("A")
    assert [one.name for one in listed] == ["B", "A"]
    assert label.json_response == {"TAGS": {"categories": [{"name": "B", "confidence": 80}, {"name": "A"}]}}


def test_children_are_filled_by_their_window() -> None:
    label = sample("boxes")
    first(label, "BOXES").children["PLATE"].text = "AB 12"
    children = label.to_dict()["jsonResponse"]["BOXES"]["annotations"][0]["children"]  # type: ignore[index]
    assert children == {"SIZE": {"categories": [{"name": "LARGE"}]}, "PLATE": {"text": "AB 12"}}


def test_a_label_without_content_gets_some() -> None:
    for given in ({"id": "a"}, {"id": "a", "jsonResponse": None}):
        label = ParsedLabel(given, IMAGE, "IMAGE")
        answer(label, "NOTE").text = "x"
        assert label.to_dict() == {"id": "a", "jsonResponse": {"NOTE": {"text": "x"}}}


CHANGES: list[tuple[str, Callable[[ParsedLabel], object], tuple[Any, ...], object]] = [
    ("boxes", lambda label: setattr(first(label, "BOXES"), "mid", "z"), ("BOXES", "annotations", 0, "mid"), "z"),
    ("boxes", lambda label: setattr(first(label, "BOXES"), "score", 5), ("BOXES", "annotations", 0, "score"), 5),
    (
        "boxes",
        lambda label: setattr(first(label, "BOXES").category, "name", "BUS"),
        ("BOXES", "annotations", 0, "categories", 0, "name"),
        "BUS",
    ),
    (
        "boxes",
        lambda label: setattr(first(label, "BOXES").category, "display_name", "bus"),
        ("BOXES", "annotations", 0, "categories", 0, "name"),
        "BUS",
    ),
    (
        "boxes",
        lambda label: setattr(first(label, "BOXES").category, "confidence", 0.5),
        ("BOXES", "annotations", 0, "categories", 0, "confidence"),
        0.5,
    ),
    (
        "boxes",
        lambda label: setattr(first(label, "BOXES"), "children", {"PLATE": {"text": "x"}}),
        ("BOXES", "annotations", 0, "children"),
        {"PLATE": {"text": "x"}},
    ),
    (
        "boxes",
        lambda label: setattr(ring(label), "normalized_vertices", tuple(square(0.25))),
        ("BOXES", "annotations", 0, "boundingPoly", 0, "normalizedVertices"),
        square(0.25),
    ),
    (
        "boxes",
        lambda label: ring(label).normalized_vertices[0].update(x=0.125),
        ("BOXES", "annotations", 0, "boundingPoly", 0, "normalizedVertices", 0, "x"),
        0.125,
    ),
    (
        "boxes",
        lambda label: answer(label, "MANY").annotations[1].add_bounding_poly({"normalizedVertices": square(0.75)}),
        ("MANY", "annotations", 1, "boundingPoly", 2),
        {"normalizedVertices": square(0.75)},
    ),
    (
        "boxes",
        lambda label: answer(label, "MANY").annotations[0].add_category("BUS", 3),
        ("MANY", "annotations", 0, "categories", 1),
        {"name": "BUS", "confidence": 3},
    ),
    (
        "boxes",
        lambda label: answer(label, "BOXES").add_annotation(box("BUS")),
        ("BOXES", "annotations", 2),
        box("BUS"),
    ),
    (
        "points and lines",
        lambda label: setattr(first(label, "BOLTS"), "point", point(0, 1)),
        ("BOLTS", "annotations", 0, "point"),
        point(0, 1),
    ),
    (
        "points and lines",
        lambda label: first(label, "WIRES").polyline.append(point(0, 1)),
        ("WIRES", "annotations", 0, "polyline", 4),
        point(0, 1),
    ),
    (
        "points and lines",
        lambda label: setattr(first(label, "WIRES"), "polyline", []),
        ("WIRES", "annotations", 0, "polyline"),
        [],
    ),
    (
        "poses",
        lambda label: setattr(first(label, "BODY").points[1], "point", point(0, 1)),
        ("BODY", "annotations", 0, "points", 1, "point"),
        point(0, 1),
    ),
    (
        "entities",
        lambda label: setattr(first(label, "NAMES"), "content", "L"),
        ("NAMES", "annotations", 0, "content"),
        "L",
    ),
    (
        "entities",
        lambda label: setattr(first(label, "NAMES"), "begin_offset", 0),
        ("NAMES", "annotations", 0, "beginOffset"),
        0,
    ),
    (
        "entities",
        lambda label: setattr(first(label, "LINKS"), "end_entities", [{"mid": "n1"}]),
        ("LINKS", "annotations", 0, "endEntities"),
        [{"mid": "n1"}],
    ),
    (
        "relation of objects",
        lambda label: first(label, "PARTS").start_objects.append({"mid": "b3"}),
        ("PARTS", "annotations", 0, "startObjects", 1),
        {"mid": "b3"},
    ),
    ("transcription", lambda label: setattr(answer(label, "SPEED"), "text", "-1.5"), ("SPEED", "text"), "-1.5"),
    ("transcription", lambda label: setattr(answer(label, "DAY"), "text", "2024-02-29"), ("DAY", "text"), "2024-02-29"),
    (
        "classification",
        lambda label: setattr(answer(label, "DUE"), "children", {}),
        ("DUE", "children"),
        {},
    ),
    (
        "video",
        lambda label: frames(label, "SCENE")[0].add_category("FIELD"),
        ("0", "SCENE"),
        {"categories": [{"name": "FIELD"}]},
    ),
]


@for_each(CHANGES)
def test_a_change_is_written_there_and_nowhere_else(
    case: tuple[str, Callable[[ParsedLabel], object], tuple[Any, ...], object],
) -> None:
    kind, change, where, value = case
    given = label_of(SAMPLES[kind][2])
    before = json.dumps(given)
    label = ParsedLabel(given, SAMPLES[kind][0], SAMPLES[kind][1])
    expected = copy.deepcopy(given)
    holder = expected["jsonResponse"]
    for key in where[:-1]:
        holder = holder[key]
    if isinstance(holder, list) and where[-1] == len(holder):
        holder.append(value)
    else:
        holder[where[-1]] = value
    change(label)
    assert json.dumps(label) == json.dumps(label.to_dict()) == json.dumps(expected)
    assert json.dumps(given) == before


FORBIDDEN: list[tuple[str, Callable[[ParsedLabel], object], str, str]] = [
    (
        "boxes",
        lambda label: answer(label, "SKY").add_category("GREEN"),
        "job `SKY` has no category `GREEN`",
        "SKY.categories[0]",
    ),
    ("boxes", lambda label: answer(label, "SKY").add_category("BLEU"), "did you mean `BLUE`?", "SKY.categories[0]"),
    (
        "classification",
        lambda label: answer(label, "SKY").add_category("BLUE"),
        "takes one category",
        "SKY.categories[1]",
    ),
    (
        "classification",
        lambda label: answer(label, "TAGS").add_category("A"),
        "`A` is already there",
        "TAGS.categories[2]",
    ),
    (
        "classification",
        lambda label: setattr(chosen(label, "TAGS"), "name", "Z"),
        "no category",
        "TAGS.categories[0].name",
    ),
    (
        "classification",
        lambda label: setattr(chosen(label, "TAGS"), "display_name", "z"),
        "no category displayed as `z`",
        "TAGS.categories[0]",
    ),
    *(
        (
            "classification",
            lambda label, wrong=wrong: setattr(chosen(label, "TAGS"), "confidence", wrong),
            "expected a number",
            "TAGS.categories[0].confidence",
        )
        for wrong in (True, math.nan, math.inf, "5", None)
    ),
    ("boxes", lambda label: answer(label, "GONE").add_category("A"), "no such job", "GONE"),
    (
        "boxes",
        lambda label: setattr(answer(label, "NOTE"), "text", 5),
        "expected a string, found a number",
        "NOTE.text",
    ),
    *(
        (
            "boxes",
            lambda label, wrong=wrong: setattr(answer(label, "SPEED"), "text", wrong),
            "takes a number",
            "SPEED.text",
        )
        for wrong in ("", "½", "1e3", "x", "1 ", "٣", "1\n")
    ),
    *(
        ("boxes", lambda label, wrong=wrong: setattr(answer(label, "DAY"), "text", wrong), "takes a date", "DAY.text")
        for wrong in ("2024-2-9", "2023-02-29", "20240209", "2024-W05-1", "", "٢٠٢٤-٠٢-٠٩")
    ),
    (
        "boxes",
        lambda label: setattr(first(label, "BOXES"), "mid", ""),
        "an id cannot be empty",
        "BOXES.annotations[0].mid",
    ),
    ("boxes", lambda label: setattr(first(label, "BOXES"), "mid", 5), "expected a string", "BOXES.annotations[0].mid"),
    (
        "boxes",
        lambda label: setattr(first(label, "BOXES"), "score", 101),
        "from 0 to 100",
        "BOXES.annotations[0].score",
    ),
    (
        "points and lines",
        lambda label: setattr(first(label, "BOLTS"), "point", {"x": 1, "q": 2}),
        "a point needs a number `y`",
        "BOLTS.annotations[0].point",
    ),
    (
        "points and lines",
        lambda label: setattr(first(label, "WIRES"), "polyline", [point(0, 0), {"x": 0, "z": 1}]),
        "a point needs a number `y`",
        "WIRES.annotations[0].polyline[1]",
    ),
    (
        "points and lines",
        lambda label: setattr(first(label, "WIRES"), "polyline", [{"x": math.inf, "y": 1}]),
        "a point needs a number `x`",
        "WIRES.annotations[0].polyline[0]",
    ),
    (
        "entities",
        lambda label: setattr(first(label, "NAMES"), "end_offset", -1),
        "0 or more",
        "NAMES.annotations[0].endOffset",
    ),
    (
        "entities",
        lambda label: setattr(first(label, "LINKS"), "end_entities", [{"id": "n1"}]),
        "expected a string, found null",
        "LINKS.annotations[0].endEntities[0].mid",
    ),
    (
        "boxes",
        lambda label: setattr(ring(label), "normalized_vertices", square()[:3]),
        "a rectangle has 4 vertices, not 3",
        "BOXES.annotations[0].boundingPoly[0].normalizedVertices",
    ),
    (
        "boxes",
        lambda label: answer(label, "MANY").annotations[0].add_bounding_poly({"normalizedVertices": square()[:2]}),
        "a polygon has at least 3 vertices, not 2",
        "MANY.annotations[0].boundingPoly[1].normalizedVertices",
    ),
    (
        "boxes",
        lambda label: answer(label, "MANY").annotations[0].add_bounding_poly({"vertices": []}),
        "`normalizedVertices` is missing",
        "MANY.annotations[0].boundingPoly[1]",
    ),
    (
        "boxes",
        lambda label: setattr(first(label, "BOXES"), "children", {"WHY": {"categories": []}}),
        "job `BOXES` has no child job `WHY`",
        "BOXES.annotations[0].children.WHY",
    ),
    (
        "boxes",
        lambda label: setattr(first(label, "BOXES"), "children", {"SIZE": {"categories": [{"name": "TINY"}]}}),
        "job `SIZE` has no category `TINY`",
        "BOXES.annotations[0].children.SIZE.categories[0].name",
    ),
    (
        "boxes",
        lambda label: setattr(first(label, "BOXES"), "children", None),
        "expected an object, found null",
        "BOXES.annotations[0].children",
    ),
]


def _adding(name: str, annotation: object) -> Callable[[ParsedLabel], object]:
    return lambda label: answer(label, name).add_annotation(annotation)  # type: ignore[arg-type]  # wrong on purpose


FORBIDDEN_ANNOTATIONS: list[tuple[str, object, str, str]] = [
    ("BOXES", {}, "an annotation cannot be empty", "BOXES.annotations[2]"),
    ("BOXES", None, "expected an object, found null", "BOXES.annotations[2]"),
    ("BOXES", box("VAN"), "no category `VAN`", "BOXES.annotations[2].categories[0].name"),
    ("BOXES", box("CAR", type="polygon"), "no tool `polygon`, but `rectangle`", "BOXES.annotations[2].type"),
    ("BOXES", box("CAR", mid=""), "cannot be empty", "BOXES.annotations[2].mid"),
    ("BOXES", box("CAR", content="x"), "has no `content`", "BOXES.annotations[2].content"),
    ("BOXES", box("CAR", polyline=[]), "drawn as `rectangle` has no `polyline`", "BOXES.annotations[2].polyline"),
    (
        "BOXES",
        box("CAR", categories=[{"name": "CAR"}, {"name": "BUS"}]),
        "takes one category",
        "BOXES.annotations[2].categories",
    ),
    (
        "BOXES",
        box("CAR", boundingPoly=[{"normalizedVertices": square()[:3]}]),
        "4 vertices",
        "BOXES.annotations[2].boundingPoly[0].normalizedVertices",
    ),
    ("BOXES", box("CAR", note={1}), "`set` cannot be written as JSON", "BOXES.annotations[2].note"),
    ("BOXES", box("CAR", note={1: 2}), "keys that are strings", "BOXES.annotations[2].note"),
    ("BOXES", box("CAR", note=[math.nan]), "JSON has no number `nan`", "BOXES.annotations[2].note[0]"),
    ("GONE", box("CAR"), "no such job", "GONE.annotations"),
]


@for_each(
    [*FORBIDDEN, *(("boxes", _adding(name, one), message, path) for name, one, message, path in FORBIDDEN_ANNOTATIONS)],
)
def test_a_forbidden_change_changes_nothing(case: tuple[str, Callable[[ParsedLabel], object], str, str]) -> None:
    kind, change, message, path = case
    interface, input_type, response = SAMPLES[kind]
    given = label_of({**response, "GONE": {}})
    before = json.dumps(given)
    label = ParsedLabel(given, interface, input_type)
    with pytest.raises(InvalidMutationError) as failed:
        change(label)
    assert message in str(failed.value)
    assert failed.value.path == f"jsonResponse.{path}"
    assert json.dumps(label) == json.dumps(given) == before


def test_two_categories_can_be_exchanged() -> None:
    label = opened({"TAGS": {"categories": [{"name": "A", "confidence": 1}, {"name": "B", "confidence": 2}]}})
    one, two = answer(label, "TAGS").categories
    one.name = "B"
    assert [problem.kind for problem in label.problems] == [MismatchKind.REPEATED_CATEGORY]
    two.display_name = "a"
    assert label.problems == ()
    exchanged = [{"name": "B", "confidence": 1}, {"name": "A", "confidence": 2}]
    assert label.json_response == {"TAGS": {"categories": exchanged}}


def test_a_confidence_may_have_another_scale() -> None:
    label = opened({"TAGS": {"categories": [{"name": "A"}]}})
    chosen(label, "TAGS").confidence = -1
    answer(label, "TAGS").add_category("B", 1000)
    assert [one.confidence for one in answer(label, "TAGS").categories] == [-1, 1000]
    assert [problem.kind for problem in label.problems] == [MismatchKind.BAD_VALUE] * 2


WRONG_KINDS: list[Callable[[ParsedLabel], object]] = [
    lambda label: setattr(answer(label, "SKY"), "text", "x"),
    lambda label: setattr(answer(label, "BOXES"), "text", "x"),
    lambda label: answer(label, "NOTE").add_category("A"),
    lambda label: answer(label, "BOXES").add_category("CAR"),
    lambda label: answer(label, "SKY").add_annotation(box("CAR")),
    lambda label: answer(label, "NOTE").add_annotation(box("CAR")),
    lambda label: answer(label, "RANK").add_annotation(box("CAR")),
]


@pytest.mark.parametrize("change", WRONG_KINDS)
def test_an_attribute_that_the_job_lacks_cannot_be_written(change: Callable[[ParsedLabel], object]) -> None:
    interface, input_type, response = SAMPLES["boxes"]
    label = ParsedLabel(label_of(response), interface, input_type)
    before = json.dumps(label)
    with pytest.raises(AttributeNotCompatibleWithJobError, match=r"the task of `\w+` is"):
        change(label)
    assert json.dumps(label) == before


def test_an_entity_ends_after_it_begins() -> None:
    label = opened({}, TEXT, "TEXT")
    entity = {"mid": "a", "categories": [{"name": "CITY"}], "content": "x", "beginOffset": 9, "endOffset": 8}
    with pytest.raises(InvalidMutationError, match="ends before it begins"):
        answer(label, "NAMES").add_annotation(entity)
    assert label.json_response == {}
    assert [str(one) for one in opened({"NAMES": {"annotations": [entity]}}, TEXT, "TEXT").problems] == [
        "the entity ends before it begins (at `jsonResponse.NAMES.annotations[0].endOffset`)"
    ]


@pytest.mark.parametrize(
    "change",
    [
        lambda label: setattr(first(label, "BOXES"), "content", "x"),
        lambda label: setattr(first(label, "BOXES"), "polyline", []),
        lambda label: setattr(first(label, "BOXES"), "point", point(0, 0)),
        lambda label: first(label, "BOLTS").add_bounding_poly({"normalizedVertices": square()}),
        lambda label: setattr(first(label, "BOLTS"), "score", 5),
    ],
)
def test_an_attribute_that_the_annotation_cannot_have_is_not_set(change: Callable[[ParsedLabel], object]) -> None:
    label = opened(SAMPLES["boxes"][2] | SAMPLES["points and lines"][2])
    before = json.dumps(label)
    with pytest.raises(AttributeNotCompatibleWithJobError):
        change(label)
    assert json.dumps(label) == before


def test_a_retired_category_does_not_forbid_others() -> None:
    label = opened({"TAGS": {"categories": [{"name": "RETIRED"}]}, "SKY": {"categories": [{"name": "RETIRED"}]}})
    answer(label, "TAGS").add_category("A")
    assert [one.name for one in answer(label, "TAGS").categories] == ["RETIRED", "A"]
    chosen(label, "SKY").name = "BLUE"
    assert chosen(label, "SKY").name == "BLUE"


def test_a_shared_display_name_is_ambiguous() -> None:
    interface = json.loads(json.dumps(IMAGE))
    categories = interface["jobs"]["TAGS"]["content"]["categories"]
    categories["A"]["name"] = categories["B"]["name"] = "twin"
    label = opened({"TAGS": {"categories": [{"name": "A"}]}}, interface)
    chosen(label, "TAGS").display_name = "c"
    assert chosen(label, "TAGS").name == "C"
    with pytest.raises(InvalidMutationError, match="several categories are displayed as `twin`: `A`, `B`"):
        chosen(label, "TAGS").display_name = "twin"


def test_an_added_annotation_is_copied() -> None:
    label = opened({})
    added = box("CAR")
    before = json.dumps(added)
    answer(label, "BOXES").add_annotation(added)
    answer(label, "BOXES").add_annotation(added)
    first(label, "BOXES").mid = "other"
    assert json.dumps(added) == before
    added["mid"] = "changed"
    assert [one.mid for one in answer(label, "BOXES").annotations] == ["other", "b1"]


def test_windows_opened_before_a_change_show_it() -> None:
    label = opened({})
    job = answer(label, "BOXES")
    twin = answer(label, "BOXES")
    annotations = twin.annotations
    job.add_annotation(box("CAR"))
    assert annotations[0].mid == twin.annotations[0].mid == "b1"
    vertices = annotations[0].bounding_poly[0]
    assert isinstance(vertices, BoundingPoly)
    ring(label).normalized_vertices = square(0.125)
    assert vertices.normalized_vertices == square(0.125)
    label["jsonResponse"] = {"BOXES": {"annotations": [box("BUS", mid="new")]}}
    assert annotations[0].mid == "new"


def test_a_window_on_a_removed_annotation_cannot_be_written() -> None:
    label = sample("boxes")
    annotation = answer(label, "BOXES").annotations[1]
    label["jsonResponse"] = {}
    with pytest.raises(InvalidMutationError, match="no longer part of the label"):
        annotation.mid = "z"
    assert label.json_response == {}


def test_returned_values_are_not_the_callers() -> None:
    given = label_of(copy.deepcopy(SAMPLES["boxes"][2]))
    before = json.dumps(given)
    label = ParsedLabel(given, IMAGE, "IMAGE")
    ring(label).normalized_vertices.clear()
    label["author"]["email"] = "b@example.com"  # type: ignore[index]  # a dict
    label["jsonResponse"]["BOXES"]["annotations"].pop()  # type: ignore[index]  # a dict
    for value in label.values():
        if isinstance(value, dict):
            value["new"] = 1
    assert json.dumps(given) == before
    expected = copy.deepcopy(given)
    expected["author"] |= {"email": "b@example.com", "new": 1}
    expected["jsonResponse"]["BOXES"]["annotations"].pop()
    expected["jsonResponse"]["BOXES"]["annotations"][0]["boundingPoly"][0]["normalizedVertices"].clear()
    expected["jsonResponse"]["new"] = 1
    assert label.to_dict() == expected


def test_copies_handed_out_are_copies() -> None:
    label = sample("boxes")
    before = json.dumps(label)
    job = answer(label, "BOXES")
    for made in (
        label.to_dict(),
        label.json_response,
        job.to_dict(),
        job.annotations[0].as_dict(),
        label.jobs.to_dict(),
    ):
        made.clear()
    job.annotations.as_list().clear()
    label.to_dict()["author"]["email"] = "z"  # type: ignore[index]  # a dict
    assert json.dumps(label) == before


def test_a_label_is_a_dict() -> None:
    label = ParsedLabel(label_of({"NOTE": {"text": "x"}}), IMAGE, "IMAGE")
    label["isLatest"] = True
    label.update({"a": 1}, b=[2])
    label |= {"c": 3}
    assert list(label) == ["id", "author", "jsonResponse", "labelType", "isLatest", "a", "b", "c"]
    assert label.setdefault("d", []) == []
    assert label.setdefault("a", 5) == 1
    assert (label.pop("a"), label.pop("zz", 0), label.get("zz"), label.get("b")) == (1, 0, None, [2])
    assert label.popitem() == ("d", [])
    with pytest.raises(KeyError):
        label.pop("zz")
    del label["jsonResponse"]
    assert label.json_response == {}
    assert dict(label) == label.to_dict() == {**label}
    assert repr(label) == str(label) == repr(label.to_dict())
    label.clear()
    assert label.to_dict() == {}


def test_two_labels_over_one_do_not_meet() -> None:
    label = sample("transcription")
    twin = ParsedLabel(label, IMAGE, "IMAGE")
    answer(twin, "NOTE").text = "other"
    assert answer(label, "NOTE").text == "three"


def test_an_answer_about_a_whole_video_is_written_beside_the_frames() -> None:
    label = opened({"3": {}}, VIDEO, "VIDEO")
    label.jobs.asset_level["SCENE"].add_category("FIELD")  # type: ignore[union-attr]  # a video
    assert label.json_response == {"3": {}, "assetLevel": {"SCENE": {"categories": [{"name": "FIELD"}]}}}


def test_an_answer_is_written_where_null_was() -> None:
    label = opened({"3": None}, VIDEO, "VIDEO")
    found = frames(label, "CAPTION").at(3)
    assert isinstance(found, JobPayload)
    found.text = "x"
    assert label.json_response == {"3": {"CAPTION": {"text": "x"}}}
