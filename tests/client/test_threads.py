"""One client and many threads: all get what is theirs, and no thread outlives the client."""

import gc
import logging
import signal
import subprocess
import sys
import threading
import weakref
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from pathlib import Path

import pytest

from kili_query.client import KiliClient
from kili_query.client.rate_limit import shared_rate_limit
from kili_query.client.threads import Threads
from kili_query.errors import TransportError
from kili_query.sandbox import Sandbox
from tests.client.plain_box import ASSETS, PROJECT, ask, label_id, plain_box, small_pages

CONTENT = {"WHAT": {"categories": [{"name": "CAR"}]}}
PATIENCE_S = 60
THREADS = 8


@pytest.fixture(scope="module")
def box(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    with small_pages(), plain_box(tmp_path_factory.mktemp("box")) as served:
        yield served


@pytest.fixture(autouse=True)
def no_faults(box: Sandbox) -> None:
    box.faults.clear()


def open_client(box: Sandbox, **options: object) -> KiliClient:
    return KiliClient(box.api_key, box.endpoint, calls_per_minute=None, disable_tqdm=True, **options)


@pytest.fixture
def client(box: Sandbox) -> Iterator[KiliClient]:
    with open_client(box) as opened:
        yield opened


def assert_that_threads_end() -> None:
    for thread in threading.enumerate():
        if thread.name.startswith("kili-p"):
            thread.join(PATIENCE_S)
            assert not thread.is_alive()


@pytest.mark.filterwarnings("ignore:the list changed while it was read")  # by the other threads, which delete
def test_many_threads_read_and_write(box: Sandbox, client: KiliClient) -> None:
    begin = threading.Barrier(THREADS)
    defaults = [label_id("DEFAULT", number) for number in range(ASSETS)]

    def work(number: int) -> list[str]:
        begin.wait(PATIENCE_S)
        assets, model = [f"asset-{(number + step) % ASSETS:02}" for step in range(5)], f"model {number}"
        made = client.append_labels(assets, [CONTENT] * 5, model_name=model, label_type="PREDICTION")
        listed = [one["id"] for one in client.labels(PROJECT, fields=["id"], as_generator=True)]
        assert len(set(listed)) == len(listed)
        assert set(defaults) <= set(listed)
        ids = [one["id"] for one in made]
        assert [one["id"] for one in client.labels(PROJECT, id_contains=ids, fields=["id"])] == ids
        found = client.labels(PROJECT, category_search="WHAT.BUS", type_in=["DEFAULT"], fields=["id"])
        assert [one["id"] for one in found] == defaults[::5]
        assert client.delete_labels(ids[:2]) == ids[:2]
        assert client.count_labels(PROJECT, id_contains=ids) == 3
        return ids[2:]

    with ThreadPoolExecutor(THREADS) as pool:
        kept = list(pool.map(work, range(THREADS)))
    for number, ids in enumerate(kept):
        where = {"project": {"id": PROJECT}, "idIn": [one for ids in kept for one in ids]}
        query = "query ($where: LabelWhere!) { data: labels(where: $where, first: 100, skip: 0) { id modelName } }"
        found = [one["id"] for one in ask(box, query, {"where": where}) if one["modelName"] == f"model {number}"]
        assert found == ids


def test_more_lists_may_be_open_than_there_are_threads(client: KiliClient) -> None:
    lists = [client.labels(PROJECT, fields=["id"], type_in=["DEFAULT"], as_generator=True) for _ in range(30)]
    found = list(zip(*lists, strict=True))
    assert [{one["id"] for one in row} for row in found] == [{label_id("DEFAULT", n)} for n in range(ASSETS)]


def test_clients_and_their_threads_share_one_limit(box: Sandbox) -> None:
    def count(client: KiliClient) -> int:
        return client.count_labels(PROJECT, type_in=["DEFAULT"])

    clients = [KiliClient(box.api_key, box.endpoint, calls_per_minute=77_777) for _ in range(2)]
    with ThreadPoolExecutor(THREADS) as pool:
        assert list(pool.map(count, clients * 20)) == [ASSETS] * 40
    for client in clients:
        client.close()
    sent = sum("countLabels" in seen.operations for seen in box.faults.seen)
    assert sent == 40
    assert len(shared_rate_limit(box.endpoint, box.api_key, 77_777)._last) == len(box.faults.seen)


def test_a_list_that_is_open_when_its_client_is_closed_ends_in_an_error(client: KiliClient) -> None:
    found = client.labels(PROJECT, fields=["id"], as_generator=True)
    first = next(found)
    client.close()
    with pytest.raises(TransportError, match="the client is closed"):
        list(found)
    assert first == {"id": label_id("DEFAULT", 0)}
    assert_that_threads_end()


def test_a_closed_client_says_so(box: Sandbox, client: KiliClient) -> None:
    client.close()
    client.close()
    before = len(box.faults.seen)
    with pytest.raises(TransportError, match="the client is closed"):
        client.count_labels(PROJECT)
    with pytest.raises(TransportError, match="the client is closed") as raised:
        client.append_labels(["asset-01"], [CONTENT])
    assert raised.value.not_sent == (0,)
    assert len(box.faults.seen) == before


@pytest.mark.usefixtures("quick_collections")
def test_a_list_that_is_left_leaves_no_thread(box: Sandbox) -> None:
    client = open_client(box)
    found = client.labels(PROJECT, fields=["id"], as_generator=True)
    assert len(list(islice(found, 12))) == 12
    del found, client  # which nobody closed
    gc.collect()
    assert_that_threads_end()


@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="no alarm to interrupt with")
@pytest.mark.parametrize("held", ["labels*+1", "labels*"])
def test_an_interruption_of_a_list_does_not_wait_for_answers(box: Sandbox, held: str) -> None:
    script = """
import signal, sys
from kili_query.client import KiliClient

signal.signal(signal.SIGALRM, signal.default_int_handler)
with KiliClient(*sys.argv[1:3], timeout_s=600) as client:
    try:
        signal.setitimer(signal.ITIMER_REAL, 0.5)
        client.labels(sys.argv[3], fields=["id"])
    except KeyboardInterrupt:
        print("interrupted", client.count_labels(sys.argv[3], type_in=["DEFAULT"]))
"""
    box.faults.inject(f"delay=600s:{held}")
    for number in range(3):  # such that there is a second page of a hundred
        client_ids = [f"asset-{index:02}" for index in range(ASSETS)]
        with open_client(box) as client:
            client.create_predictions(
                PROJECT, json_response_array=[CONTENT] * ASSETS, asset_id_array=client_ids, model_name=f"many {number}"
            )
    ran = subprocess.run(
        [sys.executable, "-c", script, box.api_key, box.endpoint, PROJECT],
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
        check=True,
    )
    assert ran.stdout == f"interrupted {ASSETS}\n"
    assert ran.stderr == ""


