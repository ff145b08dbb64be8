"""What the transport sends: once, in which form, to whom, and with whose key."""

import gzip
import json
import logging
import os
import pickle
import ssl
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from kili_query.client.request import Request
from kili_query.client.settings import Settings
from kili_query.client.transport import Transport
from kili_query.errors import ArgumentError, GraphQLError, MutationOutcomeUnknown, ServiceError, TransportError
from kili_query.protocol import APPEND_MANY_LABELS, COUNT_LABELS, DELETE_LABELS
from tests.client.conftest import RunScript
from tests.client.fake_clock import FakeTime
from tests.client.scripted_server import Answer, Cut, Received, ScriptedServer, data, errors

KEY = "the-secret-key"
QUERY = Request(COUNT_LABELS, {"where": {"id": "l1"}})
LARGE = Request(APPEND_MANY_LABELS, {"data": {"text": "é" * 200_000}, "where": {}})


def settings_of(server: ScriptedServer, **rest: object) -> Settings:
    return Settings(KEY, server.endpoint, **rest)


def transport_to(server: ScriptedServer, **rest: object) -> Transport:
    return Transport(settings_of(server, **rest), calls_per_minute=None, clock=FakeTime().clock)


def test_a_call_is_one_post_with_the_documented_headers() -> None:
    with ScriptedServer([data(3)]) as server, transport_to(server) as transport:
        assert transport.ask(QUERY) == 3
    (sent,) = server.requests
    assert (sent.method, sent.path) == ("POST", "/api/label/v2/graphql")
    assert sent.json() == {"query": COUNT_LABELS.document(), "variables": {"where": {"id": "l1"}}}
    assert sent.headers["Authorization"] == f"X-API-Key: {KEY}"
    assert sent.headers["kili-client-method-name"] == "countLabels"
    assert sent.headers["kili-client-call-time"] == "2024-07-01T12:00:00.000Z"
    assert sent.headers["Content-Type"] == "application/json"
    assert "Cookie" not in sent.headers


def test_variables_that_are_no_json_are_refused_before_anything_is_sent() -> None:
    with ScriptedServer([data(3)]) as server, transport_to(server) as transport:
        for value in (float("nan"), {1, 2}, object()):
            with pytest.raises(ArgumentError, match="variables of `countLabels` are not JSON"):
                transport.ask(Request(COUNT_LABELS, {"where": {"metadata": value}}))
        assert server.connections == 0


def test_a_connection_is_used_again() -> None:
    with ScriptedServer([data(3)]) as server, transport_to(server) as transport:
        for _ in range(5):
            transport.ask(QUERY)
        assert (server.begun, server.connections) == (5, 1)


def test_after_a_long_pause_the_old_connections_are_not_trusted() -> None:
    time = FakeTime()
    with ScriptedServer([data(3)]) as server:
        with Transport(settings_of(server), calls_per_minute=None, clock=time.clock) as transport:
            transport.ask(QUERY)
            time.now_s += 31
            transport.ask(QUERY)
        assert server.connections == 2


def test_an_answer_whose_end_comes_after_the_deadline_is_not_taken() -> None:
    time = FakeTime()

    def late(_: Received) -> Answer:
        time.now_s += 1_000
        return data(3)

    with (
        ScriptedServer([late]) as server,
        Transport(settings_of(server), calls_per_minute=None, clock=time.clock) as transport,
        pytest.raises(TransportError, match="not complete before the deadline"),
    ):
        transport.ask(QUERY)


def test_many_threads_each_get_their_own_answer() -> None:
    def echo(request: Received) -> Answer:
        return data(json.loads(request.body)["variables"]["where"]["id"])

    with ScriptedServer([echo]) as server, transport_to(server) as transport, ThreadPoolExecutor(20) as pool:
        asked = [str(number) for number in range(400)]
        answers = pool.map(lambda number: transport.ask(Request(COUNT_LABELS, {"where": {"id": number}})), asked)
        assert list(answers) == asked
        assert server.connections <= 20
    assert len({sent.headers["kili-client-call-uuid"] for sent in server.requests}) == 400


def test_cookies_are_not_kept() -> None:
    with ScriptedServer([Answer(data(3).body, headers={"Set-Cookie": "a=b"})]) as server:
        with transport_to(server) as transport:
            transport.ask(QUERY)
            transport.ask(QUERY)
        assert all("Cookie" not in sent.headers for sent in server.requests)


