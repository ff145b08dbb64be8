"""Servers on this machine: how they start and end, who may send requests, from where, and how much.

A server on the local machine can be reached by every page in a browser there. So each request must name the server as
its host (against DNS rebinding), and a page of another origin is refused.
"""

import asyncio
import socket
import zlib
from abc import ABC, abstractmethod
from collections.abc import Collection
from ipaddress import ip_address
from threading import Thread
from types import TracebackType
from typing import Any, ClassVar, Self
from urllib.parse import urlsplit

from starlette.types import ASGIApp, Message, Receive, Scope, Send
from uvicorn import Config, Server

from kili_query.errors import SourceError

BODY_TIMEOUT_S = 60.0
"""Seconds in which the body of a request must arrive."""

BACKLOG = 512
"""How many connections may wait to be accepted."""

_GZIP = 16 + zlib.MAX_WBITS
_LOCAL_NAMES = ("localhost", "127.0.0.1", "::1")


def own_hosts(host: str) -> frozenset[str]:
    """Return the names of a server that listens on an address, without ports.

    Args:
        host: the address; ``0.0.0.0`` and ``::`` stand for all of this machine.

    >>> sorted(own_hosts("127.0.0.1"))
    ['127.0.0.1', '::1', 'localhost']
    """
    names = {host.lower(), *_LOCAL_NAMES}
    if _is_every_address(host):
        machine = socket.gethostname()
        names |= {machine.lower(), socket.getfqdn().lower()} - {""}
        try:
            names |= {str(found[4][0]).lower() for found in socket.getaddrinfo(machine, None)}
        except OSError:
            return frozenset(names)  # a machine that does not know its own name has no address by it
    return frozenset(names)


def _is_every_address(host: str) -> bool:
    try:
        return ip_address(host).is_unspecified
    except ValueError:
        return False


class NotAdmitted(Exception):  # noqa: N818 - it is an answer, not a failure
    """A request that a gate refuses.

    Attributes:
        status: the HTTP status of the answer.
    """

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


class Gate(ABC):
    """ASGI middleware: passes on requests that come from here, are allowed, and are not too large.

    It refuses with 403 a foreign host or origin, with 408 a body that comes too slowly, with 413 one that is too large,
    with 400 malformed gzip, with 415 another compression. The app gets the body complete and decompressed.

    Args:
        app: the application that answers.
        hosts: the names and addresses, without ports, by which the server may be called; see `own_hosts`.
        max_body_bytes: the maximum size of a body, compressed and decompressed.
        body_timeout_s: seconds in which a body must arrive.
    """

    def __init__(
        self, app: ASGIApp, *, hosts: Collection[str], max_body_bytes: int, body_timeout_s: float = BODY_TIMEOUT_S
    ) -> None:
        self._app = app
        self._hosts = frozenset(host.lower() for host in hosts)
        self._max_body_bytes = max_body_bytes
        self._body_timeout_s = body_timeout_s

    @abstractmethod
    def check(self, scope: Scope) -> None:
        """Check that an HTTP request is allowed.

        Raises:
            NotAdmitted: it is not.
        """

    @abstractmethod
    def refusal(self, message: str) -> bytes:
        """Return the JSON of an answer that refuses a request."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Refuse, or pass on."""
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        try:
            self._check_origin(scope)
            if scope["type"] == "http":
                self.check(scope)
                body = await self._read_in_time(scope, receive)
                if body is None:
                    return
                scope, receive = with_plain_body(scope, len(body)), replay(body, receive)
        except NotAdmitted as refused:
            await _refuse(scope, send, refused, self.refusal(str(refused)))
            return
        await self._app(scope, receive, send)

    def _check_origin(self, scope: Scope) -> None:
        """Check that the host is ours and, if a page sends the request, that it has the same origin."""
        hosts = header_values(scope, b"host")
        host = hosts[0].lower() if len(hosts) == 1 else ""
        if _host_name(host) not in self._hosts:
            raise NotAdmitted(403, f"this server is not called `{host}`")
        for origin in header_values(scope, b"origin"):
            if origin.lower() not in (f"http://{host}", f"https://{host}"):
                raise NotAdmitted(403, f"pages of `{origin}` may not ask this server")

    async def _read_in_time(self, scope: Scope, receive: Receive) -> bytes | None:
        try:
            async with asyncio.timeout(self._body_timeout_s):
                return await self._read(scope, receive)
        except TimeoutError:
            raise NotAdmitted(408, f"the body did not come within {self._body_timeout_s:g} s") from None

    async def _read(self, scope: Scope, receive: Receive) -> bytes | None:
        """Read the whole body, decompressed; return None if the client went away."""
        coding = ", ".join(header_values(scope, b"content-encoding")).strip().lower()
        if coding not in ("", "identity", "gzip", "x-gzip"):
            raise NotAdmitted(415, f"unknown content encoding `{coding}`: send gzip, or plain")
        length = "".join(header_values(scope, b"content-length"))
        if length.isdecimal() and int(length) > self._max_body_bytes:
            raise self._too_large()
        inflater = None if coding in ("", "identity") else zlib.decompressobj(_GZIP)
        received, body = 0, bytearray()
        while True:
            message = await receive()
            if message["type"] == "http.disconnect":
                return None
            piece: bytes = message.get("body", b"")
            received += len(piece)
            body += piece if inflater is None else self._inflate(inflater, piece, self._max_body_bytes - len(body))
            if max(received, len(body)) > self._max_body_bytes:
                raise self._too_large()
            if not message.get("more_body", False):
                break
        if inflater is not None and received and not inflater.eof:
            raise NotAdmitted(400, "the gzip body ends early")
        return bytes(body)

    def _inflate(self, inflater: "zlib._Decompress", piece: bytes, room: int) -> bytes:
        """Decompress a piece of the body, to at most one byte more than the room that is left."""
        try:
            inflated = inflater.decompress(piece, room + 1)
        except zlib.error as error:
            raise NotAdmitted(400, f"the body is not gzip: {error}") from error
        if inflater.unused_data:  # gzip allows it, but no client sends it, and a million tiny members would cost
            raise NotAdmitted(400, "the gzip body goes on after its end")
        return inflated

    def _too_large(self) -> NotAdmitted:
        return NotAdmitted(413, f"the body is larger than {self._max_body_bytes} bytes")


