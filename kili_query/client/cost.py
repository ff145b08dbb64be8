"""The cost of a list of labels before it is requested: pages, calls, and minutes under the rate limit.

The rules are those that the client follows: `kili_query.client.paging` says which pages it requests, and
`kili_query.client.rate_limit` how many calls it sends in a minute. Numbers are for a client that was just opened, for
labels that do not change meanwhile, and for a service that refuses no call. Contents that the service keeps at URLs are
downloads, which the limit does not count.
"""

from attrs import frozen

from kili_query.client.paging import calls_of, pages_of
from kili_query.client.rate_limit import fewest_minutes
from kili_query.client.reading import page_size_for
from kili_query.client.request import CALLS_PER_MINUTE

_ONTOLOGY_CALLS = 1
"""A search begins with a request for the project's interface and input type."""


@frozen
class Cost:
    """The cost of a request for labels.

    Attributes:
        pages: number of pages of labels.
        page_size: maximum number of labels in a page.
        calls: number of calls, including those for the ontology and for the number of labels.
        minutes: how many whole minutes the rate limit holds back the last call, without the time of the answers.
        has_contents: whether ``jsonResponse`` is requested.
    """

    pages: int
    page_size: int
    calls: int
    minutes: int
    has_contents: bool

    def __str__(self) -> str:
        wait = f"at least {grouped(self.minutes, 'minute')}" if self.minutes else "no wait"
        calls = f"{grouped(self.calls, 'call')}, {wait} at {CALLS_PER_MINUTE} calls a minute"
        if not self.pages:
            return f"{calls}; no labels are sent"
        contents = "with" if self.has_contents else "without"
        return f"{calls}; {grouped(self.pages, 'page')} of up to {self.page_size} labels, {contents} their JSON"


def cost_of_list(n_labels: int, input_type: str | None, *, has_contents: bool, is_never: bool = False) -> Cost:
    """Return the cost of `KiliClient.labels` with a category search.

    Args:
        n_labels: how many labels the service finds for the filter that it is asked.
        input_type: the kind of the project's assets.
        has_contents: whether ``jsonResponse`` is requested, by the caller or to evaluate the rest of the search.
        is_never: no label can match, so that no page is requested.
    """
    page_size = page_size_for(input_type if has_contents else None)
    if is_never:
        return Cost(0, page_size, _ONTOLOGY_CALLS, 0, has_contents)
    calls = _ONTOLOGY_CALLS + calls_of(n_labels, page_size)
    return Cost(pages_of(n_labels, page_size), page_size, calls, fewest_minutes(calls), has_contents)


def cost_of_count(n_labels: int, input_type: str | None, *, is_exact: bool, is_never: bool = False) -> Cost:
    """Return the cost of `KiliClient.count_labels` with a category search.

    Args:
        n_labels: how many labels the service finds for the filter that it is asked.
        input_type: the kind of the project's assets.
        is_exact: whether the service evaluates all of the search; otherwise the labels are read to be counted.
        is_never: no label can match.
    """
    if is_exact and not is_never:
        calls = _ONTOLOGY_CALLS + 1
        return Cost(0, page_size_for(None), calls, fewest_minutes(calls), has_contents=False)
    return cost_of_list(n_labels, input_type, has_contents=not is_exact, is_never=is_never)


def grouped(number: int, noun: str) -> str:
    """Return a number with its noun, thousands apart.

    >>> grouped(1, "call"), grouped(2000, "page")
    ('1 call', '2,000 pages')
    """
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
