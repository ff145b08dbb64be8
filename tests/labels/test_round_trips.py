"""A label comes back as it came in: every key, its order, and the type of every number; and reading changes nothing."""

import copy
import json
import pickle
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kili_query.errors import MalformedLabelError
from kili_query.labels import ParsedLabel
from kili_query.ontology import Ontology
from tests import strategies
from tests.labels.reading import read_all
from tests.labels.samples import IMAGE, SAMPLES, VIDEO, box, label_of

INPUT_TYPES = ("IMAGE", "VIDEO", "PDF", None)

any_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=10,
)
contents = st.one_of(
    strategies.contents(),
    strategies.video_contents(),
    strategies.malformed_contents(),
    strategies.json_values,
    any_json,
)


def exactly(value: object) -> str:
    """A text that two values share when keys, order and number types are the same."""
    return json.dumps(value)


@settings(max_examples=20)  # each reads all that there is in a label
@given(contents, strategies.interfaces(), st.sampled_from(INPUT_TYPES), any_json)
def test_any_label_survives(content: object, interface: object, input_type: str | None, other: object) -> None:
    given_label = {"z": other, "jsonResponse": content, "a": 1.0}
    before = exactly(given_label)
    label = ParsedLabel(given_label, interface, input_type)
    assert exactly(label.to_dict()) == before
    read_all(label)
    assert exactly(label.to_dict()) == before
    assert exactly(label) == before
    assert exactly(given_label) == before
    assert label == given_label


@given(st.dictionaries(st.text(max_size=3), any_json, max_size=4))
def test_any_object_survives(given_label: dict[str, Any]) -> None:
    """Labels without content too: nothing is added."""
    label = ParsedLabel(given_label, IMAGE)
    assert exactly(label.to_dict()) == exactly(given_label)
    assert label.jobs["NOTE"].to_dict() == {} or "jsonResponse" in given_label
    assert exactly(label.to_dict()) == exactly(given_label)


@given(st.data())
def test_a_label_that_obeys_has_no_problems(data: st.DataObject) -> None:
    ontology = data.draw(strategies.ontologies(("IMAGE", "VIDEO")))
    label = ParsedLabel({"jsonResponse": data.draw(strategies.contents_of(ontology))}, ontology)
    assert [one for one in label.problems if one.kind != "bad value"] == []


@settings(max_examples=50)
@given(contents, strategies.ontologies())
def test_problems_are_found_in_anything(content: object, ontology: Ontology) -> None:
    """Whatever cannot be read has a problem."""
    label = ParsedLabel({"jsonResponse": content}, ontology)
    problems = label.problems
    assert all(one.path.startswith("jsonResponse") for one in problems)
    if not problems:
        assert not [error for error in read_all(label) if isinstance(error, MalformedLabelError)]


@pytest.mark.parametrize("kind", SAMPLES)
def test_samples_survive_reading(kind: str) -> None:
    interface, input_type, response = SAMPLES[kind]
    given_label = label_of(response)
    before = exactly(given_label)
    label = ParsedLabel(given_label, interface, input_type)
    assert read_all(label)  # no attribute is there for all
    assert exactly(label.to_dict()) == exactly(given_label) == before
    assert label.problems == ()


@pytest.mark.parametrize("kind", SAMPLES)
def test_copies_have_lives_of_their_own(kind: str) -> None:
    interface, input_type, response = SAMPLES[kind]
    label = ParsedLabel(label_of(response), interface, input_type)
    clones = [copy.copy(label), copy.deepcopy(label), label.copy(), pickle.loads(pickle.dumps(label)), label | {}]
    for clone in clones:
        assert type(clone) is ParsedLabel
        assert clone == label
        assert exactly(clone.to_dict()) == exactly(label.to_dict())
        assert clone.jobs == label.jobs
        clone["jsonResponse"] = {}
        assert clone != label


def test_a_deep_label_survives() -> None:
    response: dict[str, Any] = {}
    for _ in range(400):
        response = {"WHY": {"categories": [{"name": "FAR", "children": response}]}}
    given_label = {"jsonResponse": {"SKY": {"categories": [{"name": "GREY", "children": response}]}}}
    label = ParsedLabel(given_label, IMAGE, "IMAGE")
    depth, found = 0, label.to_dict()["jsonResponse"]
    while found:
        (answer,) = found.values()  # type: ignore[attr-defined]  # a map of jobs
        depth, found = depth + 1, answer["categories"][0]["children"]
    assert depth == 401
    assert {one.kind.value for one in label.problems} == {"misplaced job"}  # WHY lists no child jobs


def test_an_edit_changes_that_alone() -> None:
    interface, input_type, response = SAMPLES["video"]
    label = ParsedLabel(label_of(response), interface, input_type)
    expected = copy.deepcopy(label_of(response))
    expected["jsonResponse"]["2"]["SCENE"]["categories"][0]["name"] = "FIELD"
    label.jobs["SCENE"][2].category.name = "FIELD"  # type: ignore[union-attr]  # a video, and it has one
    assert exactly(label.to_dict()) == exactly(expected)


def test_an_edit_of_the_last_frame_leaves_its_number() -> None:
    label = ParsedLabel({"jsonResponse": {"7": {"TRACK": {"annotations": []}}}}, VIDEO, "VIDEO")
    label.jobs["TRACK"][0].add_annotation(box("CAR"))  # type: ignore[union-attr]  # a video
    assert label.json_response == {"7": {"TRACK": {"annotations": [box("CAR")]}}}
