"""Methods in namespaces: a client's own, with the same answers as the methods they call."""

import inspect
import json
import pydoc
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from unittest import mock

import pytest

import kili_query as kq
from kili_query.client import KiliClient
from kili_query.client.namespaces import ExportFilter, LabelFilter
from kili_query.errors import ArgumentError, IncompatibleArgumentsError, MissingArgumentError
from kili_query.export import NotCompatibleOptions
from kili_query.protocol import ExportFilters, LabelFilters, filters_of
from kili_query.sandbox import Sandbox
from tests.client.plain_box import ASSETS, PROJECT, plain_box

DEMO = Path(kq.__file__).parent / "demo"
CONTENT = {"WHAT": {"categories": [{"name": "CAR"}]}}
METHODS = {
    "labels": "count create_default create_default_from_geojson create_default_from_shapefile create_inference"
    " create_inference_from_geojson create_inference_from_shapefile create_prediction create_prediction_from_geojson"
    " create_prediction_from_shapefile create_review delete list list_as_generator",
    "llm": "export",
    "exports": "coco dataframe geojson kili pascal_voc raw yolo_v4 yolo_v5 yolo_v7 yolo_v8",
}


@pytest.fixture(scope="module")
def box(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    with plain_box(tmp_path_factory.mktemp("box")) as served:
        yield served


@pytest.fixture(scope="module")
def client(box: Sandbox) -> Iterator[KiliClient]:
    with KiliClient(box.api_key, box.endpoint, disable_tqdm=True) as opened:
        yield opened


@pytest.fixture
def unsent() -> KiliClient:
    """A client that fails when it sends anything."""
    service = mock.Mock(spec=["ask", "get_json"])
    service.ask.side_effect = service.get_json.side_effect = AssertionError("sent")
    return KiliClient("key", transport=service, disable_tqdm=True)


@pytest.mark.parametrize("name", METHODS)
def test_a_namespace_shows_what_it_has(client: KiliClient, name: str) -> None:
    namespace = getattr(client, name)
    methods = [one for one in dir(namespace) if not one.startswith("_")]
    assert methods == METHODS[name].split()
    assert all(inspect.getdoc(getattr(namespace, one)) for one in methods)
    assert f"KiliClient.{name}" in repr(namespace)
    shown = pydoc.plain(pydoc.render_doc(namespace))
    assert all(one in shown for one in methods)
    assert f"{name}" in pydoc.plain(pydoc.render_doc(KiliClient))


def test_labels_is_a_method_and_a_namespace(client: KiliClient) -> None:
    assert client.labels(PROJECT) == client.labels.list(PROJECT)
    assert inspect.signature(client.labels) == inspect.signature(KiliClient.labels)
    assert list(inspect.signature(client.labels).parameters)[:2] == ["project_id", "asset_id"]
    with pytest.raises(TypeError, match=r"`KiliClient.labels` belongs to a client"):
        KiliClient.labels.list(PROJECT)
    other = client.without_cache()
    assert other.labels._own() is other


def test_a_stand_in_of_a_test_has_both() -> None:
    stand_in = mock.create_autospec(KiliClient, instance=True)
    stand_in.labels.return_value, stand_in.labels.list.return_value = ["called"], ["listed"]
    assert (stand_in.labels(PROJECT), stand_in.labels.list(PROJECT)) == (["called"], ["listed"])


@pytest.mark.parametrize(("keys", "declared"), [(LabelFilter, LabelFilters), (ExportFilter, ExportFilters)])
def test_each_declared_filter_is_a_key(keys: Any, declared: type) -> None:
    assert set(filters_of(declared)) < keys.__optional_keys__


@pytest.mark.parametrize("filters", [{}, {"type_in": ["DEFAULT"]}, {"category_search": "WHAT.BUS.count > 0"}])
def test_lists_and_counts(client: KiliClient, filters: LabelFilter) -> None:
    listed = client.labels(PROJECT, fields=["id"], **filters)
    assert client.labels.list(PROJECT, ["id"], filter=filters) == listed
    assert list(client.labels.list_as_generator(PROJECT, ["id"], 3, 1, filter=filters)) == listed[1:4]
    assert client.labels.count(PROJECT, filters) == len(listed)


def test_parsed_labels(client: KiliClient) -> None:
    listed = client.labels.list(PROJECT, first=1, output_format="parsed_label")
    assert listed[0].jobs["WHAT"].categories[0].name == "BUS"
    [label] = client.labels.list_as_generator(PROJECT, first=1, output_format="parsed_label")
    assert label.to_dict() == listed[0].to_dict()


def test_creating_and_deleting(tmp_path: Path) -> None:
    with plain_box(tmp_path) as box, KiliClient(box.api_key, box.endpoint, disable_tqdm=True) as client:
        one, two = client.assets(PROJECT, fields=["id", "externalId"], first=2)
        new: dict[str, Any] = {"project_id": PROJECT, "asset_id": one["id"], "json_response": CONTENT}
        both = {"external_id_array": [one["externalId"], two["externalId"]], "json_response_array": [CONTENT, {}]}
        made = [
            *client.labels.create_default(**new),
            *client.labels.create_review(**new, model_name="m"),
            *client.labels.create_inference(**new, model_name="m"),
            *client.labels.create_inference(project_id=PROJECT, model_name="m", overwrite=True, **both),
        ]
        assert client.labels.create_prediction(**new, model_name="n") == {"id": PROJECT}
        fields = ["labelType", "modelName", "assetId", "jsonResponse"]
        rows = [client.labels(PROJECT, label_id=one["id"], fields=fields) for one in made]
        assert [row[0]["labelType"] if row else None for row in rows] == [
            "DEFAULT",
            "REVIEW",
            None,  # replaced
            "INFERENCE",
            "INFERENCE",
        ]
        assert rows[-1] == [
            {"labelType": "INFERENCE", "modelName": "m", "assetId": two["id"], "jsonResponse": {}},
        ]
        assert client.labels.delete(id=made[-1]["id"]) == [made[-1]["id"]]
        assert client.labels.delete(ids=[made[-2]["id"]]) == [made[-2]["id"]]


def test_exports_are_those_of_the_method(client: KiliClient, tmp_path: Path) -> None:
    def written(path: Path) -> dict[str, bytes]:
        with zipfile.ZipFile(path) as archive:
            return {name: archive.read(name) for name in archive.namelist()}

    buses: ExportFilter = {"label_category_search": "WHAT.BUS"}
    only: dict[str, Any] = {"label_type_in": ["PREDICTION"], "export_type": "normal"}
    client.exports.raw(PROJECT, tmp_path / "a.zip", filter=buses, single_file=True, **only)
    client.export_labels(
        PROJECT,
        tmp_path / "b.zip",
        "kili",
        single_file=True,
        with_assets=False,
        asset_filter_kwargs=buses,
        **only,
        normalized_coordinates=True,
    )
    assert written(tmp_path / "a.zip") == written(tmp_path / "b.zip")
    assert len(json.loads(written(tmp_path / "a.zip")["data.json"])) == ASSETS // 5
    with pytest.warns(UserWarning, match="nothing is exported"):
        client.exports.pascal_voc(PROJECT, tmp_path / "c.zip", with_assets=False)
    with pytest.warns(UserWarning, match="nothing is exported"):
        client.exports.yolo_v8(PROJECT, tmp_path / "c.zip", with_assets=False, layout="merged", label_type_in=[])
    frame = client.exports.dataframe(PROJECT, ["id", "author.email"], ["id"])
    assert list(frame.columns) == ["id", "author", "asset_id"]


def test_labels_of_features(tmp_path: Path) -> None:
    kili = {"job": "WHAT", "categories": [{"name": "CAR"}]}
    feature = {"type": "Feature", "geometry": None, "properties": {"kili": kili}}
    path = tmp_path / "cars.geojson"
    path.write_text(json.dumps({"type": "FeatureCollection", "features": [feature]}))
    (tmp_path / "box").mkdir()
    with plain_box(tmp_path / "box") as box, KiliClient(box.api_key, box.endpoint, disable_tqdm=True) as client:
        external_id = client.assets(PROJECT, fields=["externalId"], first=1)[0]["externalId"]
        new: dict[str, Any] = {
            "project_id": PROJECT,
            "asset_external_id": external_id,
            "geojson_file_paths": [path],
        }
        made = [
            client.labels.create_default_from_geojson(**new),
            client.labels.create_inference_from_geojson(**new),
            client.labels.create_prediction_from_geojson(**new, model_name="m"),
        ]
        rows = [client.labels(PROJECT, label_id=one["id"], fields=["labelType", "jsonResponse"])[0] for one in made]
        with pytest.raises(ArgumentError, match="model_name"):
            client.labels.create_prediction_from_geojson(**new)
    assert [row["labelType"] for row in rows] == ["DEFAULT", "INFERENCE", "PREDICTION"]
    assert all(row["jsonResponse"] == CONTENT for row in rows)


ASSET: dict[str, Any] = {"project_id": PROJECT, "asset_id": "a", "json_response": {}}


@pytest.mark.parametrize(
    ("method", "arguments", "kind", "message"),
    [
        ("labels.count", {"filter": {"typein": []}}, ArgumentError, "no filter `typein`: did you mean `type_in`"),
        ("labels.list", {"filter": {"fields": []}}, ArgumentError, "`filter` has no filter `fields`"),
        ("labels.list", {"filter": []}, ArgumentError, "`filter` must be a dict of filters"),
        ("labels.list", {"filter": {"type_in": ["MINE"]}}, ArgumentError, "must be one of AUTOSAVE"),
        ("labels.list_as_generator", {"filter": {"type": []}}, ArgumentError, "did you mean `type_in`"),
        ("labels.list", {"output_format": "json"}, ArgumentError, "`output_format` must be"),
        ("labels.create_default", {"assetid": "a"}, TypeError, "labels.create_default.* did you mean `asset_id`"),
        ("labels.create_default", {"model_name": "m"}, TypeError, "unexpected keyword argument 'model_name'"),
        ("labels.create_default", {"asset_id": "a"}, ArgumentError, "give `json_response` or `json_response_array`"),
        ("labels.create_default", {"json_response": {}}, MissingArgumentError, "give `asset_id`, `external_id`"),
        ("labels.create_default", ASSET | {"step_name": ""}, ArgumentError, "`step_name` is empty"),
        ("labels.create_default", ASSET | {"group_name": "x"}, ArgumentError, "`group_name` belongs to a `step_name`"),
        ("labels.create_review", ASSET | {"reviewed_label_id": ""}, ArgumentError, "holds an empty id"),
        ("labels.create_default", ASSET | {"asset_id_array": ["b"]}, IncompatibleArgumentsError, "give one of them"),
        ("labels.create_review", ASSET | {"json_response_array": []}, IncompatibleArgumentsError, "give one of them"),
        ("labels.create_inference", ASSET, TypeError, "missing a required argument: 'model_name'"),
        ("labels.create_prediction", ASSET | {"model_name": ""}, ArgumentError, "model_name"),
        ("labels.delete", {}, MissingArgumentError, "`id` or `ids` is needed"),
        ("labels.delete", {"id": "a", "ids": ["b"]}, IncompatibleArgumentsError, "`id` and `ids`"),
        ("exports.coco", {"filter": {"statusin": []}}, ArgumentError, "`filter` has no filter `statusin`: did you"),
        ("exports.kili", {"format": "coco"}, TypeError, "exports.kili.* unexpected keyword argument 'format'"),
        ("exports.kili", {"label_type_in": ["MINE"]}, ArgumentError, r"`label_type_in\[0\]` must be one of"),
        ("exports.kili", {"export_type": "newest"}, NotCompatibleOptions, "`export_type` must be one of"),
        ("exports.geojson", {"layout": "split"}, TypeError, "unexpected keyword argument 'layout'"),
    ],
)
def test_wrong_arguments_come_before_any_request(
    unsent: KiliClient, method: str, arguments: dict[str, Any], kind: type[Exception], message: str
) -> None:
    name, _, called = method.partition(".")
    given = {"project_id": PROJECT, **arguments} if called != "delete" else arguments
    if name == "exports":
        given = {"output_path": "a.zip", **given}
    with pytest.raises(kind, match=message):
        getattr(getattr(unsent, name), called)(**given)


def test_the_workflow_chooses_what_is_exported(client: KiliClient, tmp_path: Path) -> None:
    def fields(path: Path) -> set[str]:
        with zipfile.ZipFile(path) as archive:
            return set(json.loads(archive.read("data.json"))[0])

    path = tmp_path / "a.zip"
    client.exports.kili(PROJECT, path, single_file=True)
    assert "latestLabels" in fields(path)
    client.exports.kili(PROJECT, path, single_file=True, export_type="latest")
    assert "latestLabel" in fields(path)
    with (
        Sandbox(project=DEMO / "project.json", labels=DEMO / "labels.ndjson") as box,
        KiliClient(box.api_key, box.endpoint, disable_tqdm=True) as opened,
    ):
        opened.exports.kili(box.project_id, path, single_file=True)
        assert "latestLabel" in fields(path)
        with pytest.raises(ArgumentError, match="without steps, so 'latest_from_all_steps' does not apply"):
            opened.exports.kili(box.project_id, path, export_type="latest_from_all_steps")
