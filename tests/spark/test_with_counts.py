"""Count columns in a Spark DataFrame: made on the workers, once, and filtered to the ids that the reference finds."""

import json
from collections.abc import Iterator
from contextlib import contextmanager

import narwhals as nw
import pyarrow as pa
import pytest
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F  # noqa: N812
from pyspark.sql.types import IntegerType, StringType

import kili_query as kq
from kili_query import frames
from kili_query.counting import CountPolicy
from kili_query.ontology import Ontology
from kili_query.spark import with_counts
from kili_query.syntax import parse_tree
from kili_query.targets.columns import to_narwhals
from kili_query.targets.sql import to_sql
from tests import reference
from tests.benchmarks.label_sets import ONTOLOGY, labels

N_LABELS = 4_000
QUERIES = [
    "OBJECTS.PERSON.count >= 3 AND NOT SCENE.VEHICLE",
    "OBJECTS.CAR.count == 0",
    "OBJECTS.CAR.count + OBJECTS.BUS.count > BOXES.PERSON.count",
    "SIZE.SMALL OR SIZE.LARGE.count >= 2",
    "OBJECTS.ZEBRA.count >= 0",
]
CONTENTS: list[object] = [one["jsonResponse"] for one in labels(196, mean_vertices=4)]
CONTENTS += [None, {"OBJECTS": 1}, {}, [1]]


@pytest.fixture(scope="module")
def df(spark: SparkSession) -> DataFrame:
    """Many labels: some contents, again and again."""
    contents = spark.createDataFrame(pa.table({"number": range(200), "json": [json.dumps(one) for one in CONTENTS]}))
    ids = spark.range(N_LABELS, numPartitions=2).withColumn("number", F.col("id") % 200)
    return ids.join(F.broadcast(contents), "number")


def ids_of(frame: DataFrame) -> set[int]:
    return set(frame.select("id").toArrow()["id"].to_pylist())


def matching(text: str) -> set[int]:
    tree = kq.parse(text).bind(ONTOLOGY).tree
    found = set()
    for number, content in enumerate(CONTENTS):
        try:
            reference.count(content, ontology=ONTOLOGY)  # a malformed label is so wherever the query looks
            if reference.matches(tree, content, ontology=ONTOLOGY):
                found.add(number)
        except kq.DataError:
            continue
    return {label for label in range(N_LABELS) if label % 200 in found}


@pytest.mark.parametrize("text", QUERIES)
def test_the_same_ids_as_the_reference(df: DataFrame, text: str) -> None:
    counted = with_counts(df, "json", ONTOLOGY)
    tree = parse_tree(text)
    counted.createOrReplaceTempView("labels")
    expected = matching(text)
    assert expected
    assert ids_of(nw.from_native(counted).filter(to_narwhals(tree, columns=counted.columns)).to_native()) == expected
    assert ids_of(df.sparkSession.sql(to_sql(tree, "spark"))) == expected


def test_filters_of_frames(df: DataFrame) -> None:
    counted = with_counts(df.where("id < 400"), "json", ONTOLOGY)
    found = frames.filter(counted, QUERIES[0], ontology=ONTOLOGY)
    assert isinstance(found, DataFrame)
    assert ids_of(found) == {label for label in matching(QUERIES[0]) if label < 400}
    unbound = nw.from_native(counted).filter(to_narwhals(parse_tree(QUERIES[0]))).to_native()
    assert ids_of(unbound) == {label for label in matching(QUERIES[0]) if label < 400}


def test_the_same_columns_as_a_count_table(df: DataFrame) -> None:
    own = df.where("id < 200").orderBy("id").drop("number")
    counted = with_counts(own, "json", ONTOLOGY)
    assert counted.columns[:2] == ["id", "json"]
    assert counted.schema["fault"].dataType == StringType()
    assert counted.schema["SIZE/SMALL"].dataType == IntegerType()
    wrapped = [{"id": str(number), "jsonResponse": content} for number, content in enumerate(CONTENTS)]
    table = frames.count_table(wrapped, ONTOLOGY)
    columns = [*table.column_names[table.column_names.index("fault") :]]
    assert counted.columns[2:] == columns
    assert counted.orderBy("id").select(columns).toArrow().to_pylist() == table.select(columns).to_pylist()


def test_counts_are_made_once_and_late(df: DataFrame) -> None:
    """Nothing runs until Spark is asked, and a filter that reads several columns does not count again."""
    counted = with_counts(df, "json", ONTOLOGY).where("`OBJECTS/CAR` > 1 AND `SIZE/SMALL` = 0")
    assert plan_of(counted).count("ArrowEvalPython") == 1
    assert plan_of(counted.select("id", "fault", "OBJECTS/BUS")).count("ArrowEvalPython") == 1
    assert "ArrowEvalPython" not in plan_of(with_counts(df, "json", ONTOLOGY).select("id"))


def plan_of(frame: DataFrame) -> str:
    return str(frame._jdf.queryExecution().optimizedPlan().toString())


