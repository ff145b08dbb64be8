"""A bar for long exports."""

from collections.abc import Iterable
from typing import TypeVar

from tqdm import tqdm

__all__ = ["bar"]

T = TypeVar("T")


def bar(items: Iterable[T], disable: bool | None) -> Iterable[T]:
    """The items, counted on standard error; with ``disable=None`` only where that is a terminal."""
    return tqdm(items, desc="exporting", unit=" assets", disable=disable)
