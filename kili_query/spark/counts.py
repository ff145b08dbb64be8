"""Add a column for each counter to a DataFrame with labels as JSON."""

from collections.abc import Callable, Iterable
from typing import Any

import pyarrow as pa
from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as F  # noqa: N812 - the usual name
from pyspark.sql.functions import arrow_udf  # type: ignore[attr-defined]  # it is public, but its stubs do not say so
from pyspark.sql.types import BinaryType, IntegerType, StringType, StructField, StructType

from kili_query.counting import DEFAULT_POLICY, CountPolicy
from kili_query.ontology import Ontology, OntologySource
from kili_query.spark.batches import count_texts, field_name
from kili_query.targets.column_names import FAULT, column_name


def with_counts(
    df: DataFrame, json_column: str, ontology: OntologySource, *, policy: CountPolicy = DEFAULT_POLICY, at: str = ""
) -> DataFrame:
    """Add one column for each counter, computed on the workers when Spark runs the frame; nothing comes to the driver.

    Args:
        df: a frame with a label in each row.
        json_column: the column with the labels, JSON as text or binary.
        ontology: the project's ontology, or the path of its file. Each of its (job, category) pairs becomes a column,
            even if no label has it.
        policy: the rule for objects in videos.
        at: the field of a label that holds its content, an object or JSON text, such as ``"jsonResponse"``; empty if
            each text is the content itself.

    Returns:
        The frame with more columns. First comes ``fault``, text: null if the counts are known, ``unknown`` for null,
        for a label without content and for content that is not JSON, ``malformed`` for a malformed label. Then come the
        counts, int, in objects per label, named and ordered as by `kili_query.frames.count_table`, and null if there is
        a fault. Categories that the ontology does not have are not counted.

    Raises:
        ValueError: the column does not exist, or a new column has the name of another one. Names that differ only in
            case are equal unless ``spark.sql.caseSensitive`` is set.
        TypeError: the frame is not a Spark DataFrame, or the column is neither text nor binary.

    Note:
        Counting is one Arrow UDF. Only the JSON column is passed to it, and it runs once, however many columns are
        used. Each worker needs this package.

    Example:
        >>> from kili_query.targets.sql import to_sql_condition
        >>> counted = with_counts(spark.table("labels"), "json", ontology)  # doctest: +SKIP
        >>> counted.where(to_sql_condition(query.tree, "spark", table="labels"))  # doctest: +SKIP
    """
    known = Ontology.of(ontology)
    names = [column_name(*pair) for pair in known.pairs()]
    _check_column(df, json_column)
    check_names([*df.columns, FAULT, *names], is_case_sensitive=is_case_sensitive(df.sparkSession))
    fields = {field_name(number): name for number, name in enumerate(names)}
    kind = StructType([StructField(FAULT, StringType()), *(StructField(field, IntegerType()) for field in fields)])
    # Declared as not deterministic: otherwise Spark may run it again for a filter, or for each column that is used.
    counts = arrow_udf(_counter(known, policy, at), kind).asNondeterministic()
    counted = df.select("*", counts(column(json_column)).alias(_COUNTS))
    kept = [column(name) for name in df.columns]
    added = [F.col(f"{_COUNTS}.{field}").alias(name) for field, name in ({FAULT: FAULT} | fields).items()]
    return counted.select(*kept, *added)


_COUNTS = "__kili_query_counts"


def _counter(ontology: Ontology, policy: CountPolicy, at: str) -> Callable[["pa.Array[Any]"], "pa.Array[Any]"]:
    def count(texts: pa.Array) -> pa.Array:  # type: ignore[type-arg]  # Spark reads these annotations, and supports no others
        return count_texts(texts, ontology, policy, at)

    return count


def column(name: str) -> Column:
    """Return the column with this name, whatever characters it has."""
    return F.col("`" + name.replace("`", "``") + "`")


def _check_column(df: object, name: str) -> None:
    if not isinstance(df, DataFrame):
        raise TypeError(f"the frame must be a Spark DataFrame, not `{type(df).__name__}`: see `count_table`")
    kinds = {field.name: field.dataType for field in df.schema.fields}
    if name not in kinds:
        raise ValueError(f"no column `{name}`: the frame has {', '.join(f'`{one}`' for one in kinds)}")
    if not isinstance(kinds[name], StringType | BinaryType):
        kind = kinds[name].simpleString()
        raise TypeError(f"the column `{name}` must be text, not `{kind}`: write it as JSON, for example by `to_json`")


def is_case_sensitive(spark: SparkSession) -> bool:
    """Return whether names that differ only in case are different names."""
    return str(spark.conf.get("spark.sql.caseSensitive", "false")).lower() == "true"


def check_names(names: Iterable[str], *, is_case_sensitive: bool) -> None:
    """Raise if two columns would have one name.

    Raises:
        ValueError: names both.
    """
    first: dict[str, str] = {}
    for name in names:
        key = name if is_case_sensitive else name.lower()
        if first.get(key) == name:
            raise ValueError(f"the frame would have two columns `{name}`: rename the existing one")
        if key in first:
            raise ValueError(
                f"the columns `{first[key]}` and `{name}` differ only in case: set `spark.sql.caseSensitive` to true"
            )
        first[key] = name
