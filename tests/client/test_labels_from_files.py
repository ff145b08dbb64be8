"""Labels made of files: arguments and files come before any request, and warnings say what was left out."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from kili_query.client import KiliClient
from kili_query.client.request import Request
from kili_query.client.testing import FakeService
from kili_query.datasets import FeaturesError
from kili_query.errors import ArgumentError, KiliQueryError, MissingArgumentError, NotFound, SourceError
from kili_query.sandbox import Sandbox

_SPOTS = {
    "mlTask": "OBJECT_DETECTION",
    "tools": ["marker"],
    "content": {"input": "radio", "categories": {"WELL": {"name": "Well"}, "TREE": {"name": "Tree"}}},
}
INTERFACE = {"jobs": {"SPOTS": _SPOTS}}
POINT: Mapping[str, object] = {"type": "Point", "coordinates": [1, 2]}
LINE: Mapping[str, object] = {"type": "LineString", "coordinates": [[1, 2], [3, 4]]}
MARKER = {"children": {}, "categories": [{"name": "WELL"}], "type": "marker", "point": {"x": 1, "y": 2}}


def answering(request: Request) -> object:
    match request.operation.name:
        case "projects":
            wanted: Any = request.variables["where"]
            found = {"jsonInterface": json.dumps(INTERFACE), "inputType": "GEOSPATIAL"}
            return [found] if wanted["id"] == "map" else []
        case "countAssets":
            return 1
        case "assets":
            where: Any = request.variables["where"]
            names = where["externalIdStrictlyIn"]
            return [{"id": f"id of {one}", "externalId": one} for one in names if one != "unknown"]
        case "appendManyLabels":
            return [{"id": "made"}]
    raise AssertionError(request.operation.name)


@pytest.fixture
def service() -> FakeService:
    return FakeService(answering)


@pytest.fixture
def client(service: FakeService) -> KiliClient:
    return KiliClient(transport=service)


def write(path: Path, *geometries: Mapping[str, object] | None) -> Path:
    features = [{"type": "Feature", "geometry": one, "properties": {}} for one in geometries]
    path.write_text(json.dumps({"type": "FeatureCollection", "features": features}))
    return path


@pytest.fixture
def points(tmp_path: Path) -> Path:
    return write(tmp_path / "points.geojson", POINT)


def written(service: FakeService) -> Any:
    (request,) = [one for one in service.requests if one.operation.name == "appendManyLabels"]
    return request.variables["data"]


def test_one_label_is_made_of_all_files(client: KiliClient, service: FakeService, points: Path) -> None:
    made = client.append_labels_from_geojson_files(
        "map", "map.tif", [points, str(points)], label_type="PREDICTION", model_name="mine"
    )
    assert made == {"id": "made"}
    data = written(service)
    (label,) = data["labelsData"]
    assert json.loads(label["jsonResponse"]) == {"SPOTS": {"annotations": [MARKER, MARKER]}}
    assert (label["assetID"], label["modelName"], data["labelType"]) == ("id of map.tif", "mine", "PREDICTION")


def test_names_are_for_each_file(client: KiliClient, service: FakeService, points: Path) -> None:
    client.append_labels_from_geojson_files("map", "map.tif", [points], ["SPOTS"], ["TREE"])
    (label,) = written(service)["labelsData"]
    (annotation,) = json.loads(label["jsonResponse"])["SPOTS"]["annotations"]
    assert annotation == {**MARKER, "categories": [{"name": "TREE"}]}


def test_what_is_left_out_is_a_warning(client: KiliClient, service: FakeService, tmp_path: Path) -> None:
    path = write(tmp_path / "mixed.geojson", LINE, POINT, None)
    with pytest.warns(
        UserWarning, match=r"(?s)2 features or parts of them were left out:.*LineString.*geometry"
    ) as told:
        client.append_labels_from_geojson_files("map", "map.tif", [path])
    assert told[0].filename == __file__
    assert len(json.loads(written(service)["labelsData"][0]["jsonResponse"])["SPOTS"]["annotations"]) == 1


def test_metres_are_a_warning(client: KiliClient, tmp_path: Path) -> None:
    path = write(tmp_path / "metres.geojson", {"type": "Point", "coordinates": [652000, 5411000]})
    with pytest.warns(UserWarning, match="are not degrees"):
        client.append_labels_from_geojson_files("map", "map.tif", [path])


def test_the_ontology_is_the_one_of_today(client: KiliClient, service: FakeService, points: Path) -> None:
    for _ in range(2):
        client.append_labels_from_geojson_files("map", "map.tif", [points])
    assert [one.operation.name for one in service.requests].count("projects") == 2


@pytest.mark.parametrize(
    ("arguments", "kind", "message"),
    [
        ({"project_id": ""}, ArgumentError, "`project_id` must be"),
        ({"asset_external_id": ""}, MissingArgumentError, "`asset_external_id` is empty"),
        ({"asset_external_id": 5}, ArgumentError, "`asset_external_id` must be a text, not 5"),
        ({"geojson_file_paths": []}, MissingArgumentError, "`geojson_file_paths` is empty"),
        ({"geojson_file_paths": "points.geojson"}, ArgumentError, "`geojson_file_paths` must be a list of paths"),
        ({"geojson_file_paths": [5]}, ArgumentError, r"`geojson_file_paths\[0\]` must be the path of a file, not 5"),
        ({"geojson_file_paths": ["none.geojson"]}, SourceError, "cannot read `none.geojson`"),
        ({"job_names": ["SPOTS"]}, ArgumentError, "give both `job_names` and `category_names`"),
        ({"job_names": "SPOTS", "category_names": "W"}, ArgumentError, "`job_names` must be a list"),
        ({"job_names": [5], "category_names": ["WELL"]}, ArgumentError, r"`job_names\[0\]` must be a text"),
        ({"job_names": [], "category_names": []}, ArgumentError, "`job_names` has 0 items"),
        ({"label_type": "NONE"}, ArgumentError, "`label_type` must be one of"),
        ({"label_type": "PREDICTION"}, ArgumentError, "`model_name` is missing"),
        ({"step_name": ""}, ArgumentError, "`step_name` is empty"),
        ({"step_name": "Label", "step_id": "s"}, ArgumentError, "both name the step"),
        ({"group_name": "People"}, ArgumentError, "`group_name` belongs to a `step_name`"),
    ],
)
def test_wrong_arguments_are_errors_before_any_request(
    client: KiliClient,
    service: FakeService,
    points: Path,
    arguments: dict[str, Any],
    kind: type[KiliQueryError],
    message: str,
) -> None:
    given = {"project_id": "map", "asset_external_id": "map.tif", "geojson_file_paths": [points], **arguments}
    with pytest.raises(kind, match=message):
        client.append_labels_from_geojson_files(**given)
    assert service.requests == []


@pytest.mark.parametrize(
    ("arguments", "kind", "message"),
    [
        ({"job_names": ["SPOT"], "category_names": ["WELL"]}, ArgumentError, "did you mean `SPOTS`"),
        ({"geojson_file_paths": ["lines.geojson"]}, FeaturesError, "no job has a tool for a LineString"),
        ({"project_id": "other"}, NotFound, "there is no project `other`"),
        ({"asset_external_id": "unknown"}, NotFound, "has the external id `unknown`"),
    ],
)
def test_nothing_is_written_if_anything_is_wrong(
    client: KiliClient,
    service: FakeService,
    points: Path,
    monkeypatch: pytest.MonkeyPatch,
    arguments: dict[str, Any],
    kind: type[KiliQueryError],
    message: str,
) -> None:
    write(points.parent / "lines.geojson", LINE)
    monkeypatch.chdir(points.parent)
    given = {"project_id": "map", "asset_external_id": "map.tif", "geojson_file_paths": [points], **arguments}
    with pytest.raises(kind, match=message) as caught:
        client.append_labels_from_geojson_files(**given)
    assert "appendManyLabels" not in [one.operation.name for one in service.requests]
    if isinstance(caught.value, NotFound):
        assert caught.value.not_sent == (given["asset_external_id"],)


def test_labels_are_made_in_a_step(tmp_path: Path, points: Path) -> None:
    steps = [{"id": f"step-{name}", "name": name} for name in ("Label", "Review")]
    project = {"id": "map", "title": "Map", "inputType": "GEOSPATIAL", "jsonInterface": INTERFACE}
    (tmp_path / "project.json").write_text(json.dumps({**project, "workflowVersion": "V2", "steps": steps}))
    (tmp_path / "assets.ndjson").write_text(json.dumps({"id": "a", "externalId": "map.tif"}))
    (tmp_path / "labels.ndjson").write_text("")
    with Sandbox(tmp_path) as box, KiliClient(box.api_key, box.endpoint) as client:
        appended = [
            client.append_labels_from_geojson_files("map", "map.tif", [points], step_name="Review"),
            client.labels.create_default_from_geojson(
                project_id="map", asset_external_id="map.tif", geojson_file_paths=[points], step_id="step-Label"
            ),
        ]
        with pytest.raises(ArgumentError, match="did you mean `Review`") as caught:
            client.append_labels_from_geojson_files("map", "map.tif", [points], step_name="Reviw")
        assert len(client.labels("map", fields=["id"])) == 2
        found = {one["id"]: one["stepId"] for one in client.labels("map", fields=["id", "stepId"])}
    assert [found[one["id"]] for one in appended] == ["step-Review", "step-Label"]
    assert not isinstance(caught.value, SourceError)


@pytest.mark.parametrize("kind", ["prediction", "inference"])
def test_namespaces_append_the_same_label(client: KiliClient, service: FakeService, points: Path, kind: str) -> None:
    create = getattr(client.labels, f"create_{kind}_from_geojson")
    given = {"project_id": "map", "asset_external_id": "map.tif", "geojson_file_paths": [points]}
    assert create(**given, job_names=["SPOTS"], category_names=["TREE"], model_name="mine") == {"id": "made"}
    data = written(service)
    assert (data["labelType"], data["labelsData"][0]["modelName"]) == (kind.upper(), "mine")
    assert "TREE" in data["labelsData"][0]["jsonResponse"]