def test_labels_and_binary(spark: SparkSession) -> None:
    label = {"id": "a", "jsonResponse": {"SCENE": {"categories": [{"name": "INDOOR"}]}}}
    texts = [json.dumps(label), json.dumps(label | {"jsonResponse": json.dumps(label["jsonResponse"])}), '{"id": "b"}']
    df = spark.createDataFrame(pa.table({"json": pa.array([text.encode() for text in texts])}))
    counted = with_counts(df, "json", ONTOLOGY, at="jsonResponse").select("fault", "SCENE/INDOOR").collect()
    assert [tuple(row) for row in counted] == [(None, 1), (None, 1), ("unknown", None)]


def test_a_policy(spark: SparkSession) -> None:
    job = {"mlTask": "CLASSIFICATION", "content": {"input": "radio", "categories": {"A": {"name": "a"}}}}
    ontology = Ontology.from_json_interface({"jobs": {"J": job}}, input_type="VIDEO")
    frame = {"J": {"categories": [{"name": "A"}]}}
    df = spark.createDataFrame(pa.table({"json": [json.dumps({"0": frame, "1": frame})]}))
    policies = [CountPolicy(), CountPolicy(video="frames")]
    counted = [with_counts(df, "json", ontology, policy=policy).select("J/A").first() for policy in policies]
    assert [row and row[0] for row in counted] == [1, 2]


HOSTILE = ["a.b", "`", "a`b.c", "*", "n1", "fault", "n0.n1", " ", "", "é%/", "\0", "'; DROP TABLE labels; --"]


def test_hostile_names(spark: SparkSession) -> None:
    categories = {name: {"name": "x"} for name in HOSTILE}
    job = {"mlTask": "CLASSIFICATION", "content": {"input": "checkbox", "categories": categories}}
    ontology = Ontology.from_json_interface({"jobs": {"J": job}})
    contents = [{"J": {"categories": [{"name": name}]}} for name in HOSTILE]
    df = spark.createDataFrame(pa.table({"a.b`": [json.dumps(content) for content in contents]}))
    counted = with_counts(df, "a.b`", ontology).toArrow()
    assert counted.column_names == ["a.b`", "fault", *(frames.column_name("J", name) for name in HOSTILE)]
    for row, name in enumerate(HOSTILE):
        own = {frames.column_name("J", other): int(other == name) for other in HOSTILE}
        assert {key: value for key, value in counted.slice(row, 1).to_pylist()[0].items() if "J/" in key} == own


def test_names_that_narwhals_reads_as_paths(spark: SparkSession) -> None:
    df = spark.createDataFrame(pa.table({"id": [1], "J/a.b": [2], "J/`": [2], "J/c": ["2"]}))
    for name in ("a.b", "`"):
        with pytest.raises(kq.NotExpressible, match="name has a dot or a backtick"):
            frames.filter(df, kq.job("J")[name].count > 1)
    df.createOrReplaceTempView("labels")
    assert spark.sql((kq.job("J")["a.b"].count > 1).to_sql("spark")).count() == 1
    assert frames.filter(df, 'J."d.e".count == 0').count() == 1
    with pytest.raises(TypeError, match="`J/c` must hold numbers, not `String`"):
        frames.filter(df, "J.c")


@contextmanager
def setting(spark: SparkSession, name: str, value: str) -> Iterator[None]:
    before = spark.conf.get(name)
    spark.conf.set(name, value)
    yield
    spark.conf.set(name, before)


def test_what_is_refused(spark: SparkSession) -> None:
    df = spark.createDataFrame(pa.table({"id": [1], "json": ["{}"]}))
    with pytest.raises(ValueError, match="no column `jsonn`: the frame has `id`, `json`"):
        with_counts(df, "jsonn", ONTOLOGY)
    with pytest.raises(TypeError, match=r"the column `id` must be text, not `bigint`: .* `to_json`"):
        with_counts(df, "id", ONTOLOGY)
    with pytest.raises(TypeError, match="the frame must be a Spark DataFrame, not `Table`: see `count_table`"):
        with_counts(pa.table({"json": ["{}"]}), "json", ONTOLOGY)  # type: ignore[arg-type]  # that is the point
    with pytest.raises(ValueError, match="two columns `fault`: rename"):
        with_counts(with_counts(df, "json", ONTOLOGY), "json", ONTOLOGY)
    categories = {"A": {"name": "A"}, "a": {"name": "a"}}
    job = {"mlTask": "CLASSIFICATION", "content": {"input": "radio", "categories": categories}}
    ontology = Ontology.from_json_interface({"jobs": {"J": job}})
    assert with_counts(df, "json", ontology).columns[-2:] == ["J/A", "J/a"]
    with setting(spark, "spark.sql.caseSensitive", "false"):
        with pytest.raises(ValueError, match=r"`J/A` and `J/a` differ only in case: set `spark.sql.caseSensitive`"):
            with_counts(df, "json", ontology)
        with pytest.raises(ValueError, match="`Fault` and `fault` differ only in case"):
            with_counts(df.withColumnRenamed("id", "Fault"), "json", ONTOLOGY)
