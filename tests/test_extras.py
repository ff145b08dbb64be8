"""Extras that messages and pages advise to install."""

import ast
import re
import tomllib
from pathlib import Path

from kili_query._extras import _MODULES_OF_EXTRA

ROOT = Path(__file__).resolve().parents[1]
EXTRAS = set(tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["optional-dependencies"])

_PLACES = {"load": 2, "MissingExtraError": 1, "has_extra": 0}
"""Where each call names an extra, among its arguments."""


def named_in_code(path: Path) -> set[str]:
    """The extras that a module names in calls, as literals."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in _PLACES:
            place = _PLACES[node.func.id]
            if len(node.args) > place and isinstance(node.args[place], ast.Constant):
                found.add(str(node.args[place].value))
    return found


def test_extras_of_messages_exist() -> None:
    named = {path: named_in_code(path) for path in (ROOT / "kili_query").rglob("*.py")}
    assert {"zstd", "pandas", "cli", "sandbox"} <= set().union(*named.values())
    assert {path: extras - EXTRAS for path, extras in named.items() if extras - EXTRAS} == {}


def test_extras_of_pages_exist() -> None:
    texts = [*(ROOT / "docs").rglob("*.md"), ROOT / "README.md", *(ROOT / "kili_query").rglob("*.py")]
    advised = {
        (path.name, extra.strip())
        for path in texts
        for group in re.findall(r"(?:kili-query|\.)\[([a-z, ]+)\]", path.read_text(encoding="utf-8"))
        for extra in group.split(",")
    }
    assert ("README.md", "cli") in advised
    assert {one for one in advised if one[1] not in EXTRAS} == set()


def test_every_extra_is_known() -> None:
    assert set(_MODULES_OF_EXTRA) == EXTRAS - {"all"}
