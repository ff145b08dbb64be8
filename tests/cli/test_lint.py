"""`kili-query lint`."""

import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from kili_query.diagnostics.layout import printable
from tests.cli.running import ROOT, Ran, Run

APP = '''\
"""Counts of the street."""

PEOPLE = "OBJECTS.PERSN.count > 3"  # kili-query
labels = client.labels(
    project_id,
    category_search=(
        "OBJECTS.PERSON.count > 3 "  # many
        "AND OBJECTS.\\"CAR\\".count => 1.5"
    ),
)
others = client.labels(project_id, category_search=f"OBJECTS.{name}.count > 0")
'''
CONFIG = """\
exports:
  - name: food
    label_category_search: >-
      SCENE.FOOD
      OR SCENE.FOD
"""
NOTEBOOK = {"cells": [{"cell_type": "code", "source": ["%ls\n", 'client.labels(category_search="SCENE.FOD")\n']}]}


@pytest.fixture
def src(tmp_path: Path) -> Path:
    folder = tmp_path / "src"
    folder.mkdir()
    (folder / "app.py").write_text(APP)
    (folder / "config.yaml").write_text(CONFIG)
    (folder / "look.ipynb").write_text(json.dumps(NOTEBOOK))
    (folder / "settings.json").write_text('{"jobs": [\n  {"category_search": "SCENE.FOOD"}]}')
    return folder


@pytest.mark.usefixtures("src")
def test_text(run: Run, project: Path, golden: Callable[[str, str], None]) -> None:
    ran = run("lint", "src", "--ontology", project, "--verbose")
    assert ran.status == 1
    golden("cli/lint.txt", ran.err.removesuffix("\n"))
    assert ran.out.startswith("5 category searches in 4 files: 4 errors, 1 ")


@pytest.mark.usefixtures("src")
def test_line(run: Run, project: Path) -> None:
    ran = run("lint", ".", "--ontology", project, "--format", "line")
    assert (ran.status, ran.err) == (1, "")
    assert [line.partition(": ")[0] for line in ran.out.splitlines() if "error" in line] == [
        "src/app.py:3:19",
        "src/app.py:8:36",
        "src/config.yaml:5:16",
        "src/look.ipynb:cell 1:2:38",
    ]


@pytest.mark.parametrize("options", [("--json",), ("--format", "json")])
def test_json(run: Run, src: Path, options: tuple[str, ...]) -> None:
    found = json.loads(run("lint", "src", *options).out)
    assert [one["source"] for one in found if one["severity"] == "error"] == ["src/app.py"]
    assert json.loads(run("lint", src / "settings.json", *options).out) == []


def test_sarif_names_files_from_here(run: Run, src: Path, project: Path) -> None:
    ran = run("lint", src, "--ontology", project, "--format", "sarif")
    assert ran.status == 1
    results = json.loads(ran.out)["runs"][0]["results"]
    assert {result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] for result in results} == {
        "src/app.py",
        "src/config.yaml",
        "src/look.ipynb",
    }
    for result in results:
        place = result["locations"][0]["physicalLocation"]
        region = place["region"]
        line = (src.parent / place["artifactLocation"]["uri"]).read_text().splitlines()[region["startLine"] - 1]
        text = line[region["startColumn"] - 1 : region["endColumn"] - 1]
        assert f"`{text}`" in result["message"]["text"]


def test_warnings_are_no_error_unless_strict(run: Run, tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("category_search = 'A.B.count > 1.5'")
    ran = run("lint", "a.py")
    assert ran.status == 0
    assert ran.out == "1 category search in 1 file: 1 warning (names not checked: no --ontology)\n"
    assert "--> a.py:1:32\n" in ran.err
    assert run("lint", "a.py", "--strict").status == 1


def test_nothing_is_wrong(run: Run, tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("category_search = 'A.B'")
    (tmp_path / "b.py").write_text("")
    assert run("lint", "a.py").out == "1 category search in 1 file: ok (names not checked: no --ontology)\n"
    assert run("lint", "b.py") == Ran(0, "0 category searches: ok\n", "")
    (tmp_path / "empty").mkdir()
    assert run("lint", "empty", "--strict").status == 0


def test_a_file_that_cannot_be_read_is_told_and_the_others_are_checked(run: Run, tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("x = 1\ndef (\n")
    (tmp_path / "b.py").write_text("category_search = 'A.B.count >'")
    ran = run("lint", "a.py", "b.py", "no.py")
    assert ran.status == 2
    assert "--> b.py:1:31\n" in ran.err
    assert "\nerror: a.py:2:5: not Python: invalid syntax\nerror: no.py: No such file or directory\n" in ran.err
    assert ran.out.startswith("1 category search in 1 file: 1 error, 2 unreadable")


def test_a_path_that_does_not_exist(run: Run) -> None:
    ran = run("lint", "nosuch")
    assert (ran.status, ran.err) == (2, "error: nosuch: No such file or directory\n")


def test_offsets_and_lines_are_those_of_a_file_with_line_ends_of_windows(run: Run, tmp_path: Path) -> None:
    text = 'x = 1\r\n\r\nf(\r\n  category_search="""A.B\r\n  OR C.D.count => 2""")\r\n'
    (tmp_path / "a.py").write_bytes(text.encode())
    [found] = [one for one in json.loads(run("lint", "a.py", "--json").out) if one["severity"] == "error"]
    span = found["span"]
    assert text[span["start"] : span["end"]] == "=>"
    assert (span["line"], span["column"]) == (5, 16)


def test_names_and_texts_that_steer_a_terminal(run: Run, tmp_path: Path) -> None:
    name = "a\x1b[2J.py"
    (tmp_path / name).write_text("category_search = 'A.B \\x1b[2J'")
    ran = run("lint", ".")
    assert ran.status == 1
    assert "\x1b" not in ran.err
    assert printable(name) in ran.err


def test_bad_usage(run: Run) -> None:
    assert run("lint").status == 2
    assert run("lint", ".", "--json", "--format", "line").status == 2
    assert run("lint", ".", "--ontology", "no.json").status == 2


def test_the_hooks_run_the_command(run: Run) -> None:
    hooks = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text())
    assert [hook["id"] for hook in hooks] == ["kili-query-lint", "kili-query-format"]
    for hook in hooks:
        assert hook["language"] == "python"
        assert run(*hook["entry"].split()[1:], ".").status == 0
        assert re.search(hook["files"], "queries/crowded.kq")


def test_fix(run: Run, src: Path, project: Path) -> None:
    ran = run("lint", "src", "--fix", "--ontology", project)
    assert ran.out == "5 category searches in 4 files: 5 fixed, 1 warning, 1 skipped\n"
    assert "src/look.ipynb:cell 1:2:38: replaced `FOD` by `FOOD` (KQ102: unknown category `FOD` in job " in ran.err
    assert ran.status == 0
    assert run("lint", "src", "--fix", "--ontology", project).out.endswith(": 1 warning, 1 skipped\n")
    assert (src / "app.py").read_text() == APP.replace("PERSN", "PERSON").replace("=> 1.5", ">= 2")


def test_fix_that_cannot_be_written(run: Run, src: Path, project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.replace", refuse)
    ran = run("lint", "src/app.py", "--fix", "--ontology", project)
    assert ran.status == 2
    assert "error: cannot write `src/app.py`: No space left on device" in ran.err
    assert (src / "app.py").read_text() == APP
