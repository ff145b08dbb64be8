"""The package works, grammar and pages included, from a wheel, an editable install and the zip file a wheel is."""

import os
import subprocess
import sys
import sysconfig
import tarfile
import venv
from collections.abc import Callable
from pathlib import Path
from zipfile import ZipFile

import pytest

ROOT = Path(__file__).resolve().parents[2]

PROGRAM = """
import kili_query as kq
from kili_query.diagnostics import Code
from kili_query.diagnostics.pages import page

print(kq.parse("A.B.count>0"))
print(kq.parse("NOT A.B"))
print(all(page(code).startswith(f"# {code}: ") for code in Code))
print(kq.__file__)
"""


def run(*command: object, cwd: Path, **variables: str) -> str:
    ran = subprocess.run(
        [str(part) for part in command],
        cwd=cwd,
        env=os.environ | variables,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
    return ran.stdout


def pip(*arguments: object, cwd: Path, **variables: str) -> str:
    return run(sys.executable, "-m", "pip", "--disable-pip-version-check", *arguments, cwd=cwd, **variables)


def imported_from(python: Path, cwd: Path, *, path: Path | None = None) -> str:
    """Run the program with an interpreter, in a foreign folder, and say which `kili_query` it used."""
    program = PROGRAM if path is None else f"import sys; sys.path.insert(0, {str(path)!r})\n{PROGRAM}"
    parsed, lowered, pages, file = run(python, "-I", "-c", program, cwd=cwd).splitlines()
    assert parsed == "A.B.count > 0"
    assert "A.B" in lowered
    assert pages == "True"
    return file


@pytest.fixture(scope="session")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A wheel built from the source distribution, as a release would be; by its backend, which starts faster."""
    out = tmp_path_factory.mktemp("dist")
    build = (sys.executable, "-m", "hatchling", "build", "--directory", out, "--target")
    run(*build, "sdist", cwd=ROOT)
    [archive] = out.glob("*.tar.gz")
    with tarfile.open(archive) as unpacked:
        unpacked.extractall(out, filter="data")
    run(*build, "wheel", cwd=out / archive.name.removesuffix(".tar.gz"))
    [built] = out.glob("*.whl")
    return built


@pytest.fixture
def environment(tmp_path: Path) -> Callable[[], Path]:
    """Makes an empty virtual environment and gives its interpreter; the pip of this one serves it."""

    def make() -> Path:
        folder = tmp_path / "environment"
        venv.create(folder, with_pip=False, symlinks=True)
        return folder / "bin" / "python"

    return make


def test_the_wheel_ships_each_file_once(wheel: Path) -> None:
    names = ZipFile(wheel).namelist()
    assert len(names) == len(set(names))
    shipped = {name for name in names if ".dist-info/" not in name}
    assert all(name.startswith("kili_query/") for name in shipped)
    assert "kili_query/py.typed" in shipped
    for folder in ("grammar", "docs/codes"):
        expected = {f"kili_query/{folder}/{path.name}" for path in (ROOT / folder).iterdir()}
        assert expected
        assert expected == {name for name in shipped if name.startswith(f"kili_query/{folder}/")}


def test_wheel_install(wheel: Path, environment: Callable[[], Path], tmp_path: Path) -> None:
    python = environment()
    pip("--python", python, "install", "--quiet", "--no-compile", wheel, cwd=tmp_path)
    file = imported_from(python, tmp_path)
    assert Path(file).is_relative_to(tmp_path / "environment")
    installed = (tmp_path / "environment").rglob("*.dist-info")
    assert {path.name.partition("-")[0] for path in installed} == {"attrs", "kili_query", "lark"}


def test_editable_install(environment: Callable[[], Path], tmp_path: Path) -> None:
    """Built by what the tests have installed, as `make test` does; what it needs is installed anew."""
    python = environment()
    options = ("--quiet", "--no-compile", "--no-build-isolation", "--ignore-installed", "--editable", ROOT)
    pip("--python", python, "install", *options, cwd=tmp_path, PYTHONPATH=sysconfig.get_path("purelib"))
    file = imported_from(python, tmp_path)
    assert Path(file) == ROOT / "kili_query" / "__init__.py"
    where = "from kili_query.resources import read_text; print(read_text('grammar', 'core.lark'))"
    read = run(python, "-I", "-c", where, cwd=tmp_path)
    assert read.rstrip() == (ROOT / "grammar" / "core.lark").read_text(encoding="utf-8").rstrip()


def test_zip_import(wheel: Path, tmp_path: Path) -> None:
    """A wheel is a zip file, and a zip file on the path is importable."""
    archive = tmp_path / "kili_query.zip"
    archive.write_bytes(wheel.read_bytes())
    file = imported_from(Path(sys.executable), tmp_path, path=archive)
    assert file.startswith(str(archive))


def test_a_checkout_on_the_path(tmp_path: Path) -> None:
    file = imported_from(Path(sys.executable), tmp_path, path=ROOT)
    assert Path(file) == ROOT / "kili_query" / "__init__.py"
