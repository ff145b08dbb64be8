"""What `--help` shows can be typed as it is."""

import re
import shlex

import pytest

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


@pytest.mark.parametrize("example", EXAMPLES)
def test_queries_in_examples_are_queries(example: str) -> None:
    for word in shlex.split(example):
        if re.search(r"[\s.]count|\s(AND|OR)\s", word):
            kq.parse(word)
