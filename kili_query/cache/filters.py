"""The client's filters of labels as expressions over the columns of a cache."""

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from functools import reduce
from operator import or_
from typing import cast

import polars as pl

from kili_query.cache.columns import CREATED
from kili_query.errors import ArgumentError
from kili_query.protocol import read_instant

_YEAR = re.compile(r"\d{4}")
_MONTH = re.compile(r"\d{4}-\d\d")
_DAY = re.compile(r"\d{4}-\d\d-\d\d|\d{8}")
_DECEMBER = 12


def conditions_of(filters: Mapping[str, object]) -> Iterator[pl.Expr]:
    """Yield one condition for each filter of `kili_query.protocol.LabelFilters`.

    Raises:
        ArgumentError: the cache has no such filter, or a date cannot be read.
    """
    check_filters(filters)
    for name, value in filters.items():
        yield FILTERS[name](value)


def check_filters(names: Iterable[str]) -> None:
    """The cache can filter by these names. It keeps nothing about steps, which assets leave without a new label.

    Raises:
        ArgumentError: it cannot.
    """
    for name in names:
        if name not in FILTERS:
            raise ArgumentError(f"a cache cannot filter by `{name}`: ask the service")


def is_among(found: pl.Expr, values: Collection[str]) -> pl.Expr:
    """Return whether a column's text is one of these. With a Python list, polars takes long to plan the filter."""
    return found.is_in(pl.Series(list(values), dtype=pl.String).implode())


def _is(column: str) -> Callable[[object], pl.Expr]:
    return lambda value: pl.col(column).eq(value)


def _among(column: str) -> Callable[[object], pl.Expr]:
    return lambda values: is_among(pl.col(column), cast("Collection[str]", values))


def _holds_one(column: str) -> Callable[[object], pl.Expr]:
    def build(values: object) -> pl.Expr:
        found = [pl.col(column).str.contains(value, literal=True) for value in cast("Collection[str]", values)]
        return reduce(or_, found, pl.lit(False))

    return build


def _by_name(values: object) -> pl.Expr:
    first, last = (pl.col(name).fill_null("") for name in ("authorFirstname", "authorLastname"))
    names = [name for name in cast("Collection[str]", values) if name]
    return is_among(first, names) | is_among(last, names) | is_among(first + pl.lit(" ") + last, names)


def _created(compare: Callable[[pl.Expr, datetime, datetime], pl.Expr], name: str) -> Callable[[object], pl.Expr]:
    def build(value: object) -> pl.Expr:
        begin, end = moment(value, name)
        return compare(pl.col(CREATED), begin, end)

    return build


def moment(value: object, name: str) -> tuple[datetime, datetime]:
    """Return when a year, month, day or second begins, and when the next one does, in UTC.

    Raises:
        ArgumentError: it is not a time.

    >>> begin, end = moment("2024-12", "created_at")
    >>> f"{begin:%F} {end:%F}"
    '2024-12-01 2025-01-01'
    """
    text = str(value)
    try:
        begin = read_instant(value)
        if _YEAR.fullmatch(text):
            return begin, begin.replace(year=begin.year + 1)
        if _MONTH.fullmatch(text):
            is_last = begin.month == _DECEMBER
            return begin, begin.replace(year=begin.year + is_last, month=1 if is_last else begin.month + 1)
        if _DAY.fullmatch(text):
            return begin, begin + timedelta(days=1)
        return begin, begin + timedelta(milliseconds=1)
    except (ValueError, OverflowError) as error:
        raise ArgumentError(f"`{name}` must be a date such as 2024-02-01, not {text!r:.60}") from error


FILTERS: dict[str, Callable[[object], pl.Expr]] = {
    "asset_id": _is("assetId"),
    "asset_status_in": _among("assetStatus"),
    "asset_external_id_in": _holds_one("externalId"),
    "asset_external_id_strictly_in": _among("externalId"),
    "author_in": _by_name,
    "created_at": _created(lambda at, begin, end: (at >= begin) & (at < end), "created_at"),
    "created_at_gte": _created(lambda at, begin, _: at >= begin, "created_at_gte"),
    "created_at_lte": _created(lambda at, _, end: at < end, "created_at_lte"),
    "honeypot_mark_gte": lambda value: pl.col("honeypotMark").ge(value),
    "honeypot_mark_lte": lambda value: pl.col("honeypotMark").le(value),
    "id_contains": _among("id"),
    "label_id": _is("id"),
    "type_in": _among("labelType"),
    "user_id": _is("authorId"),
}
"""How each filter selects rows."""
