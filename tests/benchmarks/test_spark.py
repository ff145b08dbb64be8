"""Spark on two cores: the cost of a label does not depend on how many there are.

The labels are some contents again and again, each with an id of its own: so a million of them, seven gigabytes, need no
disk, and the ids that the reference finds are known. What is measured is to hand the JSON to the workers, to count
every pair of the ontology, to filter, and to bring the ids that match; not to read files.
"""

import json
import time
from collections.abc import Iterator

import pyarrow as pa
import pytest
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F  # noqa: N812
from pytest_benchmark.fixture import BenchmarkFixture

import kili_query as kq
from kili_query.frames import count_table
from kili_query.spark import with_counts
from kili_query.targets.sql import to_sql
from tests import reference
from tests.benchmarks.label_sets import ONTOLOGY, label
from tests.benchmarks.ratios import record_figure, record_ratios
from tests.benchmarks.rounds import best_times_s
from tests.benchmarks.sizes import TABLE_LABELS
from tests.spark_session import spark_session

QUERY = kq.parse("OBJECTS.PERSON.count >= 3 AND SCENE.VEHICLE.count > 0")
FEW, SOME, MANY = TABLE_LABELS // 10, TABLE_LABELS * 3 // 10, TABLE_LABELS
N_CONTENTS = 2000
MOST_GROWTH = 1.5  # of the cost of a label, from a few to many


@pytest.fixture(scope="module")
def spark() -> Iterator[SparkSession]:
    with spark_session() as session:
        yield session


@pytest.fixture(scope="module")
def texts() -> list[str]:
    return [json.dumps(label(number)["jsonResponse"]) for number in range(N_CONTENTS)]


def labels(spark: SparkSession, texts: list[str], n_labels: int) -> DataFrame:
    contents = spark.createDataFrame(pa.table({"number": range(len(texts)), "json": texts}))
    ids = spark.range(n_labels, numPartitions=2).withColumn("number", F.col("id") % len(texts))
    return ids.join(F.broadcast(contents), "number").select("id", "json")


def search(spark: SparkSession, texts: list[str], n_labels: int) -> set[int]:
    with_counts(labels(spark, texts, n_labels), "json", ONTOLOGY).createOrReplaceTempView("labels")
    return set(spark.sql(to_sql(QUERY.tree, "spark")).toArrow()["id"].to_pylist())


@pytest.mark.benchmark(group="Spark, a million labels")
def test_a_million_labels(benchmark: BenchmarkFixture, spark: SparkSession, texts: list[str]) -> None:
    tree = QUERY.bind(ONTOLOGY).tree
    matching = [reference.matches(tree, json.loads(text), ontology=ONTOLOGY) for text in texts]
    search(spark, texts, FEW)  # starts the workers, and lets Java compile
    sample = [text.encode() for text in texts]
    times_s = best_times_s(
        {
            "few": lambda: search(spark, texts, FEW),
            "some": lambda: search(spark, texts, SOME),
            "alone": lambda: count_table(sample, ONTOLOGY, at=""),
        },
        rounds=2,
    )
    start = time.perf_counter()
    found = benchmark.pedantic(search, (spark, texts, MANY), rounds=1)
    many_s = time.perf_counter() - start
    per_label_us = {
        f"a label of {MANY:,}": many_s / MANY * 1e6,
        f"a label of {SOME:,}": times_s["some"] / SOME * 1e6,
        f"a label of {FEW:,}": times_s["few"] / FEW * 1e6,
        "`count_table` alone, on one core": times_s["alone"] / N_CONTENTS * 1e6,
    }
    goals = {f"a label of {FEW:,}": 1 / MOST_GROWTH}
    record_ratios(benchmark, f"Spark, a label of {MANY:,}", per_label_us, goals=goals)
    record_figure(benchmark, f"Spark, a label of {MANY:,}", many_s / MANY * 1e6, "µs per label", at_most=None)
    record_figure(benchmark, "Spark, the content of a label", sum(map(len, sample)) / N_CONTENTS, "bytes", at_most=None)
    assert found == {one for one in range(MANY) if matching[one % N_CONTENTS]}
    assert many_s / MANY < MOST_GROWTH * times_s["few"] / FEW, f"the cost of a label grows: {per_label_us}"
