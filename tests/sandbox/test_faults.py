"""Faults: their grammar, when they are due, and what a real client sees of them on real connections."""

import asyncio
import gzip
import json
import logging
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
import requests
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st
from starlette.types import Message, Receive, Scope, Send
from websockets.exceptions import ConnectionClosedError
from websockets.sync.client import connect

from kili_query.sandbox.fault_injection import FaultInjector, Seen
from kili_query.sandbox.faults import Fault, FaultError, FaultKind
from kili_query.sandbox.guard import Guard
from kili_query.serving import send_body
from tests.sandbox.serving import TIMEOUT_S, exchange, serving

APPEND = "mutation append { data: appendManyLabels(where: {}) { id } }"
COUNT = "query { data: countLabels }"
BOTH = "{ first: labels { id } second: countLabels }"


class Ledger:
    """An app that commits: it counts what it handled, and answers with the number."""

    def __init__(self) -> None:
        self.bodies: list[bytes] = []
        self.has_committed = threading.Event()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "websocket":
            await self.subscribe(receive, send)
        elif scope["type"] == "http":
            self.bodies.append((await receive())["body"])
            self.has_committed.set()  # before the answer, after which the next test may begin
            await send_body(send, 200, json.dumps({"data": {"data": len(self.bodies)}}).encode())

    async def subscribe(self, receive: Receive, send: Send) -> None:
        """Greets, and sends three events to whoever starts."""
        await receive()
        await send({"type": "websocket.accept"})
        await send({"type": "websocket.send", "text": '{"type": "connection_ack"}'})
        while (message := await receive())["type"] != "websocket.disconnect":
            if json.loads(message["text"])["type"] in ("start", "subscribe"):
                for number in range(3):
                    await send({"type": "websocket.send", "text": json.dumps({"type": "data", "id": number})})


class Box:
    """An app behind an injector, on a real server."""

    def __init__(self, address: str, app: Ledger, injector: FaultInjector) -> None:
        self.address, self.app, self.injector = address, app, injector
        self.url = f"http://{address}/graphql"

    def reset(self, *faults: str | Fault) -> None:
        self.app.bodies.clear()
        self.app.has_committed.clear()
        self.injector.clear()
        self.injector.inject(*faults)

    def ask(self, query: str = COUNT, **headers: str) -> requests.Response:
        return requests.post(self.url, json={"query": query}, headers=headers, timeout=TIMEOUT_S)

    def statuses(self, number: int, query: str = COUNT) -> list[int]:
        return [self.ask(query).status_code for _ in range(number)]


@pytest.fixture(scope="module")
def server() -> Iterator[Box]:
    app = Ledger()
    injector = FaultInjector(app, is_header_allowed=True)
    guard = Guard(injector, api_key="", hosts=["127.0.0.1"], open_prefix="/")
    with serving(guard) as address:
        yield Box(address, app, injector)


@pytest.fixture
def box(server: Box, caplog: pytest.LogCaptureFixture) -> Iterator[Box]:
    """The server without faults; whatever a test does to it, it has nothing to complain of."""
    server.reset()
    yield server
    assert [record.getMessage() for record in caplog.get_records("call") if record.levelno >= logging.WARNING] == []


