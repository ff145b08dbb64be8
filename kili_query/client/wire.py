"""One HTTP exchange: what is sent, and the whole answer or how it was lost. Nothing is decided here.

The adapter of requests is used below its sessions: a session follows redirects with the key, keeps cookies and takes
passwords from ``~/.netrc``, and is not made for threads; the adapter does none of that, and its pools are.
"""

import os
from collections.abc import Iterator, Mapping
from typing import TypeAlias

import requests
from attrs import frozen
from requests.adapters import HTTPAdapter
from urllib3.exceptions import HTTPError, NewConnectionError, ReadTimeoutError

from kili_query.client.answers import Reply
from kili_query.client.headers import KeyInHeader
from kili_query.client.retries import BROKEN, REFUSED, SLOW, UNREACHED, Clock, Failure
from kili_query.client.settings import Settings

__all__ = ["MAX_CONNECTIONS", "Sending", "Wire"]

MAX_CONNECTIONS = 128
"""How many idle connections to one host are kept for the next calls: beyond, urllib3 warns of each that it drops."""

_CONNECT_TIMEOUT_S = 10.0
_SLOWEST_UPLOAD_BYTES_PER_S = 100_000
_IDLE_S = 30.0
"""After such a pause new connections are made: the old ones may be dead without a sign, and a mutation that is sent on
a dead connection is a mutation in doubt."""
_READ_BYTES = 1 << 16

_Environment: TypeAlias = tuple[bool | str, dict[str, str]]


@frozen
class Sending:
    """What is sent once.

    Attributes:
        method: ``POST`` or ``GET``.
        url: where to.
        headers: the headers, but for the key.
        body: the bytes, if any.
        timeout_s: how long the other side may be silent, in seconds; more for a body that takes long to send.
    """

    method: str
    url: str
    headers: Mapping[str, str]
    body: bytes | None = None
    timeout_s: float = 60.0


class Wire:
    """Connections to the service and to what stores its files, for any number of threads.

    A forked process makes connections of its own.
    """

    def __init__(self, settings: Settings, clock: Clock) -> None:
        self._verify = settings.verify
        self._key = KeyInHeader(settings)
        self._clock = clock
        self._adapters: dict[int, HTTPAdapter] = {}
        self._environments: dict[str, _Environment] = {}
        self._last_used_s = clock.monotonic_s()
        self._is_closed = False

    def exchange(self, sending: Sending, left_s: float) -> Reply | Failure:
        """Send once, and read the answer to its end.

        Args:
            sending: what is sent.
            left_s: the seconds until the deadline.
        """
        if self._is_closed:
            return Failure("the client is closed", REFUSED)
        end_s = self._clock.monotonic_s() + left_s
        extra_s = len(sending.body or b"") / _SLOWEST_UPLOAD_BYTES_PER_S
        silence_s = min(sending.timeout_s + extra_s, left_s)
        try:
            prepared = requests.Request(
                sending.method, sending.url, dict(sending.headers), data=sending.body, auth=self._key
            ).prepare()
            verify, proxies = self._environment(prepared.url or "")
            response = self._adapter().send(
                prepared,
                stream=True,
                timeout=(min(_CONNECT_TIMEOUT_S + extra_s, silence_s), silence_s),
                verify=verify,
                proxies=proxies,
            )
            body = self._body(response, end_s)
        except (OSError, HTTPError) as error:
            return _lost(error, sending, silence_s)
        if body is None:
            return Failure("the answer was not there in whole before the deadline", SLOW, response.status_code)
        return Reply(response.status_code, response.headers, body)

    def close(self) -> None:
        """Close the connections that nobody uses, and send no more; what is under way is read to its end."""
        self._is_closed = True
        if adapter := self._adapters.pop(os.getpid(), None):
            adapter.close()

    def _adapter(self) -> HTTPAdapter:
        now_s, last_s = self._clock.monotonic_s(), self._last_used_s
        self._last_used_s = now_s
        process = os.getpid()
        if now_s - last_s > _IDLE_S:
            # not closed but dropped: another thread may be about to take a connection from it
            self._adapters.pop(process, None)
        if adapter := self._adapters.get(process):
            return adapter
        return self._adapters.setdefault(process, HTTPAdapter(pool_maxsize=MAX_CONNECTIONS))

    def _environment(self, url: str) -> _Environment:
        """How the environment of the process wants a host to be reached: its authorities, its proxies."""
        origin = "/".join(url.split("/", 3)[:3])
        if origin not in self._environments:
            found = requests.Session().merge_environment_settings(origin, {}, None, self._verify, None)
            self._environments[origin] = found["verify"] or False, dict(found["proxies"])
        return self._environments[origin]

    def _body(self, response: requests.Response, end_s: float) -> bytes | None:
        """The body; None where it drips so slowly that the deadline passes."""
        pieces = []
        try:
            while piece := response.raw.read1(_READ_BYTES, decode_content=True):
                pieces.append(piece)
                if self._clock.monotonic_s() > end_s:
                    response.close()
                    return None
        except BaseException:
            response.close()
            raise
        response.raw.release_conn()
        return b"".join(pieces)


def _lost(error: Exception, sending: Sending, silence_s: float) -> Failure:
    """How an answer was lost, told without the foreign exception: it holds the request, and so the key."""
    causes = list(_causes(error))
    reason = _words(causes[-1])
    if any(type(cause).__name__ == "SSLCertVerificationError" for cause in causes):
        return Failure(f"the certificate is not trusted: {reason}; `verify` takes the path of an authority", REFUSED)
    if isinstance(error, requests.ConnectTimeout | requests.exceptions.ProxyError) or any(
        isinstance(cause, NewConnectionError) for cause in causes
    ):
        return Failure(f"no connection to {_host(sending.url)}: {reason}", UNREACHED)
    if isinstance(error, requests.ReadTimeout | ReadTimeoutError):
        return Failure(f"no answer within {silence_s:.0f} s", SLOW)
    if isinstance(error, ValueError):  # the URL, the proxy or a header cannot be used: nothing was sent
        return Failure(f"nothing can be sent to {_host(sending.url)}: {reason}", REFUSED)
    return Failure(f"the connection broke before the answer was there in whole: {reason}", BROKEN)


def _causes(error: BaseException) -> Iterator[BaseException]:
    """The exception and those that it wraps, outermost first."""
    yield error
    inner = getattr(error, "reason", None) or next((part for part in error.args if isinstance(part, Exception)), None)
    inner = inner or error.__cause__ or error.__context__
    if isinstance(inner, BaseException) and inner is not error:
        yield from _causes(inner)


def _words(error: BaseException) -> str:
    text = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    return str(text) or type(error).__name__


def _host(url: str) -> str:
    origin = url.split("?", maxsplit=1)[0].split("/", maxsplit=3)[:3]
    return f"`{'/'.join(origin)}`"
