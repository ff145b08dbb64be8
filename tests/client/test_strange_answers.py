"""Services that answer something else: every method says so, and none takes it for what was asked."""

import gzip
from collections.abc import Callable, Iterator

import pytest

from kili_query.client import KiliClient
from kili_query.errors import NotFound, OntologyError, TransportError
from kili_query.planning import STRICT_PROFILE
from kili_query.sandbox import Sandbox
from tests.client.list_server import KEY, ListServer, label, serve_lists
from tests.client.plain_box import PROJECT, client_of, label_id, plain_box
from tests.client.scripted_server import Answer, ScriptedServer, data
from tests.each import for_each

Call = Callable[[KiliClient], object]

CALLS: dict[str, Call] = {
    "labels": lambda client: client.labels(PROJECT, fields=["id"]),
    "predictions": lambda client: client.predictions(PROJECT, fields=["id"]),
    "assets": lambda client: client.assets(PROJECT, fields=["id"]),
    "export_labels_as_df": lambda client: client.export_labels_as_df(PROJECT),
    "count_labels": lambda client: client.count_labels(PROJECT),
    "count_assets": lambda client: client.count_assets(PROJECT),
    "events": lambda client: list(client.events(PROJECT)),
    "project": lambda client: client.project(PROJECT),
    "a lookup": lambda client: client.create_honeypot({}, asset_external_id="x", project_id=PROJECT),
}


@pytest.fixture(autouse=True)
def no_checks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KILI_SDK_SKIP_CHECKS", "1")


@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)
def test_a_value_of_another_type(call: Call) -> None:
    @for_each([True, "3", 2.5, {}, {"id": "x"}, [None], [[]], ["x"], [3]])
    def is_told(answer: object) -> None:
        with ScriptedServer([data(answer)]) as server, KiliClient(KEY, server.endpoint) as client:
            with pytest.raises(TransportError, match=r"the answer is no|an asset without|an event without") as raised:
                call(client)
            assert server.begun == 1
        assert raised.value.operation

    is_told()


def test_me_that_is_no_user() -> None:
    with (
        ScriptedServer([data([])]) as server,
        KiliClient(KEY, server.endpoint) as client,
        pytest.raises(TransportError, match="the answer is not a user"),
    ):
        client.me()


def test_a_redirected_list_is_not_followed() -> None:
    away = Answer(b"", 302, {"Location": "https://login.example/?next=here"})
    with (
        ScriptedServer([away]) as server,
        KiliClient(KEY, server.endpoint) as client,
        pytest.raises(TransportError, match=r"HTTP 302: it redirects to `https://login\.example/`"),
    ):
        client.labels(PROJECT, fields=["id"])


def test_a_large_answer_is_read_whole() -> None:
    rows = [{"id": f"label-{number}", "labelType": "é" * 100_000} for number in range(20)]
    packed = Answer(gzip.compress(data(rows).body, 1), headers={"Content-Encoding": "gzip"})
    with ScriptedServer([packed]) as server, KiliClient(KEY, server.endpoint) as client:
        assert client.labels(PROJECT, fields=["id", "labelType"]) == rows


@pytest.fixture
def served() -> Iterator[ListServer]:
    with serve_lists() as server:
        yield server


def test_labels_that_are_null_within_assets(served: ListServer) -> None:
    served.assets = [{"id": "a", "externalId": "x", "labels": [None, label(1)], "latestLabel": None}]
    with KiliClient(KEY, served.endpoint) as client:
        with pytest.raises(TransportError, match="the labels of an asset are no objects: null"):
            client.export_labels_as_df("project-1")
        found = client.assets("project-1", fields=["labels.jsonResponse", "latestLabel.jsonResponse"])
        assert found == [{"labels": [None, {"jsonResponse": {}}], "latestLabel": None}]
        served.assets[0]["labels"] = None
        assert client.export_labels_as_df("project-1").empty


