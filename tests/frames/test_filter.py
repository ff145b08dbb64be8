"""Filtering frames: as the reference judges, on every library, whatever columns there are."""

import json
from collections.abc import Callable

import narwhals as nw
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import kili_query as kq
from kili_query.ast import MAX_COUNT, Predicate
from kili_query.frames import count_table, filter, to_narwhals  # noqa: A004
from kili_query.ontology import Ontology
from kili_query.query import query_of
from kili_query.syntax import parse_tree
from tests import reference, strategies
from tests.tables_under_test import FRAMES, judge_frame

pytestmark = pytest.mark.filterwarnings("ignore:Dask support is moving:FutureWarning")

MANY = settings(max_examples=40)

LABEL = st.one_of(strategies.contents(), strategies.video_contents(), strategies.malformed_contents(), st.none())


def in_dask(table: pa.Table) -> object:
    import dask.dataframe as dd  # here, so that collecting the tests does not wait for it

    return dd.from_pandas(table.to_pandas(), npartitions=1)


def in_ibis(table: pa.Table) -> object:
    import ibis

    return ibis.memtable(table)


ALL: dict[str, Callable[[pa.Table], object]] = {
    **FRAMES,
    "polars lazy": lambda table: pl.from_arrow(table).lazy(),
    "pandas nullable": lambda table: table.to_pandas(types_mapper={pa.int32(): pd.Int32Dtype()}.get),
    "pandas arrow": lambda table: table.to_pandas(types_mapper=pd.ArrowDtype),
    "dask": in_dask,
    "ibis": in_ibis,
}
JUDGES = {name: judge_frame(make) for name, make in FRAMES.items()}
COUNTS = pa.table({"id": ["a", "b", "c"], "fault": [None, None, "unknown"], "J/A": pa.array([0, 3, None], pa.int32())})


def expected(tree: Predicate, content: object, ontology: Ontology | None) -> str:
    try:
        reference.count(content, ontology=ontology)
        return "match" if reference.matches(tree, content, ontology=ontology) else "reject"
    except kq.UnknownContentError:
        return "unknown"
    except kq.MalformedLabelError:
        return "malformed"


@MANY
@given(strategies.trees(), st.lists(LABEL, min_size=1, max_size=4))
def test_as_the_reference(tree: Predicate, contents: list[object]) -> None:
    wanted = [expected(tree, one, None) for one in contents]
    for name, judge in JUDGES.items():
        assert judge(query_of(tree), None, contents) == wanted, name


def found(frame: object, tree: Predicate, columns: list[str] | None = None) -> list[str]:
    kept = nw.from_native(frame).filter(to_narwhals(tree, columns=columns))
    return list((kept.collect() if isinstance(kept, nw.LazyFrame) else kept)["id"].to_list())


FOUND = [
    ("J.A.count == 0", ["a"]),
    ("J.A", ["b"]),
    ("J.B.count == 0", ["a", "b"]),
    ("J.B", []),
    ("J.A OR J.B.count == 0", ["a", "b"]),
    ("J.A.count + J.A.count - J.B.count > 5", ["b"]),
    ("J.A.count - J.B.count < 10000000000000000000000000", ["a", "b"]),
    ("J.*.count >= 3", ["b"]),
    ("K.*.count <= 5", ["a", "b"]),
    ("J.A.count > 99999999999", []),
    ("J.A.count >= 0", ["a", "b"]),
    ("J.A.count <= 2147483647", ["a", "b"]),
    ("J.A.count >= 2147483648", []),
    ("K.A.count > 0 OR K.B.count >= 0", ["a", "b"]),
    ("NOT J.A", ["a"]),
]
"""Queries, and the ids of the labels of `COUNTS` that match."""


@pytest.mark.parametrize("name", ALL)
def test_every_library(name: str) -> None:
    frame = ALL[name](COUNTS)
    for text, ids in FOUND:
        tree = parse_tree(text)
        assert found(frame, tree) == ids, text
        assert found(frame, tree, COUNTS.column_names) == ids, text


