"""Subscriptions without websockets: labels by the change feed, from a real server and from feeds that misbehave."""

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from queue import Queue
from typing import Any

import pytest

from kili_query.client import KiliClient
from kili_query.client.ontologies import Projects
from kili_query.client.request import Request
from kili_query.client.rows import ListContext
from kili_query.client.settings import Settings
from kili_query.client.subscription import (
    Interruption,
    LeftOut,
    Notice,
    Polling,
    Subscription,
    SubscriptionOptions,
    UnknownEvent,
    subscribe,
)
from kili_query.client.subscription.feed import OVERLAP, FeedReader
from kili_query.client.testing import FakeService
from kili_query.client.transport import Transport
from kili_query.errors import ArgumentError, FeedUnavailable, GraphQLError, TransportError
from kili_query.planning import DEFAULT_PROFILE
from kili_query.sandbox import Sandbox
from tests.cli.running import DEMO
from tests.client.subscribing import QUICK, TIMEOUT_S, take

FILES = {"project": DEMO / "project.json", "labels": DEMO / "labels.ndjson"}
PEOPLE = {"SCENE": {"categories": [{"name": "PERSON"}]}}
TRAFFIC = {"SCENE": {"categories": [{"name": "VEHICLE"}]}}
POLL_S = 0.01


@pytest.fixture(scope="module")
def box() -> Iterator[Sandbox]:
    with Sandbox(**FILES, has_websockets=False) as box:
        yield box


@pytest.fixture(scope="module")
def client(box: Sandbox) -> Iterator[KiliClient]:
    with client_of(box) as client:
        yield client


def client_of(box: Sandbox) -> KiliClient:
    return KiliClient(box.api_key, box.endpoint, calls_per_minute=None, disable_tqdm=True)


def append(client: KiliClient, box: Sandbox, *contents: object, label_type: Any = "DEFAULT") -> list[str]:
    assets = [asset["id"] for asset in client.assets(box.project_id, fields=["id"])]
    made = client.append_labels(
        [assets[number % len(assets)] for number in range(len(contents))],
        json_response_array=list(contents),
        label_type=label_type,
        model_name="m" if label_type == "PREDICTION" else None,
    )
    return [label["id"] for label in made]


def ids(labels: list[dict[str, Any]]) -> list[str]:
    return [label["id"] for label in labels]


def follow(client: KiliClient, box: Sandbox, **options: Any) -> Subscription:
    return client.label_created_or_updated(box.project_id, **{"poll_s": POLL_S, "protocol": "events", **options})


@contextmanager
def follow_quickly(box: Sandbox, **options: Any) -> Iterator[Subscription]:
    """As `follow`, with pauses of a hundredth of a second between retries."""
    settings = Settings(box.api_key, box.endpoint)
    wanted = SubscriptionOptions(clock=QUICK, poll_s=POLL_S, protocol="events", **options)
    with Transport(settings, calls_per_minute=None, clock=QUICK) as service, ThreadPoolExecutor(1) as pool:
        reader = ListContext(service, pool, Projects(service, {}), DEFAULT_PROFILE)
        with subscribe(reader, settings, box.project_id, None, wanted) as subscription:
            yield subscription
        assert subscription._join(TIMEOUT_S)


