"""Contents at URLs: fetched together, put into the right labels, and never mistaken for empty ones."""

import json
import threading

import pytest

from kili_query.client.contents import UNREADABLE, download_contents
from kili_query.client.paging import Row
from kili_query.client.request import Request
from kili_query.client.settings import Settings
from kili_query.client.threads import Threads
from kili_query.client.transport import Transport
from kili_query.errors import MalformedLabelError, TransportError
from tests.client.fake_clock import FakeTime
from tests.client.scripted_server import Answer, Received, ScriptedServer


def content(request: Received) -> Answer:
    number = int(request.path.rsplit("/", maxsplit=1)[-1])
    return Answer(b"", 404) if number == 13 else Answer(json.dumps({"JOB": {"text": number}}).encode())


def labels_at(origin: str, count: int) -> list[Row]:
    return [{"id": f"l{n}", "jsonResponse": "{}", "jsonResponseUrl": f"{origin}/f/{n}"} for n in range(count)]


def transport_to(server: ScriptedServer) -> Transport:
    return Transport(Settings("key", server.endpoint), clock=FakeTime().clock)


def test_each_label_gets_its_content() -> None:
    with ScriptedServer([content]) as server, transport_to(server) as transport, Threads(24, "test") as pool:
        labels = [label for label in labels_at(server.origin, 200) if label["id"] != "l13"]
        wanted = [{"id": label["id"], "jsonResponse": {"JOB": {"text": int(label["id"][1:])}}} for label in labels]
        download_contents(iter(labels), transport, "raise", pool=pool)
        assert labels == wanted
        assert server.connections <= 24


@pytest.mark.parametrize("keep_urls", [False, True])
def test_a_label_without_a_url_keeps_its_text(keep_urls: bool) -> None:
    with ScriptedServer([content]) as server, transport_to(server) as transport:
        url = {"jsonResponseUrl": None}
        labels: list[Row] = [{"id": "a", "jsonResponse": "{}", **url}, {"id": "b"}]
        download_contents(labels, transport, "raise", keep_urls=keep_urls)
        assert labels == [{"id": "a", "jsonResponse": "{}"} | (url if keep_urls else {}), {"id": "b"}]
        assert server.connections == 0


def test_a_content_that_cannot_be_fetched_raises() -> None:
    with (
        ScriptedServer([content]) as server,
        transport_to(server) as transport,
        Threads(24, "test") as pool,
        pytest.raises(TransportError, match=r"/f/13` cannot be fetched: .* HTTP 404") as raised,
    ):
        download_contents(labels_at(server.origin, 30), transport, "raise", pool=pool)
    assert raised.value.__notes__ == ["it is the content of label `l13`"]


def test_a_content_that_cannot_be_fetched_is_unreadable_and_not_empty() -> None:
    with ScriptedServer([content]) as server, transport_to(server) as transport:
        labels = labels_at(server.origin, 20)
        download_contents(labels, transport, "skip", keep_urls=True)
    assert [label["id"] for label in labels if label["jsonResponse"] is UNREADABLE] == ["l13"]
    assert labels[14]["jsonResponse"] == {"JOB": {"text": 14}}
    assert labels[14]["jsonResponseUrl"] == f"{server.origin}/f/14"


@pytest.mark.parametrize("url", ["f/1", "file:///etc/passwd", "", 3, ["http://x"]])
def test_values_that_are_not_urls(url: object) -> None:
    with Transport(Settings("key")) as transport:
        with pytest.raises(MalformedLabelError, match="label `l` has no URL that can be fetched"):
            download_contents([{"id": "l", "jsonResponseUrl": url}], transport, "raise")
        label: Row = {"id": "l", "jsonResponseUrl": url}
        download_contents([label], transport, "skip")
        assert label == {"id": "l", "jsonResponse": UNREADABLE}


class Gate:
    """A service that answers once so many contents are asked for at the same time."""

    def __init__(self, width: int) -> None:
        self.barrier = threading.Barrier(width)

    def ask(self, request: Request) -> object:
        raise AssertionError(request)

    def get_json(self, url: str) -> object:
        self.barrier.wait(timeout=20)
        return url


def test_as_many_are_fetched_at_a_time_as_there_are_threads() -> None:
    labels = labels_at("http://x", 64)
    with Threads(16, "test") as pool:
        download_contents(labels, Gate(16), "raise", pool=pool)
    assert [label["jsonResponse"] for label in labels] == [f"http://x/f/{n}" for n in range(64)]