@pytest.mark.parametrize("name", ALL)
def test_null_counts_never_match(name: str) -> None:
    """Also without a column of faults, whatever columns are asked for."""
    table = COUNTS.drop_columns(["fault"])
    frame = ALL[name](table)
    for columns in (None, table.column_names):
        assert found(frame, parse_tree("J.A.count == 0 OR J.B.count == 0"), columns) == ["a", "b"]
        assert found(frame, parse_tree("J.A.count - J.B.count < 1"), columns) == ["a"]
        for text in ("J.B.count == 0", "K.*.count < 1", "J.B.count - J.C.count < 1", "TRUE"):
            assert found(frame, parse_tree(text), columns) == ["a", "b"]


@pytest.mark.parametrize("name", ALL)
def test_a_table_without_counts(name: str) -> None:
    table = pa.table({"id": ["a", "b"]})
    for columns in (None, table.column_names):
        assert found(ALL[name](table), parse_tree("J.B.count == 0"), columns) == ["a", "b"]
        assert found(ALL[name](table), parse_tree("J.B"), columns) == []


def test_a_prefix() -> None:
    frame = pl.DataFrame({"id": ["a", "b"], "n_J/A": [0, 2], "J/A": [2, 0]})
    assert filter(frame, "J.A", prefix="n_")["id"].to_list() == ["b"]
    assert filter(frame, "J.*.count > 0", prefix="n_")["id"].to_list() == ["b"]


def test_counts_at_the_end_of_the_range() -> None:
    frame = pl.DataFrame({"id": ["a"], "J/A": [MAX_COUNT], "J/B": [MAX_COUNT]}, schema_overrides={"J/A": pl.Int32})
    assert filter(frame, "J.A.count + J.B.count == 4294967294").height == 1
    assert filter(frame, "J.A.count >= 2147483647").height == 1


@pytest.mark.parametrize("name", FRAMES)
def test_sums_with_patterns_reach_as_far_as_their_columns(name: str) -> None:
    most = {f"J/{category}": pa.array([MAX_COUNT], pa.int32()) for category in "ABCD"}
    frame = FRAMES[name](pa.table({"id": ["a"], **most, "K/A": pa.array([1], pa.int32())}))
    for columns in (None, ["id", *most, "K/A"]):
        for bound, is_met in ((4 * MAX_COUNT, True), (4 * MAX_COUNT + 1, True), (4 * MAX_COUNT + 2, False)):
            assert bool(found(frame, parse_tree(f"J.*.count + K.A.count >= {bound}"), columns)) is is_met
            assert bool(found(frame, parse_tree(f"0 - J.*.count - K.A.count <= -{bound}"), columns)) is is_met
            assert bool(found(frame, parse_tree(f"J.*.count + K.A.count > {bound * 10**9}"), columns)) is False


def test_a_line_feed_at_the_end_of_a_name() -> None:
    label = {"J": {"categories": [{"name": "A\n"}]}}
    table = count_table([{"id": "a", "jsonResponse": label}])
    assert found(table, parse_tree("J.A")) == []
    assert found(table, parse_tree('J."A\\n"')) == ["a"]


@pytest.mark.parametrize("name", ALL)
def test_columns_of_floats(name: str) -> None:
    """An integer column with nulls becomes one of floats with NaN here and there, and NaN is more than any number."""
    table = pa.table({"id": ["a", "b", "c"], "J/A": pa.array([0.0, 3.0, float("nan")])})
    kept = nw.from_native(filter(ALL[name](table), "J.A.count >= 2 OR J.A.count == 0"))
    assert list((kept.collect() if isinstance(kept, nw.LazyFrame) else kept)["id"].to_list()) == ["a", "b"]


@pytest.mark.parametrize("name", ALL)
def test_columns_that_hold_no_counts(name: str) -> None:
    frame = ALL[name](pa.table({"id": ["a"], "J/A": ["3"], "J/B": pa.array([3], pa.int32())}))
    with pytest.raises(TypeError, match="`J/A` must hold numbers, not `String`: cast it to integers"):
        filter(frame, "J.A.count >= 2 OR J.B")
    with pytest.raises(TypeError, match="`J/A` must hold numbers"):
        filter(frame, "J.count >= 2")
    assert len(nw.from_native(filter(frame, "J.B")).lazy().collect()) == 1


