"""Exports of the official client, of two releases, beside ours: the same calls, on the same sandboxes.

What is compared of a call: the files of the archive, by name and by what they mean; of an error, its kind; where there
is no file and no error, that a warning says so. What differs stands in `export_differences`, with the place of
``docs/differences.md`` that tells users.
"""

import re
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TypeAlias

import pytest
from attrs import evolve, frozen

from kili_query.sandbox import Sandbox
from tests.each import for_each
from tests.peers import export_projects as projects
from tests.peers import export_steps as steps
from tests.peers.export_archives import Files, read_archive
from tests.peers.export_differences import DIFFERENCES, Difference
from tests.peers.export_steps import Step
from tests.peers.official import LATEST, OLD, OURS, SCRIPTS

ROOT = Path(__file__).resolve().parents[2]

Row: TypeAlias = dict[str, object]


@frozen
class Section:
    """Exports of one project.

    Attributes:
        name: of the project.
        write_project: given a folder, and of what lies on a web server its URL and its folder.
        steps: the exports.
    """

    name: str
    write_project: Callable[..., None]
    steps: Sequence[Step]


SECTIONS = (
    Section("photos", projects.write_photos, steps.PHOTOS),
    Section("simple", projects.write_simple_photos, steps.SIMPLE),
    Section("reviewed", projects.write_reviewed, steps.REVIEWED),
    Section("earth", partial(projects.write_earth, crs="EPSG4326"), steps.EARTH),
    Section("earth in pixels", partial(projects.write_earth, crs="PIXEL"), steps.EARTH_IN_PIXELS),
    Section("films", projects.write_films, steps.FILMS),
    Section("texts", projects.write_texts, steps.TEXTS),
    Section("classified", projects.write_classified, steps.CLASSIFIED),
)
SERVED = (
    Section("pictures", projects.write_pictures, steps.PICTURES),
    Section("maps", projects.write_maps, steps.MAPS),
    Section("odd maps", projects.write_odd_maps, steps.ODD_MAPS),
)
"""Projects whose files a web server has."""

COMPARED = [
    (version, section.name, step.name)
    for version in (OLD, LATEST)
    for section in (*SECTIONS, *SERVED)
    for step in section.steps
    if version in step.versions
]

KINDS = (
    "NotCompatibleOptions",
    "NotCompatibleInputType",
    "NotExportableAssetError",
    "NotFound",
    "ValueError",
    "NameError",
    "TypeError",
)
"""Kinds of errors: an error is of the first that it is an instance of."""


@frozen
class Outcome:
    """What came of an export: files, or the classes of an error, or neither and perhaps a warning."""

    files: Files | None
    error: Sequence[str]
    is_warned: bool

    def is_like(self, official: "Outcome") -> bool:
        """Whether who calls the official client would take it for the same."""
        if self.files is not None or official.files is not None:
            return self.files == official.files
        if not self.error or not official.error:
            return not self.error and not official.error and self.is_warned == official.is_warned
        kind = next((kind for kind in KINDS if kind in official.error), f"another: {official.error[0]}")
        return kind in self.error


PROCESSES = {LATEST: 4, OLD: 2, OURS: 2}
"""For each client: with fewer, the official one would wait a minute for its rate limit."""

Runs: TypeAlias = Mapping[tuple[str, str, str], Outcome]


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Runs:
    """By client, section and step."""
    folder = tmp_path_factory.mktemp("exports")
    with ExitStack() as stack:
        files = folder / "files"
        files.mkdir()
        url = stack.enter_context(_served(files))
        boxes = []
        for section in (*SECTIONS, *SERVED):
            section.write_project(folder / section.name, *((url, files) if section in SERVED else ()))
            boxes.append((section, stack.enter_context(Sandbox(folder / section.name))))
        parts = [
            (client, boxes[at::number], folder / f"{client} {at}")
            for client, number in PROCESSES.items()
            for at in range(number)
        ]
        with ThreadPoolExecutor(3) as pool:
            ran = pool.map(lambda part: _run(*part), parts)
            return {key: outcome for found in ran for key, outcome in found.items()}


