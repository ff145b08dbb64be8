"""Every label method of the official client, of two releases, beside ours: the same calls, on the same sandbox.

What is compared of a call: its result; of an error, its kind; the categories of its warnings; the mutations that were
sent, with all that they say; the filters that were asked for. After the last call, all that the server holds. What
differs stands in `label_differences`, with the place of ``docs/differences.md`` that tells users. Exports are compared
elsewhere.
"""

import json
import re
import sys
import tomllib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from importlib.metadata import distributions
from pathlib import Path
from typing import TypeAlias

import pytest
import requests
from attrs import define, field, frozen
from packaging.requirements import Requirement

import kili_query as kq
from kili_query.sandbox import Sandbox
from tests.peers import label_steps as steps
from tests.peers.label_differences import DIFFERENCES, Difference
from tests.peers.label_project import PROJECT_ID, write_broken_project, write_image_project, write_video_project
from tests.peers.label_steps import BOTH, Step
from tests.peers.official import LATEST, OLD, OURS, SCRIPTS, official_python

ROOT = Path(__file__).resolve().parents[2]
TIMEOUT_S = 60

Row: TypeAlias = dict[str, object]


@frozen
class Section:
    """Calls of one client on a sandbox of their own; if they only read, on one that all clients share."""

    name: str
    write_project: Callable[[Path], Path]
    steps: Sequence[Step]
    payload_urls: bool = False
    only_reads: bool = False


READING = (Section("reading", write_image_project, steps.READING, only_reads=True),)
REST = (
    Section("shapes", write_image_project, steps.SHAPES, only_reads=True),
    Section("writing", write_image_project, steps.WRITING),
    Section("updating", write_image_project, steps.UPDATING),
    Section("otherwise", write_image_project, steps.OTHERWISE),
    Section("video", write_video_project, steps.VIDEO, only_reads=True),
    Section("broken", write_broken_project, steps.BROKEN, only_reads=True),
    Section("elsewhere", write_image_project, steps.ELSEWHERE, payload_urls=True, only_reads=True),
)
SECTIONS = (*READING, *REST)
PROCESSES = (READING, REST)
"""What one process calls: the official client makes 500 calls a minute, and waits then."""

CALLED = [
    (version, section.name)
    for version in BOTH
    for section in SECTIONS
    if any(version in step.versions for step in section.steps)
]
"""What is compared: the version of the official client, and the section."""

KINDS = (
    "MissingArgumentError",
    "IncompatibleArgumentsError",
    "NotFound",
    "AuthenticationFailed",
    "GraphQLError",
    "TypeCheckError",
    "ValueError",
    "TypeError",
)
"""Kinds of errors: an error is of the first that it is an instance of."""

UNKNOWN = ("NO_SUCH.CAR.count == 0", "OBJECTS.PLANE.count > 0")
"""Searches with names that the project has not."""

SEARCHES = [f"search {search!r}" for search in (*steps.SEARCHES, *steps.BAD_SEARCHES)]
"""The names of the calls with them."""

FOREIGN_WARNINGS = ("PyparsingDeprecationWarning",)
"""What a library of the official client says to its authors."""

LISTS = {"labels": "labels", "countLabels": "labels", "assets": "assets", "countAssets": "assets"}


@define
class Names:
    """What is new in each run, a new id or a time, under the same name in each."""

    ids: dict[str, str] = field(factory=dict)

    def in_value(self, value: object) -> object:
        if isinstance(value, dict):
            return {key: self.in_value(one) for key, one in value.items()}
        if isinstance(value, list):
            return [self.in_value(one) for one in value]
        return self._in_text(value) if isinstance(value, str) else value

    def _in_text(self, text: str) -> str:
        if re.match(r"\d{4}-\d\d-\d\dT", text) and not text.startswith("2024-"):
            return "<now>"
        text = re.sub(r"http://127\.0\.0\.1:\d+/payloads/\w+", "<url>", text)
        return re.sub(r"label-\d{15,}-\w+", lambda found: self.ids.setdefault(found[0], f"<new {len(self.ids)}>"), text)


