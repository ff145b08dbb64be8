"""Commands take a label cache wherever they take files of labels, and answer the same."""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from zipfile import ZipFile

import pytest

import kili_query as kq
from kili_query.cache import LabelCache
from kili_query.client import KiliClient
from kili_query.errors import CacheError, SourceError
from kili_query.sandbox import Sandbox
from tests.cli.running import DEMO, Run
from tests.cli.served import served, variables_of

LABELS, PROJECT = DEMO / "labels.ndjson", DEMO / "project.json"
EXACT, RESIDUAL = "OBJECTS.PERSON.count >= 2", "OBJECTS.PERSON.count > OBJECTS.CAR.count + 1"


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("demo") / "cache"
    LabelCache(folder).load(LABELS, ontology=PROJECT)
    return folder


@pytest.fixture
def odd(tmp_path: Path) -> tuple[Path, Path]:
    """The same labels in a file and in a cache: plain ones, one unknown, one malformed."""
    file, folder = tmp_path / "odd.ndjson", tmp_path / "odd"
    contents = ("{}", '{"J": {"categories": [{"name": "X"}]}}', "null", '{"J": {"categories": "X"}}', '"no json"')
    file.write_text("".join(f'{{"id": "l{n}", "jsonResponse": {one}}}\n' for n, one in enumerate(contents)))
    LabelCache(folder).load(file)
    return file, folder


@pytest.mark.parametrize("query", [EXACT, RESIDUAL, "NOT SCENE.FOOD", "OBJECTS.*.count >= 0"])
@pytest.mark.parametrize(
    "options", [("--count",), ("--count", "--json"), ("--ids",), ("--fields", "id,labelOf.externalId")]
)
def test_match(run: Run, cache: Path, query: str, options: tuple[str, ...]) -> None:
    of_file = run("match", query, LABELS, "--ontology", PROJECT, *options)
    of_cache = run("match", query, cache, *options)
    assert of_cache.status == of_file.status
    assert sorted(of_cache.out.splitlines()) == sorted(of_file.out.splitlines()) != []
    note = f"note: using the ontology of the cache {cache} (`--ontology none` turns it off)\n"
    assert of_cache.err == note + of_file.err


def test_reading_imports_no_pandas(environ: dict[str, str], cache: Path) -> None:
    """It takes long to import, and is often installed."""
    program = (
        "import sys; from kili_query.cli import main; status = main()\n"
        "print(status, 'polars' in sys.modules, 'pandas' in sys.modules, file=sys.stderr)"
    )
    command = [sys.executable, "-c", program, "match", RESIDUAL, cache, "--count"]
    ran = subprocess.run(command, env=environ, capture_output=True, text=True, check=True)
    assert ran.stderr.splitlines()[-1] == "0 True False"


@pytest.mark.parametrize("policy", ["objects", "frames"])
def test_policies_and_ontologies_that_columns_do_not_answer(run: Run, cache: Path, policy: str) -> None:
    for ontology in ("none", PROJECT):
        found = [
            run("match", RESIDUAL, source, "--ontology", ontology, "--policy", policy, "--count").out
            for source in (LABELS, cache)
        ]
        assert found[0] == found[1]


@pytest.mark.parametrize("command", ["count", "histogram"])
def test_totals(run: Run, cache: Path, command: str) -> None:
    of_file = run(command, LABELS, "--ontology", PROJECT)
    of_cache = run(command, cache)
    assert (of_cache.status, of_cache.out) == (0, of_file.out)
    assert of_cache.err.endswith(of_file.err)


@pytest.mark.parametrize(
    "command", [("match", "J.X", "--count"), ("match", "NOT J.X", "--ids"), ("count",), ("histogram",)]
)
def test_labels_without_a_known_content(run: Run, odd: tuple[Path, Path], command: tuple[str, ...]) -> None:
    """Reports count them and name them, as those of files do."""
    of_file, of_cache = (run(*command, source) for source in odd)
    assert (of_cache.status, of_cache.out) == (of_file.status, of_file.out)
    assert of_cache.err.splitlines()[0] == of_file.err.splitlines()[0]
    assert of_cache.err.count("unknown") == of_file.err.count("unknown")


