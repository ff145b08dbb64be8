"""Retries: which calls are sent again, how often and when.

The rule: a query may be sent again, a mutation only if it certainly was not carried out.
"""

import logging
import math
import random
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http import HTTPStatus

from attrs import field, frozen

from kili_query.errors import AuthenticationFailed, GraphQLError, MutationOutcomeUnknown, ServiceError, TransportError

LONGEST_PAUSE_S = 30.0
LONGEST_RETRY_AFTER_S = 60.0
FIRST_PAUSE_S = 0.5

_log = logging.getLogger("kili_query.client")


@frozen
class Clock:
    """Time and randomness, which tests replace.

    Attributes:
        monotonic_s: seconds since some moment; never decreases.
        sleep: waits for a number of seconds.
        between: a random number between two others.
        utc_now: the date and time.
    """

    monotonic_s: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep
    between: Callable[[float, float], float] = random.SystemRandom().uniform
    utc_now: Callable[[], datetime] = field(default=lambda: datetime.now(UTC))


@frozen
class Treatment:
    """How one kind of failure is retried.

    Attributes:
        query_sends: the maximum number of times that a query is sent; infinite means until the deadline.
        mutation_sends: the same for a mutation.
        is_untouched: the service certainly did not carry the call out.
    """

    query_sends: float
    mutation_sends: float
    is_untouched: bool


UNREACHED = Treatment(math.inf, math.inf, is_untouched=True)
"""No connection was made, by us or by a proxy of the service."""
UNREACHED_AT_FIRST = Treatment(3, 3, is_untouched=True)
"""The same for a service that has never answered: a wrong address is likelier than an outage."""
BUSY = Treatment(math.inf, math.inf, is_untouched=True)
"""The service rejected the call before looking at it."""
KEY_IN_DOUBT = Treatment(3, 3, is_untouched=True)
"""A key that was accepted before is refused; the service is known to do so by mistake."""
TRANSIENT = Treatment(5, 1, is_untouched=True)
"""A GraphQL error of a transient kind."""
REFUSED = Treatment(1, 1, is_untouched=True)
"""The service refuses the call, and would refuse it again."""
SLOW = Treatment(2, 1, is_untouched=False)
"""No answer in time. Many retries would only add to the load."""
BROKEN = Treatment(5, 1, is_untouched=False)
"""The answer was lost in transit, or cannot be read."""
FAULTY = Treatment(1, 1, is_untouched=False)
"""The service failed."""
UNUSABLE = Treatment(1, 1, is_untouched=False)
"""A well-formed answer without a value."""

_OF_STATUS = {
    408: SLOW,
    429: BUSY,
    502: BROKEN,
    503: BROKEN,
    504: SLOW,
    520: BROKEN,
    521: UNREACHED,  # the origin refused the proxy's connection
    522: BROKEN,
    523: UNREACHED,  # the proxy found no way to the origin
    524: SLOW,
}

_NO_UPSTREAM = ("no healthy upstream", "reset reason: connection failure", "reset reason: remote connection failure")
"""Texts with which the proxy Envoy, in a 503, reports that it had no connection for a request."""


def treatment_of_status(status: int, text: str = "") -> Treatment:
    """Return how an answer with another status than 200 is retried.

    Args:
        status: the HTTP status.
        text: the body of the answer.

    >>> treatment_of_status(503) is BROKEN, treatment_of_status(503, "no healthy upstream") is UNREACHED
    (True, True)
    """
    if status == HTTPStatus.SERVICE_UNAVAILABLE and any(words in text for words in _NO_UPSTREAM):
        return UNREACHED
    if status < HTTPStatus.MULTIPLE_CHOICES or status == HTTPStatus.SEE_OTHER:
        return UNUSABLE  # done, or "see there what became of it"
    return _OF_STATUS.get(status, FAULTY if status >= HTTPStatus.INTERNAL_SERVER_ERROR else REFUSED)


@frozen
class Success:
    """A call that was answered."""

    value: object


