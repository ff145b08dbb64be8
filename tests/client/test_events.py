"""The change feed: every event once, whatever the service does at the ends of the window and while it is read."""

import json
from collections.abc import Callable, Iterator, Mapping
from itertools import islice
from pathlib import Path
from typing import Any

import pytest
from attrs import define, field

from kili_query.client import KiliClient
from kili_query.client.request import Request
from kili_query.client.testing import FakeService
from kili_query.errors import ArgumentError, FeedUnavailable, GraphQLError, NotFound, TransportError
from kili_query.protocol import EventName
from kili_query.sandbox import Sandbox
from tests.sandbox.boxes import write_project

ASSETS = [{"id": f"a{number}", "externalId": f"{number}.jpg"} for number in range(2)]


def event(number: int, **rest: object) -> dict[str, Any]:
    return {"id": f"e{number:04}", "event": "asset.updated", "payload": {"assetId": "a"}, **rest}


def numbers(events: Iterator[dict[str, Any]]) -> list[int]:
    return [int(one["id"][1:]) for one in events]


@define
class Feed:
    """A feed that a test can change between two requests.

    Attributes:
        events: oldest first.
        is_open: the ends of the window do not belong to it.
        before: called with the number of the request, from 1.
    """

    events: list[dict[str, Any]]
    is_open: bool = False
    before: Callable[[int], None] = lambda number: None
    pages: list[Mapping[str, Any]] = field(factory=list)

    def answer(self, request: Request) -> object:
        if request.operation.name == "projects":
            return [{"inputType": "IMAGE"}] if request.variables["where"] == {"id": "p"} else []
        pagination: Any = request.variables["pagination"]
        self.pages.append(pagination)
        self.before(len(self.pages))
        low, high = pagination.get("fromEventId", ""), pagination.get("untilEventId", "f")
        found = [dict(one) for one in self.events if low <= one["id"] <= high]
        if self.is_open:
            found = [one for one in found if one["id"] not in (low, high)]
        found = found[:: -1 if request.variables["order"] == "desc" else 1]
        return found[pagination["skip"] : pagination["skip"] + pagination["first"]]


def client_of(feed: Feed) -> KiliClient:
    return KiliClient(transport=FakeService(feed.answer), disable_tqdm=True)


@pytest.fixture
def box(tmp_path: Path) -> Iterator[Sandbox]:
    with Sandbox(project=write_project(tmp_path / "p", assets=ASSETS)) as box:
        yield box


@pytest.fixture
def client(box: Sandbox) -> Iterator[KiliClient]:
    with KiliClient(box.api_key, box.endpoint, disable_tqdm=True) as client:
        yield client


def append(client: KiliClient, number: int, label_type: str = "DEFAULT") -> list[str]:
    made = client.append_labels(
        [f"a{n % 2}" for n in range(number)],
        json_response_array=[{}] * number,
        model_name="m",
        label_type=label_type,  # type: ignore[arg-type]
    )
    return [label["id"] for label in made]