@frozen
class Outcome:
    """What came of a call, as far as clients can be compared."""

    result: object
    error: str | None
    warnings: list[str]
    writes: list[object]
    filters: set[str]
    sent: int

    def differing(self, other: "Outcome") -> set[str]:
        """The aspects in which they differ; what was asked for counts where both got an answer."""
        aspects = ["result", "error", "warnings", "writes"]
        aspects += ["filters"] if self.error is None and other.error is None else []
        return {aspect for aspect in aspects if getattr(self, aspect) != getattr(other, aspect)}


@frozen
class Ran:
    """What came of the calls of a section, by name, and what the server held at their end, if they write."""

    outcomes: Mapping[str, Outcome]
    left: object


Runs: TypeAlias = Mapping[tuple[str, str], Ran]


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Runs:
    """By client and section."""
    folder = tmp_path_factory.mktemp("label-methods")
    asked = [(client, sections) for client in (LATEST, OLD, OURS) for sections in PROCESSES]
    return run_all(asked, folder)


def run_all(asked: Sequence[tuple[str, Sequence[Section]]], folder: Path) -> Runs:
    """Run sections of clients, each entry in a process of its own."""
    with ExitStack() as stack, ThreadPoolExecutor(3) as pool:
        shared: dict[object, Sandbox] = {}
        for _, sections in asked:
            for section in sections:
                project = (section.write_project, section.payload_urls)
                if section.only_reads and project not in shared:
                    shared[project] = stack.enter_context(_sandbox(section, folder / f"shared {section.name}"))
        ran = pool.map(lambda one: _run_sections(*one, folder / f"{one[0]}-{one[1][0].name}", shared), asked)
        return {key: value for found in ran for key, value in found.items()}


def _sandbox(section: Section, folder: Path) -> Sandbox:
    return Sandbox(section.write_project(folder), payload_urls=section.payload_urls)


def _run_sections(client: str, sections: Sequence[Section], folder: Path, shared: Mapping[object, Sandbox]) -> Runs:
    folder.mkdir()
    called = [(section, found) for section in sections if (found := _called(section, client))]
    with ExitStack() as stack:
        boxes = [
            shared[section.write_project, section.payload_urls]
            if section.only_reads
            else stack.enter_context(_sandbox(section, folder / section.name))
            for section, _ in called
        ]
        script = [_script(found, box, client) for (_, found), box in zip(called, boxes, strict=True)]
        records = call_methods(client, script, folder)
        return {
            (client, section.name): read_records(told, box, only_reads=section.only_reads)
            for (section, _), told, box in zip(called, records, boxes, strict=True)
        }


def _called(section: Section, client: str) -> Sequence[Step]:
    return [step for step in section.steps if client == OURS or client in step.versions]


def _script(called: Sequence[Step], box: Sandbox, client: str) -> Row:
    return {
        "endpoint": box.endpoint,
        "api_key": box.api_key,
        "steps": [step.as_json(is_official=client != OURS) for step in called],
    }


def call_methods(
    client: str, sections: Sequence[Row], home: Path, official: str = "kili.client:Kili"
) -> list[list[Row]]:
    """Run the script in the environment of the client, which gets a home of its own."""
    name = "kili_query.client:KiliClient" if client == OURS else official
    records = SCRIPTS.run(client, "label_methods.py", {"client": name, "sections": sections}, home)
    assert isinstance(records, list)
    return records


def read_records(records: Sequence[Row], box: Sandbox, *, only_reads: bool = False) -> Ran:
    names = Names()
    outcomes = {str(record["name"]): _outcome(record, names) for record in records}
    return Ran(outcomes, None if only_reads else names.in_value(_left(box)))


def _outcome(record: Mapping[str, object], names: Names) -> Outcome:
    classes, warnings, sent = record.get("error"), record["warnings"], record["sent"]
    assert isinstance(warnings, list)
    assert isinstance(sent, list)
    error = None
    if isinstance(classes, list):
        error = next((kind for kind in KINDS if kind in classes), f"another: {classes[0]}")
    writes, filters = [], set()
    for request in sent:
        root = _root(request["query"] or "")
        if (request["query"] or "").startswith("mutation"):
            writes.append([root, names.in_value(_given(request["variables"]))])
        elif root in LISTS:
            filters.add(f"{LISTS[root]} {_filter(_given(request['variables']['where']))}")
    return Outcome(
        names.in_value(record.get("result")),
        error,
        sorted({category for category, _ in warnings if category not in FOREIGN_WARNINGS}),
        writes,
        filters,
        len(sent),
    )


