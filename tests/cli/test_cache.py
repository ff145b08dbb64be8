"""Commands take a label cache wherever they take files of labels, and answer the same."""

import json
from pathlib import Path

import pytest

import kili_query as kq
from kili_query.cache import LabelCache
from kili_query.errors import SourceError
from tests.cli.running import DEMO, Run

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
    told = run("explain", EXACT, "--labels", cache, "--sample", "0")
    assert told.out == run("explain", EXACT, "--labels", LABELS, "--ontology", PROJECT, "--sample", "0").out


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


def test_scan_names_the_cache(cache: Path) -> None:
    with pytest.raises(SourceError, match="is a label cache: open it with `kili_query"):
        kq.scan(cache, EXACT)
