"""``kili-query open``: what it opens, how it ends, and what it says of what it cannot open."""

import json
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager, redirect_stdout
from http.client import HTTPConnection
from io import StringIO
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from kili_query.cache import LabelCache
from kili_query.cli.open import announcement, downloaded, source_of
from kili_query.counting import CountPolicy
from kili_query.page.calls import answer
from kili_query.page.plain import PlainSource
from kili_query.page.server import PageServer
from kili_query.page.source import Origin
from tests.cli.conftest import command, environ, run  # noqa: F401 - fixtures
from tests.cli.running import DEMO, Run
from tests.cli.served import served, variables_of
from tests.cli.terminal import Terminal
from tests.ending import end_by

SAMPLES = Path(__file__).resolve().parents[1] / "datasets" / "samples"
QUERY = "OBJECTS.PERSON.count >= 3"


@contextmanager
def running(arguments: Sequence[object], environ: dict[str, str]) -> Iterator[dict[str, str]]:  # noqa: F811
    """Run the command, yield the JSON that it prints first, and end it with Ctrl-C."""
    process = subprocess.Popen(
        [sys.executable, "-m", "kili_query", *map(str, arguments), "--json"],
        env=environ,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    with process:
        assert process.stdout is not None
        assert process.stderr is not None
        line = process.stdout.readline()
        assert line, process.stderr.read()
        yield json.loads(line)
        end_by(process)
        assert "Traceback" not in process.stderr.read()
    assert process.returncode == 130


def asked(link: str, call: str, **request: Any) -> Any:
    """Ask a server that another process runs."""
    parts = urlsplit(link)
    connection = HTTPConnection(parts.netloc, timeout=30)
    headers = {"Authorization": f"Bearer {parts.query.removeprefix('token=')}", "Content-Type": "application/json"}
    connection.request("POST", f"/api/v1/{call}", json.dumps(request), headers)
    found = json.loads(connection.getresponse().read())
    connection.close()
    return found


def test_a_project_of_a_server_is_opened(environ: dict[str, str], tmp_path: Path) -> None:  # noqa: F811
    cache = tmp_path / "cache"
    with (
        served() as box,
        running(
            ["open", "--project", box.project_id, "--cache", cache, "--no-browser"], environ | variables_of(box)
        ) as told,
    ):
        assert asked(told["url"], "run", query=QUERY)["matched"] == 7
    assert LabelCache(cache).count_labels(category_search=QUERY) == 7


def test_the_sandbox_offers_the_page(environ: dict[str, str], run: Run) -> None:  # noqa: F811
    with running(["serve", "--ontology", DEMO, "--page"], environ) as told:
        assert asked(told["page"], "run", query=QUERY)["matched"] == 7
        variables = {"KILI_API_KEY": told["api_key"], "KILI_API_ENDPOINT": told["endpoint"]}
        assert run("labels", told["project_id"], "--where", QUERY, "--count", **variables).out == "7\n"
    assert "name them with `--labels`" in run("serve", "--ontology", DEMO / "project.json", "--page").err


def test_the_query_to_copy_asks_the_server_of_a_project(run: Run) -> None:  # noqa: F811
    with served() as box:
        endpoint, key = box.endpoint, {"KILI_API_KEY": box.api_key}
        source = PlainSource.of(str(DEMO / "labels.ndjson"))
        source.origin = Origin(box.project_id, "project", endpoint=endpoint)
        command, python, _ = answer(source, "check", {"query": QUERY})["snippets"]
        assert run(*shlex.split(command["text"])[1:], **key).out == "7\n"
        with pytest.MonkeyPatch.context() as patch, redirect_stdout(StringIO()) as out:
            patch.setenv(*next(iter(key.items())))
            exec(python["text"], {})  # the text that the page shows to be copied: what a user would run
        assert out.getvalue() == "7\n"


def test_a_downloaded_project_is_removed_at_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    with served() as box:
        for name, value in variables_of(box).items():
            monkeypatch.setenv(name, value)
        with downloaded(box.project_id, None, None) as folder:
            source = source_of(folder)
            assert answer(source, "run", {"query": QUERY})["matched"] == 7
        assert not Path(folder).exists()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["missing.ndjson"], "cannot read `missing.ndjson`: no such file or directory"),
        (["a\0b"], "embedded null byte"),
        (["-"], "the page reads its labels again and again: name a file in place of standard input"),
        ([], "name a file, a folder or a cache to open, or a project of a server (`--project`)"),
        ([DEMO / "labels.ndjson", "--project", "p"], "name a file, a folder or a cache to open, or a project"),
        ([DEMO / "labels.ndjson", "--cache", "c"], "only with --project"),
        ([DEMO / "labels.ndjson", "--ontology", "missing.json"], "missing.json"),
        ([DEMO / "labels.ndjson", "--images", "missing"], "`missing` is not a folder"),
        ([DEMO / "labels.ndjson", "--assets", DEMO / "labels.ndjson"], "looks like labels, not like assets"),
        ([DEMO / "labels.ndjson", "--host", "192.0.2.1"], "cannot listen on `192.0.2.1`"),
        (["empty.ndjson"], "`empty.ndjson` holds no labels"),
        (["broken.ndjson"], "nothing in `broken.ndjson` could be read as a label: not JSON"),
        (["package.json"], "nothing in `package.json` could be read as a label: no `jsonResponse`"),
        (["numbers.json"], "nothing in `numbers.json` could be read as a label: not a label: it must be a JSON object"),
        ([DEMO / "project.json"], "project.json` looks like a project, not like labels: give it with --ontology"),
        (["content.json"], "contents without their labels: `match` and `count` read contents with `--at ''`"),
        (["."], "is neither a raw export"),
    ],
)
def test_what_cannot_be_opened(run: Run, tmp_path: Path, arguments: list[object], message: str) -> None:  # noqa: F811
    (tmp_path / "empty.ndjson").touch()
    (tmp_path / "broken.ndjson").write_text("no\nlabels\n")
    (tmp_path / "package.json").write_text('{"name": "a", "version": "1.0.0"}')
    (tmp_path / "numbers.json").write_text("[1, 2, 3]")
    (tmp_path / "content.json").write_text('{"J": {"categories": [{"name": "A"}]}}')
    ran = run("open", *arguments, "--no-browser")
    assert ran.status == 2
    assert message in ran.err
    assert len([line for line in ran.err.splitlines() if line.startswith(("error", "Error"))]) == 1
    assert "Traceback" not in ran.err


