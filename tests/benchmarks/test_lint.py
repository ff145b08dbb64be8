"""Searches found in files: the shapes that cost most for their length."""

import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from kili_query.source import Source
from tests.benchmarks.ratios import record_figure
from tests.benchmarks.rounds import best_times_s
from tests.lint.test_growth import SHAPES


@pytest.mark.parametrize("shape", SHAPES)
def test_twice_the_length_takes_twice_the_time(shape: str, benchmark: BenchmarkFixture) -> None:
    finder, text = SHAPES[shape]
    small, large = (Source(text(size)) for size in (4000, 8000))
    peers = {"small": lambda: list(finder(small)), "large": lambda: list(finder(large))}
    times_s = best_times_s(peers, rounds=2)
    benchmark.pedantic(peers["small"], rounds=1)
    growth = times_s["large"] / max(times_s["small"], 0.005)  # less is noise
    record_figure(benchmark, f"lint, {shape}: time for twice the length", growth, "times", at_most=3)
