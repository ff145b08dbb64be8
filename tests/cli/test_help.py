"""What `--help` shows is true, and can be typed as it is."""

import inspect
import re
import shlex
from collections.abc import Callable
from importlib import import_module

import pytest

import kili_query as kq
from kili_query.cli.app import COMMANDS
from tests.cli.running import Run

WITH_NEGATIVE_ANSWERS = {
    *("audit", "compare", "drift", "events", "export", "format", "labels", "lint", "lsp", "match", "pull", "split"),
    *("sheet", "split"),
}


def function_of(command: str) -> Callable[..., int]:
    module, _, name = COMMANDS[command][0].partition(".")
    function: Callable[..., int] = getattr(import_module(f"kili_query.cli.{module}"), name)
    return function


def examples() -> list[str]:
    texts = "\n".join(function_of(command).__doc__ or "" for command in COMMANDS)
    return [line.strip() for line in texts.splitlines() if line.strip().startswith("kili-query ")]


@pytest.mark.parametrize("command", COMMANDS)
def test_each_command(run: Run, command: str) -> None:
    text = inspect.getdoc(function_of(command)) or ""
    assert text.partition("\n")[0] == COMMANDS[command][1], "the list of commands has another summary"
    statuses = " ".join(text.split()).partition("Exit status: ")[2]
    assert bool(re.search(r"\b1 when", statuses)) == (command in WITH_NEGATIVE_ANSWERS)
    assert " 2 " in statuses  # for bad usage, every command exits with it
    shown = run(command, "--help").out
    assert f"Usage: kili-query {command} " in shown
    assert "-q, --quiet" in shown
    assert ("--json" in shown) == (command != "lsp")  # whose output is the protocol of editors, which is JSON
    assert re.search(r"\n\nExamples:\n  kili-query " + command, shown)
    assert not re.search(r"list\[|<str>|<int>|\{", shown), "types of the framework"


def test_the_list_of_commands(run: Run) -> None:
    shown = run("--help").out
    titles = re.findall(r"\n\n(Commands .*):\n  \w", shown)
    assert titles == ["Commands for queries", "Commands for files of labels", "Commands that use a server"]
    assert "\n\nExamples:\n  kili-query check " in shown


def test_queries_in_examples_are_queries() -> None:
    for example in examples():
        for word in shlex.split(example):
            if re.search(r"[\s.]count|\s(AND|OR)\s", word):
                kq.parse(word)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("sheet", "A.B", "f", "-o", "p.png", "--most", "x"), "Invalid value for '--most': must be a whole number"),
        (("sheet", "A.B", "f", "-o", "p.png", "--most", "0"), "Error: Invalid value for '--most': must be 1 or more"),
        (("serve", "--port", "99999"), "Error: Invalid value for '--port': must be 65535 or less"),
        (("watch", "p", "--give-up-after", "x"), "Error: Invalid value for '--give-up-after': must be a number"),
        (("match", "A.B", "f", "--policy", "x"), "'x' is not one of 'objects', 'key_frames', 'frames'."),
        (("mtch",), "Error: No such command 'mtch'. Did you mean 'match'"),
    ],
    ids=lambda value: value[0] if isinstance(value, tuple) else "",
)  # fmt: skip
def test_usage_errors_in_plain_words(run: Run, arguments: tuple[str, ...], message: str) -> None:
    ran = run(*arguments)
    assert (ran.status, ran.out) == (2, "")
    assert message in ran.err
    assert "Value error" not in ran.err
