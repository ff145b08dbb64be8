"""A version of a label cache as a DataFrame: Spark reads the files that the Delta log names, as plain Parquet."""

import json
import os
import re

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F  # noqa: N812 - the usual name
from pyspark.sql.types import StructType

from kili_query.errors import CacheError
from kili_query.extras import load
from kili_query.spark.counts import check_names, column, is_case_sensitive
from kili_query.targets.column_names import FAULT

_GLOB = re.compile(r"[\\*?\[\]{}]")


def cached(spark: SparkSession, path: str | os.PathLike[str], version: int | None = None) -> DataFrame:
    """Return the labels of one version of a label cache, one row each, without their contents.

    Spark needs no jars for this, and nothing is read before the frame is used. The driver reads the log of the table
    for the names of the files, which the workers must find at the same paths.

    Args:
        spark: the session.
        path: the folder of the cache; see `kili_query.cache.LabelCache`.
        version: one of its versions; None for the latest.

    Returns:
        The columns of `LabelCache.to_polars`: fields of labels, ``fault``, and one column for each counter, which is 0
        where a file is older than the counter, and null where there is a fault.

    Raises:
        CacheError: the folder holds no cache or no such version, or the cache is damaged.
        ValueError: names of columns differ only in case, and ``spark.sql.caseSensitive`` is not set.

    Example:
        >>> labels = cached(spark, "street.cache")  # doctest: +SKIP
        >>> kili_query.frames.filter(labels, "OBJECTS.CAR.count > 3").count()  # doctest: +SKIP
    """
    load("kili_query.cache.tables", "`kili_query.spark.cached`", "cache")
    from kili_query.cache.columns import COLUMNS
    from kili_query.cache.tables import Tables

    tables = Tables.open(path, version, whole=True).require_complete()
    if tables.labels is None:
        raise CacheError(f"`{tables.folder}` holds no labels yet: fill the cache first")
    counters = tables.counters()
    check_names([*COLUMNS, FAULT, *counters], is_case_sensitive=is_case_sensitive(spark))
    schema = StructType.fromJson(json.loads(tables.labels.schema().to_json()))
    files = [_GLOB.sub(r"\\\g<0>", str(path.absolute())) for path in tables.files()]
    if files:
        rows = spark.read.schema(schema).option("basePath", str(tables.folder.absolute() / "labels")).parquet(*files)
    else:
        rows = spark.createDataFrame([], schema)
    for name in set(COLUMNS) - set(schema.names):  # an earlier release filled the cache: it kept fewer numbers
        rows = rows.withColumn(name, F.lit(None).cast("double"))
    is_known = column(FAULT).isNull()
    counts = [F.when(is_known, F.coalesce(column(stored), F.lit(0))).alias(name) for name, stored in counters.items()]
    return rows.select(*map(column, (*COLUMNS, FAULT)), *counts)
