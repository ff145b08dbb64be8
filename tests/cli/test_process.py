"""The command as a process: help, terminals, pipes, signals, and what it loads."""

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from importlib.metadata import version
from pathlib import Path

import pytest

from kili_query.cli.app import COMMANDS
from tests.cli.alone import labels_alone  # noqa: F401 - the fixture `labels`
from tests.cli.running import DEMO, ROOT, Ran, Run
from tests.cli.terminal import TIMEOUT_S, Terminal
from tests.ending import end_by


def test_version(run: Run) -> None:
    assert run("--version") == run("-V") == Ran(0, f"kili-query {version('kili-query')}\n", "")


def test_help(run: Run) -> None:
    ran = run("--help")
    assert ran.status == 0
    assert all(f"\n  {command} " in ran.out for command in COMMANDS)
    assert run("-h") == ran
    assert run().status == 2


IMPORTS = """
import gc, io, json, os, sys
from contextlib import redirect_stdout
import asyncio, lark, multiprocessing.connection, pydantic.types, uuid, zipfile  # all forks have these of others
from kili_query.cli import app, main

def show(name):
    sys.argv = ["kili-query", name, "--help"]
    with redirect_stdout(io.StringIO()) as shown:
        status = main()
    parts = {part for module in sys.modules if module.startswith("kili_query.") for part in module.split(".")[1:3]}
    print(json.dumps([name, status, shown.getvalue(), sorted(parts)]), flush=True)

first, *others = sys.argv[1:]
show(first)
gc.freeze()  # so that no fork goes through what was imported, and copies it
for name in others:
    if os.fork() == 0:
        show(name)
        os._exit(0)
    os.wait()
"""


def test_a_command_imports_what_it_needs(environ: dict[str, str]) -> None:
    """In a process of its own, because the tests have imported everything: forks of the first, the smallest."""
    found = list(map(json.loads, python(IMPORTS, environ, *COMMANDS).stdout.splitlines()))
    assert [name for name, *_ in found] == list(COMMANDS)
    assert found[0][0] == "check"
    for name, status, shown, parts in found:
        assert status == 0, name
        assert f"Usage: kili-query {name} " in shown
        assert "query" in parts, name
        if name in ("check", "format", "simplify", "compare", "match"):
            assert not {"client", "export", "lint", "sandbox", "pictures"} & set(parts), name
            assert ("scanning" in parts) is (name == "match"), name


def test_the_list_of_commands_imports_none(environ: dict[str, str]) -> None:
    program = (
        "import sys; from kili_query.cli import main; status = main()\n"
        "print(status, 'lark' in sys.modules, 'kili_query.query' in sys.modules, file=sys.stderr)"
    )
    assert python(program, environ, "--help").stderr == "0 False False\n"


def test_output_and_report_in_order(
    command: Sequence[str], forked: Sequence[str], labels: Path, tmp_path: Path
) -> None:
    """In one pipe, the report comes after what it is about, whatever the environment says about buffers."""
    environ = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), "LANG": "C.UTF-8", "HOME": str(tmp_path)}
    commands = (*command, "match", "OBJECTS.DOG", labels, "--count"), (*forked, "count", labels)
    for words in (*commands, (*forked, "histogram", labels)):
        ran = subprocess.run(
            words,
            env=environ,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=True,
        )
        *output, report = ran.stdout.splitlines()
        assert output
        assert report.startswith("34 read: ")


def test_one_way_to_standard_error() -> None:
    """It alone flushes standard output before, so that both read in order."""
    folder = ROOT / "kili_query" / "cli"
    others = [path.name for path in folder.glob("*.py") if "file=sys.stderr" in path.read_text(encoding="utf-8")]
    assert sorted(others) == ["__init__.py", "output.py"]  # the first where nothing was printed yet


def test_an_unknown_command(run: Run) -> None:
    ran = run("mtch")
    assert (ran.status, ran.out) == (2, "")
    assert "match" in ran.err


