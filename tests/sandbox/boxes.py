"""Sandboxes with labels made for a test, and what asks them over HTTP."""

import json
import threading
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import requests
from attrs import frozen

from kili_query.sandbox import Sandbox
from tests.sandbox.serving import TIMEOUT_S

__all__ = ["INTERFACE", "Asker", "asking", "box_of", "write_project"]


def _job(task: str, *categories: str, children: tuple[str, ...] = (), is_child: bool = False) -> dict[str, Any]:
    named = {key: {"name": key.title(), "children": list(children)} for key in categories}
    content = {"categories": named, "input": "radio"}
    return {"mlTask": task, "instruction": "", "required": 0, "isChild": is_child, "content": content}


INTERFACE = {
    "jobs": {
        "OBJECTS": _job("OBJECT_DETECTION", "CAR", "BUS", children=("COLOR",)),
        "SCENE": _job("CLASSIFICATION", "INDOOR", "OUTDOOR"),
        "COLOR": _job("CLASSIFICATION", "RED", "BLUE", is_child=True),
    }
}


def write_project(
    folder: Path,
    labels: Iterable[Mapping[str, object]] = (),
    assets: Iterable[Mapping[str, object]] | None = None,
    **project: object,
) -> Path:
    """A folder as `Sandbox` reads it."""
    folder.mkdir(exist_ok=True)
    document = {"id": "p", "title": "Streets", "inputType": "IMAGE", "jsonInterface": INTERFACE, **project}
    (folder / "project.json").write_text(json.dumps(document), encoding="utf-8")
    for name, rows in (("labels", labels), ("assets", assets)):
        if rows is not None:
            text = "".join(f"{json.dumps(row)}\n" for row in rows)
            (folder / f"{name}.ndjson").write_text(text, encoding="utf-8")
    return folder


@frozen
class Asker:
    """Asks a server as a client does."""

    endpoint: str
    api_key: str
    project_id: str = "p"

    def post(self, body: object, **more: Any) -> requests.Response:
        """Send bytes as they are, or anything else as JSON."""
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        headers = {"Authorization": f"X-API-Key: {self.api_key}", "Content-Type": "application/json"}
        headers |= more.pop("headers", {})
        return _session().post(self.endpoint, data=data, headers=headers, timeout=TIMEOUT_S, **more)

    def answer(self, query: str, **variables: object) -> dict[str, Any]:
        response = self.post({"query": query, "variables": variables})
        assert response.status_code == 200, response.text
        answer: dict[str, Any] = response.json()
        return answer

    def data(self, query: str, **variables: object) -> Any:
        """What a document gives under the alias ``data``."""
        answer = self.answer(query, **variables)
        assert "errors" not in answer, answer
        return answer["data"]["data"]

    def refusal(self, query: str, **variables: object) -> str:
        """The message of the only error; it has ``extensions``, without which official clients fail."""
        answer = self.answer(query, **variables)
        [error] = answer["errors"]
        assert isinstance(error["extensions"], dict)
        return str(error["message"])

    def count(self, **where: object) -> Any:
        return self.data("query ($where: LabelWhere!) { data: countLabels(where: $where) }", where=where)

    def count_assets(self, **where: object) -> Any:
        return self.data("query ($where: AssetWhere!) { data: countAssets(where: $where) }", where=where)

    def labels(self, fields: str = "id", *, first: int = 100, skip: int = 0, **where: object) -> Any:
        query = (
            "query ($where: LabelWhere!, $first: PageSize!, $skip: Int!)"
            f" {{ data: labels(where: $where, first: $first, skip: $skip) {{ {fields} }} }}"
        )
        return self.data(query, where=where, first=first, skip=skip)

    def assets(self, fields: str = "id", *, first: int = 100, skip: int = 0, **where: object) -> Any:
        query = (
            "query ($where: AssetWhere!, $first: PageSize!, $skip: Int!)"
            f" {{ data: assets(where: $where, first: $first, skip: $skip) {{ {fields} }} }}"
        )
        return self.data(query, where=where, first=first, skip=skip)

    def ids(self, **where: object) -> list[str]:
        """The ids of the labels under filters; as many as are counted, which is checked too."""
        ids = [label["id"] for label in self.labels(**where)]
        assert len(ids) == self.count(**where)
        return ids

    def asset_ids(self, **where: object) -> list[str]:
        """The ids of the assets under filters; as many as are counted, which is checked too."""
        ids = [asset["id"] for asset in self.assets(**where)]
        assert len(ids) == self.count_assets(**where)
        return ids

    def append(
        self, *labels: Mapping[str, object], label_type: str = "DEFAULT", overwrite: bool = False, **where: object
    ) -> Any:
        """The ids of the labels that are added; ``where`` is all of the project unless given."""
        query = (
            "mutation ($data: AppendManyLabelsData!, $where: AssetWhere!)"
            " { data: appendManyLabels(data: $data, where: $where) { id } }"
        )
        data = {"labelType": label_type, "labelsData": labels, "overwrite": overwrite}
        return [label["id"] for label in self.data(query, data=data, where=where or {"project": {"id": "p"}})]


_SESSIONS = threading.local()


def _session() -> requests.Session:
    """One for each thread, which keeps its connections: making them takes longer than most answers."""
    if not hasattr(_SESSIONS, "session"):
        _SESSIONS.session = requests.Session()
        _SESSIONS.session.trust_env = False
    session: requests.Session = _SESSIONS.session
    return session


def asking(box: Sandbox) -> Asker:
    return Asker(box.endpoint, box.api_key, box.project_id)


@contextmanager
def box_of(folder: Path, **options: Any) -> Iterator[Asker]:
    """Serve a folder for as long as a block lasts."""
    with Sandbox(project=folder, **options) as box:
        yield asking(box)
