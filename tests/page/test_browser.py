"""The page in a browser, against a real server: what a person sees, with the mouse, with the keyboard, on a phone."""

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from PIL import Image, ImageChops, ImageStat
from playwright.sync_api import Browser, BrowserContext, Locator, Page, Route, expect

import kili_query as kq
from kili_query.cli.open import source_of
from kili_query.datasets.files import FolderFiles
from kili_query.export.cutting import cut
from kili_query.page.images import FileImages
from kili_query.page.plain import PlainSource
from kili_query.page.server import PageServer
from kili_query.pictures.images import opened_image
from tests.page.browsing import chromium, faults_for_assistive_technology, one_profile, opened
from tests.system_programs import system_program

COUNT = 250
ATTACK = "<img src=x onerror=alert(1)>\"'`${1}</script><script>alert(2)</script><svg onload=alert(3)>\u202e"


def project(prefix: str = "", input_type: str = "IMAGE") -> kq.Ontology:
    """A project; every text that people may choose begins with the prefix."""

    def job(instruction: str, task: str, categories: dict[str, str], **more: Any) -> dict[str, Any]:
        named = {key: {"name": prefix + name, "children": []} for key, name in categories.items()}
        content = {"input": "checkbox", "categories": named}
        own = {"instruction": prefix + instruction, "mlTask": task, "required": 0, "isChild": False}
        return {**own, "content": content, **more}

    things = {"PERSON": "Person", "CAR": "Car", "TRAFFIC_LIGHT": "Traffic light"}
    objects = job("Draw every object", "OBJECT_DETECTION", things, tools=["rectangle", "polygon"])
    scene = job("Where is it?", "CLASSIFICATION", {"INDOOR": "Indoor", "OUTDOOR": "Outdoor"})
    entities = job("Mark every name", "NAMED_ENTITIES_RECOGNITION", {"NAME": "Name"})
    return kq.Ontology.from_json_interface(
        {"jobs": {"OBJECTS": objects, "SCENE": scene, "NAMES": entities}}, input_type=input_type
    )


def corners(*points: tuple[float, float]) -> dict[str, Any]:
    return {"normalizedVertices": [{"x": x, "y": y} for x, y in points]}


def shape(number: int, category: str, kind: str) -> dict[str, Any]:
    at = 0.05 + number * 0.11
    outline = corners((at, at), (at + 0.1, at), (at + 0.1, at + 0.2), (at, at + 0.2))
    hole = corners((at + 0.03, at + 0.03), (at + 0.06, at + 0.03), (at + 0.05, at + 0.09))
    poly = [outline] if kind == "rectangle" else [outline, hole]
    return {"mid": f"{category}{number}", "type": kind, "categories": [{"name": category}], "boundingPoly": poly}


def label(number: int, prefix: str = "") -> dict[str, Any]:
    people = [shape(one, "PERSON", "rectangle") for one in range(number % 5)]
    cars = [shape(one, "CAR", "polygon") for one in range(number % 3)]
    scene = {"categories": [{"name": "OUTDOOR" if number % 2 else "INDOOR"}]}
    return {
        "id": f"{prefix}label-{number:03}",
        "labelType": f"{prefix}DEFAULT",
        "createdAt": "2026-01-31T09:30:00.000Z",
        "author": {"email": f"{prefix}person{number % 4}@example.com"},
        "labelOf": {"id": f"asset-{number:03}", "externalId": f"{prefix}street/{number:03}.jpg"},
        "jsonResponse": {"OBJECTS": {"annotations": people + cars}, "SCENE": scene},
    }


LABELS = [label(number) for number in range(COUNT)]


def matching(query: str) -> int:
    return sum(kq.parse(query).bind(project()).matches(one["jsonResponse"]) for one in LABELS)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as browser:
        yield browser


@pytest.fixture(scope="module")
def profile(browser: Browser) -> Iterator[BrowserContext]:
    with one_profile(browser) as profile:
        yield profile


@pytest.fixture(scope="module")
def box() -> Iterator[PageServer]:
    with PageServer(PlainSource.of(LABELS, ontology=project(), title="Street")) as box:
        yield box


@pytest.fixture(scope="class")
def page(profile: BrowserContext, box: PageServer) -> Iterator[Page]:
    """The page of the street; the tests of a class share one, and each writes its own query."""
    with opened(profile, box) as page:
        yield page


@pytest.fixture
def timed(browser: Browser, box: PageServer) -> Iterator[Page]:
    """The page in a profile of its own, which a test gives another clock."""
    with browser.new_context() as profile, opened(profile, box) as page:
        yield page


def editor(page: Page) -> Locator:
    return page.get_by_role("textbox", name="Query")


