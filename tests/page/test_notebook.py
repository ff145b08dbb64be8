"""The widget in the page of a real notebook, that of marimo."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.ending import end_by
from tests.page.browsing import Watch, chromium

ROOT = Path(__file__).resolve().parents[2]
NOTEBOOK = """
import marimo

app = marimo.App(width="full")


@app.cell
def _():
    import kili_query as kq
    import marimo as mo

    shown = mo.ui.anywidget(kq.show("kili_query/demo/labels.ndjson", "OBJECTS.PERSON"))
    shown
    return mo, shown


@app.cell
def _(mo, shown):
    mo.md(f"The kernel knows {shown.query}.")
    return
"""


@pytest.fixture
def notebook(tmp_path: Path) -> Iterator[str]:
    """Run a notebook on a free port; yield its URL."""
    path = tmp_path / "notebook.py"
    path.write_text(NOTEBOOK, encoding="utf-8")
    command = [sys.executable, "-m", "marimo", "run", str(path), "--headless", "--no-token", "--no-sandbox"]
    environment = {**os.environ, "XDG_CONFIG_HOME": str(tmp_path), "NO_COLOR": "1", "PYTHONPATH": str(ROOT)}
    with subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            printed = ""
            for line in process.stdout:
                printed += line
                found = re.search(r"http://\S+?:\d+", line)
                if found:
                    yield found[0]
                    break
            else:
                pytest.fail(f"the notebook did not start: {printed}")
        finally:
            end_by(process)


def test_the_widget_asks_the_kernel(notebook: str) -> None:
    with chromium() as browser:
        page = browser.new_page(viewport={"width": 1280, "height": 900})
        page.set_default_timeout(30_000)
        watch = Watch()
        page.on("request", lambda request: watch.requests.append(request.url))
        page.goto(notebook)
        counts = page.locator("[aria-label=Counts]").get_by_role("status")
        expect(counts).to_contain_text("13 of 34 labels match", timeout=60_000)
        editor = page.get_by_role("textbox", name="Query")
        editor.press("ControlOrMeta+a")
        page.keyboard.type("OBJECTS.PERSON.count >= 3")
        page.keyboard.press("Escape")
        expect(counts).to_contain_text("7 of 34 labels match")
        expect(page.get_by_role("grid", name="Labels").get_by_text("000000100667.jpg")).to_be_visible()
        expect(page.get_by_text("The kernel knows OBJECTS.PERSON.count >= 3.")).to_be_visible()
        page.set_viewport_size({"width": 600, "height": 900})
        page.get_by_role("grid", name="Labels").get_by_text("000000100667.jpg").click()
        panel = page.get_by_role("dialog", name="Label").bounding_box()
        assert panel is not None
        assert panel["height"] < 800  # it covers the widget, and not the notebook
        watch.check(notebook)
