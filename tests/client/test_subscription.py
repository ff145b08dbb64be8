"""Subscriptions to a real server: the sandbox, on a real port."""

import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from queue import Queue
from typing import TypeAlias

import pytest
from attrs import frozen

from kili_query.client import KiliClient
from kili_query.client.subscription import Interruption, Notice, Subscription, SubscriptionOptions
from kili_query.client.subscription.subscription import subscribe
from kili_query.errors import AuthenticationFailed, GraphQLError, NotFound, QueryError
from kili_query.sandbox import Sandbox
from kili_query.sandbox.events import Events
from tests.cli.running import DEMO
from tests.client.subscribing import QUICK, TIMEOUT_S, take, watchdog

FILES = {"project": DEMO / "project.json", "labels": DEMO / "labels.ndjson"}
PROTOCOLS = ("graphql-ws", "graphql-transport-ws")
PEOPLE = {"SCENE": {"categories": [{"name": "PERSON"}]}}
TRAFFIC = {"SCENE": {"categories": [{"name": "VEHICLE"}]}}


@frozen
class Scene:
    """A project that is served, a client of it, and what tells when the server listens for a subscription."""

    box: Sandbox
    client: KiliClient
    assets: list[str]
    listens: threading.Semaphore

    def subscribe(self, **options: object) -> Subscription:
        """As the client does, but with pauses that are short; returns once the server does listen."""
        subscription = subscribe(
            self.client._context,
            self.client._settings,
            self.box.project_id,
            None,
            SubscriptionOptions(clock=QUICK, **options),
        )
        self.wait_for_server()
        return subscription

    def call(self, callback: Callable[[str, object], None]) -> Subscription:
        subscription = self.client.label_created_or_updated(self.box.project_id, callback)
        self.wait_for_server()
        return subscription

    def wait_for_server(self) -> None:
        assert self.listens.acquire(timeout=TIMEOUT_S)

    def append(self, *contents: object) -> list[str]:
        assets = [self.assets[number % len(self.assets)] for number in range(len(contents))]
        created = self.client.append_labels(
            asset_id_array=assets, json_response_array=list(contents), disable_tqdm=True
        )
        return [str(label["id"]) for label in created]


@pytest.fixture(scope="module")
def all_listens() -> Iterator[threading.Semaphore]:
    """Released each time that a server begins to listen for a subscription."""
    begun, listen = threading.Semaphore(0), Events.join

    def listen_and_tell(*arguments: object) -> object:
        listener = listen(*arguments)
        begun.release()
        return listener

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Events, "join", listen_and_tell)
        yield begun


@pytest.fixture
def listens(all_listens: threading.Semaphore) -> threading.Semaphore:
    """The same, without what other tests have left."""
    while all_listens.acquire(blocking=False):
        pass
    return all_listens


Serve: TypeAlias = Callable[..., Scene]


@contextmanager
def serving(listens: threading.Semaphore, **options: object) -> Iterator[Scene]:
    with Sandbox(**FILES, **options) as box, KiliClient(box.api_key, box.endpoint, calls_per_minute=None) as client:
        assets = client.assets(box.project_id, fields=["id"], disable_tqdm=True)
        yield Scene(box, client, [str(asset["id"]) for asset in assets], listens)


@pytest.fixture
def serve(listens: threading.Semaphore) -> Iterator[Serve]:
    """``serve(**options)``: the demo's project, until the test ends."""
    with ExitStack() as stack:
        yield lambda **options: stack.enter_context(serving(listens, **options))


@pytest.fixture(scope="module")
def shared_scene(all_listens: threading.Semaphore) -> Iterator[Scene]:
    with serving(all_listens) as scene:
        yield scene


@pytest.fixture
def scene(shared_scene: Scene, listens: threading.Semaphore) -> Scene:
    """A project that tests share, without subscriptions when they begin."""
    assert shared_scene.listens is listens
    return shared_scene


def ids(labels: list[dict[str, object]]) -> list[object]:
    return [label["id"] for label in labels]


@pytest.mark.parametrize("protocol", [*PROTOCOLS, None])
def test_labels_come_in_order(scene: Scene, protocol: str | None) -> None:
    with scene.subscribe(protocol=protocol) as subscription:
        created = [*scene.append(PEOPLE), *scene.append(TRAFFIC, PEOPLE)]
        labels = take(subscription, 3)
    assert ids(labels) == created
    assert [label["jsonResponse"] for label in labels] == [PEOPLE, TRAFFIC, PEOPLE]
    first = labels[0]
    assert set(first) == {
        *("id", "author", "labelOf", "assetId", "labelType", "jsonResponse", "createdAt", "modelName"),
        "secondsToLabel",
    }
    assert first["labelOf"] == {"id": first["assetId"]} == {"id": scene.assets[0]}


