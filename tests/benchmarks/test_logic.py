"""Simplification against parsing, and verdicts against z3: ``pytest --benchmark-only``."""

import random
import time
from collections.abc import Callable

import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from kili_query.logic import equivalent, implies, satisfiable, simplify
from kili_query.syntax import parse_tree


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


def best_time_s(work: Callable[[], object]) -> float:
    times = []
    for _ in range(5):
        start = time.perf_counter()
        work()
        times.append(time.perf_counter() - start)
    return min(times)


@pytest.mark.parametrize("shape", ["wide", "mixed"])
def test_simplify_a_thousand_comparisons(benchmark: BenchmarkFixture, shape: str) -> None:
    texts = {
        "wide": " OR ".join(f"JOB_{i}.CAT_{i}.count > {i}" for i in range(1000)),
        "mixed": mixed(random.Random(1), 1000),
    }
    text = texts[shape]
    tree = parse_tree(text)
    parse_time_s = best_time_s(lambda: parse_tree(text))
    benchmark.extra_info["times the parse"] = round(best_time_s(lambda: simplify(tree)) / parse_time_s, 1)
    assert benchmark(simplify, tree) is not None


@pytest.mark.parametrize("question", [implies, equivalent], ids=["implies", "equivalent"])
def test_fifty_comparisons_over_twenty_counters(benchmark: BenchmarkFixture, question: Callable[..., object]) -> None:
    rng = random.Random(2)
    left, right = (parse_tree(clauses(rng, 50, 2, 20)) for _ in range(2))
    assert benchmark(question, left, right) is not None


def test_three_sat_stops(benchmark: BenchmarkFixture) -> None:
    rng = random.Random(3)
    parts = []
    for _ in range(256):
        chosen = rng.sample(range(60), 3)
        parts.append("(" + " OR ".join(f"J.C{one}.count {rng.choice(('> 0', '== 0'))}" for one in chosen) + ")")
    tree = parse_tree(" AND ".join(parts))
    assert benchmark(satisfiable, tree) is not None