def write(page: Page, query: str) -> None:
    """Put a query in place of the one that stands there."""
    editor(page).press("ControlOrMeta+a")
    page.keyboard.press("Delete")
    page.keyboard.insert_text(query)


def type_in(page: Page, text: str) -> None:
    """Write a query key by key, in place of the one that stands there."""
    write(page, "")
    editor(page).press_sequentially(text)


def expect_counts(page: Page, query: str) -> None:
    found = f"{matching(query)} of {COUNT} labels match"
    expect(page.get_by_role("status").filter(has_text=found)).to_be_visible()
    expect(page.locator("[aria-label=Counts]")).to_have_attribute("aria-busy", "false")


def hold_no_scroll_across(page: Page) -> None:
    assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")


class TestStart:
    """What is shown before a query is written; the first test wants a page that was just opened."""

    def test_all_labels_are_shown_before_a_query_is_written(self, page: Page) -> None:
        expect(page).to_have_title("Street · kili-query")
        expect(page.get_by_role("heading", name="Street")).to_be_visible()
        expect(page.get_by_role("status").filter(has_text=re.compile(f"^{COUNT} labels"))).to_be_visible()
        expect(page.get_by_role("grid").get_by_text("street/000.jpg")).to_be_visible()
        expect(editor(page)).to_be_focused()

    def test_the_plan_of_an_empty_query_is_not_blamed_on_errors(self, page: Page) -> None:
        write(page, "")
        page.get_by_role("tab", name="Plan").click()
        expect(page.get_by_role("region", name="Plan")).to_contain_text("There is a plan as soon as there is a query.")
        write(page, "OBJECTS.PERSON AND")
        expect(page.get_by_role("region", name="Plan")).to_contain_text("as soon as the query has no errors.")

    def test_dark_and_light(self, page: Page) -> None:
        lightness = "parseInt(getComputedStyle(document.querySelector('#page')).backgroundColor.match(/\\d+/)[0])"
        found = {}
        for scheme in ("light", "dark"):
            page.emulate_media(color_scheme=scheme)
            found[scheme] = page.evaluate(lightness)
        assert found["dark"] < 60 < 200 < found["light"]


class TestDiagnostics:
    def test_a_slip_is_underlined_explained_and_fixed(self, page: Page) -> None:
        type_in(page, "OBJECTS.PERSN.count >= 2")
        page.keyboard.press("Escape")
        expect(page.locator(".found-error")).to_have_text("PERSN")
        item = page.get_by_role("list", name="Diagnostics").get_by_role("listitem")
        expect(item).to_contain_text("unknown category `PERSN` in job `OBJECTS`")
        item.get_by_role("button", name="KQ102").click()
        about = item.get_by_role("region", name="What this code means")
        expect(about.get_by_role("heading").first).to_contain_text("KQ102")
        expect(about.locator("pre").first).to_contain_text("OBJECTS")
        expect(about).not_to_contain_text("```")
        assert faults_for_assistive_technology(page) == []
        item.get_by_role("button", name="Take the fix").click()
        expect(editor(page)).to_have_text("OBJECTS.PERSON.count >= 2")
        expect(item).to_have_count(0)
        expect_counts(page, "OBJECTS.PERSON.count >= 2")

    def test_the_page_of_a_code_is_set_as_text(self, page: Page) -> None:
        links = "[the `guide`](https://example.com/a), [others](KQ101.md), [x](javascript:alert)"
        written = f"# KQ102: **strong** <b>\n\nSee {links}."

        def rewrite(route: Route) -> None:
            answer = route.fetch()
            found = answer.json()
            found["diagnostics"] = [{**one, "page": written} for one in found["diagnostics"]]
            route.fulfill(response=answer, json=found)

        page.route(re.compile("/api/v1/check$"), rewrite)
        try:
            write(page, "OBJECTS.PERSN OR OBJECTS.CAR")
            page.get_by_role("button", name="KQ102").click()
            about = page.get_by_role("region", name="What this code means")
            expect(about.get_by_role("heading")).to_have_text("KQ102: strong <b>")
            expect(about.locator("strong")).to_have_text("strong")
            expect(about.get_by_role("paragraph")).to_have_text("See the guide, others, x.")
            link = about.get_by_role("link")
            expect(link).to_have_text("the guide")
            expect(link).to_have_attribute("href", "https://example.com/a")
            expect(link).to_have_attribute("rel", "noopener noreferrer")
        finally:
            page.unroute_all()


