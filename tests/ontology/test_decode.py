"""Reading ontologies: every kind of job, and every wrong shape with its path."""

import json
import pickle
import warnings
from contextlib import suppress
from copy import deepcopy
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kili_query.errors import OntologyError
from kili_query.ontology import CategoryPoint, Job, JobCategory, Ontology

DATA = Path(__file__).parent.parent / "data"
COCO = Path(__file__).resolve().parents[3] / "shared" / "data" / "coco-mini" / "project.json"
STREET = Ontology.load(DATA / "ontology_street.json")
TEXT = Ontology.load(DATA / "ontology_text.json")
INTERFACE = {
    "jobs": {
        "J": {
            "mlTask": "CLASSIFICATION",
            "content": {"input": "radio", "categories": {"A": {"name": "An A", "children": ["K"]}}},
        },
        "K": {"mlTask": "TRANSCRIPTION"},
    }
}


def one_job(**job: object) -> dict[str, object]:
    return {"jobs": {"J": {"mlTask": "CLASSIFICATION"} | job}}


def test_a_project_gives_its_jobs_in_order_and_its_input_type() -> None:
    assert list(STREET.jobs)[:3] == ["BOXES", "SIZE", "OCCLUDED"]
    assert STREET.input_type == "IMAGE"
    boxes = STREET.jobs["BOXES"]
    assert (boxes.ml_task, boxes.input, boxes.instruction) == ("OBJECT_DETECTION", "radio", "Box them")
    assert (boxes.tools, boxes.is_required, boxes.is_child) == (("rectangle",), True, False)
    assert boxes.categories["PERSON"] == JobCategory("PERSON", "Somebody", ("SIZE", "OCCLUDED"), color="#00AA55")
    assert list(boxes.categories)[-1] == "IS_THE OBJECT OCCLUDED?"


def test_pairs_are_those_that_can_be_counted() -> None:
    assert list(TEXT.pairs()) == [
        ("NAMES", "CITY"),
        ("NAMES", "RIVER"),
        ("LINKS", "LIES_ON"),
        ("REASON", "SHORT"),
        ("REASON", "CLEAR"),
        ("PAGES", "INVOICE"),
    ]


@pytest.mark.parametrize("name", ["NOTE", "RANK", "BEST", "RENDER", "REGION", "EMPTY"])
def test_some_jobs_have_no_categories(name: str) -> None:
    assert not TEXT.jobs[name].has_categories


def test_categories_of_a_transcription_do_not_count() -> None:
    ontology = Ontology.from_json_interface(
        {"jobs": {"N": {"mlTask": "TRANSCRIPTION", "content": {"categories": {"A": {"name": "A"}}}}}}
    )
    assert not ontology.jobs["N"].has_categories


@pytest.mark.parametrize(
    ("name", "is_single"),
    [("SIZE", True), ("OCCLUDED", True), ("WEATHER", False), ("BOXES", False)],
)
def test_single_choice_is_said_of_classifications_alone(name: str, is_single: bool) -> None:
    assert STREET.jobs[name].is_single_choice is is_single


def test_parents_come_from_categories_points_and_options() -> None:
    assert STREET.jobs["OCCLUDED"].parents == (("BOXES", "PERSON"), ("BOXES", "CAR"))
    assert STREET.jobs["BENT"].parents == (("BODY", "ARM"),)
    assert STREET.jobs["BODY"].categories["ARM"].points == (
        CategoryPoint("ELBOW", "Elbow", ("BENT",)),
        CategoryPoint("WRIST", "Wrist"),
    )
    assert TEXT.jobs["REASON"].parents == (("BEST", "BETTER"),)
    assert STREET.jobs["BOXES"].parents == ()


def test_a_missing_is_child_is_inferred_from_the_parents() -> None:
    assert STREET.jobs["OCCLUDED"].is_child
    assert not STREET.jobs["WEATHER"].is_child
    assert STREET.jobs["LOST"].is_child  # says so itself


@pytest.mark.parametrize(("written", "read"), [(0, False), (1, True), (True, True), (False, False), (None, False)])
def test_required_is_a_number_or_a_boolean(written: object, read: bool) -> None:
    assert Ontology.from_json_interface(one_job(required=written)).jobs["J"].is_required is read
    assert not Ontology.from_json_interface(one_job()).jobs["J"].is_required


