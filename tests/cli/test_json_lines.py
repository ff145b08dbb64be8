"""``--jsonl`` prints one JSON object per line, the rows of the document that ``--json`` prints."""

import json
from pathlib import Path
from typing import Any

from tests.cli.conftest import Run


def rows(text: str) -> list[Any]:
    return [json.loads(line) for line in text.splitlines()]


def test_count(run: Run, labels: Path) -> None:
    found = rows(run("count", labels, "--jsonl").out)
    assert found == json.loads(run("count", labels, "--json").out)["counters"]
    assert {"job", "category", "objects", "labels"} <= found[0].keys()


def test_histogram(run: Run, labels: Path) -> None:
    arguments = ("histogram", labels, "--job", "OBJECTS", "--category", "PERSON")
    found = rows(run(*arguments, "--jsonl").out)
    assert found == json.loads(run(*arguments, "--json").out)["histograms"]
    assert [(one["job"], one["category"]) for one in found] == [("OBJECTS", "PERSON")]


def test_check(run: Run, project: Path) -> None:
    arguments = ("check", "OBJECTS.PERSN AND SCENE.NIHT", "--ontology", project)
    found = rows(run(*arguments, "--jsonl").out)
    assert [one["code"] for one in found] == ["KQ102", "KQ102"]
    assert found == json.loads(run(*arguments, "--json").out)


def test_lint(run: Run, tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("client.labels('p', category_search='A.B >= 1 && C.D')\n", encoding="utf-8")
    found = rows(run("lint", "a.py", "--jsonl").out)
    assert [one["code"][:2] for one in found] == ["KQ"] * len(found)
    assert found
