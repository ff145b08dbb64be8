"""Each harness takes its seeds, and some inputs that it makes of them; the tests of each property try more."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from random import Random

import pytest

FUZZ = Path(__file__).resolve().parents[2] / "fuzz"
HARNESSES = sorted(path.stem for path in FUZZ.glob("[a-z]*.py"))
RUNS = {
    "parse_never_crashes": 1000,
    "print_inverts_parse": 500,
    "closures_agree": 50,
    "plan_is_sound": 50,
    "simplify_keeps_meaning": 100,
    "worlds_agree": 3,
}


def seeds(name: str) -> list[Path]:
    return sorted((FUZZ / "corpus" / name).iterdir())


def load(name: str, monkeypatch: pytest.MonkeyPatch) -> Callable[[bytes], None]:
    """The function of a harness that takes one input."""
    monkeypatch.syspath_prepend(str(FUZZ))
    one_input: Callable[[bytes], None] = import_module(name).one_input
    return one_input


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
    assert all(seeds(name) for name in HARNESSES)


@pytest.mark.parametrize("name", HARNESSES)
def test_seeds(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    one_input = load(name, monkeypatch)
    for path in seeds(name):
        one_input(path.read_bytes())


@pytest.mark.parametrize("name", HARNESSES)
def test_a_bounded_search_finds_nothing(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """By atheris, guided by coverage; where there is no atheris, by mutations of the seeds."""
    if find_spec("atheris") is None:
        one_input = load(name, monkeypatch)
        for data in mutations([path.read_bytes() for path in seeds(name)], RUNS[name]):
            one_input(data)
        return
    found = tmp_path / "found"
    found.mkdir()
    options = [f"-atheris_runs={RUNS[name]}", "-seed=1", "-max_len=2048", f"-artifact_prefix={tmp_path}/"]
    program = [sys.executable, str(FUZZ / f"{name}.py"), str(found), str(FUZZ / "corpus" / name), *options]
    environment = os.environ | {"PYTHONHASHSEED": "0"}
    done = subprocess.run(
        program, env=environment, capture_output=True, text=True, errors="replace", timeout=300, check=False
    )
    assert done.returncode == 0, done.stderr[-4000:] + done.stdout[-4000:]
    assert f"Done {RUNS[name]}" in done.stderr + done.stdout
