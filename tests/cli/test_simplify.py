"""`kili-query simplify`."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cli.running import Ran, Run

QUERY = "NOT (A.B.count < 3 OR A.B.count < 5) AND (C.D OR A.B)"


def test_the_text(run: Run) -> None:
    assert run("simplify", QUERY) == Ran(0, "A.B.count >= 5\n", "")
    assert run("simplify", "-", stdin=f"{QUERY} # why\n".encode()).out == "A.B.count >= 5\n"


def test_the_trace(run: Run, golden: Callable[[str, str], None]) -> None:
    ran = run("simplify", QUERY, "--trace")
    assert (ran.status, ran.err) == (0, "")
    golden("cli/simplify_trace.txt", ran.out.removesuffix("\n"))


def test_json(run: Run) -> None:
    found = json.loads(run("simplify", QUERY, "--json").out)
    assert (found["query"], found["simplified"], found["note"]) == (QUERY, "A.B.count >= 5", "")
    assert found["steps"][-1]["after"] == "A.B.count >= 5"


def test_what_is_no_condition_any_more(run: Run) -> None:
    never = run("simplify", "A.B.count > 3 AND A.B.count < 2")
    assert (never.status, never.out) == (0, "FALSE\n")
    assert never.err.endswith("note: no label can match\n")
    always = run("simplify", "A.B.count >= 0")
    assert (always.status, always.out) == (0, "TRUE\n")
    assert always.err.endswith("note: every label matches\n")


def test_an_ontology(run: Run, project: Path) -> None:
    ran = run("simplify", "SCENE.FOOD.count >= 1 AND SCENE.FOOD.count < 5", "--ontology", project)
    assert (ran.status, ran.out) == (0, "SCENE.FOOD.count >= 1\n")
    assert ran.err.endswith("note: equivalent on labels that obey the ontology: for reading, not for running\n")
    assert run("simplify", "OBJECTS.PERSON.count > 2", "--ontology", project).err == ""


def test_a_bad_query(run: Run, project: Path) -> None:
    assert run("simplify", "A.B.count >").status == 2
    ran = run("simplify", "OBJECTS.PERSN", "--ontology", project)
    assert (ran.status, ran.out) == (2, "")
    assert "KQ102" in ran.err


@pytest.mark.parametrize(
    ("query", "simplified"),
    [
        ("OBJECTS.CAR.count >= 8", "OBJECTS.CAR.count >= 8"),
        ("NOT OBJECTS.CAR.count < 8 AND OBJECTS.CAR.count > 3", "OBJECTS.CAR.count >= 8"),
        ("NOT OBJECTS.CAR.count <= 8", "OBJECTS.CAR.count > 8"),
        ("OBJECTS.CAR.count <= 8 OR OBJECTS.CAR.count < 3", "OBJECTS.CAR.count <= 8"),
        ("OBJECTS.CAR.count + OBJECTS.DOG.count >= 8", "OBJECTS.CAR.count + OBJECTS.DOG.count >= 8"),
    ],
)
@pytest.mark.parametrize("is_known", [False, True])
def test_the_operator_of_the_reader_is_kept(
    run: Run, project: Path, query: str, simplified: str, is_known: bool
) -> None:
    ontology = ("--ontology", project) if is_known else ()
    assert run("simplify", query, *ontology).out == f"{simplified}\n"
    assert json.loads(run("simplify", query, *ontology, "--json").out)["simplified"] == simplified


def test_a_pattern_of_many_categories_is_kept(run: Run, project: Path) -> None:
    query = "OBJECTS.*.count >= 30 AND NOT OBJECTS.CAR.count < 8"
    ran = run("simplify", query, "--ontology", project)
    assert ran.out == "OBJECTS.count >= 30 AND OBJECTS.CAR.count >= 8\n"
    assert ran.err == "note: patterns are kept as written (--verbose names their categories)\n"
    for option in ("--verbose", "--json"):
        assert (
            "*" not in run("simplify", query.replace("AND", "OR"), "--ontology", project, option).out.split("simpl")[-1]
        )
    few = run("simplify", "OBJECTS.CA*.count >= 3", "--ontology", project)
    assert few.out.startswith("OBJECTS.CAKE.count + ")


def test_a_clause_that_the_answer_does_not_leave_out_is_reported(run: Run, project: Path) -> None:
    ran = run("simplify", "OBJECTS.* AND OBJECTS.DOG", "--ontology", project)
    assert ran.out == "OBJECTS.* AND OBJECTS.DOG\n"
    assert "warning[KQ203]" in ran.err
    ran = run("simplify", "OBJECTS.* AND OBJECTS.DOG", "--ontology", project, "--verbose")
    assert (ran.out, "KQ203" in ran.err) == ("OBJECTS.DOG.count > 0\n", False)
