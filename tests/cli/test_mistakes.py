"""Inputs that are not what they should be: each is told as what it is, and none as an empty answer."""

import gzip
import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import zstandard

from tests.cli.alone import labels_alone  # noqa: F401 - the fixture `labels`
from tests.cli.running import Run
from tests.full_disk import files_at_most

READERS = (
    ("match", "OBJECTS.DOG", "SOURCE"),
    ("match", "OBJECTS.DOG", "SOURCE", "--count"),
    ("match", "OBJECTS.DOG", "SOURCE", "--json"),
    ("match", "OBJECTS.DOG", "LABELS", "SOURCE"),
    ("count", "SOURCE"),
    ("count", "LABELS", "SOURCE", "--json"),
    ("histogram", "SOURCE"),
    ("explain", "OBJECTS.DOG", "--labels", "SOURCE"),
    ("sheet", "OBJECTS.DOG", "SOURCE", "-o", "out.png"),
    ("show", "a", "SOURCE", "-o", "out.png"),
    ("export", "SOURCE", "--ontology", "PROJECT", "-f", "raw", "-o", "out.zip"),
)


@pytest.fixture(params=["csv", "binary", "project"])
def no_labels(request: pytest.FixtureRequest, tmp_path: Path, project: Path) -> Iterator[Path]:
    """A file that holds no label."""
    contents = {"csv": b"a,b\n1,2\n", "binary": b"\xff\xd8\xff\xe0\0\x10JFIF\n\0\1", "project": project.read_bytes()}
    path = tmp_path / f"source.{request.param}"
    path.write_bytes(contents[request.param])
    yield path
    assert os.listdir(tmp_path) == [path.name], "nothing was written"


@pytest.mark.parametrize("arguments", READERS, ids=" ".join)
def test_no_label_in_a_source(
    run: Run, no_labels: Path, labels: Path, project: Path, arguments: tuple[str, ...]
) -> None:
    named = {"SOURCE": no_labels, "LABELS": labels, "PROJECT": project}
    ran = run(*(named.get(one, one) for one in arguments))
    assert ran.status == 2
    assert ran.out in ("", "3\n") or arguments[0] == "match"
    assert str(no_labels) in ran.err
    assert ("looks like a project" in ran.err) == (no_labels.suffix == ".project")
    if "--count" in arguments:
        assert ran.out == ""


def test_no_content_at_a_field(run: Run, labels: Path) -> None:
    for command in (("match", "OBJECTS.DOG", labels, "--count"), ("count", labels), ("histogram", labels)):
        ran = run(*command, "--at", "nope")
        assert (ran.status, ran.out) == (2, "")
        assert f"nothing in `{labels}` could be read as a label: no `nope`" in ran.err


def test_results_alone_replace_a_file(run: Run, labels: Path, project: Path, tmp_path: Path) -> None:
    (tmp_path / "empty").write_text("")
    (tmp_path / "x.csv").write_text("a,b\n")
    kept = tmp_path / "kept.ndjson"
    kept.write_text("old")
    ran = run("match", "OBJECTS.DOG", "empty", "-o", kept)
    assert (ran.status, ran.err.splitlines()[-1]) == (1, f"no label was read: {kept} was not written")
    assert run("match", "OBJECTS.DOG", "x.csv", "-o", kept).status == 2
    ran = run("export", "empty", "--ontology", project, "-f", "jsonl", "-o", kept)
    assert (ran.status, ran.out) == (2, "")
    assert run("export", labels, "--ontology", project, "-f", "jsonl", "-o", kept, "--where", "SCENE.count > 99").out
    assert kept.read_text() == "old"
    assert run("export", "empty", "--ontology", project, "-f", "jsonl", "-o", "new.jsonl").status == 2
    assert not (tmp_path / "new.jsonl").exists()