def _root(query: str) -> str:
    """The root field of a document."""
    found = re.search(r"\{\s*(?:data\s*:\s*)?(\w+)", query)
    return found[1] if found else ""


def _given(value: object) -> object:
    """Variables without what is no filter: null, and the empty."""
    if isinstance(value, dict):
        cleaned = {key: _given(one) for key, one in value.items()}
        return {key: one for key, one in cleaned.items() if one is not None and one not in ("", [], {})}
    return [_given(one) for one in value] if isinstance(value, list) else value


def _filter(where: object) -> str:
    """A filter as a text that is equal for what means the same."""

    def told(value: object) -> object:
        if isinstance(value, dict):
            cleaned = {key: _search(one) if key == "search" else told(one) for key, one in value.items()}
            return {key: one for key, one in cleaned.items() if one not in (None, {})}
        if not isinstance(value, list):
            return value
        return [
            json.loads(one) for one in sorted({json.dumps(one, sort_keys=True) for one in value})
        ]  # asked for twice is asked for

    return json.dumps(told(where), sort_keys=True)


def _search(text: object) -> str | None:
    try:
        simple = str(kq.parse(str(text)).simplify())
    except kq.QueryError:
        return str(text)
    return None if simple == "true" else simple


def _left(box: Sandbox) -> object:
    """All labels and assets of a server, as it tells them itself."""
    labels = (
        "id assetId author { id } createdAt jsonResponse labelType modelName secondsToLabel isLatestLabelForUser"
        " honeypotMark stepId referencedLabelId"
    )
    assets = "id externalId status isHoneypot skipped currentStep { id status } labels { id }"
    return {
        root: list(_pages(box, root, kind, selection))
        for root, kind, selection in (("labels", "LabelWhere", labels), ("assets", "AssetWhere", assets))
    }


def _pages(box: Sandbox, root: str, kind: str, selection: str) -> Iterator[object]:
    field = f"{root}(where: $where, first: 100, skip: $skip) {{ {selection} }}"
    query = f"query ($where: {kind}!, $skip: Int!) {{ data: {field} }}"
    headers = {"Authorization": f"X-API-Key: {box.api_key}"}
    skip = 0
    while True:
        variables = {"where": {"project": {"id": PROJECT_ID}}, "skip": skip}
        answer = requests.post(
            box.endpoint, json={"query": query, "variables": variables}, headers=headers, timeout=TIMEOUT_S
        )
        page = answer.json()["data"]["data"]
        yield from page
        if len(page) < 100:
            return
        skip += 100


def _differences(section: str, version: str, name: str) -> Iterator[Difference]:
    return (one for one in DIFFERENCES if one.is_of(section, version, name))


@pytest.mark.parametrize(("version", "section"), CALLED)
def test_calls_agree_but_for_the_listed_differences(runs: Runs, version: str, section: str) -> None:
    theirs, ours = runs[version, section], runs[OURS, section]
    assert theirs.outcomes
    listed = {
        name: set().union(*(one.aspects for one in _differences(section, version, name))) for name in theirs.outcomes
    }
    unlisted = unlisted_differences(theirs, ours, listed)
    assert not unlisted, "\n".join(unlisted)


def unlisted_differences(theirs: Ran, ours: Ran, listed: Mapping[str, set[str]]) -> list[str]:
    """The calls that differ in other aspects than those that are listed, by name."""
    unlisted = []
    for name, official in theirs.outcomes.items():
        if (found := official.differing(ours.outcomes[name])) != listed[name]:
            unlisted.append(
                f"{name}: {sorted(found)} differ, listed are {sorted(listed[name])}\n  theirs: {_shown(official)}\n"
                f"  ours:   {_shown(ours.outcomes[name])}"
            )
    return unlisted


def _shown(outcome: Outcome) -> str:
    parts = [outcome.error or str(outcome.result)[:300], f"{outcome.warnings}", str(outcome.writes)[:300]]
    return " | ".join([*parts, *(text[:300] for text in outcome.filters)])


