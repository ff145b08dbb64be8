"""Each check: what it finds, where, and the edit that mends it."""

from pathlib import Path

import pytest

from kili_query.ast import CompareOp, Comparison, Counter
from kili_query.diagnostics import Diagnostic
from kili_query.ontology import Ontology
from kili_query.ontology.check import MAX_FINDINGS, check_names
from kili_query.syntax import parse_tree

DATA = Path(__file__).parent.parent / "data"
STREET = Ontology.load(DATA / "ontology_street.json")
TEXT = Ontology.load(DATA / "ontology_text.json")


def findings(text: str, ontology: Ontology = STREET) -> list[Diagnostic]:
    return list(check_names(parse_tree(text), ontology))


def only(text: str, ontology: Ontology = STREET) -> Diagnostic:
    (found,) = findings(text, ontology)
    return found


def marked(found: Diagnostic, text: str) -> str:
    return text[found.span.start : found.span.end]


def mended(found: Diagnostic, text: str) -> str:
    assert found.help is not None
    assert found.help.edit is not None
    span = found.help.edit.span
    return text[: span.start] + found.help.edit.text + text[span.end :]


@pytest.mark.parametrize(
    "text",
    [
        "BOXES.CAR.count > 0 AND SIZE.SMALL",  # a child job at the top is counted under its own name
        'BOXES."Traffic light" AND "Box them".Somebody.count > 2',
        "BOXES.* AND *.YES.count > 2 AND BOXES.CA*.count < BODY.count",
        "BOXES.PERSON[SIZE.SMALL[WHY.FAR] AND WHY.FAR AND OCCLUDED.YES].count >= 2",
        "BOXES.*[SIZE.SMALL OR *.YES]",
        "*.CAR[OCCLUDED.YES]",
        "BODY.ARM[BENT.YES]",
        '"not"."in" AND "not"."count" AND "not".count.count > 1',
        'BOXES."IS_THE OBJECT OCCLUDED?"',
    ],
)
def test_sound_queries_have_no_findings(text: str) -> None:
    assert findings(text) == []