class TestText:
    @pytest.mark.parametrize(
        ("text", "fault"),
        [
            ("503", Fault(kind=FaultKind.STATUS, status=503)),
            ("429", Fault(kind=FaultKind.STATUS, status=429, retry_after_s=1)),
            ("429=0s*2", Fault(kind=FaultKind.STATUS, status=429, retry_after_s=0, times=2)),
            ("503=2000ms", Fault(kind=FaultKind.STATUS, status=503, retry_after_s=2)),
            ("504-after", Fault(kind=FaultKind.STATUS_AFTER, status=504)),
            ("delay=50ms", Fault(kind=FaultKind.DELAY, delay_s=0.05)),
            ("delay=1.5s*", Fault(kind=FaultKind.DELAY, delay_s=1.5, times=None)),
            ("drop-before+3", Fault(kind=FaultKind.DROP_BEFORE, after=3)),
            ("drop-after:appendManyLabels", Fault(kind=FaultKind.DROP_AFTER, operation="appendManyLabels")),
            ("truncate:labels*2+1", Fault(kind=FaultKind.TRUNCATE, operation="labels", times=2, after=1)),
            (" html : labels * 2 + 1 ", Fault(kind=FaultKind.HTML, operation="labels", times=2, after=1)),
            ("error", Fault(kind=FaultKind.ERROR)),
            ("error-bare", Fault(kind=FaultKind.ERROR_BARE)),
            ("null-data*", Fault(kind=FaultKind.NULL_DATA, times=None)),
            ("null-field", Fault(kind=FaultKind.NULL_FIELD)),
            ("wrong-type", Fault(kind=FaultKind.WRONG_TYPE)),
        ],
    )
    def test_parse(self, text: str, fault: Fault) -> None:
        assert Fault.parse(text) == fault
        assert Fault.parse(str(fault)) == fault

    @pytest.mark.parametrize(
        ("text", "message"),
        [
            ("", "`` is not a fault: write one such as"),
            ("=3s", "`=3s` is not a fault: write one such as"),
            ("drop", "`drop`: `drop` is not a fault: write a status of 400 to 599, or one of delay, drop-before,"),
            ("status", "`status`: `status` is not a fault"),
            ("status-after", "`status-after`: `status-after` is not a fault"),
            ("200", "`200`: `200` is not a fault: write a status of 400 to 599"),
            ("600", "`600`: `600` is not a fault"),
            ("DELAY=1s", "`DELAY=1s`: `DELAY` is not a fault"),
            ("delay", "`delay`: say how long, as in `delay=50ms`"),
            ("delay=0s", "`delay=0s`: say how long"),
            ("delay=50", "`delay=50`: `50` is not a time: write it as `50ms` or `2s`"),
            ("delay=-1s", "`delay=-1s`: `-1s` is not a time"),
            ("delay=", "`delay=`: `` is not a time"),
            ("429=50ms", "`429=50ms`: `Retry-After` is in whole seconds"),
            ("error=1s", "`error=1s`: `error` takes no time"),
            ("503:", "`503:`: write the name of a root field after `:`, not ``"),
            ("503:a b", "`503:a b`: write the name of a root field after `:`, not `a b`"),
            ("503*0", "`503*0`: write a number after `*`, 1 or more, not `0`"),
            ("503*x", "`503*x`: write a number after `*`, 1 or more, not `x`"),
            ("503*-1", "`503*-1`: write a number after `*`, 1 or more, not `-1`"),
            ("503+", "`503+`: write a number after `+`, 0 or more, not ``"),
            ("503+1*2", "`503+1*2`: write a number after `+`, 0 or more, not `1*2`"),
            ("503*²", "`503*²`: write a number after `*`, 1 or more, not `²`"),
            ("503*1234567890", "`503*1234567890`: write a number after `*`"),
        ],
    )
    def test_errors(self, text: str, message: str) -> None:
        with pytest.raises(FaultError) as raised:
            Fault.parse(text)
        assert str(raised.value).startswith(message)
        assert isinstance(raised.value, ValueError)

    @given(st.text(alphabet="503429delay-roptnc=:*+ .s", max_size=16))
    def test_any_text_is_a_fault_or_an_error(self, text: str) -> None:
        read = self.read(text)
        if isinstance(read, Fault):
            assert Fault.parse(str(read)) == read
        else:
            assert f"`{text}`" in read

    def read(self, text: str) -> Fault | str:
        try:
            return Fault.parse(text)
        except FaultError as error:
            return str(error)

    @pytest.mark.parametrize(
        "wrong",
        [
            {"kind": FaultKind.STATUS},
            {"kind": FaultKind.HTML, "status": 500},
            {"kind": FaultKind.STATUS, "status": 200},
            {"kind": FaultKind.DELAY},
            {"kind": FaultKind.ERROR, "delay_s": 1.0},
            {"kind": FaultKind.ERROR, "retry_after_s": 1},
            {"kind": FaultKind.ERROR, "times": 0},
            {"kind": FaultKind.ERROR, "after": -1},
            {"kind": FaultKind.STATUS, "status": 500, "retry_after_s": -1},
        ],
    )
    def test_what_no_fault_can_be(self, wrong: dict[str, object]) -> None:
        with pytest.raises(FaultError):
            Fault(**wrong)  # type: ignore[arg-type]


