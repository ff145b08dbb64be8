"""Every kind of fault in the requests of every reading method: the right result, or an error that is true."""

import json
import zipfile
from collections.abc import Callable, Iterator
from functools import cache
from itertools import product
from pathlib import Path

import pytest
from attrs import frozen

from kili_query.client import KiliClient
from kili_query.client.paging import WINDOW
from kili_query.errors import GraphQLError, ServiceError, TransportError
from kili_query.sandbox import Sandbox
from tests.client.fake_clock import FakeTime
from tests.client.plain_box import ASSETS, PROJECT, client_of, label_id, plain_box, settle, small_pages
from tests.each import for_each

DEADLINE_S = 120.0


@frozen
class Fault:
    """A fault, and what a caller of a query gets of it.

    Attributes:
        once: as the sandbox knows it, where it hits one request.
        lasting: where it hits every one.
        error: what comes of it when it lasts.
        words: what the message says.
        passes: one request that is hit is not noticed.
    """

    once: str
    lasting: str
    error: type[ServiceError] | None
    words: str = ""
    passes: bool = True


FAULTS = {
    "delay": Fault("delay=5ms", "delay=2ms*", None),
    # the clock is one for all threads: it may jump to the deadline of one that reads while another sleeps
    "429": Fault("429=2s", "429=30s*", TransportError, "HTTP 429: 429 Too Many|not complete before the deadline"),
    "500": Fault("500", "500*", TransportError, "HTTP 500: 500 Internal Server Error", passes=False),
    "502": Fault("502", "502*", TransportError, "HTTP 502: 502 Bad Gateway"),
    "503": Fault("503", "503*", TransportError, "HTTP 503: 503 Service Unavailable"),
    "504": Fault("504", "504*", TransportError, "HTTP 504: 504 Gateway"),
    "504-after": Fault("504-after", "504-after*", TransportError, "HTTP 504: 504 Gateway"),
    "drop-before": Fault("drop-before", "drop-before*", TransportError, "the connection broke"),
    "drop-after": Fault("drop-after", "drop-after*", TransportError, "the connection broke"),
    "truncate": Fault("truncate", "truncate*", TransportError, "the connection broke"),
    "html": Fault("html", "html*", TransportError, "not a GraphQL answer: Please log in"),
    "error": Fault("error", "error*", GraphQLError, "a fault of the sandbox", passes=False),
    "error-bare": Fault("error-bare", "error-bare*", GraphQLError, "a fault of the sandbox", passes=False),
    "null-data": Fault("null-data", "null-data*", TransportError, "neither a value nor an error", passes=False),
    "null-field": Fault("null-field", "null-field*", TransportError, "neither a value nor an error", passes=False),
    "wrong-type": Fault("wrong-type", "wrong-type*", TransportError, "a text", passes=False),
}

ALIKE = (
    ("delay",),
    ("429",),
    ("500",),
    ("502", "503", "504", "504-after"),
    ("drop-before", "drop-after", "truncate"),
    ("html",),
    ("error", "error-bare"),
    ("null-data", "null-field"),
    ("wrong-type",),
)
"""The faults in groups that the transport makes the same of, whose tests try each with queries and mutations."""

Method = Callable[[KiliClient, Path], object]


def one_of_each(turn: int) -> list[Fault]:
    """A fault of each group, which takes turns."""
    return [FAULTS[group[turn % len(group)]] for group in ALIKE]


