"""`kili-query match`."""

import gzip
import json
import os
import subprocess
import zipfile
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cli.alone import labels_alone  # noqa: F401 - the fixture `labels`
from tests.cli.running import COCO, Ran, Run
from tests.cli.terminal import Terminal

QUERY = "OBJECTS.PERSON.count >= 3 AND SCENE.VEHICLE.count > 0"
MISSING = "error: cannot read `none.ndjson`: no such file or directory\n"
REPORT = "34 read: 5 matched, 29 not matched, 0 unknown, 0 malformed\n"


def wanted(path: Path) -> list[dict[str, object]]:
    """The labels that match, by a plain loop."""
    matching = []
    for line in path.read_text(encoding="utf-8").splitlines():
        label = json.loads(line)
        jobs = label["jsonResponse"]
        people = {
            annotation["mid"]
            for annotation in jobs.get("OBJECTS", {}).get("annotations", [])
            if "PERSON" in [category["name"] for category in annotation["categories"]]
        }
        scene = Counter(category["name"] for category in jobs.get("SCENE", {}).get("categories", []))
        if len(people) >= 3 and scene["VEHICLE"] > 0:
            matching.append(label)
    return matching


def lines(text: str) -> list[object]:
    return [json.loads(line) for line in text.splitlines()]


def test_matching_labels(run: Run, labels: Path, project: Path) -> None:
    ran = run("match", QUERY, labels, "--ontology", project)
    assert ran.status == 0
    assert lines(ran.out) == wanted(labels)
    assert ran.err == REPORT


@pytest.mark.skipif(not COCO.exists(), reason="the larger sample is not here")
def test_the_larger_sample(run: Run) -> None:
    expected = wanted(COCO / "labels.ndjson")
    ran = run("match", QUERY, COCO / "labels.ndjson", "--ontology", COCO / "project.json")
    assert lines(ran.out) == expected
    assert run("match", QUERY, COCO / "labels.ndjson", "--count").out == f"{len(expected)}\n"


def test_count(run: Run, labels: Path) -> None:
    assert run("match", QUERY, labels, "--count") == Ran(0, "5\n", REPORT)
    assert run("match", QUERY, labels, labels, "--count").out == "10\n"


class TestTable:
    """On a terminal, a person sees the counts that the query names."""

    def shown(self, environ: dict[str, str], forked: list[str], *arguments: object, columns: int = 80) -> list[str]:
        terminal = Terminal()
        subprocess.run(
            [*forked, "match", *map(str, arguments)],
            env=environ | {"COLUMNS": str(columns)},
            stdout=terminal.slave,
            stderr=subprocess.DEVNULL,
            check=True,
        )
        return terminal.read_to_end().splitlines()

    def test_on_a_terminal(self, environ: dict[str, str], forked: list[str], labels: Path, project: Path) -> None:
        query = "OBJECTS.PERSON.count >= 3 AND *.VEHICLE.count > 0 AND OBJECTS.count > 15"
        assert self.shown(environ, forked, query, labels, "--ontology", project) == [
            "id           labelOf.externalId  OBJECTS.PERSON  *.VEHICLE  OBJECTS",
            "label211891  000000211891.jpg    10              1          17",
            "label227000  000000227000.jpg    11              1          18",
        ]
        narrow = self.shown(environ, forked, query, labels, "--ontology", project, columns=40)
        assert narrow[0] == "id        label…  OBJEC…  *.VEH…  OBJEC…"
        assert max(map(len, narrow)) <= 40
        assert self.shown(environ, forked, query, labels, "--fields", "id,modelName") == [
            "id           modelName", "label211891  -", "label227000  -"
        ]  # fmt: skip

    def test_in_a_file(self, run: Run, labels: Path, tmp_path: Path) -> None:
        assert run("match", QUERY, labels, "-o", "found.txt").status == 0
        titles, *rows = (tmp_path / "found.txt").read_text().splitlines()
        assert titles.split() == ["id", "labelOf.externalId", "OBJECTS.PERSON", "SCENE.VEHICLE"]
        assert [row.split()[0] for row in rows] == run("match", QUERY, labels, "--ids").out.split()
        assert len(rows) == 5


