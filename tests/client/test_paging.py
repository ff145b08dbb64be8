"""Pages without a network: what is asked for, and that no row is lost or given twice, however rows move."""

import warnings
from collections import deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from attrs import evolve
from hypothesis import given, settings
from hypothesis import strategies as st

from kili_query.client.paging import Listing, Pages, calls_of, pages_of, read_pages
from kili_query.client.request import Request
from kili_query.errors import TransportError
from kili_query.protocol import COUNT_LABELS, LABELS

LISTING = Listing(LABELS, COUNT_LABELS, {"project": {"id": "p"}}, "id", page_size=10)


def rows(*numbers: int) -> list[dict[str, object]]:
    return [{"id": str(number)} for number in numbers]


def answer(request: Request, listed: list[dict[str, object]]) -> object:
    if request.operation == COUNT_LABELS:
        return len(listed)
    skip, first = request.variables["skip"], request.variables["first"]
    assert isinstance(skip, int)
    assert isinstance(first, int)
    return listed[skip : skip + first]


def read(
    pages: Pages,
    listed: list[dict[str, object]],
    *,
    window: int = 1,
    before: Callable[[Request], None] = lambda request: None,
) -> tuple[list[object], list[tuple[object, object]]]:
    """The ids that come, and the (skip, first) of each page, (None, None) for a count."""
    under_way: deque[object] = deque()
    sent, ids = [], []
    while True:
        while len(under_way) < window and (request := pages.next_request()) is not None:
            sent.append((request.variables.get("skip"), request.variables.get("first")))
            before(request)
            under_way.append(answer(request, listed))
        if not under_way:
            return ids, sent
        ids += [row["id"] for row in pages.take(under_way.popleft())]


COUNT = (None, None)


@given(n_rows=st.integers(0, 120), page_size=st.integers(2, 12), window=st.integers(1, 4))
def test_the_pages_and_calls_that_a_list_takes(n_rows: int, page_size: int, window: int) -> None:
    listing = evolve(LISTING, page_size=page_size)
    ids, sent = read(Pages(listing), rows(*range(n_rows)), window=window)
    assert len(ids) == n_rows
    assert len(sent) == calls_of(n_rows, page_size)
    assert len(sent) - sent.count(COUNT) == pages_of(n_rows, page_size)


@pytest.mark.parametrize(
    ("number", "skip", "first", "sent"),
    [
        (0, 0, None, [(0, 10)]),
        (9, 0, None, [(0, 10)]),
        (10, 0, None, [(0, 10), COUNT, (9, 10)]),
        (25, 0, None, [(0, 10), COUNT, (9, 10), (18, 10)]),
        (25, 0, 0, []),
        (25, 0, 4, [(0, 4)]),
        (25, 0, 10, [(0, 10)]),
        (25, 0, 12, [(0, 10), (9, 3)]),
        (25, 0, 20, [(0, 10), COUNT, (9, 10), (18, 2)]),
        (25, 7, None, [(7, 10), COUNT, (16, 10)]),
        (25, 7, 15, [(7, 10), (16, 6)]),
        (25, 25, None, [(25, 10)]),
        (25, 90, 5, [(90, 5)]),
        (25, 0, 90, [(0, 10), COUNT, (9, 10), (18, 10)]),
    ],
)
@pytest.mark.parametrize("window", [1, 4])
def test_requests(number: int, skip: int, first: int | None, sent: list[tuple[object, object]], window: int) -> None:
    listed = rows(*range(number))
    end = None if first is None else skip + first
    assert read(Pages(LISTING, skip, first), listed, window=window) == ([row["id"] for row in listed[skip:end]], sent)


def drop(listed: list[dict[str, object]], start: int, end: int) -> None:
    del listed[start:end]


def at_page(number: int, change: Callable[[], None]) -> Callable[[Request], None]:
    """Change the list once, before the page of that number, from 1, is answered."""
    pages: list[Request] = []

    def before(request: Request) -> None:
        if request.operation == LABELS:
            pages.append(request)
            if len(pages) == number:
                change()

    return before


@pytest.mark.parametrize("window", [1, 4])
def test_a_row_put_before_is_not_given_twice(window: int) -> None:
    listed = rows(*range(40))
    change = at_page(3, lambda: listed.insert(0, {"id": "new"}))
    ids, sent = read(Pages(LISTING), listed, window=window, before=change)
    assert ids == [str(number) for number in range(40)]
    assert [skip for skip, _ in sent if skip is not None] == [0, 9, 18, 27, 36]  # nothing is read again


@pytest.mark.parametrize("window", [1, 4])
def test_a_row_that_slips_to_a_page_read_before_is_not_lost(window: int) -> None:
    listed = rows(*range(40))
    ids, sent = read(Pages(LISTING), listed, window=window, before=at_page(3, lambda: drop(listed, 3, 6)))
    assert sorted(map(str, ids), key=int) == [str(number) for number in range(40)]
    assert ids[-2:] == ["19", "20"]  # those that slipped come last
    assert [skip for skip, _ in sent if skip is not None][-5:] == [0, 9, 18, 27, 36]


def test_rows_deleted_and_added_alike_do_not_hide_a_slip() -> None:
    listed = rows(*range(25))

    def change() -> None:
        del listed[0]
        listed.append({"id": "new"})

    ids, _ = read(Pages(LISTING), listed, before=at_page(2, change))
    assert set(ids) == {*map(str, range(25)), "new"}


