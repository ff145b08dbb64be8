"""Explanations: every part judged, with what it counted."""

import json

import pytest

from kili_query.errors import MalformedLabelError
from kili_query.syntax.parser import parse_text
from kili_query.targets.closures import compile_closure

LABEL = {
    "OBJECTS": {"annotations": [{"mid": str(index), "categories": [{"name": "PERSON"}]} for index in range(5)]},
    "SCENE": {"categories": [{"name": "FOOD"}]},
}


def explained(text: str) -> str:
    return str(compile_closure(parse_text(text, "extended")).explain(LABEL))


def test_a_conjunction() -> None:
    assert explained("OBJECTS.PERSON.count >= 3 AND SCENE.VEHICLE.count > 0").splitlines() == [
        "✗ OBJECTS.PERSON.count >= 3 AND SCENE.VEHICLE.count > 0",
        "  ✓ OBJECTS.PERSON.count >= 3      (found 5)",
        "  ✗ SCENE.VEHICLE.count > 0        (found 0)",
        "would match with 1 more SCENE.VEHICLE",
    ]


def test_sugar_is_shown_as_written() -> None:
    text = "NOT SCENE.FOOD OR OBJECTS.PERSON.count - SCENE.FOOD.count > 3 OR OBJECTS.PERSON.count IN {1, 2}"
    assert explained(text).splitlines()[1:] == [
        "  ✗ NOT SCENE.FOOD",
        "    ✓ SCENE.FOOD                                     (found 1)",
        "  ✓ OBJECTS.PERSON.count - SCENE.FOOD.count > 3      (OBJECTS.PERSON.count = 5, SCENE.FOOD.count = 1)",
        "  ✗ OBJECTS.PERSON.count IN {1, 2}                   (found 5)",
    ]


def test_patterns_and_conditions() -> None:
    assert explained("OBJECTS.P*.count > 0") == "✓ OBJECTS.P*.count > 0      (found 5)"
    assert explained("OBJECTS.PERSON[SIZE.SMALL].count > 0") == (
        "✗ OBJECTS.PERSON[SIZE.SMALL].count > 0      (found 0)\nno change of counts is known that would make it match"
    )


def test_as_json() -> None:
    explanation = compile_closure(parse_text("OBJECTS.PERSON.count > 0 AND SCENE.FOOD", "extended")).explain(LABEL)
    decoded = json.loads(json.dumps(explanation.to_dict()))
    assert decoded["matches"] is True
    assert decoded["operands"][0] == {
        "text": "OBJECTS.PERSON.count > 0",
        "matches": True,
        "found": {"OBJECTS.PERSON.count": 5},
        "operands": [],
    }


def test_everything_is_read() -> None:
    matcher = compile_closure(parse_text("OBJECTS.PERSON.count > 0 OR SCENE.FOOD", "extended"))
    label = {**LABEL, "SCENE": 5}
    assert matcher(label)
    with pytest.raises(MalformedLabelError):
        matcher.explain(label)
