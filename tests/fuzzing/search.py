"""Searches by several harnesses: what they import is imported and instrumented once, and each runs in a fork.

    python tests/fuzzing/search.py FOLDER NAME=RUNS ...

What a search printed is left in ``FOLDER/NAME.log``, its exit status in ``FOLDER/NAME.status``.
"""

import gc
import os
import sys
from importlib import import_module
from pathlib import Path
from typing import NoReturn

import atheris  # type: ignore[import-untyped, unused-ignore]

FUZZ = Path(__file__).resolve().parents[2] / "fuzz"


def search(name: str, runs: str, folder: Path) -> NoReturn:
    """Replace this process by the search, with its output in the log."""
    with (folder / f"{name}.log").open("wb") as log:
        for stream in (1, 2):
            os.dup2(log.fileno(), stream)
    found = folder / name
    found.mkdir()
    options = [f"-atheris_runs={runs}", "-seed=1", "-max_len=2048", f"-artifact_prefix={folder}/"]
    sys.argv = [name, str(found), str(FUZZ / "corpus" / name), *options]
    import_module("_harness").run(import_module(name).one_input)
    raise AssertionError("atheris does not return")


def main() -> None:
    folder, *wanted = sys.argv[1:]
    budgets = dict(one.split("=") for one in wanted)
    sys.path.insert(0, str(FUZZ))
    gc.disable()
    with atheris.instrument_imports(include=["kili_query"]):
        for name in ("_harness", *budgets):
            import_module(name)
    gc.freeze()  # no fork goes through what was imported, and copies it
    gc.enable()
    for name, runs in budgets.items():
        child = os.fork()
        if child == 0:
            search(name, runs, Path(folder))
        status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        Path(folder, f"{name}.status").write_text(str(status), encoding="utf-8")


if __name__ == "__main__":
    main()