class TestLabels:
    def test_the_table_and_the_thumbnails_hold_every_label(self, page: Page) -> None:
        write(page, "OBJECTS.PERSON.count >= 2")
        expect_counts(page, "OBJECTS.PERSON.count >= 2")
        page.get_by_role("tab", name="Table").click()
        grid = page.get_by_role("grid", name="Labels")
        expect(grid.get_by_role("columnheader", name="Person")).to_be_visible()
        expect(grid).to_have_attribute("aria-rowcount", str(matching("OBJECTS.PERSON.count >= 2") + 1))
        grid.press("End")
        expect(grid.get_by_text("street/249.jpg")).to_be_visible()
        page.get_by_role("tab", name="Thumbnails").click()
        tile = page.get_by_role("option", name="street/002.jpg")
        expect(tile.locator(".shape.box")).to_have_count(2)
        expect(tile.locator(".shape.polygon")).to_have_count(2)
        expect(tile.locator(".shape.polygon path").first).to_have_attribute("fill-rule", "evenodd")
        page.get_by_role("listbox", name="Labels").press("End")
        expect(page.get_by_role("option", name="street/249.jpg")).to_be_visible()

    def test_a_label_says_why_it_matches(self, page: Page) -> None:
        write(page, "OBJECTS.PERSON.count >= 4")
        expect_counts(page, "OBJECTS.PERSON.count >= 4")
        page.get_by_role("tab", name="Table").click()
        page.get_by_role("grid").get_by_text("street/009.jpg").click()
        panel = page.get_by_role("region", name="Label", exact=True)
        expect(panel).to_contain_text("Matches")
        expect(panel).to_contain_text("OBJECTS.PERSON.count = 4")
        expect(panel.locator(".shape")).to_have_count(4)
        panel.get_by_text("JSON", exact=True).click()
        expect(panel.locator("pre")).to_contain_text('"id": "label-009"')
        write(page, "OBJECTS.PERSON.count >= 5")
        expect(panel).to_contain_text("Does not match")
        page.get_by_role("button", name="Look at the labels that do not match").click()
        expect(page.get_by_role("grid")).to_have_attribute("aria-rowcount", str(COUNT + 1))
        page.get_by_role("grid").get_by_text("street/004.jpg").click()
        expect(panel).to_contain_text("OBJECTS.PERSON.count = 4")
        page.get_by_role("button", name=re.compile("^Matching")).click()
        expect(page.get_by_text("No label matches.")).to_be_visible()


class TestBars:
    def test_a_bar_adds_its_clause_and_gives_what_it_said(self, page: Page) -> None:
        write(page, "SCENE.OUTDOOR OR OBJECTS.CAR.count == 2")
        expect_counts(page, "SCENE.OUTDOOR OR OBJECTS.CAR.count == 2")
        bar = page.get_by_role("group", name="Labels by number of Person").get_by_role("button").nth(3)
        said = re.match(r"3: (\d+) of (\d+) labels match\. Add (.+)", bar.get_attribute("aria-label") or "")
        assert said
        bar.click()
        wanted = "(SCENE.OUTDOOR OR OBJECTS.CAR.count == 2) AND OBJECTS.PERSON.count == 3"
        expect(editor(page)).to_have_text(wanted)
        expect_counts(page, wanted)
        assert int(said[1]) == matching(wanted)

    def test_a_second_click_on_a_bar_takes_its_clause_away(self, page: Page) -> None:
        bar = page.get_by_role("group", name="Labels by number of Person").get_by_role("button").nth(3)
        for before in ("SCENE.OUTDOOR OR OBJECTS.CAR.count==2", ""):
            write(page, before) if before else page.get_by_role("button", name="Clear").click()
            expect_counts(page, before) if before else expect(editor(page)).not_to_contain_text("OBJECTS.")
            bar.click()
            expect(bar).to_have_accessible_name(re.compile("Take away OBJECTS.PERSON.count == 3$"))
            expect(editor(page)).to_contain_text("OBJECTS.PERSON.count == 3")
            bar.click()
            expect(bar).to_have_accessible_name(re.compile("Add OBJECTS.PERSON.count == 3$"))
            expect(editor(page)).not_to_contain_text("OBJECTS.PERSON.count == 3")
            if before:
                expect(editor(page)).to_have_text(before)

    def test_a_bar_says_that_an_error_must_be_corrected_first(self, page: Page) -> None:
        write(page, "OBJECTS.PERSON AND")
        bar = page.get_by_role("group", name="Labels by number of Person").get_by_role("button").nth(3)
        expect(bar).to_be_disabled()
        expect(bar).to_have_accessible_name(re.compile("Correct the error in the query first$"))
        expect(bar).to_have_attribute("title", re.compile("Correct the error in the query first$"))
        write(page, "OBJECTS.PERSON")
        expect(bar).to_be_enabled()
        expect(bar).to_have_accessible_name(re.compile("Add OBJECTS.PERSON.count == 3$"))


