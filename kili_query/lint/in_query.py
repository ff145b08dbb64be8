"""The category search of a file of its own: the whole file is one query, with its comments."""

from collections.abc import Iterator

from kili_query.lint.searches import FoundSearch, LintItem, Placement
from kili_query.source import Source, Span

QUERY_SUFFIX = ".kq"
"""How the names of files end that hold one query each."""


def find_in_query(source: Source) -> Iterator[LintItem]:
    r"""The query that a file holds, without the line ends behind it.

    >>> [search] = find_in_query(Source("J.A  # why\n"))
    >>> search.text
    'J.A  # why'
    """
    text = source.text.rstrip("\r\n")
    places = range(len(text) + 1)
    yield FoundSearch(text, Placement(source, places[:-1], places[1:], Span(0, len(text)), unwritable=frozenset()))
