"""The matching labels of a file, against decoding its lines alone and engines that read JSON: ``--benchmark-only``.

DuckDB reads with one thread, as a scan does, once by itself and once with a schema made for the query by hand.
"""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import orjson
import polars as pl
import pytest
from pytest_benchmark.fixture import BenchmarkFixture

import kili_query as kq
from tests.benchmarks.label_sets import ONTOLOGY, write_ndjson
from tests.benchmarks.ratios import record_figure, record_ratios
from tests.benchmarks.rounds import best_times_s
from tests.benchmarks.sizes import FILE_LABELS

ROOT = Path(__file__).resolve().parents[2]
ROUNDS = 3

PEOPLE, SCENE = "OBJECTS.PERSON.count >= 6", "SCENE.VEHICLE.count > 0"
QUERY = f"{PEOPLE} AND {SCENE}"

SQL = """
SELECT id FROM read_json(?, format = 'newline_delimited' {columns})
WHERE len(list_distinct([one.mid FOR one IN jsonResponse.OBJECTS.annotations
                         IF list_contains([c.name FOR c IN one.categories], 'PERSON')])) >= 6
  AND list_contains([c.name FOR c IN jsonResponse.SCENE.categories], 'VEHICLE')
"""

COLUMNS = """, columns = {
    id: 'VARCHAR',
    jsonResponse: 'STRUCT(
        OBJECTS STRUCT(annotations STRUCT(mid VARCHAR, categories STRUCT(name VARCHAR)[])[]),
        SCENE STRUCT(categories STRUCT(name VARCHAR)[]))'
}"""

_NAMES = pl.List(pl.Struct({"name": pl.String}))
SCHEMA = {
    "id": pl.String,
    "jsonResponse": pl.Struct(
        {
            "OBJECTS": pl.Struct({"annotations": pl.List(pl.Struct({"mid": pl.String, "categories": _NAMES}))}),
            "SCENE": pl.Struct({"categories": _NAMES}),
        }
    ),
}


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_ndjson(tmp_path_factory.mktemp("labels") / "labels.ndjson", FILE_LABELS)


def decode_alone(path: Path) -> list[Any]:
    kept = []
    with path.open("rb") as file:
        for line in file:
            label = orjson.loads(line)
            if label is None:
                kept.append(label)
    return kept


def ask_duckdb(path: Path, columns: str) -> list[str]:
    with duckdb.connect(config={"threads": 1}) as connection:
        return [name for (name,) in connection.execute(SQL.format(columns=columns), [str(path)]).fetchall()]


def ask_polars(path: Path) -> list[str]:
    content = pl.col("jsonResponse").struct
    named = pl.element().struct.field("categories").list.eval(pl.element().struct.field("name") == "PERSON").list.any()
    mids = content.field("OBJECTS").struct.field("annotations").list.eval(
        pl.element().struct.field("mid").filter(named).unique()
    )  # fmt: skip
    scenes = content.field("SCENE").struct.field("categories").list.eval(pl.element().struct.field("name"))
    frame = pl.read_ndjson(path, schema=SCHEMA)
    return frame.filter((mids.list.len() >= 6) & scenes.list.contains("VEHICLE"))["id"].to_list()


def scanned(path: Path, *, workers: int = 1, ontology: kq.Ontology | None = ONTOLOGY) -> list[object]:
    return [label["id"] for label in kq.scan(path, QUERY, ontology=ontology, workers=workers)]


@pytest.mark.benchmark(group="the matching labels of a file")
def test_scan(benchmark: BenchmarkFixture, path: Path) -> None:
    expected = sorted(map(str, scanned(path)))
    assert 0 < len(expected) < FILE_LABELS / 10
    peers: dict[str, Callable[[], list[Any]]] = {
        "scan": lambda: scanned(path),
        "scan without ontology": lambda: scanned(path, ontology=None),
        "orjson.loads alone": lambda: decode_alone(path),
        "DuckDB read_json": lambda: ask_duckdb(path, ""),
        "DuckDB read_json with a schema": lambda: ask_duckdb(path, COLUMNS),
        "polars read_ndjson": lambda: ask_polars(path),
    }
    for name, run in peers.items():
        assert sorted(run()) == ([] if name == "orjson.loads alone" else expected), name
    times_s = best_times_s(peers, ROUNDS)
    without = times_s.pop("scan without ontology")
    record_ratios(
        benchmark, "scan of a file", times_s, goals={"orjson.loads alone": 1.4, "DuckDB read_json": 3}, in_plot=True
    )
    record_ratios(
        benchmark, "scan of a file, no ontology", {"scan": without, "orjson.loads alone": times_s["orjson.loads alone"]}
    )
    record_figure(benchmark, "scan of a file", path.stat().st_size / times_s["scan"] / 1e6, "MB/s", at_most=None)
    benchmark.pedantic(peers["scan"], rounds=1)


BY_WORKERS = """
import json, sys
import kili_query as kq
from tests.benchmarks.label_sets import ONTOLOGY
from tests.benchmarks.rounds import best_times_s

path, query, rounds = sys.argv[1], sys.argv[2], int(sys.argv[3])


def scan(workers):
    return [label["id"] for label in kq.scan(path, query, ontology=ONTOLOGY, workers=workers)]


assert scan(2) == scan(1)
times_s = best_times_s({"two workers": lambda: scan(2), "one worker": lambda: scan(1)}, rounds)
print(json.dumps(times_s))
"""
"""In a process of its own: in this one polars has threads, and then another process takes longer to start."""


@pytest.mark.benchmark(group="the matching labels of a file")
def test_workers(benchmark: BenchmarkFixture, tmp_path: Path) -> None:
    path = write_ndjson(tmp_path / "labels.ndjson", 3 * FILE_LABELS)  # large, for a process takes a while to start
    command = [sys.executable, "-c", BY_WORKERS, str(path), QUERY, str(ROUNDS)]
    done = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, check=True)
    record_ratios(benchmark, "scan by two workers", json.loads(done.stdout), goals={"one worker": 1.6}, in_plot=True)
    benchmark.pedantic(lambda: scanned(path, workers=2), rounds=1)
