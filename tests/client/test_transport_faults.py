"""Each fault of a network, a gateway or the service, against queries and mutations: a real server, sends counted."""

import gzip
from collections.abc import Callable

import pytest
from attrs import frozen

from kili_query.client.request import Request
from kili_query.client.settings import Settings
from kili_query.client.transport import Transport
from kili_query.errors import (
    AuthenticationFailed,
    GraphQLError,
    MutationOutcomeUnknown,
    ServiceError,
    TransportError,
)
from kili_query.protocol import COUNT_LABELS, DELETE_LABELS
from tests.client.fake_clock import FakeTime
from tests.client.scripted_server import Answer, Cut, ScriptedServer, Step, data, errors
from tests.each import for_each

KEY = "the-secret-key"
QUERY = Request(COUNT_LABELS, {"where": {}})
MUTATION = Request(DELETE_LABELS, {"ids": ["l1"]})

TO_THE_DEADLINE = 8
"""How often a call is sent in 120 s when chance is unkind: pauses of 1, 2, 4, 8, 16, 30, 30 s; the next is too late."""

HTML = Answer(b"<html><head><style>p{}</style></head><body><h1>Welcome</h1>Please log in</body></html>")
WHOLE = data(7)
FLAGSMITH = errors({"message": "[x] Invalid request made to Flagsmith API. y"})


@frozen
class Fault:
    """A fault that lasts, and what it makes of a call of each kind.

    Attributes:
        step: what the server does, each time.
        sends: how often a query is sent.
        error: what the query's caller gets.
        mutation_sends: how often a mutation is sent.
        mutation_error: what the mutation's caller gets.
        words: what each message says.
    """

    step: Step
    sends: int
    error: type[ServiceError]
    mutation_sends: int
    mutation_error: type[ServiceError]
    words: str


def gateway(status: int, sends: int, words: str | None = None) -> Fault:
    page = Answer(b"<title>Oops</title>", status)
    return Fault(page, sends, TransportError, 1, MutationOutcomeUnknown, words or f"HTTP {status}: Oops")


def untouched(step: Step, sends: int, words: str, error: type[ServiceError] = TransportError) -> Fault:
    return Fault(step, sends, error, sends, error, words)


def unreadable(step: Step, sends: int, words: str) -> Fault:
    return Fault(step, sends, TransportError, 1, MutationOutcomeUnknown, words)


