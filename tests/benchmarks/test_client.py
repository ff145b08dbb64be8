"""The client against the official one: the same server, in a process of its own, the same labels, in one run."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from pytest_benchmark.fixture import BenchmarkFixture

from tests.benchmarks.photo_sets import write_photos
from tests.benchmarks.ratios import record_figure, record_ratios
from tests.peers.official import LATEST, official_python

ROOT = Path(__file__).resolve().parents[2]
LISTED = int(os.environ.get("KILI_QUERY_BENCH_LISTED", "20000"))
PAYLOADS = 2000
SMALL = {"mean_objects": 1, "mean_vertices": 4}
ROUNDS = 3


@contextmanager
def served(folder: Path, number: int, **options: object) -> Iterator[dict[str, str]]:
    with started("tests.benchmarks.serve_labels", str(folder), str(number), json.dumps(options)) as at:
        yield at


@contextmanager
def started(*module: str) -> Iterator[dict[str, str]]:
    """A server, which is a module with its arguments: where it is."""
    command = [sys.executable, "-m", *module]
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        yield json.loads(process.stdout.readline())
        process.communicate()


def listed(client: str, at: dict[str, str], how: str = "list", *, home: Path) -> dict[str, Any]:
    """What listing all labels took one client, in a process of its own."""
    python = Path(sys.executable) if client == "ours" else official_python(LATEST)
    arguments = [client, at["endpoint"], at["api_key"], at["project_id"], how]
    command = [str(python), str(Path(__file__).with_name("listing.py")), *arguments]
    # the official client keeps schemas in the home folder
    environ = os.environ | {"HOME": str(home)} | ({"PYTHONPATH": str(ROOT)} if client == "ours" else {})
    ran = subprocess.run(command, capture_output=True, text=True, env=environ, cwd=home, check=False)
    assert ran.returncode == 0, ran.stderr
    found = json.loads(ran.stdout)
    assert isinstance(found, dict)
    return found


def best_seconds(at: dict[str, str], home: Path, expected: int) -> dict[str, float]:
    best = {"ours": float("inf"), "official": float("inf")}
    for _ in range(ROUNDS):
        for client, before in best.items():
            found = listed(client, at, home=home)
            assert found["labels"] == expected
            best[client] = min(before, found["seconds"])
    return best


def test_listing(benchmark: BenchmarkFixture, tmp_path: Path) -> None:
    with served(tmp_path, LISTED) as at:
        best = best_seconds(at, tmp_path, LISTED)
        benchmark.pedantic(listed, ("ours", at), {"home": tmp_path}, rounds=1)
    times_s = {"KiliClient.labels": best["ours"], f"official {LATEST}": best["official"]}
    what = f"list {LISTED} labels with their content"
    record_ratios(benchmark, what, times_s, goals={f"official {LATEST}": 4}, in_plot=True)


def test_listing_photos(benchmark: BenchmarkFixture, tmp_path: Path) -> None:
    number = write_photos(tmp_path, LISTED // 80)
    with started("tests.benchmarks.serve_project", str(tmp_path)) as at:
        best = best_seconds(at, tmp_path, number)
        benchmark.pedantic(listed, ("ours", at), {"home": tmp_path}, rounds=1)
    times_s = {"KiliClient.labels": best["ours"], f"official {LATEST}": best["official"]}
    what = f"list {number} labels of photos with polygons"
    record_ratios(benchmark, what, times_s, goals={f"official {LATEST}": 4}, in_plot=True)


def test_payloads_elsewhere(benchmark: BenchmarkFixture, tmp_path: Path) -> None:
    with served(tmp_path, PAYLOADS, shape=SMALL, payload_urls=True, faults=["delay=5ms*"]) as at:
        best = best_seconds(at, tmp_path, PAYLOADS)
        benchmark.pedantic(listed, ("ours", at), {"home": tmp_path}, rounds=1)
    times_s = {"KiliClient.labels": best["ours"], f"official {LATEST}": best["official"]}
    what = f"fetch {PAYLOADS} contents from URLs that answer after 5 ms"
    record_ratios(benchmark, what, times_s, goals={f"official {LATEST}": 10}, in_plot=True)


def test_memory_of_a_generator(benchmark: BenchmarkFixture, tmp_path: Path) -> None:
    peaks = {}
    for number in (LISTED, 5 * LISTED):
        folder = tmp_path / str(number)
        folder.mkdir()
        with served(folder, number, shape=SMALL) as at:
            found = listed("ours", at, "generator", home=folder)
            assert found["labels"] == number
            peaks[number] = found["peak_bytes"] / 1e6
    benchmark.pedantic(lambda: None, rounds=1)
    for number, peak_mb in peaks.items():
        record_figure(benchmark, f"list {number} labels one by one, peak of memory", peak_mb, "MB", at_most=120)