def test_a_category_without_a_name_is_displayed_by_its_key() -> None:
    ontology = Ontology.from_json_interface(one_job(content={"categories": {"A": {}, "B": {"name": ""}}}))
    assert [category.name for category in ontology.jobs["J"].categories.values()] == ["A", "B"]


def test_all_the_forms_of_an_interface_read_alike() -> None:
    plain = Ontology.from_json_interface(INTERFACE)
    text = json.dumps(INTERFACE)
    project = {"id": "p", "inputType": "VIDEO", "jsonInterface": INTERFACE}
    assert Ontology.from_json_interface(text) == plain
    assert Ontology.from_json_interface("\ufeff" + text) == plain
    assert Ontology.from_json_interface(project).jobs == plain.jobs
    assert Ontology.from_json_interface({"jsonInterface": text}) == plain
    assert Ontology.from_json_interface(project).is_video
    assert not Ontology.from_json_interface(project, input_type="IMAGE").is_video
    assert not plain.is_video


@pytest.mark.parametrize("input_type", ["VIDEO", "VIDEO_LEGACY"])
def test_video_is_a_fact_of_the_input_type(input_type: str) -> None:
    assert Ontology.from_json_interface(INTERFACE, input_type=input_type).is_video


def test_an_ontology_can_be_pickled_and_compared() -> None:
    assert pickle.loads(pickle.dumps(STREET)) == STREET
    assert STREET != TEXT


@pytest.mark.parametrize(
    ("value", "path"),
    [
        ([], ""),
        (None, ""),
        ("[1]", ""),
        ("{", ""),
        ("[" * 100_000, ""),
        ({}, "jobs"),
        ({"jobs": []}, "jobs"),
        ({"jobs": None}, "jobs"),
        ({"jsonInterface": None}, "jsonInterface"),
        ({"jsonInterface": "{"}, "jsonInterface"),
        ({"jsonInterface": {"jobs": 1}}, "jsonInterface.jobs"),
        ({"jsonInterface": {"jobs": {}}, "inputType": 3}, "inputType"),
        ({"jobs": {"J": 3}}, "jobs.J"),
        ({"jobs": {"IS IT?": 3}}, 'jobs["IS IT?"]'),
        ({"jobs": {1: {}}}, "jobs"),
        ({"jobs": {"J": {"mlTask": 1}}}, "jobs.J.mlTask"),
        (one_job(content=[1]), "jobs.J.content"),
        (one_job(content={"categories": ["A"]}), "jobs.J.content.categories"),
        (one_job(content={"categories": {"A": "A"}}), "jobs.J.content.categories.A"),
        (one_job(content={"categories": {"A": {"name": 1}}}), "jobs.J.content.categories.A.name"),
        (one_job(content={"categories": {"A": {"children": "K"}}}), "jobs.J.content.categories.A.children"),
        (one_job(content={"categories": {"A": {"children": [1]}}}), "jobs.J.content.categories.A.children[0]"),
        (one_job(content={"categories": {"A": {"points": [{}]}}}), "jobs.J.content.categories.A.points[0].code"),
        (one_job(content={"input": 1}), "jobs.J.content.input"),
        (one_job(instruction=1), "jobs.J.instruction"),
        (one_job(required="yes"), "jobs.J.required"),
        (one_job(isChild=2), "jobs.J.isChild"),
        (one_job(tools="rectangle"), "jobs.J.tools"),
        (one_job(tools={"rectangle": 1}), "jobs.J.tools"),
        ({"jobs": {"B": {"mlTask": "COMPARISON", "content": {"options": 1}}}}, "jobs.B.content.options"),
    ],
)
def test_a_wrong_shape_is_named_by_its_path(value: object, path: str) -> None:
    with pytest.raises(OntologyError) as caught:
        Ontology.from_json_interface(value)
    assert caught.value.path == path


