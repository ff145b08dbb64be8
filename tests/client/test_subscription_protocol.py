"""Subscriptions to servers that do what a script says: both protocols to the letter, and all the ways to end."""

import json
import logging
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from http import HTTPStatus
from pathlib import Path
from queue import Queue

import pytest
from attrs import define, evolve, field
from websockets.exceptions import ConnectionClosed

from kili_query.client.ontologies import Projects
from kili_query.client.request import Request
from kili_query.client.retries import Clock
from kili_query.client.rows import ListContext
from kili_query.client.settings import Settings
from kili_query.client.subscription import (
    Interruption,
    LeftOut,
    Notice,
    Subscription,
    SubscriptionOptions,
    channel,
    subscribe,
)
from kili_query.client.testing import FakeService
from kili_query.errors import (
    ArgumentError,
    AuthenticationFailed,
    GraphQLError,
    KiliQueryError,
    MalformedLabelError,
    QueryError,
    TransportError,
)
from kili_query.planning import DEFAULT_PROFILE
from tests.client.subscribing import QUICK, TIMEOUT_S, take, watchdog
from tests.client.websocket_server import Talk, TalkingServer, talking

KEY = "the-secret-key"
INTERFACE = {"jobs": {"SCENE": {"mlTask": "CLASSIFICATION", "content": {"categories": {"DAY": {}, "NIGHT": {}}}}}}
NIGHT = '{"SCENE": {"categories": [{"name": "NIGHT"}]}}'
DAY = '{"SCENE": {"categories": [{"name": "DAY"}]}}'
PROTOCOLS = ("graphql-ws", "graphql-transport-ws")
PROJECT = {"id": "project", "inputType": "IMAGE", "jsonInterface": json.dumps(INTERFACE)}

Subscribe = Callable[..., Subscription]


@pytest.fixture
def service() -> FakeService:
    """HTTP answers as a service gives them that knows ``jsonResponseUrl``, and has no change feed."""

    def answer(request: Request) -> object:
        if request.operation.name == "events":
            message = 'Cannot query field "events" on type "Query".'
            raise GraphQLError(message, [{"message": message}])
        return [PROJECT] if request.operation.name == "projects" else []

    return FakeService(answer)


@pytest.fixture
def open_subscription(service: FakeService) -> Iterator[Subscribe]:
    """``open_subscription(server, callback, **options)``, closed when the test ends."""
    opened: list[Subscription] = []
    with ThreadPoolExecutor(1) as pool:

        def subscribe_to(
            server: TalkingServer,
            callback: Callable[[str, object], None] | None = None,
            *,
            settings: Settings | None = None,
            **options: object,
        ) -> Subscription:
            reader = ListContext(service, pool, Projects(service, {}), DEFAULT_PROFILE)
            wanted = SubscriptionOptions(**{"clock": QUICK, "on_notice": lambda _: None, **options})
            opened.append(subscribe(reader, settings or Settings(KEY, server.endpoint), "project", callback, wanted))
            return opened[-1]

        yield subscribe_to
        for subscription in opened:
            subscription.close()
            assert subscription._join(TIMEOUT_S)


def with_label(talk: Talk) -> None:
    talk.begin().label("again", NIGHT).hold()


def ids(labels: list[dict[str, object]]) -> list[object]:
    return [label["id"] for label in labels]