class TestWords:
    """Names of categories: offered, and explained under the pointer."""

    def test_completion_shows_names_and_colours(self, page: Page) -> None:
        type_in(page, "OBJECTS.T")
        offer = page.get_by_role("option", name="TRAFFIC_LIGHT")
        expect(offer).to_contain_text("Traffic light")
        expect(offer.locator(".swatch")).to_be_visible()
        while editor(page).text_content() == "OBJECTS.T":  # right after they appear, offers cannot be taken by mistake
            page.keyboard.press("Tab")
        expect(editor(page)).to_have_text("OBJECTS.TRAFFIC_LIGHT")
        expect(page.locator(".cm-line .swatch")).to_be_visible()
        page.locator(".tok-category").hover()
        expect(page.locator(".cm-tooltip-hover")).to_contain_text("Traffic light")

    def test_a_word_that_is_written_is_not_offered(self, page: Page) -> None:
        type_in(page, "OBJECTS.TRAFFIC_LIGH")
        expect(page.get_by_role("option", name="TRAFFIC_LIGHT")).to_be_visible()
        with page.expect_response(re.compile("/api/v1/complete$")):
            page.keyboard.press("T")
        expect(page.locator(".cm-tooltip-autocomplete")).to_have_count(0)

    def test_the_box_under_the_pointer_gives_way(self, page: Page) -> None:
        box = page.locator(".cm-tooltip-hover")
        write(page, "OBJECTS.PERSON")
        expect(page.locator(".cm-line .swatch")).to_be_visible()
        word = page.locator(".tok-category")
        word.hover()
        expect(box).to_contain_text("Person")
        at = word.bounding_box()
        assert at
        page.mouse.move(at["x"] + at["width"] + 200, at["y"] + at["height"] / 2)  # beside it, on the same line
        expect(box).to_have_count(0)
        word.hover()
        expect(box).to_contain_text("Person")
        page.get_by_role("heading", name="Street").dispatch_event("pointerdown")  # a touch, which moves no pointer
        expect(box).to_have_count(0)
        page.mouse.move(at["x"] + at["width"] / 2 - 4, at["y"] + at["height"] / 2)
        expect(box).to_contain_text("Person")
        page.keyboard.press("ControlOrMeta+End")
        page.keyboard.type(".")
        expect(page.locator(".cm-tooltip-autocomplete")).to_be_visible()
        expect(box).to_have_count(0)


def test_an_incomplete_query_is_left_alone_for_longer(timed: Page) -> None:
    page = timed
    found = page.get_by_role("list", name="Diagnostics")
    page.clock.install(time=0)
    page.clock.pause_at(1000)
    for query, shown in (("OBJECTS.PERSON AND", False), ("OBJECTS.PERSN AND SCENE.INDOOR", True)):
        write(page, query)
        page.clock.run_for(100)
        expect(page.locator(".found-error")).to_have_text("PERSN" if shown else "AND")
        page.clock.run_for(500)
        expect(found).to_have_count(int(shown))
    write(page, "OBJECTS.PERSON AND")
    page.clock.run_for(100)
    expect(page.locator(".found-error")).to_have_text("AND")
    page.clock.run_for(1000)
    expect(found).to_contain_text("KQ")


def test_a_query_is_formatted_shared_and_remembered(page: Page, browser: Browser, box: PageServer) -> None:
    write(page, "OBJECTS.PERSON.count>=4   and SCENE.INDOOR")
    page.keyboard.press("Shift+Alt+F")
    tidy = "OBJECTS.PERSON.count >= 4 and SCENE.INDOOR"
    formatted = kq.parse(tidy).format()
    expect(editor(page)).to_have_text(formatted)
    page.wait_for_url(re.compile("#q="))
    page.get_by_role("button", name="History").click()
    expect(page.get_by_role("group", name="Queries used lately").get_by_role("button", name=formatted)).to_be_visible()
    fragment = page.evaluate("location.hash")
    with browser.new_context() as of_another, opened(of_another, box, fragment=fragment) as other:
        expect(editor(other)).to_have_text(formatted)
        expect_counts(other, tidy)