def test_halves_of_characters_in_a_frame(served: ListServer) -> None:
    named = {**label(1), "id": "\ud800", "author": {"id": "\udfff", "email": "a"}}
    served.assets = [{"id": "a", "externalId": "\ud800", "labels": [named, label(2)]}]
    with KiliClient(KEY, served.endpoint) as client:
        frame = client.export_labels_as_df("project-1", fields=["id", "author.email"], asset_fields=["externalId"])
    assert list(frame["id"]) == ["\ud800", "label-2"]
    assert list(frame["asset_externalId"]) == ["\ud800", "\ud800"]


@pytest.mark.parametrize("owner", [{}, {"labelOf": None}, {"labelOf": {}}, {"labelOf": {"id": None}}], ids=str)
def test_labels_that_do_not_say_whose_they_are(served: ListServer, owner: dict[str, object]) -> None:
    """A search of assets that is judged here goes by the assets of labels."""
    named = {name: value for name, value in label(1, cars=11).items() if name != "labelOf"} | owner
    served.labels = [named]
    served.assets = [{"id": "asset-1", "externalId": "x"}]
    with (
        KiliClient(KEY, served.endpoint, profile=STRICT_PROFILE) as client,
        pytest.raises(TransportError, match="which asset it is of"),
    ):
        client.assets("project-1", fields=["id"], label_category_search="OBJECTS.count > 10")


@pytest.fixture(scope="module")
def box(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    with plain_box(tmp_path_factory.mktemp("box"), payload_urls=True) as served:
        yield served


FIRST_CONTENT = 2
"""What is fetched after the project and the list of its labels."""


@pytest.mark.parametrize(
    "fault", ["delay=5ms", "429=2s", "502", "503", "504", "504-after", "drop-before", "drop-after", "truncate", "html"]
)
def test_a_content_whose_fault_passes_is_fetched(box: Sandbox, fault: str) -> None:
    box.faults.clear()
    with client_of(box) as (client, _):
        box.faults.inject(f"{fault}+{FIRST_CONTENT}")
        found = client.labels(PROJECT, type_in=["DEFAULT"], first=3)
    assert [one["id"] for one in found] == [label_id("DEFAULT", number) for number in range(3)]
    assert [one["jsonResponse"]["WHAT"]["categories"][0]["name"] for one in found] == ["BUS", "CAR", "CAR"]
    assert any(seen.faults for seen in box.faults.seen)


@pytest.mark.parametrize(
    "fault", ["429=30s", "500", "502", "503", "504", "504-after", "drop-before", "drop-after", "truncate", "html"]
)
def test_a_content_that_cannot_be_had_is_told(box: Sandbox, fault: str) -> None:
    box.faults.clear()
    with client_of(box) as (client, time):
        box.faults.inject(f"{fault}*+{FIRST_CONTENT}")
        with pytest.raises(TransportError, match="cannot be fetched: ") as raised:
            client.labels(PROJECT, type_in=["DEFAULT"], first=3)
        assert time.now_s <= 3 * 60
    assert raised.value.__notes__[0].startswith("it is the content of label `default-0")


def test_contents_that_cannot_be_had_are_left_out_when_asked(box: Sandbox) -> None:
    box.faults.clear()
    with client_of(box, on_malformed="skip") as (client, _):
        box.faults.inject(f"500*2+{FIRST_CONTENT}")
        with pytest.warns(UserWarning, match="are left out: `default-0.`, `default-0.`"):
            found = client.labels(PROJECT, type_in=["DEFAULT"], first=3)
    assert len(found) == 1
    assert found[0]["jsonResponse"]["WHAT"]


@pytest.mark.parametrize(("answer", "error"), [([], NotFound), ([{"id": "a"}], OntologyError), ("x", TransportError)])
def test_a_search_in_a_project_that_is_not_told(answer: object, error: type[Exception]) -> None:
    with ScriptedServer([data(answer)]) as server, KiliClient(KEY, server.endpoint) as client:
        with pytest.raises(error):
            client.labels(PROJECT, category_search="WHAT.CAR")
        assert server.begun == 1  # no list was asked for