def test_all_labels_have_faults(run: Run, tmp_path: Path) -> None:
    LabelCache(tmp_path / "c").load([{"id": "a", "jsonResponse": None}])
    ran = run("match", "A.B", "c", "--count")
    assert (ran.status, ran.out) == (2, "")
    assert "nothing in `c` could be read as a label" in ran.err


def test_explanations(run: Run, cache: Path) -> None:
    first = json.loads(LABELS.read_text().splitlines()[0])["id"]
    of_file = run("match", EXACT, LABELS, "--ontology", PROJECT, "--explain", first)
    of_cache = run("match", EXACT, cache, "--explain", first)
    assert (of_cache.status, of_cache.out) == (of_file.status, of_file.out)
    told = run("explain", EXACT, "--labels", cache, "--sample", "0", "--json")
    of_file = run("explain", EXACT, "--labels", LABELS, "--ontology", PROJECT, "--sample", "0", "--json")
    assert {**json.loads(told.out), "expected": None} == json.loads(of_file.out)


def test_pictures_and_exports(run: Run, cache: Path, tmp_path: Path) -> None:
    first = json.loads(LABELS.read_text().splitlines()[0])["id"]
    assets = DEMO / "assets.ndjson"
    extra = ("--assets", assets) if assets.exists() else ()
    assert run("show", first, cache, "-o", "one.png").status == 0
    assert run("sheet", EXACT, cache, "-o", "many.png", "--most", "2").status == 0
    names = []
    for source, ontology in ((cache, ()), (LABELS, ("--ontology", PROJECT))):
        out = tmp_path / f"{source.name}.jsonl"
        ran = run("export", source, *ontology, "--format", "jsonl", "-o", out, *extra)
        assert ran.status == 0, ran.err
        lines = run("match", "OBJECTS.*.count >= 0", out, "--ids", "--ontology", PROJECT).out.splitlines()
        names.append(sorted(lines))
    assert names[0] == names[1] != []


def test_an_empty_result_and_a_slip(run: Run, cache: Path) -> None:
    assert run("match", "OBJECTS.PERSON.count > 1000", cache, "--count").out == "0\n"
    slip = run("match", "OBJECTS.PERSN", cache)
    assert slip.status == 2
    assert "PERSON" in slip.err


def test_a_missing_extra_is_named(run: Run, cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [one for one in sys.modules if one.startswith("kili_query.cache")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "deltalake", None)
    ran = run("match", EXACT, cache)
    assert (ran.status, ran.out) == (2, "")
    assert "kili-query[cache]" in ran.err


def test_scan_names_the_cache(cache: Path) -> None:
    with pytest.raises(SourceError, match="is a label cache, which is not read as a file"):
        kq.scan(cache, EXACT)


def test_a_cache_of_files(run: Run, tmp_path: Path) -> None:
    filled = run("cache", "c", LABELS, "--ontology", PROJECT)
    assert (filled.status, filled.err) == (0, "")
    number = len(LABELS.read_text().splitlines())
    assert filled.out.startswith(f"c: {number} new, 0 changed, 0 deleted; ")
    assert json.loads(run("cache", "c", LABELS, "--json", "--ontology", "none").out)["unchanged"] == number
    shown = run("cache", "c").out
    assert shown.startswith(f"c: {number} labels of files, ")
    assert "\nversion 0  " in shown
    assert json.loads(run("cache", "c", "--json").out)["labels"] == number


def test_records_that_cannot_be_read_are_named(run: Run, tmp_path: Path) -> None:
    (tmp_path / "l.ndjson").write_text('{"id": "a", "jsonResponse": {}}\nno json\n')
    ran = run("cache", "c", "l.ndjson")
    assert ran.status == 0
    assert ran.err.startswith("left out: 1 record that could not be read\n  l.ndjson:2: ")


def test_fields_that_cannot_be_kept_are_named(run: Run, tmp_path: Path) -> None:
    (tmp_path / "l.ndjson").write_text('{"id": "a", "jsonResponse": {}}\n{"id": "b", "modelName": "\\ud800"}\n')
    ran = run("cache", "c", "l.ndjson")
    assert (ran.status, ran.out[:8]) == (0, "c: 2 new")
    assert ran.err == (
        "not kept as they are: 1 field of labels\n  l.ndjson:2: label `b`: a table cannot hold half of a character: "
        "`\\ud800` (at `modelName`): it is kept as `\\ud800`\n"
    )


def test_a_folder_that_is_not_a_cache(run: Run, tmp_path: Path) -> None:
    assert "`x` is not a label cache: name files of labels after it" in run("cache", "x").err
    assert not (tmp_path / "x").exists()


@pytest.fixture(scope="module")
def box() -> Iterator[Sandbox]:
    with served(LABELS) as box:
        yield box


def test_pull(run: Run, box: Sandbox, tmp_path: Path) -> None:
    """The first time everything, then only what changed."""
    variables = variables_of(box)
    dry = run("pull", "demo", "--cache", "c", "--dry-run", **variables)
    assert (dry.status, dry.out) == (0, "c: would be 34 new, 0 changed, 0 deleted\n")
    assert not (tmp_path / "c").exists()
    first = run("pull", "demo", "--cache", "c", **variables)
    assert (first.status, first.err) == (0, "")
    again = run("pull", "demo", "--cache", "c", "--verify", "--json", **variables)
    told = json.loads(again.out)
    with pytest.raises(CacheError, match=r"version 0 is a step of the first sync of `.*`: `versions` lists whole"):
        LabelCache(tmp_path / "c").at(0).count_labels()
    assert (told["new"], told["changed"], told["deleted"], told["missed"]) == (0, 0, 0, 0)
    assert first.out.startswith(f"c: {told['total']} new, 0 changed, 0 deleted; ")
    assert (
        run("match", EXACT, "c", "--count").out == run("labels", "demo", "--where", EXACT, "--count", **variables).out
    )


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--cache", "c", "-o", "f.ndjson"), "'--output': not with --cache"),
        (("--cache", "c", "--where", "A.B"), "'--where': not with --cache"),
        (("-o", "f.ndjson", "--verify"), "'--verify': only with --cache"),
        ((), "'--output': name a file, or a folder with --cache"),
    ],
)
def test_options_that_exclude_each_other(run: Run, options: tuple[str, ...], message: str) -> None:
    ran = run("pull", "demo", *options)
    assert ran.status == 2
    assert message in ran.err


