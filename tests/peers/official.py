"""The official client, of two releases, in environments of its own: scripts that call it, and its validator."""

import atexit
import json
import os
import sys
import tempfile
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path
from threading import Lock
from typing import IO, Any

import pytest
from attrs import define, field, frozen

from tests.forking import forking, run_forked

__all__ = ["LATEST", "OLD", "OURS", "SCRIPTS", "OfficialValidator", "official_python", "official_validator"]

LATEST = "26.2.4"
OLD = "2.158.4"
OURS = "ours"

_ROOT = Path(__file__).resolve().parents[2]
_IMPORTED = {
    OLD: ("kili.client",),
    LATEST: ("kili.client", "kili.client_domain", "kili.domain_api", "kili_events"),
    OURS: ("kili_query.client", "kili_query.client.exporting", "kili_query.client.transport", "shapely"),
}
"""What scripts use of each, and what it would import at the first call, in each process again."""


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
    _addresses: dict[str, str] = field(factory=dict)
    _starting: Lock = field(factory=Lock)

    def run(
        self, client: str, name: str, given: object, home: Path | None = None, arguments: Sequence[str] = ()
    ) -> Any:
        """Run a script of this folder, and return the JSON that it prints.

        Args:
            client: `OURS`, or a version of the official client.
            name: the name of the script.
            given: the value that it reads from standard input, as JSON.
            home: the folder in which it runs, and its home; None is a new one.
            arguments: of its command line.
        """
        with ExitStack() as stack:
            streams = [stack.enter_context(tempfile.TemporaryFile("w+", encoding="utf-8")) for _ in range(3)]
            json.dump(given, streams[0])
            streams[0].seek(0)
            if home is None:
                home = Path(stack.enter_context(tempfile.TemporaryDirectory()))
            status = run_forked(
                self._address(client),
                [str(Path(__file__).with_name(name)), *arguments],
                home,
                _environ(client, home),
                [stream.fileno() for stream in streams],
            )
            for stream in streams[1:]:
                stream.seek(0)
            assert status == 0, f"{client}: {streams[2].read()[-3000:]}"
            return json.load(streams[1])

    @contextmanager
    def talking(self, client: str, name: str) -> Iterator[tuple[IO[str], IO[str]]]:
        """Start a script of this folder, which ends with its standard input, and return what writes to it and reads it.

        Args:
            client: `OURS`, or a version of the official client.
            name: the name of the script.
        """
        address, path = self._address(client), Path(__file__).with_name(name)
        (given, to), (told, given_back) = os.pipe(), os.pipe()

        def run(home: Path) -> None:
            try:
                run_forked(address, [str(path)], home, _environ(client, home), [given, given_back, 2])
            finally:
                for stream in (given, given_back):
                    os.close(stream)  # a reader that still waits then gets the end of the stream

        with (
            tempfile.TemporaryDirectory() as home,
            open(told, encoding="utf-8") as answers,
            ThreadPoolExecutor(1) as pool,
        ):
            running = pool.submit(run, Path(home))
            try:
                with open(to, "w", encoding="utf-8") as requests:
                    yield requests, answers
            finally:
                running.result()

    def close(self) -> None:
        """End the processes; those that are needed later start again."""
        self._addresses.clear()
        self._opened.close()

    def _address(self, client: str) -> str:
        with self._starting:
            if client not in self._addresses:
                python = sys.executable if client == OURS else official_python(client)
                home = Path(self._opened.enter_context(tempfile.TemporaryDirectory()))
                started = forking(python, _environ(client, home), *_IMPORTED[client])
                self._addresses[client] = self._opened.enter_context(started)
            return self._addresses[client]


def _environ(client: str, home: Path) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("KILI", "PYTHON"))}
    return kept | {"HOME": str(home)} | ({"PYTHONPATH": str(_ROOT)} if client == OURS else {})


SCRIPTS = Scripts()
"""The tests of a process share it: importing the official client takes seconds."""
atexit.register(SCRIPTS.close)


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
    with SCRIPTS.talking(version, "worker.py") as (requests, answers):
        yield OfficialValidator(version, requests, answers)
