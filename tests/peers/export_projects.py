"""The projects that exports are compared on: few assets, with something for each format to write."""

import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from random import Random
from typing import TypeAlias

from PIL import Image

__all__ = [
    "PROJECT_ID",
    "write_classified",
    "write_films",
    "write_maps",
    "write_odd_maps",
    "write_photos",
    "write_pictures",
    "write_simple_photos",
    "write_texts",
]

Fields: TypeAlias = dict[str, object]

PROJECT_ID = "harbour"
SIZE = (640, 480)


def _job(task: str, *categories: str, children: Mapping[str, Sequence[str]] | None = None, **more: object) -> Fields:
    keys = {key: {"name": key.capitalize(), "children": list((children or {}).get(key, ()))} for key in categories}
    more = {"instruction": task.lower(), "isChild": False, "required": 0, "isVisible": True, "models": {}, **more}
    return {"mlTask": task, "content": {"input": more.pop("input", "radio"), "categories": keys}, **more}


_NOTE = _job("TRANSCRIPTION", input="textField", instruction="Note")
_SCENE = _job("CLASSIFICATION", "DAY", "NIGHT", instruction="Scene")
_TAGS = _job("CLASSIFICATION", "WET", "WIND", "SUN", input="checkbox", instruction="Tags")
_COLOR = _job("CLASSIFICATION", "RED", "BLUE", isChild=True, instruction="Color")
_SHIPS = _job(
    "OBJECT_DETECTION",
    "KITE",
    "BOAT",
    children={"BOAT": ["COLOR"]},
    tools=["rectangle", "polygon", "semantic"],
    instruction="Ships",
    exportName="vessels",
)
_BIRDS = _job("OBJECT_DETECTION", "GULL", "DUCK", tools=["rectangle"], instruction="Birds")
_SPOTS = _job("OBJECT_DETECTION", "SPOT", tools=["marker"], instruction="Spots")


def _ring(corners: Iterable[tuple[float, float]]) -> Fields:
    return {"normalizedVertices": [{"x": x, "y": y} for x, y in corners]}


def _corners(random: Random, number: int) -> list[tuple[float, float]]:
    """Of a convex outline well within the image; of four, of an upright rectangle, from the bottom left."""
    if number == 4:
        left, top = random.uniform(0.05, 0.5), random.uniform(0.05, 0.5)
        right, bottom = left + random.uniform(0.1, 0.4), top + random.uniform(0.1, 0.4)
        return [(left, bottom), (left, top), (right, top), (right, bottom)]
    shift, size = random.uniform(0.05, 0.3), random.uniform(0.2, 0.6)
    triangle = [(0.1, 0.9), (0.5, 0.1), (0.9, 0.8)]
    return [(shift + size * x, shift + size * y) for x, y in triangle]


def _drawn(random: Random, kind: str, category: str, **more: object) -> Fields:
    corners = _corners(random, 4 if kind == "rectangle" else 3)
    geometry: Fields = {"point": {"x": corners[0][0], "y": corners[0][1]}}
    if kind != "marker":
        geometry = {"boundingPoly": [_ring(corners)]}
    named = [{"name": category, "confidence": 100}]
    mid = f"m{random.getrandbits(40)}"
    return {"type": kind, "categories": named, "mid": mid, "children": {}, **geometry, **more}


def _frame(random: Random, kinds: Sequence[str]) -> Fields:
    color = {"COLOR": {"categories": [{"name": random.choice(("RED", "BLUE")), "confidence": 100}]}}
    ships = [
        _drawn(random, random.choice(kinds), "BOAT", children=color) if random.random() < 0.6
        else _drawn(random, random.choice(kinds), "KITE")
        for _ in range(random.randint(1, 4))
    ]  # fmt: skip
    birds = [_drawn(random, "rectangle", random.choice(("GULL", "DUCK"))) for _ in range(random.randint(1, 2))]
    return {"SHIPS": {"annotations": ships}, "BIRDS": {"annotations": birds}}