def test_the_installed_script(tmp_path: Path) -> None:
    script = Path(sys.executable).parent / "kili-query"
    assert script.exists(), "the package is not installed: `make test` does that"
    ran = subprocess.run([script, "--version"], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert ran.stdout.startswith("kili-query ")


def test_completion(run_process: Run) -> None:
    ran = run_process("--show-completion", "bash", _TYPER_COMPLETE_TEST_DISABLE_SHELL_DETECTION="1")
    assert ran.status == 0
    assert "_KILI_QUERY_COMPLETE=complete_bash" in ran.out


def python(program: str, environ: dict[str, str], *arguments: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", program, *map(str, arguments)], env=environ, capture_output=True, text=True, check=False
    )


@pytest.mark.parametrize("missing", ["typer", "pydantic_core"])
def test_a_missing_extra_is_named(environ: dict[str, str], missing: str) -> None:
    program = f"import sys; sys.modules[{missing!r}] = None; from kili_query.cli import main; sys.exit(main())"
    ran = python(program, environ, "check", "A.B")
    if missing == "typer":
        assert (ran.returncode, ran.stdout) == (2, "")
        assert ran.stderr.endswith('pip install "kili-query[cli]"\n')
        assert ran.stderr.count("\n") == 1
    else:
        assert ran.returncode == 1  # a broken installation is no missing extra


def test_what_commands_load_in_pipes(environ: dict[str, str], labels: Path) -> None:
    """No rich, and queries are checked without what reads labels."""
    program = (
        "import json, sys; from kili_query.cli import main\n"
        "for arguments in json.loads(sys.argv[1]):\n"
        "    sys.argv[1:] = arguments; status = main()\n"
        "    loaded = [name for name in ('kili_query.query', 'kili_query.scanning', 'rich') if name in sys.modules]\n"
        "    print('loaded', json.dumps([status, *loaded]), file=sys.stderr)"
    )
    check = ["check", "A.B.count > 1", "--ontology", "none"]
    commands = [check, ["match", "SCENE.FOOD", str(labels)], ["explain", "KQ102"]]
    told = python(program, environ, json.dumps(commands)).stderr
    assert [json.loads(line[len("loaded") :]) for line in told.splitlines() if line.startswith("loaded")] == [
        [0, "kili_query.query"],
        [0, "kili_query.query", "kili_query.scanning"],
        [0, "kili_query.query", "kili_query.scanning"],
    ]


class TestTerminal:
    """Colours and bars are for people."""

    def check(self, environ: dict[str, str], command: Sequence[str], **variables: str) -> str:
        terminal = Terminal()
        ran = subprocess.run(
            [*command, "check", "A.B.count >"],
            env=environ | variables,
            stderr=terminal.slave,
            stdout=subprocess.DEVNULL,
            check=False,
        )
        assert ran.returncode == 2
        return terminal.read_to_end()

    def test_colours(self, environ: dict[str, str], forked: Sequence[str]) -> None:
        assert "\x1b[1;31merror[KQ003]\x1b[0m" in self.check(environ, forked)

    @pytest.mark.parametrize("variables", [{"NO_COLOR": "1"}, {"TERM": "dumb"}])
    def test_no_colours(self, environ: dict[str, str], forked: list[str], variables: dict[str, str]) -> None:
        shown = self.check(environ, forked, **variables)
        assert shown.startswith("error[KQ003]: ")
        assert "\x1b" not in shown

    def test_a_page_is_laid_out(self, environ: dict[str, str], forked: list[str]) -> None:
        terminal = Terminal()
        subprocess.run([*forked, "explain", "KQ102"], env=environ, stdout=terminal.slave, check=True)
        shown = terminal.read_to_end()
        assert "unknown category" in shown
        assert "## Why" not in shown

    def test_a_long_scan_shows_how_far_it_is(
        self, environ: dict[str, str], command: Sequence[str], labels: Path, tmp_path: Path
    ) -> None:
        terminal = Terminal()
        text = labels.read_bytes()
        with (tmp_path / "out").open("wb") as out:
            process = subprocess.Popen(
                [*command, "match", "SCENE.FOOD", "-", "--count"],
                env=environ,
                stdin=subprocess.PIPE,
                stdout=out,
                stderr=terminal.slave,
            )
            assert process.stdin is not None
            stdin = process.stdin
            terminal.read_until(lambda shown: "reading" in shown, lambda: stdin.write(text))
            stdin.close()
            assert process.wait(TIMEOUT_S) == 0
        shown = terminal.read_to_end()
        assert "\x1b[?25h" in shown, "the cursor is shown again"
        assert " read: " in shown.splitlines()[-1]
        assert int((tmp_path / "out").read_text()) > 0

    def test_no_bar_for_a_short_scan(self, environ: dict[str, str], forked: list[str], labels: Path) -> None:
        terminal = Terminal()
        subprocess.run(
            [*forked, "match", "SCENE.FOOD", labels, "--count"],
            env=environ,
            stdout=subprocess.DEVNULL,
            stderr=terminal.slave,
            check=True,
        )
        assert terminal.read_to_end().startswith("34 read: ")


class TestPipes:
    """The reader may go away, and the disk may be full."""

    def start(self, command: Sequence[str], environ: dict[str, str], *arguments: object) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            [*command, *map(str, arguments)], env=environ, stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )

    def test_a_broken_pipe_is_quiet(
        self, command: Sequence[str], forked: Sequence[str], environ: dict[str, str], labels: Path
    ) -> None:
        for words, options in ((command, ()), (forked, ("--explain",)), (forked, ("--json",))):
            process = self.start(words, environ, "match", "SCENE.count < 99", *[labels] * 9, *options)
            assert process.stdout is not None
            process.stdout.readline()
            process.stdout.close()
            assert process.stderr is not None
            assert process.stderr.read() == b"", options
            assert process.wait(TIMEOUT_S) == 141, options
            process.stderr.close()

    def test_a_pipe_that_no_one_reads(
        self, command: Sequence[str], forked: Sequence[str], environ: dict[str, str]
    ) -> None:
        for words in ((*command, "check", "A.B"), (*forked, "explain", "KQ102")):
            read, write = os.pipe()
            os.close(read)
            with os.fdopen(write, "wb") as closed:
                ran = subprocess.run(words, env=environ, stdout=closed, stderr=subprocess.PIPE, check=False)
            assert (ran.returncode, ran.stderr) == (141, b""), words

    @pytest.mark.skipif(not os.path.exists("/dev/full"), reason="no device that is always full")
    def test_a_full_disk(self, forked: Sequence[str], environ: dict[str, str], labels: Path) -> None:
        with open("/dev/full", "wb") as full:
            ran = subprocess.run(
                [*forked, "match", "SCENE.FOOD", labels], env=environ, stdout=full, stderr=subprocess.PIPE, check=False
            )
        assert ran.returncode == 2
        assert ran.stderr.endswith(b"error: standard output: No space left on device\n")

    @pytest.mark.skipif(not os.path.exists("/dev/full"), reason="no device that is always full")
    def test_a_full_disk_for_all_output(
        self, command: Sequence[str], forked: Sequence[str], environ: dict[str, str]
    ) -> None:
        others = (*forked, "match", "--help"), (*forked, "--version"), (*forked, "explain", "KQ102")
        for words in ((*command, "--help"), *others):
            with open("/dev/full", "wb") as full:
                ran = subprocess.run(words, env=environ, stdout=full, stderr=subprocess.PIPE, check=False)
            assert (ran.returncode, ran.stderr) == (2, b"error: standard output: No space left on device\n"), words

    @pytest.mark.skipif(not os.path.exists("/dev/full"), reason="no device that is always full")
    @pytest.mark.parametrize(("options", "status"), [(("--quiet",), 0), ((), 2)])
    def test_a_full_disk_for_reports(
        self, forked: Sequence[str], environ: dict[str, str], labels: Path, options: tuple[str, ...], status: int
    ) -> None:
        """The answer is complete, and the status says whether a report is lost."""
        arguments = ("match", "SCENE.FOOD", labels, "--count", *options)
        with open("/dev/full", "wb") as full:
            ran = subprocess.run([*forked, *arguments], env=environ, stdout=subprocess.PIPE, stderr=full, check=False)
        assert (ran.returncode, int(ran.stdout) > 0) == (status, True)

    @pytest.mark.parametrize(("closed", "out"), [("1>&-", rb""), ("0<&- 2>&-", rb"\d+\n")])
    def test_closed_streams(
        self, command: Sequence[str], environ: dict[str, str], labels: Path, closed: str, out: bytes
    ) -> None:
        line = f'exec "$@" {closed}'
        ran = subprocess.run(
            ["sh", "-c", line, "sh", *command, "match", "SCENE.FOOD", labels, "-", "--count"],
            env=environ,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            check=False,
        )
        assert ran.returncode == 0
        assert re.fullmatch(out, ran.stdout)
        assert b"Traceback" not in ran.stderr


