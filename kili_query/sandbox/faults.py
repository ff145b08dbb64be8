"""Faults on purpose: what networks, gateways and servers do to a client, as often and as late as it is asked for.

Longer than most files: the words of a fault, when it is due and what it does belong together.

    fault      = what ["=" time] [":" operation] ["*" [times]] ["+" skipped]
    what       = "delay" | status ["-after"] | "drop-before" | "drop-after" | "truncate" | "html"
               | "error" | "error-bare" | "null-data" | "null-field" | "wrong-type"
    status     = 400 … 599
    time       = number ("ms" | "s")              of delay; of a status its Retry-After, in whole seconds
    operation  = the name of a root field or of an operation; without one, every request is meant
    times      = how many requests it hits: 1 without "*", every one with "*" and no number
    skipped    = how many of the requests it means go by before
"""

import asyncio
import json
import re
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from enum import StrEnum
from http import HTTPStatus
from threading import Lock

from anyio import CapacityLimiter, to_thread
from attrs import define, frozen
from graphql import FieldNode, GraphQLError, OperationDefinitionNode
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from kili_query.errors import KiliQueryError
from kili_query.sandbox.connections import find_cut
from kili_query.sandbox.documents import read_document
from kili_query.sandbox.guard import errors_body, replay, send_body

__all__ = [
    "FAULT_HEADER",
    "Fault",
    "FaultError",
    "FaultInjector",
    "FaultKind",
    "Seen",
]

FAULT_HEADER = "X-Sandbox-Fault"
"""A request that carries it asks for faults of its own, where the sandbox allows that."""

_SMALL_BODY_BYTES = 16 * 1024
_THREADS = 2

_MAX_SEEN = 10_000
"""How many requests the log keeps: the newest."""


class FaultError(KiliQueryError, ValueError):
    """A text that names no fault."""


class FaultKind(StrEnum):
    """What goes wrong."""

    DELAY = "delay"
    """The request is held for a time, then handled."""
    STATUS = "status"
    """A gateway answers with an HTTP status and a page; nothing is handled. Written as the number alone."""
    STATUS_AFTER = "status-after"
    """The request is handled, and a gateway answers with an HTTP status all the same."""
    DROP_BEFORE = "drop-before"
    """The connection is cut; nothing is handled. Of a subscription: once it is asked for."""
    DROP_AFTER = "drop-after"
    """The request is handled, then the connection is cut without a byte. Of a subscription: after its first event."""
    TRUNCATE = "truncate"
    """The request is handled, and the connection is cut in the middle of the answer."""
    HTML = "html"
    """A page of HTML with status 200, as a proxy that wants a login; nothing is handled."""
    ERROR = "error"
    """A GraphQL error, with ``extensions``; nothing is handled."""
    ERROR_BARE = "error-bare"
    """A GraphQL error without ``extensions``; nothing is handled."""
    NULL_DATA = "null-data"
    """``{"data": null}``; nothing is handled."""
    NULL_FIELD = "null-field"
    """Every root field is null, ``{"data": {"data": null}}``; nothing is handled."""
    WRONG_TYPE = "wrong-type"
    """Every root field is a text, whatever it should be; nothing is handled."""


_STATUSES = (FaultKind.STATUS, FaultKind.STATUS_AFTER)
_RUNS_APP = (FaultKind.STATUS_AFTER, FaultKind.DROP_AFTER, FaultKind.TRUNCATE)
_DROPS = (FaultKind.DROP_BEFORE, FaultKind.DROP_AFTER)

_TEXT = re.compile(
    r"(?P<what>[^=:*+]+)(=(?P<time>[^:*+]*))?(:(?P<operation>[^*+]*))?(?P<star>\*(?P<times>[^+]*))?(\+(?P<skipped>.*))?"
)
_TIME = re.compile(r"(\d+(?:\.\d+)?)(ms|s)")
_NAME = re.compile(r"[_A-Za-z][_0-9A-Za-z]*")
_STATUS = re.compile(r"([45]\d\d)(-after)?")


