"""`kili-query watch`, as a process that watches a sandbox of this process."""

import json
import re
import signal
import subprocess
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TypeAlias

import pytest
from attrs import frozen

from kili_query.client import KiliClient
from kili_query.sandbox import Sandbox
from kili_query.sandbox.events import Events
from tests.cli.running import DEMO, Run
from tests.cli.served import variables_of
from tests.ending import end_by

TIMEOUT_S = 60
PERSON = {"SCENE": {"categories": [{"name": "PERSON"}]}}
VEHICLE = {"SCENE": {"categories": [{"name": "VEHICLE"}]}}
BOXES = {
    "OBJECTS": {
        "annotations": [
            {"mid": str(number), "categories": [{"name": name}]} for number, name in enumerate(["PERSON", "CAR", "CAR"])
        ]
    }
}


@pytest.fixture(scope="module")
def box() -> Iterator[Sandbox]:
    with Sandbox(project=DEMO / "project.json", labels=DEMO / "labels.ndjson") as box:
        yield box


@pytest.fixture(scope="module")
def client(box: Sandbox) -> Iterator[KiliClient]:
    with KiliClient(box.api_key, box.endpoint, disable_tqdm=True) as client:
        yield client


@pytest.fixture
def listens(monkeypatch: pytest.MonkeyPatch) -> threading.Semaphore:
    """Released each time that a server begins to listen for a subscription."""
    begun, listen = threading.Semaphore(0), Events.join

    def listen_and_tell(*arguments: object) -> object:
        listener = listen(*arguments)
        begun.release()
        return listener

    monkeypatch.setattr(Events, "join", listen_and_tell)
    return begun


def append(client: KiliClient, project_id: str, *contents: object) -> list[str]:
    assets = client.assets(project_id, fields=["id"], first=len(contents))
    created = client.append_labels(
        asset_id_array=[str(asset["id"]) for asset in assets], json_response_array=list(contents)
    )
    return [str(label["id"]) for label in created]


@frozen
class Watching:
    """A process that watches, and from which lines can be read."""

    process: "subprocess.Popen[str]"

    def lines(self, number: int) -> list[str]:
        assert self.process.stdout is not None
        return [self.process.stdout.readline().rstrip("\n") for _ in range(number)]

    def told(self) -> str:
        """The next line on standard error."""
        assert self.process.stderr is not None
        return self.process.stderr.readline().rstrip("\n")

    def end(self, sent: signal.Signals | None = None) -> tuple[int, str, str]:
        """Exit status, and what it still said."""
        if sent is not None:
            end_by(self.process, sent)
        out, err = self.process.communicate(timeout=TIMEOUT_S)
        return self.process.returncode, out, err


Watch: TypeAlias = Callable[..., Watching]


@contextmanager
def watching(command: Sequence[str], environ: dict[str, str], folder: Path) -> Iterator[Watching]:
    with subprocess.Popen(
        command, env=environ, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, encoding="utf-8"
    ) as process:
        deadline = threading.Timer(TIMEOUT_S, process.kill)  # else a line that does not come is waited for for ever
        deadline.start()
        try:
            yield Watching(process)
        finally:
            deadline.cancel()
            process.kill()


@pytest.fixture
def watch(forked: list[str], environ: dict[str, str], tmp_path: Path, listens: threading.Semaphore) -> Iterator[Watch]:
    """``watch(box, *options)``: a process that watches the box's project, and is known to the server."""
    with ExitStack() as stack:

        def start(box: Sandbox, *options: object, command: Sequence[str] = forked) -> Watching:
            known = environ | {"KILI_API_KEY": box.api_key, "KILI_API_ENDPOINT": box.endpoint}
            words = [*command, "watch", box.project_id, *map(str, options)]
            process = stack.enter_context(watching(words, known, tmp_path))
            assert listens.acquire(timeout=TIMEOUT_S)
            assert process.told() == f"watching `{box.project_id}`, Ctrl-C ends it"
            return process

        yield start


