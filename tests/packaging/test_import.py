"""What `import kili_query` brings along: lark and attrs, and nothing heavy."""

import json
import subprocess
import sys
from pathlib import Path

HEAVY = {
    "asyncio",
    "concurrent.futures",
    "http",
    "importlib.metadata",
    "multiprocessing",
    "sqlite3",
    "ssl",
    "urllib.request",
}
"""Parts of the standard library that take long to import, and that a compiler does without."""


def modules_after(program: str, cwd: Path) -> set[str]:
    """The modules that a fresh interpreter has loaded after a program, but for those that it starts with."""
    script = (
        f"import sys; before = set(sys.modules)\n{program}\n"
        "import json; print(json.dumps(sorted(set(sys.modules) - before)))"
    )
    command = [sys.executable, "-P", "-s", "-c", script]
    ran = subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=True)
    loaded = json.loads(ran.stdout.splitlines()[-1])
    assert isinstance(loaded, list)
    return set(loaded)


def third_parties(modules: set[str]) -> set[str]:
    return {name.partition(".")[0] for name in modules} - set(sys.stdlib_module_names) - {"kili_query", "__mp_main__"}


def test_import_loads_lark_and_attrs_alone(tmp_path: Path) -> None:
    loaded = modules_after("import kili_query", tmp_path)
    assert third_parties(loaded) <= {"lark", "attr", "attrs"}
    assert not loaded & HEAVY


def test_parsing_loads_no_more(tmp_path: Path) -> None:
    loaded = modules_after("import kili_query as kq; kq.check('A.B.count > 0 AND')", tmp_path)
    assert third_parties(loaded) == {"lark", "attr", "attrs"}
    assert not loaded & HEAVY


def test_a_valid_query_loads_neither_planner_nor_prover(tmp_path: Path) -> None:
    loaded = modules_after("import kili_query as kq; kq.parse('A.B.count > 0')", tmp_path)
    assert "kili_query.syntax.parser" in loaded
    assert not loaded & {"kili_query.logic", "kili_query.planning.split", "kili_query.syntax.slips"}


def test_the_client_loads_the_compiler_when_it_searches(tmp_path: Path) -> None:
    loaded = modules_after("from kili_query.client import KiliClient", tmp_path)
    assert third_parties(loaded) == {"attr", "attrs"}
    assert not loaded & {"kili_query.ast", "kili_query.query", "kili_query.syntax"}


def test_the_playground_runs_on_lark_and_attrs(tmp_path: Path) -> None:
    """More is not at hand in a browser; what datasets need is loaded when one is opened."""
    message = '{"id": 1, "call": "run", "request": {"query": "OBJECTS.PERSON"}}'
    program = f"from kili_query.page.playground import Playground; Playground.of_sample().reply({message!r})"
    assert third_parties(modules_after(program, tmp_path)) == {"lark", "attr", "attrs"}
