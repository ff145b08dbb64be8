"""`kili-query labels`."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

import kili_query as kq
from kili_query.sandbox import Sandbox
from tests.cli.running import DEMO, Ran, Run
from tests.cli.served import many_labels, served, variables_of

QUERY = "OBJECTS.PERSON.count > OBJECTS.CAR.count AND OBJECTS.CAR.count > 1"
LABELS = [json.loads(line) for line in (DEMO / "labels.ndjson").read_text(encoding="utf-8").splitlines()]
IDS = sorted(label["id"] for label in LABELS)


@pytest.fixture(scope="module")
def box() -> Iterator[Sandbox]:
    with served() as box:
        yield box


@pytest.fixture
def ask(run: Run, box: Sandbox) -> Run:
    """``ask(*arguments)``: `kili-query labels` of the demo's project."""
    return lambda *arguments, **variables: run("labels", "demo", *arguments, **(variables_of(box) | variables))


def ids(text: str) -> list[str]:
    return [json.loads(line)["id"] for line in text.splitlines()]


def matching(query: str) -> list[str]:
    judge = kq.parse(query).compile(ontology=kq.Ontology.load(DEMO / "project.json"))
    return sorted(label["id"] for label in LABELS if judge(label["jsonResponse"]))


def test_a_table(ask: Run, golden: Callable[[str, str], None], tmp_path: Path) -> None:
    fields = "id,labelType, labelOf.externalId", "--fields", "modelName,jsonResponse"
    ran = ask("--fields", *fields, "-n", "3", "-o", "labels.txt")
    assert ran == Ran(0, "", "3 labels\n")
    golden("cli/labels.txt", (tmp_path / "labels.txt").read_text(encoding="utf-8").removesuffix("\n"))
    assert ask("--where", f"{QUERY} AND *.PERSON", "-o", "labels.txt").status == 0
    titles, *rows = (tmp_path / "labels.txt").read_text(encoding="utf-8").splitlines()
    assert titles.split() == [
        *("id", "labelOf.externalId", "author.email", "labelType", "createdAt"),
        *("OBJECTS.PERSON", "OBJECTS.CAR", "*.PERSON"),
    ]
    for row in rows:
        people, cars, either = map(int, row.split()[-3:])
        assert people > cars > 1
        assert either >= people


def test_one_document(ask: Run, tmp_path: Path) -> None:
    rows = [json.loads(line) for line in ask("-n", "3").out.splitlines()]
    assert set(rows[0]) == {"id", "labelOf", "author", "labelType", "createdAt"}
    assert json.loads(ask("-n", "3", "--json").out) == {"labels": rows}
    assert ask("-n", "3", "-o", "labels.json").status == 0
    assert json.loads((tmp_path / "labels.json").read_text(encoding="utf-8")) == {"labels": rows}
    assert json.loads(ask("-n", "0", "--json").out) == {"labels": []}


def test_ids(ask: Run) -> None:
    assert ask("--ids").out.split() == IDS
    assert "not with --ids" in ask("--ids", "--fields", "id").err
    assert "choose one of them" in ask("--ids", "--json").err


def test_ndjson(ask: Run) -> None:
    ran = ask("--jsonl", "--fields", "id,jsonResponse")
    assert (ran.status, ran.err) == (0, "34 labels\n")
    contents = {label["id"]: label["jsonResponse"] for label in LABELS}
    assert [json.loads(line) for line in ran.out.splitlines()] == [
        {"id": label_id, "jsonResponse": contents[label_id]} for label_id in IDS
    ]


def test_first_and_skip(ask: Run) -> None:
    assert ids(ask("--jsonl", "-n", "2", "--skip", "30").out) == IDS[30:32]
    assert ids(ask("--jsonl", "--where", QUERY, "-n", "1", "--skip", "1").out) == matching(QUERY)[1:2]


def test_a_query_that_the_server_answers(ask: Run) -> None:
    ran = ask("--where", "OBJECTS.PERSON.count >= 3", "--jsonl")
    assert (ran.status, ids(ran.out)) == (0, matching("OBJECTS.PERSON.count >= 3"))
    assert ran.err == f"{len(ids(ran.out))} labels\n"


def test_what_is_evaluated_here_is_told(ask: Run, golden: Callable[[str, str], None]) -> None:
    ran = ask("--where", QUERY, "--jsonl")
    assert ids(ran.out) == matching(QUERY)
    golden("cli/labels_residual.txt", ran.err.removesuffix("\n"))


def test_counts(ask: Run) -> None:
    assert ask("--count") == Ran(0, "34\n", "")
    assert (
        ask("--count", "--json", "--where", "OBJECTS.PERSON").out == f'{{"count": {len(matching("OBJECTS.PERSON"))}}}\n'
    )
    ran = ask("--count", "--where", QUERY)
    assert ran.out == f"{len(matching(QUERY))}\n"
    assert ran.err.endswith("\nwarning: the service cannot answer all of the category search, so that the labels are "
                            "read to be counted\n")  # fmt: skip
    assert ask("--count", "--type", "inference") == Ran(1, "0\n", "")


