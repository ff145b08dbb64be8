"""What both do rightly: the same expressions over the same labels, here and in the official client.

`DIFFERENCES` is what is meant to differ, each with what both answer; docs/parsed-labels.md says it in words.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from attrs import field, frozen

from kili_query.errors import LabelError
from kili_query.labels import ParsedLabel
from tests.labels.official import OfficialLabels, official_labels
from tests.labels.samples import IMAGE, SAMPLES, VIDEO, box, point, square

ROOT = Path(__file__).resolve().parents[2]

PAYLOAD = ("categories", "category", "text", "annotations", "bounding_poly_annotations", "entity_annotations")
PAYLOAD_PARTS = ("is_key_frame", "children", "to_dict()")
CATEGORY = ("name", "display_name", "confidence", "children", "as_dict()")
ANNOTATION = (
    "categories",
    "category",
    "mid",
    "children",
    "type",
    "content",
    "begin_offset",
    "end_offset",
    "point",
    "polyline",
    "bounding_poly",
    "score",
    "is_key_frame",
    "kind",
    "start_entities",
    "end_entities",
    "start_objects",
    "end_objects",
    "as_dict()",
)
POSE_POINT = ("code", "point", "mid", "type", "children", "categories", "category", "name", "job_name")
INNER = ("bounding_poly", "polys", "page_number_array")

OUR_NAMES = {"MissingAnswerError": "KeyError", "EntryIndexError": "IndexError"}
"""What the official client raises where we raise an error of our own."""


def plain(value: object) -> object:
    for method in ("to_dict", "as_dict", "as_list"):
        if hasattr(value, method):
            return plain(getattr(value, method)())
    if isinstance(value, list | tuple):
        return [plain(entry) for entry in value]
    return value


def ours(label: object, interface: object, input_type: str, expression: str) -> dict[str, Any]:
    try:
        opened = ParsedLabel(label, interface, input_type)  # type: ignore[arg-type]  # samples are dicts
        return {"value": plain(eval(expression, {"label": opened, "INTERFACE": interface}))}
    except LabelError as error:
        name = type(error).__name__
        return {"error": OUR_NAMES.get(name, name)}
    except AttributeError as error:
        return {"error": type(error).__name__}


def of_annotations(at: str, annotations: list[dict[str, Any]]) -> Iterator[str]:
    for index, annotation in enumerate(annotations):
        here = f"{at}.annotations[{index}]"
        yield from (f"{here}.{attribute}" for attribute in ANNOTATION)
        for number in range(len(annotation.get("categories", ()))):
            yield from (f"{here}.categories[{number}].{attribute}" for attribute in CATEGORY)
        for number in range(len(annotation.get("points", ()))):
            yield from (f"{here}.points[{number}].{attribute}" for attribute in POSE_POINT)
        for number in range(len(annotation.get("boundingPoly", ()))):
            yield f"{here}.bounding_poly[{number}].normalized_vertices"
        for number in range(len(annotation.get("annotations", ()))):
            yield from (f"{here}.annotations[{number}].{attribute}" for attribute in INNER)


def of_jobs(at: str, names: list[str], jobs: dict[str, Any]) -> Iterator[str]:
    for name in names:
        here = f"{at}{name!r}]"
        answer = jobs.get(name, {})
        yield from (f"{here}.{attribute}" for attribute in (*PAYLOAD, *PAYLOAD_PARTS))
        for number in range(len(answer.get("categories", ()))):
            yield from (f"{here}.categories[{number}].{attribute}" for attribute in CATEGORY)
        yield from of_annotations(here, answer.get("annotations", []))


def expressions(interface: dict[str, Any], input_type: str, response: dict[str, Any]) -> Iterator[str]:
    """Every attribute of every object of a label."""
    names = [name for name, job in interface["jobs"].items() if not job["isChild"]]
    yield from ("list(label.jobs)", "len(label.jobs)", "label.json_response", "label.to_dict()", "label['id']")
    yield from ("'SIZE' in label.jobs", "label.jobs['NONE']", "label.jobs.to_dict()")
    if input_type != "VIDEO":
        yield from of_jobs("label.jobs[", names, response)
        return
    for name in names:
        yield from (f"len(label.jobs[{name!r}])", f"label.jobs[{name!r}][3]", f"len(label.jobs[{name!r}].frames)")
    for frame in range(len(response)):
        for name in names:
            for expression in of_jobs("label.jobs[", [name], response[str(frame)]):
                yield expression.replace(f"[{name!r}]", f"[{name!r}][{frame}]", 1)


@frozen
class Difference:
    """Where we mean to answer otherwise; docs/parsed-labels.md says it in the words of ``why``."""

    why: str
    expression: str
    response: object
    ours: dict[str, Any]
    theirs: dict[str, Any]
    interface: dict[str, Any] = field(factory=lambda: IMAGE)
    input_type: str = "IMAGE"


def value(of: object) -> dict[str, Any]:
    return {"value": of}


def error(name: str) -> dict[str, Any]:
    return {"error": name}


GREEN = {"SKY": {"categories": [{"name": "GREEN"}]}}
TWO = {"SKY": {"categories": [{"name": "BLUE"}, {"name": "GREY"}]}}
EXTRA = {"SKY": {"categories": [{"name": "BLUE", "id": 7}]}}
RETIRED = {"GONE": {"text": "x"}, "NOTE": {"text": "y"}}
TURNED = {"ROTATION_JOB": {"rotation": 90}, "NOTE": {"text": "y"}}
EMPTY = {"NOTE": {}, "SKY": {"categories": [{"name": "BLUE", "confidence": None, "children": {}}]}}
RING_EXTRA = {"BOXES": {"annotations": [box("CAR", boundingPoly=[{"normalizedVertices": square(), "vertices": [1]}])]}}
SHORT = {"MANY": {"annotations": [box("CAR", type="polygon", boundingPoly=[{"normalizedVertices": square()[:2]}])]}}
ISLES = [[{"normalizedVertices": square()}], [{"normalizedVertices": square(0.25)}]]
PARTS = {"MANY": {"annotations": [box("CAR", type="semantic", boundingPoly=ISLES)]}}
UNTYPED = {"BOXES": {"annotations": [{"mid": "b", "boundingPoly": [{"normalizedVertices": square()}]}]}}
SPARSE = {"5": {"CAPTION": {"text": "a"}}, "7": {"CAPTION": {"text": "b"}}}
LEVEL = {"0": {"CAPTION": {"text": "a"}}, "assetLevel": {"SCENE": {"categories": [{"name": "FIELD"}]}}}
MARKER_KEY = {"BOLTS": {"annotations": [{"mid": "m", "type": "marker", "point": point(0, 0), "isKeyFrame": True}]}}
STRAY = {"SIZE": {"categories": [{"name": "LARGE"}]}}
UNLISTED = {"SKY": {"categories": [{"name": "BLUE", "children": {"PLATE": {"text": "x"}}}]}}
UNORDERED = {"NOTE": {"text": "y"}, "SKY": {"categories": [{"name": "BLUE"}]}}
NO_CHILDREN = {"BOXES": {"annotations": [box("CAR")]}}

CHOSEN = {
    "TAGS": {"categories": [{"name": "A", "confidence": 1}, {"name": "B", "confidence": 2}]},
    "NOTE": {"text": "y"},
    "BOXES": {"annotations": [box("CAR")]},
    "BOLTS": {"annotations": [{"mid": "m", "type": "marker", "categories": [{"name": "LOOSE"}], "point": point(0, 0)}]},
}
_TAGS, _BOX, _BOLT = "label.jobs['TAGS']", "label.jobs['BOXES'].annotations[0]", "label.jobs['BOLTS'].annotations[0]"
WRITES = [
    f"setattr({_TAGS}.categories[0], 'name', 'B')",
    f"(setattr({_TAGS}.categories[0], 'name', 'B'), setattr({_TAGS}.categories[1], 'name', 'A'))",
    f"(setattr({_TAGS}.categories[0], 'display_name', 'b'), setattr({_TAGS}.categories[1], 'display_name', 'a'))",
    f"setattr({_TAGS}.categories[0], 'name', 'Z')",
    f"{_TAGS}.add_category('A')",
    *(f"setattr({_TAGS}.categories[0], 'confidence', {number})" for number in ("-1", "0.5", "1000")),
    *(f"{_TAGS}.add_category('C', {number})" for number in ("-1", "1000", "None")),
    *(f"setattr(label.jobs[{name!r}], 'text', 'x')" for name in ("TAGS", "BOXES", "NOTE", "SKY")),
    *(f"label.jobs[{name!r}].add_category('A')" for name in ("NOTE", "BOXES", "PARTS")),
    *(f"label.jobs[{name!r}].add_annotation({box('CAR')})" for name in ("TAGS", "BOXES")),
    *(f"setattr({_BOX}, {name!r}, {value})" for name, value in (("point", point(0, 0)), ("polyline", []))),
    *(f"setattr({_BOX}, {name!r}, {value})" for name, value in (("content", "'x'"), ("score", 3), ("mid", "'x'"))),
    *(f"setattr({_BOX}, {name!r}, [])" for name in ("start_entities", "end_objects")),
    *(f"setattr({_BOLT}, {name!r}, {value})" for name, value in (("score", 3), ("point", point(1, 1)))),
]
"""Changes that end alike in both."""

DIFFERENCES = [
    Difference(
        "A confidence must be a JSON number",
        f"setattr({_TAGS}.categories[0], 'confidence', float('nan'))",
        CHOSEN,
        error("InvalidMutationError"),
        value(None),
    ),
    Difference(
        "A text job has no annotations",
        f"label.jobs['NOTE'].add_annotation({box('CAR')})",
        CHOSEN,
        error("AttributeNotCompatibleWithJobError"),
        error("KeyError"),
    ),
    Difference(
        "A marker takes no outline",
        f"{_BOLT}.add_bounding_poly({{'normalizedVertices': {square()}}})",
        CHOSEN,
        error("AttributeNotCompatibleWithJobError"),
        value(None),
    ),
    Difference(
        "A label with a retired category opens",
        "label.jobs['SKY'].category.name",
        GREEN,
        value("GREEN"),
        error("InvalidMutationError"),
    ),
    Difference(
        "A label with more categories than the input takes opens",
        "len(label.jobs['SKY'].categories)",
        TWO,
        value(2),
        error("InvalidMutationError"),
    ),
    Difference(
        "A label with a retired job opens", "label.jobs['GONE'].text", RETIRED, value("x"), error("JobNotExistingError")
    ),
    Difference(
        "`ROTATION_JOB` and similar metadata are kept",
        "label.json_response",
        TURNED,
        value(TURNED),
        error("JobNotExistingError"),
    ),
    Difference("Unknown keys of a category are kept", "label.json_response", EXTRA, value(EXTRA), error("TypeError")),
    Difference(
        "Empty answers, empty `children` and null confidences are kept",
        "label.json_response",
        EMPTY,
        value(EMPTY),
        value({"SKY": {"categories": [{"name": "BLUE"}]}}),
    ),
    Difference(
        "Unknown keys of a ring are kept",
        "label.json_response",
        RING_EXTRA,
        value(RING_EXTRA),
        value({"BOXES": {"annotations": [box("CAR")]}}),
    ),
    Difference(
        "A label with a short ring opens", "label.json_response", SHORT, value(SHORT), error("InvalidMutationError")
    ),
    Difference(
        "Objects in several parts open",
        "label.jobs['MANY'].annotations[0].bounding_poly[1][0].normalized_vertices",
        PARTS,
        value(square(0.25)),
        error("TypeCheckError"),
    ),
    Difference(
        "A box without a tool opens",
        "label.jobs['BOXES'].annotations[0].bounding_poly[0].normalized_vertices",
        UNTYPED,
        value(square()),
        error("AssertionError"),
    ),
    Difference(
        "Frames keep their numbers",
        "label.json_response",
        SPARSE,
        value(SPARSE),
        value({"0": SPARSE["5"], "1": SPARSE["7"]}),
        VIDEO,
        "VIDEO",
    ),
    Difference(
        "Answers about a whole video stand beside its frames",
        "label.jobs.asset_level['SCENE'].category.name",
        LEVEL,
        value("FIELD"),
        error("JobNotExistingError"),
        VIDEO,
        "VIDEO",
    ),
    Difference(
        "Attributes in the label can be read even if the job or tool should not have them",
        "label.jobs['BOLTS'].annotations[0].is_key_frame",
        MARKER_KEY,
        value(True),
        error("AttributeNotCompatibleWithJobError"),
    ),
    Difference("A child job at the root is kept", "label.json_response", STRAY, value(STRAY), value({})),
    Difference(
        "Child jobs that the parent job does not list are kept",
        "label.jobs['SKY'].category.children['PLATE'].text",
        UNLISTED,
        value("x"),
        error("JobNotExistingError"),
    ),
    Difference(
        "Jobs keep their order",
        "list(label.json_response)",
        UNORDERED,
        value(["NOTE", "SKY"]),
        value(["SKY", "NOTE"]),
    ),
    Difference(
        "A null answer counts as no answer",
        "label.jobs['SKY'].category",
        {"SKY": None},
        value(None),
        error("TypeError"),
    ),
    Difference(
        "An empty list of categories counts as no answer",
        "label.jobs['SKY'].category",
        {"SKY": {"categories": []}},
        value(None),
        error("ValueError"),
    ),
    Difference("A label without content opens", "len(label.json_response)", None, value(0), error("TypeError")),
    Difference(
        "`jsonResponse` is an ordinary key",
        "label['jsonResponse']['NOTE']",
        {"NOTE": {"text": "y"}},
        value({"text": "y"}),
        error("KeyError"),
    ),
    Difference(
        "Labels with different answers are not equal",
        "label == type(label)({**label.to_dict(), 'jsonResponse': {}}, INTERFACE, 'IMAGE')",
        {"NOTE": {"text": "y"}},
        value(False),
        value(True),
    ),
    Difference(
        "`json.dumps` writes the whole label",
        "'jsonResponse' in __import__('json').dumps(label)",
        {"NOTE": {"text": "y"}},
        value(True),
        value(False),
    ),
    Difference(
        "A category added to an unanswered job is stored",
        "(label.jobs['TAGS'].categories.add_category('A'), len(label.jobs['TAGS'].categories))[1]",
        {},
        value(1),
        value(0),
    ),
    Difference(
        "Empty `children` can be filled",
        "list(label.jobs['BOXES'].annotations[0].children)",
        NO_CHILDREN,
        value(["SIZE", "PLATE"]),
        value([]),
    ),
    Difference(
        "Lists take slices and negative indices",
        "[entry.name for entry in label.jobs['TAGS'].categories[-1:]]",
        {"TAGS": {"categories": [{"name": "A"}, {"name": "B"}]}},
        value(["B"]),
        error("TypeCheckError"),
    ),
    Difference(
        "`jobs` is a mapping",
        "label.jobs.get('NONE', 'nothing')",
        {},
        value("nothing"),
        error("AttributeError"),
    ),
]


@pytest.fixture(scope="module")
def official() -> Iterator[OfficialLabels]:
    with official_labels() as parser:
        yield parser


@pytest.mark.parametrize("kind", SAMPLES)
def test_all_attributes(kind: str, official: OfficialLabels) -> None:
    interface, input_type, response = SAMPLES[kind]
    label = {"id": "l1", "author": {"email": "a@example.com"}, "jsonResponse": response}
    asked = list(expressions(interface, input_type, response))
    answers = official.read(label, interface, input_type, asked)
    found = {
        expression: (here, there)
        for expression, there in zip(asked, answers, strict=True)
        if (here := ours(label, interface, input_type, expression)) != there
    }
    assert found == {}
    assert len(asked) > 50


@pytest.mark.parametrize("write", WRITES)
def test_writes(write: str, official: OfficialLabels) -> None:
    label = {"id": "l1", "jsonResponse": CHOSEN}
    asked = f"({write}, label.json_response)[1]"
    assert [ours(label, IMAGE, "IMAGE", asked)] == official.read(label, IMAGE, "IMAGE", [asked])


@pytest.mark.parametrize("difference", DIFFERENCES, ids=lambda one: one.why)
def test_difference(difference: Difference, official: OfficialLabels) -> None:
    label = {"id": "l1", "jsonResponse": difference.response}
    interface, kind = difference.interface, difference.input_type
    assert ours(label, interface, kind, difference.expression) == difference.ours
    assert official.read(label, interface, kind, [difference.expression]) == [difference.theirs]


def test_the_documentation_tells_each_difference() -> None:
    text = (ROOT / "docs" / "parsed-labels.md").read_text(encoding="utf-8")
    section = text[text.index("## Differences from the official client") :]
    assert [one.why for one in DIFFERENCES if one.why not in section] == []
