"""Access control: who may send requests, from where, and how much.

The sandbox usually listens on the local machine, where browsers run too. So besides the key, each request must name the
sandbox as its host (against DNS rebinding), and a page of another origin is refused even if it has the key.
"""

import asyncio
import hmac
import json
import socket
import zlib
from collections.abc import Collection
from ipaddress import ip_address
from urllib.parse import urlsplit

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from kili_query.protocol import authorization
from kili_query.sandbox.values import error_answer

MAX_BODY_BYTES = 64 * 1024 * 1024
"""Maximum size of a request, compressed and decompressed; the official client sends batches of at most 10 MB."""

BODY_TIMEOUT_S = 60.0
"""Seconds in which the body of a request must arrive."""

_GZIP = 16 + zlib.MAX_WBITS
_LOCAL_NAMES = ("localhost", "127.0.0.1", "::1")


def is_authorized(value: str | bytes | None, api_key: str) -> bool:
    """Return whether an ``Authorization`` value holds the key, compared in constant time.

    `Guard` checks HTTP requests. A websocket carries the key in the payload of its first message, ``connection_init``,
    so the handler of websockets checks it again.

    >>> is_authorized("X-API-Key: secret", "secret"), is_authorized("X-API-Key: other", "secret")
    (True, False)
    >>> is_authorized("secret", "secret"), is_authorized(None, "secret")
    (False, False)
    """
    given = value.encode("utf-8", "surrogatepass") if isinstance(value, str) else value or b""
    return hmac.compare_digest(given, authorization(api_key).encode())


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


class Guard:
    """ASGI middleware: passes on requests that have the key, come from here, and are not too large.

    A refusal is JSON in the form of GraphQL errors: 401 without the key, 403 for a foreign host or origin, 408 for a
    body that comes too slowly, 413 for one that is too large, 400 for malformed gzip, 415 for another compression. The
    app gets the body complete and decompressed.

    Args:
        app: the application that answers.
        api_key: what ``Authorization`` must hold, after ``X-API-Key: ``.
        hosts: the names and addresses, without ports, by which the server may be called; see `own_hosts`.
        max_body_bytes: the maximum size of a body, compressed and decompressed.
        body_timeout_s: seconds in which a body must arrive.
        open_prefix: paths with this prefix need no key, because they hold a token; none if empty.
    """

    def __init__(
        self,
        app: ASGIApp,
        *,
        api_key: str,
        hosts: Collection[str],
        max_body_bytes: int = MAX_BODY_BYTES,
        body_timeout_s: float = BODY_TIMEOUT_S,
        open_prefix: str = "",
    ) -> None:
        self._app = app
        self._api_key = api_key
        self._hosts = frozenset(host.lower() for host in hosts)
        self._max_body_bytes = max_body_bytes
        self._body_timeout_s = body_timeout_s
        self._open_prefix = open_prefix

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Refuse, or pass on."""
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        try:
            self._check_origin(scope)
            if scope["type"] == "http":
                self._check_key(scope)
                body = await self._read_in_time(scope, receive)
                if body is None:
                    return
                scope, receive = with_plain_body(scope, len(body)), replay(body, receive)
        except _Refused as refused:
            await _refuse(scope, receive, send, refused)
            return
        await self._app(scope, receive, send)

    def _check_origin(self, scope: Scope) -> None:
        """Check that the host is ours and, if a page sends the request, that it has the same origin."""
        hosts = _values(scope, b"host")
        host = hosts[0].lower() if len(hosts) == 1 else ""
        if _host_name(host) not in self._hosts:
            raise _Refused(403, f"this server is not called `{host}`")
        for origin in _values(scope, b"origin"):
            if origin.lower() not in (f"http://{host}", f"https://{host}"):
                raise _Refused(403, f"pages of `{origin}` may not ask this server")

    def _check_key(self, scope: Scope) -> None:
        path: str = scope["path"]
        if self._open_prefix and path.startswith(self._open_prefix) and ".." not in path.split("/"):
            return
        match [value for name, value in scope["headers"] if name == b"authorization"]:
            case []:
                raise _Refused(401, f"no API key: send the header `Authorization: {authorization('<key>')}`")
            case [value] if is_authorized(value, self._api_key):
                return
            case _:
                raise _Refused(
                    401, f"wrong API key: `Authorization` must be `{authorization('')}` and the key of this sandbox"
                )

    async def _read_in_time(self, scope: Scope, receive: Receive) -> bytes | None:
        try:
            async with asyncio.timeout(self._body_timeout_s):
                return await self._read(scope, receive)
        except TimeoutError:
            raise _Refused(408, f"the body did not come within {self._body_timeout_s:g} s") from None

    async def _read(self, scope: Scope, receive: Receive) -> bytes | None:
        """Read the whole body, decompressed; return None if the client went away."""
        coding = ", ".join(_values(scope, b"content-encoding")).strip().lower()
        if coding not in ("", "identity", "gzip", "x-gzip"):
            raise _Refused(415, f"unknown content encoding `{coding}`: send gzip, or plain")
        length = "".join(_values(scope, b"content-length"))
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
            raise _Refused(400, "the gzip body ends early")
        return bytes(body)

    def _inflate(self, inflater: "zlib._Decompress", piece: bytes, room: int) -> bytes:
        """Decompress a piece of the body, to at most one byte more than the room that is left."""
        try:
            inflated = inflater.decompress(piece, room + 1)
        except zlib.error as error:
            raise _Refused(400, f"the body is not gzip: {error}") from error
        if inflater.unused_data:  # gzip allows it, but no client sends it, and a million tiny members would cost
            raise _Refused(400, "the gzip body goes on after its end")
        return inflated

    def _too_large(self) -> "_Refused":
        return _Refused(413, f"the body is larger than {self._max_body_bytes} bytes")


class _Refused(Exception):  # noqa: N818 - it is caught within this module
    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


def _values(scope: Scope, wanted: bytes) -> list[str]:
    return [value.decode("latin-1").strip() for name, value in scope["headers"] if name == wanted]


def _host_name(host: str) -> str:
    """Return ``localhost`` for ``localhost:8000``, ``::1`` for ``[::1]:8000``; empty if it is not a host."""
    try:
        parts = urlsplit(f"//{host}")
        is_plain = parts.netloc == host and "@" not in host and (parts.port is None or parts.port > 0)
        return parts.hostname or "" if is_plain else ""
    except ValueError:
        return ""


async def _refuse(scope: Scope, receive: Receive, send: Send, refused: _Refused) -> None:
    body = errors_body(str(refused))
    if scope["type"] == "http":
        await send_body(send, refused.status, body)
    elif "websocket.http.response" in scope.get("extensions", {}):
        await send_body(send, refused.status, body, kind="websocket.http.response")
    else:
        await send({"type": "websocket.close", "code": 1008, "reason": str(refused)})


def errors_body(message: str) -> bytes:
    """Return a GraphQL error as JSON."""
    return json.dumps(error_answer(message)).encode()


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
