"""Check that a table is a frame whose library can refer to the columns in use and compare their values."""

from collections.abc import Iterator, Mapping
from typing import Any, cast

import narwhals as nw
from narwhals.typing import IntoFrame

from kili_query.ast import Predicate, terms
from kili_query.errors import NotExpressible
from kili_query.targets.column_search import FoundColumns

_SPARK = (nw.Implementation.PYSPARK, nw.Implementation.PYSPARK_CONNECT)


def frame_of(table: object) -> "tuple[nw.DataFrame[Any] | nw.LazyFrame[Any], nw.Schema]":
    """Wrap a table with narwhals, and return it with the types of its columns, which take long to find out.

    Raises:
        TypeError: it is not a frame.
        ValueError: it has no columns.
    """
    try:
        frame = nw.from_native(cast("IntoFrame", table))
    except TypeError as error:
        kind = type(table).__name__
        raise TypeError(f"a table must be a frame of polars, pandas, DuckDB or the like, not `{kind}`") from error
    kinds = frame.collect_schema()
    if not kinds:
        raise ValueError("the table has no columns")
    return frame, kinds


def columns_in_use(tree: Predicate, found: FoundColumns) -> list[str]:
    """Return the count columns that a lowered predicate reads, each once. A missing column counts 0 and is not listed.

    >>> from kili_query.syntax import parse_tree
    >>> columns_in_use(parse_tree("J.A.count > 1 AND J.B.count < 2"), FoundColumns.of("", ["id", "J/A"]))
    ['J/A']
    """
    return list(dict.fromkeys(name for term in terms(tree) for name in found.names_of(term)))


def can_be_named(name: str, library: nw.Implementation) -> bool:
    """Whether this library takes the name literally in an expression: Spark takes some for paths."""
    return library not in _SPARK or not ("." in name or "`" in name)


def require_names(names: list[str], library: nw.Implementation) -> None:
    """Reject column names that a Spark expression would take for paths.

    Raises:
        NotExpressible: a name has a dot or a backtick.
    """
    for name in names:
        if not can_be_named(name, library):
            raise NotExpressible(
                f"a frame of Spark cannot express the column `{name}`: its name has a dot or a backtick, which reads "
                'as a path there; use `query.to_sql("spark")`'
            )


def require_counts(names: list[str], kinds: Mapping[str, nw.dtypes.DType]) -> None:
    """Reject count columns that do not hold numbers.

    Raises:
        TypeError: names the column and what it holds.
    """
    for name in names:
        kind = kinds[name]
        if not (kind.is_numeric() or kind in (nw.Boolean, nw.Unknown)):
            raise TypeError(f"the column `{name}` must hold numbers, not `{kind}`: cast it to integers")


def conditions_on_floats(names: list[str], kinds: Mapping[str, nw.dtypes.DType]) -> Iterator[nw.Expr]:
    """Conditions that exclude NaN: it means null in float columns, and compares as larger than any number."""
    for name in names:
        if kinds[name].is_float():
            yield ~nw.col(name).is_nan()