class TestNames:
    """Without an ontology, a name that no label holds may be a slip."""

    @pytest.mark.parametrize(
        ("query", "hint"),
        [
            (
                'OBJECTS."traffic light"',
                "unknown category `traffic light` in job `OBJECTS`: did you mean `TRAFFIC_LIGHT`?",
            ),
            ("NOT OBJECTS.dog", "unknown category `dog` in job `OBJECTS`: did you mean `DOG`?"),
            ("OBJECT.DOG", "unknown job `OBJECT`: did you mean `OBJECTS`?"),
            ("*.dog", "pattern `*.dog` matches nothing: did you mean `DOG`?"),
            ("DOG.OBJECTS", "unknown job `DOG`: the job comes first: `OBJECTS.DOG`"),
        ],
    )
    @pytest.mark.parametrize("command", ["match", "sheet", "explain"])
    def test_a_name_that_no_label_holds(
        self, run: Run, labels: Path, project: Path, query: str, hint: str, command: str
    ) -> None:
        asked = {
            "match": ("match", query, labels, "--count"),
            "sheet": ("sheet", query, labels, "-o", "out.png", "--most", 1),
            "explain": ("explain", query, "--labels", labels),
        }[command]
        ran = run(*asked)
        note = "note: names were not checked (no --ontology), and not all of them are in the labels\n"
        assert f"{note}  {hint}" in ran.err
        assert "names were not checked" not in run(*asked, "--ontology", project).err

    def test_names_that_labels_hold(self, run: Run, labels: Path) -> None:
        assert "note" not in run("match", "OBJECTS.DOG OR *.CA* OR SCENE.count > 3", labels).err
        assert "note" not in run("match", "NO.SUCH", "-", stdin=b"").err

    def test_a_job_that_is_empty_in_all_labels(self, run: Run) -> None:
        text = (
            b'{"jsonResponse": {"OBJECTS": {"annotations": []}, "TEXT": {}}}\n'
            b'{"jsonResponse": {"SKY": {"categories": [{"name": "A", "children": {"WHY": {"categories": []}}}]}}}\n'
        )
        for job in ("OBJECTS", "TEXT", "WHY"):
            err = run("match", f"{job}.CAR OR SKY.A", "-", stdin=text).err
            assert f"labels\n  job `{job}` is empty: no object or choice is in it\n" in err
            assert f"job `{job}` is empty" in run("histogram", "-", "--job", job, stdin=text).err
        err = run("match", "OBJECT.CAR", "-", stdin=text).err
        assert "unknown job `OBJECT`: did you mean `OBJECTS`?" in err

    def test_the_first_labels_tell(self, run: Run) -> None:
        text = b'{"jsonResponse": {"J": {"categories": [{"name": "A"}]}}}\n' * 1001
        ran = run("match", "J.B OR J.A", "-", "--count", stdin=text)
        assert ran.out == "1001\n"
        assert (
            "not all of them are in the first 1000 labels\n  unknown category `B` in job `J`: there is `A`\n" in ran.err
        )


def test_arguments_in_the_wrong_order(run: Run, labels: Path) -> None:
    for command, name in (("match", "QUERY"), ("sheet", "QUERY"), ("show", "LABEL")):
        ran = run(command, labels, "OBJECTS.DOG", *(() if command == "match" else ("-o", "out.png")))
        assert (ran.status, ran.out) == (2, "")
        assert f"write {name} first, then the labels" in " ".join(ran.err.replace("│", " ").split())


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("check", "A.B", "AND", "C.D"), "'QUERY': a query of several words needs quotes around all of it; too many"),
        (("compare", "A.B", "AND", "C.D"), "'B': a query of several words needs quotes around all of it; too many"),
        (("explain", "A.B", "OR", "C.D"), "'CODE|QUERY': a query of several words needs quotes"),
        (("labels", "p", "--where", "A.B", "AND", "C.D"), "'QUERY': a query of several words needs quotes"),
        (("match", "A.B", "and", "C.D", "LABELS"), "needs quotes around all of it: `and` is taken for a file"),
        (("match", "A.B.count", ">=", "3", "LABELS"), "needs quotes around all of it: `>=` is taken for a file"),
        (("sheet", "A.B", "|", "LABELS", "-o", "x.png"), "needs quotes around all of it: `|` is taken for a file"),
        (("match", "A.B.count", "3", "LABELS"), "note: without quotes around the whole query, the shell takes"),
        (("check", "A.B.count"), "note: without quotes around the whole query, the shell takes `<` and `>`"),
        (("demo", "more"), "Got unexpected extra argument"),
        (("labels", "p", "more"), "Got unexpected extra argument"),
        (("labels", "p", "more", "--where=A.B"), "'QUERY': a query of several words needs quotes"),
    ],
)
def test_queries_without_quotes(run: Run, labels: Path, arguments: tuple[str, ...], told: str) -> None:
    ran = run(*(labels if one == "LABELS" else one for one in arguments))
    assert (ran.status, ran.out) == (2, "")
    assert told in ran.err


