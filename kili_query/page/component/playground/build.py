"""Assemble the playground: a folder of static files that needs no server of ours.

python kili_query/page/component/playground/build.py [FOLDER]     FOLDER is build/playground by default
python kili_query/page/component/playground/build.py --fetch      only download wheels, so that a build needs no network

Needs Node with what `npm ci` installs in `component`, pip, and hatchling, which builds our wheel.
"""

import json
import shutil
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[3]
RELEASES = HERE / "wheels.txt"
FETCHED = HERE.parent / "node_modules" / ".wheels"
"""Where downloaded wheels are kept, with a copy of the releases that they are of."""
PYTHON = "3.14"
PLATFORM = "pyemscripten_2026_0_wasm32"
"""What wheels are built for that run in the Pyodide of package.json; its pyodide-lock.json says so."""


PIP = [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check"]


def build(out: Path) -> None:
    """Write the playground into a folder, in place of what is there."""
    fetch()
    shutil.rmtree(out, ignore_errors=True)
    wheels = out / "wheels"
    shutil.copytree(FETCHED, wheels, ignore=shutil.ignore_patterns(RELEASES.name))
    _run("node", "playground.mjs", str(out))
    _run(*PIP, "wheel", "--no-deps", "--no-build-isolation", "--wheel-dir", str(wheels), str(ROOT))
    names = sorted(path.name for path in wheels.iterdir())
    (wheels / "wheels.json").write_text(json.dumps(names, indent=1) + "\n", encoding="utf-8")


def fetch() -> None:
    """Download the wheels of other packages, unless they are here."""
    releases, copy = RELEASES.read_bytes(), FETCHED / RELEASES.name
    if copy.exists() and copy.read_bytes() == releases:
        return
    shutil.rmtree(FETCHED, ignore_errors=True)
    target = ["--python-version", PYTHON, "--implementation", "cp", "--abi", "cp314", "--platform", PLATFORM]
    chosen = ["--no-deps", "--only-binary", ":all:", "--requirement", str(RELEASES), "--dest", str(FETCHED)]
    _run(*PIP, "download", *target, *chosen)
    copy.write_bytes(releases)


def _run(*command: str) -> None:
    subprocess.run(command, cwd=HERE.parent, check=True)  # noqa: S603 - commands of this module


if __name__ == "__main__":
    if sys.argv[1:] == ["--fetch"]:
        fetch()
    else:
        build(Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "build" / "playground")
