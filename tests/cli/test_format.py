"""`kili-query format`."""

import json

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
