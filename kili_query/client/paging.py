"""Pages of a list: which are requested, which of their rows are new, and how they are fetched ahead of the reader."""

from collections import deque
from collections.abc import Callable, Generator, Mapping, Sequence
from concurrent.futures import CancelledError, Executor, Future
from typing import Any, TypeAlias

from attrs import define, field, frozen

from kili_query.client.request import Request
from kili_query.client.seen_ids import SeenIds
from kili_query.client.warning import warn
from kili_query.errors import TransportError
from kili_query.protocol import Operation
from kili_query.wording import shape_of

Row: TypeAlias = dict[str, Any]
"""One object as the service sent it. Values are ``Any``, as with ``json.loads``, so that callers can index them."""

PAGE_SIZE = 100
"""Maximum number of rows in one page of the service."""

WINDOW = 8
"""Maximum number of requests of one list that are under way, and of pages that are held."""

_MOST_STALE_PAGES = 5
_MOST_PASSES = 3
_FEWEST_ROWS = 2  # one that the page before had too, and one more


@frozen
class Listing:
    """A list that the service sends page by page.

    Attributes:
        rows: the operation that returns a page.
        count: the operation that returns the number of rows; None if there is none, and pages are requested one by one.
        where: which rows.
        selection: the fields of each row; with ``id``, by which a repeated row is recognised.
        page_size: number of rows in a page.
    """

    rows: Operation
    count: Operation | None
    where: Mapping[str, object]
    selection: str
    page_size: int = PAGE_SIZE

    def page(self, skip: int, first: int) -> Request:
        """Return the request for a page."""
        return Request(self.rows, {"where": self.where, "skip": skip, "first": first}, self.selection)


def pages_of(n_rows: int, page_size: int = PAGE_SIZE) -> int:
    """Return how many pages `Pages` requests to read a whole list that does not change meanwhile.

    Each page begins with the last row of the page before, and a full page may not be the last one.

    >>> pages_of(0), pages_of(99), pages_of(100), pages_of(198), pages_of(199)
    (1, 1, 2, 2, 3)
    """
    return 1 if n_rows < page_size else (n_rows - page_size) // (page_size - 1) + 2


def calls_of(n_rows: int, page_size: int = PAGE_SIZE) -> int:
    """Return how many calls that takes: the pages, and a count of the rows if the first page is full.

    >>> calls_of(99), calls_of(100)
    (1, 3)
    """
    return pages_of(n_rows, page_size) + (n_rows >= page_size)


@frozen
class _Asked:
    """A request that was handed out: its pass, and the number of rows of its page, or None for a count."""

    passing: int
    rows: int | None
    is_first: bool = False


