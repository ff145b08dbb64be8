"""Interfaces and labels of every kind, small enough to read."""

from collections.abc import Mapping, Sequence
from typing import Any

__all__ = ["DOCUMENT", "IMAGE", "SAMPLES", "TEXT", "VIDEO", "box", "label_of", "point", "square"]


def job(
    task: str,
    *categories: str,
    widget: str = "radio",
    children: Mapping[str, Sequence[str]] | None = None,
    **more: Any,
) -> dict[str, Any]:
    """A job of an interface, whose categories are shown in lower case."""
    content: dict[str, Any] = {"input": widget}
    if categories:
        below = children or {}
        content["categories"] = {key: {"name": key.lower(), "children": list(below.get(key, ()))} for key in categories}
    return {"mlTask": task, "required": 0, "isChild": False, "instruction": "", "content": content, **more}


def point(x: float, y: float) -> dict[str, float]:
    return {"x": x, "y": y}


def square(size: float = 0.5) -> list[dict[str, float]]:
    return [point(0, size), point(0, 0), point(size, 0), point(size, size)]


def box(category: str, **more: Any) -> dict[str, Any]:
    """A rectangle; the keys stand in the order of a real one."""
    return {
        "children": {},
        "boundingPoly": [{"normalizedVertices": square()}],
        "categories": [{"name": category, "confidence": 100}],
        "mid": "b1",
        "type": "rectangle",
    } | more


def label_of(response: object, **more: Any) -> dict[str, Any]:
    return {"id": "l1", "author": {"email": "a@example.com"}, "jsonResponse": response, "labelType": "DEFAULT"} | more


IMAGE = {
    "jobs": {
        "SKY": job("CLASSIFICATION", "BLUE", "GREY", children={"GREY": ["WHY"]}),
        "DUE": job("CLASSIFICATION", "YES", "NO", required=1, children={"YES": ["WHY"]}),
        "TAGS": job("CLASSIFICATION", "A", "B", "C", widget="checkbox"),
        "MENU": job("CLASSIFICATION", "A", "B", widget="multipleDropdown"),
        "NOTE": job("TRANSCRIPTION", widget="textField"),
        "SPEED": job("TRANSCRIPTION", widget="number"),
        "DAY": job("TRANSCRIPTION", widget="date"),
        "BOXES": job("OBJECT_DETECTION", "CAR", "BUS", tools=["rectangle"], children={"CAR": ["SIZE", "PLATE"]}),
        "MANY": job("OBJECT_DETECTION", "CAR", "BUS", widget="checkbox", tools=["rectangle", "polygon", "semantic"]),
        "BOLTS": job("OBJECT_DETECTION", "LOOSE", tools=["marker"]),
        "WIRES": job("OBJECT_DETECTION", "MAIN", tools=["polyline", "vector"]),
        "BODY": job("OBJECT_DETECTION", "ARM", tools=["pose"]),
        "PARTS": job("OBJECT_RELATION", "HAS"),
        "BEST": job("COMPARISON"),
        "RANK": job("RANKING", widget="select"),
        "SIZE": job("CLASSIFICATION", "SMALL", "LARGE", isChild=True, children={"SMALL": ["WHY"]}),
        "WHY": job("CLASSIFICATION", "FAR", "FOG", widget="checkbox", isChild=True),
        "PLATE": job("TRANSCRIPTION", widget="textField", isChild=True),
    }
}

TEXT = {
    "jobs": {
        "NAMES": job("NAMED_ENTITIES_RECOGNITION", "CITY", "RIVER"),
        "LINKS": job("NAMED_ENTITIES_RELATION", "LIES_ON"),
    }
}

DOCUMENT = {"jobs": {"CLAUSES": job("NAMED_ENTITIES_RECOGNITION", "TERM"), "KIND": job("CLASSIFICATION", "A", "B")}}

VIDEO = {
    "jobs": {
        "TRACK": job("OBJECT_DETECTION", "CAR", tools=["rectangle"], children={"CAR": ["LIGHTS"]}),
        "SCENE": job("CLASSIFICATION", "STREET", "FIELD"),
        "CAPTION": job("TRANSCRIPTION", widget="textField"),
        "LIGHTS": job("CLASSIFICATION", "ON", "OFF", isChild=True),
    }
}

_POINTS = [
    {"children": {}, "code": "ELBOW", "mid": "p1", "point": point(0.4, 0.5), "type": "marker"},
    {"children": {}, "code": "WRIST", "mid": "p2", "point": point(0.5, 0.6), "type": "marker"},
]

_OLD_POINTS = [{**one, "name": "Elbow", "jobName": "BODY", "categories": [{"name": "ARM"}]} for one in _POINTS]

_RINGS = [square(0.25), square(0.5)]

