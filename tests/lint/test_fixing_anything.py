"""Fixes of any search in any file: the file still means the same besides, and a second run changes nothing."""

import ast
import json
from collections.abc import Callable
from pathlib import Path
from random import Random

import yaml  # type: ignore[import-untyped] # two of its names are used

from tests.each import for_each
from tests.lint.test_fixing import fix

GOOD = (
    "OBJECTS.PERSON.count > 3",
    "SCENE.FOOD",
    'OBJECTS."Traffic light".count == 2',
    "NOT SCENE.OUTDOOR",
    "1 <= OBJECTS.CAR.count < 4",
    "OBJECTS.CAR.count IN {1, 2..4}",
    "OBJECTS.*.count > 2",
)
SLIPS = (
    ("PERSON", "PERSN"),
    (">", "=>"),
    ("==", "==="),
    ('"', "“"),
    (".count", ""),
    ("SCENE", "SCEN"),
    ("NOT", "!"),
    ("> 3", "> 3.5"),
    ("..", "-"),
    ("Traffic light", "Trafic  light"),
)
JOINTS = ("AND", "OR", "&&", "||", "AND # why\n", "OR\n")


def query(random: Random) -> str:
    """A query with some slips, and some characters too few or too many."""
    text = f" {random.choice(JOINTS)} ".join(random.choice(GOOD) for _ in range(random.randint(1, 4)))
    for _ in range(random.randint(1, 3)):
        text = text.replace(*random.choice(SLIPS), random.choice([1, -1]))
    for _ in range(random.choice([0, 0, 1, 2])):
        at = random.randrange(len(text) + 1)
        text = (
            text[:at]
            + random.choice(["", *"()[]\"'.,&|!<>#{} \t\n\\é猫\U0001f600"])
            + text[at + random.choice([0, 1]) :]
        )
    return text


def literal(random: Random) -> str:
    text = query(random)
    at = random.randrange(len(text) + 1)
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    joined = f"({text[:at]!r}\n  {json.dumps(text[at:])})"
    long = f'"""{escaped}"""'
    return random.choice([repr(text), json.dumps(text), json.dumps(text, ensure_ascii=False), long, joined])


def python(random: Random) -> str:
    forms = (
        "f(1, category_search={}, x='é')",
        "d = {{'category_search': {}, 'b': 2}}",
        "x = {}  # kili-query",
        "# kili-query\nx = [{}, 'SCENE.FOD']",
        "def g(a, label_category_search={}): pass",
        "class A:\n\n\tx = dict(label_category_search =  {})",
    )
    lines = [random.choice(forms).format(literal(random)) for _ in range(random.randint(1, 3))]
    return "\n".join(lines) + random.choice(["", "\n", "\n\n  "])


def document(random: Random) -> dict[str, object]:
    return {"category_search": query(random), "x": [{"label_category_search": query(random), "n": 1e5}], "é": GOOD[1]}


def json_text(random: Random) -> str:
    return json.dumps(document(random), ensure_ascii=random.random() < 0.5, indent=random.choice([None, 2, "\t"]))


def yaml_text(random: Random) -> str:
    return str(
        yaml.safe_dump(
            document(random),
            allow_unicode=random.random() < 0.5,
            default_style=random.choice([None, '"', "'", "|", ">"]),
            width=random.choice([20, 80, 1000]),
            default_flow_style=random.choice([True, False, None]),
        )
    )


def notebook(random: Random) -> str:
    source = random.choice(["%%time\n", "", "!ls\n"]) + python(random)
    cell = {"cell_type": "code", "source": random.choice([source, source.splitlines(keepends=True)])}
    return json.dumps({"cells": [cell], "metadata": {"é": 1}}, ensure_ascii=random.random() < 0.5)


class Blank(ast.NodeTransformer):
    """Leaves texts out, which fixes change."""

    def visit_Constant(self, node: ast.Constant) -> ast.Constant:
        return ast.Constant("" if isinstance(node.value, str) else node.value)


def python_shape(text: str) -> object:
    return ast.dump(Blank().visit(ast.parse(text)))


def shape(value: object) -> object:
    """All of a document except the searches, and the cells of a notebook."""
    match value:
        case dict():
            return {key: "" if key in SEARCHES else shape(one) for key, one in value.items()}
        case list():
            return list(map(shape, value))
        case _:
            return value


SEARCHES = ("category_search", "label_category_search", "source")
KINDS: dict[str, tuple[Callable[[Random], str], Callable[[str], object]]] = {
    ".py": (python, python_shape),
    ".json": (json_text, lambda text: shape(json.loads(text))),
    ".yaml": (yaml_text, lambda text: shape(yaml.safe_load(text))),
    ".ipynb": (notebook, lambda text: shape(json.loads(text))),
}


@for_each(KINDS)
def test_nothing_else_changes(suffix: str, tmp_path: Path) -> None:
    path, (write, shape_of) = tmp_path / f"a{suffix}", KINDS[suffix]
    changed = 0
    for seed in range(25):
        random = Random(seed)
        text = write(random).replace("\n", random.choice(["\n", "\r\n"]))
        path.write_bytes(random.choice([b"", b"\xef\xbb\xbf"]) + text.encode())
        before = path.read_bytes()
        fixed = fix(path)
        after = path.read_bytes()
        assert bool(fixed.changes) is (after != before)
        changed += after != before
        if after != before:
            read, read_again = (data.decode("utf-8-sig") for data in (before, after))
            assert shape_of(read_again) == shape_of(read)
            assert [read_again.count(end) for end in "\r\n"] == [read.count(end) for end in "\r\n"]
        assert fix(path).changes == []
        assert path.read_bytes() == after
    assert changed > 5