ADVICE = "give the file that has the project's `jsonInterface`"


def test_labels_instead_of_a_project(run: Run, labels: Path, project: Path, tmp_path: Path) -> None:
    (tmp_path / "array.json").write_text(json.dumps([json.loads(line) for line in labels.read_text().splitlines()]))
    (tmp_path / "one.json").write_text(labels.read_text().splitlines()[0])
    for source in (labels, "array.json", "one.json"):
        ran = run("check", "A.B", "--ontology", source)
        assert (ran.status, ran.err) == (
            2,
            f"error: `{source}`: it holds labels, not a project: {ADVICE}\n",
        )
        ran = run("export", labels, "--ontology", source, "-f", "raw", "-o", "out.zip")
        assert (ran.status, ran.err) == (
            2,
            f"error: `{source}`: it holds labels, not a project: {ADVICE}\n",
        )


def test_projects_in_other_shapes(run: Run, project: Path, labels: Path, tmp_path: Path) -> None:
    (tmp_path / "wide.json").write_bytes(project.read_text().encode("utf-16"))
    assert run("check", "OBJECTS.DOG", "--ontology", "wide.json").out == "ok\n"
    assert run("export", labels, "--ontology", "wide.json", "-f", "raw", "-o", "out.zip").status == 0
    (tmp_path / "deep.json").write_text('{"jobs": ' + "[" * 3000 + "]" * 3000 + "}")
    told = "error: `deep.json`: nested too deep to be read\n"
    assert run("check", "A.B", "--ontology", "deep.json").err == told
    assert run("export", labels, "--ontology", "deep.json", "-f", "raw", "-o", "x.zip").err == told
    assert run("serve", "--ontology", "deep.json").err == told


def test_paths_that_are_empty(run: Run, project: Path) -> None:
    assert run("count", "").err == "error: the path of the labels is empty\n"
    assert run("check", "A.B", "--ontology", "").err == "error: the path of the project is empty\n"
    assert run("serve", "--ontology", "").err == "error: the path of the project is empty\n"


def test_projects_that_are_no_json(run: Run, tmp_path: Path) -> None:
    for content, told in ((b"", "it is empty"), (gzip.compress(b"{}"), "not JSON, nor any text in UTF-8")):
        (tmp_path / "p.json").write_bytes(content)
        assert run("check", "A.B", "--ontology", "p.json").err == f"error: `p.json`: {told}\n"


def test_a_server_that_cannot_be_filled_leaves_nothing(run: Run, labels: Path, project: Path, tmp_path: Path) -> None:
    given = ("serve", "--ontology", project, "--labels", labels, "--database", "kept.db")
    with files_at_most(10_000):
        ran = run(*given)
    assert (ran.status, ran.out) == (2, "")
    assert "kept.db" in ran.err
    assert "Traceback" not in ran.err
    (tmp_path / "twice.ndjson").write_bytes(labels.read_bytes() * 2)
    ran = run("serve", "--ontology", project, "--labels", "twice.ndjson", "--database", "kept.db")
    assert (ran.status, ran.out) == (2, "")
    assert "another label has the id" in ran.err
    assert os.listdir(tmp_path) == ["twice.ndjson"]