def _content(random: Random, kinds: Sequence[str]) -> Fields:
    return {
        **_frame(random, kinds),
        "SPOTS": {"annotations": [_drawn(random, "marker", "SPOT")]},
        "SCENE": {"categories": [{"name": random.choice(("DAY", "NIGHT")), "confidence": 100}]},
        "TAGS": {
            "categories": [{"name": name, "confidence": 100} for name in random.sample(("WET", "WIND", "SUN"), 2)]
        },
        "NOTE": {"text": f"é {random.randint(1, 99)}"},
    }


def _asset(number: int, external_id: str, **more: object) -> Fields:
    return {
        "id": f"asset-{number:02}",
        "externalId": external_id,
        "content": f"https://cdn.example.org/{number}",
        "jsonContent": "",
        "jsonMetadata": {"pier": number % 3},
        "createdAt": f"2024-01-{1 + number:02}T08:00:00.000Z",
        "resolution": {"width": SIZE[0], "height": SIZE[1]},
        **({"status": "REVIEWED"} if number % 4 == 0 else {}),
        **more,
    }


def _label(number: int, content: object, **more: object) -> Fields:
    author = {"id": "ann", "email": "ann@example.com", "firstname": "Ann", "lastname": "Lee"}
    other = {"id": "bo", "email": "bo@example.com", "firstname": "Bo", "lastname": "Wu"}
    return {
        "id": f"label-{number:02}",
        "assetId": f"asset-{number:02}",
        "author": other if number % 3 == 0 else author,
        "createdAt": f"2024-02-{1 + number:02}T08:00:00.000Z",
        "labelType": "REVIEW" if number % 5 == 0 else "DEFAULT",
        "modelName": None,
        "isLatestLabelForUser": True,
        "jsonResponse": content,
        **more,
    }


def _write(
    folder: Path, input_type: str, jobs: Fields, assets: Iterable[Fields], labels: Iterable[Fields], **more: object
) -> None:
    folder.mkdir(parents=True)
    project = {"id": PROJECT_ID, "title": "Harbour", "description": "toy", "inputType": input_type, **more}
    (folder / "project.json").write_text(json.dumps({**project, "jsonInterface": {"jobs": jobs}}))
    for name, rows in (("assets", assets), ("labels", labels)):
        (folder / f"{name}.ndjson").write_text("".join(json.dumps(row) + "\n" for row in rows))


_JOBS: Fields = {
    "SHIPS": _SHIPS,
    "BIRDS": _BIRDS,
    "SPOTS": _SPOTS,
    "COLOR": _COLOR,
    "HULL": _job("TRANSCRIPTION", input="textField", isChild=True, instruction="Hull"),
    "SCENE": _SCENE,
    "TAGS": _TAGS,
    "NOTE": _NOTE,
}


def write_photos(folder: Path) -> None:
    """Photos with boxes, polygons and masks; one without a label, one that has but a prediction."""
    random = Random(7)
    kinds = ("rectangle", "polygon", "semantic")
    ids = [f"img-{number:02}" for number in range(12)]
    assets = [_asset(number, name) for number, name in enumerate(ids)]
    labels = [_label(number, _content(random, kinds)) for number in range(10)]
    labels.append(_label(10, _content(random, kinds), labelType="PREDICTION"))
    _write(folder, "IMAGE", _JOBS, assets, labels)