def test_changes_come_too(scene: Scene) -> None:
    [label_id] = scene.append(PEOPLE)
    with scene.subscribe() as subscription:
        scene.client.update_properties_in_label(label_id, json_response=TRAFFIC)
        [label] = take(subscription, 1)
    assert (label["id"], label["jsonResponse"]) == (label_id, TRAFFIC)


def test_nothing_of_a_burst_is_lost(scene: Scene) -> None:
    with scene.subscribe() as subscription:
        created = scene.append(*[TRAFFIC] * 300)  # all, before the first is taken
        assert ids(take(subscription, 300)) == created
    assert (subscription.tally.came, subscription.tally.given) == (300, 300)


def test_a_query(scene: Scene) -> None:
    with scene.subscribe(where="SCENE.PERSON.count == 1") as subscription:
        created = scene.append(PEOPLE, TRAFFIC, {}, PEOPLE)
        assert ids(take(subscription, 2)) == [created[0], created[3]]
    assert (subscription.tally.came, subscription.tally.not_matched) == (4, 2)


def test_a_query_with_names_that_the_project_lacks(scene: Scene) -> None:
    with pytest.raises(QueryError, match=r"unknown category `PERSN`"):
        scene.client.label_created_or_updated(scene.box.project_id, where="SCENE.PERSN")
    assert not scene.listens.acquire(blocking=False)


def test_contents_that_stand_elsewhere(serve: Serve) -> None:
    scene = serve(payload_urls=True)
    with scene.subscribe(where="SCENE.PERSON") as subscription:
        scene.append(TRAFFIC, PEOPLE)
        [label] = take(subscription, 1)
    assert label["jsonResponse"] == PEOPLE
    assert "jsonResponseUrl" not in label


class TestCallback:
    def test_is_called_with_asset_and_content(self, scene: Scene) -> None:
        called: Queue[tuple[str, object]] = Queue()
        with scene.call(lambda asset_id, content: called.put((asset_id, content))):
            scene.append(PEOPLE, TRAFFIC)
            assert called.get(timeout=TIMEOUT_S) == (scene.assets[0], PEOPLE)
            assert called.get(timeout=TIMEOUT_S) == (scene.assets[1], TRAFFIC)

    def test_its_error_ends_the_subscription(self, scene: Scene) -> None:
        wrong = RuntimeError("the callback's own")
        calls = []

        def fail(asset_id: str, _: object) -> None:
            calls.append(asset_id)
            raise wrong

        subscription = scene.call(fail)
        scene.append(PEOPLE, TRAFFIC)
        with pytest.raises(RuntimeError, match="the callback's own"):
            subscription.join(TIMEOUT_S)
        assert subscription.error is wrong
        assert calls == scene.assets[:1]
        with pytest.raises(RuntimeError, match="the callback's own"), subscription:
            pass

    def test_may_close_the_subscription(self, scene: Scene) -> None:
        has_subscription = threading.Event()
        opened: list[Subscription] = []

        def close(*_: object) -> None:
            has_subscription.wait(TIMEOUT_S)
            opened[0].close()

        opened.append(scene.call(close))
        has_subscription.set()
        scene.append(PEOPLE)
        assert opened[0].join(TIMEOUT_S)
        assert opened[0].error is None

    def test_takes_the_place_of_the_iterator(self, scene: Scene) -> None:
        with scene.call(print) as subscription, pytest.raises(ValueError, match="go to its callback"):
            iter(subscription)


class TestEnd:
    def test_close_from_another_thread(self, scene: Scene) -> None:
        subscription = scene.subscribe()
        [created] = scene.append(PEOPLE)
        labels = iter(subscription)
        assert next(labels)["id"] == created
        closer = threading.Timer(0.05, subscription.close)  # by then the loop waits, as a rule; it ends in any case
        closer.start()
        with watchdog(subscription):
            assert list(labels) == []
        closer.join()
        assert subscription.join(TIMEOUT_S)
        assert not [thread.name for thread in threading.enumerate() if thread.name.startswith("kili-subscription")]

    def test_close_again(self, scene: Scene) -> None:
        subscription = scene.subscribe()
        for _ in range(3):
            subscription.close()
        assert subscription.join(TIMEOUT_S)
        assert list(subscription) == list(subscription) == []
        assert subscription.error is None

    def test_the_server_is_told(self, serve: Serve) -> None:
        scene = serve()
        events = scene.box._service.events
        with scene.subscribe():
            assert events.listener_count == 1
        scene.box.close()  # which waits for its connections
        assert events.listener_count == 0

    def test_it_does_not_keep_the_process(self, scene: Scene) -> None:
        with scene.call(print):
            threads = [one for one in threading.enumerate() if one.name.startswith("kili-subscription")]
            assert len(threads) == 2
            assert all(thread.daemon for thread in threads)


