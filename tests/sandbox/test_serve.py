"""`kili-query serve`, as a process that is asked over HTTP and ended by signals."""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TypeAlias

import pytest
import requests
from attrs import frozen

import kili_query as kq
from kili_query.cli import main
from tests.cli.running import DEMO, ROOT
from tests.ending import end_by
from tests.sandbox.serving import TIMEOUT_S

LABELS = DEMO / "labels.ndjson"
PROJECT = DEMO / "project.json"
NUMBER = len(LABELS.read_text(encoding="utf-8").splitlines())
FILES = ("--project", PROJECT, "--labels", LABELS)
ENVIRON = {name: value for name, value in os.environ.items() if name not in ("NO_COLOR", "FORCE_COLOR")} | {
    "PYTHONPATH": str(ROOT),
    "PYTHONUTF8": "1",
    "COLUMNS": "200",
}
COMMAND = (sys.executable, "-m", "kili_query")

COUNT = "query ($where: LabelWhere!) { data: countLabels(where: $where) }"
APPEND = (
    "mutation ($data: AppendManyLabelsData!, $where: AssetWhere!) "
    "{ data: appendManyLabels(data: $data, where: $where) { id } }"
)


@frozen
class Served:
    """A server that is ready: its process, and what it said of itself."""

    process: "subprocess.Popen[str]"
    endpoint: str
    api_key: str
    project_id: str

    def ask(self, query: str, fault: str = "", timeout_s: float = TIMEOUT_S, **variables: object) -> requests.Response:
        return requests.post(
            self.endpoint,
            json={"query": query, "variables": variables},
            headers={"Authorization": f"X-API-Key: {self.api_key}", "X-Sandbox-Fault": fault},
            timeout=timeout_s,
        )

    def count(self, search: str | None = None) -> object:
        answer = self.ask(COUNT, where={"project": {"id": self.project_id}, "search": search}).json()
        assert list(answer) == ["data"], answer
        return answer["data"]["data"]

    def end(self, sent: signal.Signals = signal.SIGINT) -> tuple[int, str, str]:
        """Exit status, and what it said after it was ready."""
        status = end_by(self.process, sent)
        return status, *self.process.communicate()


Start: TypeAlias = Callable[..., Served]


