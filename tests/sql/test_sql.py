"""Statements: what they say, what they refuse, and that databases answer them as the reference does."""

from itertools import product
from typing import get_args

import pyarrow as pa
import pytest
import sqlglot
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlglot import exp

import kili_query as kq
from kili_query.ast import Addend, And, CompareOp, Comparison, Constant, Counter, Linear, Predicate
from kili_query.query import query_of
from kili_query.syntax import DEFAULT_LIMITS, parse_tree
from kili_query.targets.sql import _DIALECTS, Layout, to_sql, to_sql_condition
from tests import reference, strategies
from tests.each import for_each
from tests.tables_under_test import DATABASES, INEXPRESSIBLE, expected, judge_database

MANY = settings(max_examples=40)

DIALECTS = ["duckdb", "sqlite", "postgres", "spark", "bigquery", "snowflake", "clickhouse", "trino"]
HOSTILE = [
    "a`b",
    'a"b',
    "it's",
    "a\\",
    "\\' OR 1=1 --",
    "two\nlines",
    "a]b",
    "猫",
    "{{x}}",
    "%s ?",
    "/*x*/",
    ";",
    "@x",
    ":x",
]
LABEL = st.one_of(strategies.contents(), strategies.video_contents(), strategies.malformed_contents(), st.none())


def verdict(tree: Predicate, content: object) -> str:
    try:
        return "match" if reference.matches(tree, content) else "reject"
    except kq.UnknownContentError:
        return "unknown"
    except kq.MalformedLabelError:
        return "malformed"


@pytest.mark.parametrize("name", DATABASES)
def test_as_the_reference(name: str) -> None:
    judges = [judge_database(name, layout) for layout in get_args(Layout)]

    @MANY
    @given(strategies.trees(depth=0), st.lists(LABEL, min_size=1, max_size=4))
    def agrees(tree: Predicate, contents: list[object]) -> None:
        query = query_of(tree)
        told = [expected(query, None, one, verdict(tree, one), is_sql=True) for one in contents]
        assert [judge(query, None, contents) for judge in judges] == [told] * len(judges)

    agrees()


@for_each(product(DIALECTS, get_args(Layout), HOSTILE))
def test_names_are_quoted(case: tuple[str, Layout, str]) -> None:
    """Whatever a name holds, the statement is one, and holds the name as it is."""
    dialect, layout, name = case
    [statement] = sqlglot.parse(
        to_sql(Comparison(Counter("J", name), CompareOp.GE, 3), dialect, layout=layout), dialect
    )
    assert isinstance(statement, exp.Select)
    kind, held = (exp.Identifier, f"J/{name.replace('/', '%2F')}") if layout == "wide" else (exp.Literal, name)
    if layout == "wide" and "%" in name:
        held = f"J/{name.replace('%', '%25')}"
    assert held in [found.this for found in statement.find_all(kind)]


@pytest.mark.parametrize("dialect", _DIALECTS)
def test_statements(dialect: str) -> None:
    tree = parse_tree("J.A.count >= 3 AND (J.B.count == 0 OR J.A.count - J.B.count > -2)")
    for layout in ("wide", "long"):
        [statement] = sqlglot.parse(to_sql(tree, dialect, layout=layout), dialect)
        assert isinstance(statement, exp.Select)
    assert to_sql_condition(tree, dialect) in to_sql(tree, dialect)


def test_tables() -> None:
    tree = parse_tree("J.A")
    assert to_sql(tree, table="s.t") == 'SELECT "t"."id" FROM "s"."t" WHERE "t"."J/A" >= 1'
    assert to_sql(tree, table='x"; DROP TABLE y') == (
        'SELECT "x""; DROP TABLE y"."id" FROM "x""; DROP TABLE y" WHERE "x""; DROP TABLE y"."J/A" >= 1'
    )
    assert '"s"."t_counts"' in to_sql(tree, layout="long", table="s.t")
    assert '"other"' in to_sql(tree, layout="long", counts_table="other")
    with pytest.raises(ValueError, match="not the name of a table"):
        to_sql(tree, table="a..b")


def test_known_columns() -> None:
    tree = parse_tree("J.A AND J.B.count == 0 AND J.A.count - J.B.count > 1")
    assert to_sql_condition(tree, columns=["J/A"]) == '"labels"."J/A" >= 1 AND CAST("labels"."J/A" AS BIGINT) * 1 > 1'
    assert to_sql_condition(parse_tree("J.B.count < 2"), columns=["id", "fault"]) == '"labels"."fault" IS NULL'
    assert to_sql_condition(Constant(False)) == "FALSE"


