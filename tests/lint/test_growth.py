"""Work grows with the length of a file, not with its square.

Lines that the interpreter runs are counted, because a time would depend on the machine.
"""

import json
from collections.abc import Callable, Iterator

import pytest

from kili_query.lint import LintItem
from kili_query.lint.in_json import find_in_json
from kili_query.lint.in_notebook import find_in_notebook
from kili_query.lint.in_python import find_in_python
from kili_query.lint.in_yaml import find_in_yaml
from kili_query.lint.searches import PARSED_LENGTH
from kili_query.source import Source
from tests.each import for_each
from tests.work import lines_run

Finder = Callable[[Source], Iterator[LintItem]]


def cell(text: str) -> str:
    return json.dumps({"cells": [{"cell_type": "code", "source": text}]})


SHAPES: dict[str, tuple[Finder, Callable[[int], str]]] = {
    "yaml: comments beside texts": (find_in_yaml, lambda n: "- b # kili-query\n" * n),
    "yaml: comments in texts": (find_in_yaml, lambda n: "- 'x # kili-query'\n" * n),
    "yaml: one line": (find_in_yaml, lambda n: "[" + "x," * n + "] # kili-query"),
    "yaml: blank lines behind an anchor": (find_in_yaml, lambda n: "category_search: &a" + "\n" * n + " 'x'"),
    "yaml: one long text": (find_in_yaml, lambda n: "category_search: '" + "x\n " * n + "'"),
    "cell: white space": (find_in_notebook, lambda n: cell("%ls category_search\n" + " " * n + "x = " + " " * n)),
    "cell: names": (find_in_notebook, lambda n: cell("%ls category_search\n" + "a, " * n)),
    "cell: commands": (find_in_notebook, lambda n: cell("%ls category_search\n" * n)),
    "cell: a continued command": (find_in_notebook, lambda n: cell("%ls category_search" + "\\\n" * n)),
    "cell: magic atop": (find_in_notebook, lambda n: cell("%%time category_search\n" * n)),
    "cell: timed calls": (find_in_notebook, lambda n: cell("%time f(category_search='J.A')\n" * n)),
    "cell: prompts": (find_in_notebook, lambda n: cell(">>> f(category_search='J.A')\n" * n)),
    "cell: quotes": (find_in_notebook, lambda n: cell(">>> category_search\n" + '""""a""" """' * n)),
    "cell: brackets": (find_in_notebook, lambda n: cell("%ls category_search\n" + "(\n" * n)),
    "python: comments": (find_in_python, lambda n: "a = 'b' # kili-query\n" * n),
    "python: comments in one text": (find_in_python, lambda n: "a = (" + "'b' # kili-query\n" * n + ")"),
    "python: one line": (find_in_python, lambda n: "é = [" + "dict(category_search='a')," * n + "]"),
    "python: line ends": (find_in_python, lambda n: "category_search = '''a\r\n'''\r\n" * n),
    "json: objects": (find_in_json, lambda n: "[" + '{"category_search": "a"},' * n + "1]"),
    "json: deep objects": (find_in_json, lambda n: "[" * 400 + '{"category_search": "a"},' * n + "1" + "]" * 400),
}


def work(finder: Finder, text: str) -> int:
    source = Source(text)
    return lines_run(lambda: list(finder(source)))


@for_each(SHAPES)
def test_twice_the_length_is_twice_the_work(shape: str) -> None:
    finder, text = SHAPES[shape]
    work(finder, text(1))  # the first call may load modules
    none, small, large = (work(finder, text(size)) for size in (1, 100, 200))
    assert large - small < 1.2 * (small - none) + 200


@pytest.mark.parametrize("finder", [find_in_python, find_in_yaml, lambda source: find_in_notebook(in_cell(source))])
def test_what_is_too_long_is_not_parsed(finder: Finder) -> None:
    [found] = finder(Source("# category_search".ljust(PARSED_LENGTH + 1)))
    assert str(found).endswith(f": longer than {PARSED_LENGTH} characters")


def in_cell(source: Source) -> Source:
    return Source(cell(source.text))