def test_records_that_are_not_labels_are_counted(tmp_path: Path) -> None:
    labels = tmp_path / "labels.ndjson"
    labels.write_text('{"id": "a", "jsonResponse": {}}\nnot json\n')
    source = source_of(str(labels))
    with closing(PageServer(source)) as box:
        assert announcement(box, source).splitlines()[:2] == [
            "labels.ndjson: 1 label",
            '1 record could not be read as labels: the page lists them under "Malformed"',
        ]


def test_progress_is_shown_before_anything_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = Terminal()
    with open(terminal.slave, "w", closefd=False) as stream:
        monkeypatch.setattr("sys.stderr", stream)
        monkeypatch.setenv("TERM", "xterm-256color")
        source = source_of(str(DEMO / "labels.ndjson"), "none")
    shown = terminal.read_to_end()
    assert source.n_labels == 34
    assert "reading" in shown
    assert shown.endswith(("\x1b[1A\x1b[2K", "\x1b[2K")), shown[-60:]


DATASETS = (
    "coco/supervision_outlines.json",
    "cvat/images.xml",
    "geojson/classes.geojson",
    "pascal_voc/supervision_outlines",
    "yolo/datumaro_ultralytics",
)


@pytest.mark.parametrize("sample", DATASETS)
def test_datasets_are_opened(run: Run, sample: str) -> None:  # noqa: F811
    """Each with its own ontology; the command on the page counts as many labels as the page."""
    path = SAMPLES / sample
    source = source_of(str(path))
    assert source.ontology is not None
    job, category = next(source.ontology.pairs())
    query = f"{json.dumps(job)}.{json.dumps(category)}.count >= 1"
    found = answer(source, "run", {"query": query})
    (command, *_) = answer(source, "check", {"query": query})["snippets"]  # noqa: F811
    assert run(*shlex.split(command["text"])[1:]).out.strip() == str(found["matched"])
    assert found["matched"]
    assert any(row["picture"]["shapes"] for row in found["rows"])


def test_images_are_found_beside_labels_and_in_folders(tmp_path: Path) -> None:
    folder = tmp_path / "labels"
    folder.mkdir()
    png = b"\x89PNG\r\n\x1a\n" + bytes(20)
    (folder / "a.png").write_bytes(png)
    (tmp_path / "b").mkdir()
    (tmp_path / "b" / "name.png").write_bytes(png)
    label = {"id": "l", "labelOf": {"id": "a"}, "jsonResponse": {}}
    asset = {"id": "a", "externalId": "name.png", "content": "a.png", "resolution": {"width": 4, "height": 3}}
    (folder / "labels.ndjson").write_text(json.dumps(label))
    picture = {"kind": "none", "url": None, "width": None, "height": None}
    assert picture.items() <= pictures_of(source_of(str(folder / "labels.ndjson")))[0].items()
    (folder / "assets.ndjson").write_text(json.dumps(asset))
    beside = source_of(str(folder / "labels.ndjson"))
    in_folder = source_of(str(folder / "labels.ndjson"), images=str(tmp_path / "b"))
    picture = {"kind": "image", "url": "media/0", "width": 4, "height": 3}
    for source, name in ((beside, "a.png"), (in_folder, "name.png")):
        assert picture.items() <= pictures_of(source)[0].items()
        assert source.images.find(asset) == name


def test_images_of_a_zip(tmp_path: Path) -> None:
    folder = shutil.copytree(SAMPLES / "yolo" / "datumaro_ultralytics", tmp_path / "yolo")
    archive = shutil.make_archive(str(tmp_path / "packed"), "zip", folder)
    for path in (str(folder), archive):
        source = source_of(path)
        urls = [one["url"] for one in pictures_of(source)]
        assert any(urls), path


def pictures_of(source: Any) -> list[dict[str, Any]]:
    return [row["picture"] for row in answer(source, "run", {"query": ""})["rows"]]


def test_a_cache_with_another_ontology_or_policy(tmp_path: Path, run: Run) -> None:  # noqa: F811
    cache = LabelCache(tmp_path / "cache")
    cache.load(DEMO / "labels.ndjson", ontology=DEMO / "project.json")
    path = str(cache.folder)
    for options in ([], ["--ontology", "none"], ["--policy", "frames"], ["--ontology", str(DEMO / "project.json")]):
        named = dict(zip(options[::2], options[1::2], strict=True))
        policy = {"policy": CountPolicy("frames")} if "--policy" in named else {}
        source = source_of(path, named.get("--ontology"), **policy)
        found = answer(source, "run", {"query": QUERY})
        (shell, *_) = answer(source, "check", {"query": QUERY})["snippets"]
        assert (found["matched"], run(*shlex.split(shell["text"])[1:]).out.strip()) == (7, "7")
        assert found["source"]["ontology"] is (named.get("--ontology") != "none")
