"""Extras that messages and pages advise to install."""

import ast
import re
import subprocess
import sys
import tomllib
from collections import defaultdict
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import NamedTuple

import pytest

from kili_query.errors import MissingExtraError
from kili_query.extras import _MODULES_OF_EXTRA, load

ROOT = Path(__file__).resolve().parents[1]
CORE = ("attrs", "lark")
EXTRAS = set(tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["optional-dependencies"])

_PLACES = {"load": 2, "MissingExtraError": 1, "check_extra": 1, "has_extra": 0}
"""Where each call names an extra, among its arguments."""


def test_extras_of_messages_exist() -> None:
    """Those that are literals."""
    named: dict[str, set[str]] = defaultdict(set)
    for module, called, call in calls():
        if len(call.args) > (place := _PLACES[called]) and isinstance(argument := call.args[place], ast.Constant):
            named[module].add(str(argument.value))
    assert {"zstd", "pandas", "cli", "sandbox"} <= set().union(*named.values())
    assert {module: extras - EXTRAS for module, extras in named.items() if extras - EXTRAS} == {}


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


def calls() -> Iterator[tuple[str, str, ast.Call]]:
    """Each call that names an extra: the module, what is called, and the call."""
    return ((module, called, call) for module, source in sources().items() for called, call in source.calls)


def modules_of(path: Path) -> str:
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


class Source(NamedTuple):
    """What is looked at of a module: to keep whole trees would cost as much as to parse them."""

    imports: list[ast.Import | ast.ImportFrom]
    """At the top level."""
    calls: list[tuple[str, ast.Call]]
    """Those that name an extra, with what is called."""
    first_calls: list[ast.Call]
    """Those made when the module is imported."""


@cache
def sources() -> dict[str, Source]:
    """All modules, by name."""
    return {modules_of(path): read(path) for path in (ROOT / "kili_query").rglob("*.py")}


def read(path: Path) -> Source:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return Source(
        [node for node in tree.body if isinstance(node, ast.Import | ast.ImportFrom)],
        [
            (node.func.id, node)
            for node in ast.walk(tree)
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in _PLACES
        ],
        [node.value for node in tree.body if isinstance(node, ast.Expr) and isinstance(node.value, ast.Call)],
    )


def imported_by(module: str) -> set[str]:
    """What importing a module imports at once, its packages included; not what its functions import later."""
    found = {".".join(module.split(".")[:length]) for length in range(1, module.count(".") + 1)}
    for node in sources()[module].imports:
        if isinstance(node, ast.Import):
            found |= {one.name for one in node.names}
        elif node.module:
            found |= {node.module, *(f"{node.module}.{one.name}" for one in node.names if node.module in sources())}
    return found


@cache
def strangers(module: str) -> set[str]:
    """The packages of others that have to be installed for a module to be imported."""
    waiting, seen, others = [module], {module}, set()
    while waiting:
        for name in imported_by(waiting.pop()) - seen:
            seen.add(name)
            if name in sources():
                waiting.append(name)
            elif name.split(".")[0] not in ("kili_query", *sys.stdlib_module_names, *CORE):
                others.add(name.split(".")[0])
    return others


def checked_by(module: str) -> set[str]:
    """The packages of others that a module asks for when it is imported, and that are loaded later."""
    return {
        name
        for call in sources()[module].first_calls
        if isinstance(call.func, ast.Name) and call.func.id == "check_extra"
        for name in _MODULES_OF_EXTRA[str(ast.literal_eval(call.args[1]))]
    }


def loads() -> set[tuple[str, str, str]]:
    """Which module loads which with which extra in mind."""
    return {
        (module, str(call.args[0].value), str(call.args[2].value))
        for module, called, call in calls()
        if called == "load"
        if len(call.args) == 3 and isinstance(call.args[0], ast.Constant) and isinstance(call.args[2], ast.Constant)
        if call.args[0].value in sources()
    }


def test_what_a_loaded_module_imports_is_of_its_extra() -> None:
    found = {
        (loader, module): strangers(module) - set(_MODULES_OF_EXTRA[extra]) - strangers(loader)
        for loader, module, extra in loads()
    }
    assert ("kili_query.sandbox", "kili_query.sandbox.server") in found
    assert {place: names for place, names in found.items() if names} == {}


@pytest.mark.parametrize("module", ["calls", "plain"])
def test_the_page_of_labels_in_memory_needs_no_other_package(module: str) -> None:
    assert strangers(f"kili_query.page.{module}") == set()


def test_commands_only_import_what_the_extra_of_the_command_brings() -> None:
    """Then each shows its help and its messages; what needs more is loaded when it is used."""
    brought = {name for extra in ("cli", "fast", "zstd") for name in _MODULES_OF_EXTRA[extra]}
    found = {name: strangers(name) - brought for name in sources() if name.startswith("kili_query.cli.")}
    assert "kili_query.cli.export" in found
    assert {name: others for name, others in found.items() if others} == {}


ENTRIES = {
    "kili_query.client": "client",
    "kili_query.sandbox": "sandbox",
    "kili_query.sandbox.faults": "sandbox",
    "kili_query.frames": "frames",
    "kili_query.mcp": "mcp",
    "kili_query.export": "export",
    "kili_query.pictures": "export",
}


def test_importing_a_package_without_its_extra_says_what_to_install() -> None:
    """With one package after another hidden, in a process that does nothing else."""
    hidden = {entry: sorted(strangers(entry) | checked_by(entry)) for entry in ENTRIES}
    assert all(hidden.values())
    program = f"""
import sys
from importlib import import_module
for entry, extra, name in {[(entry, extra, name) for entry, extra in ENTRIES.items() for name in hidden[entry]]!r}:
    kept = {{one: sys.modules[one] for one in sys.modules if one.split(".")[0] == name}}
    sys.modules.update(dict.fromkeys([name, *kept]))
    for loaded in [one for one in sys.modules if one.split(".")[0] == "kili_query"]:
        del sys.modules[loaded]
    try:
        import_module(entry)
    except Exception as error:
        print(entry, name, type(error).__name__, f"kili-query[{{extra}}]" in str(error) or error)
    else:
        print(entry, name, "was not needed")
    del sys.modules[name]
    sys.modules.update(kept)
"""
    told = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, cwd=ROOT)
    wanted = [f"{entry} {name} MissingExtraError True" for entry, names in hidden.items() for name in names]
    assert told.stdout.splitlines() == wanted


def test_the_extra_that_was_asked_for_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What lacks may belong to a smaller extra, whose module the wanted one imports."""
    (tmp_path / "outer_of_extras.py").write_text(
        "from kili_query.extras import load\nload('inner_of_extras', 'masks', 'masks')\n"
    )
    (tmp_path / "inner_of_extras.py").write_text("raise ModuleNotFoundError('none', name='cv2')\n")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(MissingExtraError, match=r"the format `coco` needs .*\[export\]"):
        load("outer_of_extras", "the format `coco`", "export")
    with pytest.raises(MissingExtraError, match=r"masks needs .*\[masks\]"):
        load("outer_of_extras", "a progress bar", "client")  # which does not bring what lacks
