"""The server of the page, on a real port: who may ask, and what answers say to browsers."""

from collections.abc import Iterator

import pytest

from kili_query.page.plain import PlainSource
from tests.page.pages import Client, served

LABELS = [{"id": str(n), "jsonResponse": {"J": {"categories": [{"name": "A"}] * n}}} for n in range(3)]


@pytest.fixture(scope="module")
def source() -> PlainSource:
    return PlainSource.of(LABELS)


@pytest.fixture
def client(source: PlainSource) -> Iterator[Client]:
    with served(source) as client:
        yield client


def test_the_link_becomes_a_cookie(client: Client) -> None:
    assert client.send("POST", "/api/v1/run", b"{}").status == 401
    answer = client.log_in()
    assert (answer.status, answer.headers["location"]) == (303, "/")
    assert {"HttpOnly", "Path=/", "SameSite=strict"} <= set(answer.headers["set-cookie"].split("; "))
    assert client.call("run", query="J.A")["matched"] == 2
