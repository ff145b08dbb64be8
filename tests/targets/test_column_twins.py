"""Columns that differ in case alone: refused where a library may have renamed or merged one, never taken for 0."""

import json
import re
from pathlib import Path
from typing import Any

import duckdb
import narwhals as nw
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import kili_query as kq
from kili_query import frames
from kili_query.syntax import parse_tree
from kili_query.targets.columns import to_narwhals
from tests.cases.loader import Case
from tests.tables_under_test import INEXPRESSIBLE, TABLE_TARGETS
from tests.test_cases import JUDGED, ontology_of, read

TWINS: dict[str, list[object]] = {"id": ["x", "y"], "fault": [None, None], "J/A": [1, 0], "J/a": [0, 2], "J/B": [3, 3]}


def relation(columns: dict[str, list[object]]) -> duckdb.DuckDBPyRelation:
    return duckdb.from_arrow(pa.table(columns))


def ids(frame: object) -> list[str]:
    found = nw.from_native(frame)
    return sorted((found.collect() if isinstance(found, nw.LazyFrame) else found)["id"].to_list())


@pytest.mark.parametrize(
    "text", ["J.a", "J.a.count == 0", "J.a.count < 5", "NOT J.a", "J.A OR J.a", "J.a.count + J.B.count >= 4"]
)
def test_a_missing_column_with_a_twin(text: str) -> None:
    with pytest.raises(kq.NotExpressible, match=r"no column `J/a`, but `J/A`, which differs in upper and lower case"):
        frames.filter(relation(TWINS), text)


def test_the_first_of_two_keeps_its_name() -> None:
    assert ids(frames.filter(relation(TWINS), "J.A AND J.B")) == ["x"]
    assert ids(frames.filter(relation(TWINS), "J.A.count == 0 AND J.C.count == 0")) == ["y"]


def test_a_column_that_may_have_been_renamed() -> None:
    """DuckDB calls `J/a` `J/a_1`, and then `J/a_1` `J/a_1_1`."""
    columns = {"id": ["x"], "fault": [None], "J/A": [1], "J/a": [2], "J/a_1": [3]}
    assert relation(columns).columns == ["id", "fault", "J/A", "J/a_1", "J/a_1_1"]
    for name in ("a_1", "a_1_1"):
        with pytest.raises(kq.NotExpressible, match=rf"`J/{name}` may be `J/a`, renamed because `J/A`"):
            frames.filter(relation(columns), f"J.{name}")
    assert ids(frames.filter(relation({"id": ["x"], "fault": [None], "J/a_1": [1], "J/b_2": [1]}), "J.a_1")) == ["x"]


def test_patterns_whose_choice_hangs_on_the_old_name() -> None:
    assert ids(frames.filter(relation(TWINS), "J.*.count >= 5")) == ["y"]  # whatever they are called, all are there
    for text in ("J.*a.count >= 1", "J.*_1.count >= 1"):
        with pytest.raises(kq.NotExpressible, match="`J/a_1` may be `J/a`"):
            frames.filter(relation(TWINS), text)


@pytest.mark.parametrize("name", ["parquet", "pandas", "table"])
def test_however_a_relation_is_made(name: str, tmp_path: Path) -> None:
    table = pa.table(TWINS)
    pq.write_table(table, tmp_path / "counts.parquet")
    pandas = table.to_pandas()
    with duckdb.connect() as connection:
        connection.execute(f"CREATE TABLE counts AS FROM '{tmp_path / 'counts.parquet'}'")
        made = {
            "parquet": connection.read_parquet(str(tmp_path / "counts.parquet")),
            "pandas": connection.from_df(pandas),
            "table": connection.table("counts"),
        }
        with pytest.raises(kq.NotExpressible):
            frames.filter(made[name], "J.a")
        assert ids(frames.filter(made[name], "J.A")) == ["x"]


def in_ibis(table: pa.Table) -> Any:
    import ibis  # here, so that collecting the tests does not wait for it

    return ibis.memtable(table)


