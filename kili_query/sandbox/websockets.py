"""Subscriptions over websockets, in both of the protocols that GraphQL clients speak."""

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from typing import cast

from anyio import CapacityLimiter
from attrs import define, field, frozen
from graphql import ExecutionResult
from starlette.websockets import WebSocket, WebSocketDisconnect, WebSocketState

from kili_query.sandbox.execution import Executor
from kili_query.sandbox.guard import is_authorized

_INIT_TIMEOUT_S = 10.0
_MAX_INIT_CHARS = 16 * 1024
"""Of the only message that is read from somebody who may have no key."""
_MAX_RUNNING = 100


@frozen
class _Protocol:
    """A subprotocol: the words in which it differs from the other."""

    name: str
    start: str
    stop: str
    data: str
    refused_code: int

    @property
    def is_legacy(self) -> bool:
        return self.name == "graphql-ws"


_LEGACY = _Protocol("graphql-ws", "start", "stop", "data", 1000)
_CURRENT = _Protocol("graphql-transport-ws", "subscribe", "complete", "next", 4403)


class _Closed(Exception):  # noqa: N818 - it is caught within this module
    """The connection has to end, or did."""

    def __init__(self, code: int = 1000, reason: str = "") -> None:
        super().__init__(reason)
        self.code = code


async def serve_websocket(websocket: WebSocket, executor: Executor, limiter: CapacityLimiter) -> None:
    """Serve one connection to its end. A client that names neither protocol is spoken to in the older.

    Args:
        websocket: the connection.
        executor: what answers.
        limiter: of the threads that it answers in.
    """
    asked = websocket.scope.get("subprotocols", [])
    protocol = _CURRENT if _CURRENT.name in asked and _LEGACY.name not in asked else _LEGACY
    await websocket.accept(protocol.name if asked else None)
    connection = _Connection(websocket, executor, protocol, limiter)
    try:
        await connection.serve()
    except WebSocketDisconnect:
        pass
    except _Closed as closed:
        if websocket.application_state is not WebSocketState.DISCONNECTED:
            await websocket.close(closed.code, str(closed))
    finally:
        await connection.stop_all()


@define
class _Connection:
    """One connection, and what runs over it by the id that the client gave it."""

    websocket: WebSocket
    executor: Executor
    protocol: _Protocol
    limiter: CapacityLimiter
    running: "dict[str, asyncio.Task[None]]" = field(factory=dict)

    async def serve(self) -> None:
        """Let the client in, then do what it says."""
        try:
            async with asyncio.timeout(_INIT_TIMEOUT_S):
                message = await self._receive(_MAX_INIT_CHARS)
        except TimeoutError:
            raise _Closed(4408, "connection initialisation timeout") from None
        await self._let_in(message)
        while True:
            await self._handle(await self._receive())

    async def stop_all(self) -> None:
        """End all that runs."""
        tasks = list(self.running.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _let_in(self, message: Mapping[str, object]) -> None:
        if message.get("type") != "connection_init":
            raise _Closed(4401, "unauthorized: `connection_init` comes first")
        if any(is_authorized(value, self.executor.service.api_key) for value in _keys(self.websocket, message)):
            await self._send({"type": "connection_ack"})  # before all else, which some clients take for it
            return
        if self.protocol.is_legacy:
            await self._send({"type": "connection_error", "payload": {"message": "wrong API key"}})
        raise _Closed(self.protocol.refused_code, "wrong API key")

    async def _handle(self, message: Mapping[str, object]) -> None:
        kind, key = message.get("type"), message.get("id")
        if kind == "connection_terminate" and self.protocol.is_legacy:
            raise _Closed
        if kind == "ping" and not self.protocol.is_legacy:
            await self._send({"type": "pong"})
        elif kind == "pong" and not self.protocol.is_legacy:
            return
        elif kind == self.protocol.start and isinstance(key, str):
            if key in self.running:
                raise _Closed(4409, f"subscriber for {key[:40]} already exists")
            if len(self.running) >= _MAX_RUNNING:
                raise _Closed(4429, f"more than {_MAX_RUNNING} subscriptions over one connection")
            self.running[key] = asyncio.create_task(self._run(key, message.get("payload")))
        elif kind == self.protocol.stop and isinstance(key, str):
            await self._stop(key)
        else:
            raise _Closed(4400, "not a message of the protocol")

    async def _stop(self, key: str) -> None:
        task = self.running.pop(key, None)
        if task is None:
            return
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        if self.protocol.is_legacy:  # in the other, who completes is not answered
            await self._send({"type": "complete", "id": key})

    async def _run(self, key: str, request: object) -> None:
        """Send what one operation gives, to its end."""
        try:
            results = await self.executor.subscribe(request, self.limiter)
            if isinstance(results, dict):
                await self._send_only(key, results)
            else:
                await self._send_all(key, results)
            await self._send({"type": "complete", "id": key})
        except _Closed:  # the client has gone; who reads from it will see it too
            pass
        finally:
            self.running.pop(key, None)

    async def _send_all(self, key: str, results: AsyncIterator[ExecutionResult]) -> None:
        async for result in results:
            await self._send({"type": self.protocol.data, "id": key, "payload": self.executor.write(result)})

    async def _send_only(self, key: str, answer: dict[str, object]) -> None:
        """An answer that is all there is: a query's, or that of a subscription that cannot begin."""
        errors = cast("list[object]", answer.get("errors", []))
        if errors and "data" not in answer:
            payload = errors[0] if self.protocol.is_legacy else errors
            await self._send({"type": "error", "id": key, "payload": payload})
            raise _Ended
        await self._send({"type": self.protocol.data, "id": key, "payload": answer})

    async def _receive(self, most_chars: int | None = None) -> Mapping[str, object]:
        try:
            text = await self.websocket.receive_text()
            if most_chars is not None and len(text) > most_chars:
                raise _Closed(4400, "not a message of the protocol")
            message = json.loads(text)
        except (ValueError, KeyError, RecursionError) as error:
            raise _Closed(4400, "not a message of the protocol") from error
        if not isinstance(message, dict):
            raise _Closed(4400, "not a message of the protocol")
        return message

    async def _send(self, message: Mapping[str, object]) -> None:
        try:
            await self.websocket.send_text(json.dumps(message))
        except (WebSocketDisconnect, RuntimeError) as error:
            raise _Closed from error


class _Ended(_Closed):
    """An operation that failed: nothing more is sent of it."""


def _keys(websocket: WebSocket, message: Mapping[str, object]) -> list[str | None]:
    """All places where clients put the key: the payload, its headers, and the header of the connection."""
    payload = message.get("payload")
    given = [websocket.headers.get("authorization")]
    for values in (payload, payload.get("headers") if isinstance(payload, dict) else None):
        value = values.get("Authorization") if isinstance(values, dict) else None
        given.append(value if isinstance(value, str) else None)
    return given
