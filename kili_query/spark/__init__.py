"""Counts of labels in a Spark DataFrame: computed on the workers, or read from a label cache."""

from kili_query.extras import load

load("kili_query.spark.counts", "`kili_query.spark`", "spark")  # its error names the missing extra

from kili_query.spark.counts import with_counts  # noqa: E402
from kili_query.spark.stored import cached  # noqa: E402

__all__ = ["cached", "with_counts"]