class TestFrames:
    @pytest.mark.parametrize(("name", "start"), [("graphql-ws", "start"), ("graphql-transport-ws", "subscribe")])
    def test_what_is_sent(self, open_subscription: Subscribe, name: str, start: str) -> None:
        with talking(with_label, subprotocols=(name,)) as server:
            subscription = open_subscription(server)
            assert ids(take(subscription, 1)) == ["again"]
            [talk] = server.talks
        assert talk.websocket.subprotocol == name
        key = f"X-API-Key: {KEY}"
        headers = {"Accept": "application/json", "Content-Type": "application/json", "Authorization": key}
        assert talk.init == {"type": "connection_init", "payload": {"headers": headers, "Authorization": key}}
        assert talk.start["type"] == start
        assert talk.start["payload"]["variables"] == {"projectID": "project"}
        assert "data: labelCreatedOrUpdated(projectID: $projectID) { id " in talk.start["payload"]["query"]
        [request] = server.requests
        assert "Authorization" not in request.headers
        assert request.headers["User-Agent"].startswith("kili-query/")

    @pytest.mark.parametrize(
        ("asked", "offered"), [(None, "graphql-ws, graphql-transport-ws"), *((name, name) for name in PROTOCOLS)]
    )
    def test_what_is_offered(self, open_subscription: Subscribe, asked: str | None, offered: str) -> None:
        with talking(with_label, subprotocols=PROTOCOLS) as server:
            take(open_subscription(server, protocol=asked), 1)
            assert server.requests[0].headers["Sec-WebSocket-Protocol"] == offered

    def test_a_server_that_picks_no_protocol_is_spoken_to_in_the_older(self, open_subscription: Subscribe) -> None:
        with talking(with_label, subprotocols=()) as server:
            take(open_subscription(server), 1)
            assert server.talks[0].start["type"] == "start"

    def test_signs_of_life(self, open_subscription: Subscribe) -> None:
        pongs = []

        def live(talk: Talk) -> None:
            talk.init = talk.receive()
            for kind in ("ka", "ping", "pong", "ka"):
                talk.send(kind)
            pongs.append(talk.receive())
            talk.send("connection_ack")
            talk.start = talk.receive()
            talk.send("ka")
            talk.label("a").send("ping", payload={"some": "thing"})
            pongs.append(talk.receive())
            talk.label("b").hold()

        for name in PROTOCOLS:
            with talking(live, subprotocols=(name,)) as server:
                subscription = open_subscription(server)
                assert ids(take(subscription, 2)) == ["a", "b"]
        assert pongs == [{"type": "pong"}] * 4

    @pytest.mark.parametrize(("name", "stop"), [("graphql-ws", "stop"), ("graphql-transport-ws", "complete")])
    def test_the_end_is_told(self, open_subscription: Subscribe, name: str, stop: str) -> None:
        last: Queue[object] = Queue()

        def listen(talk: Talk) -> None:
            talk.begin()
            last.put(talk.receive())
            with pytest.raises(ConnectionClosed) as closed:
                talk.receive()
            last.put(closed.value.rcvd.code)

        with talking(listen, subprotocols=(name,)) as server:
            open_subscription(server).close()
            assert last.get(timeout=TIMEOUT_S) == {"type": stop, "id": server.talks[0].start["id"]}
            assert last.get(timeout=TIMEOUT_S) == 1000

    def test_a_large_content(self, open_subscription: Subscribe) -> None:
        text = json.dumps({"SCENE": {"text": "x" * 3_000_000}})
        with talking(lambda talk: talk.begin().label("large", text).hold()) as server:
            [label] = take(open_subscription(server), 1)
        assert label["jsonResponse"] == json.loads(text)

    def test_a_service_without_urls_of_contents(self, open_subscription: Subscribe, service: FakeService) -> None:
        def answer(request: Request) -> object:
            if request.selection == "jsonResponseUrl":
                return GraphQLError('Cannot query field "jsonResponseUrl" on type "Label".')
            return [PROJECT]

        service.answers = answer
        with talking(with_label) as server:
            take(open_subscription(server), 1)
            assert "jsonResponseUrl" not in server.talks[0].start["payload"]["query"]