FAULTS = {
    "429": untouched(Answer(b"slow down", 429), TO_THE_DEADLINE, "HTTP 429: slow down"),
    "500": gateway(500, 1),
    "500 of GraphQL": Fault(
        errors({"message": "out of memory"}, status=500), 1, GraphQLError, 1, MutationOutcomeUnknown, "out of memory"
    ),
    "501": gateway(501, 1),
    "502": gateway(502, 5),
    "503": gateway(503, 5),
    "503 of a proxy without service": untouched(Answer(b"no healthy upstream", 503), TO_THE_DEADLINE, "no healthy"),
    "504": gateway(504, 2),
    "520": gateway(520, 5),
    "521": untouched(Answer(b"", 521), TO_THE_DEADLINE, "HTTP 521"),
    "522": gateway(522, 5),
    "523": untouched(Answer(b"", 523), TO_THE_DEADLINE, "HTTP 523"),
    "524": gateway(524, 2),
    "408": gateway(408, 2),
    "401 at first": untouched(Answer(b"who are you", 401), 1, "key is refused: who are you", AuthenticationFailed),
    "403": untouched(Answer(b"<p>go away</p>", 403), 1, "HTTP 403: go away"),
    "404": untouched(Answer(b"", 404), 1, "HTTP 404: Not Found; is the endpoint right?"),
    "413": untouched(Answer(b"", 413), 1, "HTTP 413"),
    "301": untouched(
        Answer(b"", 301, {"Location": "https://other.example/login?x=1"}), 1, "`https://other.example/login`"
    ),
    "303": unreadable(Answer(b"", 303, {"Location": "/done"}), 1, "redirects to `/done`"),
    "dropped before the request is read": unreadable(Cut.BEFORE_BODY, 5, "connection broke"),
    "dropped after the request is read": unreadable(Cut.AFTER_BODY, 5, "connection broke"),
    "truncated": unreadable(Answer(WHOLE.body, missing_bytes=4), 5, "connection broke"),
    "truncated in a chunk": unreadable(
        Answer(b"ff\r\n" + WHOLE.body, headers={"Transfer-Encoding": "chunked"}, missing_bytes=1), 5, "connection broke"
    ),
    "no gzip though it says so": unreadable(Answer(WHOLE.body, headers={"Content-Encoding": "gzip"}), 5, "broke"),
    "half a JSON": unreadable(Answer(WHOLE.body[:-2]), 5, "not a GraphQL answer"),
    "HTML": unreadable(HTML, 5, "not a GraphQL answer: Welcome Please log in"),
    "empty": unreadable(Answer(b""), 5, "not a GraphQL answer"),
    "204": unreadable(Answer(b"", 204), 5, "not a GraphQL answer: No Content"),
    "another JSON": unreadable(Answer(b'{"hello": 1}'), 5, "not a GraphQL answer"),
    "a list": unreadable(Answer(b"[1]"), 5, "not a GraphQL answer"),
    "NaN": unreadable(Answer(b'{"data": {"data": NaN}}'), 5, "not a GraphQL answer"),
    "no errors and no data": unreadable(Answer(b'{"errors": []}'), 5, "not a GraphQL answer"),
    "null data": unreadable(Answer(b'{"data": null}'), 1, "neither a value nor an error"),
    "null value": unreadable(data(None), 1, "neither a value nor an error"),
    "data of a wrong type": unreadable(Answer(b'{"data": [1]}'), 1, "neither a value nor an error"),
    "another field": unreadable(Answer(b'{"data": {"labels": 1}}'), 1, "neither a value nor an error"),
    "an error": untouched(errors({"message": "no", "extensions": {}}), 1, "no", GraphQLError),
    "an error without extensions": untouched(errors({"message": "no"}, data=None), 1, "no", GraphQLError),
    "two errors": untouched(errors({"message": "no"}, {"message": "nor"}), 1, "no (and 1 more)", GraphQLError),
    "an error with status 400": untouched(errors({"message": "no"}, status=400), 1, "no", GraphQLError),
    "an error with status 403": Fault(
        errors({"message": "not yours"}, status=403), 1, GraphQLError, 1, GraphQLError, "HTTP 403: not yours"
    ),
    "an error that is a text": untouched(errors("broken"), 1, "broken", GraphQLError),
    "errors that are a text": untouched(Answer(b'{"errors": "broken"}'), 1, "broken", GraphQLError),
    "an error without message": untouched(errors({"code": 3}), 1, '{"code": 3}', GraphQLError),
    "an error beside the value": Fault(
        errors({"message": "half"}, data={"data": 7}), 1, GraphQLError, 1, MutationOutcomeUnknown, "in part: half"
    ),
    "a passing error": Fault(FLAGSMITH, 5, GraphQLError, 1, GraphQLError, "Flagsmith"),
}


def transport_to(server: ScriptedServer, time: FakeTime) -> Transport:
    return Transport(Settings(KEY, server.endpoint), calls_per_minute=None, clock=time.clock)


CASES = [(kind, name) for kind in ("query", "mutation") for name in FAULTS]


@for_each(CASES)
def test_a_fault_that_lasts_ends_in_the_true_error(case: tuple[str, str]) -> None:
    fault, is_query = FAULTS[case[1]], case[0] == "query"
    request, sends, error = (
        (QUERY, fault.sends, fault.error) if is_query else (MUTATION, fault.mutation_sends, fault.mutation_error)
    )
    time = FakeTime()
    with ScriptedServer([fault.step]) as server, transport_to(server, time) as transport:
        with pytest.raises(ServiceError) as raised:
            transport.ask(request)
        assert (type(raised.value), server.begun) == (error, sends)
    assert fault.words in str(raised.value)
    assert raised.value.operation == request.operation.name
    assert time.now_s < 120
    if error is MutationOutcomeUnknown:
        assert "it may have been carried out or not" in str(raised.value)
    ids = {received.headers["kili-client-call-uuid"] for received in server.requests}
    assert ids <= {raised.value.request_id}


@for_each(CASES)
def test_a_fault_that_passes_is_survived_where_that_is_safe(case: tuple[str, str]) -> None:
    kind, fault = case[0], FAULTS[case[1]]
    request, sends = (QUERY, fault.sends) if kind == "query" else (MUTATION, fault.mutation_sends)
    with ScriptedServer([fault.step, WHOLE]) as server, transport_to(server, FakeTime()) as transport:
        if sends > 1:
            assert transport.ask(request) == 7
        else:
            with pytest.raises(ServiceError):
                transport.ask(request)
        assert server.begun == min(sends, 2)


def test_a_delay_within_the_timeout_is_waited_for() -> None:
    slow = Answer(WHOLE.body, piece_bytes=6)
    with ScriptedServer([slow]) as server, transport_to(server, FakeTime()) as transport:
        assert transport.ask(MUTATION) == 7


