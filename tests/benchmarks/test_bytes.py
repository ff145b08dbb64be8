"""One query over labels as JSON bytes, against decoding them alone: ``pytest --benchmark-only``."""

import json
from collections.abc import Callable
from typing import Any

import jmespath
import orjson
import pytest
from pytest_benchmark.fixture import BenchmarkFixture

import kili_query as kq
from kili_query.targets.raw_bytes import BytesMatcher, compile_bytes
from tests.benchmarks.label_sets import ONTOLOGY, ndjson_lines
from tests.benchmarks.ratios import record_figure, record_ratios
from tests.benchmarks.rounds import best_times_s

LABELS = 1000
ROUNDS = 7

QUERIES = {
    "two root jobs": "OBJECTS.PERSON.count >= 3 AND SCENE.VEHICLE.count > 0",
    "a rare category": "OBJECTS.ZEBRA.count > 1",
    "all of a job": "OBJECTS.count > 20",
    "a child job": "SIZE.LARGE.count >= 2",
    "a sum": "OBJECTS.PERSON.count + OBJECTS.CAR.count > 12",
    "brackets": "BOXES.PERSON[SIZE.SMALL].count >= 2",
}
PEOPLE = "length(jsonResponse.OBJECTS.annotations[?categories[?name=='PERSON']]) >= `3`"
PATH = jmespath.compile(f"{PEOPLE} && length(jsonResponse.SCENE.categories[?name=='VEHICLE']) > `0`")


def by_hand(line: bytes) -> bool:
    """Decodes with orjson, and looks at what it needs."""
    response = orjson.loads(line)["jsonResponse"]
    people = set()
    for annotation in response.get("OBJECTS", {}).get("annotations", ()):
        for category in annotation["categories"]:
            if category["name"] == "PERSON":
                people.add(annotation["mid"])
    return len(people) >= 3 and any(one["name"] == "VEHICLE" for one in response.get("SCENE", {}).get("categories", ()))


def compiled(text: str, ontology: kq.Ontology | None) -> BytesMatcher:
    query = kq.parse(text)
    return compile_bytes(query.tree if ontology is None else query.bind(ontology).tree, ontology=ontology)


def over(judge: Callable[[bytes], Any]) -> Callable[[], list[Any]]:
    lines = ndjson_lines(LABELS)
    return lambda: [judge(line) for line in lines]


def decode_alone() -> list[Any]:
    """Keeps nothing of what it decodes, as the others do."""
    return [None for line in ndjson_lines(LABELS) if orjson.loads(line) is None]


@pytest.mark.benchmark(group="one query over JSON bytes")
@pytest.mark.parametrize("ontology", [ONTOLOGY, None], ids=["ontology", "no ontology"])
@pytest.mark.parametrize("name", QUERIES)
def test_bytes(benchmark: BenchmarkFixture, name: str, ontology: kq.Ontology | None) -> None:
    judge, closure = compiled(QUERIES[name], ontology), kq.parse(QUERIES[name]).compile(ontology=ontology)
    expected = [closure(json.loads(line)["jsonResponse"]) for line in ndjson_lines(LABELS)]
    assert 0 < sum(expected) < LABELS
    peers: dict[str, Callable[[], list[Any]]] = {
        "bytes": over(judge),
        "orjson.loads alone": decode_alone,
        "orjson and closure": over(lambda line: closure(orjson.loads(line)["jsonResponse"])),
    }
    if name == "two root jobs":
        peers |= {
            "orjson and hand-written loop": over(by_hand),
            "orjson and jmespath": over(lambda line: PATH.search(orjson.loads(line))),
        }
    assert all(run() == expected for peer, run in peers.items() if peer != "orjson.loads alone")
    times_s = best_times_s(peers, ROUNDS)
    what = f"bytes, {name}" + (", no ontology" if ontology is None else "")
    is_main = name == "two root jobs" and ontology is not None
    record_ratios(benchmark, what, times_s, goals={"orjson.loads alone": 2}, in_plot=is_main)
    record_figure(benchmark, what, times_s["bytes"] / LABELS * 1e6, "µs per label", at_most=None)
    assert benchmark.pedantic(peers["bytes"], rounds=3) == expected