@pytest.mark.parametrize("text", ["J.a", "J.A", "J.*.count > 2", "J.A.count - J.a.count == 1"])
def test_ibis_shows_both(text: str) -> None:
    with pytest.raises(kq.NotExpressible, match=r"`J/[Aa]` and `J/[Aa]` differ in upper and lower case alone"):
        frames.filter(in_ibis(pa.table(TWINS)), text)


def test_ibis_with_other_columns() -> None:
    columns = {name: TWINS[name] for name in ("id", "fault", "J/A", "J/B")}
    assert ids(frames.filter(in_ibis(pa.table(columns)), "J.A AND J.B")) == ["x"]
    with pytest.raises(kq.NotExpressible, match="no column `J/a`"):
        frames.filter(in_ibis(pa.table(columns)), "J.a")


@pytest.mark.parametrize("make", [pl.DataFrame, pd.DataFrame, pa.table], ids=["polars", "pandas", "pyarrow"])
def test_libraries_that_tell_them_apart(make: type) -> None:
    assert ids(frames.filter(make(TWINS), "J.a")) == ["y"]
    assert ids(frames.filter(make(TWINS), "J.A")) == ["x"]
    assert ids(frames.filter(make({"id": ["x"], "J/A": [1], "J/a_1": [1]}), "J.a.count == 0 AND J.a_1")) == ["x"]


def test_an_expression_that_is_not_told_the_library() -> None:
    tree = parse_tree("J.a")
    with pytest.raises(kq.NotExpressible, match="no column `J/a`"):
        to_narwhals(tree, columns=["id", "J/A"])
    with pytest.raises(kq.NotExpressible, match="no column `n_J/a`"):
        to_narwhals(tree, "n_", columns=["id", "n_J/A"])
    frame = nw.from_native(pl.DataFrame(TWINS))
    assert ids(frame.filter(to_narwhals(tree, columns=list(TWINS)))) == ["y"]
    assert ids(frame.filter(to_narwhals(parse_tree("J.D.count == 0"), columns=list(TWINS)))) == ["x", "y"]


NAMES = st.sampled_from(["A", "a", "A_1", "a_1", "a_1_1", "B", "b_2", "É", "é"])
PATTERNS = st.sampled_from(["*", "*1", "*a", "A*", "a_*"])


def texts(wanted: list[str], pattern: str, bound: int) -> list[str]:
    names = [json.dumps(name, ensure_ascii=False) for name in wanted]
    return [
        f"J.{names[0]}.count >= {bound}",
        f"J.{names[0]}.count == {bound}",
        f"J.{names[0]}.count > J.{names[1]}.count",
        f"NOT J.{names[0]} OR J.{names[1]}.count < {bound}",
        f"J.{pattern}.count >= {bound}",
    ]


@settings(max_examples=15)  # each puts five queries to three libraries
@given(
    st.lists(NAMES, unique=True, max_size=5),
    st.lists(st.integers(0, 3), min_size=5, max_size=5),
    st.builds(texts, st.lists(NAMES, min_size=2, max_size=2), PATTERNS, st.integers(0, 3)),
)
def test_an_answer_is_right_or_refused(names: list[str], counts: list[int], queries: list[str]) -> None:
    held = {f"J/{name}": [number] for name, number in zip(names, counts, strict=False)}
    table = pa.table({"id": ["x"], "fault": pa.nulls(1, pa.string()), **held})
    refusing = duckdb.from_arrow(table), in_ibis(table)
    for text in queries:
        right = ids(frames.filter(table, text))
        for frame in refusing:
            try:
                found = frames.filter(frame, text)
            except kq.NotExpressible:
                stems = {re.sub(r"(_[0-9])+$", "", name) for name in [*names, *re.findall(r'"(\w+)"', text)]}
                assert len({stem.casefold() for stem in stems}) < len(stems), f"refused for no reason: {text}"
            else:
                assert ids(found.select("id")) == right, text


GAPS = [case for case in JUDGED if "narwhals on duckdb" in case.gaps]


@pytest.mark.parametrize("case", GAPS, ids=lambda case: case.place)
def test_a_gap_of_duckdb_is_a_refusal(case: Case) -> None:
    answers = TABLE_TARGETS["narwhals on duckdb"](read(case), ontology_of(case), [row.content for row in case.rows])
    assert answers == [INEXPRESSIBLE] * len(case.rows)
