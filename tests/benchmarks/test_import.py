"""Importing the package, cold, against importing the official client: each in a process of its own."""

import subprocess
import sys
from pathlib import Path

from pytest_benchmark.fixture import BenchmarkFixture

from tests.peers.official import LATEST

ROOT = Path(__file__).resolve().parents[2]
TIMED = "import time; start = time.perf_counter(); import {name}; print(time.perf_counter() - start)"


def import_time_s(python: Path | str, name: str) -> float:
    told = subprocess.run([python, "-c", TIMED.format(name=name)], capture_output=True, text=True, check=True, cwd=ROOT)
    return float(told.stdout.splitlines()[-1])


def test_import(benchmark: BenchmarkFixture) -> None:
    official = ROOT / ".venv-peers" / f"kili-{LATEST}" / "bin" / "python"
    ours = min(import_time_s(sys.executable, "kili_query") for _ in range(7))
    theirs = min(import_time_s(official, "kili.client") for _ in range(3))
    benchmark.extra_info["milliseconds"] = round(ours * 1000, 1)
    benchmark.extra_info["official / ours"] = round(theirs / ours, 1)
    seconds = benchmark.pedantic(import_time_s, (sys.executable, "kili_query"), rounds=5)
    assert seconds > 0
