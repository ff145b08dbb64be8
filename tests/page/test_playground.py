"""The playground in a browser: Python runs in the page, and nothing is sent anywhere."""

import json
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from zipfile import ZipFile

import pytest
from PIL import Image
from playwright.sync_api import Browser, Page, expect

from kili_query.cli import main
from tests.page.browsing import Watch, chromium, faults_for_assistive_technology

ROOT = Path(__file__).resolve().parents[2]
COMPONENT = ROOT / "kili_query" / "page" / "component"
DEMO = ROOT / "kili_query" / "demo"
YOLO = ROOT / "tests" / "datasets" / "samples" / "yolo" / "datumaro_ultralytics"
ALL = re.compile("^34 labels")
QUERY = "OBJECTS.PERSON.count >= 3"


class Silent(SimpleHTTPRequestHandler):
    """What `python -m http.server` is, without its log."""

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name of the base
        return


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Build the playground, and serve its folder."""
    if not shutil.which("node") or not (COMPONENT / "node_modules" / ".wheels").is_dir():
        pytest.skip("needs Node and what `make page` installs")
    folder = tmp_path_factory.mktemp("playground") / "built"
    subprocess.run([sys.executable, COMPONENT / "playground" / "build.py", folder], check=True, timeout=200)
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Silent, directory=folder)) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as browser:
        yield browser


@pytest.fixture(scope="module")
def page(browser: Browser, url: str) -> Iterator[Page]:
    with browser.new_context(viewport={"width": 1280, "height": 800}) as context:
        page = context.new_page()
        page.set_default_timeout(30_000)
        watch = Watch()
        watch.over(page)
        page.goto(url)
        page.locator("[aria-label=Counts][aria-busy=false]").wait_for(timeout=120_000)
        yield page
        watch.check(url)
        assert f"{url}/wheels/wheels.json" in watch.requests  # those of the worker are seen too


def expect_count(page: Page, count: str | re.Pattern[str]) -> None:
    expect(page.locator("[aria-label=Counts]").get_by_role("status")).to_contain_text(count)


def test_a_query_counts_what_the_copied_command_counts(
    page: Page, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    expect_count(page, ALL)
    page.get_by_role("textbox", name="Query").press_sequentially(QUERY.replace("PERSON", "PERSN"))
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Take the fix").click()
    expect_count(page, "7 of 34 labels match")
    page.get_by_role("tab", name="Plan").click()
    command = page.locator("pre").filter(has_text="kili-query match").inner_text()
    page.get_by_role("tab", name="Table").click()
    monkeypatch.chdir(ROOT)
    monkeypatch.setattr(sys, "argv", shlex.split(command))
    assert (main(), capsys.readouterr().out) == (0, "7\n")


def test_labels_have_no_way_out(page: Page) -> None:
    (worker,) = page.workers
    ways = "['fetch', 'XMLHttpRequest', 'WebSocket', 'EventSource', 'WebTransport', 'Worker']"
    assert worker.evaluate(f"() => {ways}.filter((name) => globalThis[name] !== undefined)") == []


def test_axe_finds_nothing(page: Page) -> None:
    assert faults_for_assistive_technology(page) == []


def test_files_of_a_person_stay_in_the_browser(page: Page) -> None:
    page.locator("#files").set_input_files([DEMO / "labels.ndjson", DEMO / "project.json"])
    expect(page.get_by_role("heading", name="labels.ndjson")).to_be_visible()
    expect_count(page, "7 of 34 labels match")
    page.locator("#files").set_input_files(DEMO / "instances.json")
    expect(page.get_by_role("heading", name="instances.json")).to_be_visible()
    expect_count(page, ALL)
    expect(page.get_by_role("list", name="Diagnostics")).to_contain_text("PERSON")  # the dataset writes it `person`


def test_files_are_dropped_on_the_page(page: Page, tmp_path: Path) -> None:
    """Dropped as from a file manager; the browser itself finds what is in them."""
    labels = DEMO / "labels.ndjson"
    with ZipFile(tmp_path / "export.zip", "w") as archive:
        archive.write(labels, "labels.ndjson")
    (tmp_path / "empty").mkdir()
    (tmp_path / "labels.ndjson").touch()
    (tmp_path / "picture.ndjson").write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(40))
    failure, browser = page.locator("#failure"), page.context.new_cdp_session(page)

    def drop(*paths: Path) -> None:
        data = {"items": [], "files": list(map(str, paths)), "dragOperationsMask": 1}
        for step in ("dragEnter", "dragOver", "drop"):
            browser.send("Input.dispatchDragEvent", {"type": step, "x": 400, "y": 400, "data": data})

    for paths, title in (
        ([labels, DEMO / "project.json"], "labels.ndjson"),
        ([tmp_path / "export.zip"], "export.zip"),
        ([DEMO], "demo"),
    ):
        drop(*paths)
        expect(page.get_by_role("heading", name=title, exact=True)).to_be_visible()
        expect(failure).to_be_hidden()
    for paths, words in (
        ([tmp_path / "picture.ndjson"], "is a PNG image"),
        ([tmp_path / "empty"], "there is no file in what was dropped"),
        ([tmp_path / "labels.ndjson"], "`labels.ndjson` holds no labels"),
        ([tmp_path / "picture.ndjson", tmp_path / "export.zip"], "what was opened is neither a raw export"),
    ):
        drop(*paths)
        expect(failure).to_contain_text(words)
    page.evaluate("""() => {
        const transfer = new DataTransfer()
        transfer.items.add(new File(["3"], "no-entry.json"))
        document.body.dispatchEvent(new DragEvent("drop", { dataTransfer: transfer, bubbles: true }))
    }""")
    expect(failure).to_contain_text("nothing in `no-entry.json` could be read as a label")


def test_a_file_that_is_gone_does_not_end_python(page: Page, tmp_path: Path) -> None:
    images = [f"{number}.png" for number in range(2)]
    for name in images:
        Image.new("RGB", (4, 4)).save(tmp_path / name)
    rows = [{"id": name, "labelOf": {"id": name, "content": name}, "jsonResponse": {}} for name in images]
    (tmp_path / "labels.ndjson").write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    page.locator("#folders").set_input_files(tmp_path)
    expect(page.get_by_role("heading", name=tmp_path.name)).to_be_visible()
    (tmp_path / images[0]).unlink()
    page.get_by_role("button", name="Clear").click()
    page.get_by_role("grid").get_by_role("row").nth(1).click()
    expect(page.locator(".detail .blank")).to_contain_text("The image cannot be shown")
    page.get_by_role("grid").get_by_role("row").nth(2).click()
    expect(page.locator(".detail .canvas img")).to_be_visible()
    page.get_by_role("button", name="Close").click()


def test_files_that_cannot_be_read_are_an_error(page: Page, tmp_path: Path) -> None:
    page.locator("#folders").set_input_files(YOLO)
    failure = page.locator("#failure")
    expect(failure).to_contain_text("cannot be read in the browser, because a package is missing there")
    (tmp_path / "notes.txt").write_text("milk\n", encoding="utf-8")
    page.locator("#files").set_input_files(tmp_path / "notes.txt")
    expect(failure).to_have_text(re.compile("notes.txt"))
    page.get_by_role("button", name="Sample").click()
    expect(failure).to_be_hidden()
    expect_count(page, ALL)
