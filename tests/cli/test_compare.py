"""`kili-query compare`."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

import kili_query as kq
from tests.cli.running import Run

PAIRS = {
    "same": ("NOT A.B.count < 4", "A.B.count > 3"),
    "stricter": ("A.B.count > 3", "A.B.count >= 3"),
    "looser": ("A.B OR A.C", "A.B.count > 2"),
    "disjoint": ("A.B.count > 3", "A.B.count < 2"),
    "different": ("A.B.count > 3", "A.C"),
    "unknown": ("J.A.count > 1", "J.A[S.X].count > 1"),
}


@pytest.mark.parametrize("relation", PAIRS)
def test_each_relation(run: Run, golden: Callable[[str, str], None], relation: str) -> None:
    ran = run("compare", *PAIRS[relation])
    assert ran.status == (0 if relation == "same" else 1)
    assert ran.err == ""
    assert f"\n{relation}: " in ran.out
    golden(f"cli/compare_{relation}.txt", ran.out.removesuffix("\n"))


@pytest.mark.parametrize("relation", PAIRS)
def test_json_holds_labels_that_show_it(run: Run, relation: str) -> None:
    ran = run("compare", *PAIRS[relation], "--json")
    found = json.loads(ran.out)
    assert (found["relation"], ran.err) == (relation, "")
    left, right = map(kq.parse, PAIRS[relation])
    wanted = {"only_a": (True, False), "only_b": (False, True), "both": (True, True)}
    for key, label in found["labels"].items():
        content = label["jsonResponse"]
        assert (left.matches(content), right.matches(content)) == wanted[key]
        counts = kq.count(content)
        assert all(counts.get((one["job"], one["category"]), 0) == one["count"] for one in label["counts"])
    shown = {
        "same": {"both"},
        "stricter": {"only_b", "both"},
        "looser": {"only_a", "both"},
        "disjoint": {"only_a", "only_b"},
        "different": {"only_a", "only_b", "both"},
    }
    assert relation == "unknown" or set(found["labels"]) == shown[relation]


def test_what_can_never_match(run: Run) -> None:
    never = "A.B.count > 3 AND A.B.count < 2"
    ran = run("compare", never, "A.B")
    assert ran.status == 1
    assert "stricter: " in ran.out
    assert "  A can match no label at all\n" in ran.out
    assert run("compare", never, "A.B.count < 0").status == 0


def test_an_ontology(run: Run, project: Path, tmp_path: Path) -> None:
    pair = ("SCENE.FOOD.count >= 1", "SCENE.FOOD.count == 1")
    assert run("compare", *pair).status == 1
    assert run("compare", *pair, "--ontology", project).status == 0
    content = {"input": "radio", "categories": {"A": {}, "B": {}}}
    interface = {"jobs": {"J": {"mlTask": "CLASSIFICATION", "required": 1, "content": content}}}
    (tmp_path / "required.json").write_text(json.dumps(interface))
    pair = ("NOT J.A", "J.B")
    assert run("compare", *pair, "--ontology", "required.json").status == 1
    assert run("compare", *pair, "--ontology", "required.json", "--complete").status == 0


def test_bad_queries_are_called_by_their_letter(run: Run) -> None:
    ran = run("compare", "A.B", "A.B.count >")
    assert (ran.status, ran.out) == (2, "")
    assert "--> B:1:" in ran.err
    assert "--> A:1:" in run("compare", "A.B.", "A.B").err


def test_standard_input_and_bad_usage(run: Run) -> None:
    assert run("compare", "A.B", "-", stdin=b"A.B.count > 0\n").status == 0
    assert run("compare", "-", "-").status == 2
    assert run("compare", "A.B", "A.B", "--complete").status == 2
    assert run("compare", "A.B").status == 2
