"""Label sets of realistic shape, made from a seed: polygons with tens of vertices, boxes with a child job, choices.

The shape is that of street scenes: most labels hold some ten objects, few hold many, and categories are of very
different frequency. The same arguments always give the same bytes.
"""

import json
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from random import Random
from typing import Any

from kili_query.ontology import Ontology

__all__ = ["ONTOLOGY", "label", "labels", "ndjson_lines", "write_ndjson"]

OBJECTS = ("PERSON", "CAR", "CHAIR", "BOTTLE", "BICYCLE", "TRAFFIC_LIGHT", "DOG", "BUS", "TRAIN", "ZEBRA")
_WEIGHTS = tuple(1 / (rank + 1) for rank in range(len(OBJECTS)))
SCENES = ("INDOOR", "OUTDOOR", "VEHICLE", "ANIMAL", "FURNITURE", "SPORTS")
SIZES = ("SMALL", "MEDIUM", "LARGE")


def _job(
    task: str, keys: tuple[str, ...], *, widget: str, children: tuple[str, ...] = (), **more: Any
) -> dict[str, Any]:
    categories = {key: {"name": key.capitalize(), "children": list(children)} for key in keys}
    content = {"categories": categories, "input": widget}
    return {"mlTask": task, "instruction": "", "required": 0, "isChild": False, "content": content, **more}


INTERFACE = {
    "jobs": {
        "SCENE": _job("CLASSIFICATION", SCENES, widget="checkbox"),
        "CROWDED": _job("CLASSIFICATION", ("YES", "NO"), widget="radio"),
        "OBJECTS": _job("OBJECT_DETECTION", OBJECTS, widget="radio", tools=["polygon"]),
        "BOXES": _job("OBJECT_DETECTION", ("PERSON",), widget="radio", children=("SIZE",), tools=["rectangle"]),
        "SIZE": _job("CLASSIFICATION", SIZES, widget="radio", isChild=True),
    }
}

ONTOLOGY = Ontology.from_json_interface(INTERFACE, input_type="IMAGE")


def label(number: int, seed: int = 0, *, mean_objects: float = 8, mean_vertices: float = 24) -> dict[str, Any]:
    """One label; that of a number does not depend on how many there are.

    Args:
        number: which.
        seed: which set.
        mean_objects: polygons in a label.
        mean_vertices: of a polygon.
    """
    random = Random(f"{seed} {number}")
    objects = [_polygon(random, mean_vertices) for _ in range(min(int(random.expovariate(1 / mean_objects)), 100))]
    names = {one["categories"][0]["name"] for one in objects}
    scenes = random.sample(SCENES, random.randint(1, 4))
    response: dict[str, Any] = {
        "SCENE": {"categories": [{"name": name, "confidence": 100} for name in scenes]},
        "CROWDED": {"categories": [{"name": "YES" if len(objects) >= 10 else "NO", "confidence": 100}]},
        "OBJECTS": {"annotations": objects},
    }
    if "PERSON" in names:
        response["BOXES"] = {"annotations": [_box(random) for _ in range(random.randint(1, 3))]}
    return {
        "id": f"label{number:08d}",
        "assetId": f"asset{number:08d}",
        "labelOf": {"id": f"asset{number:08d}", "externalId": f"{number:012d}.jpg"},
        "author": {"id": f"user{random.randint(1, 9)}", "email": "labeler@example.com"},
        "createdAt": f"2024-{random.randint(1, 12):02d}-{random.randint(1, 28):02d}T09:30:00.000Z",
        "labelType": random.choice(("DEFAULT", "DEFAULT", "REVIEW")),
        "modelName": None,
        "secondsToLabel": random.randint(5, 600),
        "isLatestLabelForUser": True,
        "jsonResponse": response,
    }


def _mid(random: Random) -> str:
    return f"{random.getrandbits(56)}-{random.randint(1, 99999)}"


def _vertices(random: Random, number: int) -> list[dict[str, float]]:
    return [{"x": round(random.random(), 6), "y": round(random.random(), 6)} for _ in range(number)]


def _polygon(random: Random, mean_vertices: float) -> dict[str, Any]:
    number = max(3, int(random.gauss(mean_vertices, mean_vertices / 3)))
    return {
        "children": {},
        "boundingPoly": [{"normalizedVertices": _vertices(random, number)}],
        "categories": [{"name": random.choices(OBJECTS, _WEIGHTS)[0], "confidence": 100}],
        "mid": _mid(random),
        "type": "polygon",
    }


def _box(random: Random) -> dict[str, Any]:
    return {
        "children": {"SIZE": {"categories": [{"name": random.choice(SIZES), "confidence": 100}]}},
        "boundingPoly": [{"normalizedVertices": _vertices(random, 4)}],
        "categories": [{"name": "PERSON", "confidence": 100}],
        "mid": _mid(random),
        "type": "rectangle",
    }


def labels(number: int, seed: int = 0, **shape: float) -> Iterator[dict[str, Any]]:
    """So many labels; see `label`."""
    return (label(index, seed, **shape) for index in range(number))


@cache
def ndjson_lines(number: int, seed: int = 0) -> tuple[bytes, ...]:
    """Their lines, without line ends."""
    return tuple(json.dumps(one).encode() for one in labels(number, seed))


def write_ndjson(path: Path, number: int, seed: int = 0, *, distinct: int = 2000) -> Path:
    """Write so many labels to a file, one a line; after ``distinct`` labels the same come again, for that is faster."""
    lines = b"".join(line + b"\n" for line in ndjson_lines(min(number, distinct), seed))
    with path.open("wb") as file:
        for _ in range(number // distinct):
            file.write(lines)
        file.writelines(line + b"\n" for line in ndjson_lines(distinct, seed)[: number % distinct])
    return path