def test_a_list_that_never_rests_warns() -> None:
    listed = rows(*range(45))

    def before(request: Request) -> None:
        if request.variables.get("skip") == 27:
            del listed[0]

    with pytest.warns(UserWarning, match="changed while it was read 3 times"):
        ids, _ = read(Pages(LISTING), listed, before=before)
    assert len(set(ids)) == len(ids)
    assert len(listed) == 42


def read_from(pages: Pages, answer_to: Callable[[int, Request], object]) -> None:
    """Read to the end what a function answers to each request, by number."""
    for number in range(50):
        request = pages.next_request()
        if request is None:
            return
        pages.take(answer_to(number, request))
    raise AssertionError("it reads on and on")


def test_a_service_that_ignores_skip_is_found_out() -> None:
    with pytest.raises(TransportError, match="the service repeats its rows"):
        read_from(Pages(LISTING), lambda _, request: 1000 if request.operation == COUNT_LABELS else rows(*range(10)))


def test_a_service_that_repeats_itself_when_it_is_read_again_is_found_out() -> None:
    listed = rows(*range(25))
    change = at_page(2, lambda: drop(listed, 0, 2))

    def answer_to(number: int, request: Request) -> object:
        change(request)
        return answer(request, listed) if number < 5 else rows(*range(2, 12))

    with pytest.raises(TransportError, match="the service repeats its rows"):
        read_from(Pages(LISTING), answer_to)


def test_a_service_that_ignores_skip_is_found_out_by_rows_without_ids_too() -> None:
    with pytest.raises(TransportError, match="the service repeats its rows"):
        read_from(
            Pages(LISTING),
            lambda _, request: 10**9 if request.operation == COUNT_LABELS else [{"type": "A"}, {"type": "B"}] * 5,
        )


@pytest.mark.parametrize("count", [-5, 0, 9, 11, 24, 26, 60, 10**12])
@pytest.mark.parametrize("window", [1, 4])
def test_a_count_that_lies_loses_no_row(count: int, window: int) -> None:
    pages, listed, ids = Pages(LISTING), rows(*range(45)), []
    under_way: deque[object] = deque()
    while True:
        while len(under_way) < window and (request := pages.next_request()) is not None:
            under_way.append(count if request.operation == COUNT_LABELS else answer(request, listed))
        if not under_way:
            break
        ids += [row["id"] for row in pages.take(under_way.popleft())]
    assert ids == [str(number) for number in range(45)]


def test_a_service_that_ignores_first_gives_no_row_too_many() -> None:
    pages = Pages(LISTING, first=3)
    assert pages.next_request() is not None
    assert len(pages.take(rows(*range(25)))) == 3
    assert pages.next_request() is None


@pytest.mark.parametrize("value", [None, {}, "text", [1], [[]]])
def test_an_answer_that_is_no_page_is_refused(value: object) -> None:
    pages = Pages(LISTING)
    pages.next_request()
    with pytest.raises(TransportError, match="is not a list of objects"):
        pages.take(value)


@pytest.mark.parametrize("value", [None, "3", True, 2.5, []])
def test_a_count_that_is_none_is_refused(value: object) -> None:
    pages = Pages(LISTING)
    pages.next_request()
    pages.take(rows(*range(10)))
    pages.next_request()
    with pytest.raises(TransportError, match="is not a number"):
        pages.take(value)


def test_rows_without_ids_are_all_given() -> None:
    listed: list[dict[str, object]] = [{"id": None} for _ in range(25)]
    assert read(Pages(LISTING), listed)[0] == [None] * 25


@settings(max_examples=300)
@given(
    number=st.integers(0, 60),
    skip=st.integers(0, 30),
    first=st.none() | st.integers(0, 70),
    window=st.integers(1, 5),
)
def test_a_list_at_rest_is_read_as_sliced(number: int, skip: int, first: int | None, window: int) -> None:
    listed = rows(*range(number))
    ids, _ = read(Pages(LISTING, skip, first), listed, window=window)
    assert ids == [row["id"] for row in listed[skip : None if first is None else skip + first]]


@settings(max_examples=300)
@given(
    number=st.integers(0, 60),
    window=st.integers(1, 5),
    changes=st.lists(st.tuples(st.integers(0, 8), st.booleans(), st.integers(0, 60)), max_size=3),
)
def test_rows_that_stay_are_all_given_once_while_others_come_and_go(
    number: int, window: int, changes: list[tuple[int, bool, int]]
) -> None:
    listed = rows(*range(number))
    stay = {str(row["id"]) for row in listed}
    sent = 0

    def before(_: Request) -> None:
        nonlocal sent
        for when, is_insertion, where in changes:
            if when == sent and is_insertion:
                listed.insert(min(where, len(listed)), {"id": f"new {sent} {where}"})
            elif when == sent and listed:
                stay.discard(str(listed.pop(where % len(listed))["id"]))
        sent += 1

    with warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("always")
        ids, _ = read(Pages(LISTING), listed, window=window, before=before)
    assert len(ids) == len(set(ids))
    assert warned or stay <= set(ids)


def test_the_second_page_is_requested_before_the_first_is_read() -> None:
    listed = rows(*range(95))
    sent: list[tuple[object, object]] = []

    def fetch(request: Request) -> object:
        sent.append((request.variables.get("skip"), request.variables.get("first")))
        return answer(request, listed)

    with ThreadPoolExecutor(1) as pool:
        pages = read_pages(Pages(LISTING), fetch, pool)
        assert next(pages) == listed[:10]
        pool.submit(int).result()  # the pool has done what it was given before
        assert sent == [(0, 10), COUNT, (9, 10)]
        assert [row for page in pages for row in page] == listed[10:]
