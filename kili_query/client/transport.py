"""Asks the service over HTTP: returns the value of a request, or raises an error that says what happened."""

from collections.abc import Callable
from functools import partial
from gzip import compress
from http import HTTPStatus
from types import TracebackType
from urllib.parse import urljoin, urlsplit
from uuid import uuid4

from attrs import evolve

from kili_query.client.answers import Reply, is_graphql, read_answer, read_payload, told, without_secrets
from kili_query.client.headers import call_headers, plain_headers
from kili_query.client.rate_limit import RateLimit, shared_rate_limit
from kili_query.client.request import CALLS_PER_MINUTE, Request
from kili_query.client.retries import (
    REFUSED,
    UNREACHED,
    UNREACHED_AT_FIRST,
    Clock,
    Failure,
    Success,
    error_of,
    until_answered,
)
from kili_query.client.settings import Settings
from kili_query.client.wire import Sending, Wire
from kili_query.errors import ArgumentError

COMPRESSED_FROM_BYTES = 1_000_000
"""Bodies of this size are sent compressed."""

_DEADLINE_TIMEOUTS = 2
"""All attempts of a call together may take twice what one may."""
_PAYLOAD_TIMEOUT_S = 30.0
_MAX_REDIRECTS = 5
_REDIRECTS = (301, 302, 303, 307, 308)


class Transport:
    """The service, reached over HTTP; may be used by many threads.

    A query that is not answered is sent again, until its deadline of twice ``timeout_s`` has passed; a mutation only
    where it is certain that nothing was carried out. No redirect of a request is followed. The wait for the rate limit
    comes before the deadline begins.

    Args:
        settings: where, and as whom.
        calls_per_minute: how many calls all clients of this key in this process send; None for no limit.
        clock: time and chance; a transport with its own clock shares its limit with nobody.
        payload_timeout_s: how long to wait for what is at a URL, at most 30 seconds.

    >>> with Transport(Settings("secret", "http://127.0.0.1:1/graphql"), calls_per_minute=None) as transport:
    ...     type(transport).__name__
    'Transport'
    """

    def __init__(
        self,
        settings: Settings,
        *,
        calls_per_minute: int | None = CALLS_PER_MINUTE,
        clock: Clock | None = None,
        payload_timeout_s: float = _PAYLOAD_TIMEOUT_S,
    ) -> None:
        self._settings = settings
        self._payload_timeout_s = min(payload_timeout_s, _PAYLOAD_TIMEOUT_S)
        self._clock = clock or Clock()
        self._wire = Wire(settings, self._clock)
        self._compresses = settings.compresses_requests
        self._is_known = False
        self._take_turn = _turns(settings, calls_per_minute, clock)

    def ask(self, request: Request) -> object:
        """The value of the root field.

        Raises:
            AuthenticationFailed: the key is refused.
            GraphQLError: the service answers with errors.
            TransportError: it was not reached, or no answer could be read; no mutation was carried out.
            MutationOutcomeUnknown: a mutation was sent, and whether it was carried out cannot be told.
            ArgumentError: the variables are not JSON.
        """
        request_id = str(uuid4())
        called_at = self._clock.utc_now().isoformat(timespec="milliseconds").replace("+00:00", "Z")
        name = request.operation.name
        headers = call_headers(name, called_at, request_id)
        sending = Sending("POST", self._settings.endpoint, headers, _body(request), request.timeout_s)
        outcome, sends = until_answered(
            lambda left_s: self._answer(sending, left_s),
            name,
            is_mutation=request.is_mutation,
            deadline_s=request.timeout_s * _DEADLINE_TIMEOUTS,
            clock=self._clock,
            take_turn=self._take_turn,
        )
        if isinstance(outcome, Failure):
            raise error_of(outcome, name, request_id, sends, is_mutation=request.is_mutation)
        self._is_known = True
        return outcome.value

    def get_json(self, url: str) -> object:
        """The JSON that a URL holds; the key is shown only to the service itself, wherever redirects lead.

        Raises:
            TransportError: it cannot be had; the message leaves out the query of the URL, which may sign it.
        """
        outcome, sends = until_answered(
            lambda left_s: self._payload(url, left_s),
            "a payload",
            is_mutation=False,
            deadline_s=self._payload_timeout_s * _DEADLINE_TIMEOUTS,
            clock=self._clock,
        )
        if isinstance(outcome, Failure):
            message = f"`{self._settings.redacted(without_secrets(url))}` cannot be fetched: {outcome.message}"
            named = evolve(outcome, message=message, errors=())
            raise error_of(named, "", "", sends, is_mutation=False)
        return outcome.value

    def close(self) -> None:
        """Close the connections; nothing more is sent."""
        self._wire.close()

    def __enter__(self) -> "Transport":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def _answer(self, sending: Sending, left_s: float) -> Success | Failure:
        reply = self._exchange(sending, left_s)
        if isinstance(reply, Reply):
            read = partial(read_answer, now=self._clock.utc_now(), is_key_known=self._is_known)
            return told(reply, read, self._settings)
        if reply.treatment is UNREACHED and not self._is_known:
            return evolve(reply, treatment=UNREACHED_AT_FIRST)
        return reply

    def _exchange(self, sending: Sending, left_s: float) -> Reply | Failure:
        """Send once, compressed if large; in plain where the service refuses to read compressed bodies."""
        body = sending.body or b""
        if not self._compresses or len(body) < COMPRESSED_FROM_BYTES:
            return self._wire.exchange(sending, left_s)
        headers = {**sending.headers, "Content-Encoding": "gzip"}
        packed = evolve(sending, headers=headers, body=compress(body, 6))
        reply = self._wire.exchange(packed, left_s)
        if isinstance(reply, Failure) or not _is_compression_refused(reply):
            return reply
        self._compresses = False
        self._take_turn()
        return self._wire.exchange(sending, left_s)

    def _payload(self, url: str, left_s: float) -> Success | Failure:
        end_s = self._clock.monotonic_s() + left_s
        for _ in range(_MAX_REDIRECTS + 1):
            left_s = max(end_s - self._clock.monotonic_s(), 0.001)
            sending = Sending("GET", url, plain_headers(), timeout_s=self._payload_timeout_s)
            reply = self._wire.exchange(sending, left_s)
            if isinstance(reply, Failure):
                return reply
            target = _redirection(url, reply)
            if target is None:
                return told(reply, partial(read_payload, now=self._clock.utc_now()), self._settings)
            url = target
        return Failure(f"it redirects more than {_MAX_REDIRECTS} times", REFUSED)