def test_what_is_no_table() -> None:
    for value, kind in ([1], "list"), ({"J/A": [1]}, "dict"), (pl.Series([1]), "Series"):
        with pytest.raises(TypeError, match=f"a table must be a frame of polars.*, not `{kind}`"):
            filter(value, "J.A")
    with pytest.raises(ValueError, match="the table has no columns"):
        filter(pl.DataFrame(), "J.A")
    with pytest.raises(TypeError, match="a query is a str, not DataFrame"):
        filter("J.A", pl.DataFrame())  # type: ignore[type-var]


def test_what_is_no_table_of_counts() -> None:
    for table, prefix in ((pl.DataFrame({"id": ["a"]}), ""), (COUNTS, "n_")):
        with pytest.warns(UserWarning, match=f"the table has no count column, such as `{prefix}JOB/CATEGORY`"):
            filter(table, "J.A", prefix=prefix)
    for named in (["id", "fault"], ["K/A"]):
        filter(pl.DataFrame({name: ["a"] for name in named}), "J.A")


def test_a_column_of_json_that_is_not_there() -> None:
    for text in ("J.A", "J.A[K.B].count > 0"):
        with pytest.raises(ValueError, match="no column `text`: the table has `id`, `fault`, `J/A`"):
            filter(COUNTS, text, json_column="text")


def test_an_error_in_the_json_says_where() -> None:
    query = "J.A[K.B].count > 0"
    frame = pl.DataFrame({"id": ["a", "b"], "J/A": [0, 3], "K/B": [1, 1], "json": ["", '{"J": 3}']})
    message = "label `b`, column `json`: a job response must be an object"
    with pytest.raises(kq.MalformedLabelError, match=message) as error:
        filter(frame, query, json_column="json")
    assert error.value.path == "J"
    frame = pl.DataFrame({"J/A": [0, 3, 3], "K/B": [1, 1, 1], "json": ["", "{}", None]})
    with pytest.raises(kq.UnknownContentError, match="row 1 of those that the counts do not exclude, column `json`: "):
        filter(frame, query, json_column="json")


def test_what_columns_cannot_say() -> None:
    child = {"SIZE": {"categories": [{"name": "BIG"}]}}
    boxes = [
        {"mid": "a", "categories": [{"name": "CAR"}], "children": child},
        {"mid": "b", "categories": [{"name": "CAR"}]},
    ]
    contents = [{"J": {"annotations": boxes}}, {"J": {"annotations": boxes[1:]}}, {}]
    table = count_table([{"id": str(index), "jsonResponse": one} for index, one in enumerate(contents)])
    query = kq.parse("J.CAR[SIZE.BIG].count >= 1 AND J.CAR.count < 9")
    with pytest.raises(kq.NotExpressible, match="name the column with the JSON"):
        filter(table, query)
    with pytest.raises(kq.NotExpressible, match="condition on the children"):
        to_narwhals(query.tree)
    # what is no candidate is not read
    texts = pa.array([json.dumps(contents[0]), json.dumps(contents[1]), "not JSON"])
    assert filter(table.append_column("json", texts), query, json_column="json")["id"].to_pylist() == ["0"]


def test_many_operands() -> None:
    tree = parse_tree(" AND ".join(f"J.C{index}.count == 0" for index in range(400)))
    assert found(COUNTS, tree, COUNTS.column_names) == ["a", "b"]


def test_deep_queries_are_refused() -> None:
    """Frames are filtered by functions inside one another, of which Python allows only so many."""
    text = "J.A"
    for level in range(250):
        text = f"J.B {('AND', 'OR')[level % 2]} ({text})"
        if level == 120:
            frame = pl.DataFrame({"id": ["a", "b"], "J/A": [1, 0], "J/B": [1, 0]})
            assert nw.from_native(frame).filter(kq.parse(text).to_narwhals())["id"].to_list() == ["a"]
    with pytest.raises(kq.NotExpressible, match="more than 128 levels of AND and OR: split the query"):
        kq.parse(text).to_narwhals()
