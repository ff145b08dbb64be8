"""Where commands find the project: `--ontology`, else `KILI_ONTOLOGY`, else `project.json` beside the labels."""

import shutil
from pathlib import Path

import pytest

from tests.cli.alone import labels_alone  # noqa: F401 - the fixture `labels`
from tests.cli.running import DEMO, Run

BESIDE = "beside the labels (`--ontology none` turns it off)\n"
COMMANDS = {
    "match": ("match", "OBJECTS.PERSN", "LABELS"),
    "explain": ("explain", "OBJECTS.PERSN", "--labels", "LABELS"),
    "histogram": ("histogram", "LABELS", "--job", "OBJECTS", "--category", "PERSN"),
    "sheet": ("sheet", "OBJECTS.PERSN", "LABELS", "-o", "sheet.png"),
    "export": ("export", "LABELS", "-f", "raw", "-o", "raw.zip", "--where", "OBJECTS.PERSN"),
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Labels with their project beside them."""
    folder = tmp_path / "beside"
    folder.mkdir()
    for name in ("labels.ndjson", "project.json"):
        shutil.copy(DEMO / name, folder)
    return folder


@pytest.mark.parametrize("command", COMMANDS)
def test_beside_the_labels(run: Run, folder: Path, command: str) -> None:
    ran = run(*(word.replace("LABELS", str(folder / "labels.ndjson")) for word in COMMANDS[command]))
    assert (ran.status, ran.out) == (2, "")
    assert ran.err.startswith(f"note: using the ontology {folder / 'project.json'} {BESIDE}error[KQ102]")


def test_which_one_is_used(run: Run, folder: Path, labels: Path, project: Path) -> None:
    asked = ("match", "OBJECTS.PERSN", "--count")
    own = folder / "labels.ndjson"
    assert "KILI_ONTOLOGY" in run(*asked, own, KILI_ONTOLOGY=str(project)).err
    assert run(*asked, own, "--ontology", project, KILI_ONTOLOGY="none.json").err.startswith("error[KQ102]")
    ran = run(*asked, own, "--ontology", "none", KILI_ONTOLOGY=str(project))
    assert (ran.status, ran.out) == (1, "0\n")
    assert "note: names were not checked (no --ontology)" in ran.err
    assert run(*asked, own, labels).status == 1, "the labels are in two folders"
    assert run(*asked, folder).err.startswith("note: using the ontology "), "a folder holds both"
    assert run(*asked, "labels.ndjson").err == "error: cannot read `labels.ndjson`: no such file or directory\n"
    assert run(*asked, own, KILI_ONTOLOGY="none.json").err.splitlines()[-1].startswith("error: ")
    assert run("check", "OBJECTS.PERSN", KILI_ONTOLOGY=str(project)).status == 2
    assert run("compare", "OBJECTS.DOG", "OBJECTS.CAR", "--complete", KILI_ONTOLOGY=str(project)).status == 1


def test_another_file_of_that_name(run: Run, folder: Path) -> None:
    (folder / "project.json").write_text('{"name": "some build tool"}')
    ran = run("match", "OBJECTS.DOG", folder / "labels.ndjson", "--count")
    assert (ran.status, ran.out) == (0, "3\n")
    assert ran.err.startswith(f"note: {folder / 'project.json'} beside the labels is not used: ")
    ran = run("export", folder / "labels.ndjson", "-f", "raw", "-o", "x.zip")
    assert (ran.status, ran.out) == (2, "")
    assert "an export needs the project: give its file" in ran.err


def test_the_project_found_is_not_overwritten(run: Run, folder: Path) -> None:
    ran = run("match", "OBJECTS.DOG", folder / "labels.ndjson", "--json", "-o", folder / "project.json")
    assert (ran.status, ran.out) == (2, "")
    assert f"cannot write `{folder / 'project.json'}`" in ran.err


def test_an_older_name_of_the_option(run: Run, labels: Path, project: Path) -> None:
    assert run("export", labels, "--project", project, "-f", "jsonl", "-o", "x.jsonl").status == 0
    for command in ("export", "serve"):
        assert "--project" not in run(command, "--help").out


def test_a_dataset_whose_format_is_named_is_an_ontology(run: Run, tmp_path: Path) -> None:
    dataset = tmp_path / "instances.data"  # the suffix of no format
    shutil.copy(DEMO / "instances.json", dataset)
    assert run("check", "OBJECTS.person", "--ontology", dataset, "--from", "coco").status == 0
    assert "did you mean `person`?" in run("check", "OBJECTS.persn", "--ontology", dataset, "--from", "coco").err
    ran = run("match", "OBJECTS.PERSON", dataset, "--ontology", DEMO / "project.json", "--from", "coco", "--count")
    assert (ran.status, ran.out) == (1, "0\n")  # the project stays one