def test_the_copied_command_counts_the_same_in_a_shell(profile: BrowserContext, tmp_path: Path) -> None:
    path = tmp_path / "labels.ndjson"
    path.write_text("\n".join(map(json.dumps, LABELS)), encoding="utf-8")
    with PageServer(source_of(str(path))) as box, opened(profile, box) as page:
        profile.grant_permissions(["clipboard-read", "clipboard-write"], origin=box.url)
        write(page, "OBJECTS.PERSON.count >= 4")
        expect_counts(page, "OBJECTS.PERSON.count >= 4")
        page.get_by_role("tab", name="Plan").click()
        page.get_by_role("button", name="Copy: Command line").click()
        expect(page.get_by_role("button", name="Copied")).to_be_visible()
        command = page.evaluate("navigator.clipboard.readText()")
    ours = command.replace("kili-query ", f"{sys.executable} -m kili_query ", 1)
    ran = subprocess.run(["sh", "-c", ours], capture_output=True, check=True, text=True, cwd=tmp_path)
    assert ran.stdout.strip() == str(matching("OBJECTS.PERSON.count >= 4"))


def test_the_keyboard_alone_is_enough(page: Page) -> None:
    editor(page).press_sequentially("OBJECTS.PERSON.count >= 4")
    page.keyboard.press("Escape")
    expect_counts(page, "OBJECTS.PERSON.count >= 4")
    for _ in range(30):
        page.keyboard.press("Tab")
        if page.get_by_role("tab", name="Table").evaluate("tab => tab === tab.getRootNode().activeElement"):
            break
    page.keyboard.press("ArrowRight")
    expect(page.get_by_role("tab", name="Thumbnails")).to_be_focused()
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("Tab")
    grid = page.get_by_role("grid", name="Labels")
    expect(grid).to_be_focused()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    panel = page.get_by_role("region", name="Label", exact=True)
    expect(panel).to_be_focused()
    expect(panel).to_contain_text("street/009.jpg")
    page.keyboard.press("Escape")
    expect(panel).to_have_count(0)
    expect(grid).to_be_focused()


def test_a_phone_shows_everything_without_scrolling_sideways(profile: BrowserContext, box: PageServer) -> None:
    with opened(profile, box, size=(360, 700)) as page:
        write(page, "OBJECTS.PERSON.count >= 4 AND SCENE.INDOOR AND OBJECTS.CAR.count < 2")
        for name in ("Table", "Thumbnails", "Overview", "Plan"):
            page.get_by_role("tab", name=name).click()
            hold_no_scroll_across(page)
        page.get_by_role("button", name="History").click()
        expect(page.get_by_role("group", name="Queries used lately")).to_be_visible()
        hold_no_scroll_across(page)
        page.keyboard.press("Escape")
        page.get_by_role("tab", name="Table").click()
        page.get_by_role("grid").get_by_text("street/004.jpg").click()
        sheet = page.get_by_role("dialog", name="Label")
        expect(sheet).to_contain_text("Matches")
        hold_no_scroll_across(page)
        sheet.get_by_role("button", name="Close").click()
        expect(sheet).to_have_count(0)


def test_colours_of_the_system(profile: BrowserContext, box: PageServer) -> None:
    """Categories keep their squares, and what is chosen differs by more than a colour of ours."""
    with opened(profile, box, forced_colors="active") as page:
        write(page, "OBJECTS.PERSON.count >= 2")
        expect_counts(page, "OBJECTS.PERSON.count >= 2")
        square = page.locator(".card .swatch").first
        assert square.evaluate("one => getComputedStyle(one).backgroundColor") == "rgb(230, 34, 34)"
        chosen = page.get_by_role("button", name=re.compile("^Matching"))
        assert chosen.evaluate("one => getComputedStyle(one).outlineStyle") == "solid"
        other = page.get_by_role("button", name=re.compile("^Others"))
        assert other.evaluate("one => getComputedStyle(one).outlineStyle") == "none"


@pytest.mark.parametrize(("width", "scheme"), [(1280, "light"), (360, "dark")])
def test_axe_finds_nothing(profile: BrowserContext, box: PageServer, width: int, scheme: str) -> None:
    with opened(profile, box, color_scheme=scheme, size=(width, 800)) as page:
        write(page, "OBJECTS.PERSN.count >= 2")
        expect(page.get_by_role("list", name="Diagnostics")).to_contain_text("KQ102")
        assert faults_for_assistive_technology(page) == []
        write(page, "OBJECTS.PERSON.count >= 2")
        expect_counts(page, "OBJECTS.PERSON.count >= 2")
        expect(page.get_by_role("list", name="Diagnostics")).to_have_count(0)
        tabs = {"Plan": "Copy", "Overview": "Traffic light", "Thumbnails": "street/002.jpg"}
        for name, text in tabs.items():
            if name == "Overview" and width > 1000:
                continue
            page.get_by_role("tab", name=name).click()
            expect(page.get_by_role("tabpanel")).to_contain_text(text)
            assert faults_for_assistive_technology(page, "[role=tabpanel]") == []
        page.get_by_role("option", name="street/002.jpg").click()
        expect(page.get_by_text("Matches", exact=True)).to_be_visible()
        assert faults_for_assistive_technology(page) == []