@define
class Pages:
    """The pages of a list, for callers who send several requests before the first is answered.

    `next_request` returns requests, `take` gets their answers in the same order and returns the new rows. The first
    page is requested alone, so that a list of one page costs one request. If it is full and more than one further page
    is wanted, the rows are counted, so that no page is requested in vain.

    Rows may be added and removed in the meantime, which moves the rows behind them. A row that comes again is dropped
    by its id. So that none is lost, each page begins with the last row of the page before. If that row is missing, rows
    may have slipped past, and once the end of the list is reached, it is read again to find them.

    Attributes:
        listing: the list.
        skip: number of rows to leave out at the beginning.
        first: maximum number of rows; None for all.
        expected: how many rows there will be, if known.
    """

    listing: Listing
    skip: int = 0
    first: int | None = None
    expected: int | None = None
    _asked: deque[_Asked] = field(factory=deque, init=False)
    _seen: SeenIds = field(factory=SeenIds, init=False)
    _given: int = field(default=0, init=False)
    _offset: int = field(default=0, init=False)
    _passing: int = field(default=1, init=False)
    _last: object = field(default=None, init=False)
    _nameless: list[Row] | None = field(default=None, init=False)
    _has_slipped: bool = field(default=False, init=False)
    _stale_pages: int = field(default=0, init=False)
    _has_ended: bool = field(default=False, init=False)

    def __attrs_post_init__(self) -> None:
        self._has_ended = self.first == 0
        if self.listing.count is None:
            self.expected = 0  # nothing is known of the rows, so that each page waits for the one before

    def next_request(self) -> Request | None:
        """Return the next request that can be sent now; None if an answer is needed first, and at the end."""
        if self._has_ended:
            return None
        if self.expected is None:
            if self._asked:  # beside a count, the second page, which is needed in any case
                return self._page() if self._asked[0].rows is None and len(self._asked) == 1 else None
            return self._count() if self._offset and self._saves_pages() else self._page()
        # beyond what was counted, page by page: the end is where a page is short
        return self._page() if self._offset + 1 < self.expected or not self._asked else None

    def take(self, answer: object) -> list[Row]:
        """Return the new rows in the answer to the oldest request that is not answered yet.

        Raises:
            TransportError: the answer is not a page, or the service sends the same rows again and again.
        """
        asked = self._asked.popleft()
        if asked.rows is None:
            assert self.listing.count is not None
            self._expect(checked_count_answer(answer, self.listing.count))
            return []
        page = _checked_page(answer, self.listing.rows)
        is_current = asked.passing == self._passing and not self._has_ended
        repeats_last = is_current and not asked.is_first and bool(page) and page[0].get("id") == self._last
        rows = self._new(page[1:] if repeats_last else page)
        if is_current:
            self._settle(asked, page, is_stale=not rows or page == self._nameless)
            # rows without ids are all new, so that of a page of them only an equal one shows that it comes again
            self._nameless = page if page and page[0].get("id") is None else None
        return rows

    def _page(self) -> Request:
        size = self.listing.page_size
        left = size if self.first is None else self.first - self._offset
        if self._offset == 0 or left >= _FEWEST_ROWS:  # else rows have moved, and what is missing is anywhere
            size = min(size, left)
        self._asked.append(_Asked(self._passing, size, is_first=self._offset == 0))
        request = self.listing.page(self.skip + self._offset, size)
        self._offset += max(size - 1, 1)
        return request

    def _saves_pages(self) -> bool:
        """Whether a count may save more than the one page that it costs."""
        return self.first is None or self.first - self._given >= self.listing.page_size

    def _count(self) -> Request:
        assert self.listing.count is not None
        self._asked.append(_Asked(self._passing, None))
        return Request(self.listing.count, {"where": self.listing.where})

    def _expect(self, count: int) -> None:
        left = max(count - self.skip, 0)
        self.expected = left if self.first is None else min(left, self.first)

    def _new(self, page: Sequence[Row]) -> list[Row]:
        rows = []
        for row in page:
            known_by = row.get("id")
            if isinstance(known_by, str) and not self._seen.add(known_by):
                continue
            rows.append(row)
        if self.first is not None:
            rows = rows[: self.first - self._given]
        self._given += len(rows)
        return rows

    def _settle(self, asked: _Asked, page: Sequence[Row], *, is_stale: bool) -> None:
        """Note whether rows slipped past, and whether this page was the last one."""
        assert asked.rows is not None
        if not asked.is_first and not any(row.get("id") == self._last for row in page):
            self._has_slipped = True
        self._last = page[-1].get("id") if page else None
        self._stale_pages = self._stale_pages + 1 if is_stale else 0
        if self.first is not None and self._given >= self.first:
            self._has_ended = True
        elif len(page) < asked.rows:
            self._end_pass()
        elif self._stale_pages > _MOST_STALE_PAGES + (self._given // asked.rows * 2 if self._passing > 1 else 0):
            raise TransportError(
                f"{self._stale_pages} pages in a row brought nothing new: the service repeats its rows, "
                "or they move faster than they can be listed",
                operation=self.listing.rows.name,
            )

    def _end_pass(self) -> None:
        """End the list, or if rows may have slipped past, begin to read it again."""
        if not self._has_slipped:
            self._has_ended = True
        elif self._passing == _MOST_PASSES:
            self._has_ended = True
            message = f"the list changed while it was read {_MOST_PASSES} times: some of its rows may be missing"
            warn(message)
        else:
            self._passing += 1
            self._offset = 0
            self._has_slipped = False
            self._stale_pages = 0


def read_pages(
    pages: Pages, fetch: Callable[[Request], object], pool: Executor, *, is_whole_list: bool = True
) -> Generator[list[Row], None, None]:
    """Yield the new rows of each page, in the order of the list.

    While the caller is busy with one page, the next ones are fetched. At most `WINDOW` pages are held. The first page
    is fetched alone. If it is full and the whole list is wanted, the second one is requested before the first is
    yielded, and no more than that until the caller reads on.

    Args:
        pages: which pages.
        fetch: sends a request and gives its answer; called in several threads.
        pool: the threads.
        is_whole_list: whether the caller will read all pages; otherwise it may stop at any row.

    Raises:
        ServiceError: `fetch` failed; the pages before the failing one were yielded first.
        TransportError: the client was closed, and its threads with it.
    """
    under_way: deque[Future[object]] = deque()
    try:
        while True:
            requests = _requests(pages, WINDOW - len(under_way))
            if not under_way and len(requests) == 1:  # nothing to overlap with: no thread needed
                rows = pages.take(fetch(requests[0]))
            else:
                under_way.extend(pool.submit(fetch, request) for request in requests)
                if not under_way:
                    return
                rows = pages.take(under_way.popleft().result())
            if is_whole_list:  # the next pages come while the caller is busy with this one, which is one of the window
                requests = _requests(pages, WINDOW - 1 - len(under_way))
                under_way.extend(pool.submit(fetch, request) for request in requests)
            yield rows
    except CancelledError:
        raise TransportError("the client is closed", operation=pages.listing.rows.name) from None
    finally:
        for future in under_way:
            future.cancel()


def _requests(pages: Pages, at_most: int) -> list[Request]:
    requests: list[Request] = []
    while len(requests) < at_most and (request := pages.next_request()) is not None:
        requests.append(request)
    return requests


def checked_count_answer(answer: object, operation: Operation) -> int:
    """Return the answer of an operation that counts.

    Raises:
        TransportError: the answer is not a number.
    """
    if not isinstance(answer, int) or isinstance(answer, bool):
        raise TransportError(f"the answer is not a number: {shape_of(answer)}", operation=operation.name)
    return answer


def _checked_page(answer: object, operation: Operation) -> list[Row]:
    if not isinstance(answer, list) or not all(isinstance(row, dict) for row in answer):
        raise TransportError(f"the answer is not a list of objects: {shape_of(answer)}", operation=operation.name)
    return answer