END = {
    "cut": Talk.cut,
    "complete": lambda talk: talk.send("complete", id=talk.start["id"]) or talk.hold(),
    **{
        str(code): lambda talk, code=code: talk.websocket.close(code, "bye")
        for code in (1000, 1001, 1002, 1008, 1011, 1012, 1013, 4000, 4400, 4408, 4409, 4429)
    },
    "no json": lambda talk: talk.websocket.send("{") or talk.hold(),
    "no object": lambda talk: talk.websocket.send("[1]") or talk.hold(),
    "no text": lambda talk: talk.websocket.send(b"\xff\xfe") or talk.hold(),
    "no type": lambda talk: talk.websocket.send("{}") or talk.hold(),
    "a type of its own": lambda talk: talk.send("news") or talk.hold(),
    "no payload": lambda talk: talk.send("next", id=talk.start["id"]) or talk.hold(),
    "an event for another": lambda talk: talk.send("next", id="x", payload={"data": {"data": {}}}) or talk.hold(),
    "NaN": lambda talk: talk.websocket.send('{"type": "ka", "payload": NaN}') or talk.hold(),
}


@pytest.mark.parametrize("end", END.values(), ids=END)
def test_it_goes_on_after(open_subscription: Subscribe, end: Callable[[Talk], None]) -> None:
    notices: list[Notice] = []
    with talking(lambda talk: end(talk.begin().label("first", DAY)), with_label) as server:
        subscription = open_subscription(server, on_notice=notices.append)
        assert ids(take(subscription, 2)) == ["first", "again"]
        first, second = server.talks
        assert first.start["id"] != second.start["id"]
        assert [isinstance(notice, Interruption) for notice in notices] == [True, True]


def test_it_goes_on_after_handshakes_that_were_refused(open_subscription: Subscribe) -> None:
    refusals = [HTTPStatus(status) for status in (503, 502, 404, 429, 500, 403)]
    with talking(lambda talk: talk.begin().label("first").cut(), *refusals, with_label) as server:
        assert ids(take(open_subscription(server), 2)) == ["first", "again"]


def test_it_goes_on_after_the_key_was_refused_once(open_subscription: Subscribe) -> None:
    with talking(lambda talk: talk.begin().label("first").cut(), HTTPStatus.UNAUTHORIZED, with_label) as server:
        assert ids(take(open_subscription(server), 2)) == ["first", "again"]