def write_simple_photos(folder: Path) -> None:
    """Photos with whatever a format has its own way with: names with extensions and folders, holes, edges, turns."""
    random = Random(8)
    names = ("pier 1.png", "d1/pier.png", "d2/pier.png", "hole.jpg", "edge.jpg", "turned.jpg")
    contents = [_frame(random, ("rectangle", "polygon")) for _ in names]
    hole = [(0.42, 0.42), (0.42, 0.5), (0.5, 0.5), (0.5, 0.42)]
    outer = [(0.2, 0.2), (0.8, 0.2), (0.8, 0.8), (0.2, 0.8)]
    masked = _drawn(random, "semantic", "KITE", boundingPoly=[_ring(outer), _ring(hole)])
    over = [(-0.1, 0.5), (-0.1, 0.2), (0.5, 0.2), (0.5, 0.5)]
    contents[3] = {"SHIPS": {"annotations": [masked]}}
    contents[4] = {"SHIPS": {"annotations": [_drawn(random, "rectangle", "BOAT", boundingPoly=[_ring(over)])]}}
    contents[5] = {**contents[5], "ROTATION_JOB": {"rotation": 90}}
    assets = [_asset(number, name) for number, name in enumerate(names)]
    labels = [_label(number, content) for number, content in enumerate(contents)]
    _write(folder, "IMAGE", _JOBS, assets, labels)


_PEOPLE = {name: {"id": name, "email": f"{name}@example.com", "firstname": name.title()} for name in ("ann", "bo")}


def write_reviewed(folder: Path) -> None:
    """Photos that several people label in a step and review in another; some labels were sent back, or are drafts."""
    random = Random(13)
    made = [  # the asset, the author, the step, and what else a label says
        (0, "ann", "label", {}),
        (0, "bo", "label", {}),
        (0, "ann", "label", {}),
        (1, "ann", "label", {}),
        (1, "bo", "review", {"labelType": "REVIEW", "isSentBackToQueue": True}),
        (1, "ann", "review", {"labelType": "REVIEW"}),
        (2, "ann", "label", {"labelType": "AUTOSAVE"}),
        (3, "bo", "label", {"labelType": "PREDICTION", "modelName": "m"}),
        (3, "bo", "label", {}),
        (4, "ann", "label", {"isSentBackToQueue": True}),
    ]
    labels = []
    for number, (asset, author, step, more) in enumerate(made):
        of_asset = {"assetId": f"asset-{asset:02}", "labelType": "DEFAULT", "author": _PEOPLE[author]}
        own = {"isLatestLabelForUser": None, "stepId": step, **of_asset, **more}
        labels.append(_label(number, _frame(random, ("rectangle",)), **own))
    assets = [_asset(number, f"photo-{number}", status=None) for number in range(5)]
    steps = [{"id": key, "name": key.title()} for key in ("label", "review")]
    _write(folder, "IMAGE", _JOBS, assets, labels, workflowVersion="V2", steps=steps)


def write_earth(folder: Path, crs: str) -> None:
    """Images of the earth with two layers, labeled in degrees or in pixels."""
    random = Random(14)
    layers = [{"name": "map", "width": 400, "height": 300}, {"name": "hills", "width": 40, "height": 30}]
    assets = [_asset(number, f"tile-{number}", geospatialExportMetadata=layers, resolution=None) for number in range(2)]
    labels = [_label(number, _content(random, ("rectangle", "polygon"))) for number in range(2)]
    _write(folder, "GEOSPATIAL", _JOBS, assets, labels, geospatialSettings={"labelingCRSCode": crs})


def write_films(folder: Path) -> None:
    """Videos whose labels hold each of their frames."""
    random = Random(9)
    assets = [_asset(number, f"film-{number}") for number in range(4)]
    labels = [
        _label(number, {str(frame): _frame(random, ("rectangle",)) for frame in range(11)}) for number in range(3)
    ]
    labels.append(_label(3, {str(frame): {} for frame in range(3)}))
    _write(folder, "VIDEO", {"SHIPS": _SHIPS, "BIRDS": _BIRDS, "COLOR": _COLOR}, assets, labels)


