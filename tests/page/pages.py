"""Pages under test: a source that is served on a real port, and a client that has its cookie."""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.client import HTTPConnection, HTTPResponse
from typing import Any

from attrs import define

from kili_query.page.server import PageServer
from kili_query.page.source import PageSource


@define
class Answer:
    """An answer of the server."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    def json(self) -> Any:
        return json.loads(self.body)


@define
class Client:
    """Sends requests as a browser would that opened the link."""

    box: PageServer
    cookie: str | None = None

    def send(
        self, method: str, path: str, body: bytes | None = None, headers: Mapping[str, str] | None = None
    ) -> Answer:
        connection = HTTPConnection("127.0.0.1", self.box.port, timeout=30)
        own = {} if self.cookie is None else {"Cookie": self.cookie}
        try:
            connection.request(method, path, body, {**own, **(headers or {})})
            answer: HTTPResponse = connection.getresponse()
            return Answer(answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read())
        finally:
            connection.close()

    def call(self, name: str, **request: Any) -> Any:
        body = json.dumps(request).encode()
        answer = self.send("POST", f"/api/v1/{name}", body, {"Content-Type": "application/json"})
        return answer.json()

    def log_in(self) -> Answer:
        """Open the link, as `kili-query open` prints it."""
        answer = self.send("GET", self.box.link.removeprefix(self.box.url))
        self.cookie = answer.headers["set-cookie"].split(";")[0]
        return answer


@contextmanager
def served(source: PageSource) -> Iterator[Client]:
    """Serve the page of a source; yield a client that has not opened the link yet."""
    with PageServer(source) as box:
        yield Client(box)
