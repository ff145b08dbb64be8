"""A browser under test: headless Chromium, with an eye on what a page must never do."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from attrs import Factory, define
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Dialog, Page, expect, sync_playwright

from kili_query.page.server import PageServer
from tests.system_programs import system_program

TIMEOUT_MS = 30_000
"""A busy machine is slow, and no test waits for longer than it must."""

expect.set_options(timeout=TIMEOUT_MS)

ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    # One process for all pages: a new one for each takes longer than most tests.
    "--renderer-process-limit=1",
    "--disable-site-isolation-trials",
]


@contextmanager
def chromium() -> Iterator[Browser]:
    """Start the Chromium of the system, or skip the test."""
    program = system_program("chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=ARGUMENTS)
        yield browser
        browser.close()


@define
class Watch:
    """What a page did that no page should do.

    Attributes:
        faults: dialogs, errors, and what the policy of the server refused.
        requests: the URLs it asked for.
    """

    faults: list[str] = Factory(list)
    requests: list[str] = Factory(list)

    def over(self, page: Page) -> None:
        def on_console(message: ConsoleMessage) -> None:
            if message.type in ("error", "warning"):
                self.faults.append(f"console: {message.text}")

        def on_dialog(dialog: Dialog) -> None:
            self.faults.append(f"dialog: {dialog.message}")
            dialog.dismiss()

        page.on("request", lambda request: self.requests.append(request.url))
        page.on("pageerror", lambda error: self.faults.append(f"error: {error}"))
        page.on("console", on_console)
        page.on("dialog", on_dialog)

    def check(self, url: str) -> None:
        """Check that all went well, and that only the page's own server was asked."""
        assert self.faults == [], self.faults
        assert [one for one in self.requests if not one.startswith((f"{url}/", "data:", "blob:"))] == []


def faults_for_assistive_technology(page: Page, part: str | None = None) -> list[str]:
    """Return what axe finds on the page, or in the part of the component that a selector says."""
    context = None if part is None else {"include": [{"fromShadowDom": ["#page", part]}]}
    found = Axe().run(page, context).response["violations"]
    return [f"{one['id']}: {node['html']} {node['failureSummary']}" for one in found for node in one["nodes"]]


@contextmanager
def one_profile(browser: Browser) -> Iterator[BrowserContext]:
    """Make a profile for many pages: what is loaded is kept, and an empty page keeps its process."""
    with browser.new_context(viewport={"width": 1280, "height": 800}) as profile, profile.new_page():
        yield profile


@contextmanager
def opened(
    profile: BrowserContext,
    box: PageServer,
    *,
    fragment: str = "",
    size: tuple[int, int] = (1280, 800),
    **media: Any,
) -> Iterator[Page]:
    """Open the link of a page as `kili-query open` prints it, and check at the end that nothing forbidden happened.

    The profile forgets the page at the end: its cookie, and what it stored. A clock would stay: a test
    that sets one needs a profile of its own.

    Args:
        profile: where it opens.
        box: the server.
        fragment: of the URL.
        size: of the window, in pixels.
        media: what the page sees of its user's settings, as `Page.emulate_media` names it.
    """
    with profile.new_page() as page:
        page.set_default_timeout(TIMEOUT_MS)
        page.set_viewport_size({"width": size[0], "height": size[1]})
        page.emulate_media(**media)
        watch = Watch()
        watch.over(page)
        page.goto(box.link + fragment)
        try:
            page.locator("[aria-label=Counts][aria-busy=false]").wait_for()
            yield page
            watch.check(box.url)
        finally:
            profile.clear_cookies()
            page.evaluate("localStorage.clear()")
