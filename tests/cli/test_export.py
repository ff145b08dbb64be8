"""`kili-query export`."""

import gzip
import json
import zipfile
from pathlib import Path

import pytest

from tests.cli.running import Run


def names(path: Path) -> list[str]:
    with zipfile.ZipFile(path) as archive:
        return archive.namelist()


def test_an_archive(run: Run, labels: Path, project: Path, tmp_path: Path) -> None:
    ran = run("export", labels, "--ontology", project, "-f", "raw", "-o", "all.zip")
    assert (ran.status, ran.out, ran.err) == (0, "34 labels of 34 assets written to all.zip as raw\n", "")
    assert len(names(tmp_path / "all.zip")) == 35


def test_what_matches(run: Run, labels: Path, project: Path, tmp_path: Path) -> None:
    asked = ("--where", "OBJECTS.PERSON.count >= 3", "-f", "jsonl", "-o", tmp_path / "few.ndjson")
    ran = run("export", labels, "--ontology", project, *asked, "--json")
    told = json.loads(ran.out)
    assert (told["labels"], told["filtered"], told["path"]) == (7, 27, str(tmp_path / "few.ndjson"))
    matched = run("match", "OBJECTS.PERSON.count >= 3", tmp_path / "few.ndjson", "--count")
    assert matched.out.split("\n")[0] == "7"


def test_from_standard_input(run: Run, labels: Path, project: Path, tmp_path: Path) -> None:
    ran = run("export", "-", "--ontology", project, "-f", "parquet", "-o", "x", stdin=labels.read_bytes())
    assert (ran.status, ran.out) == (0, "34 labels of 34 assets written to x as parquet\n")


def test_options(run: Run, labels: Path, project: Path, tmp_path: Path) -> None:
    assets = tmp_path / "assets.ndjson"
    known = {json.loads(line)["labelOf"]["id"]: json.loads(line)["labelOf"] for line in labels.read_text().splitlines()}
    rows = [{**one, "resolution": {"width": 640, "height": 480}} for one in known.values()]
    assets.write_text("".join(json.dumps(row) + "\n" for row in rows))
    given = ("export", labels, "--assets", assets, "--ontology", project)
    ran = run(*given, "-f", "coco", "-o", tmp_path / "a.zip", "--layout", "merged", "--on-error", "skip")
    assert ran.status == 0
    assert names(tmp_path / "a.zip") == ["README.kili.txt", "labels.json"]
    ran = run(*given, "-f", "raw", "-o", tmp_path / "b.zip", "--normalized", "pixels", "--single-file")
    assert (ran.status, names(tmp_path / "b.zip")) == (0, ["README.kili.txt", "data.json"])
    with zipfile.ZipFile(tmp_path / "b.zip") as archive:
        assert b'"vertices"' in archive.read("data.json")
    ran = run(*given, "-f", "pascal_voc", "-o", tmp_path / "c.zip", "--on-error", "skip")
    assert (ran.status, len(names(tmp_path / "c.zip"))) == (0, 35)  # in the one layout that it has


def test_which_labels(run: Run, project: Path, tmp_path: Path) -> None:
    rows = [
        {"id": "old", "author": {"id": "ann"}, "stepId": "s1", "isLastForStep": False},
        {"id": "ann", "author": {"id": "ann"}, "stepId": "s1", "isLastForStep": True},
        {"id": "bo", "author": {"id": "bo"}, "stepId": "s1", "isLastForStep": True, "isSentBackToQueue": True},
        {"id": "guess", "author": {"id": "bo"}, "stepId": None, "isLastForStep": False, "labelType": "PREDICTION"},
    ]
    common = {"labelType": "DEFAULT", "assetId": "a", "jsonResponse": {}}
    timed = [{**common, "createdAt": f"2024-01-0{day}T00:00:00Z", **row} for day, row in enumerate(rows, 1)]
    text = "".join(json.dumps(row) + "\n" for row in timed).encode()

    def ids(*options: str) -> list[str]:
        ran = run("export", "-", "--ontology", project, "-f", "jsonl", "-o", tmp_path / "a.jsonl", *options, stdin=text)
        assert (ran.status, ran.err) == (0, "")
        return [json.loads(line)["id"] for line in (tmp_path / "a.jsonl").read_text().splitlines()]

    assert ids() == ["bo"]
    assert ids("--no-sent-back") == ["ann"]
    assert ids("--export-type", "latest_from_last_step") == ["ann", "bo"]
    assert ids("--export-type", "latest_from_all_steps") == ["ann", "bo"]
    assert ids("--export-type", "normal", "--no-sent-back") == ["old", "ann"]
    assert ids("--label-type", "PREDICTION", "--label-type", "REVIEW") == ["guess"]
    ran = run("export", "-", "--ontology", project, "-f", "jsonl", "-o", "x", "--export-type", "newest", stdin=text)
    assert ran.status == 2
    assert "latest_from_all_steps" in ran.err


