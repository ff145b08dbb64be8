"""Labels made of GeoJSON files: the official client of today beside ours, with the same files.

Each case appends one label. What the servers then hold is compared, without the ids that each run makes up.
"""

import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TypeAlias, cast

import pytest
import requests
from attrs import field, frozen

from kili_query.sandbox import Sandbox
from tests.each import for_each
from tests.peers.official import LATEST, OURS
from tests.peers.test_label_methods import KINDS, call_methods

Json: TypeAlias = Mapping[str, object]

PROJECT_ID = "map"
ASSET = "map.tif"


def _drawing(tools: Sequence[str], *names: str) -> Json:
    categories = {name: {"name": name.title(), "children": ["COLOR"]} for name in names}
    content = {"input": "radio", "categories": categories}
    return {"mlTask": "OBJECT_DETECTION", "isChild": False, "required": 0, "tools": tools, "content": content}


def _choice(*names: str, is_child: bool = False) -> Json:
    content = {"input": "radio", "categories": {name: {"name": name.title(), "children": []} for name in names}}
    return {"mlTask": "CLASSIFICATION", "isChild": is_child, "required": 0, "content": content}


JOBS: Json = {
    "BOXES": _drawing(["rectangle"], "HOUSE", "BARN"),
    "FIELDS": _drawing(["polygon"], "WHEAT", "RYE"),
    "LAND": _drawing(["semantic"], "LAKE", "WOOD"),
    "SPOTS": _drawing(["marker"], "WELL", "TREE"),
    "WAYS": _drawing(["polyline"], "ROAD", "PATH"),
    "ALL": _drawing(["rectangle", "polygon", "semantic", "polyline", "marker"], "ANY", "OTHER"),
    "SEASON": _choice("DRY", "WET"),
    "NOTE": {"mlTask": "TRANSCRIPTION", "isChild": False, "required": 0, "content": {"input": "textField"}},
    "COLOR": _choice("RED", "BLUE", is_child=True),
}

POINT: Json = {"type": "Point", "coordinates": [1, 2, 30]}
POINTS: Json = {"type": "MultiPoint", "coordinates": [[1, 2], [3, 4]]}
LINE: Json = {"type": "LineString", "coordinates": [[1, 2, 30], [3, 4, 30]]}
LINES: Json = {"type": "MultiLineString", "coordinates": [[[1, 2], [3, 4]], [[5, 6], [7, 8]]]}
_RING, _HOLE = [[0, 0], [4, 0], [4, 4], [0, 4], [0, 0]], [[1, 1], [1, 2], [2, 2], [1, 1]]
SQUARE: Json = {"type": "Polygon", "coordinates": [_RING]}
HOLED: Json = {"type": "Polygon", "coordinates": [_RING, _HOLE]}
AREAS: Json = {"type": "MultiPolygon", "coordinates": [[_RING, _HOLE], [[[9, 0], [12, 0], [9, 3], [9, 0]]]]}


def _polygon(*rings: object) -> Json:
    return {"type": "Polygon", "coordinates": rings}


def _collection(*geometries: Json) -> Json:
    return {"type": "GeometryCollection", "geometries": geometries}


def _feature(geometry: Json | None, kili: object = None, **more: object) -> Json:
    properties = {} if kili is None else {"kili": kili}
    return {"type": "Feature", "geometry": geometry, "properties": properties, **more}


def _kili(job: str, kind: str | None = None, category: str = "ANY", **more: object) -> Json:
    return {"job": job, "categories": [{"name": category}], **({} if kind is None else {"type": kind}), **more}


def _answer(category: str) -> Json:
    return _feature(None, {"job": "SEASON", "categories": [{"name": category}]})


@frozen
class Case:
    """A label to be made, and the heading of ``docs/differences.md`` that tells how ours differs.

    Attributes:
        name: of the case; the model name of its label, unless the arguments have one.
        files: the features of each.
        difference: the anchor of the heading; None if the labels are the same.
        arguments: beside the files.
    """

    name: str
    files: Sequence[Sequence[object]]
    difference: str | None = None
    arguments: Json = field(factory=dict)