def test_what_cannot_be_judged_is_listed(profile: BrowserContext, tmp_path: Path) -> None:
    broken = {**label(1), "jsonResponse": {"OBJECTS": {"annotations": 3}}}
    strange = {**label(3), "jsonResponse": {"ZOO": {"categories": [{"name": "ZEBRA"}]}}}
    records = [*map(json.dumps, [label(0), broken, {**label(2), "jsonResponse": None}, strange]), "no label"]
    path = tmp_path / "labels.ndjson"
    path.write_text("\n".join(records), encoding="utf-8")
    with PageServer(PlainSource.of(str(path), ontology=project())) as box, opened(profile, box) as page:
        expect(page.get_by_role("note")).to_contain_text("labels hold 1 category that the ontology does not have")
        lists = page.get_by_role("group", name="Labels that are listed")
        expect(lists.get_by_role("button")).to_have_text(["All 4", "Unknown 1", "Malformed 2"])
        grid = page.get_by_role("grid", name="Labels")
        write(page, "OBJECTS.PERSON")
        malformed = lists.get_by_role("button", name="Malformed 2")
        malformed.press("Enter")
        expect(malformed).to_have_attribute("aria-pressed", "true")
        expect(malformed).to_be_focused()
        expect(grid.get_by_role("row", name="street/001.jpg")).to_contain_text("`annotations` must be a list")
        expect(grid.get_by_role("row", name="labels.ndjson:5")).to_contain_text("not JSON")
        assert faults_for_assistive_technology(page) == []
        grid.get_by_text("street/001.jpg").click()
        expect(page.get_by_role("region", name="Label", exact=True)).to_contain_text("Cannot be judged")
        page.get_by_role("button", name="Close").click()
        page.set_viewport_size({"width": 390, "height": 800})
        reason = grid.get_by_role("gridcell", name=re.compile("^not JSON"))
        assert reason.evaluate("cell => cell.scrollWidth <= cell.clientWidth")  # the list scrolls, and nothing is cut
        hold_no_scroll_across(page)
        page.set_viewport_size({"width": 1280, "height": 800})
        lists.get_by_role("button", name="Unknown 1").click()
        expect(grid.get_by_role("row", name="street/002.jpg")).to_contain_text("`jsonResponse` is null")
        page.get_by_role("tab", name="Thumbnails").click()
        expect(page.get_by_role("option", name="street/002.jpg: `jsonResponse` is null")).to_be_visible()


def test_a_turned_jpeg_is_shown_as_it_is_drawn_elsewhere(profile: BrowserContext, tmp_path: Path) -> None:
    stored = Image.new("RGB", (80, 40), "white")
    stored.paste("blue", (0, 0, 20, 20))
    sizes = {"wide": (80, 40), "tall": (40, 80), "none": None}
    turned = [(orientation, name) for orientation in (3, 6, 8) for name in sizes]
    labels = []
    for orientation, name in turned:
        exif = Image.Exif()
        exif[0x0112] = orientation
        stored.save(tmp_path / f"{orientation}.jpg", exif=exif, quality=95)
        asset = {"externalId": f"{name} {orientation}", "content": f"{orientation}.jpg", **resolution(sizes[name])}
        labels.append(
            {"id": f"{name} {orientation}", "labelOf": {"id": asset["externalId"], **asset}, "jsonResponse": {}}
        )
    source = PlainSource.of(labels, ontology=project(), images=FileImages(FolderFiles(tmp_path)))
    with PageServer(source) as box, opened(profile, box, size=(1280, 1400)) as page:  # all of the image is in sight
        panel, canvas = page.get_by_role("region", name="Label", exact=True), page.locator(".detail .canvas")
        for orientation, name in turned:
            page.get_by_role("grid").get_by_text(f"{name} {orientation}", exact=True).click()
            expect(panel.get_by_role("heading", name=f"{name} {orientation}")).to_be_visible()
            is_turned = name == "tall" and orientation != 3
            expect(canvas.locator("img")).to_have_css("image-orientation", "from-image" if is_turned else "none")
            canvas.locator("img").evaluate("image => image.decode()")
            expect(canvas).to_have_attribute("style", re.compile("0.5" if name == "tall" else ": 2"))
            shot = Image.open(BytesIO(canvas.screenshot())).convert("RGB")
            drawn = opened_image(tmp_path / f"{orientation}.jpg", sizes[name]).resize(shot.size)
            assert ImageStat.Stat(ImageChops.difference(shot, drawn)).rms < [20] * 3, (name, orientation)


def resolution(size: tuple[int, int] | None) -> dict[str, Any]:
    return {} if size is None else {"resolution": {"width": size[0], "height": size[1]}}