def header_values(scope: Scope, wanted: bytes) -> list[str]:
    """Return the values of a header; its name is in lower case."""
    return [value.decode("latin-1").strip() for name, value in scope["headers"] if name == wanted]


def _host_name(host: str) -> str:
    """Return ``localhost`` for ``localhost:8000``, ``::1`` for ``[::1]:8000``; empty if it is not a host."""
    try:
        parts = urlsplit(f"//{host}")
        is_plain = parts.netloc == host and "@" not in host and (parts.port is None or parts.port > 0)
        return parts.hostname or "" if is_plain else ""
    except ValueError:
        return ""


async def _refuse(scope: Scope, send: Send, refused: NotAdmitted, body: bytes) -> None:
    if scope["type"] == "http":
        await send_body(send, refused.status, body)
    elif "websocket.http.response" in scope.get("extensions", {}):
        await send_body(send, refused.status, body, kind="websocket.http.response")
    else:
        await send({"type": "websocket.close", "code": 1008, "reason": str(refused)})


async def send_body(
    send: Send,
    status: int,
    body: bytes,
    *,
    content_type: str = "application/json",
    headers: Collection[tuple[str, str]] = (),
    kind: str = "http.response",
) -> None:
    """Answer with a status and a body."""
    named = [("content-type", content_type), ("content-length", str(len(body))), *headers]
    encoded = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in named]
    await send({"type": f"{kind}.start", "status": status, "headers": encoded})
    await send({"type": f"{kind}.body", "body": body})


def with_plain_body(scope: Scope, size_bytes: int) -> Scope:
    """Return the scope of a request whose body was decompressed, with the right headers."""
    gone = (b"content-encoding", b"content-length", b"transfer-encoding")
    headers = [(name, value) for name, value in scope["headers"] if name not in gone]
    return {**scope, "headers": [*headers, (b"content-length", str(size_bytes).encode())]}


def replay(body: bytes, receive: Receive) -> Receive:
    """Return a ``receive`` that yields a body which was already read, and then what the client sends."""
    is_given = False

    async def again() -> Message:
        nonlocal is_given
        if is_given:
            return await receive()
        is_given = True
        return {"type": "http.request", "body": body, "more_body": False}

    return again


def listen(host: str, port: int) -> socket.socket:
    """Return a socket that takes connections from now on: a client that comes before the server has begun waits.

    Raises:
        SourceError: the address cannot be listened on.
    """
    if not host:  # which would be every address
        raise SourceError("the address to listen on is empty: name one, such as 127.0.0.1, or 0.0.0.0 for all")
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        listening = socket.create_server((host, port), family=family, backlog=BACKLOG)
    except OSError as error:
        # the address that Python adds to the system's text is told already
        reason = str(error.strerror or error).partition(" (while ")[0].lower()
        raise SourceError(f"cannot listen on `{host}`, port {port}: {reason}") from error
    # inherited by each connection, where asyncio sets it only for sockets of a named protocol: else answers wait 40 ms
    listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return listening


class LocalServer:
    """Serves an application on an address of this machine, from `start` until `close`.

    A subclass names its thread, says how many seconds open requests have once it ends, and calls `_listen` and `_use`.

    Attributes:
        host: the address.
        port: the port.
    """

    host: str
    port: int
    _THREAD: ClassVar[str]
    _GRACE_S: ClassVar[int]
    _socket: socket.socket | None = None
    _server: Server | None = None
    _thread: Thread | None = None

    def _listen(self, host: str, port: int) -> None:
        """Take connections from now on.

        Raises:
            SourceError: the address cannot be listened on.
        """
        self.host = host
        self._socket = listen(host, port)
        self.port = self._socket.getsockname()[1]

    def _use(self, app: ASGIApp, **settings: Any) -> None:
        """Answer by an application.

        Args:
            app: the application.
            settings: further settings of uvicorn.
        """
        self._server = Server(
            Config(
                app,
                log_config=None,
                access_log=False,
                lifespan="off",
                server_header=False,
                timeout_graceful_shutdown=self._GRACE_S,
                **settings,
            )
        )

    @property
    def url(self) -> str:
        """Where the server is."""
        return f"http://{f'[{self.host}]' if ':' in self.host else self.host}:{self.port}"

    def start(self) -> None:
        """Serve from a thread of this process, until `close`."""
        if self._thread is None:
            self._thread = Thread(target=self._serve, name=self._THREAD, daemon=True)
            self._thread.start()

    def serve_forever(self) -> None:
        """Serve from this thread, until it is interrupted: instead of `start`, which ``with`` calls.

        Raises:
            RuntimeError: another thread serves already.
        """
        if self._thread is not None:
            raise RuntimeError("another thread serves already: call `serve_forever` without `start`")
        self._serve()

    def close(self) -> None:
        """End serving, close what is open, and let go of the port. Once closed, it stays so."""
        if self._thread is not None:
            assert self._server is not None
            self._server.should_exit = True
            self._thread.join()
            self._thread = None
        if self._socket is not None:
            self._socket.close()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _serve(self) -> None:
        assert self._server is not None
        assert self._socket is not None
        asyncio.run(self._server.serve(sockets=[self._socket]))