@contextmanager
def _served(folder: Path) -> Iterator[str]:
    class Handler(SimpleHTTPRequestHandler):
        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Handler, directory=str(folder)))
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def _run(client: str, boxes: Sequence[tuple[Section, Sandbox]], home: Path) -> Runs:
    home.mkdir()
    called = [[step for step in section.steps if client == OURS or client in step.versions] for section, _ in boxes]
    script: list[Row] = [
        {"endpoint": box.endpoint, "api_key": box.api_key, "steps": [step.as_json() for step in of_section]}
        for (_, box), of_section in zip(boxes, called, strict=True)
    ]
    records = _call(client, script, home)
    return {
        (client, section.name, str(record["name"])): _outcome(record, home / "archives" / str(number))
        for number, ((section, _), told) in enumerate(zip(boxes, records, strict=True))
        for record in told
    }


def _call(client: str, sections: Sequence[Row], home: Path) -> list[list[Row]]:
    """Run the script in the environment of the client, which gets a home of its own."""
    name = "kili_query.client:KiliClient" if client == OURS else "kili.client:Kili"
    script = {"client": name, "folder": str(home / "archives"), "sections": sections}
    records = SCRIPTS.run(client, "export_calls.py", script, home)
    assert isinstance(records, list)
    return records


def _outcome(record: Row, folder: Path) -> Outcome:
    error, warnings = record["error"], record["warnings"]
    assert isinstance(warnings, list)
    files = None if record["file"] is None else read_archive(folder / str(record["file"]))
    return Outcome(files, error if isinstance(error, list) else (), "UserWarning" in warnings)


@for_each(COMPARED)
def test_exports_are_alike(case: tuple[str, str, str], runs: Runs) -> None:
    version, section, step = case
    ours, official = runs[OURS, section, step], runs[version, section, step]
    meant = [one for one in DIFFERENCES if one.is_of(section, version, step)]
    if any(one.but_for is None for one in meant):
        assert not ours.is_like(official)
        return
    mine, theirs = _but_for(meant, ours), _but_for(meant, official)
    assert mine.error == () or mine.is_like(theirs), (mine.error, theirs.error)
    assert sorted(mine.files or ()) == sorted(theirs.files or ())
    assert [name for name, one in (mine.files or {}).items() if one != (theirs.files or {})[name]] == []
    assert mine.is_like(theirs)
    for one in meant:  # each of them is there: without it, the others do not make both alike
        others = [other for other in meant if other is not one]
        assert not _but_for(others, ours).is_like(_but_for(others, official)), f"no longer different: {one.anchor}"


def _but_for(meant: Sequence[Difference], outcome: Outcome) -> Outcome:
    """What came of an export, without its differences."""
    files = outcome.files
    for one in meant:
        if files is not None and one.but_for is not None:
            files = one.but_for(files)
    return evolve(outcome, files=files)


def test_filters_leave_some_assets(runs: Runs) -> None:
    """Else they would be alike whatever clients make of a filter."""
    filtered = {one for one in COMPARED if re.match("raw of (?!no |.*(unknown|unlabeled|wrong))", one[2])}
    assert len(filtered) > 10
    for _, section, name in filtered:
        files = runs[OURS, section, name].files
        assert files is not None
        assert 0 < len([file for file in files if file.startswith("labels/")]) < 10, name


def test_each_difference_is_of_an_export() -> None:
    for one in DIFFERENCES:
        found = {version for version, section, step in COMPARED if one.is_of(section, version, step)}
        assert found == set(one.versions), one.anchor


def test_each_difference_is_documented() -> None:
    text = (ROOT / "docs" / "differences.md").read_text(encoding="utf-8").partition("\n## Exports\n")[2]
    headings = re.findall(r"(?m)^### (.+)$", text)
    anchors = {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}
    assert {one.anchor for one in DIFFERENCES} <= anchors
