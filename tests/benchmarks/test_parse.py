"""Parsing against the official client's validator, which reads the same texts and builds no tree."""

from collections.abc import Iterator
from itertools import count

import pytest
from pytest_benchmark.fixture import BenchmarkFixture

import kili_query as kq
from kili_query.syntax import Limits
from tests.benchmarks.ratios import record_figure, record_ratios
from tests.peers.official import LATEST, OfficialValidator, official_validator

DOCUMENTED = {
    "one comparison": "JOB_CLASSIF.CATEGORY_A{n}.count > 0",
    "two with OR": "JOB_CLASSIF.CATEGORY_A{n}.count > 0 OR JOB_NER.CATEGORY_B.count > 0",
    "three with parentheses": (
        "(JOB_CLASSIF.CATEGORY_A{n}.count > 0 OR JOB_NER.CATEGORY_B.count > 0) AND JOB_BBOX.CATEGORY_C.count > 10"
    ),
}


@pytest.fixture(scope="module")
def official() -> Iterator[OfficialValidator]:
    with official_validator(LATEST) as validator:
        yield validator


@pytest.mark.parametrize("name", DOCUMENTED)
def test_documented_query(name: str, benchmark: BenchmarkFixture, official: OfficialValidator) -> None:
    numbers = count()

    def fresh() -> tuple[tuple[str], dict[str, object]]:
        return (DOCUMENTED[name].format(n=next(numbers)),), {}

    query = benchmark.pedantic(kq.parse, setup=fresh, rounds=2000, warmup_rounds=50)
    assert len(query.counters) == len(DOCUMENTED[name].split(" OR ")[0:]) + name.startswith("three")
    peer = official.time_s(DOCUMENTED[name].format(n=0), repeats=50)
    times_s = {"parse": benchmark.stats.stats.min, "official validator": peer}
    record_ratios(benchmark, f"parse, {name}", times_s, goals={"official validator": 6}, in_plot=True)


def long_text(comparisons: int, start: int) -> str:
    return " OR ".join(f"JOB_{i % 7}.CATEGORY_{i}.count > {i}" for i in range(start, start + comparisons))


@pytest.mark.parametrize("comparisons", [1000, 10_000])
def test_long_query(comparisons: int, benchmark: BenchmarkFixture, official: OfficialValidator) -> None:
    limits = Limits(length=1_000_000)
    numbers = count()

    def fresh() -> tuple[tuple[str], dict[str, object]]:
        return (long_text(comparisons, next(numbers)),), {"limits": limits}

    query = benchmark.pedantic(kq.parse, setup=fresh, rounds=10, warmup_rounds=1)
    assert len(query.counters) == comparisons
    per_comparison = benchmark.stats.stats.min / comparisons * 1e6
    what = f"parse, {comparisons} comparisons"
    record_figure(benchmark, what, per_comparison, "µs per comparison", at_most=None)
    if comparisons == 1000:
        peer = official.time_s(long_text(comparisons, 0), repeats=5)
        times_s = {"parse": benchmark.stats.stats.min, "official validator": peer}
        record_ratios(benchmark, what, times_s, goals={"official validator": 2}, in_plot=True)
