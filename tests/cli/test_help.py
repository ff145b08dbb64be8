"""What `--help` shows can be typed as it is."""

import re
import shlex

import pytest
from typer.models import CommandInfo

import kili_query as kq
from kili_query.cli.app import app

EXAMPLES = [
    line.strip()
    for command in app.registered_commands
    for line in (command.callback.__doc__ or "" if command.callback else "").splitlines()
    if line.strip().startswith("kili-query ")
]


def test_commands_have_examples() -> None:
    assert len(EXAMPLES) > 5


WITH_NEGATIVE_ANSWERS = {"audit", "compare", "export", "format", "labels", "lint", "match", "pull", "sheet"}


@pytest.mark.parametrize("command", app.registered_commands, ids=lambda command: command.name)
def test_commands_tell_their_exit_statuses(command: CommandInfo) -> None:
    text = " ".join((command.callback.__doc__ or "" if command.callback else "").split())
    told = text.partition("Exit status: ")[2]
    assert bool(re.search(r"\b1 when", told)) == (command.name in WITH_NEGATIVE_ANSWERS)
    assert " 2 " in told  # for bad usage, every command ends with it


@pytest.mark.parametrize("example", EXAMPLES)
def test_queries_in_examples_are_queries(example: str) -> None:
    for word in shlex.split(example):
        if re.search(r"[\s.]count|\s(AND|OR)\s", word):
            kq.parse(word)
