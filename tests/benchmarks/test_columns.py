"""Columns: the filter against bare polars and numpy on a million labels; building the counts against `orjson.loads`."""

import json
from collections.abc import Callable
from random import Random

import narwhals as nw
import numpy as np
import orjson
import polars as pl
import pyarrow as pa
import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from kili_query.frames import count_table, to_narwhals
from kili_query.syntax import parse_tree

N_LABELS = 1_000_000
QUERY = "J.A.count >= 3 AND (J.B.count == 0 OR J.C.count > 4)"


@pytest.fixture(scope="module")
def frame() -> pl.DataFrame:
    random = np.random.default_rng(0)
    counts = {f"J/{name}": random.poisson(1.5, N_LABELS).astype(np.int32) for name in "ABC"}
    faults = pa.nulls(N_LABELS, pa.string())
    ids = [f"label{index}" for index in range(N_LABELS)]
    return pl.DataFrame(pl.from_arrow(pa.table({"id": ids, "fault": faults, **counts})))


def filters(frame: pl.DataFrame) -> dict[str, Callable[[], int]]:
    tree = parse_tree(QUERY)
    expression, bound = to_narwhals(tree), to_narwhals(tree, columns=frame.columns)
    bare = (pl.col("J/A") >= 3) & ((pl.col("J/B") == 0) | (pl.col("J/C") > 4))
    a, b, c = (frame[f"J/{name}"].to_numpy() for name in "ABC")
    wrapped = nw.from_native(frame)
    return {
        "narwhals": lambda: len(wrapped.filter(expression)),
        "narwhals, columns known": lambda: len(wrapped.filter(bound)),
        "bare polars": lambda: len(frame.filter(bare)),
        "numpy, the mask alone": lambda: int(((a >= 3) & ((b == 0) | (c > 4))).sum()),
    }


@pytest.mark.benchmark(group="one query over the count columns of a million labels")
@pytest.mark.parametrize("name", ["narwhals", "narwhals, columns known", "bare polars", "numpy, the mask alone"])
def test_filtering(benchmark: BenchmarkFixture, frame: pl.DataFrame, name: str) -> None:
    judges = filters(frame)
    assert benchmark(judges[name]) == judges["numpy, the mask alone"]()


def labels() -> list[bytes]:
    """Labels with polygons of some twenty corners, as people draw them."""
    random = Random(0)

    def annotation(mid: str) -> dict[str, object]:
        corners = [
            {"x": round(random.random(), 6), "y": round(random.random(), 6)} for _ in range(random.randint(4, 40))
        ]
        return {
            "children": {},
            "boundingPoly": [{"normalizedVertices": corners}],
            "categories": [{"name": random.choice(["CAR", "PERSON", "DOG"]), "confidence": 100}],
            "mid": mid,
            "type": "polygon",
        }

    return [
        json.dumps(
            {
                "id": f"label{index}",
                "labelOf": {"id": f"asset{index}", "externalId": f"{index}.jpg"},
                "author": {"email": "labeler@example.com"},
                "createdAt": "2024-02-01T09:30:00.000Z",
                "labelType": "DEFAULT",
                "jsonResponse": {
                    "OBJECTS": {"annotations": [annotation(f"{index}-{one}") for one in range(random.randint(0, 12))]},
                    "SCENE": {"categories": [{"name": "STREET", "confidence": 100}]},
                },
            }
        ).encode()
        for index in range(5000)
    ]


@pytest.mark.benchmark(group="count columns from labels as JSON bytes")
@pytest.mark.parametrize("name", ["count_table", "orjson.loads alone"])
def test_counting(benchmark: BenchmarkFixture, name: str) -> None:
    texts = labels()

    def parse() -> int:
        for text in texts:
            orjson.loads(text)
        return len(texts)

    assert benchmark(parse if name == "orjson.loads alone" else lambda: count_table(texts).num_rows) == len(texts)
