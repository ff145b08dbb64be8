"""The check of the key at start-up, and the warning before it expires."""

import logging
import warnings
from datetime import UTC, datetime, timedelta

import pytest

from kili_query.client.key_check import check_key
from kili_query.client.request import Request
from kili_query.client.settings import Settings
from kili_query.client.transport import Transport
from kili_query.errors import AuthenticationFailed, ServiceError, TransportError
from tests.client.fake_clock import NOW, FakeTime
from tests.client.scripted_server import Answer, ScriptedServer, Step, data, errors

KEY = "the-secret-key"
ME = data({"id": "u1", "email": "me@kili.example"})


def check(*steps: Step, **rest: object) -> ScriptedServer:
    with ScriptedServer(steps) as server:
        settings = Settings(KEY, server.endpoint, **rest)
        with Transport(settings, calls_per_minute=None, clock=FakeTime().clock) as transport:
            check_key(transport, settings, utc_now=lambda: NOW)
    return server


def test_two_calls_and_no_more() -> None:
    server = check(ME, data([{"expiryDate": "2034-07-01T12:00:00.000Z"}]))
    me, keys = (request.json() for request in server.requests)
    assert me == {"query": "query me { data: me { id email } }"}
    assert keys["variables"] == {"where": {"key": KEY}, "first": 1, "skip": 0}


def test_no_call_where_checks_are_skipped() -> None:
    assert check(Answer(b"", 401), skips_checks=True).requests == []


@pytest.mark.parametrize(
    ("step", "words"),
    [
        (Answer(b"", 401), "the API key is refused"),
        (
            errors({"message": f"no email, no id for {KEY}"}),
            "does not accept the API key: no email, no id for .api key.",
        ),
        (data("email and id"), "does not say whose the API key is"),
        (data({"id": "u1", "email": None}), "does not say whose the API key is"),
        (data([]), "does not say whose the API key is"),
    ],
)
def test_a_key_that_is_not_accepted(step: Step, words: str) -> None:
    with pytest.raises(AuthenticationFailed, match=words) as raised:
        check(step)
    assert KEY not in str(raised.value)


def test_a_page_that_names_email_and_id_is_no_acceptance() -> None:
    with pytest.raises(TransportError, match="not a GraphQL answer: log in with email and id"):
        check(Answer(b"<p>log in with email and id</p>"))


@pytest.mark.parametrize(
    "expiry",
    [
        "0001-01-01T00:00:00+02:00",
        None,
        "",
        "soon",
        3,
        "2024-08-01T12:00:00.000Z",
        "2024-08-01T12:00:00Z",
        "2024-08-01T12:00:00",
        "2034-07-01",
    ],
)
def test_no_warning(expiry: object) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert len(check(ME, data([{"expiryDate": expiry}])).requests) == 2


@pytest.mark.parametrize(
    ("expiry", "words"),
    [
        ("2024-07-11T12:00:00.000Z", "expires on 2024-07-11, in 10 days"),
        ("2024-07-11T12:00:00Z", "expires on 2024-07-11, in 10 days"),
        ("2024-07-11T12:00:00", "expires on 2024-07-11, in 10 days"),
        ("2024-07-11T14:00:00.5+02:00", "expires on 2024-07-11, in 11 days"),
        ("2024-07-31T11:59:00Z", "expires on 2024-07-31, in 30 days"),
        ("2024-06-30T12:00:00Z", "expired on 2024-06-30"),
    ],
)
def test_a_warning_in_the_last_month(expiry: str, words: str) -> None:
    with pytest.warns(UserWarning, match=words):
        check(ME, data([{"expiryDate": expiry}]))


@pytest.mark.parametrize("step", [data([]), data({}), data(["x"]), data([{}])])
def test_an_expiry_that_is_not_told_keeps_nobody_from_working(step: Step) -> None:
    assert len(check(ME, step).requests) == 2


@pytest.mark.parametrize("step", [errors({"message": f"no field for {KEY}"}), Answer(b"", 500), Answer(b"", 404)])
def test_an_expiry_that_cannot_be_asked_is_logged(step: Step, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        check(ME, step)
    assert "when the API key expires cannot be told" in caplog.text
    assert KEY not in caplog.text


def test_the_clock_of_the_process_is_the_default() -> None:
    class Keys:
        def __init__(self) -> None:
            soon = (datetime.now(UTC) + timedelta(days=2, hours=1)).isoformat()
            self.answers = iter([{"id": "u", "email": "e"}, [{"expiryDate": soon}]])

        def ask(self, request: Request) -> object:
            return next(self.answers)

        def get_json(self, url: str) -> object:
            raise ServiceError(url)

    with pytest.warns(UserWarning, match="in 3 days"):
        check_key(Keys(), Settings(KEY))