def _named(job: str, category: str) -> Json:
    return {"job_names": [job], "category_names": [category]}


COLORED = {"COLOR": {"categories": [{"name": "RED"}]}}
CHECKED, REPORTED, PARTS = "features-are-checked", "nothing-is-left-out-silently", "parts-of-geometry-collections"
CASES = (
    Case("geometry decides", [[_feature(one) for one in (POINT, POINTS, LINE, LINES, SQUARE, AREAS)]]),
    Case("geometry decides, with ids", [[_feature(one, id=7) for one in (POINT, POINTS, LINE, LINES, SQUARE, AREAS)]]),
    Case("kili is null, and properties are missing", [[{"type": "Feature", "geometry": POINT}, _feature(POINT)]]),
    Case("nothing fits", [[_feature(POINT), _feature(None)]]),
    *(
        Case(
            f"named {job}",
            [[_feature(one, _kili("SPOTS", "marker", children=COLORED), id="x")]],
            None,
            _named(job, name),
        )
        for job, name, one in (
            ("ALL", "OTHER", POINT),
            ("SPOTS", "TREE", POINTS),
            ("WAYS", "PATH", LINES),
            ("FIELDS", "RYE", SQUARE),
            ("LAND", "WOOD", HOLED),
        )
    ),
    *(
        Case(
            f"{kind} of a {one['type']}",
            [[_feature(one, _kili("ALL", kind, children=COLORED), id="a")], [_feature(one, _kili("ALL", kind))]],
        )
        for kind, one in (
            ("marker", POINT),
            ("polyline", LINE),
            ("rectangle", SQUARE),
            ("polygon", SQUARE),
            ("semantic", HOLED),
            ("semantic", AREAS),
            ("marker", POINTS),
            ("polyline", LINES),
            ("marker", _collection(POINT, POINTS)),
            ("semantic", _collection(HOLED, AREAS)),
        )
    ),
    Case("points without a type", [[_feature(POINTS, _kili("ALL")), _feature(LINES, _kili("ALL"))]]),
    Case(
        "a collection without a type", [[_feature(_collection(POINT, LINE, SQUARE, AREAS, POINTS), _kili("ALL"), id=5)]]
    ),
    Case("answers", [[_answer("WET"), _feature(None, {"job": "NOTE", "text": "muddy"})]]),
    Case("two files", [[_feature(POINT), _answer("DRY")], [_feature(POINT), _feature(LINE)]]),
    Case("no features", [[]]),
    Case("PREDICTION", [[_feature(POINT)]], None, {"label_type": "PREDICTION", "model_name": "PREDICTION"}),
    Case("PREDICTION without a model", [[_feature(POINT)]], None, {"label_type": "PREDICTION", "model_name": None}),
    Case("INFERENCE", [[_feature(POINT)]], None, {"label_type": "INFERENCE"}),
    Case("only job_names", [[_feature(POINT)]], None, {"job_names": ["ALL"]}),
    Case("too many names", [[_feature(POINT)]], None, {"job_names": ["ALL"] * 2, "category_names": ["ANY"] * 2}),
    Case("an unknown job is named", [[_feature(POINT)]], None, _named("AL", "ANY")),
    Case("an unknown category is named", [[_feature(POINT)]], None, _named("ALL", "AMY")),
    Case("a job without shapes is named", [[_feature(POINT)]], None, _named("SEASON", "WET")),
    Case("an unknown type", [[_feature(POINT, _kili("ALL", "market"))]]),
    Case("no job", [[_feature(POINT, {"type": "marker", "categories": []})]]),
    Case("no answer", [[_feature(None, {"job": "SEASON"})]]),
    Case("an unknown asset", [[_feature(POINT)]], None, {"asset_external_id": "none.tif"}),
    Case("a step", [[_feature(POINT)]], None, {"step_name": "Review"}),
    Case("an unknown step", [[_feature(POINT)]], None, {"step_name": "Reviw"}),
    Case("an unknown job", [[_feature(POINT, _kili("SPOT", "marker"))]], CHECKED),
    Case("an unknown category", [[_feature(POINT, _kili("SPOTS", "marker", "TREES"))]], CHECKED),
    Case("an unknown child", [[_feature(POINT, _kili("ALL", "marker", children={"COLOUR": {}}))]], CHECKED),
    Case("a tool that the job lacks", [[_feature(LINE, _kili("SPOTS", "polyline", "WELL"))]], CHECKED),
    Case("no categories", [[_feature(POINT, {"job": "ALL", "type": "marker"})]], CHECKED),
    Case("another geometry", [[_feature(LINE, _kili("ALL", "marker"))]], CHECKED),
    Case("other points", [[_feature(LINES, _kili("ALL", "marker"))]], CHECKED),
    Case(
        "a rectangle of 5 corners",
        [[_feature(_polygon([[0, 0], [2, 0], [3, 1], [2, 2], [0, 2], [0, 0]]), _kili("ALL", "rectangle"))]],
        CHECKED,
    ),
    Case("an open ring", [[_feature(_polygon([[0, 0], [2, 0], [3, 1], [2, 2]]))]], CHECKED),
    Case("a ring of two", [[_feature(_polygon([[0, 0], [2, 0], [0, 0]]))]], CHECKED),
    Case("an empty ring", [[_feature(_polygon([]))]], CHECKED),
    Case("no ring", [[_feature(_polygon())]], CHECKED),
    Case("an id that is a list", [[_feature(POINT, id=[1])]], CHECKED),
    Case("a shape without geometry", [[_feature(None, _kili("ALL", "marker"))]], CHECKED),
    Case("properties are null", [[{**_feature(POINT), "properties": None}]], "features-without-properties"),
    Case("a shape without a type", [[_feature(POINT, _kili("ALL"))]], "features-without-properties"),
    Case("two answers", [[_answer("DRY")], [_answer("WET")]], "two-answers-to-one-job"),
    Case("only a feature without geometry", [[_feature(None)]], REPORTED),
    Case("no files", [], REPORTED),
    Case("no tool", [[_feature(POINT)]], REPORTED, _named("FIELDS", "RYE")),
    Case("a collection decides", [[_feature(_collection(POINT, LINE), id=3)]], PARTS),
    Case("a collection, named", [[_feature(_collection(POINT, LINE))]], PARTS, _named("ALL", "OTHER")),
    Case("a collection in a collection", [[_feature(_collection(LINE, _collection(POINT)), _kili("ALL"))]], PARTS),
    Case("rectangles in a collection", [[_feature(_collection(SQUARE), _kili("ALL", "rectangle"))]], PARTS),
    Case("a rectangle, named", [[_feature(SQUARE)]], "rectangles-of-named-jobs", _named("BOXES", "BARN")),
    Case("a hole", [[_feature(HOLED)]], "holes-of-polygons"),
    Case("a score", [[_feature(POINT, _kili("ALL", "marker", score=50))]], "everything-in-kili-is-kept"),
    Case("a number as the id of a rectangle", [[_feature(SQUARE, _kili("ALL", "rectangle"), id=6)]], "ids-are-texts"),
)


