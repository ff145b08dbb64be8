"""What is a search, what is skipped, and what cannot be read."""

import json

from kili_query.lint import FoundSearch, LintItem, SkippedPlace, Unreadable
from kili_query.lint.in_json import find_in_json
from kili_query.lint.in_notebook import find_in_notebook
from kili_query.lint.in_python import find_in_python
from kili_query.lint.in_yaml import find_in_yaml
from kili_query.source import Source, Span
from tests.each import for_each


def shown(found: LintItem) -> str:
    match found:
        case FoundSearch(text, place):
            line, _ = place.source.position(place.whole.start)
            return f"{line} {text}"
        case SkippedPlace():
            return f"{found.source.position(found.start).line} skipped"
        case Unreadable():
            return str(found)


@for_each(
    [
        ("f(category_search='A.B')", ["1 A.B"]),
        ("f(x.y(label_category_search='A.B'), search='A.B')", ["1 A.B"]),
        ("{'category_search': 'A.B', 'x': 'y', **z}", ["1 A.B"]),
        ("category_search = other = 'A.B'", ["1 A.B"]),
        ("category_search: str = 'A.B'\ncategory_search: str", ["1 A.B"]),
        ("self.category_search = 'A.B'", ["1 A.B"]),
        ("x['category_search'] = 'A.B'", ["1 A.B"]),
        ("x[0] = x[category_search] = 'A.B'", []),
        ("(category_search := 'A.B')", ["1 A.B"]),
        ("def f(a, category_search='A.B', /, b='C', *, label_category_search='D.E', c): ...", ["1 A.B", "1 D.E"]),
        ("lambda category_search='A.B': 0", ["1 A.B"]),
        ("f(category_search=None)", []),
        ("f(category_search=f'A.{b}', label_category_search=f'A')", ["1 skipped", "1 skipped"]),
        (
            "f(category_search=x)\nf(category_search='A' + 'B')\ncategory_search = 1",
            ["1 skipped", "2 skipped", "3 skipped"],
        ),
        ("f(\n  category_search='A.B',\n  label_category_search='C.D')", ["2 A.B", "3 C.D"]),
        ("q = 'A.B'  # kili-query", ["1 A.B"]),
        ("q = 'A.B'  # noqa # kili-query # more", ["1 A.B"]),
        ("q = 'A.B'  # kili-query is a tool", []),
        ("q = '# kili-query'", []),
        ("# kili-query\nq = 'A.B'\nr = 'C.D'", ["2 A.B"]),
        ("q = (  # kili-query\n  'A.B'\n  ' > 0')", ["2 A.B > 0"]),
        ('q = """\nA.B\n"""  # kili-query', ["1 \nA.B\n"]),
        ("q = {'k': 'A.B', x['y']: f'{\"z\"}'}  # kili-query", ["1 A.B", "1 skipped"]),
        ("category_search = 'A.B'  # kili-query", ["1 A.B"]),
        ("x = '\\d'\nawait f(category_search='A.B')", ["2 A.B"]),
        ("x = 1\ny = (", ["app.py:2:5: not Python: '(' was never closed"]),
        ("f(category_search=b'A.B')", ["1 skipped"]),
        ("f(category_search='A.B' f'{x}')", ["1 skipped"]),
        ('f(category_search=(\'A.B\' # one\n\t\'\' r"" \\\n """C"""))', ["1 A.BC"]),
        ("def f():\n\tif x:\n\t    category_search = 'A.B'", ["3 A.B"]),
        ("", []),
    ]
)
def test_python(row: tuple[str, list[str]]) -> None:
    text, found = row
    assert [shown(one) for one in find_in_python(Source(text, "app.py"))] == found


@for_each(["\0", "(" * 5000, "-" * 100_000 + "1", "x = 'a\n"])
def test_python_that_is_none(text: str) -> None:
    [found] = find_in_python(Source(text, "app.py"))
    assert isinstance(found, Unreadable)
    assert str(found).startswith("app.py:")


@for_each(
    [
        ('{"category_search": "A.B"}', ["1 A.B"]),
        ('[[{"x": {"label_category_search": "A.B"}}], {"category_search":\n"C.D"}]', ["1 A.B", "2 C.D"]),
        ('{"category_search": null, "x": "category_search", "": {}}', []),
        ('{"category_search": 1.5, "y": [], "label_category_search": true}', ["1 skipped", "1 skipped"]),
        ('{"category_search": ["A.B"], "z": {"category_search": {"x": 0}}}', []),
        ('{"category\\u005fsearch": "A.B"}', ["1 A.B"]),
        ('{"category_search": "A.B", "category_search": "C.D"}', ["1 A.B", "1 C.D"]),
        ("0", []),
        ("", ["a.json:1:1: not JSON: expecting value"]),
        ('{\n"a": x}', ["a.json:2:6: not JSON: expecting value"]),
        ("[" * 100_000, ["a.json: not JSON that can be read: nested too deep, or a number too long"]),
    ]
)
def test_json(row: tuple[str, list[str]]) -> None:
    text, found = row
    assert [shown(one) for one in find_in_json(Source(text, "a.json"))] == found