@pytest.mark.parametrize("version", BOTH)
def test_differences_of_results_are_the_ones_told(runs: Runs, version: str) -> None:
    """Where a difference says how a result differs, the results are equal but for that."""
    for section in (section for called, section in CALLED if called == version):
        for name, official in runs[version, section].outcomes.items():
            for one in _differences(section, version, name):
                if one.but_for is not None:
                    ours = runs[OURS, section].outcomes[name].result
                    assert one.but_for(official.result) == one.but_for(ours), f"{version} {section}: {name}"


def test_each_listed_difference_is_met(runs: Runs) -> None:
    """And, as the other tests see to it, in each of the calls that it names."""
    met = {
        one
        for (client, section), ran in runs.items()
        if client != OURS
        for name in ran.outcomes
        for one in _differences(section, client, name)
    }
    assert [one for one in DIFFERENCES if one not in met] == []


def test_each_listed_difference_is_documented() -> None:
    assert {one.anchor for one in DIFFERENCES} <= documented_anchors()


def documented_anchors() -> set[str]:
    """The anchors of the headings of ``docs/differences.md``."""
    text = (ROOT / "docs" / "differences.md").read_text(encoding="utf-8")
    return {re.sub(r"[^\w -]", "", found.lower()).replace(" ", "-") for found in re.findall(r"(?m)^#+ (.+)$", text)}


@pytest.mark.parametrize(("version", "section"), [one for one in CALLED if one[1] in ("writing", "updating")])
def test_servers_hold_the_same_in_the_end(runs: Runs, version: str, section: str) -> None:
    assert runs[version, section].left == runs[OURS, section].left


def test_what_only_reads_sends_no_mutation(runs: Runs) -> None:
    """So the server that clients share holds what it held, and each gets what it would get alone."""
    assert sent_by_readers(runs, SECTIONS) == []


def sent_by_readers(runs: Runs, sections: Iterable[Section]) -> list[object]:
    """The mutations of sections that only read."""
    readers = {section.name for section in sections if section.only_reads}
    return [
        (key, name, outcome.writes)
        for key, ran in runs.items()
        if key[1] in readers
        for name, outcome in ran.outcomes.items()
        if outcome.writes
    ]


@pytest.mark.parametrize(
    ("methods", "filters"),
    [
        (("count_labels", "labels"), [*steps.FILTERS, *steps.OF_LABELS, *SEARCHES]),
        (("predictions", "inferences"), [what for what in steps.FILTERS if what != "all at once"]),
        (("count_assets", "assets"), [*steps.ASSET_FILTERS]),
    ],
)
def test_each_filter_is_compared_with_both_methods_and_both_releases(
    methods: tuple[str, str], filters: Sequence[str]
) -> None:
    versions = {step.name: step.versions for step in (*steps.READING, *steps.SHAPES)}
    for what in filters:
        one, other = (versions[f"{method}: {what}"] for method in methods)
        assert one, what
        assert other, what
        assert {*one, *other} == {*BOTH}, what


def test_our_argument_errors_come_before_any_request(runs: Runs) -> None:
    """But for what the project has to be asked for first."""
    kinds = {"MissingArgumentError", "IncompatibleArgumentsError", "ValueError", "TypeError"}
    late = [
        (section, name)
        for (client, section), ran in runs.items()
        if client == OURS
        for name, outcome in ran.outcomes.items()
        if outcome.error in kinds and outcome.sent
    ]
    assert sorted(late) == [
        ("broken", "labels: broken"),  # no argument
        ("otherwise", "append_labels: an external id of two assets"),
        *(("reading", f"{method}: search {search!r}") for method in ("count_labels", "labels") for search in UNKNOWN),
    ]


@pytest.mark.parametrize("version", BOTH)
def test_the_client_can_be_installed_beside_the_official_one(version: str) -> None:
    """What our client needs admits the versions that the official client brought."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    needed = [Requirement(text) for text in (*project["dependencies"], *project["optional-dependencies"]["client"])]
    packages = official_python(version).parents[1] / "lib" / "python{}.{}".format(*sys.version_info) / "site-packages"
    installed = {one.name.lower(): one.version for one in distributions(path=[str(packages)])}
    shared = {one.name: one for one in needed if one.name in installed}
    assert {"requests", "tqdm"} <= set(shared)
    clashing = [
        f"{one} against {installed[name]}" for name, one in shared.items() if installed[name] not in one.specifier
    ]
    assert clashing == []
