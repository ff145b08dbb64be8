"""The official client, of two releases, in environments of its own: scripts that call it, and its validator."""

import json
import os
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from threading import Lock
from typing import IO, Any

import pytest
from attrs import define, field, frozen

__all__ = ["LATEST", "OLD", "OURS", "SCRIPTS", "OfficialValidator", "official_python", "official_validator"]

LATEST = "26.2.4"
OLD = "2.158.4"
OURS = "ours"

TIMEOUT_S = 300

_ROOT = Path(__file__).resolve().parents[2]
_IMPORTED = {
    OLD: ("kili.client",),
    LATEST: ("kili.client", "kili.client_domain", "kili_events"),
    OURS: ("kili_query.client",),
}


def official_python(version: str) -> Path:
    """The interpreter of the environment that holds one version of the official client."""
    environment = _ROOT / ".venv-peers" / f"kili-{version}"
    if not (environment / ".installed").exists():
        pytest.fail(f"the official client {version} is not installed: run `make peers` (`make test` does)")
    return environment / "bin" / "python"


@define
class Scripts:
    """Runs scripts in the environment of a client, each in a process of its own, which has imported the client."""

    _opened: ExitStack = field(factory=ExitStack)
    _sockets: dict[str, str] = field(factory=dict)
    _starting: Lock = field(factory=Lock)

    def run(
        self, client: str, name: str, given: object, home: Path | None = None, arguments: Sequence[str] = ()
    ) -> Any:
        """Run a script of this folder, and return the JSON that it prints.

        Args:
            client: `OURS`, or a version of the official client.
            name: the name of the script.
            given: what it reads as JSON.
            home: the folder in which it runs, and its home; None is one that all such scripts share.
            arguments: of its command line.
        """
        path = self._socket(client)
        asked = {
            "script": str(Path(__file__).with_name(name)),
            "arguments": arguments,
            "input": json.dumps(given),
            "home": str(home or Path(path).parent),
        }
        with socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(TIMEOUT_S)
            connection.connect(path)
            connection.sendall(json.dumps(asked).encode())
            connection.shutdown(socket.SHUT_WR)
            with connection.makefile("rb") as answer:
                told = json.load(answer)
        assert told["status"] == 0, f"{client}: {told['err'][-3000:]}"
        return json.loads(told["out"])

    def close(self) -> None:
        """End the processes; those that are needed later start again."""
        self._sockets.clear()
        self._opened.close()

    def _socket(self, client: str) -> str:
        with self._starting:
            if client not in self._sockets:
                self._sockets[client] = self._start(client)
            return self._sockets[client]

    def _start(self, client: str) -> str:
        """Start the process that the scripts of a client are forked from; it ends with its standard input."""
        folder = self._opened.enter_context(tempfile.TemporaryDirectory())  # paths of sockets have to be short
        path = f"{folder}/socket"
        python = sys.executable if client == OURS else official_python(client)
        environ = {name: value for name, value in os.environ.items() if not name.startswith(("KILI", "PYTHON"))}
        environ |= {"HOME": folder} | ({"PYTHONPATH": str(_ROOT)} if client == OURS else {})
        process = subprocess.Popen(
            [python, Path(__file__).with_name("forking.py"), path, *_IMPORTED[client]],
            env=environ,
            cwd=folder,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        self._opened.enter_context(process)
        assert process.stdout is not None
        assert process.stdout.read() == b"ready\n", f"{client} cannot be imported, standard error says why"
        return path


SCRIPTS = Scripts()
"""The tests of a process share it: importing the official client takes seconds."""


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
