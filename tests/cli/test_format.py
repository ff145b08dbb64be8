"""`kili-query format`."""

import json
from pathlib import Path

import pytest

from tests.cli.running import Ran, Run

UGLY = "a.b.count>3 and(c.d.count=0 or not e.f) # why"


def test_format(run: Run) -> None:
    ran = run("format", UGLY)
    assert ran == Ran(0, "a.b.count > 3 AND (c.d.count == 0 OR NOT e.f)  # why\n", "")
    assert run("format", "-", stdin=ran.out.encode()) == ran
    assert run("format", UGLY, "--width", 20).out.count("\n") > 1


def test_check(run: Run) -> None:
    assert run("format", UGLY, "--check") == Ran(1, "", "formatting would change the query\n")
    assert run("format", "-", "--check", stdin=b"a.b.count > 3\n") == Ran(0, "", "")


def test_json(run: Run) -> None:
    ran = run("format", "a.b", "--json")
    assert json.loads(ran.out) == {"text": "a.b", "formatted": "a.b", "changed": False}
    ran = run("format", "( a.b )", "--json", "--check")
    assert ran.status == 1
    assert json.loads(ran.out)["changed"] is True


def test_a_bad_query(run: Run) -> None:
    ran = run("format", "a.b.count >")
    assert (ran.status, ran.out) == (2, "")
    assert "error[KQ003]" in ran.err
    assert run("format", "a.b", "--width", "0").status == 2


def test_files(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("q").mkdir()
    Path("q/a.kq").write_text("j.a.count>3\n")
    Path("q/b.kq").write_text("j.a\n")
    told = "q/a.kq: formatting would change it\n1 file would change, of 2\n"
    assert run("format", "--files", "q", "--check") == Ran(1, "", told)
    assert run("format", "--files", "q") == Ran(0, "", "q/a.kq: formatted\n1 file formatted, of 2\n")
    assert Path("q/a.kq").read_text() == "j.a.count > 3\n"
    assert run("format", "--files", "q", "--check") == Ran(0, "", "0 files would change, of 2\n")
    Path("q/b.kq").write_text("j.a AND")
    ran = run("format", "--files", "q", "none.kq", "--json")
    assert (ran.status, json.loads(ran.out)) == (2, {"files": [{"file": "q/a.kq", "changed": False}]})
    assert "q/b.kq:1:5" in ran.err
    assert "error: none.kq: No such file or directory" in ran.err


def test_several_queries(run: Run) -> None:
    ran = run("format", "a.b", "AND", "c.d")
    assert ran.status == 2
    assert "a query of several words needs quotes around all of it; too many arguments: AND c.d" in ran.err
