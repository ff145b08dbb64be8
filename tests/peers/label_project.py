"""The projects that label methods are compared on: of few assets, and with something for each filter to find."""

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from random import Random
from typing import Any, TypeAlias

__all__ = [
    "AUTHORS",
    "PROJECT_ID",
    "TWIN",
    "write_broken_project",
    "write_grouped_project",
    "write_image_project",
    "write_stepped_project",
    "write_video_project",
]

Fields: TypeAlias = dict[str, object]

PROJECT_ID = "street"
ASSETS = 120
LABELS = 230
TWIN = "twin.jpg"
"""The external id of two assets."""

AUTHORS: Sequence[Mapping[str, str]] = (
    {"id": "user-ann", "email": "ann@example.com", "firstname": "Ann", "lastname": "Lee"},
    {"id": "user-bo", "email": "bo@example.com", "firstname": "Bo", "lastname": "Lee"},
    {"id": "user-cy", "email": "cy@example.com", "firstname": "Cy", "lastname": "Ann"},
)


def _categories(*names: str, children: Mapping[str, list[str]] | None = None) -> Fields:
    return {
        name: {"name": name.capitalize(), "children": (children or {}).get(name, []), "color": "#733AFB"}
        for name in names
    }


def _job(task: str, content: Fields, **more: object) -> Fields:
    return {
        "mlTask": task,
        "required": 0,
        "isChild": False,
        "isVisible": True,
        "instruction": "",
        "models": {},
        "content": content,
        **more,
    }


def _interface(*, tools: Sequence[str] = ("rectangle", "polygon")) -> Fields:
    objects = _categories("CAR", "BUS", "DOG", children={"CAR": ["COLOR"]})
    return {
        "jobs": {
            "OBJECTS": _job("OBJECT_DETECTION", {"categories": objects, "input": "radio"}, tools=list(tools)),
            "COLOR": _job("CLASSIFICATION", {"categories": _categories("RED", "BLUE"), "input": "radio"}, isChild=True),
            "SCENE": _job("CLASSIFICATION", {"categories": _categories("DAY", "NIGHT", "RAIN"), "input": "checkbox"}),
            "CROWDED": _job("CLASSIFICATION", {"categories": _categories("YES", "NO"), "input": "radio"}),
            "NOTE": _job("TRANSCRIPTION", {"input": "textField"}),
        }
    }


def write_image_project(folder: Path) -> Path:
    """Photos of a street: 120 assets, two of them with one external id, and 230 labels of every type."""
    random = Random(5)
    _write(folder, "IMAGE", _interface(), _assets("jpg"), _labels(random))
    return folder


STEPS = ("Label", "Review", "Sign off")
STATUSES = ("TO_DO", "IN_PROGRESS", "PARTIALLY_DONE", "REWORK", "DONE", "SKIPPED")


def write_stepped_project(folder: Path) -> Path:
    """The photos, in a workflow of three steps."""
    steps: list[Fields] = [{"id": f"step-{number}", "name": name} for number, name in enumerate(STEPS)]
    return _write_workflow(folder, {"workflowVersion": "V2", "steps": steps})


def write_grouped_project(folder: Path) -> Path:
    """The photos, in a workflow of two groups, which both have steps of two of the names."""
    names = [(group, name) for group in range(2) for name in STEPS if (group, name) != (1, STEPS[-1])]
    steps: list[Fields] = [
        {"id": f"step-{number}", "name": name, "stepGroupId": f"group-{group}"}
        for number, (group, name) in enumerate(names)
    ]
    groups = [{"id": "group-0", "name": "Cars"}, {"id": "group-1", "name": "People"}]
    return _write_workflow(folder, {"workflowVersion": "V3", "steps": steps, "stepGroups": groups})


def _write_workflow(folder: Path, workflow: Mapping[str, Any]) -> Path:
    ids = [step["id"] for step in workflow["steps"]]
    assets = (
        {
            **asset,
            "currentStep": {"id": ids[number % len(ids)], "status": STATUSES[number % len(STATUSES)]},
            "assignees": [AUTHORS[number % 4]] if number % 4 < len(AUTHORS) else [],
        }
        for number, asset in enumerate(_assets("jpg"))
    )
    _write(folder, "IMAGE", _interface(), assets, _labels(Random(7)), workflow)
    return folder


def write_video_project(folder: Path) -> Path:
    """Videos, whose labels have an answer for each frame."""
    random = Random(6)
    frames = (
        {"jsonResponse": {str(frame): _frame(random, number, frame) for frame in range(3)}, "labelType": "DEFAULT"}
        for number in range(25)
    )
    labels = ({"id": f"label-{number:03}", **_of(number), **frame} for number, frame in enumerate(frames))
    _write(folder, "VIDEO", _interface(tools=("rectangle",)), _assets("mp4"), labels)
    return folder


