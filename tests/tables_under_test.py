"""The targets that judge tables of counts: frames of several libraries, and databases."""

import json
from collections.abc import Callable
from typing import ParamSpec, TypeVar

import duckdb
import narwhals as nw
import polars as pl
import pyarrow as pa

import kili_query as kq
from kili_query import frames
from kili_query.ast import Predicate, counters
from kili_query.syntax import lower
from kili_query.targets.base import COLUMNS, inexpressible
from kili_query.targets.column_names import column_name
from kili_query.targets.sql import Layout, to_sql
from tests import databases, reference

_MOST_COUNTED = 1_000
_COUNTED: dict[tuple[str, int], tuple[kq.Ontology | None, pa.Table]] = {}
"""Tables by the labels and the identity of the ontology, which is kept so that no other one gets its identity."""

Arguments = ParamSpec("Arguments")
Made = TypeVar("Made")


def once(make: Callable[Arguments, Made]) -> Callable[Arguments, Made]:
    """Remember what a function made of the same objects, which are kept so that no others get their identities."""
    known: dict[tuple[int, ...], tuple[object, Made]] = {}

    def made(*args: Arguments.args, **kwargs: Arguments.kwargs) -> Made:
        assert not kwargs
        key = tuple(map(id, args))
        if key not in known:
            if len(known) == _MOST_COUNTED:
                known.clear()
            known[key] = args, make(*args, **kwargs)
        return known[key][1]

    return made


JudgeAll = Callable[[kq.Query, kq.Ontology | None, list[object]], list[str]]

INEXPRESSIBLE = "inexpressible"

FRAMES: dict[str, Callable[[pa.Table], object]] = {
    "pyarrow": lambda table: table,
    "polars": pl.from_arrow,
    "pandas": lambda table: table.to_pandas(),
    "duckdb": duckdb.from_arrow,
}

DATABASES = {"duckdb": databases.run_duckdb, "sqlite": databases.run_sqlite, "postgres": databases.run_postgres}


@once
def counted(contents: list[object], ontology: kq.Ontology | None) -> pa.Table:
    """Labels with their counts; the ids are their positions. They are counted once for all engines."""
    decoded = [json.dumps(content) if isinstance(content, str) else content for content in contents]  # else it is JSON
    key = json.dumps(decoded), id(ontology)
    if key not in _COUNTED:
        labels = [{"id": str(index), "jsonResponse": content} for index, content in enumerate(decoded)]
        if len(_COUNTED) == _MOST_COUNTED:
            _COUNTED.clear()
        _COUNTED[key] = ontology, frames.count_table(labels, ontology)
    return _COUNTED[key][1]


def verdicts(table: pa.Table, found: list[str]) -> list[str]:
    """What was found is a match, be there a fault or not, so that a wrong one shows."""
    ids, faults = set(found), zip(table["id"].to_pylist(), table["fault"].to_pylist(), strict=True)
    return ["match" if label in ids else fault or "reject" for label, fault in faults]


def judge_frame(make: Callable[[pa.Table], object]) -> JudgeAll:
    def judge(query: kq.Query, ontology: kq.Ontology | None, contents: list[object]) -> list[str]:
        table = counted(contents, ontology)
        texts = pa.array([json.dumps(content) for content in contents], pa.string())
        frame = make(table.append_column("json", texts))
        try:
            found = nw.from_native(frames.filter(frame, query, json_column="json", ontology=ontology))
        except kq.NotExpressible:
            return [INEXPRESSIBLE] * len(contents)
        eager = found.collect() if isinstance(found, nw.LazyFrame) else found
        return verdicts(table, eager["id"].to_list())

    return judge


def judge_database(name: str, layout: Layout) -> JudgeAll:
    def judge(query: kq.Query, ontology: kq.Ontology | None, contents: list[object]) -> list[str]:
        tree = bound_tree(query, ontology)
        table = counted(contents, ontology)
        asked = {column_name(one.job, one.category) for one in counters(tree)} if layout == "wide" else set()
        columns = [column for column in table.column_names if column in asked]
        try:
            sql = to_sql(tree, name, layout=layout, columns=["fault", *columns])
        except kq.NotExpressible:
            return [INEXPRESSIBLE] * len(contents)
        return verdicts(table, DATABASES[name](sql, table, columns, layout))

    return judge


def expected(query: kq.Query, ontology: kq.Ontology | None, content: object, verdict: str, *, is_sql: bool) -> str:
    """What a target says that counts every label in full, and, in SQL, looks at counts alone."""
    if is_sql and _needs_more_than_counts(query, ontology):
        return INEXPRESSIBLE
    return _fault(content, ontology) or verdict


@once
def bound_tree(query: kq.Query, ontology: kq.Ontology | None) -> Predicate:
    """The tree of a query in the names of an ontology; all targets are given the same."""
    return query.tree if ontology is None else query.bind(ontology).tree


@once
def _needs_more_than_counts(query: kq.Query, ontology: kq.Ontology | None) -> bool:
    return any(inexpressible(lower(bound_tree(query, ontology)), COLUMNS))


@once
def _fault(content: object, ontology: kq.Ontology | None) -> str | None:
    """Why not all of a label can be counted."""
    try:
        reference.count(content, ontology=ontology)
    except kq.UnknownContentError:
        return "unknown"
    except kq.MalformedLabelError:
        return "malformed"
    return None


TABLE_TARGETS: dict[str, JudgeAll] = {
    **{f"narwhals on {name}": judge_frame(make) for name, make in FRAMES.items()},
    **{f"{layout} sql on {name}": judge_database(name, layout) for name in DATABASES for layout in ("wide", "long")},
}