@contextmanager
def started(*arguments: object, command: Sequence[object] = COMMAND) -> Iterator[Served]:
    words = [*map(str, command), "serve", *map(str, arguments)]
    with subprocess.Popen(words, env=ENVIRON, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            assert process.stderr is not None
            line = process.stdout.readline()
            yield Served(process, **json.loads(line or process.stderr.read()))
        finally:
            process.terminate()  # and not killed, so that its temporary database goes too


@pytest.fixture
def start(forked: Path) -> Iterator[Start]:
    """``start(*options)``: the demo's project, served until the test ends."""
    with ExitStack() as stack:
        yield lambda *options, command=(forked,): stack.enter_context(
            started(*FILES, *options, "--json", command=command)
        )


Refused: TypeAlias = Callable[..., str]


@pytest.fixture
def refused(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Refused:
    """``refused(*options)``: what the command tells when it cannot start, with status 2; in this process."""
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setenv("COLUMNS", "200")

    def refused(*arguments: object) -> str:
        monkeypatch.setattr(sys, "argv", ["kili-query", "serve", *map(str, arguments)])
        status = main()
        out, err = capsys.readouterr()
        assert (status, out) == (2, ""), err
        return err

    return refused


class TestServing:
    """A process takes long to start, so that one is asked several things."""

    def test_what_is_asked(self, start: Start) -> None:
        port = free_port()
        faults = ("--fault", "503*2", "--fault", "error:countLabels+2", "--allow-fault-header")
        served = start("--api-key", "my-key", "--port", port, *faults)
        assert served.api_key == "my-key"
        assert served.endpoint.startswith(f"http://127.0.0.1:{port}/")
        assert requests.post(served.endpoint, json={"query": COUNT}, timeout=TIMEOUT_S).status_code == 401
        assert [served.ask(COUNT).status_code for _ in range(2)] == [503, 503]
        assert served.ask(COUNT).json()["errors"][0]["message"] == "a fault of the sandbox"
        assert served.count() == NUMBER
        assert served.ask(COUNT, fault="502").status_code == 502
        assert served.count() == NUMBER

    def test_misbehaviour(self, start: Start) -> None:
        served = start("--misbehave", "misses-absent", "--misbehave", "counts-presence", "--no-feed")
        absent, many = "OBJECTS.AIRPLANE.count == 0", "OBJECTS.PERSON.count > 1"
        for search in (absent, many):
            query = kq.parse(search).compile(ontology=kq.Ontology.load(PROJECT))
            assert any(map(query, contents())), "an honest server finds some"
            assert served.count(search) == 0
        assert served.ask(COUNT, fault="502").status_code == 200, "the header is not allowed"
        assert (
            "Cannot query field 'events'"
            in served.ask('{ events(where: {projectId: "p"}, pagination: {}) { id } }').text
        )

    def test_what_a_person_reads(self, forked: Path) -> None:
        with subprocess.Popen(
            [forked, "serve", *map(str, FILES)], env=ENVIRON, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        ) as process:
            try:
                assert process.stdout is not None
                lines = [next(process.stdout).rstrip("\n") for _ in range(8)]
                export, curl = lines[4:6]
                assert export.startswith("export KILI_API_ENDPOINT=http://127.0.0.1:")
                assert lines[6:] == ["", "Ctrl-C ends it."]
                script = f'{export}\necho "$KILI_API_ENDPOINT" "$KILI_API_KEY"\n'
                told = run_in_shell(script).split()
                assert [f"endpoint    {told[0]}", f"API key     {told[1]}"] == lines[:2]
                assert lines[2].startswith("project id  ")
                if shutil.which("curl"):
                    assert json.loads(run_in_shell(curl)) == {"data": {"data": NUMBER}}
            finally:
                process.terminate()

    def test_a_warning_of_strangers(self, start: Start) -> None:
        served = start("--host", "0.0.0.0")
        assert served.count() == NUMBER
        warning = "warning: listening on 0.0.0.0: other machines can reach this server\n"
        assert served.end() == (130, "", warning)


class TestEnd:
    """Of a process of its own where its threads, or what it still has to write, could hold it up."""

    @pytest.mark.parametrize(
        ("sent", "status", "options"), [(signal.SIGINT, 130, ()), (signal.SIGTERM, 143, ("--host", "localhost"))]
    )
    def test_by_a_signal(
        self,
        start: Start,
        tmp_path: Path,
        monkeypatch: pytest.MonkeyPatch,
        sent: signal.Signals,
        status: int,
        options: tuple[str, ...],
    ) -> None:
        """Nothing is said, for it listens at home alone, and nothing stays behind: the database is a temporary one."""
        monkeypatch.setitem(ENVIRON, "TMPDIR", str(tmp_path))
        served = start(*options)
        assert served.count() == NUMBER
        assert list(tmp_path.glob("kili-query-sandbox-*"))
        assert served.end(sent) == (status, "", "")
        assert list(tmp_path.glob("kili-query-sandbox-*")) == []
        with pytest.raises(requests.ConnectionError):
            served.count()

    def test_ctrl_c_while_a_request_is_held(
        self, start: Start, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setitem(ENVIRON, "TMPDIR", str(tmp_path))
        served = start("--fault", "delay=3600s*", command=COMMAND)
        with pytest.raises(requests.ReadTimeout):
            served.ask(COUNT, timeout_s=0.5)
        address = served.endpoint.split("/")[2].split(":")
        with socket.create_connection((address[0], int(address[1])), timeout=TIMEOUT_S) as held:
            held.sendall(f"GET /version HTTP/1.1\r\nHost: {':'.join(address)}\r\n".encode())
            held.sendall(f"Authorization: X-API-Key: {served.api_key}\r\n\r\n".encode())
            assert list(tmp_path.glob("kili-query-sandbox-*"))
            assert served.end()[0] == 130
        assert list(tmp_path.glob("kili-query-sandbox-*")) == []

    def test_what_was_written_is_there_next_time(self, forked: Path, tmp_path: Path) -> None:
        """After Ctrl-C; `test_keeping` kills."""
        options = ("--database", tmp_path / "box.db", "--api-key", "key", "--port", free_port(), "--json")
        with started("--project", DEMO, *options, command=(forked,)) as served:
            self.write_and_end(served)
        with started(*options, command=(forked,)) as again:  # which knows its project
            assert (again.endpoint, again.project_id) == (served.endpoint, served.project_id)
            assert (again.count(), again.count("SCENE.NEW.count == 1")) == (NUMBER + 1, 1)

    def write_and_end(self, served: Served) -> None:
        asset = served.ask(
            "query ($where: AssetWhere!) { data: assets(where: $where, skip: 0, first: 1) { id } }",
            where={"project": {"id": served.project_id}},
        ).json()["data"]["data"][0]["id"]
        content = {"assetID": asset, "jsonResponse": '{"SCENE": {"categories": [{"name": "NEW"}]}}'}
        answer = served.ask(
            APPEND,
            data={"labelType": "DEFAULT", "labelsData": [content]},
            where={"idIn": [asset], "project": {"id": served.project_id}},
        )
        assert len(answer.json()["data"]["data"]) == 1, answer.text
        assert served.end()[0] == 130

    def test_no_one_reads_what_it_says(self, forked: Path) -> None:
        read, write = os.pipe()
        os.close(read)
        with os.fdopen(write, "wb") as closed:
            ran = subprocess.run(
                [forked, "serve", *map(str, FILES)],
                env=ENVIRON,
                stdout=closed,
                stderr=subprocess.PIPE,
                timeout=TIMEOUT_S,
                check=False,
            )
        assert (ran.returncode, ran.stderr) == (141, b"")


class TestRefusals:
    def test_a_port_in_use(self, refused: Refused) -> None:
        with socket.create_server(("127.0.0.1", 0)) as taken:
            port = taken.getsockname()[1]
            told = refused(*FILES, "--port", port)
        assert told == f"error: cannot listen on `127.0.0.1`, port {port}: address already in use\n"

    @pytest.mark.parametrize("host", ["203.0.113.7", "no-such-host.invalid"])
    def test_an_address_that_is_not_ours(self, refused: Refused, host: str) -> None:
        (error,) = refused(*FILES, "--host", host).splitlines()  # and no warning of who could have asked
        assert error.startswith(f"error: cannot listen on `{host}`, port 0: ")

    def test_an_empty_address_is_not_every_address(self, refused: Refused) -> None:
        assert refused(*FILES, "--host", "").startswith("error: the address to listen on is empty: name one, ")

    @pytest.mark.parametrize("option", ["--project", "--labels", "--assets"])
    def test_a_missing_file(self, refused: Refused, tmp_path: Path, option: str) -> None:
        files = {"--project": PROJECT, "--labels": LABELS} | {option: tmp_path / "none.json"}
        told = refused(*(word for pair in files.items() for word in pair))
        assert told.startswith("error: ")
        assert "none.json" in told
        assert told.count("\n") == 1

    @pytest.mark.parametrize("option", ["--project", "--database"])
    def test_a_bad_file(self, refused: Refused, tmp_path: Path, option: str) -> None:
        bad = tmp_path / "bad.json"
        bad.write_text("{" * 1000)
        told = refused(*FILES, option, bad)  # the last of an option counts
        assert told.startswith("error: ")
        assert told.count("\n") == 1

    def test_a_bad_fault(self, refused: Refused) -> None:
        assert refused(*FILES, "--fault", "503", "--fault", "delay") == (
            "error: `delay`: say how long, as in `delay=50ms`\n"
        )

    def test_a_bad_misbehaviour(self, refused: Refused) -> None:
        told = refused(*FILES, "--misbehave", "lies")
        assert told.startswith("error: `lies` is not a misbehaviour: write one of misses-absent, counts-presence, ")
        assert told.count("\n") == 1

    @pytest.mark.parametrize("key", ["", "a b", "clé", "a\nb"])
    def test_a_bad_key(self, refused: Refused, key: str) -> None:
        assert "a key must consist of visible ASCII characters" in refused(*FILES, "--api-key", key)

    @pytest.mark.parametrize("port", ["-1", "65536", "x"])
    def test_a_bad_port(self, refused: Refused, port: str) -> None:
        assert "--port" in refused(*FILES, "--port", port)

    def test_nothing_to_serve(self, refused: Refused, tmp_path: Path) -> None:
        told = (
            "error: there is no project to serve: give one (`project`, `--ontology`), "
            "or a database that holds one (`database`, `--database`)\n"
        )
        assert refused() == told
        assert refused("--database", tmp_path / "new.db") == told


def contents() -> Iterator[object]:
    """What the labels that are served hold."""
    for line in LABELS.read_text(encoding="utf-8").splitlines():
        found = json.loads(line)["jsonResponse"]
        yield json.loads(found) if isinstance(found, str) else found


def free_port() -> int:
    """A port that was free a moment ago, and that the system gives to no one soon."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        return int(listening.getsockname()[1])


def run_in_shell(script: str) -> str:
    ran = subprocess.run(["bash", "-c", script], capture_output=True, text=True, timeout=TIMEOUT_S, check=True)
    return ran.stdout