@pytest.mark.parametrize(
    ("request_", "sends", "error"), [(QUERY, 2, TransportError), (MUTATION, 1, MutationOutcomeUnknown)]
)
def test_silence_ends_at_the_timeout(request_: Request, sends: int, error: type[ServiceError]) -> None:
    brief = Request(request_.operation, request_.variables, timeout_s=0.2)
    time = FakeTime(chance=0.0)
    with ScriptedServer([Cut.SILENCE]) as server, transport_to(server, time) as transport:
        with pytest.raises(error, match="no answer within"):
            transport.ask(brief)
        assert server.begun == sends


def test_an_answer_that_drips_ends_at_the_deadline() -> None:
    drip = Answer(b" " * 100_000 + WHOLE.body, piece_bytes=1)  # a quarter of an hour, and never a silence
    with ScriptedServer([drip]) as server:
        transport = Transport(Settings(KEY, server.endpoint), calls_per_minute=None)
        with transport, pytest.raises(MutationOutcomeUnknown, match="not complete before the deadline"):
            transport.ask(Request(DELETE_LABELS, {"ids": ["l1"]}, timeout_s=0.2))
        assert server.begun == 1


@pytest.mark.parametrize("request_", [QUERY, MUTATION], ids=["query", "mutation"])
def test_a_refused_connection_is_tried_again_for_a_service_that_was_there(request_: Request) -> None:
    with ScriptedServer([WHOLE]) as server:
        time = FakeTime()
        with transport_to(server, time) as transport:
            transport.ask(QUERY)
            server.stop()
            with pytest.raises(TransportError, match="Connection refused; it was sent 8 times") as raised:
                transport.ask(request_)
    assert raised.value.status is None
    assert sum(time.sleeps) < 120


def closed_port() -> str:
    with ScriptedServer([WHOLE]) as server:
        return server.endpoint


@pytest.mark.parametrize("request_", [QUERY, MUTATION], ids=["query", "mutation"])
@pytest.mark.parametrize(
    "endpoint", [closed_port, lambda: "http://no-such-host.invalid/api/label/v2/graphql"], ids=["refused", "no name"]
)
def test_a_service_that_was_never_there_is_given_up_soon(request_: Request, endpoint: Callable[[], str]) -> None:
    time = FakeTime()
    with (
        Transport(Settings(KEY, endpoint()), calls_per_minute=None, clock=time.clock) as transport,
        pytest.raises(TransportError, match=r"no connection to `http://.*; it was sent 3 times"),
    ):
        transport.ask(request_)
    assert time.sleeps == [1.0, 2.0]


def test_a_key_that_was_accepted_is_tried_again() -> None:
    refusal = Answer(b"", 401)
    with ScriptedServer([WHOLE, refusal, WHOLE, refusal]) as server, transport_to(server, FakeTime()) as transport:
        assert transport.ask(QUERY) == 7
        assert transport.ask(MUTATION) == 7
        with pytest.raises(AuthenticationFailed):
            transport.ask(MUTATION)
        assert server.begun == 1 + 2 + 3


def test_a_mutation_that_was_held_back_and_then_lost_is_in_doubt() -> None:
    busy = Answer(b"", 429)
    with ScriptedServer([busy, busy, Cut.AFTER_BODY, WHOLE]) as server, transport_to(server, FakeTime()) as transport:
        with pytest.raises(MutationOutcomeUnknown, match="it was sent 3 times"):
            transport.ask(MUTATION)
        assert server.begun == 3


@pytest.mark.parametrize(
    ("asked", "waited_s"),
    [
        ("2", 2.5),
        ("1.5", 2.0),
        ("0", 0.5),
        ("-3", 0.5),
        ("3600", 60.5),
        ("Mon, 01 Jul 2024 12:00:07 GMT", 7.5),
        ("Mon, 01 Jul 2024 11:00:00 GMT", 0.5),
        ("soon", 1.0),
        ("nan", 1.0),
        ("", 1.0),
    ],
)
@pytest.mark.parametrize("request_", [QUERY, MUTATION], ids=["query", "mutation"])
def test_the_service_says_how_long_to_wait(request_: Request, asked: str, waited_s: float) -> None:
    time = FakeTime()
    busy = Answer(b"", 429, {"Retry-After": asked})
    with ScriptedServer([busy, WHOLE]) as server, transport_to(server, time) as transport:
        assert transport.ask(request_) == 7
    assert time.sleeps == [waited_s]


def test_a_gzipped_answer_is_read() -> None:
    packed = Answer(gzip.compress(WHOLE.body), headers={"Content-Encoding": "gzip"})
    with ScriptedServer([packed]) as server, transport_to(server, FakeTime()) as transport:
        assert transport.ask(QUERY) == 7


def test_no_errors_beside_the_value_are_no_error() -> None:
    answer = Answer(b'{"errors": [], "data": {"data": 7}}')
    with ScriptedServer([answer]) as server, transport_to(server, FakeTime()) as transport:
        assert transport.ask(MUTATION) == 7
