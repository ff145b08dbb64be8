"""What all namespaces share: each belongs to a client, shows its methods, and may be a method itself."""

import inspect
from collections.abc import Callable, Mapping
from copy import copy
from os import PathLike
from textwrap import fill
from typing import TYPE_CHECKING, Any, Self, TypeAlias, TypeVar, cast

from kili_query.client.arguments import check_filter_names
from kili_query.client.paging import Row

if TYPE_CHECKING:
    from kili_query.client.client import KiliClient

Path: TypeAlias = str | PathLike[str]
Rows: TypeAlias = list[Row]
_Filter = TypeVar("_Filter", bound=Mapping[str, Any])


class Namespace:
    """Methods of a client under one name. Read from a client, it belongs to that client."""

    __name__: str

    def __init__(self) -> None:
        self._bound: KiliClient | None = None

    def __set_name__(self, owner: type, name: str) -> None:
        self.__name__ = name  # `help` shows it
        self.__qualname__ = f"{owner.__qualname__}.{name}"
        self.__doc__ = self._described(type(self).__doc__)

    def __get__(self, client: "KiliClient | None", owner: type | None = None) -> Self:
        if client is None:
            return self
        bound = copy(self)
        bound._bound = client
        return bound

    def _own(self) -> "KiliClient":
        if self._bound is None:
            raise TypeError(f"`{self.__qualname__}` belongs to a client: make one with `KiliClient()`")
        return self._bound

    def _described(self, text: str | None) -> str | None:
        """Return a docstring with the names of the methods; there is none under `python -OO`."""
        return text and f"{inspect.cleandoc(text)}\n\n{fill(f'Methods: {self._methods()}', 110)}"

    def _methods(self) -> str:
        return ", ".join(name for name in dir(type(self)) if not name.startswith("_"))

    def __repr__(self) -> str:
        return f"<{self.__qualname__}: {self._methods()}>"


class CallableNamespace(Namespace):
    """A namespace that is also a method, as in older releases."""

    def __set_name__(self, owner: type, name: str) -> None:
        super().__set_name__(owner, name)
        call = cast("Callable[..., object]", vars(type(self))["__call__"])
        self.__doc__ = self._described(call.__doc__)
        _, *others = inspect.signature(call).parameters.values()
        self.__signature__ = inspect.Signature(others)  # what `inspect.signature` looks for


def checked_filter(declaration: type[_Filter], filters: _Filter | None) -> _Filter:
    """Return the filters if all of them are known; later checks are of their values."""
    chosen = declaration() if filters is None else filters
    check_filter_names("filter", chosen, inspect.get_annotations(declaration))
    return chosen
