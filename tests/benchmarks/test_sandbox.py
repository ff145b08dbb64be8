"""Category searches of a sandbox that 8 clients ask at once: ``--benchmark-only``.

The server is a process of its own, and the clients are threads of this one. They ask a set of searches over and over,
each for its count and for its first page with contents, as clients do. What a search costs one client alone is recorded
apart, and so is the cheapest question there is, under the same load: its time is that of the machine and the protocol.
"""

import http.client
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from random import Random
from statistics import median
from urllib.parse import urlsplit

import pytest
from attrs import frozen
from pytest_benchmark.fixture import BenchmarkFixture

from tests.benchmarks.label_sets import INTERFACE, OBJECTS, SCENES, SIZES, labels
from tests.benchmarks.ratios import record_figure

SERVED_LABELS = int(os.environ.get("KILI_QUERY_BENCH_SERVED", "100000"))
DISTINCT = 2000
CLIENTS, SEARCHES, ROUNDS = 8, 40, 25

COUNTERS = [f"{job}.{key}" for job, keys in (("OBJECTS", OBJECTS), ("SCENE", SCENES), ("SIZE", SIZES)) for key in keys]
ME = "{ data: me { id } }"
COUNT = "query ($where: LabelWhere!) { data: countLabels(where: $where) }"
PAGE = """query ($where: LabelWhere!) { data: labels(where: $where, first: 100, skip: 0) {
    author { email id } id jsonResponse labelType secondsToLabel isLatestLabelForUser assetId } }"""


@frozen
class Connection:
    """One client, on one connection."""

    http: http.client.HTTPConnection
    path: str
    key: str

    def ask(self, query: str, **variables: object) -> float:
        """Seconds until all of the answer is there."""
        body = json.dumps({"query": query, "variables": variables})
        start = time.perf_counter()
        self.http.request("POST", self.path, body, {"Authorization": f"X-API-Key: {self.key}"})
        answer = self.http.getresponse().read()
        taken_s = time.perf_counter() - start
        assert answer.startswith(b'{"data":{"data":'), answer[:300]
        return taken_s


@frozen
class Served:
    """A server that is ready, and how long that took."""

    endpoint: str
    api_key: str
    ready_s: float

    @contextmanager
    def client(self) -> Iterator[Connection]:
        parts = urlsplit(self.endpoint)
        connection = http.client.HTTPConnection(parts.netloc)
        try:
            yield Connection(connection, parts.path, self.api_key)
        finally:
            connection.close()


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    folder = tmp_path_factory.mktemp("served")
    (folder / "project.json").write_text(json.dumps({"id": "p", "inputType": "IMAGE", "jsonInterface": INTERFACE}))
    write_labels(folder / "labels.ndjson")
    command = [sys.executable, "-m", "kili_query", "serve", "--project", str(folder), "--json"]
    start = time.perf_counter()
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        told = json.loads(process.stdout.readline())
        yield Served(told["endpoint"], told["api_key"], time.perf_counter() - start)
        process.terminate()


def write_labels(path: Path) -> None:
    """The same contents come again and again, under ids of their own."""
    lines = [json.dumps(one).encode() + b"\n" for one in labels(min(DISTINCT, SERVED_LABELS), mean_vertices=4)]
    with path.open("wb") as file:
        for number in range(SERVED_LABELS):
            line = lines[number % DISTINCT]
            for name in (b"label", b"asset"):
                line = line.replace(b"%b%08d" % (name, number % DISTINCT), b"%b%08d" % (name, number))
            file.write(line)


def searches() -> list[str]:
    random = Random(1)

    def comparison() -> str:
        return f"{random.choice(COUNTERS)}.count {random.choice(['>', '>=', '==', '<'])} {random.randint(1, 3)}"

    return [
        random.choice((" AND ", " OR ")).join(comparison() for _ in range(random.randint(1, 3)))
        for _ in range(SEARCHES)
    ]


def in_parallel(served: Served, run: Callable[[Connection, Random], list[list[float]]]) -> list[float]:
    """The median of each kind of question, in milliseconds."""

    def work(seed: int) -> list[list[float]]:
        with served.client() as client:
            return run(client, Random(seed))

    with ThreadPoolExecutor(CLIENTS) as pool:
        ran = list(pool.map(work, range(CLIENTS)))
    return [1e3 * median(one for times_s in kind for one in times_s) for kind in zip(*ran, strict=True)]


@pytest.mark.benchmark(group="category searches of a sandbox")
def test_searches(benchmark: BenchmarkFixture, served: Served) -> None:
    asked: list[dict[str, object]] = [{"project": {"id": "p"}, "search": search} for search in searches()]
    with served.client() as client:
        client.ask(COUNT, where={})
        alone_ms = 1e3 * median(client.ask(COUNT, where=where) for where in asked)

    def search(client: Connection, random: Random) -> list[list[float]]:
        order = random.choices(asked, k=ROUNDS)
        pairs = [(client.ask(COUNT, where=where), client.ask(PAGE, where=where)) for where in order]
        return [[one for pair in pairs for one in pair], [count for count, _ in pairs], [page for _, page in pairs]]

    both_ms, count_ms, page_ms = in_parallel(served, search)
    [me_ms] = in_parallel(served, lambda client, _: [[client.ask(ME) for _ in range(2 * ROUNDS)]])
    what = f"category search of {SERVED_LABELS} labels, {CLIENTS} clients"
    record_figure(benchmark, what, both_ms, "ms at the median", at_most=50)
    record_figure(benchmark, f"{what}: counts", count_ms, "ms at the median", at_most=None)
    record_figure(benchmark, f"{what}: pages of 100 with contents", page_ms, "ms at the median", at_most=None)
    record_figure(benchmark, "whose key it is, the same clients", me_ms, "ms at the median", at_most=None)
    record_figure(benchmark, "the same searches, one client alone", alone_ms, "ms at the median", at_most=None)
    record_figure(benchmark, f"the sandbox reads {SERVED_LABELS} labels", served.ready_s, "s", at_most=None)
    with served.client() as client:
        benchmark.pedantic(lambda: client.ask(COUNT, where=asked[0]), rounds=20)
