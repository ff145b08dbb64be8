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
    ran = subprocess.run([sys.executable, "-I", "-c", script], cwd=cwd, capture_output=True, text=True, check=True)
    loaded = json.loads(ran.stdout.splitlines()[-1])
    assert isinstance(loaded, list)
    return set(loaded)


def third_parties(modules: set[str]) -> set[str]:
    return {name.partition(".")[0] for name in modules} - set(sys.stdlib_module_names) - {"kili_query"}


def test_import_loads_lark_and_attrs_alone(tmp_path: Path) -> None:
    loaded = modules_after("import kili_query", tmp_path)
    assert third_parties(loaded) <= {"lark", "attr", "attrs"}
    assert not loaded & HEAVY


def test_parsing_loads_no_more(tmp_path: Path) -> None:
    loaded = modules_after("import kili_query as kq; kq.check('A.B.count > 0 AND')", tmp_path)
    assert third_parties(loaded) == {"lark", "attr", "attrs"}
    assert not loaded & HEAVY