def test_text_and_frames_are_shown(profile: BrowserContext) -> None:
    marked = {"beginOffset": 0, "content": "Ada 𝒳", "endOffset": 6, "mid": "n", "categories": [{"name": "NAME"}]}
    text = {
        **label(0),
        "labelOf": {"id": "t", "externalId": "note", "content": "Ada 𝒳 wrote"},
        "jsonResponse": {"NAMES": {"annotations": [marked]}},
    }
    with PageServer(PlainSource.of([text], ontology=project(input_type="TEXT"))) as box, opened(profile, box) as page:
        page.get_by_role("grid").get_by_text("note").click()
        expect(page.locator(".detail")).to_contain_text("NAMES")
    frames = {str(one): {"OBJECTS": {"annotations": [shape(one, "PERSON", "rectangle")]}} for one in (0, 3, 7)}
    video = {**label(0), "jsonResponse": frames}
    with PageServer(PlainSource.of([video], ontology=project(input_type="VIDEO"))) as box, opened(profile, box) as page:
        page.get_by_role("grid").get_by_text("street/000.jpg").click()
        strip = page.get_by_role("group", name="Frames")
        expect(strip.get_by_role("button")).to_have_text(["0", "3", "7"])
        strip.get_by_role("button", name="7").click()
        expect(strip.get_by_role("button", name="7")).to_have_attribute("aria-pressed", "true")


def test_a_frame_of_a_video_is_the_one_that_exports_cut(profile: BrowserContext, tmp_path: Path) -> None:
    """Each frame of the video has a grey of its own, so a neighbour would be seen."""
    ffmpeg = system_program("ffmpeg")
    greys = b"".join(bytes([20 + 20 * number] * 3) * 32 * 16 for number in range(11))
    raw = ["-f", "rawvideo", "-pix_fmt", "rgb24", "-s", "32x16", "-r", "10", "-i", "-"]
    film = [*["-c:v", "libvpx", "-b:v", "1M", "-g", "4", "-f", "webm"], str(tmp_path / "film.webm")]
    subprocess.run([ffmpeg, "-v", "error", *raw, *film], input=greys, check=True)
    rate = {"shouldKeepNativeFrameRate": False, "framesPlayedPerSecond": 6}
    processed = {"jsonMetadata": {"processingParameters": rate}}
    cut_out = cut(ffmpeg, tmp_path / "film.webm", tmp_path / "frames", processed)
    frames = {str(one): {"OBJECTS": {"annotations": [shape(0, "PERSON", "rectangle")]}} for one in (0, 1, 5, 40)}
    named = {
        "timed": {"content": "film.webm", **processed},
        "untimed": {"content": "film.webm"},
        "broken": {"content": "broken.webm", **processed},
        "absent": {"content": "https://example.com/film.webm", **processed},
    }
    (tmp_path / "broken.webm").write_bytes(b"\x1a\x45\xdf\xa3" + bytes(100))
    labels = [
        {"id": name, "labelOf": {"id": name, "externalId": name, **asset}, "jsonResponse": frames}
        for name, asset in named.items()
    ]
    source = PlainSource.of(labels, ontology=project(input_type="VIDEO"), images=FileImages(FolderFiles(tmp_path)))
    with PageServer(source) as box, opened(profile, box) as page:
        canvas, why = page.locator(".detail .canvas"), page.locator(".detail .blank")
        page.get_by_role("grid").get_by_text("timed", exact=True).click()
        for number in (5, 0, 1):
            page.get_by_role("group", name="Frames").get_by_role("button", name=str(number), exact=True).click()
            expect(page.get_by_role("button", name=str(number), pressed=True)).to_be_visible()
            expect(canvas.locator("video:not(.waiting)")).to_be_visible()
            corner = Image.open(BytesIO(canvas.screenshot())).convert("L").crop((0, 0, 9, 9))
            wanted = Image.open(cut_out[number]).convert("L").crop((0, 0, 4, 4))
            assert abs(ImageStat.Stat(corner).mean[0] - ImageStat.Stat(wanted).mean[0]) < 8, number
        page.get_by_role("group", name="Frames").get_by_role("button", name="40").click()
        expect(why).to_contain_text("The video ends before this frame")
        told = {"untimed": "does not say at how many frames", "absent": "not among the files", "broken": "cannot show"}
        for name, words in told.items():
            page.get_by_role("grid").get_by_text(name, exact=True).click()
            expect(why).to_contain_text(words)
            expect(canvas.locator("video:not(.waiting)")).to_have_count(0)