@pytest.mark.parametrize("fmt", ["coco", "pascal_voc"])
def test_sizes_that_are_not_known(run: Run, labels: Path, project: Path, tmp_path: Path, fmt: str) -> None:
    one = json.loads(labels.read_text().splitlines()[0])
    del one["labelOf"]["resolution"]
    ran = run("export", "-", "--ontology", project, "-f", fmt, "-o", "x", stdin=json.dumps(one).encode())
    assert (ran.status, ran.out) == (2, "")
    assert ran.err.endswith("error: no label could be written\n")
    assert "its size in pixels is not known: pass `--assets` whose entries have a `resolution`" in ran.err
    assert "or export with the media (`--with-assets`)" in ran.err


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["-f", "coc", "-o", "x"], "unknown format `coc`: did you mean `coco`?"),
        (["-f", "COCO", "-o", "x"], "unknown format `COCO`: did you mean `coco`?"),
        (["-f", "voc", "-o", "x"], "unknown format `voc`: did you mean `pascal_voc`?"),
        (["-f", "pascal_voc", "-o", "x", "--layout", "split"], "use `merged`"),
        (["-f", "yolo_v5", "-o", "x", "--normalized", "pixels"], "does not take `--normalized pixels`"),
        (["-f", "coco", "-o", "x", "--normalized", "fractions"], "does not take `--normalized fractions`"),
        (["-f", "yolo_v5", "-o", "x", "--single-file"], "a single file (`--single-file`)"),
        (["-f", "llm_v1", "-o", "x", "--with-assets"], "LLM_RLHF"),
        (["-f", "llm_v1", "-o", "x"], "LLM_RLHF"),
        (["-f", "raw", "-o", "x", "--layout", "merged"], "the format `raw` has one layout: leave out `--layout`"),
        (["-f", "jsonl", "-o", "x", "--layout", "split"], "the format `jsonl` has one layout: leave out `--layout`"),
        (["-f", "raw", "-o", "x", "--where", "OBJECTS.PERSN.count > 1"], "did you mean `PERSON`?"),
        (["-f", "raw", "-o", "x", "--with-assets", "--on-malformed", "raise"], "it has no `content`"),
        (
            ["-f", "raw", "-o", "x", "--cut-videos"],
            "`--cut-videos` needs the media in the export: set `--with-assets` too",
        ),
        (["-f", "raw", "-o", "x", "--assets", "none.ndjson"], "none.ndjson"),
        (["-f", "raw", "-o", "-", "--json"], "standard output takes the result"),
        (["-f", "raw", "-o", ""], "name a file"),
        (["-f", "jsonl", "-o", "."], "is a folder"),
        (["-f", "jsonl", "-o", "/dev/null"], "not a file that can be replaced"),
        (["-f", "jsonl", "-o", "/dev/null/x"], "cannot write"),
        (["-f", "raw"], "--output"),
        (["-o", "x"], "--format"),
        (["-f", "raw", "-o", "x", "--layout", "both"], "'both'"),
    ],
    ids=" ".join,
)
def test_mistakes(
    run: Run,
    labels: Path,
    project: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    options: list[str],
    message: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    ran = run("export", labels, "--ontology", project, *options)
    assert (ran.status, ran.out) == (2, "")
    assert message in ran.err
    assert list(tmp_path.iterdir()) == []


def test_mistakes_of_files(run: Run, labels: Path, project: Path, tmp_path: Path) -> None:
    a_list = tmp_path / "list.json"
    a_list.write_text("[1]")
    for wrong in (labels, tmp_path / "none.json", tmp_path, a_list):
        ran = run("export", labels, "--ontology", wrong, "-f", "raw", "-o", tmp_path / "x")
        assert (ran.status, ran.out) == (2, "")
        assert ran.err.startswith("error: ")
        assert f"`{wrong}`" in ran.err
    a_list.unlink()
    own = tmp_path / "own.ndjson"
    own.write_bytes(labels.read_bytes())
    ran = run("export", own, "--ontology", project, "-f", "jsonl", "-o", own)
    assert (ran.status, ran.err) == (2, f"error: cannot write `{own}`: it is also an input\n")
    assert own.read_bytes() == labels.read_bytes()
    assert [path.name for path in tmp_path.iterdir()] == ["own.ndjson"]


def test_what_was_left_out_is_told(run: Run, labels: Path, project: Path, tmp_path: Path) -> None:
    few = tmp_path / "few.ndjson"
    bad = '{"id": "bad", "labelOf": {"externalId": "\\u001b[31m.png"}, "jsonResponse": {"OBJECTS": 3}}\n'
    few.write_text(labels.read_text().split("\n")[0] + "\n" + bad)
    given = ("export", few, "--ontology", project, "-f", "yolo_v5", "-o", tmp_path / "x")
    ran = run(*given, "--on-malformed", "raise")
    assert (ran.status, ran.out) == (2, "")
    assert "label `bad`" in ran.err
    ran = run(*given)
    assert ran.status == 0
    assert "skipped" in ran.out
    assert "label `bad`" in ran.out
    assert "\x1b" not in ran.out


def test_the_summary_is_short_and_counts_in_words(run: Run, labels: Path, project: Path, tmp_path: Path) -> None:
    given = ("export", labels, "--ontology", project, "-f", "raw", "-o")
    ran = run(*given, "one.zip", "--where", "OBJECTS.ZEBRA")
    assert ran.out == "1 label of 1 asset written to one.zip as raw\n  33 labels left out by the query\n"
    ran = run(*given, "none.zip", "--where", "SCENE.count > 99")
    assert (ran.status, ran.out.splitlines()[0]) == (
        1,
        "no label to write: none.zip was written as raw without any",
    )
    ran = run(*given, "media.zip", "--with-assets")
    lines = ran.err.splitlines()
    assert [line.startswith("    asset `") for line in lines] == [False, False, True, True, True, False, False]
    assert lines[-2:] == ["    … and 31 more", "error: no label could be written"]


def test_what_is_given_as_assets(run: Run, labels: Path, project: Path, tmp_path: Path) -> None:
    for wrong, looks in ((labels, "labels"), (project, "a project")):
        told = f"error: `{wrong}` looks like {looks}, not like assets\n"
        ran = run("export", labels, "--ontology", project, "--assets", wrong, "-f", "raw", "-o", "x.zip")
        assert (ran.status, ran.out, ran.err) == (2, "", told)
        assert run("sheet", "OBJECTS.DOG", labels, "--ontology", project, "--assets", wrong, "-o", "x.png").err == told
        assert run("serve", "--ontology", project, "--labels", labels, "--assets", wrong).err == told
    assert list(tmp_path.iterdir()) == []


def test_nothing_to_read_is_no_export(run: Run, project: Path, tmp_path: Path) -> None:
    (tmp_path / "none.ndjson").touch()
    ran = run("export", tmp_path / "none.ndjson", "--ontology", project, "-f", "parquet", "-o", tmp_path / "x.parquet")
    assert (ran.status, ran.out) == (2, "")
    assert "no label was read" in ran.err
    assert not (tmp_path / "x.parquet").exists()


def test_standard_output_and_compressed_files_hold_the_same(
    run: Run, labels: Path, project: Path, tmp_path: Path
) -> None:
    given = ("export", labels, "--ontology", project, "-f", "jsonl", "-o")
    plain = run(*given, tmp_path / "made" / "a.jsonl")
    assert plain.status == 0
    text = (tmp_path / "made" / "a.jsonl").read_text()
    ran = run(*given, "-")
    assert (ran.status, ran.out) == (0, text)
    assert ran.err == "34 labels of 34 assets written to - as jsonl\n"
    assert run(*given, tmp_path / "a.jsonl.gz").out.endswith("a.jsonl.gz as jsonl\n")
    assert gzip.decompress((tmp_path / "a.jsonl.gz").read_bytes()).decode() == text
    assert "but this writes a zip of raw" in run(*given[:-3], "-f", "raw", "-o", "a.gz").err