def test_suffixes_and_formats(run: Run, labels: Path, tmp_path: Path) -> None:
    assert run("match", QUERY, labels, "-o", "found.json.gz").status == 0
    document = json.loads(gzip.decompress((tmp_path / "found.json.gz").read_bytes()))
    assert set(document) == {"labels", "report"}
    assert lines(run("match", QUERY, labels, "--jsonl").out) == lines(run("match", QUERY, labels).out)
    few = lines(run("match", QUERY, labels, "--fields", "id,labelOf.externalId").out)
    assert few == [
        {"id": label["id"], "labelOf": {"externalId": label["labelOf"]["externalId"]}}  # type: ignore[index]
        for label in document["labels"]
    ]
    assert json.loads(run("match", QUERY, labels, "--fields", "id", "--json").out)["labels"][0].keys() == {"id"}
    counted = json.loads(run("match", QUERY, labels, "--count", "--jsonl").out)
    assert counted["count"] == 5
    explained = lines(run("match", QUERY, labels, "--explain", "--jsonl").out)
    assert len(explained) == 34
    for names in ("id,id.x,labelOf.externalId,labelOf", "labelOf,labelOf.id,id", "id.x.y,labelOf.id.z,id,labelOf"):
        whole = [{"id": label["id"], "labelOf": label["labelOf"]} for label in document["labels"]]
        assert lines(run("match", QUERY, labels, "--fields", names).out) == whole
    for wrong in (".", "id.", "a..b"):
        assert f"`{wrong}` is not the name of a field" in run("match", QUERY, labels, "--fields", wrong).err
    for bad in (("--json", "--jsonl"), ("--ids", "--json")):
        assert "choose one of them" in run("match", QUERY, labels, *bad).err
    for bad in (("--count", "--ids"), ("--explain", "--fields", "id"), ("--ids", "--fields", "id")):
        assert f"not with {bad[0]}" in run("match", QUERY, labels, *bad).err


def test_explain_one_label(run: Run, labels: Path, project: Path) -> None:
    for name in ("label030752", "000000030752.jpg", "asset030752"):
        ran = run("match", QUERY, labels, "--explain", name)
        assert ran.out.startswith("label030752 does not match\n  ✗ ")
        assert (ran.status, ran.out.count("match\n"), ran.err) == (1, 1, REPORT)
    ran = run("match", QUERY, "--explain", "label211891", "label030752", labels)
    assert (ran.status, ran.out.count(" matches\n"), ran.out.count(" does not match\n")) == (0, 1, 1)
    ran = run("match", QUERY, labels, "--explain", "label3")
    assert (ran.status, ran.out) == (2, "")
    told = "`label3` is neither a file nor the id of a label that could be judged (34 labels)"
    assert ran.err.endswith(f"error: {told}\n")
    assert run("match", QUERY, "none.ndjson", "--explain").err == MISSING


def test_patterns_are_explained_as_written(run: Run, labels: Path, project: Path) -> None:
    query = "OBJECTS.*.count > 15 AND NOT OBJECTS.B*"
    asked = ("match", query, labels, "--ontology", project, "--explain", "label030752")
    shown = run(*asked).out
    assert "✗ OBJECTS.*.count > 15 AND NOT OBJECTS.B*\n" in shown
    assert "  ✗ OBJECTS.*.count > 15 " in shown
    assert "OBJECTS.PERSON.count = 1, " in shown
    assert "45 others = 0)" in shown
    assert "OBJECTS.TRAIN" not in shown
    full = run(*asked, "--verbose").out
    assert "OBJECTS.TRAIN.count + OBJECTS.TRUCK.count" in full
    explained = json.loads(run(*asked, "--json").out)["labels"][0]["explanation"]
    assert len(explained["operands"][0]["found"]) == 50


