"""Exports: ours against the official ones, of the same server in one run, and the memory of a large one."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pytest_benchmark.fixture import BenchmarkFixture

from tests.benchmarks.box_sets import write_project
from tests.benchmarks.ratios import record_figure, record_ratios
from tests.peers.official import LATEST, OLD, official_python

ROOT = Path(__file__).resolve().parents[2]
ASSETS = int(os.environ.get("KILI_QUERY_BENCH_EXPORTED", "1000"))
BOXES = 20
MANY = 100 * ASSETS
ROUNDS = 4

FORMATS = ("raw/split", "yolo_v5/split", "pascal_voc/merged", "coco/split")
OF_CLIENT = {"ours": FORMATS, LATEST: FORMATS[:3], OLD: FORMATS}
"""What each exports; the newer release needs more than it brings for COCO."""

GOALS = {"raw/split": 5.0, "yolo_v5/split": 5.0, "pascal_voc/merged": 5.0, "coco/split": 5.0}


@contextmanager
def served(folder: Path) -> Iterator[dict[str, str]]:
    command = [sys.executable, "-m", "tests.benchmarks.serve_boxes", str(folder), str(ASSETS), str(BOXES)]
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        yield json.loads(process.stdout.readline())
        process.communicate()


def exported(client: str, at: dict[str, str], home: Path) -> dict[str, dict[str, float]]:
    """What the exports of one client took, in a process of its own."""
    python = Path(sys.executable) if client == "ours" else official_python(client)
    name = "ours" if client == "ours" else "official"
    arguments = [name, at["endpoint"], at["api_key"], at["project_id"], str(home), *OF_CLIENT[client]]
    command = [str(python), str(Path(__file__).with_name("exporting.py")), *arguments]
    environ = os.environ | {"HOME": str(home)} | ({"PYTHONPATH": str(ROOT)} if client == "ours" else {})
    ran = subprocess.run(command, capture_output=True, text=True, env=environ, cwd=home, check=False)
    assert ran.returncode == 0, ran.stderr
    found: dict[str, dict[str, float]] = json.loads(ran.stdout)
    return found


def test_against_the_official_exporter(benchmark: BenchmarkFixture, tmp_path: Path) -> None:
    best: dict[tuple[str, str, str], float] = {}
    with served(tmp_path) as at:
        for _ in range(ROUNDS):
            for client in OF_CLIENT:
                for what, took in exported(client, at, tmp_path).items():
                    for clock in ("seconds", "cpu_seconds"):
                        key = what, client, clock
                        best[key] = min(best.get(key, float("inf")), took[clock])
        benchmark.pedantic(exported, ("ours", at, tmp_path), rounds=1)
    for what in FORMATS:
        for clock, of in (("seconds", ""), ("cpu_seconds", ", CPU time of the client")):
            times_s = {"KiliClient.export_labels": best[what, "ours", clock]}
            peers = [client for client in (LATEST, OLD) if (what, client, clock) in best]
            times_s |= {f"official {client}": best[what, client, clock] for client in peers}
            goals = dict.fromkeys(list(times_s)[1:], GOALS[what])
            title = f"export {ASSETS} assets with {BOXES} boxes as {what}{of}"
            record_ratios(benchmark, title, times_s, goals=None if of else goals, in_plot=not of)


def test_memory_of_a_large_export(benchmark: BenchmarkFixture, tmp_path: Path) -> None:
    write_project(tmp_path, MANY, 1)
    peaks = {}
    for fmt in ("raw", "coco"):
        code = (
            "from kili_query.export import write\n"
            f"write('labels.ndjson', 'assets.ndjson', 'project.json', fmt={fmt!r}, to='all.zip', disable_tqdm=True)\n"
            # the peak of the process alone; `ru_maxrss` would include what it was forked from
            "print(open('/proc/self/status').read().partition('VmHWM:')[2].split()[0])"
        )
        environ = os.environ | {"PYTHONPATH": str(ROOT)}
        ran = subprocess.run(
            [sys.executable, "-c", code], cwd=tmp_path, env=environ, capture_output=True, text=True, check=True
        )
        peaks[fmt] = int(ran.stdout) * 1024 / 1e6
    benchmark.pedantic(lambda: None, rounds=1)
    for fmt, peak_mb in peaks.items():
        record_figure(benchmark, f"write {MANY} assets as {fmt}, peak of memory", peak_mb, "MB", at_most=300)
