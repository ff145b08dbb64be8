"""The page: its size, how soon it shows something, how soon figures follow a keystroke, how smoothly rows scroll."""

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import brotli
import pytest
from playwright.sync_api import Page
from pytest_benchmark.fixture import BenchmarkFixture

from tests.benchmarks.label_sets import INTERFACE, labels
from tests.benchmarks.ratios import record_figure
from tests.page.browsing import chromium

BUILT = Path(__file__).resolve().parents[2] / "kili_query" / "page" / "built"
LABELS = 100_000
ROUNDS = 5
FIRST_PAINT = "performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? 0"
WATCH = """() => {
  window.timing = { key: 0, done: 0 }
  const counts = document.querySelector('#page').shadowRoot.querySelector('[aria-label=Counts]')
  document.addEventListener('keydown', () => (window.timing = { key: performance.now(), done: 0 }), true)
  new MutationObserver(() => {
    if (counts.getAttribute('aria-busy') === 'false') window.timing.done = performance.now()
  }).observe(counts, { attributes: true })
}"""
SCROLL = """() => new Promise((resolve) => {
  const rows = document.querySelector('#page').shadowRoot.querySelector('[role=grid]')
  const frames = []
  const step = (now) => {
    frames.push(now)
    rows.scrollTop += 400
    if (frames.length < 120) requestAnimationFrame(step)
    else resolve(frames.slice(1).map((frame, at) => frame - frames[at]).sort((a, b) => a - b)[112])
  }
  requestAnimationFrame(step)
})"""


@pytest.fixture(scope="module")
def link(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The link that `kili-query open` prints for 100,000 labels."""
    folder = tmp_path_factory.mktemp("page")
    source, project = folder / "labels.ndjson", folder / "project.json"
    with source.open("w", encoding="utf-8") as out:
        out.writelines(json.dumps(one) + "\n" for one in labels(LABELS, mean_objects=3, mean_vertices=4))
    project.write_text(json.dumps({**INTERFACE, "inputType": "IMAGE"}), encoding="utf-8")
    options = [str(source), "--ontology", str(project), "--no-browser", "--json"]
    command = [sys.executable, "-m", "kili_query", "open", *options]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        yield json.loads(process.stdout.readline())["url"]
        process.terminate()


@contextmanager
def opened(link: str) -> Iterator[Page]:
    with chromium() as browser:
        page = browser.new_page(viewport={"width": 1280, "height": 800})
        page.goto(link)
        page.locator("[aria-label=Counts][aria-busy=false]").wait_for()
        yield page


@pytest.mark.benchmark(group="the page")
def test_size(benchmark: BenchmarkFixture) -> None:
    files = [path.read_bytes() for path in BUILT.iterdir() if path.suffix in {".html", ".js", ".css"}]
    size = sum(len(brotli.compress(one)) for one in files)
    record_figure(benchmark, "the page and its editor, compressed by brotli", size / 1000, "kB", at_most=150)
    benchmark.pedantic(lambda: None, rounds=1)


@pytest.mark.benchmark(group="the page")
def test_first_paint(benchmark: BenchmarkFixture, link: str) -> None:
    with opened(link) as page:
        times_ms, figures_ms = [], []
        for _ in range(ROUNDS):
            page.reload()
            page.locator("[aria-label=Counts][aria-busy=false]").wait_for()
            times_ms.append(page.evaluate(FIRST_PAINT))
            figures_ms.append(page.evaluate("performance.now()"))
    record_figure(benchmark, "first contentful paint of the page", min(times_ms), "ms", at_most=200)
    record_figure(benchmark, "100,000 labels: figures are on the page", min(figures_ms), "ms", at_most=1000)
    benchmark.pedantic(lambda: None, rounds=1)


@pytest.mark.benchmark(group="the page")
def test_figures_follow_a_keystroke(benchmark: BenchmarkFixture, link: str) -> None:
    times_ms = []
    with opened(link) as page:
        page.evaluate(WATCH)
        page.get_by_role("textbox", name="Query").press_sequentially("OBJECTS.PERSON.count >= ")
        for number in range(1, ROUNDS + 1):
            page.keyboard.press(str(number))
            while (time_ms := page.evaluate("window.timing.done - window.timing.key")) <= 0:
                page.wait_for_timeout(20)
            times_ms.append(time_ms)
            page.keyboard.press("Backspace")
            page.locator(".found-error").wait_for()
    what = "100,000 labels: figures and histograms after a keystroke"
    record_figure(benchmark, what, min(times_ms), "ms", at_most=200)
    benchmark.pedantic(lambda: None, rounds=1)


@pytest.mark.benchmark(group="the page")
def test_rows_scroll_smoothly(benchmark: BenchmarkFixture, link: str) -> None:
    with opened(link) as page:
        slow_ms = min(page.evaluate(SCROLL) for _ in range(3))
    what = "100,000 rows: 19 of 20 frames while scrolling take at most"
    record_figure(benchmark, what, slow_ms, "ms", at_most=34)
    benchmark.pedantic(lambda: None, rounds=1)