@frozen(kw_only=True)
class Fault:
    """One fault: what goes wrong, in which requests.

    Attributes:
        kind: what goes wrong.
        times: how many requests it hits; None for every one.
        operation: the root field or operation it is for; None for every request.
        after: how many of the requests that it is for go by before.
        status: the HTTP status, where the kind has one.
        delay_s: how long a request is held, where the kind is a delay.
        retry_after_s: what ``Retry-After`` says beside a status; None for no such header.

    >>> Fault.parse("429=2s*3")
    Fault(kind=<FaultKind.STATUS: 'status'>, times=3, operation=None, after=0, status=429, delay_s=0.0, retry_after_s=2)
    >>> str(Fault.parse("drop-after:appendManyLabels"))
    'drop-after:appendManyLabels'
    """

    kind: FaultKind
    times: int | None = 1
    operation: str | None = None
    after: int = 0
    status: int | None = None
    delay_s: float = 0.0
    retry_after_s: int | None = None

    def __attrs_post_init__(self) -> None:
        if (self.status is not None) != (self.kind in _STATUSES):
            raise FaultError(f"a status belongs to the kinds {' and '.join(_STATUSES)}, and to no other")
        if self.status is not None and not 400 <= self.status <= 599:
            raise FaultError(f"{self.status} is no status of a failure: give 400 to 599")
        if (self.delay_s > 0) != (self.kind is FaultKind.DELAY):
            raise FaultError("a time belongs to a delay, and is more than 0")
        if self.retry_after_s is not None and self.status is None:
            raise FaultError("`Retry-After` belongs to a status")
        if (self.times is not None and self.times < 1) or self.after < 0 or (self.retry_after_s or 0) < 0:
            raise FaultError("a fault hits 1 request or more, after 0 or more, and names no time in the past")

    @classmethod
    def parse(cls, text: str) -> "Fault":
        """Read a fault from a text such as ``503``, ``429=2s*3``, ``delay=50ms*`` or ``drop-after:appendManyLabels+1``.

        A 429 without a time says ``Retry-After: 1``.

        Raises:
            FaultError: the text names no fault.
        """
        found = _TEXT.fullmatch(text.strip())
        if found is None:
            raise FaultError(f"`{text}` is no fault: write one such as `503`, `delay=50ms` or `drop-after:labels*2`")
        kind, status = _read_kind(text, found["what"].strip())
        time_s = None if found["time"] is None else _read_time_s(text, found["time"].strip())
        operation = None if found["operation"] is None else found["operation"].strip()
        if operation is not None and not _NAME.fullmatch(operation):
            raise FaultError(f"`{text}`: after `:` stands the name of a root field, not `{operation}`")
        times = None if found["times"] == "" else _read_number(text, "*", found["times"], 1)
        after = _read_number(text, "+", found["skipped"], 0)
        if times is not None and times < 1:
            raise FaultError(f"`{text}`: after `*` stands 1 or more")
        if kind is FaultKind.DELAY:
            if not time_s:
                raise FaultError(f"`{text}`: say how long, as in `delay=50ms`")
            return cls(kind=kind, times=times, operation=operation, after=after, delay_s=time_s)
        if status is None and time_s is not None:
            raise FaultError(f"`{text}`: `{kind}` takes no time")
        if time_s is not None and not time_s.is_integer():
            raise FaultError(f"`{text}`: `Retry-After` is in whole seconds")
        retry_after_s = 1 if time_s is None and status == HTTPStatus.TOO_MANY_REQUESTS else time_s
        return cls(
            kind=kind,
            times=times,
            operation=operation,
            after=after,
            status=status,
            retry_after_s=None if retry_after_s is None else int(retry_after_s),
        )

    def __str__(self) -> str:
        what = {FaultKind.STATUS: f"{self.status}", FaultKind.STATUS_AFTER: f"{self.status}-after"}.get(self.kind)
        time_s = self.delay_s if self.kind is FaultKind.DELAY else self.retry_after_s
        parts = [
            what or str(self.kind),
            "" if time_s is None else f"={time_s:.15g}s",
            f":{self.operation}" if self.operation else "",
            "" if self.times == 1 else f"*{self.times or ''}",
            f"+{self.after}" if self.after else "",
        ]
        return "".join(parts)

    def is_for(self, operations: Iterable[str]) -> bool:
        """Whether a request with these root fields and operations is meant."""
        return self.operation is None or self.operation in operations