@for_each(
    [
        ("category_search: A.B", ["1 A.B"]),
        (
            "a: [{label_category_search: A.B}, {category_search: C.D}]\n---\n- category_search: E.F",
            ["1 A.B", "1 C.D", "3 E.F"],
        ),
        ("category_search: ~\nx: category_search", []),
        (
            "category_search: 5\n---\ncategory_search: !x A.B\n---\ncategory_search: [A.B]",
            ["1 skipped", "3 skipped", "5 skipped"],
        ),
        ("a: &a\n  category_search: A.B\nb: *a\nc: {<<: *a}", ["2 A.B"]),
        ("a: &a [*a, {category_search: A.B}]", ["1 A.B"]),
        ("a: A.B # kili-query\nb: C.D", ["1 A.B"]),
        ("# kili-query\na: A.B\nb: C.D", ["2 A.B"]),
        ("a: 'A.B # kili-query'\nb: C.D", []),
        ("a: |\n  A.B # kili-query\nb: C.D", []),
        ("a: | # kili-query\n  A.B\nb: C.D", ["1 A.B\n"]),
        ("a: A.B# kili-query", []),
        ("# nothing", []),
        ("a: [", ["a.yml:1:5: not YAML: expected the node content, but found '<stream end>'"]),
        ("x: &q J.A\ncategory_search: *q\ny: *q", ["1 J.A"]),
        ("category_search: &a 'A.B'\nx: {label_category_search: !!str &b\n    A.B}", ["1 A.B", "3 A.B"]),
        ("category_search: !!str # kili-query\n  A.B", ["2 A.B"]),
        ("category_search: A.B\ncategory_search: C.D", ["1 A.B", "2 C.D"]),
        ("'# kili-query': A.B\nb: C.D", []),
        ("x: é\u2028category_search: A.B # kili-query", ["1 é", "1 A.B"]),
        ("a: *b", ["a.yml:1:4: not YAML: found undefined alias 'b'"]),
        ("a\n\x01", ["a.yml:2:1: not YAML: special characters are not allowed"]),
        ("[" * 2_000, ["a.yml: not YAML: nested too deep"]),
    ]
)
def test_yaml(row: tuple[str, list[str]]) -> None:
    text, found = row
    assert [shown(one) for one in find_in_yaml(Source(text, "a.yml"))] == found


def notebook(*cells: str | list[str], language: str | None = "python") -> str:
    listed = [{"cell_type": "code", "source": cell} for cell in cells]
    metadata = {} if language is None else {"kernelspec": {"language": language}}
    return json.dumps({"cells": listed, "metadata": metadata}, indent=1)


@for_each(
    [
        ("f(category_search='A.B')", ["1 A.B"]),
        (["x = 1\n", "f(category_search='A.B')"], ["2 A.B"]),
        (["%matplotlib inline\n", "!pip install x\n", "x = !ls -l\n", "f?\n", "f(category_search='A.B')"], ["5 A.B"]),
        (["%%time\n", "f(category_search='A.B')"], ["2 A.B"]),
        (["%time x = f(category_search='A.B')\n", "if x:\n", "  %timeit f(category_search='C.D')"], ["1 A.B", "3 C.D"]),
        (["%timeit -n 3 f(category_search='A.B')\n", "%time\n", "f(category_search='C.D')"], ["1 A.B", "3 C.D"]),
        (["%%bash\n", "f(category_search='A.B')"], ["1 skipped"]),
        (['"""\n', "%x\n", '"""; f(category_search="%A.B")'], ["3 %A.B"]),
        (["if x:\n", "    %time y\n", "    f(category_search='A.B')"], ["3 A.B"]),
        ("x =  # category_search", ["nb.ipynb:cell 1:1:6: not Python: invalid syntax"]),
        ("x =", []),
        ([], []),
    ]
)
def test_a_cell(row: tuple[str | list[str], list[str]]) -> None:
    cell, found = row
    assert [shown(one) for one in find_in_notebook(Source(notebook(cell), "nb.ipynb"))] == found


def test_a_place_in_a_cell_and_in_the_file() -> None:
    text = notebook("# a comment", ["é = 1\n", 'f(category_search="A.B")\n'], language=None)
    [found] = find_in_notebook(Source(text, "nb.ipynb"))
    assert isinstance(found, FoundSearch)
    assert found.place.source.name == "nb.ipynb:cell 2"
    assert found.cell is not None
    placed = [found.cell.span(found.place.span(Span(offset, offset + 1))) for offset in range(3)]
    assert "".join(text[start:end] for start, end in placed) == "A.B"


@for_each(
    [
        (notebook("f(category_search='A.B')", language="R"), []),
        ('{"cells": [{"cell_type": "markdown", "source": "f(category_search=0)"}, 5, {"source": [5]}]}', []),
        (
            '{"worksheets": [{"cells": [{"cell_type": "code", "input": ["x\\n", "category_search = \'A.B\'"]}]},'
            '{"cells": [{"cell_type": "code", "input": "category_search = \'C.D\'", "language": "python"},'
            '{"cell_type": "code", "input": "category_search = \'E.F\'", "language": "R"}]}], "nbformat": 3}',
            ["2 A.B", "1 C.D"],
        ),
        ('{"worksheets": []}', []),
        (
            '{"cells": [{"cell_type": "code", '
            '"source": "category_search = \'A.B\'", "source": "category_search = 1"}]}',
            ["nb.ipynb:cell 1: its text stands in the notebook twice"],
        ),
        (
            '{"cells": [{"cell_type": "code", "source": "category_search = \'\\ud800\'"}]}',
            [
                "nb.ipynb:cell 1: not Python: 'utf-8' codec can't encode character '\\ud800' in position 19: "
                "surrogates not allowed"
            ],
        ),
        ("{}", ["nb.ipynb: not a notebook: no list of `cells`"]),
        ("[]", ["nb.ipynb: not a notebook: no list of `cells`"]),
        ("", ["nb.ipynb:1:1: not JSON: expecting value"]),
    ]
)
def test_a_notebook(row: tuple[str, list[str]]) -> None:
    text, found = row
    assert [shown(one) for one in find_in_notebook(Source(text, "nb.ipynb"))] == found
