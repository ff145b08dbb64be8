"""`Guard`: the key, the host, the origin and the size of requests, over real connections."""

import asyncio
import gzip
import json
import socket
import tracemalloc
import zlib
from collections.abc import Iterator

import pytest
import requests
from hypothesis import given
from hypothesis import strategies as st
from starlette.types import Message, Receive, Scope, Send
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from kili_query.sandbox.guard import Guard, errors_body, is_authorized
from kili_query.serving import own_hosts, send_body
from tests.sandbox.serving import TIMEOUT_S, exchange, serving

KEY = "clé-secret"
MAX_BODY_BYTES = 1000
AUTHORIZED = {"Authorization": f"X-API-Key: {KEY}".encode()}


async def echo(scope: Scope, receive: Receive, send: Send) -> None:
    """Tells what reached it: the size of the body and the headers that speak of it."""
    if scope["type"] == "websocket":
        await receive()
        await send({"type": "websocket.accept"})
        await send({"type": "websocket.send", "text": "welcome"})
        await receive()
    elif scope["type"] == "http":
        message = await receive()
        assert not message["more_body"], "the guard gives the body whole"
        told = {name.decode(): value.decode("latin-1") for name, value in scope["headers"]}
        kept = {name: told.get(name) for name in ("content-length", "content-encoding", "transfer-encoding")}
        await send_body(send, 200, json.dumps({"size": len(message["body"]), **kept}).encode())


def guarded(max_body_bytes: int = MAX_BODY_BYTES) -> Guard:
    return Guard(
        echo, api_key=KEY, hosts=own_hosts("127.0.0.1"), max_body_bytes=max_body_bytes, open_prefix="/payload/"
    )


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    with serving(guarded()) as address:
        yield address


def post(address: str, body: object = b"{}", path: str = "/graphql", **headers: object) -> requests.Response:
    named = {name.replace("_", "-"): value for name, value in (AUTHORIZED | headers).items() if value is not None}
    return requests.post(f"http://{address}{path}", data=body, headers=named, timeout=TIMEOUT_S)


def refusal(answer: requests.Response) -> str:
    """The message of a refusal, which is JSON of one shape whatever the reason."""
    assert answer.headers["content-type"] == "application/json"
    (error,) = answer.json()["errors"]
    assert list(answer.json()) == ["errors"]
    assert error["extensions"] == {}
    return str(error["message"])


class TestKey:
    def test_the_key_lets_in(self, address: str) -> None:
        answer = post(address, b"[1]")
        assert (answer.status_code, answer.json()["size"]) == (200, 3)

    @pytest.mark.parametrize(
        "value",
        [KEY, f"X-API-Key {KEY}", f"X-API-Key: {KEY}x", f"X-API-Key: {KEY[:-1]}", "X-API-Key: ", f"Bearer {KEY}", ""],
    )
    def test_a_wrong_key(self, address: str, value: str) -> None:
        answer = post(address, Authorization=value.encode())
        assert answer.status_code == 401
        assert refusal(answer) == "wrong API key: `Authorization` must be `X-API-Key: ` and the key of this sandbox"
        assert KEY not in answer.text

    def test_no_key(self, address: str) -> None:
        answer = post(address, Authorization=None)
        assert (answer.status_code, refusal(answer)[:10]) == (401, "no API key")

    def test_two_keys(self, address: str) -> None:
        header = f"Authorization: X-API-Key: {KEY}\r\n".encode()
        request = b"GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
        assert exchange(address, request + header + b"\r\n").startswith(b"HTTP/1.1 200")
        assert exchange(address, request + header * 2 + b"\r\n").startswith(b"HTTP/1.1 401")

    def test_no_body_is_read_without_the_key(self) -> None:
        async def never() -> Message:
            raise AssertionError("the body was read")

        assert call(guarded(), never, {"host": b"localhost"})[0]["status"] == 401

    def test_paths_with_tokens_of_their_own(self, address: str) -> None:
        assert post(address, path="/payload/token", Authorization=None).status_code == 200
        assert post(address, path="/payload", Authorization=None).status_code == 401
        assert post(address, path="/payload/token", Authorization=None, Host="evil.example").status_code == 403
        request = b"GET /payload/../graphql HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
        assert exchange(address, request).startswith(b"HTTP/1.1 401")

    @pytest.mark.parametrize("value", [None, "", b"", "X-API-Key: \ud800", b"X-API-Key: \xff", "X-API-Key: other"])
    def test_is_authorized_never_fails(self, value: str | bytes | None) -> None:
        assert not is_authorized(value, KEY)
        assert is_authorized(f"X-API-Key: {KEY}", KEY)