def test_nothing_from_outside_is_read_as_html(profile: BrowserContext) -> None:
    labels = [label(number, ATTACK) for number in range(30)]
    source = PlainSource.of(labels, ontology=project(ATTACK + " "), title=ATTACK)
    with PageServer(source) as box, opened(profile, box) as page:
        expect(page.get_by_role("heading", level=1)).to_have_text(ATTACK)
        editor(page).press_sequentially("OBJECTS.P")
        expect(page.get_by_role("option", name="PERSON")).to_contain_text(ATTACK)
        write(page, ATTACK)
        expect(page.get_by_role("list", name="Diagnostics").get_by_role("listitem").first).to_be_visible()
        write(page, f'OBJECTS."{ATTACK}".count > 0'.replace("\"'", "'"))
        expect(page.get_by_role("list", name="Diagnostics")).to_contain_text("<img src=x")
        write(page, "OBJECTS.PERSON.count >= 1")
        for name in ("Thumbnails", "Plan", "Table"):
            page.get_by_role("tab", name=name).click()
            expect(page.get_by_role("tabpanel")).to_contain_text("PERSON" if name == "Plan" else "<img src=x")
        page.get_by_role("grid").get_by_text("001.jpg").click()
        expect(page.locator(".detail")).to_contain_text("OBJECTS.PERSON.count")
        page.locator(".tok-category").hover()
        expect(page.locator(".cm-tooltip-hover")).to_contain_text(ATTACK)


def test_an_answer_that_comes_late_is_dropped(page: Page) -> None:
    slow, quick = "OBJECTS.PERSON.count >= 1", "OBJECTS.PERSON.count >= 4"
    held: list[Route] = []

    def hold(route: Route) -> None:
        if slow in json.loads(route.request.post_data or "{}").values():
            held.append(route)
        else:
            route.continue_()

    page.route(re.compile("/api/v1/(run|histogram)$"), hold)
    write(page, slow)
    while len(held) < 2:
        page.wait_for_timeout(10)
    expect(page.locator("[aria-label=Counts]")).to_have_attribute("aria-busy", "true")
    expect(page.get_by_role("status").filter(has_text=re.compile(f"^{COUNT} labels"))).to_be_visible()
    write(page, quick)
    expect_counts(page, quick)
    for route in held:
        route.continue_()
    write(page, quick + " ")
    expect_counts(page, quick)


def test_a_server_that_is_gone_is_reported_and_asked_again(browser: Browser, box: PageServer) -> None:
    with browser.new_context() as context:
        page = context.new_page()
        page.goto(box.link)
        expect(page.get_by_role("status").filter(has_text=re.compile(f"^{COUNT} labels"))).to_be_visible()
        context.set_offline(True)
        write(page, "OBJECTS.PERSON.count >= 2")
        alert = page.get_by_role("alert")
        expect(alert).to_contain_text("the server does not answer")
        context.set_offline(False)
        alert.get_by_role("button", name="Try again").click()
        expect_counts(page, "OBJECTS.PERSON.count >= 2")
        expect(alert).to_have_count(0)


def test_a_kernel_that_does_not_answer_is_reported(timed: Page) -> None:
    page = timed
    page.clock.install()
    page.evaluate("""async () => {
        const { default: widget } = await import("/component.js")
        window.sent = []
        const model = { get: () => "", set() {}, save_changes() {}, send: (call) => sent.push(call), on() {}, off() {} }
        const el = document.body.appendChild(document.createElement("div"))
        el.id = "widget"
        widget.render({ model, el })
    }""")
    shown = page.locator("#widget")
    expect(shown.get_by_role("status")).to_have_text("Counting…")
    page.clock.run_for(31_000)
    expect(shown.get_by_role("alert")).to_contain_text("the kernel does not answer")
    expect(shown.get_by_role("status")).to_have_text("Not counted")
    asked = page.evaluate("sent.length")
    shown.get_by_role("button", name="Try again").click()
    assert page.evaluate("sent.length") > asked


def test_a_query_that_is_refused_leaves_nothing_of_the_one_before(browser: Browser, box: PageServer) -> None:
    with browser.new_context() as profile, profile.new_page() as page:  # the browser tells of the refusal
        page.goto(box.link)
        write(page, "OBJECTS.PERSN AND SCENE.INDOOR")
        expect(page.get_by_role("list", name="Diagnostics")).to_contain_text("PERSN")
        write(page, "OBJECTS.PERSN AND SCENE.INDOOR" + " " * 40_000)
        alert = page.get_by_role("alert")
        expect(alert).to_contain_text("40000 are allowed")
        expect(alert.get_by_role("button")).to_have_text(["Dismiss"])
        expect(page.get_by_role("list", name="Diagnostics")).to_have_count(0)
        expect(page.locator(".found")).to_have_count(0)
