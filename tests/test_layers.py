"""The layers of the package: a module imports from its own chapter and from lower layers alone."""

import ast
from collections import deque
from collections.abc import Iterator
from pathlib import Path

from tests.each import for_each

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = "kili_query"

LAYERS = {
    "source": 0,
    "resources": 0,
    "diagnostics": 1,
    "errors": 2,
    "ast": 3,
    "extras": 3,
    "deadlines": 3,
    "output_files": 4,
    "interrupts": 0,
    "litter": 0,
    "conversations": 3,
    "near_names": 0,
    "places": 0,
    "cache_folder": 0,
    "wording": 0,
    "syntax": 4,
    "ontology": 5,
    "logic": 6,
    "counting": 7,
    "targets": 8,
    "planning": 9,
    "statistics": 9,
    "query": 10,
    "labels": 11,
    "protocol": 11,
    "builder": 11,
    "grammars": 11,
    "verdicts": 11,
    "datasets": 12,
    "scanning": 13,
    "serving": 13,
    "lint": 13,
    "splitting": 14,
    "export": 14,
    "lsp": 14,
    "frames": 14,
    "pictures": 14,
    "client": 15,
    "sandbox": 15,
    "audit": 16,
    "cache": 16,
    "mcp": 17,
    "page": 17,
    "spark": 17,
    "cli": 18,
    "__init__": 19,
}
"""The layer of each chapter. A chapter is a module or a folder directly below the package."""

CHAPTER_OF = {"check": "query", "__main__": "cli"}
"""Modules that belong to a chapter of another name."""


def chapter(name: str) -> str:
    return CHAPTER_OF.get(name, name)


def statements_in(tree: ast.Module) -> Iterator[ast.AST]:
    """All statements of a module, also those within others; most of a tree are expressions, which hold none."""
    waiting: deque[ast.AST] = deque([tree])
    while waiting:
        node = waiting.popleft()
        for name in ("body", "handlers", "cases", "orelse", "finalbody"):
            inner = getattr(node, name, ())
            waiting += inner if isinstance(inner, list) else ()
        yield node


def imported(tree: ast.Module, package: tuple[str, ...]) -> Iterator[tuple[int, str]]:
    """The line and the dotted name of everything that a module of ``package`` imports."""
    for node in statements_in(tree):
        match node:
            case ast.Import(names=names):
                yield from ((node.lineno, name.name) for name in names)
            case ast.ImportFrom(module=module, names=names, level=level):
                base = (*package[: len(package) - level + 1], *([module] if module else [])) if level else (module,)
                yield from ((node.lineno, ".".join([*map(str, base), name.name])) for name in names)


def wrong_imports(root: Path) -> Iterator[str]:
    """One line for each import below ``root`` that does not point to a lower layer."""
    for path in sorted((root / PACKAGE).rglob("*.py")):
        where = path.relative_to(root)
        own = chapter(where.with_suffix("").parts[1])
        if own not in LAYERS:
            yield f"{where}:1: `{own}` has no layer: add it to the table"
            continue
        for line, name in imported(ast.parse(path.read_text(encoding="utf-8")), where.parts[:-1]):
            parts = name.split(".")
            if parts[0] != PACKAGE:
                continue
            other = chapter(parts[1]) if len(parts) > 1 and chapter(parts[1]) in LAYERS else "__init__"
            if other != own and LAYERS[other] >= LAYERS[own]:
                way = "upward" if LAYERS[other] > LAYERS[own] else "sideways"
                yield f"{where}:{line}: `{own}` ({LAYERS[own]}) imports {way} from `{other}` ({LAYERS[other]})"


def test_imports_point_to_lower_layers() -> None:
    wrong = list(wrong_imports(ROOT))
    assert not wrong, "\n" + "\n".join(wrong)


@for_each(
    [
        ("ast/nodes.py", "from kili_query.syntax import parse", "`ast` (3) imports upward from `syntax` (4)"),
        ("ast/nodes.py", "from kili_query.extras import load", "`ast` (3) imports sideways from `extras` (3)"),
        ("ast/nodes.py", "import kili_query.query", "`ast` (3) imports upward from `query` (10)"),
        ("ast/nodes.py", "from kili_query import query", "`ast` (3) imports upward from `query` (10)"),
        ("ast/nodes.py", "from kili_query import Query", "`ast` (3) imports upward from `__init__` (19)"),
        ("ast/nodes.py", "from ..query import Query", "`ast` (3) imports upward from `query` (10)"),
        ("ast/nodes.py", "from .. import query", "`ast` (3) imports upward from `query` (10)"),
        ("logic/passes/nnf.py", "from ...cli import main", "`logic` (6) imports upward from `cli` (18)"),
        ("ast/nodes.py", "def late():\n    import kili_query.cli", "`ast` (3) imports upward from `cli` (18)"),
        ("planning.py", "from kili_query.check import check", "`planning` (9) imports upward from `query` (10)"),
        ("extra.py", "", "`extra` has no layer: add it to the table"),
    ]
)
def test_a_wrong_import_is_named(row: tuple[str, str, str], tmp_path: Path) -> None:
    module, line, reason = row
    path = tmp_path / PACKAGE / module
    path.parent.mkdir(parents=True)
    path.write_text(line, encoding="utf-8")
    number = 2 if line.startswith("def") else 1
    assert list(wrong_imports(tmp_path)) == [f"{PACKAGE}/{module}:{number}: {reason}"]


@for_each(
    [
        ("ast/nodes.py", "from kili_query.source import Span\nimport attrs, kili_query.errors"),
        ("ast/nodes.py", "from . import build\nfrom .walk import terms\nfrom kili_query.ast.build import floor"),
        ("query.py", "from kili_query.check import check"),
        ("check.py", "from kili_query import planning"),
        ("__init__.py", "from kili_query.cli import main"),
    ]
)
def test_a_right_import_passes(row: tuple[str, str], tmp_path: Path) -> None:
    module, line = row
    path = tmp_path / PACKAGE / module
    path.parent.mkdir(parents=True)
    path.write_text(line, encoding="utf-8")
    assert list(wrong_imports(tmp_path)) == []
