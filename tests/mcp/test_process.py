"""The command as agents start it: a process spoken to over its standard input and output."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import anyio
from mcp import Client

from tests.ending import end_by
from tests.mcp.served import LABELS, PROJECT, ROOT, ask, talk_to_process


def test_a_tour(forked: Path, tmp_path: Path) -> None:
    """A call that nobody waits for any more does not hold up the others."""
    pipe = tmp_path / "pipe.ndjson"
    os.mkfifo(pipe)

    async def tour(client: Client) -> None:
        assert len((await client.list_tools()).tools) == 7
        bad = await ask(client, "check", {"query": "OBJECTS.PERSN", "file": "labels.ndjson"})
        assert "did you mean `PERSON`?" in bad.text
        async with anyio.create_task_group() as group:
            group.start_soon(ask, client, "count", {"query": "OBJECTS.PERSON", "file": "pipe.ndjson"})
            writer = await anyio.to_thread.run_sync(os.open, pipe, os.O_WRONLY)  # returns once the server reads
            group.cancel_scope.cancel()
        try:
            found = await ask(client, "count", {"query": "OBJECTS.PERSON", "file": "labels.ndjson"})
        finally:
            os.close(writer)
        assert found.data["matched"] == 13

    with (tmp_path / "errors.txt").open("w+") as errors:
        talk_to_process([str(forked), "mcp", str(LABELS), str(pipe), "--ontology", str(PROJECT)], tour, errors)
        errors.seek(0)
        assert errors.read() == "serving 2 files to one client, on standard input and output\n"


def test_only_the_protocol_is_on_standard_output(forked: Path) -> None:
    """Whatever comes in; and it ends when its input does."""
    start = {"protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": {"name": "test", "version": "0"}}
    calls: list[tuple[str, object]] = [
        ("initialize", start),
        ("no/such", {}),
        ("tools/call", {"name": "check", "arguments": "query"}),
        ("tools/call", {"name": "check", "arguments": {"query": {"a": 1}}}),
        ("tools/call", {"name": "check", "arguments": {"query": "A.B.count =>"}}),
    ]
    lines = [
        json.dumps({"jsonrpc": "2.0", "id": number, "method": method, "params": params})
        for number, (method, params) in enumerate(calls)
    ]
    lines[1:1] = [
        json.dumps({"jsonrpc": "2.0", "method": "notifications/initialized"}),
        "no JSON",
        "[]",
        "\0\udcff",
        '"',
    ]
    command = [forked, "mcp", "--quiet"]
    with subprocess.Popen(
        command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdin.write("".join(f"{line}\n" for line in lines).encode("utf-8", "surrogateescape"))
        process.stdin.flush()
        answers: dict[object, dict[str, Any]] = {}
        while answers.keys() < set(range(len(calls))):
            answer = json.loads(process.stdout.readline())
            assert answer["jsonrpc"] == "2.0"
            answers[answer.get("id")] = answer
        process.stdin.close()
        assert process.stdout.read() == b""
        assert process.stderr.read() == b""
    assert process.returncode == 0
    assert "error" in answers[1]
    assert "error" in answers[2]
    assert answers[3]["result"]["isError"] is True
    assert "error[KQ002]" in answers[4]["result"]["content"][0]["text"]


def test_signals_end_it_at_once(forked: Path) -> None:
    """Although it waits for input, which could hold up a process of its own."""
    command = [sys.executable, "-m", "kili_query", "mcp"]
    pipe = subprocess.PIPE
    with (
        subprocess.Popen(command, cwd=ROOT, stdin=pipe, stderr=pipe) as interrupted,
        subprocess.Popen([forked, "mcp"], cwd=ROOT, stdin=pipe, stderr=pipe) as terminated,
    ):
        for process in (interrupted, terminated):
            assert process.stderr is not None
            assert process.stderr.readline().startswith(b"serving 0 files")
        assert end_by(interrupted) == 130
        assert end_by(terminated, signal.SIGTERM) == 143
        for process in (interrupted, terminated):
            assert process.stderr is not None
            assert b"Traceback" not in process.stderr.read()
