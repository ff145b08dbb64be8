"""What each tool answers, by the SDK's own client."""

import json
import shutil
from pathlib import Path

import pytest
from mcp import Client, MCPError

import kili_query as kq
from kili_query.cache import LabelCache
from kili_query.mcp import ServedFiles
from kili_query.mcp.answers import MAX_CHARACTERS
from tests.mcp.served import DEMO, DEMO_FILES, LABELS, PROJECT, ask, asked, talk

QUERY = "OBJECTS.PERSON.count >= 3"


def expected_ids(query: str) -> list[object]:
    return [label["id"] for label in kq.scan(LABELS, query, ontology=PROJECT)]


def test_tools_are_declared() -> None:
    async def declared(client: Client) -> None:
        tools = {tool.name: tool for tool in (await client.list_tools()).tools}
        assert list(tools) == ["check", "explain", "complete", "count", "match", "plan", "describe_ontology"]
        for tool in tools.values():
            assert tool.description
            assert tool.annotations is not None
            assert tool.annotations.read_only_hint
            assert tool.input_schema["additionalProperties"] is False
        assert tools["count"].input_schema["properties"]["file"]["enum"] == ["labels.ndjson"]
        assert client.instructions is not None
        assert 'Files: {"labels.ndjson": "file of labels"}' in client.instructions

    talk(DEMO_FILES, declared)


def test_check() -> None:
    good = asked(DEMO_FILES, "check", query=QUERY)
    assert (good.is_error, good.text, good.data["valid"]) == (False, "ok", True)
    bad = asked(DEMO_FILES, "check", query="OBJECTS.PERSN")
    assert (bad.is_error, bad.data["valid"]) == (False, False)
    assert bad.text == "\n\n".join(map(str, kq.check("OBJECTS.PERSN", PROJECT)))
    assert bad.data["diagnostics"][0]["help"]["edit"]["text"] == "PERSON"
    malformed = asked(DEMO_FILES, "check", query="OBJECTS.PERSON.count =>")
    assert (malformed.is_error, malformed.data["diagnostics"][0]["code"]) == (False, "KQ002")
    core = asked(DEMO_FILES, "check", query="NOT OBJECTS.PERSON", dialect="core")
    assert core.data["diagnostics"][0]["code"] == "KQ007"
    without = asked(ServedFiles.of({}), "check", query="ANY.THING")
    assert without.text == "ok (names were not checked: there is no ontology)"
    assert without.data["names_checked"] is False


def test_explain() -> None:
    query = asked(DEMO_FILES, "explain", subject=f"{QUERY} AND OBJECTS.PERSON.count > 0")
    assert query.data["simplified"] == "OBJECTS.PERSON.count > 2"
    assert query.data["verdict"] == "some labels match, some do not"
    assert query.data["matching_example"] == "OBJECTS.PERSON = 3"
    assert "warning[KQ203]" in query.text
    never = asked(DEMO_FILES, "explain", subject="OBJECTS.CAR.count > 3 AND OBJECTS.CAR.count < 3")
    assert never.data["verdict"] == "never true: no label can match"
    assert asked(DEMO_FILES, "explain", subject="kq102").text.startswith("# KQ102: unknown category")
    unknown = asked(DEMO_FILES, "explain", subject="KQ999")
    assert unknown.is_error
    assert "there is no code `KQ999`: the codes are KQ001" in unknown.text


def test_complete() -> None:
    found = asked(DEMO_FILES, "complete", query="OBJECTS.PERS")
    assert found.data["completions"] == [
        {"text": "PERSON", "kind": "category", "start": 8, "end": 12, "detail": "person"}
    ]
    assert asked(DEMO_FILES, "complete", query="OBJECTS.PERS AND", cursor=12).data == found.data
    assert asked(DEMO_FILES, "complete", query="OBJECTS.", cursor=40_000).data["n_completions"] == 51  # and `count`
    assert asked(ServedFiles.of({}), "complete", query="A").is_error


