"""The limit of calls per minute: kept in every minute, in order, by all who share it."""

import os
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kili_query.client.rate_limit import RateLimit, fewest_minutes, shared_rate_limit
from kili_query.client.request import Request
from kili_query.client.retries import Clock
from kili_query.client.settings import Settings
from kili_query.client.transport import Transport
from kili_query.errors import ArgumentError
from kili_query.protocol import ME
from tests.client.conftest import RunScript
from tests.client.fake_clock import FakeTime
from tests.client.scripted_server import Answer, ScriptedServer, data


@given(calls_per_minute=st.integers(1, 7), gaps_s=st.lists(st.floats(0, 100, allow_nan=False, width=16), max_size=60))
def test_no_minute_ever_holds_more_calls_than_allowed(calls_per_minute: int, gaps_s: list[float]) -> None:
    time = FakeTime()
    limit = RateLimit(calls_per_minute, time.clock)
    moments = []
    for gap_s in gaps_s:
        time.now_s += gap_s
        limit.acquire()
        moments.append(time.now_s)
    for earlier, later in zip(moments, moments[calls_per_minute:], strict=False):
        assert later - earlier >= 60 - 1e-9


def test_nobody_waits_below_the_limit_and_no_longer_than_needed_above() -> None:
    time = FakeTime()
    limit = RateLimit(500, time.clock)
    for _ in range(500):
        limit.acquire()
    assert time.sleeps == []
    time.now_s = 10.0
    limit.acquire()
    assert time.sleeps == [50.0]


@given(calls_per_minute=st.integers(1, 7), calls=st.integers(1, 40))
def test_the_minutes_that_calls_take(calls_per_minute: int, calls: int) -> None:
    time = FakeTime()
    limit = RateLimit(calls_per_minute, time.clock)
    for _ in range(calls):
        limit.acquire()
    assert fewest_minutes(calls, calls_per_minute) * 60 == time.now_s


def test_threads_share_one_queue() -> None:
    lock, waits = threading.Lock(), []

    def sleep(seconds: float) -> None:
        with lock:
            waits.append(seconds)

    limit = RateLimit(10, Clock(monotonic_s=lambda: 0.0, sleep=sleep))
    with ThreadPoolExecutor(20) as pool:
        for done in [pool.submit(limit.acquire) for _ in range(100)]:
            done.result()
    # of a hundred calls at one moment, ten go out at once and ten in each minute after
    assert sorted(waits) == [60.0 * minute for minute in range(1, 10) for _ in range(10)]


@pytest.mark.parametrize("calls_per_minute", [0, -1])
def test_a_limit_that_lets_nothing_through(calls_per_minute: int) -> None:
    with pytest.raises(ArgumentError, match="`calls_per_minute` must be a number above 0, or None"):
        RateLimit(calls_per_minute)


def test_all_clients_of_a_key_at_an_endpoint_share_their_limit() -> None:
    limit = shared_rate_limit("http://a", "key", 500)
    assert shared_rate_limit("http://a", "key", 500) is limit
    assert shared_rate_limit("http://a", "other", 500) is not limit
    assert shared_rate_limit("http://b", "key", 500) is not limit


def test_each_time_that_a_call_is_sent_counts() -> None:
    time = FakeTime(chance=0.0)
    busy = Answer(b"", 429)
    with (
        ScriptedServer([busy, busy, data({"id": "u"})]) as server,
        Transport(Settings("key", server.endpoint), calls_per_minute=2, clock=time.clock) as transport,
    ):
        assert transport.ask(Request(ME)) == {"id": "u"}
    assert [pause for pause in time.sleeps if pause] == [60.0]


def test_without_a_limit_nobody_waits() -> None:
    time = FakeTime()
    with (
        ScriptedServer([data(1)]) as server,
        Transport(Settings("key", server.endpoint), calls_per_minute=None, clock=time.clock) as transport,
    ):
        for _ in range(501):
            transport.ask(Request(ME))
    assert time.sleeps == []


@pytest.mark.skipif(not hasattr(os, "fork"), reason="processes are not forked here")
def test_a_lock_held_while_a_process_forks_does_not_stop_the_child(run_script: RunScript) -> None:
    script = """
import os, signal
from kili_query.client.rate_limit import shared_rate_limit

limit = shared_rate_limit("http://a", "key", 500)
with limit._lock:
    child = os.fork()
    if not child:
        signal.alarm(20)  # a child that hangs dies of it
        shared_rate_limit("http://a", "key", 500).acquire()
        os._exit(0)
assert os.waitpid(child, 0)[1] == 0
"""
    run_script(script)