def test_a_password_in_netrc_does_not_take_the_place_of_the_key(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login me password mine\n")
    netrc.chmod(0o600)
    monkeypatch.setenv("NETRC", str(netrc))
    with ScriptedServer([data(3)]) as server, transport_to(server) as transport:
        transport.ask(QUERY)
        transport.get_json(f"{server.origin}/elsewhere")
    assert [sent.headers.get("Authorization") for sent in server.requests] == [f"X-API-Key: {KEY}", None]


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirected_mutation_goes_nowhere_else(status: int) -> None:
    with ScriptedServer([data(3)]) as other:
        away = Answer(b"", status, {"Location": other.endpoint})
        with ScriptedServer([away]) as server, transport_to(server) as transport:
            with pytest.raises(ServiceError, match=f"HTTP {status}: it redirects to `{other.endpoint}`"):
                transport.ask(Request(DELETE_LABELS, {"ids": ["l1"]}))
            assert (server.begun, other.connections) == (1, 0)


def test_a_large_body_is_sent_compressed() -> None:
    with ScriptedServer([data([])]) as server, transport_to(server) as transport:
        assert transport.ask(LARGE) == []
    (sent,) = server.requests
    assert sent.headers["Content-Encoding"] == "gzip"
    assert gzip.decompress(sent.body) == LARGE.body()


def test_a_body_below_the_bound_is_sent_in_plain() -> None:
    room = 1_000_000 - len(Request(COUNT_LABELS, {"where": {"id": ""}}).body())
    below, at = (Request(COUNT_LABELS, {"where": {"id": "x" * size}}) for size in (room - 1, room))
    with ScriptedServer([data(3)]) as server, transport_to(server) as transport:
        transport.ask(below)
        transport.ask(at)
    assert [sent.headers.get("Content-Encoding") for sent in server.requests] == [None, "gzip"]


def test_compression_can_be_switched_off() -> None:
    with ScriptedServer([data([])]) as server, transport_to(server, compresses_requests=False) as transport:
        transport.ask(LARGE)
    assert server.requests[0].body == LARGE.body()


@pytest.mark.parametrize("refusal", [Answer(b"what is this", 415), Answer(b"<p>Bad Request</p>", 400)])
def test_a_service_that_reads_no_compressed_bodies_gets_them_in_plain(refusal: Answer) -> None:
    with ScriptedServer([refusal, data([])]) as server, transport_to(server) as transport:
        assert transport.ask(LARGE) == []
        assert transport.ask(LARGE) == []
    assert [sent.headers.get("Content-Encoding") for sent in server.requests] == ["gzip", None, None]


def test_a_refusal_of_the_content_is_no_refusal_of_its_compression() -> None:
    with ScriptedServer([errors({"message": "no"}, status=400), data([])]) as server, transport_to(server) as transport:
        with pytest.raises(GraphQLError, match="no"):
            transport.ask(LARGE)
        assert server.begun == 1


def test_nothing_that_the_service_says_brings_the_key_to_light(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    echo = errors({"message": f"unknown key {KEY}", "extensions": {KEY: [f"{KEY}!"]}})
    refused, page = Answer(KEY.encode(), 401), Answer(f"<p>{KEY}</p>".encode(), 502)
    with ScriptedServer([echo, refused, page]) as server, transport_to(server) as transport:
        for _ in range(3):
            with pytest.raises(ServiceError) as raised:
                transport.ask(QUERY)
            error = raised.value
            assert KEY not in f"{error} {error!r} {error.__dict__} {error.__cause__} {error.__context__}"
            assert "[api key]" in str(error)
    assert "sent again in" in caplog.text
    assert KEY not in caplog.text + repr(transport) + repr(settings_of(server))


def test_json_that_a_url_holds() -> None:
    with ScriptedServer([Answer(b'{"JOB": {}}')]) as server, transport_to(server) as transport:
        assert transport.get_json(f"{server.origin}/bucket/1?signature=s") == {"JOB": {}}
        assert transport.get_json(f"{server.origin}/api/label/v2/files/1") == {"JOB": {}}
        assert transport.get_json(f"{server.origin}/api/label/v2/../../bucket/1") == {"JOB": {}}
    outside, inside, dotted = server.requests
    assert outside.path == "/bucket/1?signature=s"
    assert "Authorization" not in outside.headers
    assert inside.headers["Authorization"] == f"X-API-Key: {KEY}"
    assert "Authorization" not in dotted.headers


def test_a_redirected_payload_is_fetched_where_it_is_but_without_the_key() -> None:
    with ScriptedServer([Answer(b"[1]")]) as bucket:
        away = Answer(b"", 302, {"Location": f"{bucket.origin}/file?signature=s"})
        with ScriptedServer([away]) as server, transport_to(server) as transport:
            assert transport.get_json(f"{server.origin}/api/label/v2/files/1") == [1]
    assert "Authorization" in server.requests[0].headers
    assert "Authorization" not in bucket.requests[0].headers


def test_a_redirect_to_no_url_is_not_followed() -> None:
    with ScriptedServer([Answer(b"", 302, {"Location": "http://[::1/x"})]) as server, transport_to(server) as transport:
        with pytest.raises(TransportError, match="HTTP 302"):
            transport.get_json(f"{server.origin}/file")
        assert server.begun == 1


def test_redirects_without_end_are_given_up() -> None:
    with ScriptedServer([Answer(b"", 302, {"Location": "/again"})]) as server, transport_to(server) as transport:
        with pytest.raises(TransportError, match="redirects more than 5 times"):
            transport.get_json(f"{server.origin}/file")
        assert server.begun == 6


@pytest.mark.parametrize(
    ("step", "sends", "words"),
    [
        (Answer(b"expired", 403), 1, "HTTP 403: expired"),
        (Answer(b"", 401), 1, "HTTP 401"),
        (Answer(b"", 500), 1, "HTTP 500"),
        (Answer(b"", 503), 5, "HTTP 503"),
        (Cut.AFTER_BODY, 5, "connection broke"),
        (Answer(b'{"a": 1}', missing_bytes=1), 5, "connection broke"),
        (Answer(b'{"a": 1'), 5, "not JSON"),
        (Answer(b""), 5, "not JSON"),
    ],
)
def test_a_payload_that_cannot_be_had(step: Answer | Cut, sends: int, words: str) -> None:
    with ScriptedServer([step]) as server, transport_to(server) as transport:
        with pytest.raises(TransportError, match=words) as raised:
            transport.get_json(f"{server.origin}/bucket/1?signature=s")
        assert server.begun == sends
    assert f"`{server.origin}/bucket/1` cannot be fetched" in str(raised.value)
    assert "signature" not in str(raised.value)


@pytest.mark.parametrize("origin", ["http://host:99999", "http://[::1", "http://a b", "http://127.0.0.1:1"])
def test_an_error_shows_neither_the_signature_of_a_url_nor_its_password(origin: str) -> None:
    url = origin.replace("//", "//ann:hidden@") + "/1?signature=hidden#hidden"
    with (
        Transport(Settings(KEY), calls_per_minute=None, clock=FakeTime().clock) as transport,
        pytest.raises(TransportError) as raised,
    ):
        transport.get_json(url)
    assert f"`{origin}/1` cannot be fetched" in str(raised.value)
    assert "hidden" not in str(raised.value)


@pytest.mark.parametrize("url", ["file:///etc/passwd", "bucket/1", "http://", "ftp://host/x", "http://[::1/x"])
def test_what_is_no_url_is_refused_at_once(url: str) -> None:
    time = FakeTime()
    with (
        Transport(Settings(KEY), calls_per_minute=None, clock=time.clock) as transport,
        pytest.raises(TransportError, match="cannot be fetched"),
    ):
        transport.get_json(url)
    assert time.sleeps == []


def test_a_certificate_that_nobody_vouches_for_is_refused_at_once(certificate: tuple[Path, ssl.SSLContext]) -> None:
    path, context = certificate
    with ScriptedServer([data(3)], context) as server:
        with (
            transport_to(server) as transport,
            pytest.raises(TransportError, match=r"certificate is not trusted.*`verify`"),
        ):
            transport.ask(QUERY)
        assert (server.begun, server.connections) == (0, 1)
        with transport_to(server, verify=str(path)) as transport:
            assert transport.ask(QUERY) == 3


@pytest.mark.skipif(not hasattr(os, "fork"), reason="processes are not forked here")
def test_a_forked_process_makes_connections_of_its_own(run_script: RunScript) -> None:
    script = """
import os, signal, sys
from kili_query.client.request import Request
from kili_query.client.settings import Settings
from kili_query.client.transport import Transport
from kili_query.protocol import COUNT_LABELS

with Transport(Settings("key", sys.argv[1])) as transport:
    transport.ask(Request(COUNT_LABELS))
    child = os.fork()
    signal.alarm(60)
    for _ in range(20):
        assert transport.ask(Request(COUNT_LABELS)) == 3
    if not child:
        os._exit(0)
    assert os.waitpid(child, 0)[1] == 0
"""
    with ScriptedServer([data(3)]) as server:
        run_script(script, server.endpoint)
        assert (server.begun, server.connections) == (41, 2)


def test_an_error_keeps_its_id_and_operation_when_it_is_sent_elsewhere() -> None:
    with (
        ScriptedServer([Cut.AFTER_BODY]) as server,
        transport_to(server) as transport,
        pytest.raises(MutationOutcomeUnknown) as raised,
    ):
        transport.ask(Request(DELETE_LABELS, {"ids": ["l1"]}))
    copy = pickle.loads(pickle.dumps(raised.value))
    assert (str(copy), copy.operation) == (str(raised.value), "deleteLabels")
    assert copy.request_id == server.requests[0].headers["kili-client-call-uuid"]