class TestOfASandbox:
    def test_where_websockets_are_blocked(self, box: Sandbox, client: KiliClient) -> None:
        notices: list[Notice] = []
        with follow(client, box, protocol=None, on_notice=notices.append) as labels:
            made = append(client, box, PEOPLE, TRAFFIC)
            found = take(labels, 2)
        assert ids(found) == made
        assert [label["jsonResponse"] for label in found] == [PEOPLE, TRAFFIC]
        [notice] = notices
        assert isinstance(notice, Polling)
        assert "403" in notice.reason
        assert "reading the change feed every 0.01 s instead" in str(notice)

    def test_the_same_labels_as_over_a_websocket(self) -> None:
        with (
            Sandbox(**FILES) as box,
            client_of(box) as client,
            client.label_created_or_updated(box.project_id) as pushed,
            follow(client, box) as polled,
        ):
            append(client, box, PEOPLE, {}, TRAFFIC)
            append(client, box, PEOPLE, label_type="PREDICTION")
            assert take(polled, 4) == take(pushed, 4)

    def test_many_pages_and_none_twice(self, box: Sandbox, client: KiliClient) -> None:
        with follow(client, box) as labels:
            made = append(client, box, *[TRAFFIC] * 250)
            assert ids(take(labels, 250)) == made
            last = append(client, box, PEOPLE)
            assert ids(take(labels, 1)) == last
        assert list(labels) == []
        assert labels.tally.given == 251

    def test_a_query_and_a_callback(self, box: Sandbox, client: KiliClient) -> None:
        called: Queue[object] = Queue()
        with follow(client, box, where="SCENE.PERSON", callback=lambda _, content: called.put(content)):
            append(client, box, TRAFFIC, PEOPLE)
            assert called.get(timeout=TIMEOUT_S) == PEOPLE

    def test_changes(self, box: Sandbox, client: KiliClient) -> None:
        [label_id] = append(client, box, PEOPLE)
        with follow(client, box) as labels:
            client.update_properties_in_label(label_id, json_response=TRAFFIC)
            [label] = take(labels, 1)
        assert (label["id"], label["jsonResponse"]) == (label_id, TRAFFIC)

    @pytest.mark.parametrize("fault", ["drop-before:events*9", "503:labels*9", "html:events*6", "truncate:events*9"])
    def test_interruptions_lose_nothing(self, fault: str) -> None:
        notices: Queue[Notice] = Queue()
        with Sandbox(**FILES) as box, client_of(box) as client, follow_quickly(box, on_notice=notices.put) as labels:
            box.faults.inject(fault)
            made = append(client, box, PEOPLE, TRAFFIC)
            assert ids(take(labels, 2)) == made
            begun, ended = notices.get(timeout=TIMEOUT_S), notices.get(timeout=TIMEOUT_S)
        assert isinstance(begun, Interruption)
        assert isinstance(ended, Interruption)
        assert (begun.ended, begun.are_lost, ended.are_lost) == (None, False, False)
        assert str(ended).endswith("come late")

    def test_out_of_reach_for_too_long(self) -> None:
        with Sandbox(**FILES) as box, follow_quickly(box, unreachable_s=0) as labels:
            box.faults.inject("html:events*")
            with pytest.raises(TransportError):
                take(labels, 1)
            assert isinstance(labels.error, TransportError)

    def test_closing_does_not_wait(self, box: Sandbox, client: KiliClient) -> None:
        labels = follow(client, box, poll_s=86400.0)
        taken: Queue[object] = Queue()
        reader = threading.Thread(target=lambda: taken.put(list(labels)), daemon=True)
        reader.start()
        labels.close()
        labels.close()
        assert taken.get(timeout=TIMEOUT_S) == []
        assert labels.join(TIMEOUT_S)

    @pytest.mark.parametrize("protocol", [None, "events"])
    def test_no_feed_either(self, protocol: Any) -> None:
        with Sandbox(**FILES, has_feed=False, has_websockets=False) as box, client_of(box) as client:
            with pytest.raises(TransportError if protocol is None else FeedUnavailable) as raised:
                follow(client, box, protocol=protocol)
            assert ("HTTP 403" if protocol is None else "no change feed") in str(raised.value)

    def test_a_protocol_that_is_asked_for_is_not_replaced(self, box: Sandbox, client: KiliClient) -> None:
        with pytest.raises(TransportError, match="403"):
            follow(client, box, protocol="graphql-ws")

    @pytest.mark.parametrize("poll_s", [0, -1, True, "5", None, float("nan"), float("inf")])
    def test_wrong_intervals(self, box: Sandbox, client: KiliClient, poll_s: Any) -> None:
        with pytest.raises(ArgumentError, match="`poll_s` must be a number of seconds above 0"):
            follow(client, box, poll_s=poll_s)


def event(number: int, name: str = "label.workflow.created.default", **rest: object) -> dict[str, Any]:
    time = f"2026-01-01T00:{number // 60:02}:{number % 60:02}.000Z"
    return {
        "id": f"e{number:04}",
        "event": name,
        "createdAt": time,
        "payload": {"assetId": "a", "labelId": f"l{number:04}"},
        **rest,
    }


class Feed:
    """A feed that a test changes between two looks; it can ignore windows, or forget old events."""

    def __init__(self, events: list[dict[str, Any]], *, is_windowed: bool = True) -> None:
        self.events, self.is_windowed = events, is_windowed
        self.gone: set[str] = set()

    def answer(self, request: Request) -> object:
        if request.operation.name == "projects":
            return [{"inputType": "IMAGE"}]
        if request.operation.name == "labels":
            where: Any = request.variables["where"]
            return [{"id": key} for key in where["idIn"] if key not in self.gone]
        pagination: Any = request.variables["pagination"]
        after = pagination.get("fromEventId")
        known = [one["id"] for one in self.events]
        if after is not None and after not in known:
            raise GraphQLError(f"there is no event {after}", operation="events")
        start = known.index(after) if after is not None and self.is_windowed else 0
        found = [dict(one) for one in self.events[start:]][:: -1 if request.variables["order"] == "desc" else 1]
        return found[pagination["skip"] : pagination["skip"] + pagination["first"]]

    def reader(self) -> FeedReader:
        client = KiliClient(transport=FakeService(self.answer), disable_tqdm=True)
        reader = FeedReader(client._context, "p", "id")
        reader.begin()
        return reader


