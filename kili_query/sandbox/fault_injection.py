"""ASGI middleware that injects faults into requests."""

import asyncio
import json
from collections import deque
from collections.abc import Callable, Iterable
from http import HTTPStatus
from threading import Lock

from anyio import to_thread
from attrs import define, field, frozen
from graphql import FieldNode, GraphQLError, OperationDefinitionNode
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from kili_query.sandbox.connections import find_cut
from kili_query.sandbox.documents import read_document
from kili_query.sandbox.faults import Fault, FaultError, FaultKind
from kili_query.sandbox.guard import errors_body
from kili_query.serving import replay, send_body

FAULT_HEADER = "X-Sandbox-Fault"
"""A request that carries it asks for faults of its own, where the sandbox allows that."""

_MAX_SEEN = 10_000
"""How many requests the log keeps: the newest."""
_SMALL_BODY_BYTES = 16 * 1024
_WEBSOCKET = "WEBSOCKET"
_RUNS_APP = (FaultKind.STATUS_AFTER, FaultKind.DROP_AFTER, FaultKind.TRUNCATE)
_DROPS = (FaultKind.DROP_BEFORE, FaultKind.DROP_AFTER)


@frozen
class Seen:
    """A request, and what was done to it.

    Attributes:
        method: of HTTP; ``WEBSOCKET`` for a subscription.
        path: without the query string.
        operations: its root fields in the order of the document, then the names of its operations.
        faults: what it met, delays first.
    """

    method: str
    path: str
    operations: tuple[str, ...]
    faults: tuple[Fault, ...] = ()


@define
class _Armed:
    """A fault and its count."""

    fault: Fault
    met: int = 0
    hit: int = 0

    @property
    def is_spent(self) -> bool:
        return self.fault.times is not None and self.hit >= self.fault.times

    def meets(self, operations: tuple[str, ...]) -> bool:
        """Count a request if it is meant, and say whether the fault is due for it."""
        if not self.fault.is_for(operations):
            return False
        self.met += 1
        return self.met > self.fault.after and not self.is_spent


@frozen
class _Asked:
    """The operation that a request asks for.

    Attributes:
        fields: the keys of the answer and the root fields that give them.
        names: of its operations.
    """

    fields: tuple[tuple[str, str], ...] = ()
    names: tuple[str, ...] = ()

    @property
    def operations(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys([*(name for _, name in self.fields), *self.names]))

    @property
    def keys(self) -> tuple[str, ...]:
        return tuple(key for key, _ in self.fields) or ("data",)