@frozen
class Failure:
    """A call that failed.

    Attributes:
        message: what happened.
        treatment: how it is retried.
        status: the HTTP status of the answer, if any.
        errors: the GraphQL errors of the answer, if any.
        is_key_refused: the service refuses the key.
        retry_after_s: seconds that the service asks us to wait.
    """

    message: str
    treatment: Treatment
    status: int | None = None
    errors: tuple[Mapping[str, object], ...] = ()
    is_key_refused: bool = False
    retry_after_s: float | None = None


def until_answered(
    send: Callable[[float], Success | Failure],
    name: str,
    *,
    is_mutation: bool,
    deadline_s: float,
    clock: Clock,
    take_turn: Callable[[], None] = lambda: None,
) -> tuple[Success | Failure, int]:
    """Send a call until it is answered, or may not be sent again.

    Args:
        send: sends it once, given the seconds that are left.
        name: what is called, for the log.
        is_mutation: it may change something.
        deadline_s: how long the whole may take, in seconds, from its first turn on.
        clock: time and chance.
        take_turn: waits until the rate limit lets one more through.

    Returns:
        The last outcome, and how often the call was sent.
    """
    take_turn()
    end_s = clock.monotonic_s() + deadline_s
    left_s, sends = deadline_s, 0
    while True:
        outcome = send(left_s)
        sends += 1
        if isinstance(outcome, Success):
            return outcome, sends
        allowed = outcome.treatment.mutation_sends if is_mutation else outcome.treatment.query_sends
        pause = pause_s(sends, outcome.retry_after_s, clock)
        if sends >= allowed or clock.monotonic_s() + pause >= end_s:
            return outcome, sends
        _log.info("%s: %s; sent again in %.1f s", name, outcome.message, pause)
        clock.sleep(pause)
        take_turn()
        left_s = end_s - clock.monotonic_s()
        if left_s <= 0:
            return outcome, sends


def pause_s(sends: int, asked_s: float | None, clock: Clock) -> float:
    """How long to wait before a call is sent again, in seconds.

    What the service asks for, within reason, and a little by chance, so that not all come back at once; else by chance
    up to a bound that doubles each time.
    """
    if asked_s is not None:
        return min(asked_s, LONGEST_RETRY_AFTER_S) + clock.between(0.0, FIRST_PAUSE_S)
    return clock.between(0.0, min(LONGEST_PAUSE_S, FIRST_PAUSE_S * 2.0 ** min(sends, 10)))


def retry_after_s(header: str | None, now: datetime) -> float | None:
    """The seconds that a header ``Retry-After`` asks for; None where it asks for nothing that can be read.

    >>> now = datetime(2024, 7, 1, 12, tzinfo=UTC)
    >>> retry_after_s("2", now), retry_after_s("Mon, 01 Jul 2024 12:00:05 GMT", now), retry_after_s("soon", now)
    (2.0, 5.0, None)
    """
    if header is None:
        return None
    try:
        seconds = float(header)
    except ValueError:
        seconds = _seconds_until(header, now)
    return max(seconds, 0.0) if math.isfinite(seconds) else None


def _seconds_until(date: str, now: datetime) -> float:
    try:
        then = parsedate_to_datetime(date)
    except (ValueError, OverflowError):
        return math.nan
    return ((then if then.tzinfo else then.replace(tzinfo=UTC)) - now).total_seconds()


def error_of(failure: Failure, operation: str, request_id: str, sends: int, *, is_mutation: bool) -> ServiceError:
    """The error that says what became of a call."""
    where = {"operation": operation, "request_id": request_id}
    message = failure.message + (f"; it was sent {sends} times" if sends > 1 else "")
    if failure.is_key_refused:
        return AuthenticationFailed(message, **where)
    if is_mutation and not failure.treatment.is_untouched:
        return MutationOutcomeUnknown(f"{message}; it may have been carried out or not, so it is not repeated", **where)
    if failure.errors:
        return GraphQLError(message, failure.errors, **where)
    return TransportError(message, status=failure.status, **where)