@pytest.mark.parametrize(
    ("text", "code", "mark", "fixed"),
    [
        ("BOXS.CAR", "KQ101", "BOXS", "BOXES.CAR"),
        ("boxes.CAR", "KQ101", "boxes", "BOXES.CAR"),
        ('"box them".CAR', "KQ101", '"box them"', "BOXES.CAR"),
        ("CAR.count > 1", "KQ101", "CAR", "BOXES.CAR.count > 1"),
        ("CAR.*.count > 1", "KQ101", "CAR", "BOXES.CAR.count > 1"),
        ("CAR.BOXES.count > 1", "KQ101", "CAR", "BOXES.CAR.count > 1"),
        ("BOXES.PERSN.count > 0", "KQ102", "PERSN", "BOXES.PERSON.count > 0"),
        ("BOXES.PRESON", "KQ102", "PRESON", "BOXES.PERSON"),
        ("BOXES.person", "KQ102", "person", "BOXES.PERSON"),
        ('BOXES."trafic light"', "KQ102", '"trafic light"', "BOXES.TRAFFIC_LIGHT"),
        ('BOXES."some body"', "KQ102", '"some body"', "BOXES.PERSON"),
        ("BOXES.IS_THE_OBJECT_OCCLUDED", "KQ102", "IS_THE_OBJECT_OCCLUDED", 'BOXES."IS_THE OBJECT OCCLUDED?"'),
        ("BOXES.SMALL.count > 1", "KQ102", "SMALL", "SIZE.SMALL.count > 1"),
        ("BOXES.CAR[OCCLUDED.YESS]", "KQ102", "YESS", "BOXES.CAR[OCCLUDED.YES]"),
        ('"not".cuont', "KQ102", "cuont", '"not"."count"'),
        ("*.PERSN.count > 2", "KQ104", "*.PERSN", "*.PERSON.count > 2"),
    ],
)
def test_a_near_name_is_suggested(text: str, code: str, mark: str, fixed: str) -> None:
    found = only(text)
    assert (found.code, marked(found, text)) == (code, mark)
    assert mended(found, text) == fixed
    assert findings(fixed) == []


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("BOXS.CAR", "unknown job `BOXS`"),
        ("BOXES.PERSN", "unknown category `PERSN` in job `BOXES`"),
        ('"Box them".PERSN', "unknown category `PERSN` in job `BOXES`"),
        ("BOXES.Z*", "pattern `BOXES.Z*` matches nothing"),
        ("BOXES.CAR[*.SMALL]", "pattern `*.SMALL` matches nothing in these brackets"),
        ("BOXES.Car", "ambiguous display name `Car` in job `BOXES`"),
        ('"Pick one".RAIN', "ambiguous display name `Pick one`"),
        ("BOXES.CAR[SIZE.SMALL]", "job `SIZE` can never stand below `BOXES.CAR`"),
    ],
)
def test_messages_are_true_when_read_alone(text: str, message: str) -> None:
    assert only(text).message == message


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("ZZZZZZ.CAR", 'there are `BOXES`, `SIZE`, `OCCLUDED`, `WHY`, `WEATHER`, `BODY`, `BENT`, `"not"`'),
        ("Z*.Q", 'there are `BOXES`, `SIZE`, `OCCLUDED`, `WHY`, `WEATHER`, `BODY`, `BENT`, `"not"`'),
        ("BOXES.CAR[ZZZZZZ.YES]", "there is `OCCLUDED`"),
        ("SIZE.X", "there are `SMALL`, `LARGE`"),
        ("BOXES.ZZZZZ", 'there are `PERSON`, `CAR`, `CAR_2`, `TRAFFIC_LIGHT`, `"IS_THE OBJECT OCCLUDED?"`'),
        ("BOXES.Z*", 'there are `PERSON`, `CAR`, `CAR_2`, `TRAFFIC_LIGHT`, `"IS_THE OBJECT OCCLUDED?"`'),
    ],
)
def test_where_nothing_is_near_the_help_lists_what_there_is(text: str, shown: str) -> None:
    found = only(text)
    assert found.help is not None
    assert (found.help.text, found.help.edit) == (shown, None)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("BOXES.SMALL", "`SMALL` exists in job `SIZE`"),
        ("SIZE.YES", "`YES` exists in jobs `OCCLUDED`, `WHY`, `BENT` and 1 more"),
        ('SIZE."Far away"', "`Far away` exists in job `WHY`: did you mean `WHY.FAR`?"),
        ('BOXES."some body"', "did you mean `PERSON`? (`Somebody` is its display name)"),
        ("YES.count > 0", "`YES` is a category of jobs `OCCLUDED`, `WHY`, `BENT`"),
        ("ROTATION_JOB.X", "metadata"),
        ("ANNOTATION_JOB_COUNTER.count > 1", "metadata"),
        ("ANNOTATION_NAMES_JOB.X", "metadata"),
        ("BOXES.per*", "did you mean to match `PERSON`?"),
        ("box*.CAR", "did you mean to match `BOXES`?"),
    ],
)
def test_help_knows_the_usual_slips(text: str, words: str) -> None:
    found = only(text)
    assert found.help is not None
    assert words in found.help.text


@pytest.mark.parametrize("text", ["NOTE.X", "BEST.BETTER", "RANK.count > 0", "RENDER.A*", "REGION.odd", "EMPTY.X"])
def test_a_job_without_categories(text: str) -> None:
    found = only(text, TEXT)
    assert found.code == "KQ103"
    assert found.message == f"job `{text.split('.', maxsplit=1)[0]}` has no categories"
    assert marked(found, text) == text.split(".", maxsplit=1)[0]


def test_a_job_without_categories_is_found_by_its_display_name() -> None:
    assert only('"Anything else?".X', TEXT).message == "job `NOTE` has no categories"


@pytest.mark.parametrize(
    ("text", "mark"),
    [
        ("BOXES.Z*.count > 1", "BOXES.Z*"),
        ("Z*.CAR", "Z*.CAR"),
        ("HOW*.X", "HOW*.X"),
        ("BODY.ARM[*.SMALL]", "*.SMALL"),
        ("BODY.ARM[SIZ*.*]", "SIZ*.*"),
    ],
)
def test_a_pattern_that_matches_nothing(text: str, mark: str) -> None:
    found = only(text)
    assert (found.code, marked(found, text)) == ("KQ104", mark)