def test_count() -> None:
    found = asked(DEMO_FILES, "count", query=QUERY)
    n = len(expected_ids(QUERY))
    assert found.text == f"{n} of 34 labels match (0 without a known content, 0 malformed)"
    assert (found.data["matched"], found.data["not_matched"]) == (n, 34 - n)
    assert asked(DEMO_FILES, "count").data["matched"] == 34


def test_match() -> None:
    found = asked(DEMO_FILES, "match", query=QUERY, first=2)
    labels = found.data["labels"]
    assert [label["id"] for label in labels] == expected_ids(QUERY)[:2]
    assert all(label["counts"]["OBJECTS.PERSON"] >= 3 for label in labels)
    assert found.data["has_more"]
    assert found.text.count("\n") == 2
    whole = asked(DEMO_FILES, "match", query=QUERY, first=50)
    assert (len(whole.data["labels"]), whole.data["has_more"]) == (len(expected_ids(QUERY)), False)
    assert asked(DEMO_FILES, "match", query="FALSE").text.startswith("no label matches\nwarning[KQ202]")


def test_plan() -> None:
    found = asked(DEMO_FILES, "plan", query="OBJECTS.PERSON.count > 2 * 3")
    assert found.is_error
    query = "OBJECTS.PERSON.count > 2 AND OBJECTS.CAR.count - OBJECTS.TRUCK.count == 0"
    found = asked(DEMO_FILES, "plan", query=query)
    assert found.text.startswith(f"query     {query}\npushed    ")
    assert found.data["exact"] is False
    assert found.data["server_filter"].endswith(" AND OBJECTS.PERSON.count > 2")
    assert [one["code"] for one in found.data["diagnostics"]] == ["KQ301"]


def test_describe_ontology() -> None:
    found = asked(DEMO_FILES, "describe_ontology")
    assert [job["key"] for job in found.data["jobs"]] == list(kq.Ontology.load(PROJECT).jobs)
    assert "  OBJECTS.TRAFFIC_LIGHT: traffic light" in found.text
    rest = asked(DEMO_FILES, "describe_ontology", job="OBJECTS", start=48)
    assert [(len(job["categories"]), job["n_categories"]) for job in rest.data["jobs"]] == [(2, 50)]
    assert "no job has the key `OBJECT`" in asked(DEMO_FILES, "describe_ontology", job="OBJECT").text


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("mcp") / "cached"
    LabelCache(folder).load(LABELS, ontology=PROJECT)
    LabelCache(folder).load([{"id": "unknown"}, {"id": "malformed", "jsonResponse": {"OBJECTS": []}}])
    return folder


COUNTS = ("matched", "not_matched", "unknown", "malformed")
SEARCHES = [QUERY, "NOT OBJECTS.PERSON", "OBJECTS.PERSON.count > OBJECTS.CAR.count", "OBJECTS.count > 9"]


def test_a_cache_answers_as_its_file_does(cache: Path) -> None:
    """Also without a query, which counts all labels."""
    files = ServedFiles.of({str(cache): str(cache), str(LABELS): str(PROJECT)})
    other = ServedFiles.of({str(cache): str(PROJECT)})  # the same ontology, but not as the cache keeps it
    counted: list[object] = []

    async def both(client: Client) -> None:
        for arguments in (*({"query": query} for query in SEARCHES), {}):
            cached, read = [await ask(client, "count", {**arguments, "file": name}) for name in files.files]
            counted.append(cached.data)
            differ = {key: cached.data[key] - read.data[key] for key in cached.data if key in COUNTS}
            assert differ == {"matched": 0, "not_matched": 0, "unknown": 1, "malformed": 1}, arguments
        for query in SEARCHES:
            cached, read = [await ask(client, "match", {"query": query, "file": name}) for name in files.files]
            assert {one["id"] for one in cached.data["labels"]} <= set(expected_ids(query)), query
            assert len(cached.data["labels"]) == len(read.data["labels"]), query

    async def alone(client: Client) -> None:
        arguments = (*({"query": query} for query in SEARCHES), {})
        assert [(await ask(client, "count", one)).data for one in arguments] == counted
        for query in SEARCHES:
            found = await ask(client, "match", {"query": query, "first": 50})
            assert len(found.data["labels"]) == len(expected_ids(query)), query

    talk(files, both)
    talk(other, alone)


