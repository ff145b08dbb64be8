"""The language server: how long after a keystroke a slip in a long query is shown."""

import asyncio
import json
from pathlib import Path
from time import perf_counter

import pytest
from lsprotocol import types
from pytest_benchmark.fixture import BenchmarkFixture

from tests.benchmarks.ratios import record_figure
from tests.lsp.client import editor

ROUNDS = 7
SLIPS = {"an unknown name": "JOB_1.CATT", "an unknown operator": "JOB_1.CAT_1.count => 3", "a half query": "JOB_1."}


def interface() -> dict[str, object]:
    categories = {f"CAT_{number}": {"name": f"Category {number}"} for number in range(50)}
    job = {"mlTask": "OBJECT_DETECTION", "content": {"input": "radio", "categories": categories}}
    return {"jobs": {f"JOB_{number}": job for number in range(20)}}


def query() -> str:
    return "\nAND ".join(f"JOB_{at % 20}.CAT_{at // 20}.count >= {at % 7}" for at in range(1000))


@pytest.mark.parametrize("slip", SLIPS)
def test_a_slip_is_shown_soon(slip: str, benchmark: BenchmarkFixture, tmp_path: Path) -> None:
    (tmp_path / "project.json").write_text(json.dumps(interface()))
    times_s = asyncio.run(_times_s(tmp_path, f"{query()}\nAND {SLIPS[slip]}"))
    benchmark.pedantic(lambda: None, rounds=1)
    record_figure(
        benchmark, f"editor: {slip} in 1,000 comparisons is shown", 1000 * min(times_s), "milliseconds", at_most=50
    )


async def _times_s(folder: Path, wrong: str) -> list[float]:
    times_s = []
    async with editor(folder, "--ontology", "project.json") as shown:
        uri = shown.open(folder / "a.kq", query())
        for number in range(ROUNDS):
            shown.type(uri, query() + " " * number)
            await shown.diagnostics(uri, lambda found: bool(found) and not _has_error(found))  # warnings come last
            start = perf_counter()
            shown.type(uri, wrong + " " * number)
            await shown.diagnostics(uri, _has_error)
            times_s.append(perf_counter() - start)
            await shown.diagnostics(uri)  # all are checked, so the server is at rest
    return times_s


def _has_error(found: list[types.Diagnostic]) -> bool:
    return any(one.severity is types.DiagnosticSeverity.Error for one in found)
