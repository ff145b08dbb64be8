"""What somebody sends who wants the sandbox to stop, with the key and without it: others are answered all the same."""

import gzip
import json
import socket
import time
import zlib
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import pytest
from websockets.exceptions import ConnectionClosed
from websockets.extensions.permessage_deflate import ClientPerMessageDeflateFactory
from websockets.sync.client import ClientConnection, connect

from kili_query.sandbox import Sandbox, connections, websockets
from kili_query.sandbox.guard import Guard
from kili_query.serving import own_hosts
from tests.sandbox.boxes import Asker, asking, write_project
from tests.sandbox.serving import TIMEOUT_S, exchange, serving
from tests.sandbox.test_guard import KEY, echo, post

MAX_ANSWER_BYTES = 100_000
PROMPT_S = 2.0
"""How long others may wait while an attack is under way: each is to take a small part of that."""


@pytest.fixture(scope="module")
def box(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    content = {"SCENE": {"categories": [{"name": "OUTDOOR"}]}}
    labels = [{"id": f"l{n}", "assetId": f"a{n % 3}", "jsonResponse": content} for n in range(30)]
    folder = write_project(tmp_path_factory.mktemp("attacked"), labels)
    with Sandbox(project=folder, max_answer_bytes=MAX_ANSWER_BYTES) as served:
        yield served


@pytest.fixture(scope="module")
def asker(box: Sandbox) -> Asker:
    return asking(box)


@pytest.fixture(autouse=True)
def answers_afterwards(asker: Asker) -> Iterator[None]:
    yield
    begun_s = time.monotonic()
    assert asker.count() >= 30
    assert time.monotonic() - begun_s < PROMPT_S


def opened(box: Sandbox, **options: Any) -> ClientConnection:
    url = box.endpoint.replace("http", "ws", 1)
    return connect(url, subprotocols=["graphql-ws"], proxy=None, close_timeout=0.2, **options)  # type: ignore[list-item]


@contextmanager
def let_in(box: Sandbox) -> Iterator[ClientConnection]:
    with opened(box) as websocket:
        payload = {"Authorization": f"X-API-Key: {box.api_key}"}
        websocket.send(json.dumps({"type": "connection_init", "payload": payload}))
        assert json.loads(websocket.recv(TIMEOUT_S)) == {"type": "connection_ack"}
        yield websocket


def start(query: str, **more: object) -> str:
    return json.dumps({"id": "1", "type": "start", "payload": {"query": query, **more}})


def ended(websocket: ClientConnection) -> int:
    """The code with which the server ends a connection."""
    try:
        while True:
            websocket.recv(TIMEOUT_S)
    except ConnectionClosed as closed:
        return 0 if closed.rcvd is None else int(closed.rcvd.code)


SUBSCRIPTION = 'subscription { data: labelCreatedOrUpdated(projectID: "p") { id } }'


class TestBeforeTheKey:
    def test_a_document_is_not_read(self, box: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
        read: list[str] = []
        for module in ("fault_injection", "documents"):
            monkeypatch.setattr(f"kili_query.sandbox.{module}.read_document", read.append)
        with opened(box) as websocket:
            websocket.send(start("{ me { id } }"))
            assert ended(websocket) == 4401
        assert read == []

    def test_no_message_is_inflated(self, box: Sandbox) -> None:
        with opened(box, extensions=[ClientPerMessageDeflateFactory()]) as websocket:
            assert websocket.protocol.extensions == []
            websocket.send(start("{" + "a " * 100_000 + "}"))
            assert ended(websocket) in (4400, 4401)

    @pytest.mark.parametrize("text", ["x" * 20_000, '"' + "x" * 20_000 + '"', "[" * 20_000, "{}" * 10_000, "[", ""])
    def test_a_long_or_broken_first_message(self, box: Sandbox, text: str) -> None:
        with opened(box) as websocket:
            websocket.send(text)
            assert ended(websocket) == 4400

    def test_a_huge_message(self, box: Sandbox) -> None:
        with opened(box) as websocket:
            websocket.send(" " * (connections.MAX_FRAME_BYTES + 1))
            assert ended(websocket) == 1009

    def test_a_message_in_endless_pieces(self, box: Sandbox) -> None:
        with opened(box) as websocket:
            with pytest.raises(ConnectionClosed):
                websocket.send("x" * 10_000 for _ in range(1_000_000))
            assert ended(websocket) in (0, 1009)  # whose frame is lost when more pieces come behind it

    def test_one_that_says_nothing(self, box: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(websockets, "_INIT_TIMEOUT_S", 0.1)
        with opened(box) as websocket:
            assert ended(websocket) == 4408

    def test_the_head_of_a_request_drips(self, box: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(connections, "HEAD_TIMEOUT_S", 0.2)
        for request in (b"", b"GET / HT", b"POST / HTTP/1.1\r\nHost: localhost\r\nX: "):
            with socket.create_connection((box.host, box.port), timeout=TIMEOUT_S) as connection:
                assert_cut_while_dripping(connection, request)

    def test_the_head_of_a_second_request_drips(self, box: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(connections, "HEAD_TIMEOUT_S", 0.2)
        with socket.create_connection((box.host, box.port), timeout=TIMEOUT_S) as connection:
            connection.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
            assert connection.recv(65_536).startswith(b"HTTP/1.1 401")
            assert_cut_while_dripping(connection, b"GET / HTTP/1.1\r\nX: ")

    def test_a_body_that_nobody_wants_drips(self, box: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(connections, "HEAD_TIMEOUT_S", 0.2)
        with socket.create_connection((box.host, box.port), timeout=TIMEOUT_S) as connection:
            connection.sendall(b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000000\r\n\r\n")
            assert connection.recv(65_536).startswith(b"HTTP/1.1 401")
            assert_cut_while_dripping(connection, b"{")

    def test_many_connections(self, box: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(connections, "HEAD_TIMEOUT_S", 0.3)
        monkeypatch.setattr(connections, "MAX_CONNECTIONS", 20)
        with ExitStack() as stack:
            sockets = [socket.create_connection((box.host, box.port), timeout=TIMEOUT_S) for _ in range(100)]
            for one in sockets:
                stack.enter_context(one)
            for one in sockets:
                with pytest.raises((ConnectionError, AssertionError)):
                    assert one.recv(1), "cut without a word"

    @pytest.mark.parametrize(
        "head",
        [
            b"GET / HTTP/1.1\r\nHost: localhost\r\n" + b"X: y\r\n" * 100_000,
            b"GET /" + b"a" * 1_000_000,
            b"GET / HTTP/1.1\r\nHost: localhost\r\nX: " + b"y" * 1_000_000,
            b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
            b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: -1\r\n\r\n",
            b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
            b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
            b"\r\n" * 1000 + b"\0",
        ],
        ids=lambda head: repr(head[:30]),
    )
    def test_strange_heads(self, box: Sandbox, head: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(connections, "HEAD_TIMEOUT_S", 0.3)
        with socket.create_connection((box.host, box.port), timeout=TIMEOUT_S) as connection:
            try:
                connection.sendall(head)
                answer = connection.recv(65_536)
            except ConnectionError:
                return
            assert answer == b"" or answer.startswith((b"HTTP/1.1 400", b"HTTP/1.1 401", b"HTTP/1.1 403"))

    @pytest.mark.parametrize(
        "path", ["/payloads/x/../../api/label/v2/graphql", "/payloads/%2e%2e/x", "/../../etc/passwd"]
    )
    def test_no_path_leads_around_the_key(self, box: Sandbox, path: str) -> None:
        request = f"POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
        assert exchange(f"{box.host}:{box.port}", request.encode()).startswith(b"HTTP/1.1 401")

    def test_no_page_of_a_browser_is_let_in(self, box: Sandbox) -> None:
        request = (
            "OPTIONS /api/label/v2/graphql HTTP/1.1\r\nHost: localhost\r\nOrigin: https://evil.example\r\n"
            "Access-Control-Request-Method: POST\r\nAccess-Control-Request-Headers: authorization\r\n"
            "Connection: close\r\n\r\n"
        )
        answer = exchange(f"{box.host}:{box.port}", request.encode())
        assert answer.startswith(b"HTTP/1.1 403")
        assert b"access-control" not in answer.lower()


def assert_cut_while_dripping(connection: socket.socket, request: bytes) -> None:
    """The connection ends although a byte comes every now and then."""
    connection.sendall(request)
    connection.settimeout(0.05)
    end_s = time.monotonic() + TIMEOUT_S
    while time.monotonic() < end_s:
        try:
            if not connection.recv(1):
                return
        except TimeoutError:
            try:
                connection.sendall(b"x" if request else b"")
            except ConnectionError:
                return
        except ConnectionError:
            return
    raise AssertionError("the server waits without end")


class TestBodies:
    def test_one_that_drips(self) -> None:
        guard = Guard(echo, api_key=KEY, hosts=own_hosts("127.0.0.1"), body_timeout_s=0.2)
        with serving(guard) as address:
            head = f"POST / HTTP/1.1\r\nHost: localhost\r\nAuthorization: X-API-Key: {KEY}\r\nConnection: close\r\n"
            answer = exchange(address, f"{head}Content-Length: 1000\r\n\r\nx".encode())
            assert answer.startswith(b"HTTP/1.1 408")
            assert b"the body did not come within 0.2 s" in answer
            assert post(address, b"{}").status_code == 200

    def test_bombs(self, asker: Asker) -> None:
        nested = gzip.compress(gzip.compress(b" " * 10_000_000))
        assert asker.post(nested, headers={"Content-Encoding": "gzip"}).status_code == 400
        assert asker.post(zlib.compress(b" " * 1000), headers={"Content-Encoding": "gzip"}).status_code == 400
        assert asker.post(nested, headers={"Content-Encoding": "gzip, gzip"}).status_code == 415

    def test_a_length_that_lies(self, box: Sandbox) -> None:
        head = f"POST /api/label/v2/graphql HTTP/1.1\r\nHost: localhost\r\nAuthorization: X-API-Key: {box.api_key}\r\n"
        for length, status in ((10**9, b"413"), (1, b"400")):
            request = f"{head}Content-Length: {length}\r\nConnection: close\r\n\r\n{{}}".encode()
            assert exchange(f"{box.host}:{box.port}", request).startswith(b"HTTP/1.1 " + status)

    @pytest.mark.parametrize(
        "body", [b"[" * 60_000 + b"]" * 60_000, b'{"query":' * 50_000, b"[{}]", b"[1,", b'"\\ud800"']
    )
    def test_strange_json(self, asker: Asker, body: bytes) -> None:
        assert "errors" in asker.post(body).json()


QUICK = "id labelOf { id }"


class TestDocuments:
    @pytest.mark.parametrize(
        "query",
        [
            "{ me {" + "id " * 990 + "} }",
            "{" + "me { id } " * 240 + "}",
            "{ me {"
            + "".join(f"...F{n} " for n in range(100))
            + "} }"
            + "".join(f"fragment F{n} on User {{ id ...F{n + 1} }}" for n in range(70))
            + "fragment F70 on User { id }",
            "{ me { ...A } } fragment A on User { ...B } fragment B on User { ...A }",
            "{ __schema { types { fields { type { fields { type { fields { name } } } } } } } }",
            "{"
            + "".join(f"a{n}: __schema {{ types {{ fields {{ name args {{ name }} }} }} }} " for n in range(100))
            + "}",
            "{ me {" + " , " * 20_000 + "id } }",
            "{ data: countAssets(where: {metadata: " + "[" * 900 + "]" * 900 + "}) }",
            "query(" + "".join(f"$v{n}: Int " for n in range(200)) + ") { me { id } }",
            "{" * 10_000,
            "#" * 60_000,
            "query { me @skip(if: " * 300,
        ],
        ids=lambda query: query[:20],
    )
    def test_costly_ones_are_bounded(self, asker: Asker, query: str) -> None:
        begun_s = time.monotonic()
        answer = asker.post({"query": query})
        assert time.monotonic() - begun_s < 5 * PROMPT_S
        assert answer.status_code == 200
        assert all(len(error["message"]) < 3_000 for error in answer.json().get("errors", ()))

    def test_they_keep_nobody_else_waiting(self, box: Sandbox, asker: Asker) -> None:
        with let_in(box) as websocket:
            websocket.send(start("{" + "me { id } " * 240 + "}"))
            begun_s = time.monotonic()
            assert asker.count() >= 30
            assert time.monotonic() - begun_s < PROMPT_S
            assert json.loads(websocket.recv(TIMEOUT_S))["type"] == "data"

    @pytest.mark.parametrize(
        ("name", "message"),
        [
            ("createdAt", "the answer is larger than 100000 bytes: ask for fewer fields or a smaller page"),
            ("jsonResponse", "the request reads more than 100000 bytes: ask for less at a time"),
        ],
    )
    def test_one_text_under_many_names(self, asker: Asker, name: str, message: str) -> None:
        names = " ".join(f"a{n}: {name}" for n in range(200))
        assert asker.refusal(f"{{ data: labels(where: {{}}, first: 100, skip: 0) {{ {names} }} }}") == message

    def test_texts_that_are_read_again_and_again(self, asker: Asker) -> None:
        inner = "labelOf { labels { jsonResponse labelOf { labels { jsonResponse } } } }"
        assert (
            "reads more than 100000 bytes"
            in asker.answer(f"{{ data: labels(where: {{}}, first: 100, skip: 0) {{ {inner} }} }}")["errors"][0][
                "message"
            ]
        )

    def test_values(self, asker: Asker, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("kili_query.sandbox.store._MAX_VALUES", 1_000)
        names = " ".join(f"a{n}: isLatestLabelForUser" for n in range(50))
        answer = asker.answer(f"{{ data: labels(where: {{}}, first: 100, skip: 0) {{ {names} }} }}")
        assert answer["errors"][0]["message"].startswith("the answer has more than 1000 values")

    def test_events(self, box: Sandbox, asker: Asker, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("kili_query.sandbox.store._MAX_ROWS", 20_000)
        fields = "labelOf { labels { labelOf { labels { labelOf { labels { id } } } } } }"
        with let_in(box) as websocket:
            websocket.send(start(SUBSCRIPTION.replace("{ id }", f"{{ {fields} }}")))
            while not box._service.events.listener_count:
                time.sleep(0.01)
            asker.append({"assetID": "a0", "jsonResponse": "{}"})
            event = json.loads(websocket.recv(TIMEOUT_S))
            assert "reads more than" in event["payload"]["errors"][0]["message"]

    def test_many_subscriptions_over_one_connection(self, box: Sandbox) -> None:
        with let_in(box) as websocket:
            for number in range(websockets._MAX_RUNNING + 1):
                websocket.send(start(SUBSCRIPTION).replace('"1"', f'"{number}"'))
            assert ended(websocket) == 4429


DIGITS = "1" * 5_000


class TestValues:
    """What no database holds is refused, in words of its own: the sandbox does not fail."""

    @pytest.mark.parametrize(
        "where",
        [
            {"createdAtGte": "0001-01-01T00:00:00+14:00"},
            {"createdAtLte": "9999-12-31T23:59:59-14:00"},
            {"createdAt": "2024-02-30"},
            {"createdAt": "२०२४-०२-०१"},
            {"createdAt": "\ud800"},
            {"id": "\ud800"},
            {"id": "\0"},
            {"idIn": ["\ud800", "\0", "a"]},
            {"authorIn": ["\ud800"]},
            {"search": "\ud800"},
            {"search": "J.\ud800.count > 0"},
            {"search": f"SCENE.OUTDOOR.count > {DIGITS}"},
            {"search": "SCENE.OUTDOOR.count > 1 AND " * 3_000},
            {"search": "(" * 5_000},
            {"user": {"email": "\ud800"}},
            {"consensusMarkGte": 10**400},
            {"consensusMarkGte": 2**70},
            {"asset": {"metadata": {"a": 2**70}}},
            {"asset": {"metadata": {"a": [2**70, 2**71]}}},
            {"asset": {"metadata": {"a": [1, "x", 2**70]}}},
            {"asset": {"metadata": {"\ud800": "a", "b": "\ud800", "c": ["\ud800"]}}},
            {"asset": {"metadata": {"a": {"b": [[[]]]}}}},
            {"project": {"id": "\ud800"}},
        ],
        ids=lambda where: ascii(where)[:60],
    )
    def test_filters(self, asker: Asker, where: dict[str, object]) -> None:
        query = "query ($where: LabelWhere!) { data: countLabels(where: $where) }"
        assert_no_failure(asker.answer(query, where=where))

    @pytest.mark.parametrize("skip", [DIGITS, f"-{DIGITS}", "1e999", f'"{DIGITS}"', "[" * 300 + "]" * 300, "9" * 400])
    @pytest.mark.parametrize("name", ["first", "skip"])
    def test_numbers(self, asker: Asker, name: str, skip: str) -> None:
        given = {"first": "1", "skip": "0", name: skip}
        literal = f"{{ data: labels(where: {{}}, first: {given['first']}, skip: {given['skip']}) {{ id }} }}"
        assert_no_failure(asker.answer(literal))
        query = "query ($first: PageSize!, $skip: Int!) { data: labels(where: {}, first: $first, skip: $skip) { id } }"
        variables = f'{{"first": {given["first"]}, "skip": {given["skip"]}}}'
        body = f'{{"query": {json.dumps(query)}, "variables": {variables}}}'
        assert_no_failure(asker.post(body.encode()).json())

    @pytest.mark.parametrize(
        ("name", "value"),
        [
            ("assetID", "\ud800"),
            ("authorID", "\ud800"),
            ("modelName", "\ud800"),
            ("modelName", "\0"),
            ("secondsToLabel", 2**70),
            ("secondsToLabel", 10**400),
            ("clientVersion", 2**40),
            ("jsonResponse", "\ud800"),
            ("jsonResponse", f'{{"SCENE": {DIGITS}}}'),
            ("jsonResponse", '{"a":' * 60_000),
            ("jsonResponse", '{"SCENE": {"categories": [{"name": "\\ud800"}]}}'),
            ("jsonResponse", '{"SCENE": 1e999, "a": NaN}'),
        ],
        ids=lambda value: ascii(value)[:30],
    )
    def test_labels(self, asker: Asker, name: str, value: object) -> None:
        label = {"assetID": "a1", "jsonResponse": "{}", name: value}
        query = (
            "mutation ($data: AppendManyLabelsData!, $where: AssetWhere!)"
            " { data: appendManyLabels(data: $data, where: $where) { id modelName secondsToLabel jsonResponse } }"
        )
        data = {"labelType": "PREDICTION", "labelsData": [label]}
        assert_no_failure(asker.answer(query, data=data, where={"project": {"id": "p"}}))
        update = {"id": "l1"}, {name: value}
        if name in ("modelName", "secondsToLabel", "jsonResponse"):
            query = (
                "mutation ($data: LabelData!, $where: LabelWhere!)"
                " { data: updatePropertiesInLabel(data: $data, where: $where) { id modelName jsonResponse } }"
            )
            assert_no_failure(asker.answer(query, where=update[0], data=update[1]))

    def test_deletions(self, asker: Asker) -> None:
        for ids in (["\ud800"], ["\0"], [10**400], ["x"] * 50_000):
            answer = asker.answer("mutation ($ids: [ID!]!) { data: deleteLabels(ids: $ids) }", ids=ids)
            assert_no_failure(answer)
            assert "errors" in answer

    def test_after_the_last_of_all_times(self, tmp_path_factory: pytest.TempPathFactory) -> None:
        last = {"id": "l", "assetId": "a", "createdAt": "9999-12-31T23:59:59.999Z", "jsonResponse": {}}
        folder = write_project(tmp_path_factory.mktemp("last"), [last])
        with Sandbox(project=folder) as late:
            [added] = asking(late).append({"assetID": "a", "jsonResponse": "{}"})
            assert asking(late).ids() == ["l", added]


def assert_no_failure(answer: dict[str, Any]) -> None:
    for error in answer.get("errors", ()):
        assert "failed" not in error["message"]
        assert len(error["message"]) < 3_000