class TestRefusals:
    @pytest.mark.parametrize("name", PROTOCOLS)
    @pytest.mark.parametrize("code", [4401, 4403])
    def test_the_key_by_a_close(self, open_subscription: Subscribe, name: str, code: int) -> None:
        def refuse(talk: Talk) -> None:
            talk.receive()
            talk.websocket.close(code, f"no {KEY}")

        with talking(refuse, subprotocols=(name,)) as server:
            with pytest.raises(AuthenticationFailed, match=rf"refused: code {code}, no \[api key\]"):
                open_subscription(server)
            assert len(server.talks) == 1

    def test_the_key_by_a_frame(self, open_subscription: Subscribe) -> None:
        def refuse(talk: Talk) -> None:
            talk.receive()
            talk.send("connection_error", payload={"message": f"unknown key {KEY}"})
            talk.hold()

        with talking(refuse, subprotocols=("graphql-ws",)) as server:
            with pytest.raises(AuthenticationFailed, match=r"refused: unknown key \[api key\]"):
                open_subscription(server)
            assert len(server.talks) == 1

    def test_the_key_by_the_handshake(self, open_subscription: Subscribe) -> None:
        with talking(HTTPStatus.UNAUTHORIZED) as server, pytest.raises(AuthenticationFailed):
            open_subscription(server)

    def test_the_key_after_it_was_accepted(self, open_subscription: Subscribe) -> None:
        with talking(lambda talk: talk.begin().label("first").cut(), HTTPStatus.UNAUTHORIZED) as server:
            subscription = open_subscription(server)
            with pytest.raises(AuthenticationFailed), watchdog(subscription):
                list(subscription)
            assert len(server.requests) == 1 + 3
            assert isinstance(subscription.error, AuthenticationFailed)

    @pytest.mark.parametrize(
        "payload", [{"message": f"not you, {KEY}"}, [{"message": f"not you, {KEY}", "locations": []}, {"message": "x"}]]
    )
    @pytest.mark.parametrize("name", PROTOCOLS)
    def test_the_subscription_by_an_error(self, open_subscription: Subscribe, name: str, payload: object) -> None:
        def refuse(talk: Talk) -> None:
            talk.begin().send("error", id=talk.start["id"], payload=payload)
            talk.hold()

        with talking(refuse, subprotocols=(name,)) as server:
            with pytest.raises(GraphQLError, match=r"not you, \[api key\]") as refused:  # while it opens, or just after
                open_subscription(server).join(TIMEOUT_S)
            assert len(server.talks) == 1
        assert refused.value.errors[0]["message"] == "not you, [api key]"

    def test_the_subscription_by_an_event_without_data(self, open_subscription: Subscribe) -> None:
        with (
            talking(lambda talk: talk.begin().payload({"errors": [{"message": "no such project"}]}).hold()) as server,
            pytest.raises(GraphQLError, match="no such project"),  # while it opens, or just after
        ):
            open_subscription(server).join(TIMEOUT_S)

    def test_an_error_that_passes(self, open_subscription: Subscribe) -> None:
        def fail(talk: Talk) -> None:
            message = "Invalid request made to Flagsmith API"
            talk.begin().send("error", id=talk.start["id"], payload=[{"message": message}])
            talk.hold()

        with talking(fail, with_label) as server:
            assert ids(take(open_subscription(server), 1)) == ["again"]

    def test_a_place_without_a_websocket(self, open_subscription: Subscribe) -> None:
        with talking(HTTPStatus.NOT_FOUND) as server:
            with pytest.raises(TransportError, match=r"HTTP 404.*is the endpoint right"):
                open_subscription(server)
            assert len(server.requests) == 1

    def test_a_redirect_is_not_followed(self, open_subscription: Subscribe) -> None:
        with talking(with_label) as thief:
            headers = {"Location": thief.endpoint.replace("http", "ws")}
            with (
                talking(HTTPStatus.FOUND, headers=headers) as server,
                pytest.raises(TransportError, match=r"redirects to `ws://127\.0\.0\.1"),
            ):
                open_subscription(server)
            assert not thief.requests

    def test_a_service_that_was_never_reached(self, open_subscription: Subscribe) -> None:
        with talking(with_label) as server:
            pass
        with pytest.raises(TransportError, match=r"no connection to `ws://127\.0\.0\.1:\d+`: "):
            open_subscription(server)

    def test_no_answer(self, open_subscription: Subscribe, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(channel, "_ACK_TIMEOUT_S", 0.01)
        with talking(Talk.hold) as server:
            with pytest.raises(TransportError, match="did not answer within"):
                open_subscription(server)
            assert len(server.talks) == 3


class TestOutage:
    def test_is_given_up_after_a_while(self, open_subscription: Subscribe) -> None:
        seconds = iter(range(10_000))
        clock = evolve(QUICK, monotonic_s=lambda: float(next(seconds)))
        with talking(lambda talk: talk.begin().label("first").cut(), HTTPStatus.BAD_GATEWAY) as server:
            subscription = open_subscription(server, clock=clock, unreachable_s=5)
            assert ids(take(subscription, 1)) == ["first"]
            with pytest.raises(TransportError, match=r"out of reach for 5 s, in \d tries; at last: .*HTTP 502") as gone:
                take(subscription, 1)
        assert gone.value.status == 502
        assert subscription.error is gone.value

    def test_may_be_given_up_at_once(self, open_subscription: Subscribe) -> None:
        with talking(lambda talk: talk.begin().label("first").cut(), with_label) as server:
            # the cut may come before the subscription has started
            with pytest.raises(TransportError, match="the connection broke"):  # noqa: PT012 - either may raise
                subscription = open_subscription(server, unreachable_s=0)
                with watchdog(subscription):
                    list(subscription)
            assert len(server.talks) == 1

    def test_pauses_grow_and_begin_anew_after_a_label(self, open_subscription: Subscribe) -> None:
        bounds = []

        def between(low: float, high: float) -> float:
            bounds.append((low, high))
            return 0.0

        def drop(talk: Talk) -> None:
            talk.begin().cut()

        def label(talk: Talk) -> None:
            talk.begin().label("a").cut()

        with talking(label, *[HTTPStatus.BAD_GATEWAY] * 3, *[drop] * 4, label, drop, with_label) as server:
            subscription = open_subscription(server, clock=Clock(between=between))
            assert ids(take(subscription, 3)) == ["a", "a", "again"]
            assert [low for low, _ in bounds] == [0.0] * 10
            assert [high for _, high in bounds] == [0.5, 1, 2, 4, 8, 16, 30, 30, 0.5, 1]

    def test_close_does_not_wait_for_a_connection(self, open_subscription: Subscribe) -> None:
        with talking(lambda talk: talk.begin().label("first").cut()) as server:
            subscription = open_subscription(server, unreachable_s=None)
            take(subscription, 1)
            server.shutdown()
        with socket.create_server(("127.0.0.1", server.port), reuse_port=False) as silent:
            connection, _ = silent.accept()  # and nothing more
            with connection:
                subscription.close()
                assert list(subscription) == []

    def test_the_time_that_was_missed(self, open_subscription: Subscribe) -> None:
        notices: Queue[Notice] = Queue()
        with talking(lambda talk: talk.begin().cut(), with_label) as server:
            take(open_subscription(server, on_notice=notices.put), 1)
        begun, ended = notices.get(timeout=TIMEOUT_S), notices.get(timeout=TIMEOUT_S)
        assert isinstance(begun, Interruption)
        assert ended == evolve(begun, ended=ended.ended)
        assert begun.ended is None
        assert begun.began <= ended.ended


EVENTS = {
    "content that is no JSON": lambda talk: talk.label("bad", "{"),
    "an error of a field": lambda talk: talk.label("bad", NIGHT, errors=[{"message": f"{KEY} failed"}]),
    "no label": lambda talk: talk.payload({"data": None, "errors": [{"message": "gone"}]}),
    "null": lambda talk: talk.payload({"data": {"data": None}}),
    "a label that is none": lambda talk: talk.payload({"data": {"data": 7}}),
}


class TestContents:
    @pytest.mark.parametrize("event", EVENTS.values(), ids=EVENTS)
    def test_what_cannot_be_read_is_told(self, open_subscription: Subscribe, event: Callable[[Talk], Talk]) -> None:
        notices: list[Notice] = []
        with talking(lambda talk: event(talk.begin().label("first", DAY)).label("last", NIGHT).hold()) as server:
            subscription = open_subscription(server, on_malformed="skip", on_notice=notices.append)
            assert ids(take(subscription, 2)) == ["first", "last"]
            [left_out] = notices
        assert isinstance(left_out, LeftOut)
        assert left_out.label_id in ("bad", None)
        assert f"label `{left_out.label_id or '?'}`: " in str(left_out)
        assert KEY not in str(left_out)
        assert subscription.tally.left_out == 1

    @pytest.mark.parametrize("event", EVENTS.values(), ids=EVENTS)
    def test_or_is_an_error_after_which_one_may_go_on(
        self, open_subscription: Subscribe, event: Callable[[Talk], Talk]
    ) -> None:
        with talking(lambda talk: event(talk.begin().label("first", DAY)).label("last", NIGHT).hold()) as server:
            subscription = open_subscription(server)
            with watchdog(subscription):
                labels = iter(subscription)
                assert next(labels)["id"] == "first"
                with pytest.raises(MalformedLabelError):
                    next(labels)
                assert next(labels)["id"] == "last"
        assert subscription.error is None

    def test_an_unknown_content(self, open_subscription: Subscribe) -> None:
        def send(talk: Talk) -> None:
            talk.begin().label("null", None).label("empty", "").label("last", NIGHT).hold()

        with talking(send) as server:
            assert [label["jsonResponse"] for label in take(open_subscription(server), 3)][:2] == [None, None]
            notices: list[Notice] = []
            judged = open_subscription(server, where="SCENE.DAY.count == 0", on_notice=notices.append)
            assert ids(take(judged, 1)) == ["last"]
        assert [notice.label_id for notice in notices if isinstance(notice, LeftOut)] == ["null", "empty"]

    @pytest.mark.parametrize("on_malformed", ["raise", "skip"])
    def test_a_content_of_the_wrong_shape(self, open_subscription: Subscribe, on_malformed: str) -> None:
        with talking(lambda talk: talk.begin().label("bad", '{"SCENE": 7}').label("last", NIGHT).hold()) as server:
            subscription = open_subscription(server, where="SCENE.NIGHT", on_malformed=on_malformed)
            if on_malformed == "raise":
                with pytest.raises(MalformedLabelError, match="label `bad`: "):
                    take(subscription, 1)
            assert ids(take(subscription, 1)) == ["last"]

    def test_a_callback_is_told_by_an_error(self, open_subscription: Subscribe) -> None:
        called = []
        with (
            talking(lambda talk: talk.begin().label("first", DAY).label("bad", "{").label("last").hold()) as server,
            pytest.raises(MalformedLabelError, match="label `bad`"),  # it may come while it is opened
        ):
            open_subscription(server, lambda *arguments: called.append(arguments)).join(TIMEOUT_S)
        assert called == [("asset of first", json.loads(DAY))]


def test_a_callback_has_all_that_came_before_the_block_ends(open_subscription: Subscribe) -> None:
    have_come, may_go_on, had = threading.Event(), threading.Event(), []

    def send(talk: Talk) -> None:
        talk.begin().label("a").label("b").label("c").send("ping")
        talk.receive()  # the answer to the ping: what was sent before has arrived
        have_come.set()
        talk.hold()

    def wait(asset_id: str, _: object) -> None:
        may_go_on.wait(TIMEOUT_S)
        had.append(asset_id)

    with talking(send) as server:
        with open_subscription(server, wait):
            assert have_come.wait(TIMEOUT_S)
            may_go_on.set()
        assert had == ["asset of a", "asset of b", "asset of c"]


def test_an_error_of_the_function_that_is_told(open_subscription: Subscribe) -> None:
    is_open = threading.Event()

    def fail(_: Notice) -> None:
        is_open.wait(TIMEOUT_S)  # an error that comes while it is opened is raised there
        raise OSError("the log is full")

    with talking(lambda talk: talk.begin().cut(), with_label) as server:
        subscription = open_subscription(server, on_notice=fail)
        is_open.set()
        with pytest.raises(OSError, match="the log is full"):
            subscription.join(TIMEOUT_S)
        with pytest.raises(OSError, match="the log is full"):
            next(iter(subscription))


def test_the_key_is_in_no_log(open_subscription: Subscribe, caplog: pytest.LogCaptureFixture) -> None:
    with (
        caplog.at_level(logging.DEBUG, "websockets.client"),
        caplog.at_level(logging.DEBUG, "kili_query"),
        talking(lambda talk: talk.begin().label("first").cut(), with_label) as server,
    ):
        take(open_subscription(server), 2)
    assert caplog.records
    assert KEY not in caplog.text


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"protocol": "mqtt"}, "`protocol` must be 'graphql-ws', 'graphql-transport-ws', 'events' or None"),
        ({"where": 7}, "`where` must be a text or a `Query`, not 7"),
        ({"on_malformed": "ignore"}, "`on_malformed` must be 'raise' or 'skip', not 'ignore'"),
        ({"on_notice": "print"}, "`on_notice` is a function, not 'print'"),
        ({"callback": "print"}, "`callback` is a function, not 'print'"),
        *(({"unreachable_s": value}, "`unreachable_s` is a number of seconds") for value in ("1", -1, float("nan"))),
    ],
)
def test_arguments_are_checked_before_anything_is_sent(
    open_subscription: Subscribe, service: FakeService, options: dict[str, object], message: str
) -> None:
    with talking(with_label) as server:
        with pytest.raises(ArgumentError) as refused:
            open_subscription(server, **options)
        assert message in str(refused.value)
        assert not server.requests
    assert not service.requests


