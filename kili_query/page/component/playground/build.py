"""Assemble the playground: a folder of static files that needs no server of ours.

python kili_query/page/component/playground/build.py [FOLDER]     FOLDER is build/playground by default

Needs Node with what `npm ci` installs in `component`, pip, and hatchling, which builds our wheel.
"""

import json
import shutil
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[3]
PYTHON = "3.14"
PLATFORM = "pyemscripten_2026_0_wasm32"
"""What wheels are built for that run in the Pyodide of package.json; its pyodide-lock.json says so."""


def build(out: Path) -> None:
    """Write the playground into a folder, in place of what is there."""
    shutil.rmtree(out, ignore_errors=True)
    wheels = out / "wheels"
    wheels.mkdir(parents=True)
    pip = [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check"]
    target = ["--python-version", PYTHON, "--implementation", "cp", "--abi", "cp314", "--platform", PLATFORM]
    chosen = ["--no-deps", "--only-binary", ":all:", "--requirement", str(HERE / "wheels.txt"), "--dest", str(wheels)]
    _run("node", "playground.mjs", str(out))
    _run(*pip, "wheel", "--no-deps", "--no-build-isolation", "--wheel-dir", str(wheels), str(ROOT))
    _run(*pip, "download", *target, *chosen)
    names = sorted(path.name for path in wheels.iterdir())
    (wheels / "wheels.json").write_text(json.dumps(names, indent=1) + "\n", encoding="utf-8")


def _run(*command: str) -> None:
    subprocess.run(command, cwd=HERE.parent, check=True)  # noqa: S603 - commands of this module


if __name__ == "__main__":
    build(Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "build" / "playground")