def test_types(ask: Run) -> None:
    reviews = sorted(label["id"] for label in LABELS if label["labelType"] == "REVIEW")
    assert ids(ask("--jsonl", "--type", "REVIEW").out) == reviews
    assert ids(ask("--jsonl", "--type", "review", "--type", "default").out) == IDS
    ran = ask("--type", "reviewed")
    assert ran.status == 2
    assert "'reviewed' is not one of" in ran.err


def test_nothing_found(ask: Run) -> None:
    assert ask("--where", "OBJECTS.PERSON.count > 1000") == Ran(1, "", "0 labels\n")
    ran = ask("--where", "OBJECTS.PERSON.count > 3 AND OBJECTS.PERSON.count < 2")
    assert (ran.status, ran.out) == (1, "")
    assert ran.err.startswith("warning[KQ202]: the query is never true")


def test_a_query_from_standard_input(ask: Run) -> None:
    assert (
        ask("--where", "-", "--count", stdin=b"OBJECTS.PERSON # people\n").out == f"{len(matching('OBJECTS.PERSON'))}\n"
    )


def test_a_file_appears_when_it_is_complete(ask: Run, box: Sandbox, tmp_path: Path) -> None:
    assert ask("--jsonl", "-n", "2", "-o", "labels.ndjson") == Ran(0, "", "2 labels\n")
    assert ids((tmp_path / "labels.ndjson").read_text(encoding="utf-8")) == IDS[:2]
    box.faults.inject("error:labels")
    ran = ask("--jsonl", "-o", "failed.ndjson")
    assert ran.status == 2
    assert ran.err.startswith("error: a fault of the sandbox (operation labels, request ")
    assert [path.name for path in tmp_path.iterdir()] == ["labels.ndjson"]


def test_a_profile(ask: Run, tmp_path: Path) -> None:
    (tmp_path / "profile.json").write_text('{"counts_beyond_one": true}', encoding="utf-8")
    ran = ask("--where", "NOT OBJECTS.PERSON", "--jsonl", "--profile", "profile.json")
    assert ids(ran.out) == matching("NOT OBJECTS.PERSON")
    assert "the server is not trusted to count this as we do" in ran.err
    (tmp_path / "profile.json").write_text('{"counts_beyond": true}', encoding="utf-8")
    ran = ask("--profile", "profile.json")
    assert (ran.status, ran.out) == (2, "")
    assert ran.err == "error: `profile.json`: a profile has no `counts_beyond`: did you mean `counts_beyond_one`?\n"


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["demo", "--where", "OBJECTS.PERSN > 1"], "error[KQ0"),
        (["demo", "--where", "OBJECTS.PERSN"], "   = help: did you mean `PERSON`?\n"),
        (["other"], "error: there is no project `other`, or this user may not see it"),
        (["other", "--count"], "error: there is no project `other`, or this user may not see it"),
        ([""], "error: `PROJECT` must be the id of a project, not ''\n"),
        (["demo", "--fields", "id,nope"], "error: Cannot query field 'nope' on type 'Label'"),
        (["demo", "--fields", " , "], "names no field"),
        (["demo", "--endpoint", "localhost"], "error: `--endpoint` is not an endpoint: "),
        (["demo", "-o", "/dev/null/F"], "error: cannot write `/dev/null/F`: "),
    ],
)
def test_what_cannot_be_done(run: Run, box: Sandbox, arguments: list[str], told: str) -> None:
    ran = run("labels", *arguments, **variables_of(box))
    assert (ran.status, ran.out) == (2, "")
    assert told in ran.err


def test_keys(ask: Run, run: Run, box: Sandbox) -> None:
    ran = ask(KILI_API_KEY="not-the-key")
    assert (ran.status, ran.out) == (2, "")
    assert "not-the-key" not in ran.err
    assert ran.err.startswith("error: the API key is refused")
    assert "export KILI_API_KEY=" in ran.err
    ran = ask(KILI_API_KEY="")
    assert (ran.status, ran.out) == (2, "")
    assert "KILI_API_KEY" in ran.err
    assert run("labels", "demo", "--count", "--endpoint", box.endpoint, KILI_API_KEY=box.api_key).out == "34\n"


def test_many_labels_and_odd_contents(run: Run, tmp_path: Path) -> None:
    labels = many_labels(tmp_path / "many.ndjson", 250)
    with (tmp_path / "many.ndjson").open("a", encoding="utf-8") as file:
        file.write('{"id": "odd\\u001b[31m", "assetId": "a", "jsonResponse": {"OBJECTS": {"annotations": 1}}}\n')
        file.write('{"id": "unknown", "assetId": "a", "jsonResponse": null}\n')
    (tmp_path / "strict.json").write_text("{}", encoding="utf-8")
    with served(tmp_path / "many.ndjson") as box:
        ran = run("labels", "demo", "--ids", **variables_of(box))
        odd = "odd\N{REPLACEMENT CHARACTER}[31m"
        assert sorted(ran.out.split()) == sorted([*(str(label["id"]) for label in labels), odd, "unknown"])
        ran = run("labels", "demo", "--where", "NOT OBJECTS.PERSON", "--profile", "strict.json", "--jsonl",
                  "--fields", "id", **variables_of(box))  # fmt: skip
    assert len(ran.out.splitlines()) == sum(index % 5 == 0 or index % 7 == 0 for index in range(250))
    assert "\nwarning: labels of unknown or unreadable content are left out: " in ran.err
    assert "\x1b" not in ran.err
