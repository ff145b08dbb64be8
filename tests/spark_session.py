"""A small Spark of our own, in the process of the tests: two cores, one gigabyte, no network."""

import os
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pyspark.sql import SparkSession

__all__ = ["spark_session"]

_CONFIGURATION = {
    "spark.driver.bindAddress": "127.0.0.1",
    "spark.driver.host": "127.0.0.1",
    "spark.driver.memory": "1g",
    "spark.sql.shuffle.partitions": "2",
    "spark.sql.session.timeZone": "UTC",
    "spark.sql.variable.substitute": "false",  # else `${HOME}` in a name is replaced
    "spark.ui.enabled": "false",
    "spark.ui.showConsoleProgress": "false",
}


@contextmanager
def spark_session() -> Iterator[SparkSession]:
    """Spark on two cores of this machine; it ends with the block."""
    assert _has_java(), "these tests run Spark, which needs Java 17: apt-get install openjdk-17-jre-headless"
    os.environ["PYSPARK_PYTHON"] = os.environ["PYSPARK_DRIVER_PYTHON"] = sys.executable
    os.environ.setdefault("SPARK_LOCAL_IP", "127.0.0.1")
    builder = SparkSession.builder.master("local[2]").appName("kili-query")
    for key, value in _CONFIGURATION.items():
        builder = builder.config(key, value)
    session = builder.getOrCreate()
    session.sparkContext.setLogLevel("ERROR")
    yield session
    session.stop()


def _has_java() -> bool:
    """Whether Spark will find Java: where JAVA_HOME says, on the path, or where Debian keeps it."""
    if "JAVA_HOME" in os.environ:
        return (Path(os.environ["JAVA_HOME"]) / "bin" / "java").exists()
    if shutil.which("java"):
        return True
    homes = sorted(Path("/usr/lib/jvm").glob("*/bin/java"))
    if homes:
        os.environ["JAVA_HOME"] = str(homes[0].parents[1])
    return bool(homes)
