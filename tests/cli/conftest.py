"""The command, run in this process or in one of its own."""

import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from io import BytesIO, TextIOWrapper
from pathlib import Path

import pytest

from kili_query.cli import main
from tests.cli.running import DEMO, ROOT, Ran, Run
from tests.forking import forked_command


@pytest.fixture(scope="session")
def environ() -> dict[str, str]:
    """An environment that leaves nothing to the machine that tests run on."""
    kept = {
        name: value for name, value in os.environ.items() if name not in ("NO_COLOR", "FORCE_COLOR", "KILI_ONTOLOGY")
    }
    path = os.pathsep.join(filter(None, (str(ROOT), os.environ.get("PYTHONPATH"))))
    return kept | {"PYTHONPATH": path, "COLUMNS": "80", "PYTHONUTF8": "1", "TERM": "xterm-256color"}


@pytest.fixture(scope="session")
def command() -> list[str]:
    return [sys.executable, "-m", "kili_query"]


@pytest.fixture(scope="session")
def forked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[str]]:
    """The command as a process that starts at once, for tests that need several."""
    imported = (
        "kili_query.client.client",
        "kili_query.client.subscription.feed",
        "kili_query.client.transport",
        "kili_query.cli.explain_query",
        "kili_query.cli.match",
        "kili_query.datasets.recognition",
        "kili_query.targets.raw_bytes",
        "msgspec.json",
        "rich.progress",
    )
    with forked_command(tmp_path_factory.mktemp("bin"), *imported) as script:
        yield [str(script)]


@pytest.fixture
def run(environ: dict[str, str], tmp_path: Path) -> Run:
    """``run(*arguments, stdin=b"", **environ)`` runs the command in this process, in an empty folder.

    Starting an interpreter takes longer than most commands, so only tests of what a process does start one
    (``run_process``).
    """

    def run(*arguments: object, stdin: bytes = b"", **variables: str) -> Ran:
        encoding = variables.get("PYTHONIOENCODING", "utf-8")
        out, err = (TextIOWrapper(BytesIO(), encoding=encoding, newline="\n") for _ in range(2))
        with pytest.MonkeyPatch.context() as patch:
            for name in set(os.environ) - set(environ):
                patch.delenv(name)
            for name, value in (environ | variables).items():
                patch.setenv(name, value)
            patch.chdir(tmp_path)
            patch.setattr(sys, "argv", ["kili-query", *map(str, arguments)])
            patch.setattr(sys, "stdin", TextIOWrapper(BytesIO(stdin), encoding="utf-8"))
            patch.setattr(sys, "stdout", out)
            patch.setattr(sys, "stderr", err)
            status = main()
        for stream in (out, err):
            stream.flush()
            stream.seek(0)
        return Ran(status, out.read(), err.read())

    return run


@pytest.fixture
def run_process(command: Sequence[str], environ: dict[str, str], tmp_path: Path) -> Run:
    """The same in a process of its own."""

    def run(*arguments: object, stdin: bytes = b"", **variables: str) -> Ran:
        ran = subprocess.run(
            [*command, *map(str, arguments)],
            input=stdin,
            env=environ | variables,
            cwd=tmp_path,
            capture_output=True,
            check=False,
        )
        encoding = variables.get("PYTHONIOENCODING", "utf-8")
        result = Ran(ran.returncode, ran.stdout.decode(encoding), ran.stderr.decode(encoding))
        assert "Traceback" not in result.err
        return result

    return run


@pytest.fixture(scope="session")
def labels() -> Path:
    return DEMO / "labels.ndjson"


@pytest.fixture(scope="session")
def project() -> Path:
    return DEMO / "project.json"


@pytest.fixture
def odd_labels(tmp_path: Path) -> Path:
    """One label that matches `J.X`, one that does not, one unknown, one malformed, one line that is no label."""
    path = tmp_path / "odd.ndjson"
    path.write_bytes(
        b'{"id": "plain", "jsonResponse": {}}\n'
        b"not json\n"
        b'{"id": "unknown"}\n'
        b'{"id": "malformed", "jsonResponse": {"J": {"categories": "X"}}}\n'
        b'{"id": "d\\ud800\\u00e9\\u001b[31m", "jsonResponse": {"J": {"categories": [{"name": "X"}]}}}\n'
    )
    return path
