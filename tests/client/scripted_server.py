"""A server on a raw socket that does to each request what a script says: answers, hangs, or cuts the connection."""

import json
import socket
import ssl
import threading
from collections import deque
from collections.abc import Callable, Iterable
from contextlib import suppress
from enum import Enum
from types import TracebackType
from typing import BinaryIO, TypeAlias

from attrs import field, frozen

__all__ = ["Answer", "Cut", "Received", "ScriptedServer", "Step", "data", "errors"]


@frozen
class Received:
    """A request as it came."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes

    def json(self) -> dict[str, object]:
        return json.loads(self.body)


@frozen
class Answer:
    """An answer with a body, whole or not.

    Attributes:
        missing_bytes: how much of the body is never sent; then the connection is cut.
        piece_bytes: the body is sent in pieces of this size, one each hundredth of a second.
    """

    body: bytes = b""
    status: int = 200
    headers: dict[str, str] = field(factory=dict)
    missing_bytes: int = 0
    piece_bytes: int = 0


class Cut(Enum):
    """An end without an answer."""

    BEFORE_BODY = "the connection is cut before the request is read"
    AFTER_BODY = "the connection is cut once the request is read"
    SILENCE = "nothing comes until the server stops"


Step: TypeAlias = "Answer | Cut | Callable[[Received], Answer]"


def data(value: object) -> Answer:
    return Answer(json.dumps({"data": {"data": value}}).encode(), headers={"Content-Type": "application/json"})


def errors(*found: object, status: int = 200, **rest: object) -> Answer:
    return Answer(json.dumps({"errors": list(found), **rest}).encode(), status)


class ScriptedServer:
    """Listens on a free port of this machine; the last step of the script is repeated."""

    def __init__(self, steps: Iterable[Step], tls: ssl.SSLContext | None = None) -> None:
        self._steps = deque(steps)
        self._tls = tls
        self._lock = threading.Lock()
        self._stopped = threading.Event()
        self._threads: list[threading.Thread] = []
        self._connections: list[socket.socket] = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._port = self._listener.getsockname()[1]
        self.requests: list[Received] = []
        self.begun = 0

    @property
    def origin(self) -> str:
        return f"{'https' if self._tls else 'http'}://127.0.0.1:{self._port}"

    @property
    def endpoint(self) -> str:
        return f"{self.origin}/api/label/v2/graphql"

    @property
    def connections(self) -> int:
        return len(self._connections)

    def __enter__(self) -> "ScriptedServer":
        self._start(self._listen)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.stop()

    def stop(self) -> None:
        """Cut all connections and refuse new ones."""
        if self._stopped.is_set():
            return
        self._stopped.set()
        self._listener.shutdown(socket.SHUT_RDWR)
        self._threads[0].join()
        self._listener.close()
        for connection in self._connections:
            with suppress(OSError):  # closed already
                connection.shutdown(socket.SHUT_RDWR)
        for thread in self._threads[1:]:
            thread.join()

    def _start(self, target: Callable[..., None], *arguments: object) -> None:
        thread = threading.Thread(target=target, args=arguments, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _listen(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            self._connections.append(connection)
            self._start(self._serve, connection)

    def _serve(self, connection: socket.socket) -> None:
        with suppress(OSError), connection:  # the other side may go, as some tests want
            wrapped = self._tls.wrap_socket(connection, server_side=True) if self._tls else connection
            with wrapped, wrapped.makefile("rb") as stream:
                while self._answer(wrapped, stream):
                    pass

    def _answer(self, connection: socket.socket, stream: BinaryIO) -> bool:
        """Handle one request; False ends the connection."""
        line = stream.readline()
        if not line:
            return False
        step = self._next_step()
        if step is Cut.BEFORE_BODY:
            return False
        request = _read(line, stream)
        with self._lock:
            self.requests.append(request)
        match step:
            case Cut.AFTER_BODY:
                return False
            case Cut.SILENCE:
                self._stopped.wait()
                return False
            case Answer():
                return self._send(connection, step)
            case _:
                return self._send(connection, step(request))

    def _next_step(self) -> Step:
        with self._lock:
            self.begun += 1
            return self._steps.popleft() if len(self._steps) > 1 else self._steps[0]

    def _send(self, connection: socket.socket, answer: Answer) -> bool:
        headers = {"Content-Length": str(len(answer.body)), **answer.headers}
        lines = [f"HTTP/1.1 {answer.status} Whatever", *(f"{name}: {value}" for name, value in headers.items())]
        head = ("\r\n".join(lines) + "\r\n\r\n").encode()
        body = answer.body[: len(answer.body) - answer.missing_bytes]
        if not answer.piece_bytes:
            connection.sendall(head + body)
            return not answer.missing_bytes
        connection.sendall(head)
        for start in range(0, len(body), answer.piece_bytes):
            connection.sendall(body[start : start + answer.piece_bytes])
            if self._stopped.wait(0.01):
                return False
        return True


def _read(line: bytes, stream: BinaryIO) -> Received:
    method, path, _ = line.decode().split()
    headers: dict[str, str] = {}
    while (header := stream.readline().decode().strip()) != "":
        name, _, value = header.partition(":")
        headers[name.strip()] = value.strip()
    return Received(method, path, headers, stream.read(int(headers.get("Content-Length", "0"))))
