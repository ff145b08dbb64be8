"""Pages are fetched ahead of who reads them, a few at a time, in threads."""

from collections import deque
from collections.abc import Callable, Generator
from concurrent.futures import CancelledError, Executor, Future

from kili_query.client.paging import Pages, Row
from kili_query.client.request import Request
from kili_query.errors import TransportError

__all__ = ["WINDOW", "read_pages"]

WINDOW = 8
"""Requests of one list that are under way at a time."""


def read_pages(pages: Pages, fetch: Callable[[Request], object], pool: Executor) -> Generator[list[Row], None, None]:
    """The new rows of each page, in the order of the list.

    While the caller is busy with one page, the next ones are fetched. At most `WINDOW` pages are held.

    Args:
        pages: which pages.
        fetch: sends a request and gives its answer; called in several threads.
        pool: the threads.

    Raises:
        ServiceError: of `fetch`, once what came before the failing page has been given.
        TransportError: the client was closed, and its threads with it.
    """
    under_way: deque[Future[object]] = deque()
    try:
        while True:
            requests = _requests(pages, WINDOW - len(under_way))
            if not under_way and len(requests) == 1:  # nothing to overlap with: no thread needed
                yield pages.take(fetch(requests[0]))
                continue
            under_way.extend(pool.submit(fetch, request) for request in requests)
            if not under_way:
                return
            yield pages.take(under_way.popleft().result())
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