def test_what_holds_nothing_is_read_as_nothing() -> None:
    for children, points in (({}, None), (None, {}), ([], [])):
        empty: dict[str, object] = {"children": children, "points": points}
        category = Ontology.from_json_interface(one_job(content={"categories": {"A": empty}})).jobs["J"].categories["A"]
        assert (category.children, category.points) == ((), ())
    for empty in ({"content": []}, {"content": {"categories": []}, "tools": {}}):
        job = Ontology.from_json_interface(one_job(**empty)).jobs["J"]
        assert (dict(job.categories), job.tools) == ({}, ())
    assert Ontology.from_json_interface({"jobs": {"NEW": {}}}).jobs["NEW"] == Job("NEW", "")


def test_what_is_lost_is_told() -> None:
    with pytest.warns(UserWarning, match=r"`children` must be a list.*jobs\.J\.content\.categories\.A\.children"):
        ontology = Ontology.from_json_interface(one_job(content={"categories": {"A": {"children": {"K": {}}}}}))
    assert ontology.jobs["J"].categories["A"].children == ()
    with pytest.warns(UserWarning, match=r"no `mlTask`: its categories are counted.*jobs\.J"):
        ontology = Ontology.from_json_interface({"jobs": {"J": {"content": {"categories": {"A": {}}}}}})
    assert list(ontology.pairs()) == [("J", "A")]


def test_an_unknown_task_is_opaque() -> None:
    job = TEXT.jobs["REGION"]
    assert job == Job("REGION", "REGIONS_OF_INTEREST")
    assert TEXT.jobs["PAGES"].has_categories


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_a_file_may_have_a_byte_order_mark(tmp_path: Path, encoding: str) -> None:
    path = tmp_path / "project.json"
    path.write_bytes(json.dumps(INTERFACE).encode(encoding))
    assert Ontology.load(path) == Ontology.from_json_interface(INTERFACE)
    assert Ontology.load(str(path)).jobs["J"].categories["A"].name == "An A"


@pytest.mark.parametrize("content", [b"", b"{", b"\xff\xfe\x00", b'{"jobs": ', b'"text"', b"caf\xe9"])
def test_a_file_that_is_no_interface_is_named(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "bad.json"
    path.write_bytes(content)
    with pytest.raises(OntologyError, match=r"bad\.json"):
        Ontology.load(path)


def test_an_interface_may_be_nested_too_deep() -> None:
    with pytest.raises(OntologyError, match=r"^nested too deep to be read"):
        Ontology.from_json_interface("[" * 100_000)


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    with pytest.raises(OntologyError, match=r"missing\.json.*no such file"):
        Ontology.load(tmp_path / "missing.json")
    with pytest.raises(OntologyError, match=r"directory$"):
        Ontology.load(tmp_path)
    (tmp_path / "project.json").touch()
    with pytest.raises(OntologyError, match=r"directory: give `.*project\.json`$"):
        Ontology.load(tmp_path)
    with pytest.raises(OntologyError, match="null"):
        Ontology.load("a\0b")


def test_an_error_in_a_file_has_its_path_too(tmp_path: Path) -> None:
    path = tmp_path / "bad.json"
    path.write_text('{"jobs": {"J": []}}')
    with pytest.raises(OntologyError, match=r"bad\.json.*expected an object, found a list") as caught:
        Ontology.load(path)
    assert caught.value.path == "jobs.J"


scalars = st.one_of(st.none(), st.booleans(), st.integers(), st.text(max_size=3), st.lists(st.integers(), max_size=2))


@given(st.data())
def test_a_damaged_interface_is_read_or_refused(data: st.DataObject) -> None:
    damaged = deepcopy(INTERFACE)
    node: dict[str, object] = damaged  # type: ignore[assignment]
    while True:
        key = data.draw(st.sampled_from(sorted(node)))
        inner = node[key]
        if not isinstance(inner, dict) or data.draw(st.booleans()):
            node[key] = data.draw(scalars)
            break
        node = inner
    with suppress(OntologyError), warnings.catch_warnings(action="ignore"):  # no other exception
        ontology = Ontology.from_json_interface(damaged)
        assert all(job.name == name for name, job in ontology.jobs.items())


@pytest.mark.skipif(not COCO.exists(), reason="the sample project is not here")
def test_a_real_project() -> None:
    ontology = Ontology.load(COCO)
    assert ontology.jobs["OBJECTS"].categories["TRAFFIC_LIGHT"].name == "traffic light"
    assert ontology.jobs["CROWDED"].is_single_choice
    assert ontology.jobs["CROWDED"].is_required