@pytest.mark.parametrize("text", [EXACT, RESIDUAL, "OBJECTS.PERSON[NONE.X]"])
def test_explain_says_what_to_expect(run: Run, cache: Path, text: str) -> None:
    ontology = () if text != "OBJECTS.PERSON[NONE.X]" else ("--ontology", "none")
    ran = run("explain", text, "--cache", cache, *ontology)
    assert ran.status == 0
    if ontology:
        assert "expected of the server" not in ran.out
        assert f"note: labels of {cache} are counted by its own ontology" in ran.err
        return
    matched = run("match", text, cache, "--count").out.strip()
    assert f"expected of the server\n  matches   {matched}, counted in the columns" in ran.out
    assert f"  as of     version 0 of {cache}, written " in ran.out
    expected = json.loads(run("explain", text, "--labels", cache, "--json").out)["expected"]
    assert (expected["matches"], expected["is_counted"], expected["version"]) == (int(matched), True, 0)
    assert expected == json.loads(run("explain", text, "--cache", cache, "--json").out)["expected"]


def test_explain_with_a_folder_that_is_no_cache(run: Run, tmp_path: Path) -> None:
    ran = run("explain", "A.B", "--cache", tmp_path)
    assert (ran.status, ran.out) == (2, "")
    assert "is not a label cache" in ran.err
    assert run("explain", "KQ102", "--cache", tmp_path).status == 2


def test_explain_with_labels_and_a_cache(run: Run, cache: Path) -> None:
    found = json.loads(run("explain", EXACT, "--labels", LABELS, "--cache", cache, "--json").out)
    assert found["labels"]["matched"] == found["expected"]["matches"] == 8


