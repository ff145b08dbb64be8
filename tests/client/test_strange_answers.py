"""Services that answer something else: all methods say so, and none takes it for labels."""

import gzip
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from kili_query.client import KiliClient
from kili_query.errors import LabelError, ServiceError, TransportError
from kili_query.sandbox import Sandbox
from tests.client.list_server import KEY, ListServer, label, serve_lists
from tests.client.plain_box import ASSETS, PROJECT, client_of, plain_box, small_pages
from tests.client.scripted_server import Answer, Received, ScriptedServer, data


@pytest.fixture
def served() -> Iterator[ListServer]:
    with serve_lists(labels=[label(number, cars=number % 4) for number in range(5)]) as server:
        yield server


@pytest.fixture
def client(served: ListServer) -> Iterator[KiliClient]:
    with KiliClient(KEY, served.endpoint) as client:
        yield client


METHODS: dict[str, Callable[[KiliClient], object]] = {
    "labels": lambda client: client.labels("project-1", fields=["id"]),
    "predictions": lambda client: client.predictions("project-1", fields=["id"]),
    "assets": lambda client: client.assets("project-1", fields=["id"]),
    "frame": lambda client: client.export_labels_as_df("project-1"),
    "count_labels": lambda client: client.count_labels("project-1"),
    "count_assets": lambda client: client.count_assets("project-1"),
    "project": lambda client: client.project("project-1"),
    "append by external id": lambda client: client.append_labels(
        json_response_array=[{}], asset_external_id_array=["x"], project_id="project-1"
    ),
}


@pytest.mark.parametrize("answer", [True, "3", 2.5, {}, {"id": "x"}, [None], [[]], ["x"], [3]], ids=str)
@pytest.mark.parametrize("method", METHODS)
def test_a_value_of_another_type(method: str, answer: object) -> None:
    with ScriptedServer([data(answer)]) as server:
        client = KiliClientOf(server)
        with client, pytest.raises(TransportError, match="the answer is no|an asset without"):
            METHODS[method](client)


def KiliClientOf(server: ScriptedServer) -> KiliClient:  # noqa: N802
    raise NotImplementedError


def test_labels_that_are_null_within_assets(client: KiliClient, served: ListServer) -> None:
    served.assets = [{"id": "a", "externalId": "x", "labels": [None, label(1)], "latestLabel": None}]
    with pytest.raises(TransportError, match="the labels of an asset are no objects: None"):
        client.export_labels_as_df("project-1")
    found = client.assets("project-1", fields=["id", "labels.jsonResponse"])
    assert found[0]["labels"] == [None, {"jsonResponse": {}}]
    served.assets[0]["labels"] = None
    assert client.export_labels_as_df("project-1").empty


@pytest.mark.parametrize("content", [[], "text", 3, {"OBJECTS": []}, {"OBJECTS": {"annotations": {}}}])
def test_a_content_of_another_shape_is_no_non_match(client: KiliClient, served: ListServer, content: object) -> None:
    served.labels[0]["jsonResponse"] = json.dumps(content)
    with pytest.raises(LabelError, match="label `label-0`"):
        client.labels("project-1", category_search="OBJECTS.CAR.count + OBJECTS.BUS.count > 1")


def test_a_large_answer_is_read_whole() -> None:
    rows = [label(number) | {"jsonResponse": json.dumps({"J": {"text": "é" * 100_000}})} for number in range(50)]
    body = json.dumps({"data": {"data": rows}}).encode()
    packed = Answer(gzip.compress(body, 1), headers={"Content-Encoding": "gzip"})
    with ScriptedServer([packed]) as server, skipping_checks(server) as client:
        found = client.labels("project-1", fields=["id", "labelType"])
    assert len(found) == 50


def skipping_checks(server: ScriptedServer) -> KiliClient:
    raise NotImplementedError