class TestInterrupt:
    """Ctrl-C ends quietly, and leaves nothing behind."""

    def test_while_reading(self, command: Sequence[str], environ: dict[str, str]) -> None:
        terminal = Terminal()  # to see a line as soon as it is written
        process = subprocess.Popen(
            [*command, "match", "J.X.count == 0", "-", "--jsonl"],
            env=environ,
            stdin=subprocess.PIPE,
            stdout=terminal.slave,
            stderr=subprocess.PIPE,
        )
        assert process.stdin is not None
        process.stdin.write(json.dumps({"id": "a", "jsonResponse": {}}).encode() + b"\n")
        process.stdin.flush()
        terminal.read_until(lambda shown: '"id"' in shown)
        assert end_by(process) == 130
        process.stdin.close()
        assert process.stderr is not None
        assert process.stderr.read() == b""
        process.stderr.close()

    @pytest.mark.parametrize(
        ("sent", "is_forked", "arguments"),
        [
            (signal.SIGINT, True, ("match", "J.X.count == 0", "-", "-o", "out.ndjson")),
            (signal.SIGTERM, True, ("match", "J.X.count == 0", "-", "-o", "out.ndjson")),
            (
                signal.SIGTERM,
                False,
                ("export", "-", "--ontology", DEMO / "project.json", "-f", "jsonl", "-o", "out.ndjson"),
            ),
        ],
    )
    def test_while_writing_a_file(
        self,
        command: Sequence[str],
        forked: Sequence[str],
        environ: dict[str, str],
        tmp_path: Path,
        sent: signal.Signals,
        is_forked: bool,
        arguments: Sequence[object],
    ) -> None:
        """Ctrl-C of a process that is started as usual is tried above."""
        scratch = tmp_path.parent / f"{tmp_path.name} scratch"
        scratch.mkdir()
        process = subprocess.Popen(
            [*(forked if is_forked else command), *map(str, arguments)],
            env=environ | {"TMPDIR": str(scratch)},
            cwd=tmp_path,
            stdin=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        assert process.stdin is not None
        # more than a pipe holds: once it is written, reading has begun
        process.stdin.write(b'{"id": "a", "assetId": "b", "jsonResponse": {}}\n' * 3_000)
        process.stdin.flush()
        assert len(os.listdir(tmp_path)) == 1
        assert end_by(process, sent) == 128 + sent
        process.stdin.close()
        assert process.stderr is not None
        assert process.stderr.read() == b""
        process.stderr.close()
        assert os.listdir(tmp_path) == os.listdir(scratch) == []


def test_a_command_in_a_thread_of_a_program(run: Run) -> None:
    with ThreadPoolExecutor(1) as threads:
        assert threads.submit(run, "format", "A.B.count>0").result() == Ran(0, "A.B.count > 0\n", "")
