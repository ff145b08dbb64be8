"""The official client's validator, asked in an environment of its own."""

import json
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

import pytest
from attrs import frozen

__all__ = ["LATEST", "OLD", "OfficialValidator", "official_python", "official_validator"]

LATEST = "26.2.4"
OLD = "2.158.4"

_ROOT = Path(__file__).resolve().parents[2]


def official_python(version: str) -> Path:
    """The interpreter of the environment that holds one version of the official client."""
    environment = _ROOT / ".venv-peers" / f"kili-{version}"
    if not (environment / ".installed").exists():
        pytest.fail(f"the official client {version} is not installed: run `make peers` (`make test` does)")
    return environment / "bin" / "python"


@frozen
class OfficialValidator:
    """A running validator of one version of the official client."""

    version: str
    _requests: IO[str]
    _answers: IO[str]

    def accepts(self, texts: list[str]) -> list[bool]:
        """For each text, in order, whether the validator takes it as a category search."""
        verdicts = self._ask({"accepts": texts})["accepts"]
        assert isinstance(verdicts, list)
        assert len(verdicts) == len(texts)
        return verdicts

    def time_s(self, text: str, *, repeats: int = 5) -> float:
        """The shortest of a few validations of one text that it accepts, measured inside its process, in seconds."""
        seconds = self._ask({"time": text, "repeats": repeats})["seconds"]
        assert isinstance(seconds, float)
        return seconds

    def _ask(self, request: dict[str, object]) -> dict[str, object]:
        self._requests.write(json.dumps(request) + "\n")
        self._requests.flush()
        line = self._answers.readline()
        assert line, f"the validator of kili {self.version} ended, its standard error says why"
        answer = json.loads(line)
        assert isinstance(answer, dict)
        return answer


@contextmanager
def official_validator(version: str = LATEST) -> Iterator[OfficialValidator]:
    """Start the validator of one version; it ends with the block."""
    python = official_python(version)
    command: list[Path | str] = [python, "-I", "-W", "ignore", Path(__file__).with_name("worker.py")]
    process = subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, encoding="utf-8", cwd=python.parents[1]
    )
    with process:  # on leaving, closes its input, which ends it, and waits
        assert process.stdin is not None
        assert process.stdout is not None
        yield OfficialValidator(version, process.stdin, process.stdout)