class FaultInjector:
    """ASGI middleware: passes requests on, but for those that a fault is due for.

    Every fault counts every request that it is for, whether another hits it or not. Of those due, all delays hold the
    request, and then the first of the others hits it. Safe to use from any thread.

    It stands behind `Guard`, which has bounded and inflated the body; cutting connections needs a server that runs
    with `HTTP_PROTOCOL` and `WEBSOCKET_PROTOCOL` of `kili_query.sandbox.connections`.

    Args:
        app: who answers.
        faults: what goes wrong, or its text.
        is_header_allowed: a request may ask for faults of its own with `FAULT_HEADER`, several with commas between.
            Where not, the header says nothing.
    """

    def __init__(self, app: ASGIApp, faults: Iterable[Fault | str] = (), *, is_header_allowed: bool = False) -> None:
        self._app = app
        self._is_header_allowed = is_header_allowed
        self._lock = Lock()
        self._seen: deque[Seen] = deque(maxlen=_MAX_SEEN)
        self._armed = [_Armed(_fault(fault)) for fault in faults]

    @property
    def seen(self) -> tuple[Seen, ...]:
        """The requests so far, oldest first; the newest 10 000 are kept."""
        with self._lock:
            return tuple(self._seen)

    @property
    def pending(self) -> tuple[Fault, ...]:
        """The faults that can still hit."""
        with self._lock:
            return tuple(one.fault for one in self._armed if not one.is_spent)

    def inject(self, *faults: Fault | str) -> None:
        """Add faults, behind those there are.

        Raises:
            FaultError: a text is not a fault.
        """
        added = [_Armed(_fault(fault)) for fault in faults]
        with self._lock:
            self._armed.extend(added)

    def clear(self) -> None:
        """Forget all faults and all requests."""
        with self._lock:
            self._armed.clear()
            self._seen.clear()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a request, with the faults that are due for it."""
        if scope["type"] == "websocket":
            await self._serve_websocket(scope, receive, send)
        elif scope["type"] == "http":
            await self._serve_http(scope, receive, send)
        else:
            await self._app(scope, receive, send)

    async def _serve_http(self, scope: Scope, receive: Receive, send: Send) -> None:
        body = await _read_body(receive)
        if body is None:
            return
        # a large body is read in a thread, so that nobody else waits meanwhile
        asked = _asked_in(body) if len(body) <= _SMALL_BODY_BYTES else await to_thread.run_sync(_asked_in, body)
        try:
            wanted = self._by_header(scope)
        except FaultError as error:
            await send_body(send, 400, errors_body(f"{FAULT_HEADER}: {error}"))
            return
        delays, hit = self._take(scope["method"], scope["path"], asked.operations, wanted)
        for delay in delays:
            await _hold(delay.delay_s, receive)
        if hit is None:
            await self._app(scope, replay(body, receive), send)
            return
        kept = _Kept()
        if hit.kind in _RUNS_APP:
            await self._app(scope, replay(body, receive), kept)
        await _spoil(hit, asked, kept, scope, receive, send)

    def _by_header(self, scope: Scope) -> list[Fault]:
        if not self._is_header_allowed:
            return []
        name = FAULT_HEADER.lower().encode()
        texts = [value.decode("latin-1") for header, value in scope["headers"] if header == name]
        faults = [Fault.parse(text) for text in ",".join(texts).split(",") if text.strip()]
        for fault in faults:
            if fault.times != 1 or fault.after:
                raise FaultError(f"`{fault}`: a header is for its own request, without `*` and `+`")
        return faults

    def _take(
        self, method: str, path: str, operations: tuple[str, ...], wanted: Iterable[Fault] = ()
    ) -> tuple[list[Fault], Fault | None]:
        """The delays that a request meets, and what hits it after them: counted, and noted with it."""
        delays: list[Fault] = []
        hit: Fault | None = None
        with self._lock:
            for one in (*map(_Armed, wanted), *self._armed):
                is_delay = one.fault.kind is FaultKind.DELAY
                if method == _WEBSOCKET and one.fault.kind not in _DROPS:
                    continue
                if not one.meets(operations) or (hit is not None and not is_delay):
                    continue
                one.hit += 1
                if is_delay:
                    delays.append(one.fault)
                else:
                    hit = one.fault
            self._seen.append(Seen(method, path, operations, (*delays, *([hit] if hit else ()))))
            return delays, hit

    async def _serve_websocket(self, scope: Scope, receive: Receive, send: Send) -> None:
        """A subscription is a message among others: connections are cut where it is asked for, or after its event."""
        is_let_in = is_to_be_cut = False

        async def listen() -> Message:
            nonlocal is_to_be_cut
            message = await receive()
            # INVARIANT: nothing is read of what comes from somebody who has not shown the key
            started = _started_by(message.get("text") or "") if is_let_in else None
            if started is None:
                return message
            _, hit = self._take(_WEBSOCKET, scope["path"], started.operations)
            if hit is not None and hit.kind is FaultKind.DROP_BEFORE:
                await _cut(scope, receive)
                return {"type": "websocket.disconnect", "code": 1006}
            is_to_be_cut = is_to_be_cut or hit is not None
            return message

        async def speak(message: Message) -> None:
            nonlocal is_let_in
            is_let_in = is_let_in or _json_object(message.get("text") or "").get("type") == "connection_ack"
            await send(message)
            if is_to_be_cut and _json_object(message.get("text") or "").get("type") in ("data", "next"):
                find_cut(scope)()

        await self._app(scope, listen, speak)


def _fault(fault: Fault | str) -> Fault:
    return Fault.parse(fault) if isinstance(fault, str) else fault


async def _read_body(receive: Receive) -> bytes | None:
    body = bytearray()
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            return None
        body += message.get("body", b"")
        if not message.get("more_body", False):
            return bytes(body)


def _json_object(text: str | bytes) -> dict[str, object]:
    """The JSON object of a request or message; an empty one for anything else, which the app will refuse."""
    try:
        value: object = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}


def _asked_in(text: str | bytes) -> _Asked:
    return _asked_by(_json_object(text))


def _started_by(text: str | bytes) -> _Asked | None:
    """Return the subscription that a websocket message asks for, in either protocol; None if it asks for none."""
    message = _json_object(text)
    return _asked_by(message.get("payload")) if message.get("type") in ("start", "subscribe") else None


def _asked_by(request: object) -> _Asked:
    """Return the operation of a GraphQL request; an empty one if it is not a request, which the app reports."""
    query = request.get("query") if isinstance(request, dict) else None
    if not isinstance(query, str):
        return _Asked()
    try:
        document = read_document(query)
    except GraphQLError:
        return _Asked()
    defined = [one for one in document.definitions if isinstance(one, OperationDefinitionNode)]
    fields = [one for operation in defined for one in operation.selection_set.selections if isinstance(one, FieldNode)]
    return _Asked(
        tuple(((one.alias or one.name).value, one.name.value) for one in fields),
        tuple(operation.name.value for operation in defined if operation.name),
    )


async def _hold(delay_s: float, receive: Receive) -> None:
    """Wait; but for no one: once the client has gone, as after a timeout, its request is handled at once."""
    try:
        async with asyncio.timeout(delay_s):
            await _wait_for_end(receive)
    except TimeoutError:
        return


async def _wait_for_end(receive: Receive) -> None:
    while (await receive())["type"] not in ("http.disconnect", "websocket.disconnect"):
        pass


@define
class _Kept:
    """An answer of the app that was not sent."""

    messages: list[Message] = field(factory=list)

    async def __call__(self, message: Message) -> None:
        self.messages.append(message)

    @property
    def body(self) -> bytes:
        return b"".join(message.get("body", b"") for message in self.messages)

    @property
    def start(self) -> Message:
        """The start of the answer, with the length of the whole body, however it was going to be sent."""
        start = self.messages[0]
        others = [(name, value) for name, value in start["headers"] if name.lower() != b"content-length"]
        return {**start, "headers": [*others, (b"content-length", str(len(self.body)).encode())]}


async def _spoil(fault: Fault, asked: _Asked, kept: _Kept, scope: Scope, receive: Receive, send: Send) -> None:
    """Do to a request what the fault says, once the app has run where it is to."""
    if fault.status is not None:
        await _send_status(fault, fault.status, send)
    elif fault.kind in _DROPS:
        await _cut(scope, receive)
    elif fault.kind is FaultKind.TRUNCATE:
        await send(kept.start)
        await send({"type": "http.response.body", "body": kept.body[: len(kept.body) // 2], "more_body": True})
        await _cut(scope, receive)
    else:
        content_type = "text/html; charset=utf-8" if fault.kind is FaultKind.HTML else "application/json"
        await send_body(send, 200, _BODIES[fault.kind](asked.keys), content_type=content_type)


async def _send_status(fault: Fault, status: int, send: Send) -> None:
    try:
        phrase = HTTPStatus(status).phrase
    except ValueError:
        phrase = "Failure"  # such as 521, which gateways use and no standard names
    headers = [] if fault.retry_after_s is None else [("retry-after", str(fault.retry_after_s))]
    await send_body(send, status, _page(f"{status} {phrase}"), content_type="text/html", headers=headers)


def _page(title: str) -> bytes:
    return f"<html><head><title>{title}</title></head><body><h1>{title}</h1></body></html>".encode()


def _json(value: object) -> bytes:
    return json.dumps(value).encode()


_MESSAGE = "a fault of the sandbox"
_BODIES: dict[FaultKind, Callable[[tuple[str, ...]], bytes]] = {
    FaultKind.HTML: lambda _: _page("Please log in"),
    FaultKind.ERROR: lambda _: errors_body(_MESSAGE),
    FaultKind.ERROR_BARE: lambda _: _json({"errors": [{"message": _MESSAGE}]}),
    FaultKind.NULL_DATA: lambda _: _json({"data": None}),
    FaultKind.NULL_FIELD: lambda keys: _json({"data": dict.fromkeys(keys)}),
    FaultKind.WRONG_TYPE: lambda keys: _json({"data": dict.fromkeys(keys, "unexpected")}),
}


async def _cut(scope: Scope, receive: Receive) -> None:
    find_cut(scope)()
    await _wait_for_end(receive)  # else the server finds a request that was never answered, and complains
