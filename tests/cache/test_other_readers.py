"""A cache read by other libraries: record batches, polars, DuckDB."""

from pathlib import Path

import duckdb
import polars as pl
import pyarrow as pa
import pytest

import kili_query as kq
from kili_query.cache import LabelCache
from kili_query.cache.counting import contents_table
from kili_query.cache.tables import Tables
from kili_query.errors import CacheError


@pytest.fixture
def cache(tmp_path: Path) -> LabelCache:
    cache = LabelCache(tmp_path / "cache")
    for begin in (0, 3, 6):
        content = {"J": {"categories": [{"name": f"C{begin}"}]}}
        cache.load([{"id": f"l{number}", "jsonResponse": content} for number in range(begin, begin + 3)])
    return cache


def test_record_batches_are_read_while_they_are_taken(cache: LabelCache, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("kili_query.cache.cache._BATCH_ROWS", 2)
    reader = cache.to_arrow()
    first = reader.read_next_batch()
    assert first.num_rows <= 3
    assert first.schema == reader.schema
    rest = list(reader)
    assert len(rest) > 1
    table = pa.Table.from_batches([first, *rest])
    assert sorted(table["id"].to_pylist()) == [f"l{number}" for number in range(9)]
    assert sum(table["J/C3"].to_pylist()) == 3


def test_batches_of_an_empty_cache(tmp_path: Path) -> None:
    assert LabelCache(tmp_path / "none").to_arrow().read_all().num_rows == 0


def test_duckdb_and_polars(cache: LabelCache) -> None:
    query = kq.parse("J.C3 OR J.C6")
    expected = sorted(one["id"] for one in cache.labels(fields=["id"], category_search=query))
    assert len(expected) == 6
    rows = cache.to_polars()
    assert isinstance(rows, pl.LazyFrame)
    assert sorted(rows.filter((pl.col("J/C3") > 0) | (pl.col("J/C6") > 0)).select("id").collect()["id"]) == expected
    with duckdb.connect() as connection:
        connection.register("labels", cache.to_arrow())
        assert sorted(one for (one,) in connection.execute(query.to_sql("duckdb")).fetchall()) == expected


@pytest.mark.parametrize("name", ["my labels", "ÿ日本", "100%", "c*d", "{a,b}", "~a", "a&b;'\""])
def test_any_name_of_a_folder(tmp_path: Path, name: str) -> None:
    cache = LabelCache(tmp_path / name)
    for label_id in ("l1", "l2", "l1"):
        cache.load([{"id": label_id, "jsonResponse": {"J": {"categories": [{"name": label_id}]}}}])
    assert [one["jsonResponse"] for one in cache.labels(category_search="J.l2")] == [
        {"J": {"categories": [{"name": "l2"}]}}
    ]
    assert cache.at(0).count_labels() == 1
    assert cache.to_arrow().read_all().num_rows == 2


@pytest.mark.parametrize("name", ["a[1]", "a|b", "a%20b", "a^b", "a#b", "a?b", "x=1"])
def test_names_that_the_tables_cannot_have(tmp_path: Path, name: str) -> None:
    with pytest.raises(CacheError, match="the path of a cache must not contain"):
        LabelCache(tmp_path / name).load([])
    assert not list(tmp_path.iterdir())


def test_many_small_files_are_joined(cache: LabelCache) -> None:
    for number in range(9, 25):
        cache.load([{"id": f"l{number:02}", "jsonResponse": {"J": {"categories": [{"name": "C3"}]}}}])
    assert any(version.summary == "compacted" for version in cache.versions)
    assert len(Tables.open(cache.folder).files()) < 14
    assert cache.count_labels(category_search="J.C3") == 19
    assert cache.at(2).count_labels() == 9


def test_compaction_removes_contents_that_no_version_names(cache: LabelCache) -> None:
    tables = Tables.open(cache.folder)
    tables.add_contents(contents_table([0, 0], ["a" * 32, "b" * 32], ["{}", "[]"]))  # as a killed process leaves them
    cache.load([{"id": "l1", "jsonResponse": {}}])
    cache.load([{"id": "l9", "jsonResponse": {}}])
    assert len(Tables.open(cache.folder).files()) == 2
    assert cache.compact() == 2
    assert len(Tables.open(cache.folder).files()) == 1
    digests = Tables.open(cache.folder).contents([0]).collect()["content"].to_list()
    assert len(digests) == 4
    found = [cache.at(version).labels(label_id="l1")[0]["jsonResponse"] for version in (0, 3, 5)]
    assert found == [{"J": {"categories": [{"name": "C0"}]}}, {}, {}]
    assert cache.compact() == 0
