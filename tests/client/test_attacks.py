"""What a hostile service, or a bad network, does to the client: it drips, it inflates, it nests, it lies."""

import gzip
import json
import ssl
import threading
import time
import tracemalloc
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from kili_query.client import KiliClient
from kili_query.client.request import Request
from kili_query.client.retries import Clock
from kili_query.client.settings import Settings
from kili_query.client.transport import Transport
from kili_query.deadlines import Deadlines
from kili_query.errors import ArgumentError, GraphQLError, MutationOutcomeUnknown, ServiceError, TransportError
from kili_query.protocol import COUNT_LABELS, DELETE_LABELS
from tests.client.dripping_server import dripping
from tests.client.fake_clock import FakeTime
from tests.client.scripted_server import Answer, ScriptedServer, data

KEY = "the-secret-key"
TIMEOUT_S = 0.1
DEADLINE_S = 2 * TIMEOUT_S
PATIENCE_S = 5.0
"""Far above the deadline, as machines may be busy, and far below what the attacks would take."""

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
CHUNKED = HEAD + b"Transfer-Encoding: chunked\r\n"
_EMPTY_BLOCK = b"\0\0\0\xff\xff"
GZIP_HEAD = b"\x1f\x8b\x08\0\0\0\0\0\0\xff"

DRIPS = {
    "nothing": (b"", b""),
    "status line": (b"HTTP/1.1 200 ", b"O"),
    "status line without end": (b"H", b"TTP"),
    "header": (HEAD + b"X-Header: ", b"x"),
    "headers": (HEAD, b"X: y\r\n"),
    "interim answers": (b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
    "chunk size": (CHUNKED + b"\r\n", b"0"),
    "chunk extension": (CHUNKED + b"\r\n1;a=", b"x"),
    "chunks of one byte": (CHUNKED + b"\r\n", b"1\r\n \r\n"),
    "trailers": (CHUNKED + b"\r\n1\r\n1\r\n0\r\n", b"X: y\r\n"),
    "trailer": (CHUNKED + b"\r\n1\r\n1\r\n0\r\nX: ", b"y"),
    "body": (HEAD + b"Content-Length: 1000000\r\n\r\n", b" "),
    "body without a length": (HEAD + b"Connection: close\r\n\r\n", b" "),
    "a whole body without a length": (HEAD + b"Connection: close\r\n\r\n" + data(7).body, b" "),
    "gzip blocks": (HEAD + b"Content-Encoding: gzip\r\n\r\n" + GZIP_HEAD, _EMPTY_BLOCK),
    "gzip members": (HEAD + b"Content-Encoding: gzip\r\n\r\n", gzip.compress(b"", mtime=0)),
    "gzip chunks": (
        CHUNKED + b"Content-Encoding: gzip\r\n\r\na\r\n" + GZIP_HEAD + b"\r\n",
        b"5\r\n" + _EMPTY_BLOCK + b"\r\n",
    ),
    "chunk extension of the last answer": (
        b"HTTP/1.1 200 OK\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n1;",
        b"x",
    ),
    "gzip name": (HEAD + b"Content-Encoding: gzip\r\n\r\n" + GZIP_HEAD.replace(b"\x08\0", b"\x08\x08", 1), b"n"),
}


def transport_to(
    endpoint: str, *, clock: Clock | None = None, payload_timeout_s: float = 30.0, **settings: Any
) -> Transport:
    chosen = Settings(KEY, endpoint, **settings)
    return Transport(chosen, calls_per_minute=None, clock=clock, payload_timeout_s=payload_timeout_s)


class TestDrips:
    @pytest.mark.parametrize("drip", DRIPS.values(), ids=DRIPS)
    def test_a_call_ends_at_its_deadline(self, drip: tuple[bytes, bytes]) -> None:
        with dripping(*drip) as server, transport_to(server.endpoint) as transport:
            begun_s = time.monotonic()
            with pytest.raises(MutationOutcomeUnknown, match=r"before the deadline|no answer within"):
                transport.ask(Request(DELETE_LABELS, {"ids": ["l1"]}, timeout_s=TIMEOUT_S))
            assert time.monotonic() - begun_s < PATIENCE_S
            assert len(server.connections) == 1

    def test_all_sends_of_a_query_together(self) -> None:
        with dripping(*DRIPS["status line"]) as server, transport_to(server.endpoint) as transport:
            with pytest.raises(TransportError, match="before the deadline"):
                transport.ask(Request(COUNT_LABELS, {"where": {}}, timeout_s=TIMEOUT_S))
            assert len(server.connections) == 1

    def test_over_tls(self, certificate: tuple[Path, ssl.SSLContext]) -> None:
        path, context = certificate
        with (
            dripping(*DRIPS["header"], context) as server,
            transport_to(server.endpoint, verify=str(path)) as transport,
            pytest.raises(TransportError, match="before the deadline"),
        ):
            transport.ask(Request(COUNT_LABELS, {"where": {}}, timeout_s=TIMEOUT_S))

    def test_a_handshake_of_tls(self) -> None:
        hello = b"\x16\x03\x03\x3f\xff\x02\x00\x3f\xfb"  # of a server, and long
        with dripping(hello, b"x") as server:
            endpoint = server.endpoint.replace("http", "https", 1)
            begun_s = time.monotonic()
            with transport_to(endpoint) as transport, pytest.raises(TransportError):
                transport.ask(Request(COUNT_LABELS, {"where": {}}, timeout_s=TIMEOUT_S))
            assert time.monotonic() - begun_s < PATIENCE_S

    def test_the_start_of_a_client(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Checking the key and fetching contents have a time of their own, but no more than the user allows."""
        monkeypatch.delenv("KILI_SDK_SKIP_CHECKS", raising=False)
        with dripping(*DRIPS["header"]) as server:
            begun_s = time.monotonic()
            with pytest.raises(TransportError, match="before the deadline"):
                KiliClient(KEY, server.endpoint, calls_per_minute=None, timeout_s=TIMEOUT_S)
            assert time.monotonic() - begun_s < PATIENCE_S
            monkeypatch.setenv("KILI_SDK_SKIP_CHECKS", "1")
            begun_s = time.monotonic()
            with (
                KiliClient(KEY, server.endpoint, calls_per_minute=None, timeout_s=TIMEOUT_S) as client,
                pytest.raises(TransportError, match="before the deadline"),
            ):
                client._service.get_json(f"{server.origin}/label.json")
            assert time.monotonic() - begun_s < PATIENCE_S

    def test_calls_that_wait_longer_than_others(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Unless the user says how long: that holds for all calls."""
        monkeypatch.setenv("KILI_SDK_SKIP_CHECKS", "1")
        with dripping(*DRIPS["header"]) as server:
            for patience_s in (TIMEOUT_S, 2 * TIMEOUT_S):
                begun_s = time.monotonic()
                with (
                    KiliClient(KEY, server.endpoint, calls_per_minute=None, timeout_s=patience_s) as client,
                    pytest.raises(MutationOutcomeUnknown, match="before the deadline"),
                ):
                    client.append_labels(asset_id_array=["a1"], json_response_array=[{}], disable_tqdm=True)
                assert time.monotonic() - begun_s < PATIENCE_S

    def test_a_payload(self) -> None:
        with (
            dripping(*DRIPS["chunk extension"]) as server,
            transport_to(server.endpoint, payload_timeout_s=TIMEOUT_S) as transport,
        ):
            begun_s = time.monotonic()
            with pytest.raises(TransportError, match="before the deadline"):
                transport.get_json(f"{server.origin}/label.json")
            assert time.monotonic() - begun_s < PATIENCE_S

    def test_redirects_share_the_deadline(self) -> None:
        away = Answer(b" " * 12, 302, {"Location": "/again"}, piece_bytes=1)  # more than half of the time
        with ScriptedServer([away]) as server, transport_to(server.endpoint, payload_timeout_s=TIMEOUT_S) as transport:
            with pytest.raises(TransportError, match=r"before the deadline|no answer within"):
                transport.get_json(f"{server.origin}/label.json")
            assert server.begun <= 4

    def test_other_calls_go_on(self) -> None:
        """Each exchange ends its own connection, and none that was given to another."""
        quick, brief_s = data(7), 0.4
        slow = Answer(b" " * 50 + quick.body, piece_bytes=1)  # ends after the deadline of the call before
        with ScriptedServer([quick, slow] * 2) as server, transport_to(server.endpoint) as transport:
            for _ in range(2):
                assert transport.ask(Request(COUNT_LABELS, {"where": {}}, timeout_s=brief_s)) == 7
                begun_s = time.monotonic()
                assert transport.ask(Request(COUNT_LABELS, {"where": {}}, timeout_s=30.0)) == 7
                assert time.monotonic() - begun_s > brief_s
            assert server.connections == 1

    def test_their_thread_ends(self) -> None:
        deadlines = Deadlines()
        with deadlines.watching(30.0):
            [thread] = [one for one in threading.enumerate() if one.name == "kili-deadlines" and one.is_alive()][-1:]
        deadlines.close()
        thread.join(PATIENCE_S)
        assert not thread.is_alive()


MOST = 100_000
BOMB = b" " * 10_000_000


def packed(body: bytes, coding: str) -> bytes:
    match coding:
        case "gzip":
            return gzip.compress(body, 9, mtime=0)
        case "gzip in members":
            return gzip.compress(body[: len(body) // 2], mtime=0) + gzip.compress(body[len(body) // 2 :], mtime=0)
        case "deflate":
            return zlib.compress(body)
        case "raw deflate":
            return zlib.compress(body)[2:-4]
        case _:
            return body


CODINGS = {
    "gzip": "gzip",
    "gzip in members": "gzip",
    "deflate": "deflate",
    "raw deflate": "deflate",
    "plain": "identity",
}


class TestLargeAnswers:
    @pytest.mark.parametrize("coding", CODINGS)
    def test_no_more_is_inflated_than_the_bound(self, coding: str) -> None:
        answer = Answer(packed(BOMB, coding), headers={"Content-Encoding": CODINGS[coding]})
        with (
            ScriptedServer([answer]) as server,
            transport_to(server.endpoint, max_answer_bytes=MOST) as transport,
        ):
            tracemalloc.start()
            try:
                with pytest.raises(TransportError, match=f"larger than {MOST} bytes: ask for fewer fields"):
                    transport.ask(Request(COUNT_LABELS, {"where": {}}))
                _, peak_bytes = tracemalloc.get_traced_memory()
            finally:
                tracemalloc.stop()
            assert server.begun == 1
        assert peak_bytes < 20 * MOST + len(answer.body) * 2  # which the server holds

    @pytest.mark.parametrize("coding", CODINGS)
    def test_what_is_within_it_is_read(self, coding: str) -> None:
        body = data("x" * (MOST - 1000)).body
        answer = Answer(packed(body, coding), headers={"Content-Encoding": CODINGS[coding]})
        with ScriptedServer([answer]) as server:
            with transport_to(server.endpoint, max_answer_bytes=len(body)) as transport:
                assert transport.ask(Request(COUNT_LABELS, {})) == "x" * (MOST - 1000)
            with (
                transport_to(server.endpoint, max_answer_bytes=len(body) - 1) as transport,
                pytest.raises(TransportError),
            ):
                transport.ask(Request(COUNT_LABELS, {}))

    def test_of_a_mutation_the_outcome_is_unknown(self) -> None:
        with (
            ScriptedServer([Answer(BOMB)]) as server,
            transport_to(server.endpoint, max_answer_bytes=MOST) as transport,
            pytest.raises(MutationOutcomeUnknown, match="is larger than"),
        ):
            transport.ask(Request(DELETE_LABELS, {"ids": []}))

    def test_payloads_too(self) -> None:
        answer = Answer(packed(BOMB, "gzip"), headers={"Content-Encoding": "gzip"})
        with (
            ScriptedServer([answer]) as server,
            transport_to(server.endpoint, max_answer_bytes=MOST) as transport,
            pytest.raises(TransportError, match="cannot be fetched: the answer is larger than"),
        ):
            transport.get_json(f"{server.origin}/label.json")

    @pytest.mark.parametrize("coding", ["br", "zstd", "gzip, gzip", "compress", "x" * 1000])
    def test_only_what_was_asked_for_is_inflated(self, coding: str) -> None:
        with (
            ScriptedServer([Answer(data(7).body, headers={"Content-Encoding": coding})]) as server,
            transport_to(server.endpoint, clock=FakeTime().clock) as transport,
            pytest.raises(TransportError, match="in a way that was not asked for") as raised,
        ):
            transport.ask(Request(COUNT_LABELS, {}))
        assert server.requests[0].headers["Accept-Encoding"] == "gzip, deflate"
        assert len(str(raised.value)) < 300

    @pytest.mark.parametrize("cut", [1, 8, 12])
    def test_half_a_gzip_body(self, cut: int) -> None:
        answer = Answer(packed(data(7).body, "gzip")[:-cut], headers={"Content-Encoding": "gzip"})
        with (
            ScriptedServer([answer]) as server,
            transport_to(server.endpoint, clock=FakeTime().clock) as transport,
            pytest.raises(MutationOutcomeUnknown, match="connection broke before the answer was complete"),
        ):
            transport.ask(Request(DELETE_LABELS, {"ids": []}))

    @pytest.mark.parametrize("padding", [b"", b"\0" * 100, gzip.compress(b"", mtime=0)])
    def test_padding_behind_it(self, padding: bytes) -> None:
        answer = Answer(packed(data(7).body, "gzip") + padding, headers={"Content-Encoding": "gzip"})
        with ScriptedServer([answer]) as server, transport_to(server.endpoint) as transport:
            assert transport.ask(Request(COUNT_LABELS, {})) == 7

    @pytest.mark.parametrize("wrong", [0, -1, 1.5, True, "many", None])
    def test_the_bound_of_a_client(self, wrong: object) -> None:
        with pytest.raises(ArgumentError, match="`max_answer_bytes` must be a number of bytes"):
            KiliClient(KEY, "http://127.0.0.1:1/graphql", max_answer_bytes=wrong)  # type: ignore[arg-type]

    def test_a_client_has_it(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("KILI_SDK_SKIP_CHECKS", "1")
        with (
            ScriptedServer([Answer(BOMB)]) as server,
            KiliClient(KEY, server.endpoint, max_answer_bytes=MOST) as client,
            pytest.raises(TransportError, match=f"larger than {MOST} bytes"),
        ):
            client.count_labels("p")


class TestLies:
    @pytest.mark.parametrize(
        "answer",
        [
            b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n" + data(7).body,
            b"HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999\r\n\r\n" + data(7).body,
            b"HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\n",
            b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\n1234",
            CHUNKED + b"\r\nzz\r\n",
            CHUNKED + b"\r\n-1\r\n",
            CHUNKED + b"\r\n" + b"f" * 70_000,
            CHUNKED + b"\r\nffffffffffffffffffff\r\n1",
            HEAD + b"X: " + b"y" * 100_000,
            HEAD + b"X: y\r\n" * 10_000,
            b"HTTP/1.1 200" + b"0" * 100_000,
            b"HTTP/9.9 200 OK\r\n\r\n",
            b"HTTP/1.1 99999 No\r\n\r\n",
            b"\x15\x03\x03\0\x02\x02\x50" * 100,
            b"SSH-2.0-OpenSSH_9.0\r\n",
        ],
        ids=lambda answer: repr(answer[-40:]),
    )
    def test_an_answer_that_is_none(self, answer: bytes) -> None:
        with (
            dripping(answer, b"", pause_s=0.01) as server,
            transport_to(server.endpoint) as transport,
            pytest.raises(ServiceError) as raised,
        ):
            transport.ask(Request(DELETE_LABELS, {"ids": []}, timeout_s=TIMEOUT_S))
        assert isinstance(raised.value, MutationOutcomeUnknown)
        assert len(str(raised.value)) < 1_000

    def test_redirects_lead_no_key_away(self) -> None:
        with (
            ScriptedServer([Answer(b"7")]) as other,
            ScriptedServer([Answer(b"", 307, {"Location": f"{other.origin}/api/label/v2/x"})]) as server,
        ):
            with transport_to(server.endpoint) as transport:
                assert transport.get_json(f"{server.origin}/api/label/v2/x") == 7
            assert "Authorization" in server.requests[0].headers
            assert "Authorization" not in other.requests[0].headers

    @pytest.mark.parametrize(
        "path", ["/api/label/v2/../../x", "/api/label/v2/%2e%2e/x", "/api/label/v2/%2E%2E%2Fx", "/api/label/v2x", "//x"]
    )
    def test_payloads_elsewhere_see_no_key(self, path: str) -> None:
        with ScriptedServer([Answer(b"7")]) as server, transport_to(server.endpoint) as transport:
            assert transport.get_json(server.origin + path) == 7
            assert "Authorization" not in server.requests[0].headers


CUTS = (0, 70, 75, 260, 290, 299, 5_980, 5_995)
"""Where excerpts are cut, or would be, and the key could be halved."""


class TestTheKey:
    """No part of the key is told that names it, wherever the service puts it."""

    @pytest.mark.parametrize("before", CUTS)
    @pytest.mark.parametrize("status", [200, 403, 500])
    def test_in_a_page(self, before: int, status: int) -> None:
        said = self.said(Answer(b"x" * before + KEY.encode() + b"y" * 50, status))
        assert "-key" not in said
        assert KEY[:6] not in said

    @pytest.mark.parametrize("before", CUTS[:5])
    @pytest.mark.parametrize(
        "value", [lambda text: text, lambda text: [text], lambda text: {"id": [text]}, lambda text: {text: 1}]
    )
    def test_in_data(self, before: int, value: Callable[[str], object]) -> None:
        said = self.said(data(value("x" * before + KEY)))
        assert KEY[:6] not in said

    def test_in_a_status_line(self) -> None:
        with dripping(b"HTTP/1.1 " + b"x" * 290 + KEY.encode() + b"\r\n\r\n", b"") as server:
            assert KEY[:6] not in self.said_by(server.endpoint)

    def said(self, answer: Answer) -> str:
        with ScriptedServer([answer]) as server:
            return self.said_by(server.endpoint)

    def said_by(self, endpoint: str) -> str:
        said = []
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("KILI_SDK_SKIP_CHECKS", "1")
            with KiliClient(KEY, endpoint, calls_per_minute=None, timeout_s=TIMEOUT_S, disable_tqdm=True) as client:
                for call in (
                    lambda: client.count_labels("p"),
                    lambda: client.labels("p", fields=["id"]),
                    lambda: client.delete_labels(["l1"]),
                    lambda: client.update_properties_in_label("l1", seconds_to_label=1),
                    lambda: client.append_labels(["a"], json_response_array=[{}]),
                    client.me,
                    lambda: client.create_honeypot({}, asset_external_id="x", project_id="p"),
                ):
                    try:
                        call()  # type: ignore[no-untyped-call]
                    except ServiceError as error:
                        said.append(f"{error} {getattr(error, 'errors', '')}")
        assert said
        return "\n".join(said)


def nested(levels: int) -> str:
    return '{"a":' * levels + "1" + "}" * levels


class TestDeepAnswers:
    @pytest.mark.parametrize("levels", [60, 500, 900, 5_000, 100_000])
    def test_extensions_of_an_error(self, levels: int) -> None:
        body = f'{{"errors": [{{"message": "no", "extensions": {nested(levels)}}}]}}'.encode()
        with (
            ScriptedServer([Answer(body)]) as server,
            transport_to(server.endpoint, clock=FakeTime().clock) as transport,
        ):
            with pytest.raises(ServiceError) as raised:
                transport.ask(Request(DELETE_LABELS, {"ids": []}))
            assert server.begun == 1
        repr(raised.value.__dict__)
        if isinstance(raised.value, GraphQLError):
            json.dumps(raised.value.errors)

    @pytest.mark.parametrize("error", [nested(500), f"[{nested(500)}]", f'"{"x" * 100_000}"', "[[[]]]", "7"])
    def test_errors_of_no_shape(self, error: str) -> None:
        body = f'{{"errors": [{error}]}}'.encode()
        with (
            ScriptedServer([Answer(body)]) as server,
            transport_to(server.endpoint) as transport,
            pytest.raises(GraphQLError),
        ):
            transport.ask(Request(COUNT_LABELS, {}))

    def test_what_became_of_a_mutation_is_told(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("KILI_SDK_SKIP_CHECKS", "1")
        monkeypatch.setattr("kili_query.client.writing.append.BATCH_SIZE", 2)
        deep = Answer(f'{{"errors": [{{"message": "no", "extensions": {nested(500)}}}]}}'.encode(), 500)
        steps = [data([{"id": "l1"}, {"id": "l2"}]), deep]
        with (
            ScriptedServer(steps) as server,
            KiliClient(KEY, server.endpoint) as client,
            pytest.raises(MutationOutcomeUnknown) as raised,
        ):
            client.append_labels([f"a{n}" for n in range(5)], json_response_array=[{}] * 5, disable_tqdm=True)
        assert [one["id"] for one in raised.value.created] == ["l1", "l2"]  # type: ignore[index]
        assert (raised.value.in_doubt, raised.value.not_sent) == ((2, 3), (4,))
