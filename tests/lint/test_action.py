"""The GitHub Action around `lint`: its shell steps are run for real, in a repository of their own."""

import json
import os
import re
import subprocess
import sys
import sysconfig
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, TypeAlias

import pytest
import yaml
from attrs import frozen
from sarif_kit.validate import validation_errors

from tests.forking import forked_command

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "docs" / "actions" / "lint"
ACTION: dict[str, Any] = yaml.safe_load((FOLDER / "action.yml").read_text(encoding="utf-8"))
STEPS: dict[str, dict[str, Any]] = {step["id"]: step for step in ACTION["runs"]["steps"]}


@frozen
class Job:
    """What the steps of a job left behind.

    Attributes:
        status: of the last step that was run.
        log: what was printed.
        outputs: of the step `lint`.
    """

    status: int
    log: str
    outputs: dict[str, str]

    @property
    def results(self) -> list[dict[str, Any]]:
        """The findings in the SARIF file, which is valid."""
        found = json.loads(Path(self.outputs["sarif"]).read_text(encoding="utf-8"))
        assert validation_errors(found) == []
        results: list[dict[str, Any]] = found["runs"][0]["results"]
        return results


RunJob: TypeAlias = Callable[..., Job]


def filled(text: str, contexts: Mapping[str, str]) -> str:
    """Put values in the place of expressions; one that has none fails."""
    return re.sub(r"\$\{\{ (.*?) \}\}", lambda found: contexts[found[1]], text)


def run_step(name: str, contexts: Mapping[str, str], repository: Path, output: Path, **environ: str) -> tuple[int, str]:
    """Run a step as GitHub does: expressions only reach the environment, and bash stops at the first failure."""
    step = STEPS[name]
    assert step["shell"] == "bash"
    variables = {key: filled(value, contexts) for key, value in step["env"].items()}
    ran = subprocess.run(
        ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", step["run"]],
        cwd=repository,
        env={"PATH": os.environ["PATH"], "GITHUB_OUTPUT": str(output), **variables, **environ},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    return ran.returncode, ran.stdout


@pytest.fixture(scope="module")
def runner(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The temporary folder of a runner, in which the step `install` has put the command.

    Its dependencies come from the packages of the tests, so that nothing is downloaded.
    """
    folder = tmp_path_factory.mktemp("runner")
    contexts = {
        "steps.python.outputs.python-path": sys.executable,
        "github.action_path": str(FOLDER),
        "runner.temp": str(folder),
    }
    offline = {"PIP_NO_INDEX": "1", "PIP_NO_BUILD_ISOLATION": "0", "PYTHONPATH": sysconfig.get_path("purelib")}
    offline["PIP_NO_COMPILE"] = "1"  # most modules are not used
    assert run_step("install", contexts, folder, folder / "output", **offline) == (0, "")
    return folder


@pytest.fixture(scope="module")
def quick_runner(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The same, with a command that starts at once."""
    folder = tmp_path_factory.mktemp("runner")
    programs = folder / "kili-query-lint" / "bin"
    programs.mkdir(parents=True)
    with forked_command(programs, "kili_query.cli.lint"):
        yield folder


@pytest.fixture
def job(quick_runner: Path, tmp_path: Path) -> RunJob:
    return job_of(quick_runner, tmp_path)


def job_of(runner: Path, tmp_path: Path) -> RunJob:
    """``job(**inputs)`` runs the steps `lint` and `verdict` in a repository with one wrong search."""
    (tmp_path / "src").mkdir()
    (tmp_path / "src" / "app.py").write_text('category_search = "OBJECTS.CARS.count > 0"\n', encoding="utf-8")
    (tmp_path / "a file.py").write_text('category_search = "OBJECTS.CAR.count >= 0"\n', encoding="utf-8")
    (tmp_path / "project.json").write_bytes((ROOT / "docs" / "street.json").read_bytes())

    def run(**inputs: str) -> Job:
        output = tmp_path / "output"
        output.write_text("", encoding="utf-8")
        given = {name: one["default"] for name, one in ACTION["inputs"].items()} | inputs
        contexts = {f"inputs.{name}": value for name, value in given.items()} | {"runner.temp": str(runner)}
        environ = {"PYTHONPATH": sysconfig.get_path("purelib")}
        status, log = run_step("lint", contexts, tmp_path, output, **environ)
        outputs = dict(line.split("=", 1) for line in output.read_text(encoding="utf-8").splitlines())
        if status == 0:
            contexts |= {f"steps.lint.outputs.{name}": value for name, value in outputs.items()}
            status, _ = run_step("verdict", contexts, tmp_path, output)
        return Job(status, log, outputs)

    return run


def test_findings(runner: Path, tmp_path: Path) -> None:
    found = job_of(runner, tmp_path)(paths="src\n", ontology="project.json")
    assert (found.status, found.outputs["status"]) == (1, "1")
    assert "did you mean `CAR`?" in found.log
    [result] = found.results
    assert result["ruleId"] == "KQ102"
    place = result["locations"][0]["physicalLocation"]
    assert place["artifactLocation"]["uri"] == "src/app.py"
    assert place["region"]["startLine"] == 1


def test_no_findings(job: RunJob) -> None:
    found = job(paths="src", category="a/b c")
    assert (found.status, found.results) == (0, [])
    assert "names not checked: no --ontology" in found.log


def test_warnings(job: RunJob) -> None:
    """They are findings, but only fail the job if it is strict; a name with a space is one path."""
    found = job(paths="\na file.py\n\n", ontology="project.json")
    assert (found.status, [one["ruleId"] for one in found.results]) == (0, ["KQ201"])
    assert job(paths="a file.py", ontology="project.json", strict="true").status == 1


def test_what_cannot_be_read(job: RunJob) -> None:
    found = job(paths="src\nmissing.py", ontology="project.json")
    assert (found.status, len(found.results)) == (2, 1)
    assert "missing.py" in found.log
    found = job(paths="src", ontology="missing.json")
    assert (found.status, found.outputs) == (2, {})
    assert "missing.json" in found.log


def test_inputs_are_no_commands(job: RunJob, tmp_path: Path) -> None:
    assert job(paths="$(touch hacked); touch hacked\n`touch hacked`", ontology="\"; touch hacked; '").status == 2
    assert not (tmp_path / "hacked").exists()
    assert not any("${{" in step.get("run", "") for step in STEPS.values())


def test_metadata() -> None:
    """Whatever GitHub requires; findings are uploaded before the job fails."""
    assert {"name", "description", "inputs", "outputs", "runs"} == set(ACTION)
    assert ACTION["runs"]["using"] == "composite"
    assert list(STEPS) == ["python", "install", "lint", "upload", "verdict"]
    assert all("description" in one for one in [*ACTION["inputs"].values(), *ACTION["outputs"].values()])
    assert all(isinstance(one["default"], str) for one in ACTION["inputs"].values())
    assert all(("run" in step) == ("shell" in step) != ("uses" in step) for step in STEPS.values())
    upload = STEPS["upload"]
    assert upload["uses"].startswith("github/codeql-action/upload-sarif@")
    assert upload["with"]["sarif_file"] == "${{ steps.lint.outputs.sarif }}"


def test_documented() -> None:
    page = (ROOT / "docs" / "lint.md").read_text(encoding="utf-8")
    assert f"/{FOLDER.relative_to(ROOT)}@" in page
    assert all(f"`{name}`" in page for name in [*ACTION["inputs"], *ACTION["outputs"]])