class TestAnswers:
    """What a client sees, and whether the request was handled."""

    @pytest.mark.parametrize("status", [429, 500, 502, 503, 504, 521])
    def test_a_status(self, box: Box, status: int) -> None:
        box.reset(f"{status}=7s")
        answer = box.ask(APPEND)
        assert (answer.status_code, answer.headers["retry-after"]) == (status, "7")
        assert answer.text.startswith("<html>")
        assert box.app.bodies == []
        assert box.ask(APPEND).json() == {"data": {"data": 1}}

    def test_retry_after_unless_said(self, box: Box) -> None:
        box.reset("429", "503")
        assert box.ask().headers["retry-after"] == "1"
        assert "retry-after" not in box.ask().headers

    def test_a_status_after(self, box: Box) -> None:
        box.reset("504-after")
        assert box.ask(APPEND).status_code == 504
        assert len(box.app.bodies) == 1

    @pytest.mark.parametrize(("fault", "handled"), [("drop-before", 0), ("drop-after", 1)])
    def test_a_dropped_connection(self, box: Box, fault: str, handled: int) -> None:
        box.reset(f"{fault}*2")
        with pytest.raises(requests.ConnectionError):
            box.ask(APPEND)
        assert exchange(box.address, request(APPEND)) == b""
        assert len(box.app.bodies) == 2 * handled
        assert box.ask(APPEND).status_code == 200

    def test_a_truncated_body(self, box: Box) -> None:
        box.reset("truncate*2")
        with pytest.raises((requests.exceptions.ChunkedEncodingError, requests.ConnectionError)):
            box.ask(APPEND)
        start, _, body = exchange(box.address, request(APPEND)).partition(b"\r\n\r\n")
        assert start.startswith(b"HTTP/1.1 200 OK\r\n")
        assert b"content-length: 21" in start
        assert body == b'{"data": {"data": 2}}'[:10]
        assert len(box.app.bodies) == 2

    @pytest.mark.parametrize(
        ("fault", "query", "body"),
        [
            ("error", COUNT, {"errors": [{"message": "a fault of the sandbox", "extensions": {}}]}),
            ("error-bare", COUNT, {"errors": [{"message": "a fault of the sandbox"}]}),
            ("null-data", COUNT, {"data": None}),
            ("null-field", COUNT, {"data": {"data": None}}),
            ("null-field", BOTH, {"data": {"first": None, "second": None}}),
            ("null-field", "no query", {"data": {"data": None}}),
            ("wrong-type", COUNT, {"data": {"data": "unexpected"}}),
        ],
    )
    def test_wrong_json(self, box: Box, fault: str, query: str, body: object) -> None:
        box.reset(fault)
        answer = box.ask(query)
        assert (answer.status_code, answer.headers["content-type"]) == (200, "application/json")
        assert answer.json() == body
        assert box.app.bodies == []

    def test_html(self, box: Box) -> None:
        box.reset("html")
        answer = box.ask()
        assert (answer.status_code, answer.headers["content-type"]) == (200, "text/html; charset=utf-8")
        with pytest.raises(requests.JSONDecodeError):
            answer.json()
        assert box.app.bodies == []

    def test_a_delay(self, box: Box) -> None:
        box.reset("delay=20ms", "delay=10ms", "503")
        assert box.ask().status_code == 503
        assert list(map(str, box.injector.seen[0].faults)) == ["delay=0.02s", "delay=0.01s", "503"]
        assert box.ask().status_code == 200

    def test_who_gives_up_waiting_has_been_heard(self, box: Box) -> None:
        box.reset("delay=3600s")
        with pytest.raises(requests.ReadTimeout):
            requests.post(box.url, json={"query": APPEND}, timeout=0.2)
        assert box.app.has_committed.wait(TIMEOUT_S)
        assert len(box.app.bodies) == 1

    def test_a_session_goes_on(self, box: Box) -> None:
        box.reset("503", "drop-after+2", "html+3")
        with requests.Session() as session:
            found: list[object] = []
            for _ in range(5):
                try:
                    found.append(session.post(box.url, json={"query": COUNT}, timeout=TIMEOUT_S).status_code)
                except requests.ConnectionError:
                    found.append("dropped")
        assert found == [503, 200, "dropped", 200, 200]
        assert len(box.app.bodies) == 3

    def test_bodies_reach_the_app_as_they_are(self, box: Box) -> None:
        body = json.dumps({"query": APPEND, "variables": {"text": "é" * 100_000}}).encode()
        box.reset("504-after")
        for _ in range(2):
            requests.post(box.url, gzip.compress(body), headers={"Content-Encoding": "gzip"}, timeout=TIMEOUT_S)
        assert box.app.bodies == [body, body]


