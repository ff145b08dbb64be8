"""`kili-query grammar`."""

import json
from pathlib import Path

from kili_query.grammars import grammar_text
from tests.cli.running import Run


def test_grammar(run: Run, project: Path, tmp_path: Path) -> None:
    ran = run("grammar", "--ontology", project)
    assert (ran.status, ran.out, ran.err) == (0, f"{grammar_text(project)}\n", "")
    assert run("grammar", KILI_ONTOLOGY=str(project)).out == ran.out
    ran = run("grammar", "--ontology", project, "--syntax", "gbnf", "--dialect", "core", "--depth", "1", "-o", "g.gbnf")
    assert (ran.status, ran.out) == (0, "")
    written = (tmp_path / "g.gbnf").read_text(encoding="utf-8")
    assert written == f"{grammar_text(project, 'gbnf', dialect='core', depth=1)}\n"


def test_json(run: Run, project: Path) -> None:
    found = json.loads(run("grammar", "--ontology", project, "--syntax", "json-schema", "--json").out)
    assert {key: found[key] for key in ("syntax", "dialect", "depth")} == {
        "syntax": "json-schema",
        "dialect": "extended",
        "depth": 4,
    }
    assert json.loads(found["grammar"])["required"] == ["query"]


def test_bad_usage(run: Run, project: Path, tmp_path: Path) -> None:
    ran = run("grammar")
    assert ran.status == 2
    assert "'--ontology': a grammar needs an ontology: name the file of the project" in ran.err
    assert "must be 32 or less" in run("grammar", "--ontology", project, "--depth", "33").err
    assert run("grammar", "--ontology", project, "--syntax", "ebnf").status == 2
    (tmp_path / "empty.json").write_text('{"jobs": {}}', encoding="utf-8")
    ran = run("grammar", "--ontology", "empty.json")
    assert (ran.status, ran.out) == (2, "")
    assert "the ontology has no category that a query of the extended dialect can name" in ran.err
    assert run("grammar", "--ontology", project, "-o", project).status == 2