def in_turn(turn: int, number: int) -> list[tuple[Fault, int]]:
    """A fault of each group, each at one of three positions among so many requests.

    In other turns the positions are others: each fault of a group moves on after all of them had a turn.
    """
    positions = (0, number // 2, number - 1)
    return [
        (fault, positions[(turn // len(group) + at) % len(positions)])
        for at, (group, fault) in enumerate(zip(ALIKE, one_of_each(turn), strict=True))
    ]


def exported(client: KiliClient, folder: Path) -> object:
    path = folder / "labels.zip"
    try:
        client.export_labels(PROJECT, path, "raw", single_file=True, with_assets=False)
    except ServiceError:
        assert list(folder.iterdir()) == []  # neither half a file nor what it is made of
        raise
    with zipfile.ZipFile(path) as archive:
        rows = json.loads(archive.read("data.json"))
    path.unlink()
    return sorted(row["externalId"] for row in rows)


def search(client: KiliClient, folder: Path) -> object:
    found = client.labels(PROJECT, category_search="WHAT.BUS", fields=["id", "jsonResponse"], type_in=["DEFAULT"])
    assert all(label["jsonResponse"] == {"WHAT": {"categories": [{"name": "BUS"}]}} for label in found)
    return [label["id"] for label in found]


def frame(client: KiliClient, folder: Path) -> object:
    return sorted(client.export_labels_as_df(PROJECT, fields=["id"])["id"])


METHODS: dict[str, tuple[Method, object]] = {
    "labels": (
        lambda client, _: [one["id"] for one in client.labels(PROJECT, fields=["id"], type_in=["DEFAULT"])],
        [label_id("DEFAULT", number) for number in range(ASSETS)],
    ),
    "labels as a generator": (
        lambda client, _: [
            one["id"] for one in client.labels(PROJECT, fields=["id"], type_in=["DEFAULT"], as_generator=True)
        ],
        [label_id("DEFAULT", number) for number in range(ASSETS)],
    ),
    "labels of a step": (
        lambda client, _: [
            one["id"]
            for one in client.labels(
                PROJECT,
                fields=["id"],
                type_in=["DEFAULT"],
                asset_step_name_in=["Label"],
                asset_step_status_in=["DONE"],
                asset_group_name_in=["People"],
            )
        ],
        [label_id("DEFAULT", number) for number in range(ASSETS)],
    ),
    "predictions": (
        lambda client, _: [one["id"] for one in client.predictions(PROJECT, fields=["id"])],
        [label_id("PREDICTION", number) for number in range(ASSETS)],
    ),
    "inferences": (
        lambda client, _: [one["id"] for one in client.inferences(PROJECT, fields=["id"])],
        [label_id("INFERENCE", number) for number in range(ASSETS)],
    ),
    "assets": (
        lambda client, _: [one["externalId"] for one in client.assets(PROJECT, fields=["externalId"])],
        [f"file-{number:02}" for number in range(ASSETS)],
    ),
    "events": (
        lambda client, _: [
            one["payload"]["labelId"] for one in client.events(PROJECT, event="label.workflow.created.default")
        ],
        [label_id("DEFAULT", number) for number in range(ASSETS)],
    ),
    "export_labels_as_df": (
        frame,
        sorted(label_id(kind, number) for number in range(ASSETS) for kind in ("DEFAULT", "PREDICTION", "INFERENCE")),
    ),
    "export_labels": (exported, sorted(f"file-{number:02}" for number in range(ASSETS))),
    "count_labels": (lambda client, _: client.count_labels(PROJECT, category_search="WHAT.BUS"), 3 * 5),
    "labels of a search": (search, [label_id("DEFAULT", number) for number in range(0, ASSETS, 5)]),
    "labels as objects": (
        lambda client, _: [
            str(one["id"]) for one in client.labels(PROJECT, output_format="parsed_label", type_in=["DEFAULT"], first=3)
        ],
        ["default-00", "default-01", "default-02"],
    ),
    "count_assets of a step": (
        lambda client, _: client.count_assets(
            PROJECT, step_name_and_status_in=[("Label", "DONE")], step_id_not_in=["step-review"]
        ),
        ASSETS,
    ),
    "count_assets": (lambda client, _: client.count_assets(PROJECT), ASSETS),
    "project": (lambda client, _: client.project(PROJECT, ["title"]), {"title": "Streets"}),
    "me": (lambda client, _: client.me(["email"]), {"email": "owner@example.com"}),
}
"""What is called, and what it returns; those that send the most requests come first, so that all faults meet them."""


@pytest.fixture(scope="module")
def box(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    with small_pages(), plain_box(tmp_path_factory.mktemp("box")) as served:
        yield served


@pytest.fixture(scope="module")
def opened(box: Sandbox) -> Iterator[tuple[KiliClient, FakeTime]]:
    with client_of(box, ontology_cache=False) as opened:
        yield opened


@pytest.fixture(params=enumerate(METHODS.values()), ids=METHODS)
def method(request: pytest.FixtureRequest) -> tuple[int, Method, object]:
    """A method's number, its call, and what that gives on a good day."""
    number, (call, wanted) = request.param
    return number, call, wanted


@cache
def requests_of(call: Method, box: Sandbox, client: KiliClient, folder: Path) -> int:
    """How many requests a call makes on a good day, once the client knows what it remembers."""
    for _ in range(2):
        settle(client)
        box.faults.clear()
        call(client, folder)
    return len(box.faults.seen)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("exports")


def test_a_fault_that_hits_one_request(
    box: Sandbox, opened: tuple[KiliClient, FakeTime], folder: Path, method: tuple[int, Method, object]
) -> None:
    (client, _), (turn, call, wanted) = opened, method
    number = requests_of(call, box, client, folder)

    @for_each(in_turn(turn, number))
    def hits(case: tuple[Fault, int]) -> None:
        fault, position = case
        settle(client)
        box.faults.clear()
        box.faults.inject(f"{fault.once}+{position}")
        if fault.passes:
            assert call(client, folder) == wanted
        else:
            with pytest.raises(ServiceError, match=fault.words) as raised:
                call(client, folder)
            assert type(raised.value) is fault.error
            assert (raised.value.created, raised.value.in_doubt, raised.value.not_sent) == ((), (), ())
        assert any(seen.faults for seen in box.faults.seen), "the fault hit nothing"

    hits()


def test_each_fault_hits_the_first_a_middle_and_the_last_request(
    box: Sandbox, opened: tuple[KiliClient, FakeTime], folder: Path
) -> None:
    met = set()
    for turn, (call, _) in enumerate(METHODS.values()):
        number = requests_of(call, box, opened[0], folder)
        if number > 1:
            places = {0: "first", number - 1: "last"}
            met |= {(fault, places.get(at, "middle")) for fault, at in in_turn(turn, number)}
    assert met == set(product(FAULTS.values(), ("first", "middle", "last")))


def test_a_fault_that_lasts(
    box: Sandbox, opened: tuple[KiliClient, FakeTime], folder: Path, method: tuple[int, Method, object]
) -> None:
    (client, time), (turn, call, wanted) = opened, method
    number = requests_of(call, box, client, folder)

    @for_each(one_of_each(turn + 1))
    def lasts(fault: Fault) -> None:
        start_s = time.now_s
        settle(client)
        box.faults.clear()
        box.faults.inject(f"{fault.lasting}+{number // 2}")
        if fault.error is None:
            assert call(client, folder) == wanted
            return
        with pytest.raises(ServiceError, match=fault.words) as raised:
            call(client, folder)
        assert type(raised.value) is fault.error
        assert raised.value.operation in {name for seen in box.faults.seen for name in seen.operations}
        # of the requests under way each waits for itself, and on this clock the waits of all add up
        assert time.now_s - start_s <= WINDOW * DEADLINE_S

    lasts()


def test_each_fault_is_in_one_group() -> None:
    assert sorted(name for group in ALIKE for name in group) == sorted(FAULTS)
