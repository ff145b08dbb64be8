"""A label cache of a million labels on disk: questions, openings, a refresh, and the memory that filling it takes."""

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import anyio
import polars as pl
import pytest
from attrs import frozen
from mcp import Client
from pytest_benchmark.fixture import BenchmarkFixture

import kili_query as kq
from kili_query.cache import LabelCache
from kili_query.cache.tables import Tables
from kili_query.mcp import ServedFiles, build_server
from kili_query.scanning import read_labels
from tests.benchmarks.cached_labels import cached_lines, write_cached
from tests.benchmarks.label_sets import ONTOLOGY
from tests.benchmarks.photo_sets import write_photos
from tests.benchmarks.ratios import record_figure, record_ratios
from tests.benchmarks.rounds import best_times_s
from tests.benchmarks.sizes import TABLE_LABELS

ROOT = Path(__file__).resolve().parents[2]
ROUNDS = 5
QUERY = "OBJECTS.PERSON.count >= 3 AND SCENE.VEHICLE.count > 0 AND OBJECTS.CAR.count < 2"
N_CHANGED = 100
COPIES = 50
PHOTO_QUERY = "OBJECTS.PERSON.count >= 3 AND SCENE.VEHICLE.count > 0"

FILL = """
import json, sys
from kili_query.cache import LabelCache
from tests.benchmarks.label_sets import ONTOLOGY

LabelCache(sys.argv[1]).load(sys.argv[2], ontology=ONTOLOGY)
peak = [line.split()[1] for line in open("/proc/self/status") if line.startswith("VmHWM")]
print(int(peak[0]) / 1024)
"""


@frozen
class Filled:
    """A cache, the file it was filled from, and the memory that took."""

    cache: LabelCache
    source: Path
    peak_mib: float


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Filled:
    folder = tmp_path_factory.mktemp("cached")
    source = write_cached(folder / "labels.ndjson", 0, TABLE_LABELS)
    command = [sys.executable, "-c", FILL, str(folder / "cache"), str(source)]
    done = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, check=True)
    return Filled(LabelCache(folder / "cache"), source, float(done.stdout))


def bare_count(files: list[Path]) -> int:
    names = "OBJECTS/PERSON", "SCENE/VEHICLE", "OBJECTS/CAR"
    person, vehicle, car = (pl.col(name).fill_null(0) for name in names)
    rows = pl.scan_parquet(files, missing_columns="insert").filter((person >= 3) & (vehicle > 0) & (car < 2))
    return int(rows.select(pl.len()).collect().item())


def sizes(folder: Path) -> Iterator[tuple[Path, int]]:
    for path in folder.rglob("*"):
        if path.is_file():
            yield path, path.stat().st_size


@pytest.mark.benchmark(group="a label cache")
def test_questions(benchmark: BenchmarkFixture, filled: Filled) -> None:
    cache = filled.cache
    files = Tables.open(cache.folder).files()
    start = time.perf_counter()
    expected = sum(1 for _ in kq.scan(filled.source, QUERY, ontology=ONTOLOGY))
    scan_s = time.perf_counter() - start
    assert cache.count_labels(category_search=QUERY) == bare_count(files) == expected > 0
    found = cache.labels(category_search=QUERY, first=100)
    assert all(one["jsonResponse"] for one in found)
    times_s = best_times_s(
        {
            "count": lambda: cache.count_labels(category_search=QUERY),
            "bare polars": lambda: bare_count(files),
            "first 100": lambda: cache.labels(category_search=QUERY, first=100),
            "open": lambda: Tables.open(cache.folder),
        },
        ROUNDS,
    )
    peers = {"count": times_s["count"], "bare polars": times_s["bare polars"], "scan of the NDJSON": scan_s}
    record_ratios(benchmark, "count in a cache", peers, goals={"bare polars": 0.5, "scan of the NDJSON": 100})
    for name, what, most in (
        ("count", "count in a cache", 30),
        ("first 100", "100 labels of a cache, with JSON", 150),
        ("open", "opening a cache", 100),
    ):
        record_figure(benchmark, what, times_s[name] * 1e3, "ms", at_most=most)
    record_figure(benchmark, "peak memory of filling a cache", filled.peak_mib, "MiB", at_most=400)
    benchmark.pedantic(lambda: cache.count_labels(category_search=QUERY), rounds=1)


async def fastest_count_ms(files: ServedFiles) -> float:
    """The fastest of some calls by the SDK's client to one server, which keeps its cache open."""
    times_s = []
    async with Client(build_server(files)) as client:
        for _ in range(ROUNDS):
            start = time.perf_counter()
            found = await client.call_tool("count", {"query": QUERY})
            times_s.append(time.perf_counter() - start)
            assert found.structured_content is not None
            assert found.structured_content["read"] == TABLE_LABELS
    return min(times_s) * 1e3


@pytest.mark.benchmark(group="a label cache")
def test_count_by_an_agent(benchmark: BenchmarkFixture, filled: Filled) -> None:
    folder = str(filled.cache.folder)
    files = ServedFiles.of({folder: folder})
    record_figure(benchmark, "count by an agent", anyio.run(fastest_count_ms, files), "ms", at_most=100)
    benchmark.pedantic(lambda: anyio.run(fastest_count_ms, files), rounds=1)


@pytest.mark.benchmark(group="a label cache")
@pytest.mark.parametrize("name", ["coco-mini", "coco-parts"])
def test_questions_about_photos(benchmark: BenchmarkFixture, tmp_path: Path, name: str) -> None:
    number = write_photos(tmp_path, COPIES, name)
    cache = LabelCache(tmp_path / "cache")
    cache.load(tmp_path / "labels.ndjson", ontology=tmp_path / "project.json")
    files = {
        "count": lambda: sum(1 for _ in kq.scan(tmp_path / "labels.ndjson", PHOTO_QUERY)),
        "contents": lambda: sum(1 for _ in read_labels(tmp_path / "labels.ndjson")),
    }
    cached = {
        "count": lambda: cache.count_labels(category_search=PHOTO_QUERY),
        "contents": lambda: sum(1 for _ in cache.labels(fields=["id", "jsonResponse"], as_generator=True)),
    }
    assert cached["count"]() == files["count"]() > 0
    assert cached["contents"]() == files["contents"]() == number
    for what, goals in (("count", {}), ("contents", {"the NDJSON": 0.5})):
        times_s = best_times_s({"cache": cached[what], "the NDJSON": files[what]}, 2)
        record_ratios(benchmark, f"{what} of {number} labels of {name}", times_s, goals=goals)
    benchmark.pedantic(cached["count"], rounds=1)


@pytest.mark.benchmark(group="a label cache")
def test_refresh(benchmark: BenchmarkFixture, filled: Filled) -> None:
    before = dict(sizes(filled.cache.folder))
    recent = cached_lines(TABLE_LABELS - N_CHANGED, TABLE_LABELS, mark="changed")
    labels = [json.loads(line) for line in recent]
    start = time.perf_counter()
    summary = benchmark.pedantic(lambda: filled.cache.load(labels), rounds=1)
    refresh_s = time.perf_counter() - start
    assert summary.changed == N_CHANGED
    written = sum(size for path, size in sizes(filled.cache.folder) if before.get(path) != size)
    record_figure(benchmark, "a refresh of 100 recent labels", refresh_s * 1e3, "ms", at_most=1500)
    record_figure(benchmark, "what it writes", 100 * written / sum(before.values()), "% of the bytes", at_most=5)