class TestInterruptions:
    @pytest.mark.parametrize("protocol", PROTOCOLS)
    def test_cut_before_it_began(self, serve: Serve, protocol: str) -> None:
        scene = serve(faults=["drop-before:labelCreatedOrUpdated*3"])
        with scene.subscribe(protocol=protocol) as subscription:
            created = scene.append(PEOPLE)
            assert ids(take(subscription, 1)) == created
        assert [seen.method for seen in scene.box.faults.seen].count("WEBSOCKET") == 4

    @pytest.mark.parametrize("protocol", PROTOCOLS)
    def test_cut_after_a_label(self, serve: Serve, protocol: str) -> None:
        scene = serve(faults=["drop-after:labelCreatedOrUpdated*2"])
        notices: Queue[Notice] = Queue()
        with scene.subscribe(protocol=protocol, on_notice=notices.put) as subscription:
            for number in range(3):
                created = scene.append(PEOPLE)
                assert ids(take(subscription, 1)) == created
                if number < 2:
                    scene.wait_for_server()
            begun, ended = notices.get(timeout=TIMEOUT_S), notices.get(timeout=TIMEOUT_S)
        assert isinstance(begun, Interruption)
        assert isinstance(ended, Interruption)
        assert str(begun) == "the subscription is interrupted: the connection broke; connecting again"
        assert ended.began == begun.began <= (ended.ended or begun.began)
        assert str(ended).startswith("the subscription goes on; labels written from ")

    def test_a_server_that_is_started_again(self, serve: Serve, tmp_path: Path) -> None:
        scene = serve(database=tmp_path / "box.db", api_key="the-key")
        notices: Queue[Notice] = Queue()
        with scene.subscribe(on_notice=notices.put) as subscription:
            before = scene.append(PEOPLE)
            scene.box.close()
            lost = notices.get(timeout=TIMEOUT_S)
            scene = serve(database=tmp_path / "box.db", api_key="the-key", port=scene.box.port)
            scene.wait_for_server()
            assert ids(take(subscription, 2 if (after := scene.append(TRAFFIC)) else 0)) == [*before, *after]
        assert "the service closed the connection: code 1012" in str(lost)

    def test_by_default_they_are_logged(self, serve: Serve, caplog: pytest.LogCaptureFixture) -> None:
        scene = serve(faults=["drop-before:labelCreatedOrUpdated"])
        with caplog.at_level(logging.WARNING), scene.subscribe() as subscription:
            scene.append(PEOPLE)
            take(subscription, 1)
        assert [record.levelname for record in caplog.records] == ["WARNING", "WARNING"]
        assert "subscription: the subscription is interrupted" in caplog.text


class TestRefusals:
    def test_a_wrong_key(self, scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("KILI_SDK_SKIP_CHECKS", "1")
        with KiliClient("not-the-key", scene.box.endpoint, ontology_cache=False) as client:
            reader, settings = scene.client._context, client._settings  # HTTP with the right key, to get that far
            for protocol in PROTOCOLS:
                with pytest.raises(AuthenticationFailed, match="wrong API key") as refused:
                    subscribe(reader, settings, scene.box.project_id, None, SubscriptionOptions(protocol=protocol))
                assert "not-the-key" not in repr(refused.value) + str(refused.value)

    def test_an_unknown_project(self, scene: Scene) -> None:
        for where in (None, "SCENE.PERSON"):
            with pytest.raises(NotFound, match="no project `nowhere`"):
                scene.client.label_created_or_updated("nowhere", where=where)

    def test_a_service_that_refuses_the_project_alone_on_the_websocket(
        self, scene: Scene, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("kili_query.client.ontologies.Projects.input_type", lambda *_: "IMAGE")
        for protocol in PROTOCOLS:
            with pytest.raises(GraphQLError, match="no project `nowhere`"):
                _subscribe_and_read(scene.client, protocol)


def _subscribe_and_read(client: KiliClient, protocol: str) -> None:
    """A refusal is raised by whichever of the two comes after it."""
    subscription = client.label_created_or_updated("nowhere", protocol=protocol)
    with watchdog(subscription):
        next(iter(subscription))


def test_what_it_shows_of_itself(scene: Scene) -> None:
    with scene.subscribe() as subscription:
        assert repr(subscription) == f"Subscription({scene.box.project_id!r})"