def test_quiet(run: Run, labels: Path, odd_labels: Path) -> None:
    assert run("match", QUERY, labels, "--count", "-q") == Ran(0, "5\n", "")
    ran = run("match", "J.X > 0.5 AND J.X", odd_labels, "--quiet", "--count")
    assert ran.err.startswith("error[")
    assert run("match", "OBJECTS.PERSON.count > 2.5", labels, "--count", "--quiet").err == ""
    assert run("match", QUERY, "no-such-file", "--quiet").err.startswith("error: ")


def test_nothing_matches(run: Run, labels: Path) -> None:
    ran = run("match", "NO.SUCH", labels)
    assert (ran.status, ran.out) == (1, "")
    assert run("match", "NO.SUCH", labels, "--count").out == "0\n"
    ran = run("match", "NO.SUCH", labels, "--json")
    assert ran.status == 1
    assert json.loads(ran.out)["labels"] == []


def test_explain(run: Run, labels: Path, golden: Callable[[str, str], None]) -> None:
    ran = run("match", QUERY, labels, "--explain")
    assert (ran.status, ran.err) == (0, REPORT)
    assert ran.out.count(" matches\n") == 5
    assert ran.out.count(" does not match\n") == 29
    golden("cli/match_explain.txt", "".join(ran.out.splitlines(keepends=True)[:12]).removesuffix("\n"))


def test_what_json_holds_can_be_read_again(run: Run, labels: Path, project: Path, tmp_path: Path) -> None:
    run("match", QUERY, labels, "--json", "-o", "few.json")
    number = run("match", QUERY, labels, "--count").out
    assert run("match", QUERY, "few.json", "--count").out == number != "0\n"
    ran = run("export", "few.json", "--ontology", project, "-f", "jsonl", "-o", "few.jsonl")
    assert (ran.status, ran.out.split()[0]) == (0, number.strip())


def test_json(run: Run, labels: Path) -> None:
    ran = run("match", QUERY, labels, "--json")
    assert (ran.status, ran.err) == (0, "")
    found = json.loads(ran.out)
    assert found["labels"] == wanted(labels)
    assert (found["report"]["read"], found["report"]["matched"]) == (34, 5)
    counted = json.loads(run("match", QUERY, labels, "--json", "--count").out)
    assert counted == {"count": 5, "report": found["report"]}
    explained = json.loads(run("match", QUERY, labels, "--json", "--explain").out)
    assert explained["report"] == found["report"]
    assert len(explained["labels"]) == 34
    assert set(explained["labels"][0]) == {"id", "number", "matches", "explanation"}
    assert set(explained["labels"][0]["explanation"]) >= {"text", "matches", "found", "operands"}
    assert sum(label["matches"] for label in explained["labels"]) == 5


def test_what_cannot_be_judged_is_reported(run: Run, odd_labels: Path, golden: Callable[[str, str], None]) -> None:
    ran = run("match", "J.X", odd_labels.name)
    assert ran.status == 0
    assert ran.out == '{"id": "d\\ud800é\\u001b[31m", "jsonResponse": {"J": {"categories": [{"name": "X"}]}}}\n'
    golden("cli/match_report.txt", ran.err.removesuffix("\n"))
    explained = run("match", "J.X", odd_labels.name, "--explain")
    assert "plain does not match" in explained.out
    assert "\x1b" not in explained.out
    assert explained.err == ran.err


@pytest.mark.parametrize("options", [(), ("--explain",), ("--count",)])
def test_a_malformed_label_stops_where_asked_for(run: Run, odd_labels: Path, options: tuple[str, ...]) -> None:
    ran = run("match", "J.X", odd_labels, "--on-malformed", "raise", "-o", "out", *options)
    assert ran.status == 2
    assert "error: " in ran.err
    assert "odd.ndjson:2: not JSON" in ran.err
    assert not (odd_labels.parent / "out").exists()
    assert os.listdir(odd_labels.parent) == ["odd.ndjson"]


