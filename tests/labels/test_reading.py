"""Which attributes answer where, and what is said where they do not. Agreement with the official client apart."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from kili_query.counting import REPEATED_FRAME
from kili_query.errors import KiliQueryError, LabelError, MalformedLabelError, OntologyError
from kili_query.labels import (
    AttributeNotCompatibleWithJobError,
    EntryIndexError,
    FrameIndexError,
    FramesList,
    JobNotExistingError,
    JobPayload,
    MissingAnswerError,
    ParsedLabel,
    VideoJobs,
    parse_labels,
)
from kili_query.ontology import Ontology
from tests.labels.samples import IMAGE, SAMPLES, VIDEO, box, label_of


def opened(response: object, interface: object = IMAGE, input_type: str | None = "IMAGE") -> ParsedLabel:
    return ParsedLabel(label_of(response), interface, input_type)


def answer(label: ParsedLabel, name: str) -> JobPayload:
    found = label.jobs[name]
    assert isinstance(found, JobPayload)
    return found


def frames(label: ParsedLabel, name: str) -> FramesList:
    found = label.jobs[name]
    assert isinstance(found, FramesList)
    return found


def sample(kind: str) -> ParsedLabel:
    interface, input_type, response = SAMPLES[kind]
    return opened(response, interface, input_type)


class Untouchable(dict[str, object]):
    """A dict that says when it is looked into."""

    def _refuse(self, *_: object) -> Any:
        raise AssertionError("looked into")

    __getitem__ = __iter__ = __len__ = get = items = keys = values = copy = _refuse  # type: ignore[assignment]


def test_opening_looks_into_nothing() -> None:
    label = ParsedLabel({"id": "a", "jsonResponse": Untouchable()}, Untouchable(), "IMAGE")
    assert label["id"] == "a"
    assert "jsonResponse" in label
    with pytest.raises(AssertionError, match="looked into"):
        label.to_dict()


def test_a_broken_interface_is_reported_when_it_is_needed() -> None:
    label = ParsedLabel(label_of({}), {"jobs": {"A": []}})
    assert label["id"] == "l1"
    with pytest.raises(OntologyError, match="expected an object, found a list"):
        len(label.jobs)


def test_one_job_is_read_whatever_the_others_hold() -> None:
    label = opened({"SKY": {"categories": [{"name": "BLUE"}]}, "BOXES": 5})
    category = answer(label, "SKY").category
    assert category is not None
    assert category.name == "BLUE"
    with pytest.raises(MalformedLabelError, match="expected an object, found a number") as failed:
        answer(label, "BOXES").to_dict()
    assert failed.value.path == "jsonResponse.BOXES"


def test_an_interface_that_changes_is_decoded_again() -> None:
    interface = json.loads(json.dumps(IMAGE))
    response = {"SKY": {"categories": [{"name": "BLUE"}]}}
    before = answer(opened(response, interface), "SKY").category
    assert before is not None
    assert before.display_name == "blue"
    interface["jobs"]["SKY"]["content"]["categories"]["BLUE"]["name"] = "Azure"
    after = answer(opened(response, interface), "SKY").category
    assert after is not None
    assert after.display_name == "Azure"


def test_an_ontology_serves_all_labels() -> None:
    ontology = Ontology.from_json_interface(VIDEO, input_type="VIDEO")
    assert isinstance(ParsedLabel(label_of({}), ontology).jobs, VideoJobs)
    assert not isinstance(ParsedLabel(label_of({}), ontology, "IMAGE").jobs, VideoJobs)
    assert ParsedLabel(label_of({}), ontology).ontology is ontology


def test_a_value_that_is_not_a_label_is_refused() -> None:
    with pytest.raises(MalformedLabelError, match="expected an object, found a string"):
        ParsedLabel("{}", IMAGE)  # type: ignore[arg-type]  # the point of the test


@pytest.mark.parametrize(("content", "found"), [("{}", "a string"), ([], "a list"), (7, "a number")])
def test_content_of_another_shape_is_reported_when_read(content: object, found: str) -> None:
    label = opened(content)
    assert label.to_dict() == label_of(content)
    with pytest.raises(MalformedLabelError, match=f"expected an object, found {found}") as failed:
        list(label.jobs)
    assert failed.value.path == "jsonResponse"
    assert [str(one) for one in label.problems] == [f"expected an object, found {found} (at `jsonResponse`)"]


PATHS = [
    (lambda label: label.jobs["SKI"], JobNotExistingError, KeyError, "no job `SKI`, did you mean `SKY`?", "SKI"),
    (lambda label: label.jobs["ROTATION_JOB"], JobNotExistingError, KeyError, "no job", "ROTATION_JOB"),
    (
        lambda label: label.jobs["DUE"].categories,
        MissingAnswerError,
        KeyError,
        "there is no `categories`",
        "DUE.categories",
    ),
    (
        lambda label: label.jobs["NOTE"].categories,
        AttributeNotCompatibleWithJobError,
        AttributeError,
        "`categories` is for CLASSIFICATION, and the task of `NOTE` is TRANSCRIPTION",
        "NOTE",
    ),
    (
        lambda label: label.jobs["TAGS"].category,
        AttributeNotCompatibleWithJobError,
        AttributeError,
        "`category` is for jobs whose input is `radio` or `singleDropdown`, not `checkbox`",
        "TAGS",
    ),
    (
        lambda label: label.jobs["BOXES"].annotations[0].polyline,
        AttributeNotCompatibleWithJobError,
        AttributeError,
        "`polyline` is for other annotations than those of OBJECT_DETECTION drawn as `rectangle`",
        "BOXES.annotations[0]",
    ),
    (
        lambda label: label.jobs["BOXES"].annotations[0].category.children,
        MissingAnswerError,
        KeyError,
        "there is no `children`",
        "BOXES.annotations[0].categories[0].children",
    ),
    (lambda label: label.jobs["BOXES"].annotations[5], EntryIndexError, IndexError, "no entry 5", "BOXES.annotations"),
    (
        lambda label: label.jobs["SKY"].category,
        MalformedLabelError,
        ValueError,
        "there are 2 categories instead of one: read `categories`",
        "SKY.categories",
    ),
    (
        lambda label: label.jobs["NOTE"].text,
        MalformedLabelError,
        ValueError,
        "`text` is a number",
        "NOTE.text",
    ),
]


@pytest.mark.parametrize(("read", "kind", "builtin", "message", "path"), PATHS)
def test_an_error_says_what_and_where(
    read: Any, kind: type[LabelError], builtin: type[Exception], message: str, path: str
) -> None:
    two = {"categories": [{"name": "BLUE"}, {"name": "GREY"}]}
    label = opened({"BOXES": {"annotations": [box("CAR")]}, "SKY": two, "NOTE": {"text": 7}})
    with pytest.raises(kind) as failed:
        read(label)
    assert isinstance(failed.value, builtin)
    assert isinstance(failed.value, KiliQueryError)
    assert message in str(failed.value)
    assert failed.value.path == f"jsonResponse.{path}"
    assert str(failed.value).endswith(f"(at `jsonResponse.{path}`)")


def test_attributes_that_are_not_there_can_be_asked_for() -> None:
    job = answer(sample("transcription"), "NOTE")
    assert not hasattr(job, "categories")
    assert getattr(job, "categories", None) is None
    assert job.text == "three"


def test_unknown_attributes_cannot_be_written() -> None:
    label = sample("boxes")
    annotation = answer(label, "BOXES").annotations[0]
    with pytest.raises(AttributeError, match="colour"):
        annotation.colour = "red"  # type: ignore[attr-defined]  # the point of the test
    with pytest.raises(AttributeError, match="type"):
        annotation.type = "polygon"  # type: ignore[misc]  # the point of the test
    assert label == label_of(SAMPLES["boxes"][2])


def test_jobs_are_a_mapping_of_all_jobs_then_of_others() -> None:
    label = opened({"GONE": {"text": "x"}, "ROTATION_JOB": {"rotation": 90}, "NOTE": {"text": "y"}})
    roots = [name for name, job in IMAGE["jobs"].items() if not job["isChild"]]
    assert isinstance(label.jobs, Mapping)
    assert list(label.jobs) == [*roots, "GONE"]
    assert list(label.jobs.keys()) == [name for name, _ in label.jobs.items()] == list(label.jobs)
    assert len(label.jobs) == len(roots) + 1
    names = label.jobs.keys()
    assert list(names) == list(names)
    assert "GONE" in label.jobs
    assert "ROTATION_JOB" not in label.jobs
    assert "SIZE" not in label.jobs
    assert 5 not in label.jobs
    assert label.jobs.get("NONE") is None


def test_a_retired_job_is_read_by_what_it_holds() -> None:
    job = answer(opened({"GONE": {"categories": [{"name": "A"}], "text": "x"}}), "GONE")
    assert job.text == "x"
    category = job.category
    assert category is not None
    assert (category.name, category.display_name) == ("A", "A")
    assert len(job.annotations) == 0
    with pytest.raises(MissingAnswerError):
        job.is_key_frame  # noqa: B018 - reading is the point


def test_children_are_the_jobs_that_the_parent_lists_then_others() -> None:
    response = {"BOXES": {"annotations": [box("BUS", children={"GONE": {"text": "x"}})]}}
    children = answer(opened(response), "BOXES").annotations[0].children
    assert list(children) == ["SIZE", "PLATE", "GONE"]
    assert bool(children)
    assert children == {"GONE": {"text": "x"}}
    assert children["SIZE"].category is None


def test_empty_children_are_false_and_equal_to_an_empty_dict() -> None:
    children = answer(opened({"BOXES": {"annotations": [box("BUS")]}}), "BOXES").annotations[0].children
    assert not children
    assert children == {}


def test_jobs_of_language_models_are_read() -> None:
    orders = [{"rank": 1, "elements": ["b"]}, {"rank": 2, "elements": ["a"]}]
    choice = {"code": "BETTER", "firstId": "1", "secondId": "2"}
    label = opened({"BEST": {"choice": choice}, "RANK": {"orders": orders}})
    assert answer(label, "BEST").choice == choice
    assert answer(label, "RANK").orders == orders
    with pytest.raises(AttributeNotCompatibleWithJobError, match="RANKING"):
        answer(label, "BEST").orders  # noqa: B018 - reading is the point


def test_answers_that_are_files_are_read() -> None:
    job = {"mlTask": "FILE", "required": 0, "isChild": False, "content": {"input": "upload"}}
    label = opened({"OUT": {"fileId": "0f", "fileName": "a.glb", "fileMimeType": "model/gltf"}}, {"jobs": {"OUT": job}})
    found = answer(label, "OUT")
    assert (found.file_id, found.file_name, found.file_mime_type) == ("0f", "a.glb", "model/gltf")
    assert answer(opened({}, {"jobs": {"OUT": job}}), "OUT").file_id is None


def test_a_rectangle_of_a_document_need_not_name_its_tool() -> None:
    interface = {"jobs": {"BOXES": {**IMAGE["jobs"]["BOXES"]}}}
    inner = {"boundingPoly": [{"normalizedVertices": [[]]}], "polys": [], "pageNumberArray": [2]}
    response = {"BOXES": {"annotations": [{"mid": "a", "annotations": [inner]}]}}
    annotation = answer(opened(response, interface, "PDF"), "BOXES").annotations[0]
    assert annotation.type == "rectangle"
    assert annotation.annotations[0].page_number_array == [2]


def test_lists_are_sequences() -> None:
    annotations = answer(sample("boxes"), "BOXES").annotations
    assert isinstance(annotations, Sequence)
    assert [one.mid for one in annotations] == ["b1", "b2"]
    assert [one.mid for one in reversed(annotations)] == ["b2", "b1"]
    assert annotations[-1].mid == "b2"
    assert [one.mid for one in annotations[1:]] == ["b2"]
    assert annotations.index(annotations[1]) == 1
    assert annotations == answer(sample("boxes"), "BOXES").annotations
    assert annotations.as_list() == SAMPLES["boxes"][2]["BOXES"]["annotations"]


def test_windows_on_one_thing_are_equal_and_have_no_hash() -> None:
    label = sample("boxes")
    job = answer(label, "BOXES")
    assert job.annotations[0] == job.annotations[0]
    assert job.annotations[0] != job.annotations[1]
    assert job.annotations[0].category == answer(label, "BOXES").annotations[0].category
    with pytest.raises(TypeError):
        hash(job)
    with pytest.raises(TypeError):
        hash(job.annotations)


def test_frames_are_found_by_number_and_by_place() -> None:
    label = opened({"12": {"CAPTION": {"text": "b"}}, "5": {"CAPTION": {"text": "a"}}, "100": None}, VIDEO, "VIDEO")
    found = frames(label, "CAPTION")
    assert found.numbers == (5, 12, 100)
    assert [one.text for one in found[:2]] == ["a", "b"]
    assert found.at(12).text == found[1].text == found[-2].text == "b"
    assert found.frames is found
    assert found.at(12).path == 'jsonResponse["12"].CAPTION'
    with pytest.raises(FrameIndexError, match="there is no frame 7"):
        found.at(7)
    with pytest.raises(FrameIndexError, match="no entry 3, there are 3 frames"):
        found[3]
    with pytest.raises(MissingAnswerError):
        found[2].text  # noqa: B018 - reading is the point


def test_a_video_keeps_answers_without_a_frame() -> None:
    level = {"SCENE": {"categories": [{"name": "FIELD"}]}}
    response = {"0": {"GONE": {"text": "x"}}, "assetLevel": level, "ROTATION_JOB": {"rotation": 90}}
    label = opened(response, VIDEO, "VIDEO")
    assert isinstance(label.jobs, VideoJobs)
    assert list(label.jobs) == ["TRACK", "SCENE", "CAPTION", "GONE"]
    assert label.jobs.asset_level == level
    assert frames(label, "GONE")[0].text == "x"
    assert label.jobs.to_dict() == response
    with pytest.raises(JobNotExistingError, match="no job `LIGHTS`"):
        label.jobs["LIGHTS"]


def test_a_frame_that_is_there_twice() -> None:
    label = ParsedLabel({"jsonResponse": {"7": {}, "007": {"CAPTION": {"text": "x"}}}}, VIDEO, "VIDEO")
    with pytest.raises(MalformedLabelError, match=r'there twice.*jsonResponse\["007"\]'):
        frames(label, "CAPTION")[0]
    assert [str(one) for one in label.problems] == [f'{REPEATED_FRAME} (at `jsonResponse["007"]`)']
    assert label.to_dict()["jsonResponse"] == {"7": {}, "007": {"CAPTION": {"text": "x"}}}


@pytest.mark.parametrize(
    ("response", "input_type", "is_framed"),
    [
        ({}, "VIDEO", True),
        (None, "VIDEO", True),
        ({"0": {}}, "VIDEO_LEGACY", True),
        ({"CAPTION": {"text": "a"}}, "VIDEO_LEGACY", False),
        ({"0": {}, "CAPTION": {"text": "a"}}, "VIDEO", True),
        ({"0": {}}, "IMAGE", False),
        ({"0": {}, "assetLevel": {}}, None, True),
        ({"CAPTION": {"text": "a"}}, None, False),
        ({}, None, False),
    ],
)
def test_frames_or_jobs(response: object, input_type: str | None, is_framed: bool) -> None:
    assert isinstance(opened(response, VIDEO, input_type).jobs, VideoJobs) is is_framed


def test_many_labels_are_opened_lazily_from_a_generator() -> None:
    taken = []

    def source() -> Any:
        for number in range(3):
            taken.append(number)
            yield label_of({"NOTE": {"text": str(number)}})

    lazy = parse_labels(source(), IMAGE, "IMAGE")
    assert taken == []
    assert not isinstance(lazy, list)
    assert answer(next(lazy), "NOTE").text == "0"
    assert taken == [0]
    assert isinstance(parse_labels((label_of({}),), IMAGE), list)
    assert isinstance(parse_labels(map(label_of, [{}]), IMAGE), list)


def test_a_conversation_gathers_the_answers_of_its_rounds() -> None:
    choices = {"GOOD": {"name": "Good", "children": ["WHY"]}, "BAD": {"name": "Bad"}}
    jobs = {
        "KIND": {"mlTask": "CLASSIFICATION", "content": {"input": "radio", "categories": choices}},
        "WHY": {"mlTask": "TRANSCRIPTION", "isChild": True},
        "BEST": {"mlTask": "COMPARISON"},
        "RANKED": {"mlTask": "RANKING"},
    }
    choice, orders = {"code": "A_1", "firstId": "x", "secondId": "y"}, [{"rank": 1, "elements": ["x"]}]
    answers: list[dict[str, Any]] = [
        {"id": "1", "job": "KIND", "path": [], "annotationValue": {"categories": ["GOOD"]}},
        {"id": "2", "job": "KIND", "path": [], "annotationValue": {"categories": ["GOOD"]}},
        {"id": "3", "job": "KIND", "path": [], "annotationValue": {"categories": ["BAD"]}},
        {"id": "4", "job": "WHY", "path": [["2", "GOOD"]], "annotationValue": {"text": "short"}},
        {"id": "5", "job": "BEST", "path": [], "annotationValue": {"choice": choice}},
        {"id": "6", "job": "RANKED", "path": [], "annotationValue": {"orders": orders}},
    ]
    document = {"jsonResponse": "{}", "annotations": answers}
    label = ParsedLabel(document, {"jobs": jobs}, "LLM_STATIC")
    assert [one.name for one in label.jobs["KIND"].categories] == ["GOOD", "GOOD", "BAD"]
    assert label.jobs["KIND"].categories[1].children["WHY"].text == "short"
    assert (label.jobs["BEST"].choice, label.jobs["RANKED"].orders) == (choice, orders)
    assert label.problems == ()
    kinds = [one.kind.name for one in ParsedLabel(document, {"jobs": jobs}, "TEXT").problems]
    assert kinds == ["REPEATED_CATEGORY", "TOO_MANY_CATEGORIES"]
