"""Labels and assets of which it is known that they were JSON."""

from collections.abc import Iterator, Mapping

__all__ = ["FromJson"]


class FromJson(Iterator[Mapping[str, object]]):
    """Items that were decoded from JSON: some formats write them faster than any objects of Python.

    >>> list(FromJson(iter([{"id": "a"}])))
    [{'id': 'a'}]
    """

    def __init__(self, items: Iterator[Mapping[str, object]]) -> None:
        self._items = items

    def __next__(self) -> Mapping[str, object]:
        return next(self._items)
