"""Cells are read as IPython reads them."""

import ast
import json
from collections.abc import Iterator

from hypothesis import assume, given
from hypothesis import strategies as st
from IPython.core.inputtransformer2 import TransformerManager

from kili_query.lint import FoundSearch, SkippedPlace, Unreadable
from kili_query.lint.in_notebook import find_in_notebook
from kili_query.lint.searches import mentions_search
from kili_query.source import Source
from tests.each import for_each

SEARCH = "f(category_search='A.B')"


def read(cell: str) -> tuple[list[str], bool, bool]:
    """The searches, whether something was skipped, and whether the cell is not Python."""
    text = json.dumps({"cells": [{"cell_type": "code", "source": cell.splitlines(keepends=True)}]})
    found = list(find_in_notebook(Source(text, "nb.ipynb")))
    searches = [one for one in found if isinstance(one, FoundSearch)]
    for search in searches:
        spelled = zip(search.place.starts, search.place.ends, strict=True)
        assert search.cell is not None
        in_file = zip(search.cell.starts, search.cell.ends, strict=True)
        assert "".join(cell[start:end] for start, end in spelled) == search.text
        assert [json.loads(f'"{text[start:end]}"') for start, end in in_file] == list(cell)
    return (
        [search.text for search in searches],
        any(isinstance(one, SkippedPlace) for one in found),
        any(isinstance(one, Unreadable) for one in found),
    )


@for_each(
    [
        "!pip install \\\n  kili category_searcher\\\n  x\n" + SEARCH,
        "%config \\\nx\n" + SEARCH,
        "files = !ls\n" + SEARCH,
        "a, b = %who_ls \\\n x\n" + SEARCH,
        "x = !ls (\n" + SEARCH,
        "  x = 1\n  " + SEARCH,
        "\n\n    if x:\n        !ls\n        " + SEARCH,
        ">>> x = 1\n>>> " + SEARCH,
        "  >>> f(1,\n  ... category_search='A.B')",
        "In [1]: x = 1\n   ...: " + SEARCH,
        "%timeit " + SEARCH,
        "%timeit -n 3 -r5 -qo " + SEARCH,
        "x = %timeit -o " + SEARCH,
        "%time for x in y: " + SEARCH,
        "if x:\n    %prun -s time " + SEARCH,
        "%time f(1, \\\n  category_search='A.B')",
        "timeit " + SEARCH,
        "%%time\n" + SEARCH,
        "%%time\n\n%%capture out\n!ls\n" + SEARCH,
        "%%timeit -n 3 x = 1\n" + SEARCH,
        "%%timeit " + SEARCH + "\npass",
        "%%python\n" + SEARCH,
        "f?\n%time??\n?f\n" + SEARCH,
        "f.x[0]?\nx = 'y?'\n" + SEARCH,
        ",f a b\n;f a b\n/f a\n" + SEARCH,
        "%ls\ndef g():\n    '''\n    >>> h()\n    %x\n    '''\n" + SEARCH,
        "%ls\r\n" + SEARCH + "\r\n",
        "x = (1 # (\n) # \"\n!ls 'x\n" + SEARCH,
    ]
)
def test_the_search_is_found(cell: str) -> None:
    found, _, is_unreadable = read(cell)
    assert (found, is_unreadable) == (["A.B"], False)


@for_each(
    [
        "!kili labels --category_search A.B",
        "x = !kili category_search",
        "%run app.py category_search=A.B",
        "%time x = = category_search",
        "/f category_search",
        "f(category_search='A.B')?",
        "%%bash\nkili labels --category_search A.B",
        "%%time category_search",
        "%%unknown\n" + SEARCH,
    ]
)
def test_what_cannot_be_read_is_reported(cell: str) -> None:
    assert read(cell) == ([], True, False)


LINES = [
    "x = 1",
    SEARCH,
    "if x:",
    "    " + SEARCH,
    "    pass",
    "%time " + SEARCH,
    "    %time " + SEARCH,
    "%ls category_search",
    "!ls \\",
    "!ls category_search",
    "y = !ls",
    "y = %time " + SEARCH,
    "y == 1",
    "g(y=",
    "1)",
    "f?",
    "?f",
    "/f x",
    "'%x'",
    "# 'x",
    "",
    "  ",
    ">>> " + SEARCH,
    "... 1",
    "In [3]: " + SEARCH,
    "   ...: x",
    "%%time",
    "%%bash",
]


@given(st.lists(st.sampled_from(LINES), max_size=6).map("\n".join))
def test_as_ipython_reads(cell: str) -> None:
    assume(mentions_search(cell) and not is_python(cell))  # Python is read as it stands
    expected = list(by_ipython(cell))
    searches, is_skipped, is_unreadable = read(cell)
    assert is_unreadable == (None in expected)
    if not is_unreadable:
        assert searches == [one for one in expected if isinstance(one, str)]
        assert is_skipped or ... not in expected


def is_python(text: str) -> bool:
    try:
        ast.parse(text)
    except SyntaxError:
        return False
    return True


def by_ipython(cell: str) -> Iterator[object]:
    """The searches of a cell in its order, `...` for what is skipped, None for what is not Python."""
    try:
        program = TransformerManager().transform_cell(cell)
        tree = ast.parse(program)
    except SyntaxError:
        yield None
        return
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call)]
    for call in sorted(calls, key=lambda node: node.lineno):
        match call:
            case ast.Call(ast.Attribute(attr="run_line_magic" | "run_cell_magic"), args=[name, line, *body]):
                code = [ast.literal_eval(one) for one in (name, line, *body)]
                if code[0] == "time":
                    yield from by_ipython(code[-1])
                elif mentions_search(str(code)):
                    yield ...
            case ast.Call(keywords=[ast.keyword("category_search", ast.Constant(value))]):
                yield value
            case ast.Call(ast.Attribute(attr="system" | "getoutput"), args=[ast.Constant(str(line))]):
                if mentions_search(line):
                    yield ...