@pytest.mark.parametrize(
    ("text", "mark", "keys"),
    [
        ('"Pick one".RAIN', '"Pick one"', "`WHY` or `WEATHER`"),
        ('"Pick one".count > 2', '"Pick one"', "`WHY` or `WEATHER`"),
        ("BOXES.Car.count > 2", "Car", "`CAR` or `CAR_2`"),
        ("*.Car.count > 2", "Car", "`CAR` or `CAR_2`"),
    ],
)
def test_an_ambiguous_display_name(text: str, mark: str, keys: str) -> None:
    found = only(text)
    assert (found.code, marked(found, text)) == ("KQ105", mark)
    assert found.help is not None
    assert keys in found.help.text


@pytest.mark.parametrize(
    ("text", "mark", "words"),
    [
        ("BOXES.CAR[SIZE.SMALL]", "SIZE", "`SIZE` is a child of `BOXES.PERSON`"),
        ("BOXES.CAR[WEATHER.RAIN]", "WEATHER", "not a child job"),
        ("BOXES.CAR[BOXES.PERSON]", "BOXES", "not a child job"),
        ("BOXES.CAR[SIZE.count > 1]", "SIZE", "child of"),
        ("BOXES.*[BENT.YES]", "BENT", "child of `BODY.ARM`"),
        ("*.CAR[BENT.YES]", "BENT", "child of"),
        ("BOXES.PERSON[OCCLUDED.YES[WHY.FAR]]", "WHY", "child of `SIZE.SMALL`"),
        ("BOXES.PERSON[SIZE.LARGE[WHY.FAR]]", "WHY", "child of `SIZE.SMALL`"),
    ],
)
def test_a_child_job_where_it_can_never_stand(text: str, mark: str, words: str) -> None:
    found = only(text)
    assert (found.code, marked(found, text)) == ("KQ106", mark)
    assert found.help is not None
    assert words in found.help.text


@pytest.mark.parametrize("text", ["LOST.YES", "LOST.count > 1", "BOXES.CAR[LOST.YES]"])
def test_a_child_job_without_parents_can_never_stand(text: str) -> None:
    assert only(text).message == "child job `LOST` can never stand in a label"


def test_child_jobs_that_hang_on_each_other_can_never_stand() -> None:
    jobs = {
        name: {
            "mlTask": "CLASSIFICATION",
            "isChild": True,
            "content": {"input": "radio", "categories": {"X": {"children": [other]}}},
        }
        for name, other in (("A", "B"), ("B", "A"))
    }
    assert only("A.X", Ontology.from_json_interface({"jobs": jobs})).code == "KQ106"


def test_where_one_object_may_have_several_categories_the_children_of_each_may_stand() -> None:
    jobs = {
        "J": {
            "mlTask": "OBJECT_DETECTION",
            "content": {"input": "checkbox", "categories": {"A": {"children": ["K"]}, "B": {}}},
        },
        "K": {"mlTask": "CLASSIFICATION", "content": {"input": "radio", "categories": {"YES": {}}}},
    }
    assert findings("J.B[K.YES]", Ontology.from_json_interface({"jobs": jobs})) == []


def test_brackets_after_an_unknown_name_are_checked_for_names_alone() -> None:
    codes = [found.code for found in findings("BOXES.NOPE[SIZE.SMALL AND WEATHER.NOPE]")]
    assert codes == ["KQ102", "KQ102"]


def test_all_findings_are_reported_up_to_a_cap() -> None:
    assert len(findings("NOPE.A AND BOXES.NOPE OR BOXES.Z* OR LOST.YES")) == 4
    many = " OR ".join(f"BOXES.NOPE_{number}" for number in range(MAX_FINDINGS + 50))
    assert len(findings(many)) == MAX_FINDINGS


def test_a_tree_built_in_python_has_no_edits() -> None:
    (found,) = check_names(Comparison(Counter("BOXES", "PERSN"), CompareOp.GT, 0), STREET)
    assert found.help is not None
    assert found.help.edit is None
    assert "did you mean `PERSON`?" in str(found)