def _read_kind(text: str, what: str) -> tuple[FaultKind, int | None]:
    number = _STATUS.fullmatch(what)
    if number is not None:
        return FaultKind.STATUS_AFTER if number[2] else FaultKind.STATUS, int(number[1])
    if what in tuple(FaultKind) and what not in _STATUSES:
        return FaultKind(what), None
    known = ", ".join(kind for kind in FaultKind if kind not in _STATUSES)
    raise FaultError(f"`{text}`: `{what}` is no fault: write a status of 400 to 599, or one of {known}")


def _read_time_s(text: str, time: str) -> float:
    found = _TIME.fullmatch(time)
    if found is None:
        raise FaultError(f"`{text}`: `{time}` is no time: write it as `50ms` or `2s`")
    return float(found[1]) / (1000 if found[2] == "ms" else 1)


def _read_number(text: str, sign: str, number: str | None, otherwise: int) -> int:
    if number is None:
        return otherwise
    if not (number.strip().isascii() and number.strip().isdecimal() and len(number) <= 9):
        raise FaultError(f"`{text}`: after `{sign}` stands a number, not `{number}`")
    return int(number)


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


@frozen
class _Asked:
    """What the document of a request asks for.

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
        self._limiter = CapacityLimiter(_THREADS)
        self._seen: deque[Seen] = deque(maxlen=_MAX_SEEN)
        self._armed = [_Armed(_read(fault)) for fault in faults]

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
            FaultError: a text names no fault.
        """
        added = [_Armed(_read(fault)) for fault in faults]
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
        asked = await self._asked_by(body)
        try:
            wanted = self._by_header(scope)
        except FaultError as error:
            await send_body(send, 400, errors_body(f"{FAULT_HEADER}: {error}"))
            return
        due = self._take(scope["method"], scope["path"], asked.operations, wanted)
        for fault in due:
            if fault.kind is FaultKind.DELAY:
                await _hold(fault.delay_s, receive)
        hits = [fault for fault in due if fault.kind is not FaultKind.DELAY]
        if not hits:
            await self._app(scope, replay(body, receive), send)
            return
        kept = _Kept()
        if hits[0].kind in _RUNS_APP:
            await self._app(scope, replay(body, receive), kept)
        await _spoil(hits[0], asked, kept, scope, receive, send)

    async def _asked_by(self, body: bytes) -> _Asked:
        """What a request asks for; a large one is read in a thread, so that nobody else waits for that."""
        if len(body) <= _SMALL_BODY_BYTES:
            return _asked_by(body)
        return await to_thread.run_sync(_asked_by, body, limiter=self._limiter)

    async def _started(self, message: Message) -> _Asked | None:
        if len(message.get("text") or "") <= _SMALL_BODY_BYTES:  # at once: labels that are written now are to be heard
            return _started(message)
        return await to_thread.run_sync(_started, message, limiter=self._limiter)

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
    ) -> tuple[Fault, ...]:
        """The faults that a request meets: counted, and noted with it."""
        is_subscription = method == _WEBSOCKET
        with self._lock:
            hit = [fault for fault in wanted if fault.is_for(operations)]
            for one in self._armed:
                if not one.fault.is_for(operations) or (is_subscription and one.fault.kind not in _DROPS):
                    continue
                one.met += 1
                is_delay = one.fault.kind is FaultKind.DELAY
                if one.met <= one.fault.after or one.is_spent or (not is_delay and any(map(_is_hit, hit))):
                    continue
                one.hit += 1
                hit.append(one.fault)
            delays = [fault for fault in hit if not _is_hit(fault)]
            due = (*delays, *[fault for fault in hit if _is_hit(fault)][:1])
            self._seen.append(Seen(method, path, operations, due))
            return due

    async def _serve_websocket(self, scope: Scope, receive: Receive, send: Send) -> None:
        """A subscription is a message among others: connections are cut where it is asked for, or after its event."""
        is_let_in = is_to_be_cut = False

        async def listen() -> Message:
            nonlocal is_to_be_cut
            message = await receive()
            # INVARIANT: nothing is read of what comes from somebody who has not shown the key
            started = await self._started(message) if is_let_in else None
            if started is None:
                return message
            due = self._take(_WEBSOCKET, scope["path"], started.operations)
            if any(fault.kind is FaultKind.DROP_BEFORE for fault in due):
                await _cut(scope, receive)
                return {"type": "websocket.disconnect", "code": 1006}
            is_to_be_cut = is_to_be_cut or bool(due)
            return message

        async def speak(message: Message) -> None:
            nonlocal is_let_in
            is_let_in = is_let_in or _frame(message).get("type") == "connection_ack"
            await send(message)
            if is_to_be_cut and _frame(message).get("type") in ("data", "next"):
                find_cut(scope)()

        await self._app(scope, listen, speak)


