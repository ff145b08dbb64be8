"""The category search of a file of its own: the whole file is one query, with its comments."""

from collections.abc import Iterator

from kili_query.lint.searches import FoundSearch, LintItem, Placement
from kili_query.source import Source, Span

QUERY_SUFFIX = ".kq"
"""How the names of files end that hold one query each."""


def find_in_query(source: Source) -> Iterator[LintItem]:
    r"""The query that a file holds: all of its text.

    >>> [search] = find_in_query(Source("J.A  # why\n"))
    >>> search.text
    'J.A  # why\n'
    """
    places = range(len(source.text) + 1)
    whole = Span(0, len(source.text))
    yield FoundSearch(source.text, Placement(source, places[:-1], places[1:], whole, unwritable=frozenset()))