def test_other_encodings(run: Run, odd_labels: Path) -> None:
    for encoding in ("ascii", "latin-1"):
        ran = run("match", "J.X", odd_labels, PYTHONUTF8="0", PYTHONIOENCODING=encoding)
        assert json.loads(ran.out)["id"] == "d\ud800é\x1b[31m"
        ran = run("match", "J.X", odd_labels, "--explain", PYTHONUTF8="0", PYTHONIOENCODING=encoding)
        assert "\\u2713 J.X" in ran.out


def test_labels_from_standard_input(run: Run, labels: Path) -> None:
    assert run("match", QUERY, "-", "--count", stdin=labels.read_bytes()).out == "5\n"
    assert run("match", "-", labels, "--count", stdin=f"{QUERY}\n".encode()).out == "5\n"
    assert run("match", "-", "-").status == 2
    assert run("match", QUERY, "-", stdin=b"").status == 1


def test_packed_labels(run: Run, labels: Path, tmp_path: Path) -> None:
    text = labels.read_bytes()
    (tmp_path / "labels.gz").write_bytes(gzip.compress(text))
    (tmp_path / "export" / "labels").mkdir(parents=True)
    with zipfile.ZipFile(tmp_path / "export.zip", "w") as archive:
        for index, label in enumerate(text.splitlines()):
            asset = {"externalId": f"{index}.jpg", "latestLabel": json.loads(label)}
            archive.writestr(f"labels/{index}.json", json.dumps(asset))
            (tmp_path / "export" / "labels" / f"{index}.json").write_text(json.dumps(asset))
    for source in ("labels.gz", "export.zip", "export"):
        assert run("match", QUERY, source, "--count").out == "5\n", source


def test_a_broken_source(run: Run, labels: Path, tmp_path: Path) -> None:
    (tmp_path / "short.gz").write_bytes(gzip.compress(labels.read_bytes())[:-2000])
    ran = run("match", "SCENE.count >= 0", "short.gz")
    assert ran.status == 2
    assert len(lines(ran.out)) > 0
    assert "reading stopped early\nerror: `short.gz` is truncated" in ran.err
    ran = run("match", "SCENE.count >= 0", "short.gz", "--json")
    assert ran.status == 2
    assert json.loads(ran.out)["report"]["is_complete"] is False
    assert run("match", "SCENE.count >= 0", "short.gz", "--count").out == ""
    assert run("match", QUERY, "none.ndjson") == Ran(2, "", MISSING)


def test_where_the_content_stands(run: Run, tmp_path: Path) -> None:
    response = '{"J": {"categories": [{"name": "X"}]}}'
    (tmp_path / "bare.ndjson").write_text(f"{response}\n{{}}\n")
    (tmp_path / "other.ndjson").write_text(f'{{"content": {json.dumps(response)}}}\n')
    assert run("match", "J.X", "bare.ndjson", "--at", "").out == f"{response}\n"
    assert run("match", "J.X", "other.ndjson", "--at", "content", "--count").out == "1\n"
    assert "label 2 does not match" in run("match", "J.X", "bare.ndjson", "--at", "", "--explain").out


def test_a_deep_label(run: Run, tmp_path: Path) -> None:
    label = '{"id": "a", "jsonResponse": {}, "other": ' + "[" * 800 + "]" * 800 + "}\n"
    (tmp_path / "deep.ndjson").write_text(label)
    assert run("match", "J.X.count == 0", "deep.ndjson").out == label


def test_policies(run: Run, tmp_path: Path) -> None:
    frame = {"J": {"annotations": [{"mid": "a", "isKeyFrame": True, "categories": [{"name": "X"}]}]}}
    label = {"jsonResponse": {"0": frame, "1": frame, "2": {}}}
    (tmp_path / "video.ndjson").write_text(json.dumps(label))
    for policy, number in (("objects", 1), ("key_frames", 2), ("frames", 2)):
        ran = run("match", f"J.X.count == {number}", "video.ndjson", "--count", "--policy", policy)
        assert ran.out == "1\n", policy
    assert run("match", "J.X", "video.ndjson", "--policy", "seconds").status == 2