class TestOrigin:
    @pytest.mark.parametrize("host", ["localhost", "LOCALHOST:1", "127.0.0.1:65535", "[::1]:80", "[::1]"])
    def test_our_own_names(self, address: str, host: str) -> None:
        assert post(address, Host=host).status_code == 200

    @pytest.mark.parametrize(
        "host",
        ["evil.example", "127.0.0.1.evil.example", "localhost@evil.example", "evil.example@localhost", "localhost/x"],
    )
    def test_a_foreign_host(self, address: str, host: str) -> None:
        answer = post(address, Host=host)
        assert (answer.status_code, refusal(answer)) == (403, f"this server is not called `{host}`")

    @pytest.mark.parametrize("host", ["[", "[::1", "::1", "localhost:80:80", " ", "?localhost", "localhost#x"])
    def test_what_is_no_host(self, host: str) -> None:
        assert call(guarded(), answering(b""), headers_of(b"") | {"host": host.encode()})[0]["status"] == 403

    def test_no_host(self) -> None:
        assert call(guarded(), answering(b""), {})[0]["status"] == 403

    @pytest.mark.parametrize("origin", ["http://evil.example", "null", "http://127.0.0.1:1", "http://localhost", ""])
    def test_a_foreign_page(self, address: str, origin: str) -> None:
        answer = post(address, Origin=origin, Authorization=None)
        assert answer.status_code == 403
        assert refusal(answer) == f"pages of `{origin}` may not ask this server"

    def test_a_page_of_our_own(self, address: str) -> None:
        assert post(address, Origin=f"http://{address}").status_code == 200

    def test_all_addresses(self) -> None:
        assert {"localhost", "0.0.0.0", socket.gethostname().lower()} <= own_hosts("0.0.0.0")
        assert own_hosts("Box.Example") == {"box.example", *own_hosts("localhost")}


class TestWebsocket:
    def test_no_key_is_asked_here(self, address: str) -> None:
        with connect(f"ws://{address}/graphql", proxy=None) as websocket:
            assert websocket.recv(TIMEOUT_S) == "welcome"

    @pytest.mark.parametrize("name", ["Host", "Origin"])
    def test_a_foreign_name(self, address: str, name: str) -> None:
        headers = {name: "http://evil.example"} if name == "Origin" else {}
        host = "localhost" if name == "Origin" else "evil.example"
        request = (
            f"GET /graphql HTTP/1.1\r\nHost: {host}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n"
        ) + "".join(f"{key}: {value}\r\n" for key, value in headers.items())
        answer = exchange(address, f"{request}\r\n".encode())
        assert answer.startswith(b"HTTP/1.1 403")
        assert b'{"errors": [{"message": "' in answer

    def test_a_client_sees_the_refusal(self, address: str) -> None:
        with (
            pytest.raises(InvalidStatus) as refused,
            connect(f"ws://{address}/graphql", proxy=None, origin="http://evil.example"),  # type: ignore[arg-type]
        ):
            pass
        assert refused.value.response.status_code == 403

    def test_a_server_that_cannot_answer_handshakes(self) -> None:
        (sent,) = call(guarded(), answering(b""), {"host": b"evil.example"}, kind="websocket")
        assert (sent["type"], sent["code"]) == ("websocket.close", 1008)