def test_an_export_in_pixels_of_a_cache(run: Run, cache: Path, box: Sandbox, tmp_path: Path) -> None:
    """The sizes of images are in the cache, whether files or a server filled it."""
    assert run("pull", "demo", "--cache", "pulled", **variables_of(box)).status == 0
    boxes = {}
    for name, source in (("file", LABELS), ("cache", cache), ("pulled", "pulled")):
        ran = run("export", source, "--ontology", PROJECT, "-f", "yolo_v8", "-o", f"of-{name}")
        assert (ran.status, ran.out.splitlines()[0]) == (0, f"34 labels of 34 assets written to of-{name} as yolo_v8")
        with ZipFile(tmp_path / f"of-{name}") as archive:
            boxes[name] = {one: archive.read(one) for one in archive.namelist() if one.startswith("OBJECTS/labels/")}
    assert boxes["file"] == boxes["cache"] == boxes["pulled"]
    assert len(boxes["file"]) == 34


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        (PROJECT, "looks like a project, not like labels"),
        ("bad.json", "could be read as a label: not a label: it must"),
        ("bare.json", "contents without their labels: `match` and `count` read contents with `--at ''`"),
        ("assets.json", "looks like assets without labels"),
    ],
)
def test_nothing_that_is_a_label(run: Run, tmp_path: Path, labels: str, message: str) -> None:
    (tmp_path / "bad.json").write_text('[1, "x"]')
    (tmp_path / "bare.json").write_text('{"J": {"categories": [{"name": "A"}]}}')
    (tmp_path / "assets.json").write_text('[{"id": "a", "externalId": "a.png"}]')
    ran = run("cache", "c", labels)
    assert (ran.status, ran.out) == (2, "")
    assert message in ran.err
    assert not (tmp_path / "c").exists()


@pytest.mark.parametrize("command", [("match", EXACT), ("count",), ("histogram",)])
def test_contents_of_a_cache_are_not_elsewhere(run: Run, cache: Path, command: tuple[str, ...]) -> None:
    """With an empty ``--at``, each label would be a content without any object: a wrong answer."""
    ran = run(*command, cache, "--at", "")
    assert (ran.status, ran.out) == (2, "")
    assert f"'--at': `{cache}` is a label cache, whose contents are in jsonResponse: leave it out" in ran.err


@pytest.mark.parametrize("output", [".", "export.zip", "labels/export.zip"])
def test_an_export_does_not_go_into_a_cache(run: Run, cache: Path, tmp_path: Path, output: str) -> None:
    LabelCache(tmp_path / "other").load(LABELS, ontology=PROJECT)
    before = sorted(tmp_path.rglob("*"))
    ran = run("export", cache, "--format", "kili", "-o", tmp_path / "other" / output)
    assert (ran.status, ran.out) == (2, "")
    assert f"`{tmp_path / 'other'}` is a label cache: name another place" in ran.err
    assert sorted(tmp_path.rglob("*")) == before


@pytest.mark.parametrize("command", [("cache", ""), ("cache", "", "labels.ndjson"), ("pull", "p", "--cache", "")])
def test_an_empty_path(run: Run, command: tuple[str, ...]) -> None:
    ran = run(*command)
    assert (ran.status, ran.out) == (2, "")
    assert "error: the path of a label cache is empty: name a folder" in ran.err


def test_a_cache_filled_from_a_cache(run: Run, cache: Path) -> None:
    ran = run("cache", "c", cache)
    assert (ran.status, ran.out) == (2, "")
    assert f"error: `{cache}` is a label cache itself: name the files that filled it" in ran.err


def test_a_cache_of_no_labels(run: Run, tmp_path: Path) -> None:
    (tmp_path / "none.ndjson").touch()
    assert run("cache", "c", "none.ndjson", "--ontology", "none").status == 0
    assert run("cache", "c").out.startswith("c: 0 labels of files")
    assert run("match", "J.A", "c", "--count").out == "0\n"


def test_more_than_any_number(run: Run, cache: Path) -> None:
    found = json.loads(run("explain", EXACT, "--labels", cache, "--sample", 10**30, "--json").out)
    assert found["labels"]["matched"] == 8
    assert len(LabelCache(cache).labels(fields=["id"], first=10**30)) == 34
    assert LabelCache(cache).labels(fields=["id"], skip=10**30, category_search=RESIDUAL) == []


@pytest.mark.parametrize("query", [EXACT, RESIDUAL])
def test_more_rows_than_a_request_can_name(box: Sandbox, query: str) -> None:
    with KiliClient(box.api_key, box.endpoint, disable_tqdm=True) as client:
        found = client.labels(box.project_id, fields=["id"], category_search=query)
        assert client.labels(box.project_id, fields=["id"], category_search=query, first=10**30) == found != []
        assert client.labels(box.project_id, fields=["id"], category_search=query, skip=10**30) == []