def _turns(settings: Settings, calls_per_minute: int | None, clock: Clock | None) -> Callable[[], None]:
    """Return the function that waits for the rate limit."""
    if calls_per_minute is None:
        return lambda: None
    if clock is not None:
        return RateLimit(calls_per_minute, clock).acquire
    # looked up for each call: a forked process has a limit of its own
    return lambda: shared_rate_limit(settings.endpoint, settings.api_key, calls_per_minute).acquire()


def _redirection(url: str, reply: Reply) -> str | None:
    """Return where a payload has moved; None if it has not, or only from a secure to an insecure URL."""
    if reply.status not in _REDIRECTS or "Location" not in reply.headers:
        return None
    try:
        target = urljoin(url, reply.headers["Location"])
        is_downgrade = (urlsplit(url).scheme, urlsplit(target).scheme) == ("https", "http")
    except ValueError:
        return None
    return None if is_downgrade else target


def _body(request: Request) -> bytes:
    try:
        return request.body()
    except (TypeError, ValueError, RecursionError) as error:
        raise ArgumentError(f"the variables of `{request.operation.name}` are not JSON: {error}") from error


def _is_compression_refused(reply: Reply) -> bool:
    is_unread = reply.status == HTTPStatus.BAD_REQUEST and not is_graphql(reply.body)
    return is_unread or reply.status == HTTPStatus.UNSUPPORTED_MEDIA_TYPE
