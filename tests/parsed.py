"""The trees of modules, each parsed once: several tests look at all modules of the package."""

import ast
from collections import deque
from collections.abc import Iterator
from functools import cache
from pathlib import Path


@cache
def tree_of(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def statements_in(tree: ast.Module) -> Iterator[ast.AST]:
    """All statements of a module, also those within others; most of a tree are expressions, which hold none."""
    waiting: deque[ast.AST] = deque([tree])
    while waiting:
        node = waiting.popleft()
        for name in ("body", "handlers", "cases", "orelse", "finalbody"):
            inner = getattr(node, name, ())
            waiting += inner if isinstance(inner, list) else ()
        yield node
