"""Labels made of shapefiles: the official client of today beside ours, with the same files."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TypeAlias

import pytest
import shapefile
from attrs import field, frozen

from kili_query.sandbox import Sandbox
from tests.each import for_each
from tests.peers.official import LATEST, OURS
from tests.peers.test_geojson import ASSET, PROJECT_ID, Outcomes, documented, kind_of, labels_in, write_map_project
from tests.peers.test_label_methods import call_methods

Json: TypeAlias = Mapping[str, object]

SQUARE = [[0, 0], [0, 4], [4, 4], [4, 0], [0, 0]]
HOLE = [[1, 1], [2, 1], [2, 2], [1, 1]]
AWAY = [[10, 0], [10, 4], [14, 4], [14, 0], [10, 0]]
FILES: Mapping[str, tuple[int, Sequence[tuple[str, Sequence[object]]]]] = {
    "points": (shapefile.POINT, [("point", (1, 2)), ("point", (3.5, 4))]),
    "lines": (shapefile.POLYLINE, [("line", ([[[1, 2], [3, 4]]],)), ("line", ([[[5, 6], [7, 8], [9, 9]]],))]),
    "areas": (shapefile.POLYGON, [("poly", ([SQUARE],)), ("poly", ([AWAY],))]),
    "holed": (shapefile.POLYGON, [("poly", ([SQUARE, HOLE],))]),
    "high points": (shapefile.POINTZ, [("pointz", (1, 2, 3))]),
    "many points": (shapefile.MULTIPOINT, [("multipoint", ([[1, 2], [3, 4]],))]),
}


@frozen
class Case:
    """A label to be made, and the heading of ``docs/differences.md`` that says why ours differs, if it does."""

    name: str
    files: Sequence[str]
    jobs: Sequence[str]
    categories: Sequence[str]
    difference: str | None = None
    more: Json = field(factory=dict)


CHECKED, REPORTED, HOLES = "features-are-checked", "nothing-is-left-out-silently", "holes-of-polygons"
CHILDREN = "children-of-areas"
CASES = (
    Case("points", ["points"], ["SPOTS"], ["WELL"]),
    Case("lines", ["lines"], ["WAYS"], ["PATH"]),
    Case("areas", ["areas"], ["FIELDS"], ["RYE"]),
    Case("masks", ["areas"], ["LAND"], ["LAKE"]),
    Case("boxes", ["areas"], ["BOXES"], ["BARN"]),
    Case("holes", ["holed"], ["FIELDS"], ["RYE"], HOLES),
    Case("holes of masks", ["holed"], ["LAND"], ["WOOD"]),
    Case("files of two jobs", ["points", "lines"], ["SPOTS", "WAYS"], ["TREE", "ROAD"]),
    Case("files of one job", ["points", "points"], ["SPOTS", "SPOTS"], ["TREE", "WELL"]),
    Case("in meters", ["points"], ["SPOTS"], ["WELL"], more={"from_epsgs": [3857]}),
    Case("in degrees", ["points"], ["SPOTS"], ["WELL"], more={"from_epsgs": [4326]}),
    Case("an inference", ["points"], ["SPOTS"], ["WELL"], more={"label_type": "INFERENCE"}),
    Case("points with heights", ["high points"], ["SPOTS"], ["WELL"], REPORTED),
    Case("several points in a record", ["many points"], ["SPOTS"], ["WELL"], REPORTED),
    Case("no such job", ["points"], ["SPOT"], ["WELL"], CHECKED),
    Case("no such category", ["points"], ["SPOTS"], ["WEL"], CHECKED),
    Case("no tool", ["points"], ["FIELDS"], ["RYE"], REPORTED),
    Case("too few jobs", ["points", "points"], ["SPOTS"], ["WELL", "WELL"]),
    Case("no such file", ["none"], ["SPOTS"], ["WELL"], CHECKED),
)


@pytest.fixture(scope="module")
def outcomes(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Outcomes]:
    """What each client made of each case."""
    folder = tmp_path_factory.mktemp("shapefiles")
    for name, (kind, records) in FILES.items():
        with shapefile.Writer(str(folder / name), shapeType=kind) as writer:
            writer.field("name", "C")
            for method, arguments in records:
                getattr(writer, method)(*arguments)
                writer.record("x")
    return {client: _run(client, folder) for client in (LATEST, OURS)}


def _run(client: str, folder: Path) -> Outcomes:
    home = folder / client
    with Sandbox(write_map_project(home / "project")) as box:
        steps = [
            {"name": one.name, "method": "append_labels_from_shapefiles", "arguments": _arguments(one, folder)}
            for one in CASES
        ]
        section: dict[str, object] = {"endpoint": box.endpoint, "api_key": box.api_key, "steps": steps}
        (records,) = call_methods(client, [section], home)
        made = labels_in(box)
    return {str(one["name"]): kind_of(one["error"]) if "error" in one else made[str(one["name"])] for one in records}


def _arguments(case: Case, folder: Path) -> Json:
    return {
        "project_id": PROJECT_ID,
        "asset_external_id": ASSET,
        "shapefile_paths": [str(folder / f"{name}.shp") for name in case.files],
        "job_names": case.jobs,
        "category_names": case.categories,
        "model_name": case.name,
        **case.more,
    }


def without_empty_children(value: object) -> object:
    """The value without the difference that all areas have."""
    match value:
        case dict():
            kept = {key: without_empty_children(one) for key, one in value.items()}
            return {key: one for key, one in kept.items() if (key, one) != ("children", {})}
        case list():
            return [without_empty_children(one) for one in value]
        case _:
            return value


@for_each(CASES, lambda case: case.name)
def test_labels_are_the_same_but_for_the_listed_differences(case: Case, outcomes: Mapping[str, Outcomes]) -> None:
    theirs, ours = (without_empty_children(outcomes[client][case.name]) for client in (LATEST, OURS))
    assert (theirs != ours) == (case.difference is not None), f"theirs: {theirs}\nours: {ours}"


@pytest.mark.parametrize("name", ["points", "areas"])
def test_only_areas_differ_in_their_children(outcomes: Mapping[str, Outcomes], name: str) -> None:
    assert (outcomes[LATEST][name] != outcomes[OURS][name]) == (name == "areas")


def test_each_listed_difference_is_documented() -> None:
    assert {CHILDREN, *(case.difference for case in CASES)} - {None} <= documented()