def test_columns_without_faults() -> None:
    """What is not there is not named; a label is known when it has a count."""
    tree = parse_tree("J.B.count < 2")
    assert to_sql_condition(tree, columns=[]) == "TRUE"
    assert to_sql_condition(tree, columns=["id", "J/A"]) == 'NOT "labels"."J/A" IS NULL'
    table = pa.table({"id": ["a", "b", "c"], "J/A": [None, 0, None], "J/C": [None, None, 1]})
    for name in ("duckdb", "sqlite", "postgres"):
        for text in ("J.B.count < 2", "J.B.count - J.D.count < 1", "TRUE"):
            sql = to_sql(parse_tree(text), name, columns=table.column_names)
            assert sorted(DATABASES[name](sql, table, table.column_names[1:], "wide")) == ["b", "c"]


@pytest.mark.parametrize(
    ("text", "dialect", "message"),
    [
        ("J.A[K.B].count > 0", "duckdb", "a condition on the children of an object"),
        ("J.*.count > 3", "duckdb", "a pattern that no ontology has expanded"),
        ("J.a AND J.A", "duckdb", "differ in case alone"),
        ("J.a AND J.A", "trino", "differ in case alone"),
        (f"J.{'x' * 62}.count > 1", "postgres", "63 bytes at most"),
    ],
)
def test_refusals(text: str, dialect: str, message: str) -> None:
    with pytest.raises(kq.NotExpressible, match=message):
        to_sql(parse_tree(text), dialect)


def test_case_twins_where_they_differ() -> None:
    assert to_sql(parse_tree("J.a AND J.A"), "postgres").count("J/") == 2
    assert to_sql(parse_tree("J.a AND J.A"), "duckdb", layout="long").count("'a'") == 2


def test_names_that_are_not_text() -> None:
    tree = Comparison(Counter("J", "\0"), CompareOp.GE, 1)
    assert "%00" in to_sql(tree)
    with pytest.raises(kq.NotExpressible, match="not text"):
        to_sql(tree, layout="long")


def test_sums_beyond_64_bits() -> None:
    tree = Linear((Addend(2**40, Counter("J", "A")),), CompareOp.GE, 1)
    with pytest.raises(kq.NotExpressible, match="64 bits"):
        to_sql(tree)


def test_unknown_words() -> None:
    for dialect in ("no such", "prql"):  # sqlglot knows languages that are no SQL
        with pytest.raises(ValueError, match="unknown SQL dialect"):
            to_sql(parse_tree("J.A"), dialect)
    with pytest.raises(ValueError, match="a layout is"):
        to_sql(parse_tree("J.A"), layout="tall")  # type: ignore[arg-type]


def test_many_operands() -> None:
    tree = And(tuple(Comparison(Counter("J", f"C{index}"), CompareOp.EQ, 0) for index in range(1000)))
    assert judge_database("sqlite", "wide")(query_of(tree), None, [{}]) == ["match"]
    assert INEXPRESSIBLE not in judge_database("duckdb", "long")(query_of(And(tree.operands[:100])), None, [{}])


# Large queries


def alternating(levels: int) -> str:
    text = "J.A"
    for level in range(levels):
        text = f"J.{'CD'[level % 2]} {('AND', 'OR')[level % 2]} ({text})"
    return text


WIDE = {
    "OR": " OR ".join(f"J.C.count == {2 * number}" for number in range(1_900)),
    "AND": " AND ".join(f"J.C.count != {2 * number + 1}" for number in range(1_500)),
    "set": f"J.C.count IN {{{', '.join(str(3 * number) for number in range(5_500))}}}",
    "set of a sum": f"J.C.count + J.D.count IN {{{', '.join(str(3 * number) for number in range(700))}}}",
    "sum": " + ".join(["J.C.count - J.D.count"] * 700 + [f"J.C{number}.count" for number in range(1_200)]) + " > 0",
}


@pytest.mark.parametrize("layout", ["wide", "long"])
@pytest.mark.parametrize("shape", WIDE)
def test_wide_conditions(shape: str, layout: Layout) -> None:
    """SQLite refuses expressions of more than 1,000 levels, and reads operands side by side as one level each."""
    query = kq.parse(WIDE[shape])
    table = pa.table({"id": ["a", "b"], "fault": [None, None], "J/C": [12, 1], "J/D": [3, 3]})
    if shape == "sum":
        table = pa.table(table.to_pydict() | {f"J/C{number}": [0, 0] for number in range(1_200)})
    sql = query.to_sql("sqlite", layout=layout)
    assert DATABASES["sqlite"](sql, table, table.column_names[2:], layout) == ["a"]


@pytest.mark.parametrize("layout", ["wide", "long"])
@pytest.mark.parametrize("name", ["duckdb", "postgres"])
def test_deep_conditions(name: str, layout: Layout) -> None:
    query = kq.parse(alternating(DEFAULT_LIMITS.depth))
    table = pa.table({"id": ["a", "b"], "fault": [None, None], "J/C": [1, 0], "J/D": [0, 1], "J/A": [0, 0]})
    found = DATABASES[name](query.to_sql(name, layout=layout), table, table.column_names[2:], layout)
    contents = [{"J": {"annotations": [{"categories": [{"name": name}]}]}} for name in "CD"]
    assert found == [id_ for id_, content in zip("ab", contents, strict=True) if query.matches(content)]