class TestSuffixes:
    """The suffix of a file says what is in it."""

    def test_packed(self, run: Run, labels: Path, tmp_path: Path) -> None:
        plain = run("match", "OBJECTS.DOG", labels).out.encode()
        for _ in range(2):
            assert run("match", "OBJECTS.DOG", labels, "-o", "a.ndjson.gz").status == 0
            assert run("match", "OBJECTS.DOG", labels, "-o", "a.jsonl.zst").status == 0
        assert gzip.decompress((tmp_path / "a.ndjson.gz").read_bytes()) == plain
        assert zstandard.ZstdDecompressor().stream_reader((tmp_path / "a.jsonl.zst").read_bytes()).read() == plain
        first = (tmp_path / "a.ndjson.gz").read_bytes()
        run("match", "OBJECTS.DOG", labels, "-o", "a.ndjson.gz")
        assert (tmp_path / "a.ndjson.gz").read_bytes() == first
        assert run("count", "a.ndjson.gz", "a.jsonl.zst").status == 0

    @pytest.mark.parametrize(
        ("arguments", "told"),
        [
            (("match", "OBJECTS.DOG", "LABELS", "-o", "a.csv"), "`a.csv` ends in `.csv`, but this writes NDJSON"),
            (("match", "OBJECTS.DOG", "LABELS", "--explain", "-o", "a.ndjson"), "but this writes text"),
            (("match", "OBJECTS.DOG", "LABELS", "--json", "-o", "a.ndjson"), "but this writes JSON"),
            (("match", "OBJECTS.DOG", "LABELS", "-o", "a.zip"), "but this writes NDJSON"),
            (("labels", "p", "-o", "a.csv"), "but this writes NDJSON: name a file that ends in `.ndjson`"),
            (("labels", "p", "--jsonl", "-o", "a.json"), "but this writes NDJSON"),
            (("labels", "p", "--ids", "-o", "a.json"), "but this writes ids"),
            (("pull", "p", "-o", "a.parquet"), "but this writes NDJSON"),
            (("pull", "p", "-o", "a.ndjson", "--project-file", "p.json.gz"), "but this writes a project, as JSON"),
            (("audit", "p", "-o", "a.yaml"), "but this writes a profile, as JSON"),
            (
                ("export", "LABELS", "--ontology", "PROJECT", "-f", "coco", "-o", "a.json"),
                "writes a zip of coco",
            ),
            (("export", "LABELS", "--ontology", "PROJECT", "-f", "raw", "-o", "a.txt"), "but this writes a zip of raw"),
            (("export", "LABELS", "--ontology", "PROJECT", "-f", "geojson", "-o", "a.geojson"), "a zip of geojson"),
            (("export", "LABELS", "--ontology", "PROJECT", "-f", "parquet", "-o", "a.csv"), "but this writes parquet"),
            (("sheet", "OBJECTS.DOG", "LABELS", "-o", "a.pdf"), "`.pdf`, which is not a kind of picture"),
            (("show", "a", "LABELS", "-o", "-"), "no label has the id `a`"),
        ],
        ids=lambda value: " ".join(value) if isinstance(value, tuple) else "",
    )
    def test_another_format(
        self, run: Run, labels: Path, project: Path, tmp_path: Path, arguments: tuple[str, ...], told: str
    ) -> None:
        ran = run(*({"LABELS": labels, "PROJECT": project}.get(one, one) for one in arguments))
        assert (ran.status, ran.out) == (2, "")
        assert told in " ".join(ran.err.split())
        assert os.listdir(tmp_path) == []

    @pytest.mark.parametrize(
        ("suffix", "head"),
        [("", b"\x89PNG"), (".png", b"\x89PNG"), (".JPG", b"\xff\xd8"), (".webp", b"RIFF")],
    )
    def test_pictures(self, run: Run, labels: Path, tmp_path: Path, suffix: str, head: bytes) -> None:
        assert run("sheet", "OBJECTS.DOG", labels, "-o", f"a{suffix}", "--most", 1).status == 0
        assert (tmp_path / f"a{suffix}").read_bytes().startswith(head)


@pytest.mark.parametrize(
    "arguments",
    [
        ("match", "SCENE.count >= 0", "LABELS", "-o", "NEW"),
        ("match", "SCENE.count >= 0", "LABELS", "-o", "NEW.gz"),
        ("match", "SCENE.count >= 0", "LABELS", "-o", "NEW.zst"),
        ("sheet", "SCENE.count >= 0", "LABELS", "-o", "NEW.png", "--most", 1),
        ("sheet", "SCENE.count >= 0", "LABELS", "-o", "NEW.webp", "--most", 1),
        ("demo", "--save", "NEW"),
        ("export", "LABELS", "--ontology", "PROJECT", "-f", "jsonl", "-o", "NEW"),
    ],
    ids=lambda arguments: " ".join(map(str, arguments)),
)
def test_a_full_disk(run: Run, labels: Path, project: Path, tmp_path: Path, arguments: tuple[object, ...]) -> None:
    where = tmp_path / "there"
    where.mkdir()
    given = [{"LABELS": labels, "PROJECT": project}.get(str(one), one) for one in arguments]
    new = next(str(one) for one in given if str(one).startswith("NEW"))
    with files_at_most(1000):
        ran = run(*(where / new if one == new else one for one in given))
    assert (ran.status, ran.out) == (2, "")
    shown = ran.err.splitlines()[-1]
    assert shown.startswith((f"error: cannot write `{where / new}", "error: cannot write to the folder of temporary"))
    assert os.listdir(where) == []