class TestWhen:
    """Which requests a fault hits."""

    def test_as_often_as_said(self, box: Box) -> None:
        box.reset("503*2")
        assert box.statuses(4) == [503, 503, 200, 200]
        box.reset("503*")
        assert box.statuses(4) == [503] * 4
        box.reset("503*2+1")
        assert box.statuses(4) == [200, 503, 503, 200]

    def test_one_after_another(self, box: Box) -> None:
        box.reset("502*2", "503+1")
        assert box.statuses(4) == [502, 502, 503, 200]

    def test_only_one_operation(self, box: Box) -> None:
        box.reset("503:appendManyLabels+1")
        assert box.statuses(2) == [200, 200]
        assert box.statuses(3, APPEND) == [200, 503, 200]
        box.reset("503:append")  # the name of the operation does as well
        assert box.statuses(2, APPEND) == [503, 200]
        box.reset("503:countLabels")
        assert box.statuses(2, BOTH) == [503, 200]
        box.reset("503:data")  # an alias is no name
        assert box.statuses(1) == [200]

    @pytest.mark.parametrize("body", [b"", b"{", b"[]", b'{"query": 1}', b'{"query": "{"}', b"\xff", b"[" * 100_000])
    def test_what_is_no_graphql(self, box: Box, body: bytes) -> None:
        box.reset("503", "500:labels")
        assert [requests.post(box.url, body, timeout=TIMEOUT_S).status_code for _ in range(2)] == [503, 200]
        assert box.app.bodies == [body]
        assert box.injector.seen[0].operations == ()

    def test_deep_documents(self, box: Box) -> None:
        assert box.ask("{a" * 20_000).status_code == 200
        assert box.injector.seen[0].operations == ()

    def test_the_log(self, box: Box) -> None:
        box.reset("503:countLabels", "html*")
        box.ask(COUNT)
        box.ask(APPEND)
        requests.get(f"http://{box.address}/version?a=b", timeout=TIMEOUT_S)
        html = Fault(kind=FaultKind.HTML, times=None)
        assert box.injector.seen == (
            Seen("POST", "/graphql", ("countLabels",), (Fault.parse("503:countLabels"),)),
            Seen("POST", "/graphql", ("appendManyLabels", "append"), (html,)),
            Seen("GET", "/version", (), (html,)),
        )
        assert box.injector.pending == (html,)
        box.injector.clear()
        assert (box.injector.seen, box.injector.pending) == ((), ())

    def test_faults_given_at_the_start(self) -> None:
        injector = FaultInjector(Ledger(), ["503*2", Fault.parse("html")])
        assert injector.pending == (Fault.parse("503*2"), Fault.parse("html"))
        with pytest.raises(FaultError):
            FaultInjector(Ledger(), ["nonsense"])

    def test_a_bad_text_adds_nothing(self, box: Box) -> None:
        with pytest.raises(FaultError):
            box.injector.inject("503", "nonsense")
        assert box.injector.pending == ()

    def test_many_at_once(self, box: Box) -> None:
        box.reset("503*50", "502*25")
        with ThreadPoolExecutor(8) as pool:
            found = list(pool.map(lambda _: box.ask().status_code, range(100)))
        assert (found.count(503), found.count(502), found.count(200)) == (50, 25, 25)
        assert len(box.injector.seen) == 100
        assert len(box.app.bodies) == 25