class TestThreads:
    def test_what_is_submitted_after_the_end_is_cancelled(self) -> None:
        threads = Threads(2, "kili-p")
        assert threads.submit(pow, 2, 3).result(PATIENCE_S) == 8
        threads.shutdown()
        assert threads.submit(pow, 2, 3).cancelled()
        assert_that_threads_end()

    def test_what_has_not_begun_is_cancelled(self) -> None:
        begun, go = threading.Event(), threading.Event()

        def hold() -> bool:
            begun.set()
            return go.wait(PATIENCE_S)

        threads = Threads(1, "kili-p")
        running, waiting = threads.submit(hold), threads.submit(hold)
        begun.wait(PATIENCE_S)
        threads.shutdown(wait=False, cancel_futures=True)
        assert waiting.cancelled()
        go.set()
        assert running.result(PATIENCE_S)
        assert_that_threads_end()

    def test_an_error_is_that_of_its_caller(self) -> None:
        with Threads(1, "kili-p") as threads:
            failing = threads.submit(int, "x")
            assert threads.submit(int, "3").result(PATIENCE_S) == 3
            assert isinstance(failing.exception(), ValueError)

    def test_no_more_threads_than_allowed(self) -> None:
        both = threading.Barrier(3)
        with Threads(3, "kili-p") as threads:
            assert len({future.result(PATIENCE_S) for future in [threads.submit(both.wait) for _ in range(3)]}) == 3
            assert sum(thread.name.startswith("kili-p") for thread in threading.enumerate()) == 3
            for future in [threads.submit(int) for _ in range(100)]:
                future.result(PATIENCE_S)
            assert sum(thread.name.startswith("kili-p") for thread in threading.enumerate()) == 3

    @pytest.mark.usefixtures("quick_collections")
    def test_what_was_worked_on_is_let_go(self) -> None:
        class Thing:
            pass

        thing = Thing()
        gone = weakref.ref(thing)
        with Threads(1, "kili-p") as threads:
            threads.submit(id, thing).result(PATIENCE_S)
            threads.submit(int).result(PATIENCE_S)  # so that the first is behind the thread
            del thing
            gc.collect()
            assert gone() is None


def test_contents_at_urls_are_fetched_by_a_bounded_number(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    number = 10
    with plain_box(tmp_path, number=number, payload_urls=True) as box, open_client(box) as client:
        with ThreadPoolExecutor(THREADS) as pool:
            found = list(pool.map(lambda _: client.labels(PROJECT, type_in=["DEFAULT"]), range(THREADS)))
        names = [thread.name for thread in threading.enumerate() if thread.name.startswith("kili-payloads")]
    assert all(len(labels) == number and all(one["jsonResponse"]["WHAT"] for one in labels) for labels in found)
    assert 0 < len(names) <= 24
    assert [record.getMessage() for record in caplog.records if record.name.startswith("urllib3")] == []
