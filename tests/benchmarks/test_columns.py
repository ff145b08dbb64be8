"""Columns: the filter against bare polars and numpy on a million labels; building the counts against `orjson.loads`."""

from collections.abc import Callable

import narwhals as nw
import numpy as np
import orjson
import polars as pl
import pyarrow as pa
import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from kili_query import frames
from kili_query.frames import count_table, to_narwhals
from kili_query.ontology import Ontology
from kili_query.query import parse
from tests.benchmarks.label_sets import ONTOLOGY, ndjson_lines
from tests.benchmarks.ratios import record_ratios
from tests.benchmarks.rounds import best_times_s
from tests.benchmarks.sizes import TABLE_LABELS

LABELS = 2000
ROUNDS = 30
QUERY = "J.A.count >= 3 AND (J.B.count == 0 OR J.C.count > 4)"


@pytest.fixture(scope="module")
def frame() -> pl.DataFrame:
    random = np.random.default_rng(0)
    counts = {f"J/{name}": random.poisson(1.5, TABLE_LABELS).astype(np.int32) for name in "ABC"}
    faults = pa.nulls(TABLE_LABELS, pa.string())
    ids = [f"label{index}" for index in range(TABLE_LABELS)]
    return pl.DataFrame(pl.from_arrow(pa.table({"id": ids, "fault": faults, **counts})))


def filters(frame: pl.DataFrame) -> dict[str, Callable[[], int]]:
    query = parse(QUERY)
    expression, bound = to_narwhals(query.tree), to_narwhals(query.tree, columns=frame.columns)
    bare = (pl.col("J/A") >= 3) & ((pl.col("J/B") == 0) | (pl.col("J/C") > 4))
    a, b, c = (frame[f"J/{name}"].to_numpy() for name in "ABC")
    wrapped = nw.from_native(frame)
    return {
        "narwhals": lambda: len(wrapped.filter(expression)),
        "narwhals, columns known": lambda: len(wrapped.filter(bound)),
        "frames.filter": lambda: len(frames.filter(frame, query)),
        "bare polars": lambda: len(frame.filter(bare)),
        "numpy, the mask alone": lambda: int(((a >= 3) & ((b == 0) | (c > 4))).sum()),
    }


@pytest.mark.benchmark(group="one query over count columns")
def test_filtering(benchmark: BenchmarkFixture, frame: pl.DataFrame) -> None:
    runs = filters(frame)
    assert len({run() for run in runs.values()}) == 1
    times_s = best_times_s(runs, ROUNDS)
    ours = [(name, times_s.pop(name)) for name in ("narwhals", "narwhals, columns known", "frames.filter")]
    for (_, time_s), more in zip(ours, ("", ", names known", ", `frames.filter`"), strict=True):
        goals, is_main = {"bare polars": 0.5}, not more
        record_ratios(benchmark, f"filter of columns{more}", {"ours": time_s} | times_s, goals=goals, in_plot=is_main)
    benchmark(runs["narwhals"])


@pytest.mark.benchmark(group="count columns from labels as JSON bytes")
@pytest.mark.parametrize("ontology", [ONTOLOGY, None], ids=["ontology", "no ontology"])
def test_counting(benchmark: BenchmarkFixture, ontology: Ontology | None) -> None:
    lines = ndjson_lines(LABELS)

    def decode_alone() -> int:
        for line in lines:
            orjson.loads(line)
        return len(lines)

    runs = {"count_table": lambda: count_table(lines, ontology).num_rows, "orjson.loads alone": decode_alone}
    assert all(run() == LABELS for run in runs.values())
    what = "count table" + (", no ontology" if ontology is None else "")
    goals = {"orjson.loads alone": 1}
    record_ratios(benchmark, what, best_times_s(runs, 7), goals=goals, in_plot=ontology is not None)
    benchmark.pedantic(runs["count_table"], rounds=3)
