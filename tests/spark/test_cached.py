"""A label cache read by Spark, as plain Parquet."""

from pathlib import Path

import pytest
from pyspark.sql import SparkSession

import kili_query as kq
from kili_query import frames
from kili_query.cache import LabelCache
from kili_query.errors import CacheError
from kili_query.spark import cached
from tests.spark.test_with_counts import setting


def label(label_id: str, *categories: str) -> dict[str, object]:
    return {"id": label_id, "jsonResponse": {"J": {"categories": [{"name": one} for one in categories]}}}


@pytest.fixture
def cache(tmp_path: Path) -> LabelCache:
    """A cache of two versions; the files of the first lack a counter that the second has."""
    cache = LabelCache(tmp_path / "a {cache} 100%*")
    cache.load([label("l1", "A"), label("l2", "A", "a"), {"id": "l3", "jsonResponse": None}])
    cache.load([label("l4", "b.c"), label("l5", "A", "b.c")])
    return cache


def test_rows_are_those_of_the_cache(spark: SparkSession, cache: LabelCache) -> None:
    found = cached(spark, cache.folder)
    own = cache.to_arrow().read_all()
    assert found.columns == own.column_names
    rows = found.drop("created").orderBy("id").toArrow().to_pylist()
    assert rows == own.drop_columns(["created"]).sort_by("id").to_pylist()
    assert [(row["id"], row["J/A"], row["J/b.c"], row["fault"]) for row in rows] == [
        ("l1", 1, 0, None),
        ("l2", 1, 0, None),
        ("l3", None, None, "unknown"),
        ("l4", 0, 1, None),
        ("l5", 1, 1, None),
    ]


@pytest.mark.parametrize("query", ["J.A", "NOT J.a", 'J."b.c".count + J.A.count > 1'])
def test_queries(spark: SparkSession, cache: LabelCache, query: str) -> None:
    found = cached(spark, cache.folder)
    found.createOrReplaceTempView("cached_labels")
    expected = sorted(one["id"] for one in cache.labels(fields=["id"], category_search=query))
    assert expected
    sql = kq.parse(query).to_sql("spark", table="cached_labels")
    assert sorted(row.id for row in spark.sql(sql).collect()) == expected
    if "b.c" not in query:
        narrow = found.drop("J/b.c")
        assert sorted(row.id for row in frames.filter(narrow, query).collect()) == expected


def test_versions(spark: SparkSession, cache: LabelCache) -> None:
    assert [cached(spark, cache.folder, number).count() for number in (0, 1)] == [3, 5]
    assert "J/b.c" not in cached(spark, cache.folder, 0).columns
    with pytest.raises(CacheError, match="has no version 7: it has 0 to 1"):
        cached(spark, cache.folder, 7)


def test_what_is_refused(spark: SparkSession, cache: LabelCache, tmp_path: Path) -> None:
    with pytest.raises(CacheError, match="holds no labels yet: fill the cache first"):
        cached(spark, tmp_path / "none")
    with setting(spark, "spark.sql.caseSensitive", "false"), pytest.raises(ValueError, match="`J/A` and `J/a` differ"):
        cached(spark, cache.folder)