def test_a_slip_without_an_ontology_is_noted(cache: Path, tmp_path: Path) -> None:
    """Otherwise it would count nothing, in silence."""
    bare = LabelCache(tmp_path / "bare")
    bare.load(LABELS)
    files = ServedFiles.of({str(LABELS): None, str(bare.folder): None})
    for name in files.files:
        found = asked(files, "count", query="OBJECTS.PERSN", file=name)
        assert (found.is_error, found.data["matched"]) == (False, 0)
        assert found.data["unseen"] == [
            "unknown category `PERSN` in job `OBJECTS`: did you mean `PERSON`? "
            "(names were compared with those in the labels)"
        ]
        assert "\nnote: unknown category `PERSN`" in found.text
    assert "did you mean `PERSON`?" in asked(files, "match", query="OBJECTS.PERSN", file="labels.ndjson").text
    assert asked(files, "count", query="OBJECTS.PERSON", file="labels.ndjson").data["unseen"] == []


def test_a_cache_whose_candidates_are_all_faulty(tmp_path: Path) -> None:
    cache = LabelCache(tmp_path / "cached")
    cache.load(
        [{"id": "a", "jsonResponse": {"J": {"annotations": []}}}, {"id": "b", "jsonResponse": {"J": []}}, {"id": "c"}]
    )
    files = ServedFiles.of({str(cache.folder): None})
    found = asked(files, "count", query="J.A[K.B].count > 2 AND J.A.count > 2")
    assert {key: found.data[key] for key in ("read", "matched", "unknown", "malformed")} == {
        "read": 3,
        "matched": 0,
        "unknown": 1,
        "malformed": 1,
    }
    rows = asked(files, "match", query="J.A OR TRUE").data["labels"]
    assert {row["id"]: row["counts"]["J.A"] for row in rows}["a"] == 0
    assert all(row["counts"]["J.A"] is None for row in rows if row["id"] != "a")


def test_names_are_spelled_as_in_queries(tmp_path: Path) -> None:
    categories = {"traffic light": {"name": "Light"}, "count": {"name": "Count"}}
    jobs = {"a b": {"mlTask": "OBJECT_DETECTION", "content": {"categories": categories}}}
    (tmp_path / "project.json").write_text(json.dumps({"jobs": jobs}), encoding="utf-8")
    label = {"id": "x", "jsonResponse": {"a b": {"annotations": [{"categories": [{"name": "count"}]}]}}}
    (tmp_path / "labels.ndjson").write_text(json.dumps(label), encoding="utf-8")
    files = ServedFiles.of({str(tmp_path / "labels.ndjson"): str(tmp_path / "project.json")})
    assert '  "a b"."traffic light": Light' in asked(files, "describe_ontology").text
    [row] = asked(files, "match", query='"a b".Count').data["labels"]
    assert row["counts"] == {'"a b"."count"': 1}


def test_a_cache_is_read_anew(tmp_path: Path) -> None:
    cache = LabelCache(tmp_path / "cached")
    cache.load([{"id": "a", "jsonResponse": {"J": {"categories": [{"name": "A"}]}}}])
    files = ServedFiles.of({str(cache.folder): None})

    async def twice(client: Client) -> None:
        assert (await ask(client, "count", {"query": "J.A"})).data["matched"] == 1
        cache.load([{"id": "b", "jsonResponse": {"J": {"categories": [{"name": "A"}]}}}])
        assert (await ask(client, "count", {"query": "J.A"})).data["matched"] == 2
        shutil.rmtree(cache.folder)
        gone = await ask(client, "count", {"query": "J.A"})
        assert gone.is_error
        assert gone.data["error"]["message"] == "cannot read `cached`: no such file or directory"

    talk(files, twice)