class TestOfASandbox:
    @pytest.mark.parametrize("order", ["asc", "desc"])
    def test_many_pages(self, client: KiliClient, order: Any) -> None:
        ids = append(client, 250)
        found = list(client.events("p", event=EventName.DEFAULT_CREATED, order=order))
        assert [one["payload"]["labelId"] for one in found][:: 1 if order == "asc" else -1] == ids
        assert set(found[0]) == {"createdAt", "event", "id", "organizationId", "payload", "projectId", "userId"}
        assert found[0]["payload"].keys() == {"assetId", "labelId", "externalId"}

    def test_continuing(self, client: KiliClient) -> None:
        """With the id of the last event, again and again, there is each event once."""
        ids, seen, found = [], None, []
        for number in (3, 0, 120, 1):
            ids += append(client, number) if number else []
            for one in client.events("p", from_event_id=seen):
                seen = one["id"]
                found.append(one)
        assert [one["payload"]["labelId"] for one in found if "labelId" in one["payload"]] == ids
        assert len(found) == len(ids) + len(ASSETS)
        assert list(client.events("p", from_event_id=seen)) == []

    def test_filters(self, client: KiliClient) -> None:
        append(client, 2)
        predictions = append(client, 2, label_type="PREDICTION")
        found = list(client.events("p"))
        times = [one["createdAt"] for one in found]
        assert [one["payload"]["labelId"] for one in client.events("p", event="label.workflow.created.prediction")] == (
            predictions
        )
        assert list(client.events("p", created_at_gte=times[2], created_at_lte=times[3])) == found[2:4]
        assert list(client.events("p", user_id=found[0]["userId"])) == found
        assert list(client.events("p", organization_id="another")) == []
        assert list(client.events("p", from_event_id=found[1]["id"], until_event_id=found[4]["id"])) == found[2:4]

    def test_fields(self, client: KiliClient) -> None:
        found = list(client.events("p", fields=["event", "payload"]))
        assert found == [
            {"event": "asset.created", "payload": {"assetId": f"a{n}", "externalId": f"{n}.jpg"}} for n in range(2)
        ]

    def test_no_such_project(self, client: KiliClient) -> None:
        with pytest.raises(NotFound):
            next(client.events("other"))

    def test_an_event_that_is_forgotten(self, client: KiliClient) -> None:
        with pytest.raises(GraphQLError, match="there is no event `event-999999999999`"):
            next(client.events("p", from_event_id="event-999999999999"))

    def test_faults(self, box: Sandbox, client: KiliClient) -> None:
        """The iterator goes on after a broken page, because queries are sent again."""
        append(client, 150)
        box.faults.inject("drop-after:events+1")
        box.faults.inject("truncate:events+2")
        assert len(list(client.events("p"))) == 150 + len(ASSETS)

    def test_no_feed(self, tmp_path: Path) -> None:
        folder = write_project(tmp_path / "p", assets=ASSETS)
        with (
            Sandbox(project=folder, has_feed=False) as box,
            KiliClient(box.api_key, box.endpoint, disable_tqdm=True) as client,
        ):
            events = client.events("p")  # nothing is sent yet
            with pytest.raises(FeedUnavailable, match="this account has no change feed") as raised:
                next(events)
            assert "updated_at_gte" in str(raised.value)
            assert raised.value.operation == "events"
            assert len(client.assets("p", fields=["id"], updated_at_gte="2000-01-01")) == len(ASSETS)


class TestTheWindow:
    @pytest.mark.parametrize("is_open", [False, True])
    @pytest.mark.parametrize("order", ["asc", "desc"])
    def test_its_ends(self, is_open: bool, order: Any) -> None:
        """The events in between, whether or not the service counts the ends."""
        client = client_of(Feed([event(number) for number in range(300)], is_open=is_open))
        found = numbers(client.events("p", from_event_id="e0007", until_event_id="e0210", order=order))
        assert found == list(range(8, 210))[:: 1 if order == "asc" else -1]
        assert numbers(client.events("p", from_event_id="e0298", order=order)) == [299]
        assert numbers(client.events("p", from_event_id="e0299", order=order)) == []

    def test_what_is_sent(self) -> None:
        feed = Feed([event(1)])
        service = FakeService(feed.answer)
        client = KiliClient(transport=service)
        list(client.events("p", from_event_id="e0001", event="asset.updated", user_id="", fields=["event"]))
        assert service.variables(0) == {
            "where": {"projectId": "p", "event": "asset.updated"},
            "pagination": {"skip": 0, "first": 100, "fromEventId": "e0001"},
            "order": "asc",
        }
        assert service.requests[0].selection == "event id"

    def test_pages_come_when_they_are_wanted(self) -> None:
        feed = Feed([event(number) for number in range(1000)])
        events = client_of(feed).events("p")
        assert feed.pages == []
        assert numbers(islice(events, 100)) == list(range(100))
        assert [page["skip"] for page in feed.pages] == [0]
        assert numbers(islice(events, 1)) == [100]
        assert [page["skip"] for page in feed.pages] == [0, 99]