SAMPLES: dict[str, tuple[dict[str, Any], str, dict[str, Any]]] = {
    "classification": (
        IMAGE,
        "IMAGE",
        {
            "SKY": {"categories": [{"name": "GREY", "children": {"WHY": {"categories": [{"name": "FAR"}]}}}]},
            "TAGS": {"categories": [{"name": "B", "confidence": 80}, {"name": "A", "confidence": 12.5}]},
            "DUE": {"categories": [{"name": "YES", "confidence": 100}], "children": {"WHY": {"categories": []}}},
            "MENU": {"categories": []},
        },
    ),
    "transcription": (
        IMAGE,
        "IMAGE",
        {"NOTE": {"text": "three"}, "SPEED": {"text": "42"}, "DAY": {"text": "2024-06-30"}},
    ),
    "boxes": (
        IMAGE,
        "IMAGE",
        {
            "BOXES": {
                "annotations": [
                    box("CAR", children={"SIZE": {"categories": [{"name": "LARGE"}]}}, score=70),
                    box("BUS", mid="b2"),
                ]
            },
            "MANY": {
                "annotations": [
                    box("CAR", type="polygon", boundingPoly=[{"normalizedVertices": square()[:3]}]),
                    box(
                        "BUS",
                        type="semantic",
                        boundingPoly=[{"normalizedVertices": ring} for ring in _RINGS],
                        categories=[{"name": "BUS"}, {"name": "CAR"}],
                    ),
                ]
            },
        },
    ),
    "points and lines": (
        IMAGE,
        "IMAGE",
        {
            "BOLTS": {
                "annotations": [
                    {"mid": "m1", "type": "marker", "categories": [{"name": "LOOSE"}], "point": point(1, 0.5)}
                ]
            },
            "WIRES": {
                "annotations": [
                    {"mid": "w1", "type": "polyline", "categories": [{"name": "MAIN"}], "polyline": square()},
                    {"mid": "w2", "type": "vector", "categories": [{"name": "MAIN"}], "polyline": square()[:2]},
                ]
            },
        },
    ),
    "poses": (
        IMAGE,
        "IMAGE",
        {
            "BODY": {
                "annotations": [
                    {"mid": "p", "type": "pose", "categories": [{"name": "ARM"}], "children": {}, "points": _POINTS},
                    {
                        "mid": "q",
                        "type": "marker",
                        "kind": "POSE_ESTIMATION",
                        "categories": [{"name": "ARM"}],
                        "points": _OLD_POINTS,
                    },
                ]
            }
        },
    ),
    "relation of objects": (
        IMAGE,
        "IMAGE",
        {
            "PARTS": {
                "annotations": [
                    {
                        "mid": "r",
                        "categories": [{"name": "HAS"}],
                        "startObjects": [{"mid": "b1"}],
                        "endObjects": [{"mid": "b2"}],
                    }
                ]
            }
        },
    ),
    "entities": (
        TEXT,
        "TEXT",
        {
            "NAMES": {
                "annotations": [
                    {
                        "mid": "n1",
                        "categories": [{"name": "CITY", "confidence": 100}],
                        "children": {},
                        "content": "Lyon",
                        "beginId": "main/[0]",
                        "beginOffset": 14,
                        "endId": "main/[0]",
                        "endOffset": 18,
                    },
                    {"mid": "n2", "categories": [{"name": "RIVER"}], "content": "Saone", "beginOffset": 30},
                ]
            },
            "LINKS": {
                "annotations": [
                    {
                        "mid": "r1",
                        "categories": [{"name": "LIES_ON"}],
                        "startEntities": [{"mid": "n1"}],
                        "endEntities": [{"mid": "n2"}],
                    }
                ]
            },
        },
    ),
    "document": (
        DOCUMENT,
        "PDF",
        {
            "CLAUSES": {
                "annotations": [
                    {
                        "mid": "c1",
                        "categories": [{"name": "TERM", "confidence": 100}],
                        "children": {},
                        "content": "two years",
                        "annotations": [
                            {
                                "pageNumberArray": [1],
                                "polys": [{"normalizedVertices": [square()]}],
                                "boundingPoly": [{"normalizedVertices": [square()]}],
                            }
                        ],
                    }
                ]
            }
        },
    ),
    "video": (
        VIDEO,
        "VIDEO",
        {
            "0": {},
            "1": {
                "TRACK": {
                    "annotations": [
                        box(
                            "CAR",
                            isKeyFrame=True,
                            children={"LIGHTS": {"categories": [{"name": "ON"}], "isKeyFrame": True}},
                        )
                    ]
                }
            },
            "2": {
                "TRACK": {"annotations": [box("CAR", isKeyFrame=False)]},
                "SCENE": {"categories": [{"name": "STREET"}], "isKeyFrame": True},
                "CAPTION": {"text": "turns left"},
            },
        },
    ),
}
"""By kind: the interface, the input type, and a response that the official client takes."""
