"""The public names: pinned, present, and declared by every chapter."""

import ast
from collections import defaultdict
from collections.abc import Callable, Iterator
from importlib.metadata import version
from pathlib import Path

import pytest

import kili_query as kq
from tests.each import for_each
from tests.parsed import tree_of

ROOT = Path(__file__).resolve().parent.parent
MODULES = sorted(path.relative_to(ROOT) for path in (ROOT / "kili_query").rglob("*.py"))


@pytest.fixture(scope="module", autouse=True)
def _trees() -> Iterator[None]:
    """Leave none in memory, where collecting garbage would go through them until the process ends."""
    yield
    tree_of.cache_clear()


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
    tree = tree_of(ROOT / module)
    declared = [
        target.id
        for node in tree.body
        if isinstance(node, ast.Assign | ast.AnnAssign)
        for target in (node.targets if isinstance(node, ast.Assign) else [node.target])
        if isinstance(target, ast.Name)
    ]
    assert ast.get_docstring(tree)
    is_public = module.name == "__init__.py" and len(tree.body) > 1  # a chapter says what others import from it
    assert declared.count("__all__") <= 1
    assert "__all__" in declared or not is_public


def test_a_class_has_its_name_alone() -> None:
    """A name that chapters share means one thing; names with an underscore stay within their module."""
    places = defaultdict(list)
    for path in sorted((ROOT / "kili_query").rglob("*.py")):
        for node in tree_of(path).body:
            if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                places[node.name].append(path.relative_to(ROOT))
    assert {name: found for name, found in places.items() if len(found) > 1} == {}
