"""Simplification against parsing, and how long verdicts take: ``pytest --benchmark-only``."""

import random
from collections.abc import Callable

import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from kili_query.logic import equivalent, implies, satisfiable, simplify
from kili_query.syntax import parse_tree
from tests.benchmarks.ratios import record_figure, record_ratios
from tests.benchmarks.rounds import best_times_s


def comparison(rng: random.Random, jobs: int, categories: int) -> str:
    op = rng.choice((">", "<", ">=", "<=", "=="))
    return f"JOB_{rng.randrange(jobs)}.CAT_{rng.randrange(categories)}.count {op} {rng.randrange(20)}"


def mixed(rng: random.Random, size: int, level: int = 0) -> str:
    if size == 1:
        return comparison(rng, 10, 10)
    half = max(1, size // 2)
    op = (" AND ", " OR ")[level % 2]
    return f"({mixed(rng, half, level + 1)}{op}{mixed(rng, size - half, level + 1)})"


def clauses(rng: random.Random, size: int, width: int, jobs: int) -> str:
    return " AND ".join(
        "(" + " OR ".join(comparison(rng, jobs, 1) for _ in range(width)) + ")" for _ in range(size // width)
    )


@pytest.mark.parametrize("shape", ["wide", "mixed"])
def test_simplify_a_thousand_comparisons(benchmark: BenchmarkFixture, shape: str) -> None:
    texts = {
        "wide": " OR ".join(f"JOB_{i}.CAT_{i}.count > {i}" for i in range(1000)),
        "mixed": mixed(random.Random(1), 1000),
    }
    text = texts[shape]
    tree = parse_tree(text)
    times_s = best_times_s({"simplify": lambda: simplify(tree), "its own parse": lambda: parse_tree(text)}, 5)
    what = f"simplify, 1000 comparisons, {shape}"
    record_ratios(benchmark, what, times_s, goals={"its own parse": 0.2})
    assert benchmark(simplify, tree) is not None


@pytest.mark.parametrize("question", [implies, equivalent], ids=["implies", "equivalent"])
def test_fifty_comparisons_over_twenty_counters(benchmark: BenchmarkFixture, question: Callable[..., object]) -> None:
    rng = random.Random(2)
    left, right = (parse_tree(clauses(rng, 50, 2, 20)) for _ in range(2))
    assert benchmark(question, left, right) is not None
    what = f"{question.__name__}, 50 comparisons over 20 counters"
    record_figure(benchmark, what, benchmark.stats.stats.median * 1000, "ms", at_most=10)


def test_three_sat_stops(benchmark: BenchmarkFixture) -> None:
    rng = random.Random(3)
    parts = []
    for _ in range(256):
        chosen = rng.sample(range(60), 3)
        parts.append("(" + " OR ".join(f"J.C{one}.count {rng.choice(('> 0', '== 0'))}" for one in chosen) + ")")
    tree = parse_tree(" AND ".join(parts))
    assert benchmark(satisfiable, tree) is not None
    record_figure(benchmark, "3-SAT, until it gives up", benchmark.stats.stats.median * 1000, "ms", at_most=100)