@pytest.mark.parametrize("where", ["SCENE.NIGHT >", "SCENE.FOG"])
def test_a_query_is_checked_before_the_connection(open_subscription: Subscribe, where: str) -> None:
    with talking(with_label) as server:
        with pytest.raises(QueryError):
            open_subscription(server, where=where)
        assert not server.requests


class TestCertificates:
    def test_one_that_nobody_vouches_for(
        self, open_subscription: Subscribe, certificate: tuple[Path, ssl.SSLContext]
    ) -> None:
        with talking(with_label, tls=certificate[1]) as server:
            secure = Settings(KEY, server.endpoint.replace("http:", "https:"))
            with pytest.raises(TransportError, match=r"certificate is not trusted.*`verify`"):
                open_subscription(server, settings=secure)
            assert not server.requests

    @pytest.mark.parametrize("is_trusted", [True, False])
    def test_one_that_is_trusted_or_not_checked(
        self, open_subscription: Subscribe, certificate: tuple[Path, ssl.SSLContext], is_trusted: bool
    ) -> None:
        verify = str(certificate[0]) if is_trusted else False
        with talking(with_label, tls=certificate[1]) as server:
            secure = Settings(KEY, server.endpoint.replace("http:", "https:"), verify)
            assert ids(take(open_subscription(server, settings=secure), 1)) == ["again"]

    def test_authorities_that_cannot_be_read(self, open_subscription: Subscribe, tmp_path: Path) -> None:
        path = tmp_path / "no.pem"
        path.write_text("nothing")
        with talking(with_label) as server:
            secure = Settings(KEY, server.endpoint.replace("http:", "https:"), str(path))
            with pytest.raises(KiliQueryError, match="`verify`: no certificate authority can be read from"):
                open_subscription(server, settings=secure)


