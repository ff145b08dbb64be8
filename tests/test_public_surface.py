"""The public names: pinned, present, and declared by every chapter."""

import ast
from collections import defaultdict
from collections.abc import Callable
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import NamedTuple

import kili_query as kq
from tests.each import for_each

ROOT = Path(__file__).resolve().parent.parent
MODULES = sorted(path.relative_to(ROOT) for path in (ROOT / "kili_query").rglob("*.py"))


class Declared(NamedTuple):
    """What a module declares: a tree that is kept would cost as much as to parse it again."""

    has_docstring: bool
    names: list[str]
    classes: list[str]
    length: int


@cache
def declared(module: Path) -> Declared:
    tree = ast.parse((ROOT / module).read_text(encoding="utf-8"))
    names = [
        target.id
        for node in tree.body
        if isinstance(node, ast.Assign | ast.AnnAssign)
        for target in (node.targets if isinstance(node, ast.Assign) else [node.target])
        if isinstance(target, ast.Name)
    ]
    classes = [node.name for node in tree.body if isinstance(node, ast.ClassDef)]
    return Declared(bool(ast.get_docstring(tree)), names, classes, len(tree.body))


def test_the_public_names_are_these(golden: Callable[[str, str], None]) -> None:
    golden("public_surface.txt", "\n".join(kq.__all__))


def test_the_version() -> None:
    assert kq.__version__ == version("kili-query")


def test_each_public_name_is_there_and_documented() -> None:
    assert sorted(set(kq.__all__)) == sorted(kq.__all__)
    for name in kq.__all__:
        value = getattr(kq, name)
        assert name.startswith("__") or name.isupper() or value.__doc__, name
    assert set(kq.__all__) <= set(dir(kq))


@for_each([path for path in MODULES if path.name != "__main__.py"])
def test_chapters_declare_their_names(module: Path) -> None:
    found = declared(module)
    assert found.has_docstring
    is_public = module.name == "__init__.py" and found.length > 1  # a chapter says what others import from it
    assert found.names.count("__all__") <= 1
    assert "__all__" in found.names or not is_public


def test_a_class_has_its_name_alone() -> None:
    """A name that chapters share means one thing; names with an underscore stay within their module."""
    places = defaultdict(list)
    for module in MODULES:
        for name in declared(module).classes:
            if not name.startswith("_"):
                places[name].append(module)
    assert {name: found for name, found in places.items() if len(found) > 1} == {}