_WEBSOCKET = "WEBSOCKET"


def _read(fault: Fault | str) -> Fault:
    return Fault.parse(fault) if isinstance(fault, str) else fault


def _is_hit(fault: Fault) -> bool:
    return fault.kind is not FaultKind.DELAY


async def _read_body(receive: Receive) -> bytes | None:
    body = bytearray()
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            return None
        body += message.get("body", b"")
        if not message.get("more_body", False):
            return bytes(body)


def _asked_by(body: bytes) -> _Asked:
    """What a GraphQL request asks for; nothing where it is none, which the app will say."""
    try:
        request: object = json.loads(body) if body else None
    except (ValueError, RecursionError):
        return _Asked()
    return _asked_in(request)


def _asked_in(request: object) -> _Asked:
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


def _frame(message: Message) -> dict[str, object]:
    """A websocket message that holds a JSON object; an empty one for any other."""
    try:
        frame: object = json.loads(message.get("text") or "null")
    except (ValueError, RecursionError):
        return {}
    return frame if isinstance(frame, dict) else {}


def _started(message: Message) -> _Asked | None:
    """What a websocket message subscribes to, in either of the two protocols; None where it does not."""
    frame = _frame(message)
    return _asked_in(frame.get("payload")) if frame.get("type") in ("start", "subscribe") else None


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


class _Kept:
    """What the app answered, and no one was sent."""

    def __init__(self) -> None:
        self.messages: list[Message] = []

    async def __call__(self, message: Message) -> None:
        self.messages.append(message)

    @property
    def body(self) -> bytes:
        return b"".join(message.get("body", b"") for message in self.messages)

    @property
    def start(self) -> Iterator[Message]:
        """The start of the answer, with the length of the whole body, however it was going to be sent."""
        for message in self.messages:
            if message["type"] == "http.response.start":
                kept = [(name, value) for name, value in message["headers"] if name.lower() != b"content-length"]
                yield {**message, "headers": [*kept, (b"content-length", str(len(self.body)).encode())]}


async def _spoil(fault: Fault, asked: _Asked, kept: _Kept, scope: Scope, receive: Receive, send: Send) -> None:
    """Do to a request what the fault says, once the app has run where it is to."""
    if fault.status is not None:
        await _send_status(fault, fault.status, send)
    elif fault.kind in _DROPS:
        await _cut(scope, receive)
    elif fault.kind is FaultKind.TRUNCATE:
        for message in kept.start:
            await send(message)
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