class TestHalfOpen:
    """A connection whose other end is gone, of which no packet tells."""

    @pytest.fixture(autouse=True)
    def soon(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(channel, "_KEEPALIVE_S", 0.1)

    def test_it_is_noticed_and_made_anew(self, open_subscription: Subscribe) -> None:
        notices: Queue[Notice] = Queue()
        with (
            talking(lambda talk: talk.begin().label(f"l{len(server.talks)}").hold()) as server,
            relay_to(server.port) as relay,
        ):
            through = evolve(server, port=relay.port)
            subscription = open_subscription(through, on_notice=notices.put)
            assert ids(take(subscription, 1)) == ["l1"]
            relay.forget()
            assert ids(take(subscription, 1)) == ["l2"]
        assert "nothing came for 0.2 s, not even a pong" in str(notices.get(timeout=TIMEOUT_S))

    def test_a_quiet_one_stays(self, open_subscription: Subscribe) -> None:
        quiet = threading.Event()

        def talk_late(talk: Talk) -> None:
            talk.begin()
            quiet.wait(0.5)
            talk.label("late").hold()

        with talking(talk_late) as server:
            assert ids(take(open_subscription(server), 1)) == ["late"]
            assert len(server.talks) == 1


@define
class Relay:
    """Passes bytes on between clients and a server.

    Attributes:
        port: where it listens.
        forgotten: how many of the connections pass nothing on any more, and do not end either.
    """

    port: int
    connections: list[socket.socket] = field(factory=list)
    forgotten: int = 0

    def forget(self) -> None:
        """Pass nothing on over the connections that there are."""
        self.forgotten = len(self.connections)


@contextmanager
def relay_to(port: int) -> Iterator[Relay]:
    with socket.create_server(("127.0.0.1", 0)) as listening, ExitStack() as stack:
        relay = Relay(listening.getsockname()[1])

        def pump(source: socket.socket, sink: socket.socket, number: int) -> None:
            with suppress(OSError):
                while piece := source.recv(1 << 16):
                    if number >= relay.forgotten:
                        sink.sendall(piece)

        def listen() -> None:
            with suppress(OSError):
                while True:
                    near, _ = listening.accept()
                    far = socket.create_connection(("127.0.0.1", port))
                    number = len(relay.connections)
                    relay.connections.append(near)
                    for pair in ((near, far), (far, near)):
                        threading.Thread(target=pump, args=(*pair, number), daemon=True).start()
                        stack.callback(pair[0].close)
                        stack.callback(pair[0].shutdown, socket.SHUT_RDWR)

        listener = threading.Thread(target=listen, daemon=True)
        listener.start()
        try:
            yield relay
        finally:
            listening.shutdown(socket.SHUT_RDWR)
            listener.join(TIMEOUT_S)


class TestHostileFrames:
    def test_one_that_is_too_large(self, open_subscription: Subscribe) -> None:
        notices: Queue[Notice] = Queue()
        steps = [lambda talk: talk.begin().label("x" * 50_000).hold(), lambda talk: talk.begin().label("l2").hold()]
        with talking(*steps) as server:
            settings = Settings(KEY, server.endpoint, max_answer_bytes=10_000)
            subscription = open_subscription(server, settings=settings, on_notice=notices.put)
            assert ids(take(subscription, 1)) == ["l2"]
        assert "a message is larger than 10000 bytes: ask for fewer fields" in str(notices.get())

    def test_one_that_inflates(self, open_subscription: Subscribe) -> None:
        """A message that is packed into little is bounded as it is inflated."""
        bomb = '{"type": "ka", "payload": "' + " " * 20_000_000 + '"}'
        steps = [lambda talk: talk.begin().websocket.send(bomb), lambda talk: talk.begin().label("l2").hold()]
        with talking(*steps) as server:
            settings = Settings(KEY, server.endpoint, max_answer_bytes=10_000)
            assert ids(take(open_subscription(server, settings=settings), 1)) == ["l2"]

    @pytest.mark.parametrize("kind", ["error", "connection_error", "data", "next"])
    @pytest.mark.parametrize("levels", [60, 500, 5_000])
    def test_one_that_is_nested(self, open_subscription: Subscribe, kind: str, levels: int) -> None:
        nested = '{"a":' * levels + "1" + "}" * levels
        errors = f'[{{"message": "no", "extensions": {nested}}}]'
        payload = errors if kind in ("error", "connection_error") else f'{{"errors": {errors}}}'

        def talk_deep(talk: Talk) -> None:
            talk.begin()
            talk.websocket.send(f'{{"type": "{kind}", "id": "{talk.start["id"]}", "payload": {payload}}}')
            talk.hold()

        with (
            talking(talk_deep, lambda talk: talk.begin().label("l2").hold()) as server,
            suppress(GraphQLError),  # it may come while the subscription is opened
        ):
            assert ids(take(open_subscription(server), 1)) == ["l2"]

    @pytest.mark.parametrize("before", [0, 40, 60, 70, 75, 79])
    @pytest.mark.parametrize("form", ["{}", '{{"type": "{}"}}', '{{"type": "error", "payload": {{"message": "{}"}}}}'])
    def test_one_that_repeats_the_key(
        self, open_subscription: Subscribe, caplog: pytest.LogCaptureFixture, before: int, form: str
    ) -> None:
        caplog.set_level(logging.DEBUG)
        text = form.format("x" * before + KEY)
        steps = [
            lambda talk: talk.begin().websocket.send(text),
            lambda talk: talk.begin().label(KEY, "[").label("l2").hold(),
        ]
        said = []
        with talking(*steps) as server:
            try:
                take(open_subscription(server, on_notice=None, on_malformed="skip"), 1)
            except KiliQueryError as error:
                said.append(str(error))
        said += [record.getMessage() for record in caplog.records if record.name.startswith("kili_query")]
        assert said
        assert KEY[:6] not in "\n".join(said)
