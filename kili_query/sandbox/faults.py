"""Faults that networks, gateways and servers cause, written as a text.

fault      = what ["=" time] [":" operation] ["*" [times]] ["+" skipped]
what       = "delay" | status ["-after"] | "drop-before" | "drop-after" | "truncate" | "html"
           | "error" | "error-bare" | "null-data" | "null-field" | "wrong-type"
status     = 400 … 599
time       = number ("ms" | "s")              of delay; of a status its Retry-After, in whole seconds
operation  = the name of a root field or of an operation; without one, every request is meant
times      = how many requests it hits: 1 without "*", every one with "*" and no number
skipped    = how many of the requests it means go by before
"""

import re
from collections.abc import Iterable
from enum import StrEnum
from http import HTTPStatus

from attrs import frozen

from kili_query.errors import KiliQueryError


class FaultError(KiliQueryError, ValueError):
    """A text that is not a fault."""


class FaultKind(StrEnum):
    """The kinds of faults."""

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
            raise FaultError(f"{self.status} is not the status of a failure: give 400 to 599")
        if self.kind is FaultKind.DELAY and self.delay_s <= 0:
            raise FaultError("say how long, as in `delay=50ms`")
        if (self.delay_s and self.kind is not FaultKind.DELAY) or (self.retry_after_s is not None and not self.status):
            raise FaultError(f"`{self.kind}` takes no time")
        if (self.times is not None and self.times < 1) or self.after < 0 or (self.retry_after_s or 0) < 0:
            raise FaultError("a fault hits 1 request or more, after 0 or more, and names no time in the past")

    @classmethod
    def parse(cls, text: str) -> "Fault":
        """Read a fault from a text such as ``503``, ``429=2s*3``, ``delay=50ms*`` or ``drop-after:appendManyLabels+1``.

        A 429 without a time says ``Retry-After: 1``.

        Raises:
            FaultError: the text is not a fault.
        """
        found = _TEXT.fullmatch(text.strip())
        if found is None:
            raise FaultError(f"`{text}` is not a fault: write one such as `503`, `delay=50ms` or `drop-after:labels*2`")
        kind, status = _read_kind(text, found["what"].strip())
        time_s = None if found["time"] is None else _read_time_s(text, found["time"].strip())
        operation = None if found["operation"] is None else found["operation"].strip()
        if operation is not None and not _NAME.fullmatch(operation):
            raise FaultError(f"`{text}`: write the name of a root field after `:`, not `{operation}`")
        is_delay = kind is FaultKind.DELAY
        if status is not None and time_s is not None and not time_s.is_integer():
            raise FaultError(f"`{text}`: `Retry-After` is in whole seconds")
        if status == HTTPStatus.TOO_MANY_REQUESTS and time_s is None:
            time_s = 1
        retry_after_s = None if is_delay or time_s is None else int(time_s)
        times = None if found["times"] == "" else _read_number(text, "*", found["times"] or "1", least=1)
        after = _read_number(text, "+", "0" if found["skipped"] is None else found["skipped"], least=0)
        try:
            return cls(
                kind=kind,
                times=times,
                operation=operation,
                after=after,
                status=status,
                delay_s=(time_s or 0.0) if is_delay else 0.0,
                retry_after_s=retry_after_s,
            )
        except FaultError as error:
            raise FaultError(f"`{text}`: {error}") from None

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
    raise FaultError(f"`{text}`: `{what}` is not a fault: write a status of 400 to 599, or one of {known}")


def _read_time_s(text: str, time: str) -> float:
    found = _TIME.fullmatch(time)
    if found is None:
        raise FaultError(f"`{text}`: `{time}` is not a time: write it as `50ms` or `2s`")
    return float(found[1]) / (1000 if found[2] == "ms" else 1)


def _read_number(text: str, sign: str, number: str, *, least: int) -> int:
    number = number.strip()
    if not (number.isascii() and number.isdecimal() and len(number) <= 9 and int(number) >= least):
        raise FaultError(f"`{text}`: write a number after `{sign}`, {least} or more, not `{number}`")
    return int(number)
