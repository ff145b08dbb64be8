"""Exports: ours against the official ones, of the same server in one run, and the memory of a large one."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from pytest_benchmark.fixture import BenchmarkFixture

from tests.benchmarks.box_sets import write_project
from tests.benchmarks.photo_sets import write_photos
from tests.benchmarks.ratios import record_figure, record_ratios
from tests.peers.official import LATEST, OLD, official_python

ROOT = Path(__file__).resolve().parents[2]
ASSETS = int(os.environ.get("KILI_QUERY_BENCH_EXPORTED", "1000"))
BOXES = 20
MANY = 100 * ASSETS
COPIES = max(1, 12 * ASSETS // 1000)
"""Of the photos: with 12 there are as many assets as of the generated ones."""
ROUNDS = 3

BOX_FORMATS = ("raw/split", "yolo_v5/split", "pascal_voc/merged", "coco/split")
PHOTO_FORMATS = ("raw/split", "kili/split", "yolo_v5/split", "pascal_voc/merged", "coco/split")
GOAL = 5.0


@contextmanager
def served(folder: Path) -> Iterator[dict[str, str]]:
    command = [sys.executable, "-m", "tests.benchmarks.serve_project", str(folder)]
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        yield json.loads(process.stdout.readline())
        process.communicate()


def exported(client: str, at: dict[str, str], home: Path, formats: Sequence[str]) -> dict[str, dict[str, float]]:
    """What the exports of one client took, in a process of its own."""
    python = Path(sys.executable) if client == "ours" else official_python(client)
    name = "ours" if client == "ours" else "official"
    arguments = [name, at["endpoint"], at["api_key"], at["project_id"], str(home), *formats]
    command = [str(python), str(Path(__file__).with_name("exporting.py")), *arguments]
    environ = os.environ | {"HOME": str(home)} | ({"PYTHONPATH": str(ROOT)} if client == "ours" else {})
    ran = subprocess.run(command, capture_output=True, text=True, env=environ, cwd=home, check=False)
    assert ran.returncode == 0, ran.stderr
    found: dict[str, dict[str, float]] = json.loads(ran.stdout)
    return found


def compare(benchmark: BenchmarkFixture, folder: Path, what: str, formats: Sequence[str], peers: Sequence[str]) -> None:
    """Record how many times longer each peer takes for the exports of the project in a folder."""
    best: dict[tuple[str, str, str], float] = {}
    with served(folder) as at:
        for _ in range(ROUNDS):
            for client in ("ours", *peers):
                for fmt, took in exported(client, at, folder, formats).items():
                    for clock in ("seconds", "cpu_seconds"):
                        key = fmt, client, clock
                        best[key] = min(best.get(key, float("inf")), took[clock])
        benchmark.pedantic(exported, ("ours", at, folder, formats), rounds=1)
    for fmt in formats:
        for clock, of in (("seconds", ""), ("cpu_seconds", ", CPU time of the client")):
            times_s = {"KiliClient.export_labels": best[fmt, "ours", clock]}
            times_s |= {f"official {client}": best[fmt, client, clock] for client in peers}
            goals = dict.fromkeys(list(times_s)[1:], GOAL)
            record_ratios(benchmark, f"{what} as {fmt}{of}", times_s, goals=None if of else goals, in_plot=not of)


def test_boxes_against_the_official_exporter(benchmark: BenchmarkFixture, tmp_path: Path) -> None:
    write_project(tmp_path, ASSETS, BOXES)
    compare(benchmark, tmp_path, f"export {ASSETS} assets with {BOXES} boxes", BOX_FORMATS, (LATEST, OLD))


def test_photos_against_the_official_exporter(benchmark: BenchmarkFixture, tmp_path: Path) -> None:
    number = write_photos(tmp_path, COPIES)
    compare(benchmark, tmp_path, f"export {number} photos with polygons", PHOTO_FORMATS, (LATEST,))


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
