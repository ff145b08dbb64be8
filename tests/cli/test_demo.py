"""`kili-query demo`: what it shows is what the commands print."""

import json
import os
import shlex
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from kili_query.cli import demo_server
from kili_query.cli.demo import _next_commands
from kili_query.cli.demo_server import NotAsked, ask_server
from kili_query.sandbox import Sandbox
from tests.cli.running import DEMO, Ran, Run
from tests.cli.served import served, variables_of


def test_the_tour(run: Run, golden: Callable[[str, str], None]) -> None:
    ran = run("demo")
    assert (ran.status, ran.err) == (0, "")
    golden("cli/demo.txt", ran.out.removesuffix("\n"))


@pytest.fixture(scope="module")
def box() -> Iterator[Sandbox]:
    with served() as box:
        yield box


def test_shown_commands_print_what_is_shown(run: Run, box: Sandbox, tmp_path: Path) -> None:
    tour = run("demo").out
    commands = [line.strip().removeprefix("$ kili-query ") for line in tour.splitlines() if "$ kili-query" in line]
    assert [command.split()[0] for command in commands] == [
        "check", "match", "match", "histogram", "serve", "labels", "labels", "pull", "match", "pull"
    ]  # fmt: skip
    for command in commands:
        arguments = [str(DEMO / word) if (DEMO / word).is_file() else word for word in shlex.split(command)]
        if arguments[0] == "serve":  # which goes on until it is ended, and has tests of its own
            continue
        if arguments[0] == "labels":  # a person sees a table, and a file of text holds it too
            ran = run(*arguments, "-o", "labels.txt", **variables_of(box))
            assert Path(tmp_path, "labels.txt").read_text(encoding="utf-8") in tour
            continue
        ran = run(*arguments, **variables_of(box))
        if "--explain" in arguments:
            shown = tour.partition("--explain\n\n")[2].partition("… and so on")[0]
            assert shown.count("label") == 2
            assert all(part in ran.out for part in shown.split("\nlabel"))
        else:
            assert ran.out in tour
            assert all(line in tour for line in ran.err.splitlines()) or "histogram" in arguments


def test_what_to_type_where_the_command_is_not_on_the_path(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    script = Path(sys.executable).parent / "kili-query"
    monkeypatch.setenv("PATH", "/usr/bin:/bin")
    monkeypatch.setattr(sys, "argv", [str(script)])  # which Python makes of the script that was started
    monkeypatch.chdir(tmp_path)
    assert f"    {os.path.relpath(script, tmp_path)} demo --save kili-demo\n" in f"{_next_commands()}\n"


def test_next_commands_run(run: Run, tmp_path: Path) -> None:
    commands = [
        line.strip().removeprefix("kili-query ")
        for line in run("demo").out.partition("Now you")[2].splitlines()
        if line.startswith("    kili-query ")
    ]
    assert len(commands) == 6
    for command in commands:
        assert run(*shlex.split(command)).status == 0, command
    assert (tmp_path / "kili-demo" / "NOTICE").exists()
    assert (tmp_path / "crowded.ndjson").read_text(encoding="utf-8")


def test_save_writes_over_nothing(run: Run, tmp_path: Path) -> None:
    ran = run("demo", "--save", "new/folder", "--json")
    assert json.loads(ran.out)["files"][0] == "new/folder/labels.ndjson"
    assert (tmp_path / "new" / "folder" / "labels.ndjson").read_bytes() == (DEMO / "labels.ndjson").read_bytes()
    assert run("demo", "--save", "new/folder") == Ran(
        2, "", "error: cannot write `new/folder/labels.ndjson`: it exists already\n"
    )


def test_json(run: Run) -> None:
    tour = json.loads(run("demo", "--json").out)
    assert [found["code"] for found in tour["diagnostics"]] == ["KQ102"]
    assert len(tour["matching"]) == tour["report"]["matched"] == 5
    assert [one["matches"] for one in tour["explanations"]] == [True, False]
    assert [len(asked["labels"]) for asked in tour["served"]] == [5, 2]
    assert tour["cache"]["matched"] == 5


def test_without_server_or_client(monkeypatch: pytest.MonkeyPatch) -> None:
    for extra in ("client", "sandbox"):
        monkeypatch.setattr(demo_server, "has_extra", extra.__ne__)
        told = ask_server("OBJECTS.PERSON")
        assert isinstance(told, NotAsked)
        assert str(told) == 'Left out: it takes a server and a client: pip install "kili-query[client,sandbox]"'


def test_without_cache(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(demo_server, "has_extra", "cache".__ne__)
    assert '\n\nLeft out: it takes a cache: pip install "kili-query[cache]"\n' in run("demo").out
    assert json.loads(run("demo", "--json").out)["cache"] is None


def test_what_surrounds_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """The settings of a real server do not matter; a proxy that leads nowhere is told in one line."""
    monkeypatch.setenv("KILI_VERIFY", "no/such/file")
    monkeypatch.setenv("KILI_API_KEY", "of another server")
    told = ask_server("OBJECTS.PERSON.count > 7")
    assert not isinstance(told, NotAsked)
    assert [label["id"] for label in told.answers[0].labels] == ["label211891", "label227000"]
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    monkeypatch.setenv("no_proxy", "")
    told = ask_server("OBJECTS.PERSON")
    assert isinstance(told, NotAsked)
    assert str(told).startswith("Left out: ")
    assert "\n" not in str(told)