def look(reader: FeedReader) -> tuple[list[int], list[Notice]]:
    found, notices = [], []
    for news in reader.look():
        found += [int(arrival.label["id"][1:]) for arrival in news.arrivals]
        notices += news.notices
        reader.remember(news.ids)
    return found, notices


class TestFeedsThatMisbehave:
    def test_events_that_are_shown_late(self) -> None:
        feed = Feed([event(number) for number in range(200)])
        reader = feed.reader()
        late = feed.events.pop(150)
        reader = feed.reader()
        feed.events.append(event(200))
        assert look(reader) == ([200], [])
        feed.events.insert(170, late)
        assert look(reader) == ([150], [])
        assert look(reader) == ([], [])

    @pytest.mark.parametrize("old", [0, 3, 300])
    def test_a_feed_that_repeats_everything(self, old: int) -> None:
        feed = Feed([event(number) for number in range(old)], is_windowed=False)
        reader = feed.reader()
        for new in (1, 0, 120):
            begin = len(feed.events)
            feed.events += [event(begin + number) for number in range(new)]
            assert look(reader)[0] == list(range(begin, begin + new))

    def test_events_that_are_repeated_in_a_row(self) -> None:
        feed = Feed([event(0)])
        reader = feed.reader()
        feed.events += [event(1), event(1), event(2), event(1)]
        assert look(reader) == ([1, 2], [])

    @pytest.mark.parametrize("new", [3, OVERLAP - 1])
    def test_old_events_are_forgotten(self, new: int) -> None:
        """As long as one of the newest events is known, nothing is missed."""
        feed = Feed([event(number) for number in range(100)])
        reader = feed.reader()
        feed.events = [event(number) for number in range(99, 100 + new)]
        assert look(reader) == (list(range(100, 100 + new)), [])
        assert reader.lost is None

    def test_new_events_are_forgotten(self) -> None:
        """What the feed still holds is given, and that more is missing is told."""
        feed = Feed([event(number) for number in range(100)])
        reader = feed.reader()
        feed.events = [event(number) for number in range(300, 310)]
        assert look(reader) == (list(range(300, 310)), [])
        assert reader.lost is not None
        assert look(reader) == ([], [])
        assert reader.lost is None

    def test_a_look_that_breaks_off_is_taken_up(self) -> None:
        feed = Feed([event(number) for number in range(10)])
        reader = feed.reader()
        feed.events += [event(number) for number in range(10, 260)]
        news = next(iter(reader.look()))
        reader.remember(news.ids)
        first = [int(arrival.label["id"][1:]) for arrival in news.arrivals]
        assert first + look(reader)[0] == list(range(10, 260))

    @pytest.mark.parametrize(
        ("name", "payload", "labels", "is_told"),
        [
            ("label.workflow.teleported", {"labelId": "l0007"}, [7], True),
            ("label.workflow.teleported", {}, [], True),
            ("asset.teleported", {"assetId": "a"}, [], False),
            ("asset.teleported", {"labelId": "l0007"}, [7], True),
            ("robot.teleported", None, [], True),
            ("label.workflow.validated", {"labelId": "l0007"}, [], False),
            ("project.interface.updated", None, [], False),
            (None, {"labelId": "l0007"}, [7], True),
        ],
    )
    def test_names_that_no_version_knows(self, name: Any, payload: object, labels: list[int], *, is_told: bool) -> None:
        feed = Feed([event(0)])
        reader = feed.reader()
        feed.events += [event(1, name, payload=payload), event(2, name, payload=payload)]
        found, notices = look(reader)
        assert found == labels
        assert [type(notice) for notice in notices] == [UnknownEvent] * is_told
        assert all(f"`{name}`" in str(notice) for notice in notices)

    def test_an_event_without_its_label(self) -> None:
        feed = Feed([])
        reader = feed.reader()
        feed.events += [event(1, payload=None), event(2)]
        found, [notice] = look(reader)
        assert found == [2]
        assert isinstance(notice, LeftOut)
        assert "the event `e0001` does not name its label" in str(notice)

    def test_several_changes_of_one_label(self) -> None:
        feed = Feed([])
        reader = feed.reader()
        feed.events += [event(1), event(2), event(3, "label.workflow.edited", payload={"labelId": "l0001"})]
        assert look(reader) == ([1, 2], [])

    def test_a_label_that_is_gone(self) -> None:
        feed = Feed([])
        reader = feed.reader()
        feed.events += [event(1), event(2)]
        feed.gone.add("l0001")
        found, [notice] = look(reader)
        assert found == [2]
        assert isinstance(notice, LeftOut)
        assert (notice.label_id, str(notice)) == ("l0001", "left out: the label `l0001` no longer exists")