def test_bad_queries_and_usage(run: Run, labels: Path, project: Path) -> None:
    ran = run("match", "OBJECTS.PERSN", labels, "--ontology", project, "-o", "out.ndjson")
    assert (ran.status, ran.out) == (2, "")
    assert "error[KQ102]" in ran.err
    assert "did you mean `PERSON`?" in ran.err
    assert run("match", "A.B.count >", labels).status == 2
    assert run("match", "A.B").status == 2
    assert run("match", "A.B", labels, "--count", "--explain").status == 2


def test_warnings_do_not_stop(run: Run, labels: Path) -> None:
    ran = run("match", "OBJECTS.PERSON.count > 2.5 AND SCENE.VEHICLE.count > 0", labels, "--count")
    assert (ran.status, ran.out) == (0, "5\n")
    assert "warning[KQ205]" in ran.err


class TestOutput:
    """Files appear when they are complete, and never in the place of what is read."""

    def test_a_file(self, run: Run, labels: Path, tmp_path: Path) -> None:
        out = tmp_path / "out.ndjson"
        out.write_text("old")
        out.chmod(0o640)
        assert run("match", QUERY, labels, "-o", "out.ndjson") == Ran(0, "", REPORT)
        assert lines(out.read_text(encoding="utf-8")) == wanted(labels)
        assert out.stat().st_mode & 0o777 == 0o640
        assert run("match", "NO.SUCH", labels, "-o", "out.ndjson").status == 1
        assert out.read_text() == ""
        assert os.listdir(tmp_path) == ["out.ndjson"]

    def test_what_a_link_points_to(self, run: Run, labels: Path, tmp_path: Path) -> None:
        (tmp_path / "there").mkdir()
        (tmp_path / "link").symlink_to("there/out.ndjson")
        assert run("match", QUERY, labels, "-o", "link").status == 0
        assert (tmp_path / "link").is_symlink()
        assert len(lines((tmp_path / "there" / "out.ndjson").read_text(encoding="utf-8"))) == 5

    def test_a_device_and_standard_output(self, run: Run, labels: Path) -> None:
        assert run("match", QUERY, labels, "-o", os.devnull).status == 0
        assert not Path(os.devnull).is_file()
        assert len(lines(run("match", QUERY, labels, "-o", "-").out)) == 5

    @pytest.mark.parametrize("out", ["in.ndjson", "./in.ndjson", "link", "hard", "folder/new.ndjson", "project.json"])
    def test_an_input_is_refused(self, run: Run, labels: Path, project: Path, tmp_path: Path, out: str) -> None:
        text = labels.read_bytes()
        (tmp_path / "in.ndjson").write_bytes(text)
        (tmp_path / "link").symlink_to("in.ndjson")
        (tmp_path / "hard").hardlink_to(tmp_path / "in.ndjson")
        (tmp_path / "folder" / "labels").mkdir(parents=True)
        (tmp_path / "folder" / "labels" / "1.json").write_bytes(text.splitlines()[0])
        (tmp_path / "project.json").write_bytes(project.read_bytes())
        ran = run("match", QUERY, "in.ndjson", "folder", "--ontology", "project.json", "-o", out)
        assert ran == Ran(2, "", f"error: cannot write `{out}`: it is also an input\n")
        assert (tmp_path / "in.ndjson").read_bytes() == text
        assert not (tmp_path / "folder" / "new.ndjson").exists()

    @pytest.mark.parametrize("out", ["/dev/null/folder.ndjson", ".", ""])
    def test_what_cannot_be_written(self, run: Run, labels: Path, out: str) -> None:
        ran = run("match", QUERY, labels, "-o", out)
        assert (ran.status, ran.out) == (2, "")
        assert ran.err.startswith(f"error: cannot write `{out}`: ")
