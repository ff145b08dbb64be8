"""Filtering a table of counts by any query: by columns as far as they tell, and by the labels' JSON beyond."""

import json
from collections.abc import Iterator
from typing import Any, cast

import narwhals as nw
from narwhals.typing import IntoFrameT

from kili_query.ast import Predicate
from kili_query.counting import DEFAULT_POLICY, CountPolicy
from kili_query.errors import LabelError, NotExpressible, UnknownContentError
from kili_query.frames.frame_checks import (
    can_be_named,
    columns_in_use,
    conditions_on_floats,
    frame_of,
    require_counts,
    require_names,
)
from kili_query.ontology import Ontology, OntologySource
from kili_query.planning.split import Split, split
from kili_query.planning.weaken import Target
from kili_query.query import Query, parse
from kili_query.syntax import lower, print_tree
from kili_query.targets.base import FRAMES, inexpressible
from kili_query.targets.closures import Matcher, compile_closure
from kili_query.targets.column_search import FoundColumns
from kili_query.targets.columns import to_narwhals

_FOLDING = (nw.Implementation.DUCKDB, nw.Implementation.IBIS, nw.Implementation.SQLFRAME)
"""Libraries that may take columns for one whose names differ in upper and lower case alone."""


def filter(  # noqa: A001 - `frames.filter` is what it does
    table: IntoFrameT,
    query: str | Query,
    *,
    json_column: str | None = None,
    prefix: str = "",
    ontology: OntologySource | None = None,
    policy: CountPolicy = DEFAULT_POLICY,
) -> IntoFrameT:
    """Keep the labels that match.

    Args:
        table: a frame of counts, as `count_table` makes them, of any library that narwhals knows: polars (eager and
            lazy), pandas, pyarrow, DuckDB, PySpark, Dask, Ibis.
        query: a query or its text.
        json_column: the column with the content of the labels, as JSON text, bytes or structs. It is read only for a
            query that counts cannot answer, such as a condition on the children of an object, and only in the rows
            that the counts leave.
        prefix: put before the name of every count column.
        ontology: the project's, or the path of its file; the query is checked against it and bound to it.
        policy: what one object is in a video; the one that the table was made with.

    Returns:
        A frame of the same library with the rows that match, in order. Labels whose counts are unknown are left out. A
        lazy frame stays lazy, but where JSON has to be read it is collected, and what narwhals collects it to is given.

    Raises:
        QueryError: the query is none, or the ontology has no such job or category.
        NotExpressible: the counts cannot answer the query and there is no ``json_column``; or the library of the table
            cannot tell the columns apart, or name one.
        UnknownContentError, MalformedLabelError: a label that the counts leave has no content, or of a wrong shape.
        TypeError: the table is no frame, or a column of counts that is asked for holds no numbers.
        ValueError: there is no column ``json_column``.

    >>> import polars as pl
    >>> table = pl.DataFrame({"id": ["a", "b", "c"], "J/A": [0, 3, None]})
    >>> filter(table, "J.A.count >= 2 AND J.B.count == 0")["id"].to_list()
    ['b']
    """
    query = parse(query) if isinstance(query, str) else query
    known = Ontology.if_given(ontology)
    tree = query.tree if known is None else query.bind(known).tree
    cut = _split(tree, known, policy)
    if cut.residual is not None and json_column is None:
        part = print_tree(cut.residual)
        raise NotExpressible(f"a table of counts cannot express `{part}`: name the column with the JSON of the labels")
    frame = frame_of(table)
    kinds, is_case_sensitive = frame.collect_schema(), frame.implementation not in _FOLDING
    if json_column is not None and json_column not in kinds:
        raise ValueError(f"no column `{json_column}`: the table has {', '.join(f'`{name}`' for name in kinds)}")
    found = FoundColumns.of(prefix, kinds.names(), is_case_sensitive=is_case_sensitive)
    used = columns_in_use(lower(cut.pushed), found)
    require_names(used, frame.implementation)
    names = [name for name in kinds.names() if can_be_named(name, frame.implementation)]
    condition = to_narwhals(cut.pushed, prefix, names, is_case_sensitive=is_case_sensitive)
    require_counts(used, kinds)
    kept = frame.filter(condition, *conditions_on_floats(used, kinds))
    if cut.residual is not None and json_column is not None:
        left = kept.collect() if isinstance(kept, nw.LazyFrame) else kept
        verdicts = list(_verdicts(left, json_column, compile_closure(cut.residual, ontology=known, policy=policy)))
        kept = left.filter(verdicts) if verdicts else left
    return cast("IntoFrameT", kept.to_native())


def _split(tree: Predicate, ontology: Ontology | None, policy: CountPolicy) -> Split:
    if not any(inexpressible(lower(tree), FRAMES)):
        return Split(tree)  # planning takes longer than filtering a hundred thousand labels
    return split(tree, Target(FRAMES, ontology=ontology, has_default_policy=policy.video == "objects"))


def _verdicts(left: "nw.DataFrame[Any]", json_column: str, matches: Matcher) -> Iterator[bool]:
    """Of the rows in order; an error tells which."""
    ids = left["id"].to_list() if "id" in left.columns else []
    for row, value in enumerate(left[json_column].to_list()):
        try:
            yield matches(_content(value))
        except LabelError as error:
            where = f"label `{ids[row]}`" if ids else f"row {row} of those that the counts leave"
            raise type(error)(f"{where}, column `{json_column}`: {error.message}", error.path) from error


def _content(value: object) -> object:
    if not isinstance(value, str | bytes):
        return value
    try:
        content: object = json.loads(value)
    except (ValueError, RecursionError) as error:
        raise UnknownContentError("the content of the label is text that is not JSON") from error
    return content
