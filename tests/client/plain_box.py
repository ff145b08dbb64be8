"""A sandbox of many small labels, and what it holds, asked for without the client."""

import json
import threading
from collections.abc import Iterator, Mapping
from concurrent.futures import wait
from contextlib import closing, contextmanager
from http.client import HTTPConnection
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from kili_query.client import KiliClient, asset_ids, assets, events, reading
from kili_query.client.client import _PREFETCHING_THREADS
from kili_query.client.contents import PAYLOAD_THREADS
from kili_query.client.settings import Settings
from kili_query.client.transport import Transport
from kili_query.client.writing import append, delete
from kili_query.sandbox import Sandbox
from tests.client.fake_clock import FakeTime

__all__ = ["ASSETS", "PROJECT", "ask", "client_of", "label_id", "plain_box", "settle", "small_pages"]

PROJECT = "project-1"
ASSETS = 25
"""Three of the `small_pages`, as each page begins with the last row of the one before."""

_CATEGORIES = {name: {"name": name.title(), "children": []} for name in ("CAR", "BUS")}
_JOB = {
    "mlTask": "CLASSIFICATION",
    "instruction": "What is there?",
    "isChild": False,
    "required": 0,
    "content": {"input": "checkbox", "categories": _CATEGORIES},
}


def label_id(kind: str, number: int) -> str:
    return f"{kind.lower()}-{number:02}"


@contextmanager
def small_pages() -> Iterator[None]:
    """Pages of ten rows, and mutations of two inputs: many requests without many labels."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(assets, "PAGE_SIZE", 10)
        patch.setattr(events, "PAGE_SIZE", 10)
        patch.setattr(reading, "PAGE_SIZE", 10)
        patch.setattr(asset_ids, "_PAGE_SIZE", 5)
        patch.setattr(append, "BATCH_SIZE", 2)
        patch.setattr(delete, "BATCH_SIZE", 2)
        yield


@contextmanager
def plain_box(folder: Path, *, number: int = ASSETS, **options: Any) -> Iterator[Sandbox]:
    """Serve assets with a label of each of three types; every fifth label is of a bus, the others of a car.

    All assets are in the first of two steps, and done.
    """
    interface = {"jobs": {"WHAT": _JOB}}
    steps = [{"id": f"step-{name.lower()}", "name": name, "stepGroupId": "group"} for name in ("Label", "Review")]
    workflow = {"workflowVersion": "V3", "steps": steps, "stepGroups": [{"id": "group", "name": "People"}]}
    project = {"id": PROJECT, "title": "Streets", "inputType": "IMAGE", "jsonInterface": interface, **workflow}
    (folder / "project.json").write_text(json.dumps(project), encoding="utf-8")
    lines = [
        {
            "id": label_id(kind, one),
            "labelType": kind,
            "modelName": None if kind == "DEFAULT" else "model",
            "labelOf": {"id": f"asset-{one:02}", "externalId": f"file-{one:02}"},
            "jsonResponse": {"WHAT": {"categories": [{"name": "CAR" if one % 5 else "BUS"}]}},
        }
        for one in range(number)
        for kind in ("DEFAULT", "PREDICTION", "INFERENCE")
    ]
    (folder / "labels.ndjson").write_text("\n".join(map(json.dumps, lines)), encoding="utf-8")
    with Sandbox(project=folder, **options) as box:
        yield box


@contextmanager
def client_of(box: Sandbox, **options: Any) -> Iterator[tuple[KiliClient, FakeTime]]:
    """A client whose pauses take no time, and its clock."""
    time = FakeTime(chance=0.0)
    settings = Settings(box.api_key, box.endpoint)
    with (
        Transport(settings, calls_per_minute=None, clock=time.clock) as transport,
        KiliClient(box.api_key, box.endpoint, transport=transport, disable_tqdm=True, **options) as client,
    ):
        yield client, time
        settle(client)


def settle(client: KiliClient) -> None:
    """Wait until nothing is under way that was asked for ahead, and that nobody waits for."""
    for pool, number, name in (
        (client._pool, _PREFETCHING_THREADS, "kili-pages"),
        (client._payload_pool, PAYLOAD_THREADS, "kili-payloads"),
    ):
        if not any(thread.name.startswith(name) for thread in threading.enumerate()):
            continue  # nothing was ever asked for ahead
        together = threading.Barrier(number)
        wait([pool.submit(together.wait) for _ in range(number)], timeout=60)


def ask(box: Sandbox, query: str, variables: Mapping[str, object]) -> Any:
    """The value of the field ``data`` of a query, from the sandbox itself."""
    headers = {"Authorization": f"X-API-Key: {box.api_key}", "Content-Type": "application/json"}
    body = json.dumps({"query": query, "variables": variables})
    with closing(HTTPConnection(box.host, box.port, timeout=60)) as connection:
        connection.request("POST", urlsplit(box.endpoint).path, body, headers)
        answer = json.loads(connection.getresponse().read())
    assert "errors" not in answer, answer
    return answer["data"]["data"]