class TestWhileItIsRead:
    """Each page begins with the last event of the page before, so that what moves is noticed."""

    @pytest.mark.parametrize("order", ["asc", "desc"])
    @pytest.mark.parametrize("new", [1, 30, 150])
    def test_new_events(self, order: Any, new: int) -> None:
        feed = Feed([event(number) for number in range(250)])

        def grow(request: int) -> None:
            if request == 2:
                feed.events += [event(number) for number in range(250, 250 + new)]

        feed.before = grow
        found = numbers(client_of(feed).events("p", order=order))
        assert len(found) == len(set(found))
        assert set(found) >= set(range(250))
        assert order == "desc" or found == list(range(250 + new))

    def test_old_events_are_forgotten(self) -> None:
        """Those that move into pages that were read already come too."""
        feed = Feed([event(number) for number in range(400)])

        def forget(request: int) -> None:
            if request == 2:
                del feed.events[:50]

        feed.before = forget
        found = numbers(client_of(feed).events("p"))
        assert sorted(found) == list(range(400))

    def test_a_feed_that_repeats(self) -> None:
        feed = Feed([event(number // 3) for number in range(600)])
        assert numbers(client_of(feed).events("p")) == list(range(200))

    def test_a_feed_without_an_end(self) -> None:
        """A service that ignores `skip` sends the same page forever."""
        page = [event(number) for number in range(100)]
        service = FakeService(lambda request: page)
        events = KiliClient(transport=service).events("p")
        assert len(list(islice(events, 100))) == 100
        with pytest.raises(TransportError, match="the service repeats its rows"):
            next(events)


class TestAnswers:
    def test_payloads_as_text(self) -> None:
        payload = {"assetId": "a", "externalId": None, "labelId": "l"}
        feed = Feed([event(1, payload=json.dumps(payload)), event(2, payload=None)])
        assert [one["payload"] for one in client_of(feed).events("p")] == [payload, None]

    def test_names_that_no_version_knows(self) -> None:
        feed = Feed([event(1, event="asset.teleported", payload={"to": ["moon"]})])
        assert list(client_of(feed).events("p")) == feed.events

    @pytest.mark.parametrize(
        ("answer", "message"),
        [
            ([{"event": "asset.created"}], "the service sent an event without an id"),
            ([{"id": 7}], "the service sent an event without an id"),
            ([event(1, payload="{")], "the payload of event `e0001` is not JSON"),
            ({"id": "e1"}, "the answer is not a list of objects: an object"),
            ([None], "the answer is not a list of objects"),
        ],
    )
    def test_strange_answers(self, answer: object, message: str) -> None:
        client = KiliClient(transport=FakeService({"events": answer}))
        with pytest.raises(TransportError, match=message) as raised:
            list(client.events("p"))
        assert raised.value.operation == "events"

    @pytest.mark.parametrize(
        ("messages", "has_feed"),
        [
            (['Cannot query field "events" on type "Query".'], False),
            (["Cannot query field 'events' on type 'Query'. Did you mean 'assets'?"], False),
            (['Unknown type "EventsWhere".', 'Unknown type "EventPagination".'], False),
            (["another", 'Cannot query field "events" on type "Query".'], False),
            (['Cannot query field "eventz" on type "Event".'], True),
            (["events are down"], True),
        ],
    )
    def test_which_errors_say_that_there_is_no_feed(self, messages: list[str], has_feed: bool) -> None:
        error = GraphQLError(messages[0], [{"message": message} for message in messages], operation="events")
        client = KiliClient(transport=FakeService({"events": error}))
        with pytest.raises(GraphQLError) as raised:
            next(client.events("p"))
        assert isinstance(raised.value, FeedUnavailable) is not has_feed
        assert len(raised.value.errors) == len(messages)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"project_id": ""}, "`project_id` must be the id of a project"),
        ({"from_event_id": ""}, "`from_event_id` must be the id of an event or None, not ''"),
        ({"from_event_id": 7}, "`from_event_id` must be the id of an event or None, not 7"),
        ({"until_event_id": ["e1"]}, "`until_event_id` must be the id of an event or None"),
        ({"order": "ascending"}, "`order` must be 'asc' or 'desc', not 'ascending'"),
        ({"order": None}, "`order` must be"),
        ({"event": "label.*"}, "`event` must be one whole name, such as 'label.workflow.edited', not 'label.*'"),
        ({"event": ""}, "`event` must be one whole name"),
        ({"event": ["asset.created"]}, "`event` must be a text"),
        ({"created_at_gte": "yesterday"}, "`created_at_gte` must be a date such as '2024-02-01', or a time"),
        ({"created_at_lte": 20240201}, "`created_at_lte` must be a text"),
        ({"user_id": 3}, "`user_id` must be a text"),
        ({"fields": []}, "`fields` is empty"),
        ({"fields": "id"}, "`fields` must be a list of names"),
        ({"fields": ["payload {"]}, "is not the name of a field"),
        ({"evnt": "asset.created"}, "there is no filter of events `evnt`: did you mean `event`?"),
    ],
)
def test_wrong_arguments(arguments: dict[str, Any], message: str) -> None:
    """They are found by the call itself, and nothing is sent."""
    service = FakeService({})
    with pytest.raises(ArgumentError) as raised:
        KiliClient(transport=service).events(**{"project_id": "p", **arguments})
    assert message in str(raised.value)
    assert service.requests == []


def test_a_slip_in_the_name_of_an_event() -> None:
    """A warning, because the platform has more events than the client knows."""
    client = KiliClient(transport=FakeService({}))
    with pytest.warns(UserWarning, match=r"did you mean 'label\.workflow\.created\.default'\?"):
        client.events("p", event="label.workflow.created.defalt")
    client.events("p", event="project.created")
