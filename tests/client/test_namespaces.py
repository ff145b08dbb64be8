"""Methods in namespaces: a client's own, with the same answers as the methods they call."""

import inspect
import json
import pydoc
import re
import zipfile
from collections.abc import Callable, Iterator, Mapping
from operator import attrgetter
from pathlib import Path
from typing import Any
from unittest import mock

import pytest

import kili_query as kq
from kili_query.client import KiliClient
from kili_query.client.namespaces import AssetFilter, ExportFilter, LabelFilter
from kili_query.errors import ArgumentError, IncompatibleArgumentsError, MissingArgumentError
from kili_query.export import NotCompatibleOptions
from kili_query.protocol import AssetKeywords, ExportFilters, LabelFilters, filters_of
from kili_query.sandbox import Sandbox
from tests.client.plain_box import ASSETS, PROJECT, plain_box

DEMO = Path(kq.__file__).parent / "demo"
CONTENT = {"WHAT": {"categories": [{"name": "CAR"}]}}
METHODS = {
    "assets": "count list list_as_generator",
    "events": "list",
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


@pytest.mark.parametrize("name", ["assets", "events", "labels"])
def test_some_are_a_method_and_a_namespace(client: KiliClient, name: str) -> None:
    both, of_class = getattr(client, name), getattr(KiliClient, name)
    assert list(both(PROJECT)) == both.list(PROJECT)
    assert inspect.signature(both) == inspect.signature(of_class)
    assert next(iter(inspect.signature(both).parameters)) == "project_id"
    for call in (of_class, of_class.list):
        with pytest.raises(TypeError, match=rf"`KiliClient.{name}` belongs to a client"):
            call(PROJECT)
    other = client.without_cache()
    assert getattr(other, name)._own() is other


@pytest.mark.parametrize("name", ["assets", "events", "labels"])
def test_a_stand_in_of_a_test_has_both(name: str) -> None:
    stand_in = getattr(mock.create_autospec(KiliClient, instance=True), name)
    stand_in.return_value, stand_in.list.return_value = ["called"], ["listed"]
    assert (stand_in(PROJECT), stand_in.list(PROJECT)) == (["called"], ["listed"])


@pytest.mark.parametrize(
    ("keys", "declared"), [(AssetFilter, AssetKeywords), (LabelFilter, LabelFilters), (ExportFilter, ExportFilters)]
)
def test_each_declared_filter_is_a_key(keys: Any, declared: type) -> None:
    assert set(filters_of(declared)) < keys.__optional_keys__


@pytest.mark.parametrize("filters", [{}, {"type_in": ["DEFAULT"]}, {"category_search": "WHAT.BUS.count > 0"}])
def test_lists_and_counts(client: KiliClient, filters: LabelFilter) -> None:
    listed = client.labels(PROJECT, fields=["id"], **filters)
    assert client.labels.list(PROJECT, ["id"], filter=filters) == listed
    assert list(client.labels.list_as_generator(PROJECT, ["id"], 3, 1, filter=filters)) == listed[1:4]
    assert client.labels.count(PROJECT, filters) == len(listed)


@pytest.mark.parametrize("filters", [{}, {"external_id_in": ["1"]}, {"label_category_search": "WHAT.BUS.count > 0"}])
def test_lists_and_counts_of_assets(client: KiliClient, filters: AssetFilter) -> None:
    listed = client.assets(PROJECT, fields=["id"], **filters)
    assert 0 < len(listed) <= ASSETS
    assert client.assets.list(PROJECT, fields=["id"], filter=filters) == listed
    assert list(client.assets.list_as_generator(PROJECT, None, False, ["id"], filters, 2, skip=1)) == listed[1:3]
    assert client.assets.count(PROJECT, filters) == len(listed)


def test_formats_of_assets(client: KiliClient) -> None:
    assert client.assets.list(PROJECT, first=2) == client.assets(PROJECT, first=2)
    assert list(client.assets.list(PROJECT, fields=["id"], first=2, format="pandas").columns) == ["id"]
    [asset] = client.assets.list(PROJECT, first=1, label_output_format="parsed_label")
    assert asset["labels"][0].jobs["WHAT"].categories[0].name == "BUS"


def test_no_fields_are_the_default(client: KiliClient) -> None:
    assert client.assets(PROJECT, fields=None, first=1) == client.assets(PROJECT, first=1)


def test_lists_of_events(tmp_path: Path) -> None:
    with plain_box(tmp_path) as box, KiliClient(box.api_key, box.endpoint, disable_tqdm=True) as client:
        asset = client.assets(PROJECT, fields=["id"], first=1)[0]["id"]
        client.append_labels([asset] * 3, json_response_array=[CONTENT] * 3)
        events = list(client.events(PROJECT))
        assert len(events) >= 3
        assert client.events.list(PROJECT, skip=2) == events[2:]
        assert client.events.list(PROJECT, ["id"], order=None) == [{"id": event["id"]} for event in events]
        assert client.events.list(PROJECT, from_event_id=events[0]["id"], order="desc") == events[:0:-1]


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
        ("assets.list", {"filter": {"statusin": []}}, ArgumentError, "no filter `statusin`: did you mean `status_in`"),
        ("assets.count", {"filter": {"asset_id": "a"}}, ArgumentError, "`filter` has no filter `asset_id`"),
        ("assets.list", {"format": "json"}, ArgumentError, "`format` must be 'raw' or 'pandas'"),
        ("events.list", {"event": ""}, ArgumentError, "`event` must be one whole name"),
        ("events.list", {"skip": -1}, ArgumentError, "`skip` is negative"),
        ("events.list", {"order": "newest"}, ArgumentError, "`order` must be 'asc' or 'desc'"),
        ("labels.create_default", {"assetid": "a"}, TypeError, "labels.create_default.* did you mean `asset_id`"),
        ("labels.create_default", {"model_name": "m"}, TypeError, "unexpected keyword argument 'model_name'"),
        ("labels.create_default", {"asset_id": "a"}, ArgumentError, "give `json_response` or `json_response_array`"),
        (
            "labels.create_default",
            {"asset_id_array": [], "json_response_array": []},
            ArgumentError,
            "`json_response_array` is empty",
        ),
        (
            "labels.create_default",
            {"asset_id": 5, "json_response": {}},
            ArgumentError,
            "^`asset_id` must be a text",
        ),
        ("labels.create_default", {"asset_id": "", "json_response": {}}, ArgumentError, "^`asset_id` is empty"),
        (
            "labels.create_default",
            {"asset_id": "a", "json_response": []},
            ArgumentError,
            "^`json_response` must be a dict",
        ),
        (
            "labels.create_default",
            {"asset_id": "a", "json_response": {"J": {1}}},
            ArgumentError,
            "^`json_response` is not",
        ),
        (
            "labels.create_default",
            {"external_id_array": ["a", ""], "json_response_array": [{}, {}]},
            ArgumentError,
            r"^`external_id_array\[1\]` is empty",
        ),
        (
            "labels.create_prediction",
            {"external_id_array": [5], "json_response_array": [{}], "model_name": "m"},
            ArgumentError,
            r"^`external_id_array\[0\]` must be a text",
        ),
        (
            "labels.create_default",
            {"external_id_array": ["a"], "json_response_array": [{}, {}]},
            ArgumentError,
            "`json_response_array` 2, `external_id_array` 1",
        ),
        ("labels.create_default", {"json_response": {}}, MissingArgumentError, "give `asset_id`, `external_id`"),
        ("labels.create_default", ASSET | {"step_name": ""}, ArgumentError, "`step_name` is empty"),
        ("labels.create_default", ASSET | {"group_name": "x"}, ArgumentError, "`group_name` belongs to a `step_name`"),
        (
            "labels.create_review",
            ASSET | {"reviewed_label_id": ""},
            ArgumentError,
            "^`reviewed_label_id` holds an",
        ),
        ("labels.create_default", ASSET | {"asset_id_array": ["b"]}, IncompatibleArgumentsError, "give one of them"),
        ("labels.create_review", ASSET | {"json_response_array": []}, IncompatibleArgumentsError, "give one of them"),
        ("labels.create_inference", ASSET, TypeError, "missing a required argument: 'model_name'"),
        ("labels.create_prediction", ASSET | {"model_name": ""}, ArgumentError, "model_name"),
        ("labels.delete", {}, MissingArgumentError, "`id` or `ids` is needed"),
        ("labels.delete", {"id": "a", "ids": ["b"]}, IncompatibleArgumentsError, "`id` and `ids`"),
        ("exports.coco", {"filter": {"statusin": []}}, ArgumentError, "`filter` has no filter `statusin`: did you"),
        ("exports.kili", {"with_assets": "no"}, ArgumentError, "`with_assets` must be one of True, False, not 'no'"),
        ("exports.kili", {"single_file": 1}, ArgumentError, "`single_file` must be one of True, False, not 1"),
        ("exports.coco", {"include_sent_back_labels": "x"}, ArgumentError, "`include_sent_back_labels` must be one of"),
        ("exports.coco", {"annotation_modifier": 3}, ArgumentError, "`annotation_modifier` must be a function, not 3"),
        ("labels.create_inference", ASSET | {"model_name": 3}, ArgumentError, "`model_name` must be a text, not 3"),
        (
            "labels.create_inference",
            ASSET | {"model_name": "m", "overwrite": "x"},
            ArgumentError,
            "`overwrite` must be True or False, not 'x'",
        ),
        ("labels.create_default", ASSET | {"project_id": 3}, ArgumentError, "`project_id` must be the id of a project"),
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


@pytest.mark.parametrize("method", [f"{name}.{called}" for name in METHODS for called in METHODS[name].split()])
def test_unknown_arguments_are_refused_in_the_name_of_the_method(unsent: KiliClient, method: str) -> None:
    called = attrgetter(method)(unsent)
    with pytest.raises(TypeError, match=rf"KiliClient\.{method}\(\) .*"):
        called(project_id=PROJECT, nothing_like_it=1)
    given = inspect.signature(called).parameters
    if "filter" in given:
        keys = {"labels": LabelFilter, "assets": AssetFilter, "exports": ExportFilter}[method.partition(".")[0]]
        for key in keys.__optional_keys__:  # type: ignore[attr-defined]
            with pytest.raises(TypeError, match=f"unexpected keyword argument '{key}': it is a key of `filter`"):
                called(PROJECT, **{"output_path": "a"} if "output_path" in given else {}, **{key: None})


@pytest.mark.parametrize(
    ("method", "argument", "hint"),
    [
        ("labels.list", "as_generator", "use `list_as_generator`"),
        ("assets.list", "as_generator", "use `list_as_generator`"),
        ("labels.list_as_generator", "disable_tqdm", "leave it out: this method shows no progress bar"),
        ("assets.list_as_generator", "format", "use `list`"),
        ("assets.count", "asset_id", "use `filter={'asset_id_in': [...]}`"),
        ("events.list", "first", "use `KiliClient.events`"),
        ("events.list", "as_generator", "use `KiliClient.events`"),
        ("labels.count", "typ_in", "did you mean `type_in`? it is a key of `filter`"),
        ("labels.list", "field", "did you mean `fields`?"),
    ],
)
def test_arguments_of_other_methods(unsent: KiliClient, method: str, argument: str, hint: str) -> None:
    with pytest.raises(TypeError, match=re.escape(f"unexpected keyword argument '{argument}': {hint}")):
        attrgetter(method)(unsent)(PROJECT, **{argument: None})


@pytest.mark.parametrize(
    ("argument", "hint"),
    [
        ("skip", "use `KiliClient.events.list`"),
        ("skp", "did you mean `skip`? use `KiliClient.events.list`"),
        ("first", "stop reading the iterator"),
        ("as_generator", "leave it out"),
        ("disable_tqdm", "leave it out"),
        ("from_event", "did you mean `from_event_id`?"),
    ],
)
def test_arguments_that_the_change_feed_does_not_have(unsent: KiliClient, argument: str, hint: str) -> None:
    with pytest.raises(ArgumentError, match=re.escape(f"there is no argument `{argument}`: {hint}")):
        unsent.events(PROJECT, **{argument: 3})  # type: ignore[misc]


PATHS: Mapping[str, Callable[[KiliClient, Any], object]] = {
    "output_path": lambda client, path: client.exports.coco(PROJECT, path),
    "filename": lambda client, path: client.export_labels(PROJECT, path, "kili"),
    "filename ": lambda client, path: client.download_labels(PROJECT, path),
    "media_cache": lambda client, path: client.export_labels(PROJECT, "a.zip", "kili", media_cache=path),
    "local_media_dir": lambda client, path: client.assets.list(PROJECT, download_media=True, local_media_dir=path),
    "geojson_file_paths[0]": lambda client, path: client.append_labels_from_geojson_files(PROJECT, "a", [path]),
    "shapefile_paths[0]": lambda client, path: client.append_labels_from_shapefiles(PROJECT, "a", [path], ["J"], ["C"]),
}


@pytest.mark.parametrize("path", [3, "", b"a.zip", "a\0b", ["a.zip"]], ids=repr)
@pytest.mark.parametrize("name", PATHS)
def test_paths_that_no_file_can_have(unsent: KiliClient, name: str, path: object) -> None:
    with pytest.raises(ArgumentError, match=rf"`{re.escape(name.strip())}` must be the path of a (file|folder), not "):
        PATHS[name](unsent, path)


def test_an_archive_needs_a_path(unsent: KiliClient) -> None:
    with pytest.raises(ArgumentError, match="`output_path` is needed: the format `coco` is an archive"):
        unsent.exports.coco(PROJECT, None)  # type: ignore[arg-type]


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
