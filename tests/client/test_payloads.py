"""Contents that stand in files of their own: fetched together, in order, and never taken for empty."""

import json
import threading

import pytest

from kili_query.client.payloads import fetch_payloads
from kili_query.client.request import Request
from kili_query.client.settings import Settings
from kili_query.client.transport import Transport
from kili_query.errors import MalformedLabelError, TransportError
from tests.client.fake_clock import FakeTime
from tests.client.scripted_server import Answer, Received, ScriptedServer


def content(request: Received) -> Answer:
    number = int(request.path.rsplit("/", maxsplit=1)[-1])
    return Answer(b"", 404) if number == 13 else Answer(json.dumps({"JOB": {"text": number}}).encode())


def labels_at(origin: str, count: int) -> list[dict[str, object]]:
    return [{"id": f"l{n}", "jsonResponse": "{}", "jsonResponseUrl": f"{origin}/f/{n}"} for n in range(count)]


def transport_to(server: ScriptedServer) -> Transport:
    return Transport(Settings("key", server.endpoint), clock=FakeTime().clock)


def test_contents_come_in_the_order_of_the_labels() -> None:
    with ScriptedServer([content]) as server, transport_to(server) as transport:
        labels = [label for label in labels_at(server.origin, 200) if label["id"] != "l13"]
        found = fetch_payloads(iter(labels), transport)
        assert found == [
            {"id": label["id"], "jsonResponse": {"JOB": {"text": int(label["id"][1:])}}} for label in labels
        ]
        assert server.connections <= 24
        assert labels[0]["jsonResponseUrl"] == f"{server.origin}/f/0"


def test_a_label_without_url_keeps_its_text() -> None:
    with ScriptedServer([content]) as server, transport_to(server) as transport:
        labels = [{"id": "a", "jsonResponse": "{}", "jsonResponseUrl": None}, {"id": "b"}]
        assert fetch_payloads(labels, transport) == [{"id": "a", "jsonResponse": "{}"}, {"id": "b"}]
        assert fetch_payloads([], transport) == []
        assert server.connections == 0


def test_a_content_that_cannot_be_had_raises() -> None:
    with (
        ScriptedServer([content]) as server,
        transport_to(server) as transport,
        pytest.raises(TransportError, match=r"/f/13` cannot be fetched: .* HTTP 404") as raised,
    ):
        fetch_payloads(labels_at(server.origin, 30), transport)
    assert raised.value.__notes__ == ["it is the content of label `l13`"]


def test_a_content_that_cannot_be_had_is_unknown_and_not_empty() -> None:
    with ScriptedServer([content]) as server, transport_to(server) as transport:
        found = fetch_payloads(labels_at(server.origin, 20), transport, on_failure="unknown")
    assert [label["id"] for label in found if label["jsonResponse"] is None] == ["l13"]
    assert found[14]["jsonResponse"] == {"JOB": {"text": 14}}


@pytest.mark.parametrize("url", ["f/1", "file:///etc/passwd", "", 3, ["http://x"]])
def test_what_is_no_url(url: object) -> None:
    with Transport(Settings("key")) as transport:
        label = {"id": "l", "jsonResponseUrl": url}
        with pytest.raises(MalformedLabelError, match="label `l` has no URL that can be fetched"):
            fetch_payloads([label], transport)
        assert fetch_payloads([label], transport, on_failure="unknown") == [{"id": "l", "jsonResponse": None}]


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
    found = fetch_payloads(labels_at("http://x", 64), Gate(16), threads=16)
    assert [label["jsonResponse"] for label in found] == [f"http://x/f/{n}" for n in range(64)]