def test_what_a_terminal_would_act_on(run: Run) -> None:
    label = {
        "id": "a\x1b[31m\u202e\u2066\x7f\x9b\u200b猫",
        "jsonResponse": {"J\u202e": {"categories": [{"name": "X"}]}},
    }
    ran = run("match", "*.X", "-", stdin=json.dumps(label).encode())
    assert json.loads(ran.out) == label
    assert ran.out.rstrip("\n").isprintable()
    assert "猫" in ran.out
    for options in (("--explain",), ("--json",)):
        assert all(
            map(str.isprintable, run("match", "*.X", "-", *options, stdin=json.dumps(label).encode()).out.split("\n"))
        )


class TestOtherFilesInPlaceOfLabels:
    """One or two lines say what was given, however many records it seems to hold."""

    @pytest.fixture
    def told(self, run: Run, tmp_path: Path) -> Callable[[bytes], list[str]]:
        def told(data: bytes) -> list[str]:
            (tmp_path / "given").write_bytes(data)
            ran = run("match", "OBJECTS.DOG", "given")
            assert (ran.status, ran.out) == (2, "")
            return ran.err.splitlines()

        return told

    @pytest.mark.parametrize(
        ("start", "name"),
        [
            (b"\x89PNG\r\n\x1a\n", "is a PNG image"),
            (b"\xff\xd8\xff\xe0", "is a JPEG image"),
            (b"%PDF-1.7\n", "is a PDF"),
            (b"\0\0\0\x20ftypisom", "is a video or an HEIC or AVIF image"),
            (b"SQLite format 3\0", "is an SQLite database"),
        ],
    )
    def test_a_known_format(self, told: Callable[[bytes], list[str]], start: bytes, name: str) -> None:
        assert told(start + b"\0\xff\n" * 100) == [f"error: `given` {name}, not JSON"]

    def test_any_other_bytes(self, told: Callable[[bytes], list[str]]) -> None:
        heading, error = told(b"\x81\0\xfe\n" * 100)
        assert heading == "100 read: 0 matched, 0 not matched, 0 unknown, 100 malformed (100 not a label at all)"
        assert error.startswith("error: nothing in `given` could be read as a label: not UTF-8")

    def test_different_faults_are_all_told(self, told: Callable[[bytes], list[str]]) -> None:
        lines = told(b'{"jsonResponse": null}\n{"jsonResponse": 1}\n{"jsonResponse": null}\n')
        assert [line for line in lines if "given:2" in line] == [
            "  malformed: given:2: the content of the label must be an object"
        ]
        assert len(lines) == 3

    @pytest.mark.parametrize(
        "content",
        [
            {"OBJECTS": {"annotations": []}, "SKY": {"categories": []}},
            {"0": {"OBJECTS": {"annotations": []}}, "1": {}},
            {"NOTE": {"text": "a"}},
        ],
    )
    def test_contents_without_their_labels(
        self, told: Callable[[bytes], list[str]], run: Run, content: dict[str, object]
    ) -> None:
        error = told(json.dumps(content).encode())[-1]
        assert error == "error: `given` looks like contents without their labels: read it with `--at ''`"
        assert run("match", "NOT OBJECTS.DOG", "given", "--at", "", "--count").out == "1\n"

    def test_assets(self, told: Callable[[bytes], list[str]], run: Run, tmp_path: Path) -> None:
        asset = {"id": "a", "externalId": "a.png", "content": "a.png", "jsonMetadata": {}}
        lines = "".join(json.dumps({**asset, "id": str(number)}) + "\n" for number in range(40)).encode()
        assert told(lines)[1:] == [
            "error: `given` looks like assets without labels: give a file of labels (`export --assets` takes assets)"
        ]
        (tmp_path / "array.json").write_text(json.dumps([asset]))
        (tmp_path / "held.json").write_text(json.dumps(asset | {"latestLabel": {"jsonResponse": {}}}))
        for source in ("given", "array.json", "held.json"):
            ran = run("check", "A.B", "--ontology", source)
            assert (ran.status, ran.err) == (2, f"error: `{source}`: it holds assets, not a project: {ADVICE}\n")

    def test_one_of_several(self, run: Run, labels: Path, project: Path, tmp_path: Path) -> None:
        (tmp_path / "a.ndjson").write_text('{"id": "a", "externalId": "a.png"}\n')
        told = run("count", "a.ndjson", labels, project).err.splitlines()[-1]
        assert told.endswith(f"takes assets); nothing in `{project}` could be read as a label either")


