"""Each harness takes its seeds, and some inputs that it makes of them; the tests of each property try more."""

import os
import subprocess
import sys
from collections.abc import Iterator
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from random import Random

import pytest

FUZZ = Path(__file__).resolve().parents[2] / "fuzz"
HARNESSES = sorted(path.stem for path in FUZZ.glob("[a-z]*.py"))
RUNS = {
    "parse_never_crashes": 150,
    "print_inverts_parse": 75,
    "closures_agree": 50,
    "plan_is_sound": 25,
    "simplify_keeps_meaning": 25,
    "worlds_agree": 2,
}
"""How many inputs each tries, its seeds first. A world is drawn from four bytes, so coverage cannot guide a search."""
AS_PROGRAM = "parse_never_crashes"
"""The harness that is started as a program; the others share one process, which starts faster."""

needs_atheris = pytest.mark.skipif(find_spec("atheris") is None, reason="no atheris: mutations of the seeds are tried")


def seeds(name: str) -> list[Path]:
    return sorted((FUZZ / "corpus" / name).iterdir())


def mutations(texts: list[bytes], runs: int) -> Iterator[bytes]:
    """Seeds with some bytes left out, doubled, changed, or taken from one another."""
    random = Random(1)
    for _ in range(runs):
        data = bytearray(random.choice(texts))
        for _ in range(random.randint(1, 8)):
            at = random.randint(0, len(data))
            piece = random.choice((random.randbytes(1), random.choice(texts)[at : at + random.randint(1, 9)], b""))
            data[at : at + random.randint(0, 4)] = piece
        yield bytes(data)


def test_each_harness_has_seeds_and_a_budget() -> None:
    assert sorted(RUNS) == HARNESSES
    assert all(0 < len(seeds(name)) <= RUNS[name] for name in HARNESSES)


@pytest.mark.skipif(find_spec("atheris") is not None, reason="atheris searches")
@pytest.mark.parametrize("name", HARNESSES)
def test_seeds_and_their_mutations(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(FUZZ))
    one_input = import_module(name).one_input
    texts = [path.read_bytes() for path in seeds(name)]
    for data in (*texts, *mutations(texts, RUNS[name])):
        one_input(data)


def run(*program: object) -> "subprocess.CompletedProcess[str]":
    """Run a program of atheris, which makes the same inputs each time."""
    return subprocess.run(
        [sys.executable, *map(str, program)],
        env=os.environ | {"PYTHONHASHSEED": "0"},
        capture_output=True,
        text=True,
        errors="replace",
        timeout=300,
        check=False,
    )


@pytest.fixture(scope="module")
def searches(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder in which `search.py` leaves what the searches printed, and how they ended."""
    folder = tmp_path_factory.mktemp("searches")
    budgets = (f"{name}={runs}" for name, runs in RUNS.items() if name != AS_PROGRAM)
    done = run(Path(__file__).with_name("search.py"), folder, *budgets)
    assert done.returncode == 0, done.stderr[-4000:]
    return folder


@needs_atheris
@pytest.mark.parametrize("name", [name for name in HARNESSES if name != AS_PROGRAM])
def test_a_bounded_search_finds_nothing(name: str, searches: Path) -> None:
    """Guided by coverage, after the seeds."""
    log = (searches / f"{name}.log").read_text(encoding="utf-8", errors="replace")
    assert (searches / f"{name}.status").read_text(encoding="utf-8") == "0", log[-4000:]
    assert f"Done {RUNS[name]}" in log


@needs_atheris
def test_a_harness_is_a_program(tmp_path: Path) -> None:
    """It searches by itself, and tells atheris which lines of the package ran."""
    options = [f"-atheris_runs={RUNS[AS_PROGRAM]}", "-seed=1", "-max_len=2048", f"-artifact_prefix={tmp_path}/"]
    (tmp_path / "found").mkdir()
    done = run(FUZZ / f"{AS_PROGRAM}.py", tmp_path / "found", FUZZ / "corpus" / AS_PROGRAM, *options)
    told = done.stdout + done.stderr
    assert done.returncode == 0, told[-4000:]
    assert f"Done {RUNS[AS_PROGRAM]}" in told
    assert "Instrumenting kili_query.syntax.parser" in told
