"""Photos with boxes, made from a seed: what exports are compared on."""

import json
from collections.abc import Iterator
from pathlib import Path
from random import Random

__all__ = ["PROJECT", "assets", "labels", "write_project"]

_CATEGORIES = ("CAR", "BUS", "DOG", "CAT", "PERSON", "BICYCLE", "TREE", "SIGN")
_JOB = {
    "mlTask": "OBJECT_DETECTION",
    "instruction": "Find",
    "required": 0,
    "isChild": False,
    "tools": ["rectangle"],
    "content": {"input": "radio", "categories": {key: {"name": key.capitalize()} for key in _CATEGORIES}},
}
PROJECT: dict[str, object] = {
    "id": "boxes",
    "title": "Boxes",
    "description": "Photos",
    "inputType": "IMAGE",
    "jsonInterface": {"jobs": {"OBJECTS": _JOB}},
}


def assets(number: int) -> Iterator[dict[str, object]]:
    """So many assets, whose size is known."""
    for index in range(number):
        yield {
            "id": f"asset{index:07}",
            "externalId": f"{index:07}.jpg",
            "content": f"https://cdn.example.org/{index:07}.jpg",
            "resolution": {"width": 1920, "height": 1080},
        }


def labels(number: int, boxes: int, seed: int = 0) -> Iterator[dict[str, object]]:
    """A label for each of so many assets, with so many boxes."""
    random = Random(seed)
    for index in range(number):
        yield {
            "id": f"label{index:07}",
            "labelOf": {"id": f"asset{index:07}", "externalId": f"{index:07}.jpg"},
            "author": {"id": "ann", "email": "ann@example.com", "firstname": "Ann", "lastname": "Lee"},
            "createdAt": "2024-05-06T07:08:09.000Z",
            "labelType": "DEFAULT",
            "jsonResponse": {"OBJECTS": {"annotations": [_box(random) for _ in range(boxes)]}},
        }


def _box(random: Random) -> dict[str, object]:
    left, top = 0.9 * random.random(), 0.9 * random.random()
    right, bottom = left + 0.1 * random.random(), top + 0.1 * random.random()
    corners = ((left, bottom), (left, top), (right, top), (right, bottom))
    return {
        "children": {},
        "boundingPoly": [{"normalizedVertices": [{"x": x, "y": y} for x, y in corners]}],
        "categories": [{"name": random.choice(_CATEGORIES), "confidence": 100}],
        "mid": f"{random.getrandbits(56)}-{random.randint(1, 99999)}",
        "type": "rectangle",
    }


def write_project(folder: Path, number: int, boxes: int) -> None:
    """The files of a project: ``project.json``, ``assets.ndjson``, ``labels.ndjson``."""
    (folder / "project.json").write_text(json.dumps(PROJECT), encoding="utf-8")
    for name, rows in (("assets", assets(number)), ("labels", labels(number, boxes))):
        with (folder / f"{name}.ndjson").open("w", encoding="utf-8") as file:
            file.writelines(json.dumps(row) + "\n" for row in rows)