def test_lines(box: Sandbox, client: KiliClient, watch: Watch) -> None:
    process = watch(box, "--first", 3)
    ids = append(client, box.project_id, PERSON, BOXES, {})
    lines = process.lines(3)
    assert process.end() == (0, "", "")
    time = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d+Z"
    ends = ["SCENE.PERSON=1", "OBJECTS.CAR=2 OBJECTS.PERSON=1", "empty"]
    for line, label_id, end in zip(lines, ids, ends, strict=True):
        assert re.fullmatch(rf"{time}  DEFAULT  owner@example\.com  {label_id}  asset\d+  {re.escape(end)}", line)


def test_json_and_a_query(box: Sandbox, client: KiliClient, watch: Watch) -> None:
    process = watch(box, "--jsonl", "--where", "SCENE.PERSON", "-n", 2)
    ids = append(client, box.project_id, PERSON, VEHICLE, {}, PERSON)
    labels = [json.loads(line) for line in process.lines(2)]
    assert process.end() == (0, "", "")
    assert [label["id"] for label in labels] == [ids[0], ids[3]]
    assert [label["jsonResponse"] for label in labels] == [PERSON, PERSON]
    assert labels[0]["author"]["email"] == "owner@example.com"


def test_one_document(box: Sandbox, client: KiliClient, watch: Watch) -> None:
    """With `--json`, a label is there at once, and the document is complete however the command ends."""
    process = watch(box, "--json", "--where", "SCENE.PERSON")
    ids = append(client, box.project_id, PERSON, VEHICLE)
    begun = process.lines(2)
    ids += append(client, box.project_id, PERSON)
    begun += process.lines(1)  # the line of the first label ends when the second one comes
    end_by(process.process, signal.SIGINT)
    begun += process.lines(2)
    labels = json.loads("\n".join(begun))["labels"]
    assert process.end() == (130, "", "")
    assert [label["id"] for label in labels] == [ids[0], ids[2]]
    assert [label["jsonResponse"] for label in labels] == [PERSON, PERSON]

    process = watch(box, "--json", "--first", 1)
    [only] = append(client, box.project_id, PERSON)
    status, text, told = process.end()
    assert (status, told, [label["id"] for label in json.loads(text)["labels"]]) == (0, "", [only])

    status, text, told = watch(box, "--json").end(signal.SIGINT)
    assert (status, told, json.loads(text)) == (130, "", {"labels": []})


