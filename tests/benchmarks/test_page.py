"""The page: how long its calls take over many labels, each for a query that was not asked before."""

from collections.abc import Callable
from pathlib import Path
from time import perf_counter
from typing import Any

import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from kili_query.cache import LabelCache
from kili_query.page.cached import CacheSource, FileSource
from kili_query.page.calls import answer
from kili_query.page.plain import PlainSource
from kili_query.page.source import PageSource
from tests.benchmarks.cached_labels import write_cached
from tests.benchmarks.label_sets import ONTOLOGY
from tests.benchmarks.ratios import record_figure
from tests.benchmarks.sizes import TABLE_LABELS

ROUNDS = 5
FEWER = TABLE_LABELS // 10
QUERIES: dict[str, Callable[[int], str]] = {
    "few match": lambda number: f"OBJECTS.PERSON.count >= 3 AND SCENE.VEHICLE AND OBJECTS.CAR.count != {number + 9}",
    "most match": lambda number: f"NOT OBJECTS.ZEBRA OR OBJECTS.CAR.count > {number + 9}",
    "sums": lambda number: f"OBJECTS.PERSON.count + OBJECTS.CAR.count >= {number % 4} OR SCENE.SPORTS",
}
CALLS: dict[str, dict[str, Any]] = {
    "check": {},
    "run": {"pictures": False},
    "histogram": {},
    "complete": {},
    "format": {"add": "OBJECTS.BUS.count == 1"},
}


def times_ms(source: PageSource) -> dict[str, float]:
    """The time of each call, for the query that takes it longest; warm, as after the first keystroke."""
    worst = dict.fromkeys(CALLS, 0.0)
    for name, query in QUERIES.items():
        best = dict.fromkeys(CALLS, float("inf"))
        for number in range(ROUNDS):
            for call, more in CALLS.items():
                source._found.clear()  # so that no call profits from the one before
                start = perf_counter()
                found = answer(source, call, {"query": query(number), **more})
                best[call] = min(best[call], 1e3 * (perf_counter() - start))
                assert "error" not in found, (name, found)
        worst = {call: max(worst[call], best[call]) for call in CALLS}
    return worst


def record(benchmark: BenchmarkFixture, source: PageSource, what: str, at_most_ms: float) -> None:
    for call, time_ms in times_ms(source).items():
        record_figure(
            benchmark, f"page: {call} over {source.n_labels:,} labels {what}", time_ms, "ms", at_most=at_most_ms
        )


@pytest.mark.benchmark(group="the page")
def test_labels_of_files(benchmark: BenchmarkFixture, tmp_path: Path) -> None:
    path = str(write_cached(tmp_path / "labels.ndjson", 0, FEWER))
    record(benchmark, FileSource.of(path, ontology=ONTOLOGY), "of a file", 100)
    record(benchmark, PlainSource.of(path, ontology=ONTOLOGY), "in memory", 100)
    benchmark.pedantic(lambda: None, rounds=1)


@pytest.mark.benchmark(group="the page")
def test_a_cache(benchmark: BenchmarkFixture, tmp_path: Path) -> None:
    cache = LabelCache(tmp_path / "cache")
    cache.load(write_cached(tmp_path / "labels.ndjson", 0, TABLE_LABELS), ontology=ONTOLOGY)
    record(benchmark, CacheSource.of(str(cache.folder)), "of a cache", 500)
    benchmark.pedantic(lambda: None, rounds=1)