class TestSize:
    @pytest.mark.parametrize(("size", "status"), [(0, 200), (MAX_BODY_BYTES, 200), (MAX_BODY_BYTES + 1, 413)])
    @pytest.mark.parametrize("way", ["plain", "chunked", "gzip", "chunked gzip"])
    def test_the_bound(self, address: str, size: int, status: int, way: str) -> None:
        body = b"a" * size
        sent = gzip.compress(body) if "gzip" in way else body
        encoding = "gzip" if "gzip" in way else None
        pieces = (sent[at : at + 7] for at in range(0, len(sent), 7)) if "chunked" in way else sent
        answer = post(address, pieces, Content_Encoding=encoding)
        assert answer.status_code == status
        if status == 413:
            assert refusal(answer) == "the body is larger than 1000 bytes"
        else:
            told = {"size": size, "content-length": str(size), "content-encoding": None, "transfer-encoding": None}
            assert answer.json() == told

    def test_a_large_upload_is_told_so(self, address: str) -> None:
        """The answer comes though the client is still sending, and the connection lives on."""
        with requests.Session() as session:
            for body in (b"a" * 5_000_000, (b"a" * 65536 for _ in range(80))):
                answer = session.post(f"http://{address}/", data=body, headers=AUTHORIZED, timeout=TIMEOUT_S)
                assert answer.status_code == 413
            assert session.post(f"http://{address}/", headers=AUTHORIZED, timeout=TIMEOUT_S).status_code == 200

    def test_a_bomb_is_not_inflated_beyond_the_bound(self) -> None:
        bomb = gzip.compress(bytes(64 * 1024 * 1024))
        assert len(bomb) < 100_000
        guard = guarded(max_body_bytes=100_000)
        tracemalloc.start()
        try:
            sent = call(guard, answering(bomb), headers_of(bomb, b"gzip"))
            _, peak_bytes = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
        assert sent[0]["status"] == 413
        assert peak_bytes < 2_000_000

    @pytest.mark.parametrize(
        ("body", "message"),
        [
            (b"{}", "the body is not gzip: "),
            (zlib.compress(b"{}"), "the body is not gzip: "),
            (gzip.compress(b"{}" * 99, mtime=0)[:-1], "the gzip body ends early"),
            (gzip.compress(b"{}", mtime=0)[:5], "the gzip body ends early"),
            (gzip.compress(b"{}", mtime=0) * 2, "the gzip body goes on after its end"),
            (gzip.compress(b"{}", mtime=0)[:-5] + b"\0\0\0\0\0", "the body is not gzip: "),
        ],
    )
    def test_bad_gzip(self, address: str, body: bytes, message: str) -> None:
        answer = post(address, body, Content_Encoding="gzip")
        assert answer.status_code == 400
        assert refusal(answer).startswith(message)

    def test_other_encodings(self, address: str) -> None:
        assert post(address, Content_Encoding="identity").json()["size"] == 2
        answer = post(address, Content_Encoding="br")
        assert (answer.status_code, refusal(answer)[:29]) == (415, "unknown content encoding `br`")

    def test_a_client_that_goes_away(self) -> None:
        pieces: list[Message] = [{"type": "http.request", "body": b"{", "more_body": True}, {"type": "http.disconnect"}]

        async def receive() -> Message:
            return pieces.pop(0)

        assert call(guarded(), receive, headers_of(b"{}")) == []

    @given(st.binary(max_size=2 * MAX_BODY_BYTES), st.integers(1, 300), st.booleans())
    def test_however_it_is_cut(self, body: bytes, size: int, is_gzip: bool) -> None:
        sent = gzip.compress(body, mtime=0) if is_gzip else body
        answer = call(guarded(), answering(sent, size), headers_of(sent, b"gzip" if is_gzip else b"identity"))
        if max(len(body), len(sent)) > MAX_BODY_BYTES:
            assert answer[0]["status"] == 413
        else:
            assert json.loads(answer[1]["body"])["size"] == len(body)


def test_what_is_no_request_passes() -> None:
    assert call(guarded(), answering(b""), {}, kind="lifespan") == []


def test_errors_are_json() -> None:
    assert json.loads(errors_body('a "quote"')) == {"errors": [{"message": 'a "quote"', "extensions": {}}]}


def headers_of(body: bytes, encoding: bytes = b"identity") -> dict[str, bytes]:
    return {"host": b"localhost", "authorization": AUTHORIZED["Authorization"], "content-encoding": encoding}


def answering(body: bytes, size: int = 1 << 30) -> Receive:
    """What a server gives an app, in pieces."""
    pieces = [body[at : at + size] for at in range(0, len(body), size)] or [b""]

    async def receive() -> Message:
        return {"type": "http.request", "body": pieces.pop(0), "more_body": bool(pieces)}

    return receive


def call(guard: Guard, receive: Receive, headers: dict[str, bytes], kind: str = "http") -> list[Message]:
    """What an app sends when it is called by hand: for what real clients do not send."""
    sent: list[Message] = []

    async def send(message: Message) -> None:
        sent.append(message)

    scope = {"type": kind, "path": "/", "headers": [(name.encode(), value) for name, value in headers.items()]}
    asyncio.run(guard(scope, receive, send))
    return sent
