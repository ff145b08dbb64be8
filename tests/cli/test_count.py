"""`kili-query count`."""

import json
from collections.abc import Callable
from pathlib import Path

import kili_query as kq
from tests.cli.alone import labels_alone  # noqa: F401 - the fixture `labels`
from tests.cli.running import Run


def test_a_table(run: Run, labels: Path, project: Path, golden: Callable[[str, str], None]) -> None:
    ran = run("count", labels, "--ontology", project)
    assert (ran.status, ran.err) == (0, "34 read: 34 counted, 0 unknown, 0 malformed\n")
    golden("cli/count.txt", ran.out.removesuffix("\n"))


def test_the_numbers_are_those_of_a_loop(run: Run, labels: Path) -> None:
    expected: dict[tuple[str, str], tuple[int, int]] = {}
    for line in labels.read_text(encoding="utf-8").splitlines():
        for pair, number in kq.count(json.loads(line)["jsonResponse"]).items():
            held, objects = expected.get(pair, (0, 0))
            expected[pair] = (held + 1, objects + number)
    ran = run("count", labels, "--json")
    found = json.loads(ran.out)
    assert (ran.status, ran.err, found["labels"], found["report"]["read"]) == (0, "", 34, 34)
    assert expected == {(row["job"], row["category"]): (row["labels"], row["objects"]) for row in found["counters"]}


def test_an_ontology_adds_what_no_label_holds(run: Run, labels: Path, project: Path) -> None:
    found = json.loads(run("count", labels, "--ontology", project, "--json").out)
    rows = {(row["job"], row["category"]): row["objects"] for row in found["counters"]}
    assert rows["OBJECTS", "AIRPLANE"] == 0
    assert list(rows)[:1] == [("SCENE", "PERSON")]


def test_odd_labels(run: Run, odd_labels: Path) -> None:
    ran = run("count", odd_labels.name)
    assert ran.status == 0
    assert ran.out == "job  category  labels  objects\nJ    X              1        1\n"
    assert ran.err.startswith(
        "5 read: 2 counted, 1 unknown, 2 malformed (1 not a label at all)\n  broken: odd.ndjson:2: "
    )
    assert run("count", odd_labels, "--on-malformed", "raise").status == 2
    assert run("count", "none.ndjson").status == 2


def test_policies(run: Run, tmp_path: Path) -> None:
    frame = {"J": {"annotations": [{"mid": "a", "isKeyFrame": False, "categories": [{"name": "X"}]}]}}
    (tmp_path / "video.ndjson").write_text(json.dumps({"jsonResponse": {"0": frame, "1": frame}}))
    assert json.loads(run("count", "video.ndjson", "--policy", "frames", "--json").out)["counters"] == [
        {"job": "J", "category": "X", "labels": 1, "objects": 2}
    ]
    assert json.loads(run("count", "video.ndjson", "--policy", "key_frames", "--json").out)["counters"] == []