@pytest.mark.parametrize("form", ["file", "folder", "zip"])
def test_a_dataset_has_its_own_ontology(form: str, tmp_path: Path) -> None:
    folder = tmp_path / "street"
    folder.mkdir()
    path = folder / "instances.json"
    shutil.copy(DEMO / "instances.json", path)
    place = {"file": path, "folder": folder, "zip": Path(shutil.make_archive(str(folder), "zip", folder))}[form]
    files = ServedFiles.of({str(place): str(place)})

    async def meanwhile(client: Client) -> None:
        assert (await ask(client, "count", {"query": 'OBJECTS."traffic light"'})).data["matched"] == 3
        assert "OBJECTS.traffic_light: traffic light" in (await ask(client, "describe_ontology", {})).text
        wrong = await ask(client, "match", {"query": "OBJECTS.persn"})
        assert "did you mean `person`?" in wrong.text
        if form != "zip":
            path.write_text('{"images": [], "categories": [{"id": 1, "name": "persn"}]}', encoding="utf-8")
            assert (await ask(client, "count", {"query": "OBJECTS.persn"})).data["read"] == 0

    talk(files, meanwhile)


def test_the_format_of_a_dataset_can_be_said(tmp_path: Path) -> None:
    path = tmp_path / "instances.data"  # the suffix of no format
    shutil.copy(DEMO / "instances.json", path)
    files = ServedFiles.of({str(path): str(path)}, fmt="coco")
    assert asked(files, "count", query="OBJECTS.person").data["matched"] == 13
    assert asked(files, "match", query="OBJECTS.person", first=1).data["has_more"] is True
    path.write_text("[]", encoding="utf-8")
    changed = asked(files, "count", query="OBJECTS.person")
    assert (changed.is_error, str(tmp_path) in changed.text) == (True, False)


def test_files_that_change_and_vanish(tmp_path: Path) -> None:
    labels, project = tmp_path / "labels.ndjson", tmp_path / "project.json"
    shutil.copy(LABELS, labels)
    shutil.copy(PROJECT, project)

    async def meanwhile(client: Client) -> None:
        assert (await ask(client, "check", {"query": "NEW.ONE"})).data["valid"] is False
        jobs = {"NEW": {"mlTask": "CLASSIFICATION", "content": {"categories": {"ONE": {}}}}}
        project.write_text(json.dumps({"jobs": jobs}), encoding="utf-8")
        assert (await ask(client, "check", {"query": "NEW.ONE"})).data["valid"] is True
        labels.write_text('{"id": "x", "jsonResponse": {}}\n', encoding="utf-8")
        assert (await ask(client, "count", {})).data["read"] == 1
        labels.write_text("<html>\n", encoding="utf-8")
        for tool in ("count", "match"):
            broken = await ask(client, tool, {"query": "NEW.ONE"})
            assert broken.is_error
            assert "nothing in `labels.ndjson` could be read as a label" in broken.text
        labels.unlink()
        gone = await ask(client, "match", {"query": "NEW.ONE"})
        assert (gone.is_error, gone.data["error"]["kind"]) == (True, "file")
        assert gone.text == "error: cannot read `labels.ndjson`: no such file or directory"
        project.write_text("{", encoding="utf-8")
        assert "project.json" in (await ask(client, "check", {"query": "NEW.ONE"})).text
        project.unlink()
        missing = await ask(client, "check", {"query": "NEW.ONE"})
        assert missing.is_error
        assert str(tmp_path) not in missing.text

    talk(ServedFiles.of({str(labels): str(project)}), meanwhile)