def test_ctrl_c_as_soon_as_it_watches(box: Sandbox, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(told: str) -> None:
        raise KeyboardInterrupt(told)

    monkeypatch.setattr("kili_query.cli.watch.tell", interrupted)
    ran = run("watch", box.project_id, "--json", **variables_of(box))
    assert (ran.status, json.loads(ran.out), ran.err) == (130, {"labels": []}, "")


def test_ctrl_c_is_quiet(box: Sandbox, client: KiliClient, watch: Watch, command: Sequence[str]) -> None:
    process = watch(box, "--protocol", "graphql-transport-ws", command=command)
    append(client, box.project_id, PERSON)
    process.lines(1)  # each is there at once: a pipe is no reason to wait
    assert process.end(signal.SIGINT) == (130, "", "")


def test_a_broken_pipe_is_quiet(box: Sandbox, client: KiliClient, watch: Watch) -> None:
    process = watch(box)
    assert process.process.stdout is not None
    process.process.stdout.close()
    append(client, box.project_id, PERSON)
    assert process.process.wait(TIMEOUT_S) == 141
    assert process.process.stderr is not None
    assert process.process.stderr.read() == ""


def test_interruptions_are_told(watch: Watch, listens: threading.Semaphore) -> None:
    fault = "drop-after:labelCreatedOrUpdated"
    with (
        Sandbox(project=DEMO / "project.json", labels=DEMO / "labels.ndjson", faults=[fault]) as box,
        KiliClient(box.api_key, box.endpoint, disable_tqdm=True) as client,
    ):
        process = watch(box, "--first", 2)
        first = append(client, box.project_id, PERSON)
        assert first[0] in process.lines(1)[0]
        assert listens.acquire(timeout=TIMEOUT_S)
        last = append(client, box.project_id, PERSON)
        assert last[0] in process.lines(1)[0]
        status, out, err = process.end()
    assert (status, out) == (0, "")
    begun, ended = err.splitlines()
    assert begun == "warning: the subscription is interrupted: the connection broke; connecting again"
    assert re.fullmatch(r"warning: the subscription goes on; labels written from \S+Z to \S+Z did not come", ended)


@pytest.mark.parametrize("protocol", ["any", "events"])
def test_where_websockets_are_blocked(
    forked: list[str], environ: dict[str, str], tmp_path: Path, protocol: str
) -> None:
    with (
        Sandbox(project=DEMO / "project.json", labels=DEMO / "labels.ndjson", has_websockets=False) as box,
        KiliClient(box.api_key, box.endpoint, disable_tqdm=True) as client,
    ):
        known = environ | {"KILI_API_KEY": box.api_key, "KILI_API_ENDPOINT": box.endpoint}
        words = [*forked, "watch", box.project_id, "--poll-every", "0.1", "--protocol", protocol]
        with watching(words, known, tmp_path) as process:
            if protocol == "any":
                told = process.told()
                assert told.startswith("warning: no websocket can be opened: the service answered HTTP 403")
                assert told.endswith("reading the change feed every 0.1 s instead, which does not report drafts")
            assert process.told() == f"watching `{box.project_id}`, Ctrl-C ends it"
            ids = append(client, box.project_id, PERSON, BOXES)
            for line, label_id in zip(process.lines(2), ids, strict=True):
                assert label_id in line
            assert process.end(signal.SIGINT) == (130, "", "")


def test_a_server_that_goes_for_good(watch: Watch) -> None:
    with Sandbox(project=DEMO / "project.json", labels=DEMO / "labels.ndjson") as box:
        process = watch(box, "--give-up-after", 0)
    status, out, err = process.end()
    assert (status, out) == (2, "")
    assert err.startswith("error: the service was out of reach for 0 s, in 1 tries; at last: the service closed")
    assert err.count("\n") == 1


class TestRefusals:
    @pytest.fixture
    def refused(self, run: Run, box: Sandbox) -> Callable[..., str]:
        """``refused(*arguments, **environ)``: what is told, beside status 2."""

        def refused(*arguments: object, **environ: str) -> str:
            known = {"KILI_API_KEY": box.api_key, "KILI_API_ENDPOINT": box.endpoint, **environ}
            ran = run("watch", *arguments, **known)
            assert (ran.status, ran.out) == (2, "")
            assert box.api_key not in ran.err
            return ran.err

        return refused

    def test_an_unknown_project(self, refused: Callable[..., str]) -> None:
        assert refused("nowhere").startswith("error: there is no project `nowhere`, or this user may not see it")

    def test_a_wrong_key(self, refused: Callable[..., str], box: Sandbox) -> None:
        assert refused(box.project_id, KILI_API_KEY="wrong").startswith("error: the API key is refused")

    def test_no_key(self, refused: Callable[..., str], box: Sandbox, tmp_path: Path) -> None:
        told = refused(box.project_id, KILI_API_KEY="", HOME=str(tmp_path))
        assert told.startswith("error: no API key: ")

    def test_a_query_that_is_none(self, refused: Callable[..., str], box: Sandbox) -> None:
        assert "error[KQ0" in refused(box.project_id, "--where", "SCENE.PERSON >")

    def test_a_category_that_the_project_lacks(self, refused: Callable[..., str], box: Sandbox) -> None:
        told = refused(box.project_id, "--where", "SCENE.PERSN")
        assert "unknown category `PERSN`" in told
        assert "did you mean `PERSON`?" in told

    def test_an_endpoint_that_is_none(self, refused: Callable[..., str], box: Sandbox) -> None:
        assert refused(box.project_id, "--endpoint", "nowhere").startswith("error: `--endpoint` is not an endpoint")

    @pytest.mark.parametrize(
        "option",
        [
            ("--first", 0),
            ("--give-up-after", -1),
            ("--give-up-after", "nan"),
            ("--protocol", "mqtt"),
            ("--poll-every", 0),
        ],
    )
    def test_an_option_out_of_range(
        self, refused: Callable[..., str], box: Sandbox, option: tuple[str, object]
    ) -> None:
        assert option[0] in refused(box.project_id, *option)