def write_map_project(folder: Path) -> Path:
    """A map with one asset and no labels."""
    folder.mkdir(parents=True)
    steps = [{"id": f"step-{number}", "name": name} for number, name in enumerate(("Label", "Review"))]
    project = {"id": PROJECT_ID, "title": "Map", "description": "", "inputType": "GEOSPATIAL", "steps": steps}
    asset = {"id": "asset-1", "externalId": ASSET, "content": "https://example.com/map.tif"}
    (folder / "project.json").write_text(
        json.dumps({**project, "workflowVersion": "V2", "jsonInterface": {"jobs": JOBS}})
    )
    (folder / "assets.ndjson").write_text(json.dumps(asset) + "\n")
    (folder / "labels.ndjson").write_text("")
    return folder


Outcomes: TypeAlias = Mapping[str, object]


@pytest.fixture(scope="module")
def outcomes(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Outcomes]:
    """What each client made of each case."""
    folder = tmp_path_factory.mktemp("geojson")
    return {client: _run(client, folder / client) for client in (LATEST, OURS)}


def _run(client: str, folder: Path) -> Outcomes:
    with Sandbox(write_map_project(folder / "project")) as box:
        steps = [
            {
                "name": case.name,
                "method": "append_labels_from_geojson_files",
                "arguments": _arguments(case, folder / str(number)),
            }
            for number, case in enumerate(CASES)
        ]
        section: dict[str, object] = {"endpoint": box.endpoint, "api_key": box.api_key, "steps": steps}
        (records,) = call_methods(client, [section], folder)
        made = labels_in(box)
    assert len(made) == len(set(made)) == sum("error" not in one for one in records)
    return {str(one["name"]): kind_of(one["error"]) if "error" in one else made[str(one["name"])] for one in records}


