"""The official client's parsed labels, asked in an environment of its own."""

import json
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

import pytest
from attrs import frozen

__all__ = ["VERSION", "OfficialLabels", "official_labels"]

VERSION = "2.158.4"

_ROOT = Path(__file__).resolve().parents[2]


@frozen
class OfficialLabels:
    """A running parser of labels."""

    _requests: IO[str]
    _answers: IO[str]

    def read(self, label: object, interface: object, input_type: str, read: Sequence[str]) -> list[dict[str, Any]]:
        """What each expression over ``label`` gives, the label opened anew each time: a value, or an error's name."""
        answer = self._ask({"label": label, "interface": interface, "input_type": input_type, "read": read})["read"]
        assert isinstance(answer, list)
        assert len(answer) == len(read)
        return answer

    def time_s(self, labels: Sequence[object], interface: object, input_type: str, read: str, *, repeats: int) -> float:
        """The shortest of a few times, in seconds, to open all labels and read one expression of each."""
        request = {"labels": labels, "interface": interface, "input_type": input_type, "time": read, "repeats": repeats}
        seconds = self._ask(request)["seconds"]
        assert isinstance(seconds, float)
        return seconds

    def _ask(self, request: dict[str, object]) -> dict[str, object]:
        self._requests.write(json.dumps(request) + "\n")
        self._requests.flush()
        line = self._answers.readline()
        assert line, f"the parser of kili {VERSION} ended, its standard error says why"
        answer = json.loads(line)
        assert isinstance(answer, dict)
        return answer


@contextmanager
def official_labels() -> Iterator[OfficialLabels]:
    """Start the parser; it ends with the block."""
    environment = _ROOT / ".venv-peers" / f"kili-{VERSION}"
    if not (environment / ".installed").exists():
        pytest.fail(f"the official client {VERSION} is not installed: run `make peers` (`make test` does)")
    worker = Path(__file__).with_name("official_worker.py")
    process = subprocess.Popen(
        [environment / "bin" / "python", "-I", "-W", "ignore", worker],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        encoding="utf-8",
        cwd=environment,
    )
    with process:  # on leaving, closes its input, which ends it, and waits
        assert process.stdin is not None
        assert process.stdout is not None
        yield OfficialLabels(process.stdin, process.stdout)