def write_maps(folder: Path, url: str, files: Path) -> None:
    """Images in degrees, as what a web server has tells."""
    random = Random(10)
    layers = [{"useClassicCoordinates": False, "epsg": "EPSG4326", "name": "map"}]
    (files / "layers.json").write_text(json.dumps(layers))
    assets = [_asset(number, f"tile-{number}", jsonContent=f"{url}/layers.json") for number in range(3)]
    contents = [_content(random, ("semantic", "polygon", "rectangle")) for _ in range(3)]
    stray = {"HULL": {"text": "steel"}}  # no category lists it
    contents[0]["SHIPS"] = {
        "annotations": [_drawn(random, kind, "KITE", children=stray) for kind in ("semantic", "polygon")]
    }
    labels = [_label(number, content) for number, content in enumerate(contents)]
    _write(folder, "IMAGE", _JOBS, assets, labels)


def write_odd_maps(folder: Path, url: str, files: Path) -> None:
    """Maps with answers that GeoJSON has its own way with: a category without a name, a checkbox without a choice,
    children beside the categories of a root job.
    """
    random = Random(12)
    gulls = _job("OBJECT_DETECTION", "GULL", tools=["rectangle"], instruction="Gulls")
    gulls["content"] = {"input": "radio", "categories": {"GULL": {"name": "", "children": []}}}
    jobs = {
        "GULLS": gulls,
        "SHIPS": _job(
            "OBJECT_DETECTION", "BOAT", children={"BOAT": ["MARKS"]}, tools=["rectangle"], instruction="Ships"
        ),
        "MARKS": _job("CLASSIFICATION", "OLD", "NEW", input="checkbox", isChild=True, instruction="Marks"),
        "SCENE": _job("CLASSIFICATION", "DAY", children={"DAY": ["COLOR"]}, instruction="Scene"),
        "COLOR": _COLOR,
    }
    day, red = ([{"name": name, "confidence": 100}] for name in ("DAY", "RED"))
    contents: list[Fields] = [
        {"GULLS": {"annotations": [_drawn(random, "rectangle", "GULL")]}},
        {"SHIPS": {"annotations": [_drawn(random, "rectangle", "BOAT", children={"MARKS": {"categories": []}})]}},
        {"SCENE": {"categories": day, "children": {"COLOR": {"categories": red}}}},
    ]
    (files / "layers.json").write_text(
        json.dumps([{"useClassicCoordinates": False, "epsg": "EPSG4326", "name": "map"}])
    )
    assets = [_asset(number, f"tile-{number}", jsonContent=f"{url}/layers.json") for number in range(len(contents))]
    _write(folder, "IMAGE", jobs, assets, [_label(number, content) for number, content in enumerate(contents)])


def write_texts(folder: Path) -> None:
    """Texts with a class and a note."""
    assets = [_asset(number, f"note {number}", resolution=None) for number in range(3)]
    contents = [{"SCENE": {"categories": [{"name": "DAY", "confidence": 100}]}, "NOTE": {"text": "x"}}] * 3
    _write(folder, "TEXT", {"SCENE": _SCENE, "NOTE": _NOTE}, assets, [_label(n, one) for n, one in enumerate(contents)])


def write_classified(folder: Path) -> None:
    """Photos without any job that draws."""
    content = {"SCENE": {"categories": [{"name": "DAY", "confidence": 100}]}}
    _write(folder, "IMAGE", {"SCENE": _SCENE}, [_asset(0, "one")], [_label(0, content)])


def write_pictures(folder: Path, url: str, files: Path) -> None:
    """Photos whose files a web server has, and their size is not told."""
    random = Random(11)
    names = ("pier 1.png", "boat.jpg", "plain")
    for number, name in enumerate(names):
        kind = "JPEG" if name == "boat.jpg" else "PNG"
        Image.new("RGB", (60 + number, 40), (number, 0, 0)).save(files / f"{number}.{kind.lower()}", kind)
    endings = ("png", "jpeg", "png")
    assets = [
        _asset(number, name, content=f"{url}/{number}.{endings[number]}", resolution=None)
        for number, name in enumerate(names)
    ]
    labels = [_label(number, _frame(random, ("rectangle",))) for number in range(len(names))]
    _write(folder, "IMAGE", _JOBS, assets, labels)
