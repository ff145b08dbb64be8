"""`kili-query events`."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from kili_query.client import KiliClient
from kili_query.sandbox import Sandbox
from tests.cli.running import DEMO, Ran, Run
from tests.cli.served import served, variables_of


@pytest.fixture(scope="module")
def box() -> Iterator[Sandbox]:
    with served() as box:
        yield box


@pytest.fixture(scope="module")
def listed(box: Sandbox) -> list[dict[str, object]]:
    """What the client lists, with labels that were written and changed."""
    with KiliClient(box.api_key, box.endpoint, disable_tqdm=True) as client:
        [asset] = client.assets(box.project_id, fields=["id"], first=1)
        made = client.append_labels([asset["id"]] * 120, json_response_array=[{}] * 120)
        client.update_properties_in_label(made[0]["id"], seconds_to_label=7)
        return list(client.events(box.project_id))


@pytest.fixture
def ask(run: Run, box: Sandbox) -> Run:
    """``ask(*arguments)``: `kili-query events` of the demo's project."""
    return lambda *arguments, **variables: run("events", "demo", *arguments, **(variables_of(box) | variables))


def rows(text: str) -> list[object]:
    return [json.loads(line) for line in text.splitlines()]


def test_all(ask: Run, listed: list[dict[str, object]]) -> None:
    ran = ask("--jsonl")
    assert (ran.status, ran.err, rows(ran.out)) == (0, f"{len(listed)} events\n", listed)
    assert json.loads(ask("--json").out) == {"events": listed}
    assert rows(ask("--newest", "-n", "3").out) == listed[:-4:-1]


def test_since(ask: Run, listed: list[dict[str, object]]) -> None:
    """The id of the last event is where the next run goes on."""
    assert rows(ask("--since", listed[5]["id"]).out) == listed[6:]
    last = ask("--newest", "-n", "1", "--ids").out.strip()
    assert ask("--since", last) == Ran(1, "", "0 events\n")
    assert json.loads(ask("--since", last, "--json").out) == {"events": []}


def test_one_name(ask: Run, listed: list[dict[str, object]]) -> None:
    assert rows(ask("--event", "label.workflow.edited").out) == listed[-1:]
    assert ask("--event", "asset.deleted").status == 1


def test_a_table(ask: Run, listed: list[dict[str, object]], tmp_path: Path) -> None:
    assert ask("-o", "events.txt", "-n", "1000").status == 0
    titles, *lines = (tmp_path / "events.txt").read_text(encoding="utf-8").splitlines()
    assert titles.split()[:4] == ["id", "createdAt", "event", "payload.externalId"]
    assert len(lines) == len(listed)
    assert lines[-1].split()[0] == listed[-1]["id"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--since", "event-9"), "error: there is no event `event-9`"),
        (("--since", ""), "Invalid value for '--since': must be the id of an event"),
        (("--event", "label.*"), "Invalid value for '--event': must be one whole name"),
        (("--ids", "--json"), "choose one of them"),
        (("-n", "-1"), "--first"),
    ],
)
def test_refusals(ask: Run, arguments: tuple[str, ...], message: str) -> None:
    ran = ask(*arguments)
    assert (ran.status, ran.out) == (2, "")
    assert message in ran.err


def test_no_such_project(run: Run, box: Sandbox) -> None:
    ran = run("events", "other", **variables_of(box))
    assert (ran.status, ran.out) == (2, "")
    assert "other" in ran.err


def test_an_account_without_a_feed(run: Run) -> None:
    with Sandbox(project=DEMO / "project.json", has_feed=False) as box:
        ran = run("events", "demo", **variables_of(box))
    assert (ran.status, ran.out) == (2, "")
    assert ran.err.startswith("error: this account has no change feed: `kili-query labels` lists")


def test_more_than_any_number(ask: Run, listed: list[dict[str, object]]) -> None:
    assert len(ask("--ids", "-n", 10**30).out.splitlines()) == len(listed)
