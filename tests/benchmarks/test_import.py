"""Importing the package, cold, against importing the official client: each in a process of its own."""

import subprocess
import sys
from pathlib import Path

from pytest_benchmark.fixture import BenchmarkFixture

from tests.benchmarks.ratios import record_figure, record_ratios
from tests.peers.official import LATEST

ROOT = Path(__file__).resolve().parents[2]
TIMED = "import time; start = time.perf_counter()\n{program}\nprint(time.perf_counter() - start)"


def import_time_s(python: Path | str, name: str, then: str = "") -> float:
    program = TIMED.format(program=f"import {name}\n{then}")
    told = subprocess.run([python, "-c", program], capture_output=True, text=True, check=True, cwd=ROOT)
    return float(told.stdout.splitlines()[-1])


def test_import(benchmark: BenchmarkFixture) -> None:
    official = ROOT / ".venv-peers" / f"kili-{LATEST}" / "bin" / "python"
    ours = min(import_time_s(sys.executable, "kili_query") for _ in range(7))
    theirs = min(import_time_s(official, "kili.client") for _ in range(3))
    times_s = {"kili_query": ours, "import kili.client": theirs}
    record_ratios(benchmark, "import kili_query", times_s, goals={"import kili.client": 10}, in_plot=True)
    record_figure(benchmark, "import kili_query", ours * 1000, "ms", at_most=100)
    parser = min(import_time_s(sys.executable, "kili_query", "kili_query.parse") for _ in range(7))
    record_figure(benchmark, "import kili_query, and name `parse`", parser * 1000, "ms", at_most=100)
    first = min(import_time_s(sys.executable, "kili_query", "kili_query.parse('A.B')") for _ in range(7))
    record_figure(benchmark, "import kili_query, and parse a query", first * 1000, "ms", at_most=None)
    client = min(import_time_s(sys.executable, "kili_query.client") for _ in range(7))
    record_figure(benchmark, "import kili_query.client", client * 1000, "ms", at_most=150)
    seconds = benchmark.pedantic(import_time_s, (sys.executable, "kili_query"), rounds=5)
    assert seconds > 0
