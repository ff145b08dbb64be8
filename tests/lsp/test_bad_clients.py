"""Clients that send nonsense, or go away."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

import pytest

from tests.lsp.client import PATIENCE_S, ROOT, uri_of


@pytest.fixture
def server(forked: Path, tmp_path: Path) -> Iterator[subprocess.Popen[bytes]]:
    pipe = subprocess.PIPE
    with subprocess.Popen([forked, "lsp"], cwd=tmp_path, stdin=pipe, stdout=pipe, stderr=pipe) as process:
        yield process
        process.kill()


def message(method: str, params: object, number: int | None = None) -> bytes:
    body = {"jsonrpc": "2.0", "method": method, "params": params} | ({} if number is None else {"id": number})
    data = json.dumps(body).encode()
    return b"Content-Length: %d\r\n\r\n%s" % (len(data), data)


INITIALIZE = message("initialize", {"processId": None, "rootUri": None, "capabilities": {}}, 1)


def answers(stream: IO[bytes]) -> Iterator[dict[str, Any]]:
    while header := stream.readline():
        length = int(header.partition(b":")[2])
        while stream.readline().strip():
            pass
        yield json.loads(stream.read(length))


def test_nonsense_is_reported_and_the_server_goes_on(server: subprocess.Popen[bytes]) -> None:
    nonsense = b"".join(
        [
            b"\xff\0 no header\n\n",
            b"Content-Length: none\r\n\r\n",
            b"Content-Length: 5\r\n\r\n{bad}",
            b"Content-Length: 2\r\n\r\n\xff\xff",
            b"Content-Length: 4\r\n\r\nnull",
            message("textDocument/didChange", {"textDocument": {"uri": "file:///none", "version": 1}}),
            message("no/such", {}),
        ]
    )
    assert server.stdin is not None
    server.stdin.write(INITIALIZE + nonsense + message("no/such", {}, 2) + message("shutdown", None, 3))
    server.stdin.write(message("exit", None))
    server.stdin.flush()
    assert server.stdout is not None
    found = list(answers(server.stdout))
    replies = {one["id"]: one for one in found if "id" in one}
    assert replies[1]["result"]["serverInfo"]["name"] == "kili-query"
    assert replies[1]["result"]["capabilities"]["textDocumentSync"]["change"] == 1
    assert replies[2]["error"]["code"] == -32601
    assert replies[3]["result"] is None
    assert sum(one.get("method") == "window/showMessage" for one in found) >= 3
    assert server.wait(PATIENCE_S) == 0
    assert server.stderr is not None
    assert "Traceback" not in server.stderr.read().decode()


@pytest.mark.parametrize("ending", ["eof", "exit", "closed"])
def test_a_client_that_goes_away(server: subprocess.Popen[bytes], tmp_path: Path, ending: str) -> None:
    """Without a goodbye: its pipe ends, it says exit at once, or nobody reads what is answered."""
    assert server.stdin is not None
    assert server.stdout is not None
    assert server.stderr is not None
    server.stdin.write(INITIALIZE)
    server.stdin.flush()
    next(answers(server.stdout))
    text = {"uri": uri_of(tmp_path / "a.kq"), "languageId": "", "version": 1, "text": "J.A => 3"}
    if ending == "closed":
        server.stdout.close()
    server.stdin.write(message("initialized", {}) + message("textDocument/didOpen", {"textDocument": text}))
    if ending == "exit":
        server.stdin.write(message("exit", None))
    server.stdin.close()
    assert server.wait(PATIENCE_S) == 1
    assert "Traceback" not in server.stderr.read().decode()


def test_without_the_extra() -> None:
    program = "import sys; sys.modules['pygls'] = None; sys.argv[1:] = ['lsp']\n"
    program += "from kili_query.cli import main; sys.exit(main())"
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False, env=environment)
    assert (ran.returncode, ran.stdout) == (2, "")
    assert ran.stderr == 'error: `kili-query lsp` needs an extra that is not installed: pip install "kili-query[lsp]"\n'
