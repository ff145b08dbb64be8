"""The first sync of a project into a cache against a download of its labels: the same server, in turn."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from tests.benchmarks.photo_sets import write_photos
from tests.benchmarks.ratios import record_ratios
from tests.benchmarks.test_client import ROOT, SMALL, served, started

SYNCED = int(os.environ.get("KILI_QUERY_BENCH_SYNCED", "100000"))

PROGRAM = """
import json, sys, time
from kili_query.cache import LabelCache
from kili_query.client import KiliClient

how, to, endpoint, key, project = sys.argv[1:]
with KiliClient(api_key=key, api_endpoint=endpoint, disable_tqdm=True) as client:
    start = time.perf_counter()
    if how == "sync":
        labels = LabelCache(to).sync(client, project).total
    else:
        labels = client.download_labels(project, to).labels
    print(json.dumps([labels, time.perf_counter() - start]))
"""


def taken_s(how: str, to: Path, at: dict[str, str], expected: int = SYNCED) -> float:
    """Seconds that a process of its own takes for all labels."""
    arguments = [how, str(to), at["endpoint"], at["api_key"], at["project_id"]]
    command = [sys.executable, "-c", PROGRAM, *arguments]
    done = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, check=True)
    labels, seconds = json.loads(done.stdout)
    assert labels == expected
    return float(seconds)


def test_first_sync(benchmark: BenchmarkFixture, tmp_path: Path) -> None:
    with served(tmp_path, SYNCED, shape=SMALL) as at:
        download_s = taken_s("download", tmp_path / "out.ndjson", at)
        sync_s = benchmark.pedantic(taken_s, ("sync", tmp_path / "cache", at), rounds=1)
    times_s = {"sync": sync_s, "download": download_s}
    record_ratios(benchmark, f"first sync of {SYNCED} labels", times_s, goals={"download": 1 / 1.3})


@pytest.mark.parametrize("name", ["coco-mini", "coco-parts"])
def test_first_sync_of_photos(benchmark: BenchmarkFixture, tmp_path: Path, name: str) -> None:
    number = write_photos(tmp_path, SYNCED // 1600, name)
    with started("tests.benchmarks.serve_project", str(tmp_path)) as at:
        download_s = taken_s("download", tmp_path / "out.ndjson", at, number)
        sync_s = benchmark.pedantic(taken_s, ("sync", tmp_path / "cache", at, number), rounds=1)
    times_s = {"sync": sync_s, "download": download_s}
    record_ratios(benchmark, f"first sync of {number} labels of {name}", times_s, goals={"download": 1 / 1.3})
