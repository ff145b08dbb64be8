"""The first sync of a project into a cache against a download of its labels: the same server, in turn; its memory."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from attrs import frozen
from pytest_benchmark.fixture import BenchmarkFixture

from kili_query.client.rate_limit import CALLS_PER_MINUTE
from tests.benchmarks.photo_sets import write_photos
from tests.benchmarks.ratios import record_figure, record_ratios
from tests.benchmarks.sizes import TABLE_LABELS
from tests.benchmarks.test_client import ROOT, SMALL, served, started

SYNCED = int(os.environ.get("KILI_QUERY_BENCH_SYNCED", "100000"))

PROGRAM = """
import json, sys, time
from kili_query.cache import LabelCache
from kili_query.client import KiliClient

how, to, endpoint, key, project, limit = sys.argv[1:]
with KiliClient(api_key=key, api_endpoint=endpoint, disable_tqdm=True, calls_per_minute=json.loads(limit)) as client:
    start = time.perf_counter()
    if how == "sync":
        labels = LabelCache(to).sync(client, project).total
    else:
        labels = client.download_labels(project, to).labels
    seconds = time.perf_counter() - start
# the peak of this process alone; `ru_maxrss` would include what it was forked from
peak = [line.split()[1] for line in open("/proc/self/status") if line.startswith("VmHWM")]
print(json.dumps([labels, seconds, int(peak[0]) * 1024 / 1e6]))
"""


@frozen
class Taken:
    """What a process of its own took for all labels: its time, and the peak of its memory."""

    time_s: float
    peak_mb: float


def taken(
    how: str, to: Path, at: dict[str, str], expected: int = SYNCED, calls_per_minute: int | None = CALLS_PER_MINUTE
) -> Taken:
    arguments = [how, str(to), at["endpoint"], at["api_key"], at["project_id"], json.dumps(calls_per_minute)]
    command = [sys.executable, "-c", PROGRAM, *arguments]
    done = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, check=True)
    labels, time_s, peak_mb = json.loads(done.stdout)
    assert labels == expected
    return Taken(time_s, peak_mb)


def test_first_sync(benchmark: BenchmarkFixture, tmp_path: Path) -> None:
    with served(tmp_path, SYNCED, shape=SMALL) as at:
        download = taken("download", tmp_path / "out.ndjson", at)
        sync = benchmark.pedantic(taken, ("sync", tmp_path / "cache", at), rounds=1)
    times_s = {"sync": sync.time_s, "download": download.time_s}
    record_ratios(benchmark, f"first sync of {SYNCED} labels", times_s, goals={"download": 1 / 1.3})


def test_memory_of_a_first_sync(benchmark: BenchmarkFixture, tmp_path: Path) -> None:
    with served(tmp_path, TABLE_LABELS, shape=SMALL) as at:
        # without a limit of calls, which would make it wait for 20 minutes
        sync = benchmark.pedantic(taken, ("sync", tmp_path / "cache", at, TABLE_LABELS, None), rounds=1)
    what = f"first sync of {TABLE_LABELS} labels, peak of memory"
    record_figure(benchmark, what, sync.peak_mb, "MB", at_most=400)


@pytest.mark.parametrize("name", ["coco-mini", "coco-parts"])
def test_first_sync_of_photos(benchmark: BenchmarkFixture, tmp_path: Path, name: str) -> None:
    number = write_photos(tmp_path, SYNCED // 1600, name)
    with started("tests.benchmarks.serve_project", str(tmp_path)) as at:
        download = taken("download", tmp_path / "out.ndjson", at, number)
        sync = benchmark.pedantic(taken, ("sync", tmp_path / "cache", at, number), rounds=1)
    times_s = {"sync": sync.time_s, "download": download.time_s}
    record_ratios(benchmark, f"first sync of {number} labels of {name}", times_s, goals={"download": 1 / 1.3})
