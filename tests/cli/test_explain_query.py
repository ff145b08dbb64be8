"""`kili-query explain QUERY`."""

import json
from collections.abc import Callable
from pathlib import Path

from tests.cli.running import Run

QUERY = "OBJECTS.PERSON.count > OBJECTS.CAR.count AND NOT (SCENE.FOOD OR OBJECTS.DOG.count > 3)"


def test_a_query(run: Run, project: Path, labels: Path, golden: Callable[[str, str], None]) -> None:
    ran = run("explain", QUERY, "--ontology", project, "--labels", labels)
    assert (ran.status, ran.err) == (0, "")
    golden("cli/explain_query.txt", ran.out.removesuffix("\n"))


def test_json(run: Run, project: Path, labels: Path) -> None:
    found = json.loads(run("explain", QUERY, "--ontology", project, "--labels", labels, "--json").out)
    assert found["tree"]["joint"] == "AND"
    assert found["tree"]["operands"][1]["operands"][0]["joint"] == "OR"
    assert (found["satisfiable"], found["always_true"]) == (True, False)
    assert (found["plan"]["never"], found["plan"]["exact"]) == (False, False)
    assert "KQ301" in [one["code"] for one in found["diagnostics"]]
    share = found["labels"]
    assert share["read"] == share["judged"] == 34
    assert share["pushed"] >= share["matched"] > 0
    counted = run("match", QUERY, labels, "--ontology", project, "--count")
    assert share["matched"] == int(counted.out)
    pushed = run("match", found["plan"]["server_filter"], labels, "--ontology", project, "--count")
    assert share["pushed"] == int(pushed.out)


def test_never_and_always_true(run: Run, labels: Path, golden: Callable[[str, str], None]) -> None:
    ran = run("explain", "OBJECTS.PERSON.count > 5 AND OBJECTS.PERSON.count < 3")
    assert ran.status == 0
    assert "never true: no label can match\n" in ran.out
    golden("cli/explain_never.txt", ran.out.removesuffix("\n"))
    always = run("explain", "OBJECTS.PERSON.count >= 0", "--labels", labels)
    assert "always true: every label matches\n" in always.out
    assert "no filter" in always.out
    assert "about 100 % of 34 labels read (34)\n" in always.out


def test_a_strict_profile_pushes_less(run: Run, project: Path) -> None:
    arguments = ("explain", "OBJECTS.PERSON.count > 2", "--ontology", project, "--json")
    assert json.loads(run(*arguments).out)["plan"]["server_filter"] == "OBJECTS.PERSON.count > 2"
    strict = json.loads(run(*arguments, "--profile", "strict").out)["plan"]
    assert (strict["server_filter"], strict["exact"]) == ("OBJECTS.PERSON.count > 0", False)


def test_a_sample(run: Run, labels: Path, odd_labels: Path) -> None:
    five = run("explain", "SCENE.PERSON", "--labels", labels, "--sample", "5")
    assert "about 40 % of 5 labels read (2)\n" in five.out
    assert " of 34 labels read " in run("explain", "SCENE.PERSON", "--labels", labels, "--sample", "0").out
    odd = run("explain", "J.X", "--labels", odd_labels)
    assert odd.status == 0
    assert "about 50 % of 2 labels read (1)\n" in odd.out
    assert odd.err.startswith("5 read: 2 judged, 1 unknown, 2 malformed\n")


def test_no_label_could_be_read(run: Run, tmp_path: Path) -> None:
    (tmp_path / "empty.ndjson").write_text("")
    ran = run("explain", "A.B", "--labels", "empty.ndjson")
    assert ran.status == 0
    assert "unknown: no label could be read" in ran.out


def test_warnings_are_part_of_it(run: Run) -> None:
    ran = run("explain", "A.B.count > 1.5")
    assert (ran.status, ran.err) == (0, "")
    assert "warning[KQ205]" in ran.out


def test_bad_input(run: Run, project: Path) -> None:
    ran = run("explain", "A.B.count >")
    assert (ran.status, ran.out) == (2, "")
    assert "KQ003" in ran.err
    assert "KQ102" in run("explain", "OBJECTS.PERSN", "--ontology", project).err
    assert run("explain", "A.B", "--labels", "no.ndjson").status == 2
    assert run("explain", "-", "--labels", "-").status == 2
    assert run("explain", "-", stdin=b"A.B\n").status == 0


def test_a_pattern_of_many_categories_is_shown_as_written(run: Run, project: Path) -> None:
    ran = run("explain", "OBJECTS.*.count >= 3", "--ontology", project)
    assert "simplified\n  OBJECTS.count >= 3\n" in ran.out
    assert "  query     OBJECTS.count >= 3\n" in ran.out
    assert "  residual  OBJECTS.count >= 3\n" in ran.out
    assert "one that does: OBJECTS.AIRPLANE = 3, 49 others = 0\n" in ran.out
    assert "one that does not: all 50 counts = 0\n" in ran.out
    assert max(map(len, ran.out.splitlines())) < 320
    full = run("explain", "OBJECTS.*.count >= 3", "--ontology", project, "--verbose").out
    assert full.count("OBJECTS.ZEBRA.count") == 4


def test_a_very_long_name(run: Run) -> None:
    """There is no space at which its text could be cut."""
    for name in ("N" * 200, "N" * 400):
        for query in (f"J.{name}[K.B].count > 2", f"J.{name}.count > J.B.count", f"J.{name}*.count + J.B.count > 4"):
            ran = run("explain", query)
            assert (ran.status, ran.err) == (0, "")
            assert "the server is asked" in ran.out
