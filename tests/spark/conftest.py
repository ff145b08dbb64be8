"""One Spark for all tests here."""

from collections.abc import Iterator

import pytest
from pyspark.sql import SparkSession

from tests.spark_session import spark_session


@pytest.fixture(scope="session")
def spark() -> Iterator[SparkSession]:
    """Spark on two cores, that tells names apart that differ in case alone."""
    with spark_session() as session:
        session.conf.set("spark.sql.caseSensitive", "true")
        yield session
