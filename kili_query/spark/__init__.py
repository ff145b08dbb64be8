"""Counts of labels in a Spark DataFrame, made where the data is."""

from kili_query._extras import load

load("kili_query.spark.counts", "`kili_query.spark`", "spark")  # says what to install, where something lacks

from kili_query.spark.counts import with_counts  # noqa: E402

__all__ = ["with_counts"]