class TestHeader:
    def test_a_request_asks_for_its_own(self, box: Box) -> None:
        assert box.ask(X_Sandbox_Fault="503").status_code == 200  # not the name of the header
        assert box.ask(**{"X-Sandbox-Fault": "503"}).status_code == 503
        assert box.ask(**{"x-sandbox-fault": "delay=1ms, 502"}).status_code == 502
        assert box.ask(**{"X-Sandbox-Fault": "503:labels"}).status_code == 200
        assert box.ask(**{"X-Sandbox-Fault": ""}).status_code == 200
        assert box.ask().status_code == 200

    def test_it_goes_before_the_others(self, box: Box) -> None:
        box.reset("502")
        assert box.ask(**{"X-Sandbox-Fault": "503"}).status_code == 503
        assert box.statuses(2) == [502, 200]

    @pytest.mark.parametrize("text", ["nonsense", "503*2", "503*", "503+1", "503,nonsense"])
    def test_a_bad_text(self, box: Box, text: str) -> None:
        answer = box.ask(**{"X-Sandbox-Fault": text})
        assert answer.status_code == 400
        assert answer.json()["errors"][0]["message"].startswith("X-Sandbox-Fault: `")
        assert box.app.bodies == []

    def test_it_says_nothing_where_it_is_not_allowed(self) -> None:
        with serving(FaultInjector(Ledger())) as address:
            answer = requests.post(f"http://{address}/", headers={"X-Sandbox-Fault": "503"}, timeout=TIMEOUT_S)
        assert answer.status_code == 200


class TestSubscriptions:
    """Connections of subscriptions are cut without a closing frame, which is when official clients come back."""

    START = json.dumps({"type": "start", "id": "1", "payload": {"query": "subscription { data: labelCreated { id } }"}})

    @pytest.mark.parametrize("kind", ["start", "subscribe"])
    @pytest.mark.parametrize(("fault", "events"), [("drop-before", 0), ("drop-after", 1)])
    def test_cut(self, box: Box, fault: str, events: int, kind: str) -> None:
        box.reset(f"{fault}:labelCreated", "503*", "delay=1s*")  # what cannot befall a subscription is not due
        with connect(f"ws://{box.address}/graphql", proxy=None) as socket:
            assert json.loads(socket.recv(TIMEOUT_S)) == {"type": "connection_ack"}
            socket.send(self.START.replace("start", kind))
            for number in range(events):
                assert json.loads(socket.recv(TIMEOUT_S))["id"] == number
            with pytest.raises(ConnectionClosedError) as closed:
                socket.recv(TIMEOUT_S)
        assert closed.value.rcvd is None, "no closing frame came"
        assert box.injector.seen == (
            Seen("WEBSOCKET", "/graphql", ("labelCreated",), (Fault.parse(f"{fault}:labelCreated"),)),
        )

    def test_untouched(self, box: Box) -> None:
        box.reset("drop-after:labels")
        with connect(f"ws://{box.address}/graphql", proxy=None) as socket:
            socket.send('{"type": "connection_init"}')
            socket.send(self.START)
            received = [json.loads(socket.recv(TIMEOUT_S)) for _ in range(4)]
        assert [one.get("id") for one in received] == [None, 0, 1, 2]
        assert box.injector.pending == (Fault.parse("drop-after:labels"),)


def test_a_server_that_cannot_cut_says_so() -> None:
    async def receive() -> Message:
        return {"type": "http.request", "body": b""}

    async def send(message: Message) -> None:
        raise AssertionError(message)

    scope = {"type": "http", "method": "GET", "path": "/", "headers": []}
    with pytest.raises(RuntimeError, match="HTTP_PROTOCOL"):
        asyncio.run(FaultInjector(Ledger(), ["drop-before"])(scope, receive, send))


def test_a_fault_is_a_value() -> None:
    fault = Fault.parse("503*2")
    assert evolve(fault, times=1) == Fault.parse("503")
    assert len({fault, Fault.parse("503 * 2")}) == 1


def request(query: str) -> bytes:
    body = json.dumps({"query": query}).encode()
    return f"POST /graphql HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body