def write_broken_project(folder: Path) -> Path:
    """Labels whose content is not what it should be, each on an asset of its own."""
    contents = {"good": '{"NOTE": {"text": "fine"}}', "broken": '{"NOTE": ', "list": "[1]", "null": "null", "empty": ""}
    labels = (
        {"id": name, "labelType": "DEFAULT", "jsonResponse": text, **_of(number)}
        for number, (name, text) in enumerate(contents.items())
    )
    _write(folder, "IMAGE", _interface(), _assets("jpg"), labels)
    return folder


def _write(
    folder: Path,
    input_type: str,
    interface: Fields,
    assets: Iterator[Fields],
    labels: Iterator[Fields],
    more: Mapping[str, object] | None = None,
) -> None:
    folder.mkdir(parents=True)
    project = {"id": PROJECT_ID, "title": "Street", "description": "Photos", "inputType": input_type, **(more or {})}
    (folder / "project.json").write_text(json.dumps({**project, "jsonInterface": interface}))
    for name, rows in (("assets", assets), ("labels", labels)):
        (folder / f"{name}.ndjson").write_text("".join(json.dumps(row) + "\n" for row in rows))


def _assets(ending: str) -> Iterator[Fields]:
    for number in range(ASSETS):
        is_twin = number in (ASSETS - 1, ASSETS - 2)
        yield {
            "id": f"asset-{number:03}",
            "externalId": TWIN if is_twin else f"img-{number:03}.{ending}",
            "content": f"https://example.com/{number}.{ending}",
            "createdAt": f"2024-01-{1 + number % 28:02}T08:00:00.{number:03}Z",
            "jsonMetadata": {"city": ("Oslo", "Rome")[number % 2], "speed": number},
            "resolution": {"width": 640, "height": 480},
            "skipped": number % 40 == 7,
            "isHoneypot": False,
            **({"honeypotMark": number / 100, "consensusMark": 0.5} if number % 10 == 0 else {}),
            **({"status": "TO_REVIEW"} if number % 30 == 11 else {}),
        }


def _labels(random: Random) -> Iterator[Fields]:
    types = ["DEFAULT", "DEFAULT", "REVIEW", "AUTOSAVE", "PREDICTION", "PREDICTION", "INFERENCE"]
    for number in range(LABELS):
        label_type = types[number % len(types)]
        yield {
            "id": f"label-{number:03}",
            "labelType": label_type,
            "jsonResponse": _content(random, number),
            **({"modelName": f"model-{number % 3}"} if label_type in ("PREDICTION", "INFERENCE") else {}),
            **({"honeypotMark": (number % 11) / 10} if number % 4 == 0 else {}),
            **_of(number),
        }


def _of(number: int) -> Fields:
    """What a label has beside its content."""
    return {
        "assetId": f"asset-{number * 7 % (ASSETS - 10):03}",
        "author": AUTHORS[number % len(AUTHORS)],
        "createdAt": f"2024-02-{1 + number // 10:02}T09:{number % 60:02}:00.000Z",
        "secondsToLabel": number,
    }


def _content(random: Random, number: int) -> Fields:
    content: Fields = {}
    if number % 9:
        categories = random.choices(["CAR", "BUS", "DOG"], k=random.randint(0, 4))
        content["OBJECTS"] = {"annotations": [_object(random, f"{number}-{at}", c) for at, c in enumerate(categories)]}
    if number % 5:
        scene = random.sample(["DAY", "NIGHT", "RAIN"], k=random.randint(1, 2))
        content["SCENE"] = {"categories": [{"name": name, "confidence": 100} for name in scene]}
    if number % 3:
        content["CROWDED"] = {"categories": [{"name": random.choice(["YES", "NO"])}]}
    if number % 4 == 0:
        content["NOTE"] = {"text": f"No {number}, “größer”"}
    return content


def _object(random: Random, mid: str, category: str) -> Fields:
    left, top = random.randint(0, 50) / 100, random.randint(0, 50) / 100
    corners = [(left, top + 0.25), (left, top), (left + 0.25, top), (left + 0.25, top + 0.25)]
    color = {"COLOR": {"categories": [{"name": random.choice(["RED", "BLUE"])}]}}
    return {
        "mid": mid,
        "type": "rectangle",
        "categories": [{"name": category}],
        "boundingPoly": [{"normalizedVertices": [{"x": x, "y": y} for x, y in corners]}],
        "children": color if category == "CAR" else {},
    }


def _frame(random: Random, number: int, frame: int) -> Fields:
    if number % 5 == 0:
        return {}
    car = _object(random, f"{number}", "BUS") | {"isKeyFrame": frame == 0}
    scene = {"categories": [{"name": "DAY"}], "isKeyFrame": frame == 0}
    return {"OBJECTS": {"annotations": [car], "isKeyFrame": frame == 0}, "SCENE": scene}