def _arguments(case: Case, folder: Path) -> Json:
    folder.mkdir()
    paths = []
    for number, features in enumerate(case.files):
        paths.append(folder / f"{number}.geojson")
        paths[-1].write_text(json.dumps({"type": "FeatureCollection", "features": features}))
    given = {"project_id": PROJECT_ID, "asset_external_id": ASSET, "model_name": case.name}
    return {**given, "geojson_file_paths": [str(path) for path in paths], **case.arguments}


def kind_of(classes: object) -> str:
    names = cast("list[str]", classes)
    return f"error: {next((kind for kind in KINDS if kind in names), names[0])}"


def labels_in(box: Sandbox) -> dict[str, object]:
    """What the server holds, by the name of the model."""
    query = (
        "query ($where: LabelWhere!) { data: labels(where: $where, first: 100, skip: 0)"
        " { labelType modelName stepId jsonResponse } }"
    )
    answer = requests.post(
        box.endpoint,
        json={"query": query, "variables": {"where": {"project": {"id": PROJECT_ID}}}},
        headers={"Authorization": f"X-API-Key: {box.api_key}"},
        timeout=60,
    )
    return {
        one["modelName"]: [one["labelType"], one["stepId"], _without_made_ids(json.loads(one["jsonResponse"]))]
        for one in answer.json()["data"]["data"]
    }


def _without_made_ids(response: dict[str, dict[str, list[dict[str, object]]]]) -> object:
    """Ids that a run made up, as numbers in their order: equal ones stay equal."""
    made: dict[object, str] = {}
    for answer in response.values():
        for one in answer.get("annotations", ()):
            if re.fullmatch(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|c[a-z0-9]{24}", str(one.get("mid"))):
                one["mid"] = made.setdefault(one["mid"], f"<made {len(made)}>")
    return response


@for_each(CASES, lambda case: case.name)
def test_labels_are_the_same_but_for_the_listed_differences(case: Case, outcomes: Mapping[str, Outcomes]) -> None:
    theirs, ours = outcomes[LATEST][case.name], outcomes[OURS][case.name]
    assert (theirs != ours) == (case.difference is not None), f"theirs: {theirs}\nours: {ours}"


def documented() -> set[str]:
    """The anchors of the headings of ``docs/differences.md``."""
    text = (Path(__file__).resolve().parents[2] / "docs" / "differences.md").read_text(encoding="utf-8")
    return {re.sub(r"[^\w -]", "", found.lower()).replace(" ", "-") for found in re.findall(r"(?m)^#+ (.+)$", text)}


def test_each_listed_difference_is_documented() -> None:
    assert {case.difference for case in CASES} - {None} <= documented()
