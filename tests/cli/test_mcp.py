"""`kili-query mcp`, before a client comes; `tests/mcp` talks to it."""

import json
from pathlib import Path

from tests.cli.running import DEMO, Run

LABELS = DEMO / "labels.ndjson"


def test_bad_usage(run: Run, tmp_path: Path) -> None:
    ran = run("mcp", "missing.ndjson")
    assert (ran.status, ran.out) == (2, "")
    assert "cannot read `missing.ndjson`: no such file or directory" in ran.err
    (tmp_path / "project.json").write_text("[]", encoding="utf-8")
    ran = run("mcp", LABELS, "--ontology", "project.json")
    assert (ran.status, ran.out) == (2, "")
    assert "project.json" in ran.err
    assert run("mcp", LABELS, "--timeout", "0").status == 2


def test_what_would_be_served(run: Run) -> None:
    found = json.loads(run("mcp", LABELS, "--json").out)
    assert found["files"] == ["labels.ndjson"]
    assert [tool["name"] for tool in found["tools"]][:2] == ["check", "explain"]
