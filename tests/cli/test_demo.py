"""`kili-query demo`: what it shows is what the commands print."""

import json
import shlex
from collections.abc import Callable
from pathlib import Path

from tests.cli.running import DEMO, Ran, Run


def test_the_tour(run: Run, golden: Callable[[str, str], None]) -> None:
    ran = run("demo")
    assert (ran.status, ran.err) == (0, "")
    golden("cli/demo.txt", ran.out.removesuffix("\n"))


def test_shown_commands_print_what_is_shown(run: Run) -> None:
    tour = run("demo").out
    commands = [line.strip().removeprefix("$ kili-query ") for line in tour.splitlines() if "$ kili-query" in line]
    assert [command.split()[0] for command in commands] == ["check", "match", "match", "histogram"]
    for command in commands:
        arguments = [str(DEMO / word) if (DEMO / word).is_file() else word for word in shlex.split(command)]
        ran = run(*arguments)
        if "--explain" in arguments:
            shown = tour.partition("--explain\n\n")[2].partition("… and so on")[0]
            assert shown.count("label") == 2
            assert all(part in ran.out for part in shown.split("\nlabel"))
        else:
            assert ran.out in tour
            assert ran.err in tour or "histogram" in arguments


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
        2, "", "error: cannot write `new/folder/labels.ndjson`: File exists\n"
    )


def test_json(run: Run) -> None:
    tour = json.loads(run("demo", "--json").out)
    assert [found["code"] for found in tour["diagnostics"]] == ["KQ102"]
    assert len(tour["matching"]) == tour["report"]["matched"] == 5
    assert [one["matches"] for one in tour["explanations"]] == [True, False]
