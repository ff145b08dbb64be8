"""When a call is sent again; the faults themselves are tried in `test_transport_faults`."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kili_query.client import retries
from kili_query.client.retries import Clock, Failure, Success, Treatment, pause_s, retry_after_s, until_answered
from tests.client.fake_clock import NOW, FakeTime

TREATMENTS = [value for value in vars(retries).values() if isinstance(value, Treatment)]


def test_a_mutation_is_sent_again_only_where_nothing_was_carried_out() -> None:
    assert len(TREATMENTS) > 5
    for treatment in TREATMENTS:
        assert treatment.mutation_sends == 1 or treatment.is_untouched
        assert treatment.mutation_sends <= treatment.query_sends


@given(
    treatments=st.lists(st.sampled_from(TREATMENTS), min_size=1, max_size=12),
    asked_s=st.none() | st.floats(0, 1e9),
    chance=st.floats(0.01, 1),
    each_takes_s=st.floats(0, 30),
    is_mutation=st.booleans(),
)
def test_a_call_ends_before_its_deadline_and_never_repeats_a_mutation_in_doubt(
    treatments: list[Treatment], asked_s: float | None, chance: float, each_takes_s: float, is_mutation: bool
) -> None:
    time, sent = FakeTime(chance), []

    def send(left_s: float) -> Failure:
        assert 0 < left_s <= 100
        time.now_s += min(each_takes_s, left_s)
        sent.append(treatments[min(len(sent), len(treatments) - 1)])
        return Failure("no", sent[-1], retry_after_s=asked_s)

    outcome, sends = until_answered(send, "x", is_mutation=is_mutation, deadline_s=100, clock=time.clock)
    assert isinstance(outcome, Failure)
    assert sends == len(sent)
    assert time.now_s <= 100 + 1e-6
    if is_mutation:
        assert all(treatment.is_untouched for treatment in sent[:-1])


def test_a_call_that_waits_for_its_turn_past_the_deadline_is_not_sent_again() -> None:
    time = FakeTime(chance=0.0)
    failure = Failure("busy", retries.BUSY)
    outcome, sends = until_answered(
        lambda _: failure, "x", is_mutation=False, deadline_s=50, clock=time.clock, take_turn=lambda: time.sleep(60)
    )
    assert (outcome, sends) == (failure, 1)


def test_the_first_turn_is_waited_for_before_the_deadline_begins() -> None:
    time = FakeTime()
    left = []

    def send(left_s: float) -> Success:
        left.append(left_s)
        return Success(1)

    until_answered(send, "x", is_mutation=True, deadline_s=50, clock=time.clock, take_turn=lambda: time.sleep(60))
    assert left == [50]


def test_pauses_grow_to_a_bound_and_differ_by_chance() -> None:
    most, least = FakeTime(1.0).clock, FakeTime(0.0).clock
    assert [pause_s(sends, None, most) for sends in range(1, 9)] == [1, 2, 4, 8, 16, 30, 30, 30]
    assert pause_s(8, None, least) == 0
    assert len({pause_s(3, None, Clock()) for _ in range(20)}) > 1


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        (None, None),
        ("120", 120),
        ("0.5", 0.5),
        ("-1", 0),
        ("Mon, 01 Jul 2024 12:01:00 GMT", 60),
        ("Mon, 01 Jul 2024 12:01:00 -0000", 60),
        ("Mon, 01 Jul 2024 14:01:00 +0200", 60),
        ("Mon, 01 Jul 2023 12:01:00 GMT", 0),
        ("Mon, 99 Jul 2024 12:01:00 GMT", None),
        ("tomorrow", None),
        ("inf", None),
        ("", None),
    ],
)
def test_retry_after(header: str | None, seconds: float | None) -> None:
    assert retry_after_s(header, NOW) == seconds


def test_the_clock_of_the_process() -> None:
    clock = Clock()
    assert clock.monotonic_s() <= clock.monotonic_s()
    assert 1 <= clock.between(1, 2) <= 2
    assert abs(clock.utc_now() - datetime.now(UTC)).total_seconds() < 60
