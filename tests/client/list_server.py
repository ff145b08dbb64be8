"""A small server of one project, whose lists a test can change between two requests. It answers what is selected."""

import json
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import graphql
from attrs import define, field

import kili_query as kq
from kili_query.counting.label import content_of
from kili_query.errors import UnknownContentError

__all__ = ["KEY", "ListServer", "label", "serve_lists"]

KEY = "key-of-tests"
INTERFACE = {
    "jobs": {
        "OBJECTS": {
            "mlTask": "OBJECT_DETECTION",
            "instruction": "Objects",
            "isChild": False,
            "required": 0,
            "tools": ["rectangle"],
            "content": {
                "input": "radio",
                "categories": {name: {"name": name.title(), "children": []} for name in ("CAR", "BUS")},
            },
        }
    }
}


def label(number: int, *, cars: int = 0, buses: int = 0, **rest: object) -> dict[str, Any]:
    """A label as the server holds it; its content is text."""
    names = ["CAR"] * cars + ["BUS"] * buses
    boxes = [{"mid": f"{number}-{index}", "categories": [{"name": name}]} for index, name in enumerate(names)]
    return {
        "id": f"label-{number}",
        "assetId": f"asset-{number}",
        "labelOf": {"id": f"asset-{number}"},
        "author": {"id": "user-1", "email": "ann@kili.example"},
        "createdAt": "2024-07-01T00:00:00.000Z",
        "isLatestLabelForUser": True,
        "jsonResponse": json.dumps({"OBJECTS": {"annotations": boxes}}) if names else "{}",
        "jsonResponseUrl": None,
        "labelType": "DEFAULT",
        "modelName": None,
        "secondsToLabel": 3,
        **rest,
    }


@define
class ListServer:
    """What is served, and what was asked.

    Attributes:
        knows_urls: it has the field `jsonResponseUrl`.
        unknown_fields: others that it does not have.
        before: called with each request before it is answered, such as to change the lists.
        requests: the root field and the variables of each request but those of the start.
    """

    labels: list[dict[str, Any]] = field(factory=list)
    assets: list[dict[str, Any]] = field(factory=list)
    interface: dict[str, Any] = field(factory=lambda: json.loads(json.dumps(INTERFACE)))
    input_type: str = "IMAGE"
    payloads: dict[str, bytes] = field(factory=dict)
    knows_urls: bool = True
    unknown_fields: Sequence[str] = ()
    before: Callable[[str, Mapping[str, Any]], None] = lambda root, variables: None
    requests: list[tuple[str, Mapping[str, Any]]] = field(factory=list)
    selections: list[str] = field(factory=list)
    endpoint: str = ""
    fetched: list[str] = field(factory=list)
    _lock: threading.Lock = field(factory=threading.Lock)

    @property
    def roots(self) -> list[str]:
        """The root fields that were asked, in order."""
        return [root for root, _ in self.requests]

    def url(self, name: str) -> str:
        return self.endpoint.removesuffix("graphql") + name

    def answer(self, body: Mapping[str, Any]) -> dict[str, Any]:
        root = _root_field(body["query"])
        name, variables = root.name.value, body.get("variables", {})
        if name == "me":
            return {"data": {"data": {"id": "user-1", "email": "ann@kili.example"}}}
        if name == "apiKeys":
            return {"data": {"data": []}}
        with self._lock:
            self.requests.append((name, variables))
            self.selections.append(graphql.print_ast(root.selection_set) if root.selection_set else "")
            for unknown in (*self.unknown_fields, *(() if self.knows_urls else ("jsonResponseUrl",))):
                if unknown in self.selections[-1]:
                    message = f'Cannot query field "{unknown}" on type "{name}".'
                    return {"errors": [{"message": message, "extensions": {}}]}
            self.before(name, variables)
            found = self._found(name, variables)
        if isinstance(found, list) and root.selection_set:
            found = [_selected(row, root.selection_set) for row in found]
        return {"data": {"data": found}}

    def _found(self, root: str, variables: Mapping[str, Any]) -> Any:
        where = variables.get("where", {})
        match root:
            case "labels" | "countLabels":
                rows = self._labels(where)
            case "assets" | "countAssets":
                rows = self._assets(where)
            case "projects":
                rows = [self._project()] if where["id"] == "project-1" else []
        if root.startswith("count"):
            return len(rows)
        return rows[variables["skip"] : variables["skip"] + variables["first"]]

    def _project(self) -> dict[str, Any]:
        return {
            "id": "project-1",
            "title": "Streets",
            "description": "",
            "inputType": self.input_type,
            "jsonInterface": json.dumps(self.interface),
        }

    def _labels(self, where: Mapping[str, Any]) -> list[dict[str, Any]]:
        rows = [row for row in self.labels if row["labelType"] in where.get("typeIn", [row["labelType"]])]
        if "search" not in where:
            return rows
        matches = kq.parse(where["search"], dialect="core").compile()
        return [row for row in rows if row["jsonResponse"] and matches(_content(row))]

    def _assets(self, where: Mapping[str, Any]) -> list[dict[str, Any]]:
        if "label" not in where:
            return self.assets
        ids = {row["assetId"] for row in self._labels(where["label"])}
        return [asset for asset in self.assets if asset["id"] in ids]


@cache
def _root_field(text: str) -> graphql.FieldNode:
    """The root field of a document; clients send few different ones."""
    return graphql.parse(text).definitions[0].selection_set.selections[0]


def _content(row: dict[str, Any]) -> object:
    """The content of a label as the server knows it; nothing where annotations are of a kind that is not searched."""
    try:
        return content_of(row)
    except UnknownContentError:
        return {}


def _selected(value: Any, selections: graphql.SelectionSetNode) -> Any:
    if isinstance(value, list):
        return [_selected(one, selections) for one in value]
    if not isinstance(value, dict):
        return value
    found: dict[str, Any] = {}
    for one in selections.selections:
        if isinstance(one, graphql.InlineFragmentNode):
            if one.type_condition.name.value == value.get("__typename"):
                found |= _selected(value, one.selection_set)
            continue
        inner = value.get(one.name.value)
        found[one.name.value] = _selected(inner, one.selection_set) if one.selection_set else inner
    return found


@contextmanager
def serve_lists(**options: Any) -> Iterator[ListServer]:
    """Serve on a free port of this machine until the block ends."""
    served = ListServer(**options)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        wbufsize = -1  # an answer is sent at once: its body would wait until the client has acknowledged its head

        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            self._send(json.dumps(served.answer(body)).encode())

        def do_GET(self) -> None:
            name = self.path.rpartition("/")[2]
            with served._lock:
                served.fetched.append(name)
            found = served.payloads.get(name)
            self._send(b"" if found is None else found, 404 if found is None else 200)

        def _send(self, body: bytes, status: int = 200) -> None:
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    served.endpoint = f"http://127.0.0.1:{server.server_address[1]}/api/label/v2/graphql"
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield served
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
