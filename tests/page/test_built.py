"""The built page is what its sources make, and is small."""

import re
import shutil
import subprocess
from hashlib import sha256
from pathlib import Path

import pytest

PAGE = Path(__file__).resolve().parents[2] / "kili_query" / "page"
COMPONENT, BUILT = PAGE / "component", PAGE / "built"
FILES = ("LICENSES.txt", "component.js", "page.css", "page.html", "page.js")
RAW_LIMIT_BYTES = 500_000


def hash_of_sources() -> str:
    """The hash that `build.mjs` writes: over the names and contents of all that decides the build."""
    names = ["build.mjs", "package-lock.json", "package.json", "tsconfig.json"]
    names += [f"src/{path.name}" for path in (COMPONENT / "src").iterdir()]
    found = sha256()
    for name in sorted(names):
        found.update(name.encode() + b"\0" + (COMPONENT / name).read_bytes() + b"\0")
    return found.hexdigest()


def test_the_build_is_not_stale() -> None:
    assert sorted(path.name for path in BUILT.iterdir()) == sorted(FILES)
    heads = {
        name: re.search(r"sha256 ([0-9a-f]{64})", (BUILT / name).read_text(encoding="utf-8")[:200]) for name in FILES
    }
    stale = [name for name, head in heads.items() if head is None or head[1] != hash_of_sources()]
    assert not stale, f"{stale} were built from other sources: run make page"


def test_a_new_build_gives_the_same_files(tmp_path: Path) -> None:
    if not shutil.which("node") or not (COMPONENT / "node_modules").is_dir():
        pytest.skip("needs Node and what `make page` installs")
    subprocess.run(["node", "build.mjs", str(tmp_path)], cwd=COMPONENT, check=True, timeout=120)
    assert {name: (tmp_path / name).read_bytes() == (BUILT / name).read_bytes() for name in FILES} == dict.fromkeys(
        FILES, True
    )


def test_the_page_is_small() -> None:
    """Compressed it is below 150 kB; the benchmark measures that."""
    assert sum((BUILT / name).stat().st_size for name in FILES) < RAW_LIMIT_BYTES


def test_the_page_has_no_inline_code() -> None:
    html = (BUILT / "page.html").read_text(encoding="utf-8")
    assert not re.search(r"<style|\sstyle=|\son\w+=|<script(?![^>]*\ssrc=)", html)
    code = "".join((BUILT / name).read_text(encoding="utf-8") for name in ("component.js", "page.js"))
    assert not re.search(r"\beval\(|new Function\(|dangerouslySetInnerHTML:", code)