def test_fields_that_no_label_has(run: Run, labels: Path) -> None:
    note = "note: no matching label has a field"
    ran = run("match", "OBJECTS.DOG", labels, "--fields", "id,labelOf.externalid,labelOf.id,labelOf.id.x,jsonResponce")
    assert ran.err.splitlines()[-3:] == [
        f"{note} `labelOf.externalid`: did you mean `externalId`?",
        f"{note} `labelOf.id.x`",
        f"{note} `jsonResponce`: did you mean `jsonResponse`?",
    ]
    rows = b'{"id": 1, "jsonResponse": {}, "author": null}\n{"id": 2, "jsonResponse": {}, "modelName": null}'
    ran = run("match", "NOT A.B", "-", "--fields", "author.email,modelName", stdin=rows)
    assert note not in ran.err


def test_folders_in_place_of_files(run: Run, labels: Path, project: Path, tmp_path: Path) -> None:
    for arguments in (("match", "OBJECTS.DOG", labels), ("sheet", "OBJECTS.DOG", labels)):
        assert run(*arguments, "-o", "new/").err.endswith("error: cannot write `new/`: it names a folder\n")
    ran = run("export", labels, "--ontology", project, "-f", "raw", "-o", "new/")
    assert ran.err == "error: `new/` names a folder that does not exist: create it, or name a file\n"
    assert list(tmp_path.iterdir()) == []


def test_files_beside_the_labels(run: Run, labels: Path, project: Path, tmp_path: Path) -> None:
    one = json.loads(labels.read_text().splitlines()[0])
    asset = {"id": one["labelOf"]["id"], "resolution": one["labelOf"].pop("resolution")}
    (tmp_path / "labels.ndjson").write_text(json.dumps(one))
    (tmp_path / "assets.ndjson").write_text(json.dumps(asset))
    given = ("export", "labels.ndjson", "--ontology", project, "-f", "coco", "-o", "x.zip")
    note = "note: assets.ndjson is beside the labels: `--assets assets.ndjson` reads it\n"
    assert run(*given).err.endswith(f"{note}error: no label could be written\n")
    assert run(*given, "--assets", "assets.ndjson").status == 0
    (tmp_path / "photos").mkdir()
    ran = run("show", one["id"], "labels.ndjson", "--images", "photos", "-o", "x.png")
    name = one["labelOf"]["externalId"]
    assert ran.err == f"note: 1 label drawn without an image: there is no file `{name}` in `photos`\n"


def test_messages_name_options_and_variables(run: Run) -> None:
    ran = run("labels", "p", "--endpoint", "nowhere", KILI_API_KEY="k")
    assert ran.err.startswith("error: `--endpoint` is not an endpoint")
    ran = run("labels", "p", KILI_API_KEY="k", KILI_VERIFY="no such file")
    assert ran.err.startswith("error: `KILI_VERIFY` is neither true nor false nor a path")
    ran = run("labels", "", "--endpoint", "http://127.0.0.1:9/graphql", KILI_API_KEY="k", KILI_SDK_SKIP_CHECKS="1")
    assert ran.err.startswith("error: `PROJECT` must be the id of a project, not ''")
    ran = run("labels", "p", KILI_API_KEY="")
    assert ran.err.startswith("error: no API key: set the environment variable `KILI_API_KEY`")
    assert "export KILI_API_KEY=" in ran.err
