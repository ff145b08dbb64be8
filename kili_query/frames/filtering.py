"""Filter a table of counts by any query: by its columns where they suffice, else also by the labels' JSON."""

import json
import warnings
from collections.abc import Iterable, Iterator
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
from kili_query.targets.column_names import FAULT
from kili_query.targets.column_search import FoundColumns
from kili_query.targets.columns import to_narwhals

_FOLDING = (nw.Implementation.DUCKDB, nw.Implementation.IBIS, nw.Implementation.SQLFRAME)
"""Libraries that may confuse columns whose names differ only in upper and lower case."""


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
        table: a frame of counts, as from `count_table`, of any library that narwhals supports: polars (eager and
            lazy), pandas, pyarrow, DuckDB, PySpark, Dask, Ibis.
        query: a query or its text.
        json_column: the column with the content of the labels, as JSON text, bytes or structs. It is read only if
            counts cannot answer the query, for example because of a condition on the children of an object, and only
            in the rows that the counts do not exclude.
        prefix: the prefix of every count column.
        ontology: the project's ontology, or the path of its file; the query is checked against it and bound to it.
        policy: the rule for objects in videos with which the table was made.

    Returns:
        A frame of the same library with the matching rows, in order. Labels whose counts are unknown are left out. A
        lazy frame stays lazy, unless JSON has to be read: then narwhals collects it.

    A category without a column counts 0. If a table has no count column at all, there is a warning.

    Raises:
        QueryError: the query is invalid, or the ontology does not have the job or category.
        NotExpressible: the counts cannot answer the query and ``json_column`` is not set, or the library of the table
            cannot distinguish the columns, or refer to one.
        UnknownContentError, MalformedLabelError: a row whose JSON is read has no content, or a malformed one.
        TypeError: the table is not a frame, or a count column that the query uses does not hold numbers.
        ValueError: the column ``json_column`` does not exist.

    >>> import polars as pl
    >>> table = pl.DataFrame({"id": ["a", "b", "c"], "J/A": [0, 3, None]})
    >>> filter(table, "J.A.count >= 2 AND J.B.count == 0")["id"].to_list()
    ['b']
    """
    query = query if isinstance(query, Query) else parse(query)
    known = Ontology.if_given(ontology)
    tree = query.tree if known is None else query.bind(known).tree
    cut = _split(tree, known, policy)
    if cut.residual is not None and json_column is None:
        part = print_tree(cut.residual)
        raise NotExpressible(f"a table of counts cannot express `{part}`: name the column with the JSON of the labels")
    frame, kinds = frame_of(table)
    is_case_sensitive = frame.implementation not in _FOLDING
    if json_column is not None and json_column not in kinds:
        raise ValueError(f"no column `{json_column}`: the table has {', '.join(f'`{name}`' for name in kinds)}")
    found = FoundColumns.of(prefix, kinds.names(), is_case_sensitive=is_case_sensitive)
    used = columns_in_use(lower(cut.pushed), found)
    if not used and not _is_of_counts(kinds.names(), prefix):
        warnings.warn(f"the table has no count column, such as `{prefix}JOB/CATEGORY`: every count is 0", stacklevel=2)
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


def _is_of_counts(names: Iterable[str], prefix: str) -> bool:
    """Whether a table may be one of counts, though of none, as `count_table` makes it of labels without content."""
    inner = [name.removeprefix(prefix) for name in names if name.startswith(prefix)]
    return FAULT in inner or any("/" in name for name in inner)


def _split(tree: Predicate, ontology: Ontology | None, policy: CountPolicy) -> Split:
    if not any(inexpressible(lower(tree), FRAMES)):
        return Split(tree)  # planning takes longer than filtering a hundred thousand labels
    return split(tree, Target(FRAMES, ontology=ontology, has_default_policy=policy.video == "objects"))


def _verdicts(left: "nw.DataFrame[Any]", json_column: str, matches: Matcher) -> Iterator[bool]:
    """Yield whether each row matches, in order; an error names the row."""
    ids = left["id"].to_list() if "id" in left.columns else []
    for row, value in enumerate(left[json_column].to_list()):
        try:
            yield matches(_content(value))
        except LabelError as error:
            where = f"label `{ids[row]}`" if ids else f"row {row} of those that the counts do not exclude"
            raise type(error)(f"{where}, column `{json_column}`: {error.message}", error.path) from error


def _content(value: object) -> object:
    if not isinstance(value, str | bytes):
        return value
    try:
        content: object = json.loads(value)
    except (ValueError, RecursionError) as error:
        raise UnknownContentError("the content of the label is text that is not JSON") from error
    return content
