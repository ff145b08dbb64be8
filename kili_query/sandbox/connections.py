"""Connections of uvicorn, with what it lacks: cutting one, a timeout for the head of a request, a limit of open ones.

A server without these can be kept busy by clients that send the head of a request byte by byte, or open connections and
send nothing.

The classes of uvicorn are subclassed, which its options ``http`` and ``ws`` provide for: ASGI can neither close a TCP
connection without an answer, as faults do, nor limit the time before a request has a head, and uvicorn has no option
for the latter.
"""

import asyncio
from collections.abc import Callable
from typing import TypeAlias

from attrs import frozen
from starlette.types import ASGIApp, Receive, Scope, Send
from uvicorn.config import Config
from uvicorn.protocols.http.h11_impl import H11Protocol
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from uvicorn.server import ServerState

HEAD_TIMEOUT_S = 10.0
"""Seconds in which the head of a request must arrive, from the connection or its first byte on."""
MAX_CONNECTIONS = 500
"""Maximum number of open connections: fewer than the files that a process may open."""
MAX_FRAME_BYTES = 256 * 1024
"""Maximum size of a websocket message, which holds a document and its variables."""

Cut: TypeAlias = Callable[[], None]
_CUT = "kili_query.sandbox.cut"
"""The ASGI extension that closes the TCP connection: a callable without arguments."""


def find_cut(scope: Scope) -> Cut:
    """Return the function that closes the TCP connection of a request without an answer."""
    cut: Cut | None = scope.get("extensions", {}).get(_CUT)
    if cut is None:
        raise RuntimeError("the server cannot cut connections: run it with HTTP_PROTOCOL and WEBSOCKET_PROTOCOL")
    return cut


@frozen
class _WithCut:
    """The app of one connection, which can close that connection once everything written was sent."""

    app: ASGIApp
    connection: H11Protocol | WebSocketsSansIOProtocol

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        extensions = {**scope.get("extensions", {}), _CUT: self.connection.transport.close}
        await self.app({**scope, "extensions": extensions}, receive, send)


class _Http(H11Protocol):
    """HTTP whose app can close the connection, with a timeout for the head of requests."""

    def __init__(
        self,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, object],
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        super().__init__(config, server_state, app_state, _loop)
        self.app = _WithCut(self._in_time(self.app), self)
        self._busy = 0
        self._head_timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as its base has it
        """Start; abort if there are too many connections."""
        super().connection_made(transport)
        if len(self.connections) > MAX_CONNECTIONS:
            transport.abort()
        else:
            self._await_head()

    def data_received(self, data: bytes) -> None:
        """Take what came."""
        if not self._busy:
            self._await_head()
        super().data_received(data)
        if self.transport.get_protocol() is not self:
            self._forget_head()  # it is a websocket now

    def connection_lost(self, exc: Exception | None) -> None:
        """End."""
        self._forget_head()
        super().connection_lost(exc)

    def _in_time(self, app: ASGIApp) -> ASGIApp:
        async def run(scope: Scope, receive: Receive, send: Send) -> None:
            self._forget_head()
            self._busy += 1
            try:
                await app(scope, receive, send)
            finally:
                self._busy -= 1

        return run

    def _await_head(self) -> None:
        if self._head_timer is None:
            self._head_timer = self.loop.call_later(HEAD_TIMEOUT_S, self.transport.abort)

    def _forget_head(self) -> None:
        if self._head_timer is not None:
            self._head_timer.cancel()
            self._head_timer = None


class _Websocket(WebSocketsSansIOProtocol):
    """A websocket whose app can close the connection without a closing frame."""

    def __init__(
        self,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, object],
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        super().__init__(config, server_state, app_state, _loop)
        self.app = _WithCut(self.app, self)


HTTP_PROTOCOL = _Http
"""The value for the option ``http`` of uvicorn."""

WEBSOCKET_PROTOCOL = _Websocket
"""The value for the option ``ws`` of uvicorn."""
