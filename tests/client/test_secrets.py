"""The key is for the service alone: no log, error, warning, representation, URL or pickle shows it."""

import base64
import json
import logging
import pickle
import traceback
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import quote

import pytest

from kili_query.client import KiliClient
from kili_query.client.settings import Settings
from kili_query.errors import ServiceError
from kili_query.sandbox import Sandbox
from tests.client.plain_box import PROJECT, client_of, plain_box
from tests.client.scripted_server import Answer, Cut, Received, ScriptedServer, Step, errors
from tests.each import for_each

KEY = "k3y/of+tests==and%more"
"""With what URLs and bases would write otherwise."""
FORMS = (KEY, quote(KEY, safe=""), base64.b64encode(KEY.encode()).decode().rstrip("="))

CONTENT = {"WHAT": {"categories": [{"name": "CAR"}]}}
Call = Callable[[KiliClient], object]
CALLS: dict[str, Call] = {
    "labels": lambda client: client.labels(PROJECT, category_search="WHAT.CAR"),
    "count": lambda client: client.count_labels(PROJECT),
    "append": lambda client: client.append_labels(["asset-01"], [CONTENT]),
    "delete": lambda client: client.delete_labels(["prediction-01"]),
}
FAULTS = (
    *("delay=1ms", "429=2s", "500", "503", "504-after", "drop-before", "drop-after", "truncate", "html"),
    *("error", "error-bare", "null-data", "null-field", "wrong-type"),
)


class Ears:
    """Everything that a call says: what it logs and warns of, and its error, with the variables of each frame."""

    def __init__(self, caplog: pytest.LogCaptureFixture) -> None:
        caplog.set_level(logging.DEBUG)
        self._caplog = caplog

    def hear(self, call: Callable[[], object], *, with_variables: bool = True) -> str:
        self._caplog.clear()
        said: list[object] = []
        with warnings.catch_warnings(record=True) as warned:
            warnings.simplefilter("always")
            try:
                call()
            except ServiceError as error:
                frames = traceback.TracebackException.from_exception(error, capture_locals=with_variables)
                said += [*frames.format(), repr(error), repr(error.__dict__), pickle.dumps(error)]
        said += [str(one.message) for one in warned]
        said += [f"{record.getMessage()} {record.args!r}" for record in self._caplog.records]
        return "\n".join(map(str, said))


@pytest.fixture
def ears(caplog: pytest.LogCaptureFixture) -> Ears:
    return Ears(caplog)


def assert_silent(said: str) -> None:
    assert said
    assert [form for form in FORMS if form in said] == []


@pytest.fixture(scope="module")
def box(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    with plain_box(tmp_path_factory.mktemp("box"), number=6, api_key=KEY, payload_urls=True) as served:
        yield served


@pytest.mark.parametrize(("turn", "call"), list(enumerate(CALLS.values())), ids=CALLS)
def test_whatever_goes_wrong(box: Sandbox, ears: Ears, turn: int, call: Call) -> None:
    """Each fault hits one request or all of them, by turns: each kind of call meets both."""
    with client_of(box) as (client, _):

        @for_each([f"{fault}{'*' * ((turn + number) % 2)}" for number, fault in enumerate(FAULTS)])
        def is_kept(fault: str) -> None:
            box.faults.clear()
            box.faults.inject(fault)
            assert_silent(ears.hear(lambda: call(client)))

        is_kept()
        box.faults.clear()
        assert_silent(f"{client!r} {client} {vars(client)}")


@pytest.mark.parametrize("fault", ["500", "drop-after", "html", "error", "null-data", "wrong-type"])
@pytest.mark.parametrize("operation", ["me", "apiKeys"])
def test_when_the_key_is_checked(box: Sandbox, ears: Ears, operation: str, fault: str) -> None:
    box.faults.clear()
    times = "*" if fault == "500" else ""  # where the others last, real pauses follow
    box.faults.inject(f"{fault}:{operation}{times}")
    # without variables: whoever opens a client holds its key
    said = ears.hear(lambda: KiliClient(KEY, box.endpoint, calls_per_minute=None).close(), with_variables=False)
    assert_silent(said)


def echo(request: Received) -> Answer:
    """What a careless proxy answers: all that it was sent."""
    return Answer(json.dumps({"errors": [{"message": "no", "request": [request.headers, KEY, [KEY]]}]}).encode())


@pytest.mark.parametrize(
    "step",
    [
        echo,
        errors({"message": f"unknown key {KEY}"}, {KEY: KEY}),
        errors(KEY, status=500),
        Answer(f"<p>{KEY}".encode(), 401),
        Answer(f"<p>{KEY}</p>".encode(), 502),
        Answer(f"welcome {KEY}".encode()),
        Answer(b"", 302, {"Location": f"https://elsewhere.example/{KEY}"}),
        Cut.BEFORE_BODY,
    ],
)
@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)
def test_a_service_that_repeats_it(step: Step, ears: Ears, call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KILI_SDK_SKIP_CHECKS", "1")
    with ScriptedServer([step]) as server:
        monkeypatch.setattr(ServiceHolder, "endpoint", server.endpoint)
        with client_of(ServiceHolder()) as (client, _):  # type: ignore[arg-type]  # it has what is needed
            assert_silent(ears.hear(lambda: call(client), with_variables=False))  # they hold what it said
        assert all(KEY not in request.path for request in server.requests)


class ServiceHolder:
    api_key = KEY
    endpoint = ""


def test_settings_and_clients_are_not_pickled(box: Sandbox, tmp_path: Path) -> None:
    with pytest.raises(TypeError, match="what holds the API key is not pickled"):
        pickle.dumps(Settings(KEY))
    box.faults.clear()
    with KiliClient(KEY, box.endpoint) as client, pytest.raises(TypeError, match="make a client in each process"):
        pickle.dumps(client)
    assert KEY not in repr(Settings(KEY))