@pytest.mark.parametrize(
    ("tool", "arguments", "message"),
    [
        ("count", {"query": "OBJECTS.PERSN"}, "error[KQ102]"),
        ("match", {"query": "OBJECTS.PERSON.count =>"}, "error[KQ002]"),
        ("plan", {"query": ""}, "error[KQ003]"),
        ("explain", {"subject": "(OBJECTS.PERSON"}, "error[KQ004]"),
        ("count", {"query": 3}, "`query` must be a string, not a number"),
        ("count", {"query": None}, "`query` must be a string, not null"),
        ("count", {"query": ["OBJECTS.PERSON"]}, "`query` must be a string, not a list"),
        ("check", {}, "`query` is missing"),
        ("check", {"query": "A.B", "dialect": "sql"}, "`dialect` must be one of `extended`, `core`"),
        ("match", {"query": "A.B", "first": True}, "`first` must be a whole number, not a boolean"),
        ("match", {"query": "A.B", "first": 1.5}, "`first` must be a whole number, not a number"),
        ("match", {"query": "A.B", "first": 0}, "`first` must be from 1 to 50"),
        ("match", {"query": "A.B", "first": 10**30}, "`first` must be from 1 to 50"),
        ("complete", {"query": "A.B", "cursor": -1}, "`cursor` must be from 0 to 40000"),
        ("count", {"fle": "labels.ndjson"}, "`count` has no argument `fle`: it takes `query`, `file`"),
        ("count", {"file": str(LABELS)}, "`file` must be one of `labels.ndjson`"),
        ("count", {"file": "../project.json"}, "`file` must be one of `labels.ndjson`"),
        ("count", {"file": "labels.ndjson\0"}, "`file` must be one of `labels.ndjson`"),
        ("check", {"query": "@/etc/passwd"}, "error[KQ001]"),
    ],
)
def test_stupid_calls(tool: str, arguments: dict[str, object], message: str) -> None:
    found = asked(DEMO_FILES, tool, **arguments)
    assert message in found.text
    assert found.is_error == (tool != "check" or "error[" not in message)


def test_an_unknown_tool() -> None:
    async def call(client: Client) -> None:
        with pytest.raises(MCPError, match="no tool is called `rm`: there are check, explain"):
            await client.call_tool("rm", {"path": "/"})

    talk(DEMO_FILES, call)


def test_a_huge_query() -> None:
    found = asked(DEMO_FILES, "count", query="OBJECTS.PERSON AND " * 500_000)
    assert [one["code"] for one in found.data["diagnostics"]] == ["KQ006"]
    assert len(found.text) < 1_000
    deep = asked(DEMO_FILES, "check", query="(" * 30_000)
    assert [one["code"] for one in deep.data["diagnostics"]] == ["KQ006"]


def test_answers_are_limited(tmp_path: Path) -> None:
    categories = {f"CATEGORY_{number}": {"name": "x" * 200} for number in range(300)}
    jobs = {f"J{job}": {"mlTask": "OBJECT_DETECTION", "content": {"categories": categories}} for job in range(6)}
    project = tmp_path / "project.json"
    project.write_text(json.dumps({"jobs": jobs}), encoding="utf-8")
    files = ServedFiles.of({}, str(project))
    found = asked(files, "describe_ontology")
    assert len(found.text) < MAX_CHARACTERS + 100
    assert len(json.dumps(found.data)) < 4 * MAX_CHARACTERS
    assert found.data["cut"] is True
    assert len(asked(files, "complete", query="J0.").data["completions"]) == 50
    long = " AND ".join(f"J0.CATEGORY_{number}.count > {number}" for number in range(300))
    plan = asked(files, "plan", query=long)
    assert plan.data["cut"] is True
    assert plan.data["server_filter"].endswith(" characters)")
    wrong = asked(files, "check", query=" AND ".join(f"J0.X{number}" for number in range(100)))
    assert (len(wrong.data["diagnostics"]), wrong.data["n_diagnostics"]) == (20, 50)
    assert wrong.text.endswith("… and 30 more")


def test_time_is_limited() -> None:
    found = asked(DEMO_FILES, "count", limit_s=1e-9, query=QUERY)
    assert found.is_error
    assert found.data["error"]["kind"] == "time"
    assert "`count` took longer than 1e-09 seconds and was stopped" in found.text


def test_several_files_have_to_be_named() -> None:
    files = ServedFiles.of({str(LABELS): str(PROJECT), f"{LABELS.parent}/../demo/labels.ndjson": None})
    assert list(files.files) == ["labels.ndjson", "labels.ndjson-2"]
    assert asked(files, "count").text == "error: `file` is missing"
    assert asked(files, "count", file="labels.ndjson-2", query="OBJECTS.PERSN").data["matched"] == 0
    assert asked(files, "check", query="OBJECTS.PERSN").data["names_checked"] is False  # they share no ontology
    assert asked(files, "check", query="OBJECTS.PERSN", file="labels.ndjson").data["valid"] is False
    none = asked(ServedFiles.of({}), "count", query="A.B")
    assert none.text == "error: the server was started without files of labels, so there is nothing to read"
