"""One HTTP exchange: send once, and return the complete answer or how it was lost. Retries are decided elsewhere.

The adapter of requests finds how to reach a host: certificates, proxies, connections. Its sessions are not used,
because they follow redirects with the key, keep cookies, read passwords from ``~/.netrc``, and are not thread-safe. Its
requests and responses are not used either: they would cost more than the rest of a small exchange.
"""

import zlib
from collections.abc import Iterator, Mapping
from typing import TypeAlias, cast

import requests
from attrs import frozen
from requests.adapters import HTTPAdapter
from urllib3 import BaseHTTPResponse, HTTPConnectionPool, Timeout
from urllib3.connection import HTTPConnection
from urllib3.exceptions import ConnectTimeoutError, HTTPError, NewConnectionError, ProxyError, ReadTimeoutError
from urllib3.util import Url, parse_url

from kili_query.client.answers import Reply, without_secrets
from kili_query.client.forking import when_forked
from kili_query.client.inflating import AnswerTooLarge, Inflater
from kili_query.client.retries import BROKEN, REFUSED, SLOW, UNREACHED, UNUSABLE, Clock, Failure
from kili_query.client.settings import LARGER_ANSWERS, Settings
from kili_query.deadlines import Deadlines, Watch, watched
from kili_query.protocol import authorization

MAX_CONNECTIONS = 128
"""Idle connections to one host that are kept; urllib3 warns of each one that it drops beyond that."""

_CONNECT_TIMEOUT_S = 10.0
_SLOWEST_UPLOAD_BYTES_PER_S = 100_000
_IDLE_S = 30.0
"""After such a pause new connections are made. The old ones may be dead without a sign, and a mutation that is sent on
a dead connection is in doubt."""
_READ_BYTES = 1 << 18
_LONGEST_REASON = 300

_Verify: TypeAlias = bool | str
_Proxies: TypeAlias = dict[str, str]


@frozen
class Sending:
    """A request that is sent once.

    Attributes:
        method: ``POST`` or ``GET``.
        url: its target.
        headers: the headers, without the key.
        body: the bytes, if any.
        timeout_s: seconds of silence that are allowed; a large body gets more.
    """

    method: str
    url: str
    headers: Mapping[str, str]
    body: bytes | None = None
    timeout_s: float = 60.0


@frozen
class _Route:
    """The way to a host.

    Attributes:
        pool: connections to it, or to the proxy before it.
        before_path: the text before the path in a request; a proxy needs the host too.
    """

    pool: HTTPConnectionPool
    before_path: str


class _Router(HTTPAdapter):
    """Finds routes, and remembers them."""

    def __init__(self) -> None:
        super().__init__(pool_connections=MAX_CONNECTIONS, pool_maxsize=MAX_CONNECTIONS)
        self.routes: dict[str, _Route] = {}

    def route(self, origin: str, verify: _Verify, proxies: _Proxies) -> _Route:
        """Return the route to a host, given by scheme, name and port."""
        if origin not in self.routes:
            prepared = requests.Request("GET", origin).prepare()
            pool = cast("HTTPConnectionPool", self.get_connection_with_tls_context(prepared, verify, proxies=proxies))
            self.cert_verify(pool, origin, verify, None)  # type: ignore[no-untyped-call]
            pool.ConnectionCls = watched(cast("type[HTTPConnection]", pool.ConnectionCls))
            is_told_all = self.request_url(prepared, proxies) != prepared.path_url
            self.routes[origin] = _Route(pool, origin if is_told_all else "")
        return self.routes[origin]

    def close(self) -> None:
        """Close the idle connections."""
        super().close()
        self.routes.clear()  # urllib3 closes the connections of a pool once nobody has it


class Wire:
    """Connections to the service and to the storage of its files, for any number of threads.

    A forked process makes its own connections.

    Args:
        settings: which URLs get the key, what is trusted, and how large an answer may be.
        clock: the time.
    """

    def __init__(self, settings: Settings, clock: Clock) -> None:
        self._settings = settings
        self._clock = clock
        self._of_parents: list[object] = []
        self._begin()
        when_forked(self._begin_anew)
        self._environments: dict[str, tuple[_Verify, _Proxies]] = {}
        self._last_used_s = clock.monotonic_s()
        self._is_closed = False

    def exchange(self, sending: Sending, left_s: float) -> Reply | Failure:
        """Send once, and read the answer to its end.

        Only requests to the service itself carry the key.

        Args:
            sending: the request.
            left_s: seconds until the deadline, at which the exchange ends even if data still drips in.
        """
        if self._is_closed:
            return Failure("the client is closed", REFUSED)
        end_s = self._clock.monotonic_s() + left_s
        extra_s = len(sending.body or b"") / _SLOWEST_UPLOAD_BYTES_PER_S
        silence_s = min(sending.timeout_s + extra_s, left_s)
        timeout = Timeout(connect=min(_CONNECT_TIMEOUT_S + extra_s, silence_s), read=silence_s)
        with self._deadlines.watching(left_s) as watch:
            try:
                response = self._send(sending, timeout)
                body = self._body(response, watch, end_s)
            except AnswerTooLarge:
                most = self._settings.max_answer_bytes
                return Failure(f"the answer is larger than {most} bytes: {LARGER_ANSWERS}", UNUSABLE)
            except (OSError, HTTPError, ValueError, zlib.error) as error:
                return _LATE if watch.is_over else _lost(error, sending, silence_s, self._settings)
            return _LATE if body is None else Reply(response.status, response.headers, body)

    def close(self) -> None:
        """Close the idle connections and send no more. Exchanges under way are completed."""
        self._is_closed = True
        self._router.close()
        self._deadlines.close()

    def _begin(self) -> None:
        self._router = _Router()
        self._deadlines = Deadlines()

    def _begin_anew(self) -> None:
        self._of_parents += self._router, self._deadlines
        self._begin()

    def _send(self, sending: Sending, timeout: Timeout) -> BaseHTTPResponse:
        url = parse_url(sending.url)
        headers = dict(sending.headers)
        if self._settings.is_authenticated(url):
            headers["Authorization"] = authorization(self._settings.api_key)
        origin = _origin(url)
        route = self._current_router().route(origin, *self._environment(origin))
        return route.pool.urlopen(
            sending.method,
            route.before_path + url.request_uri,
            sending.body,
            headers,
            retries=False,
            redirect=False,
            assert_same_host=False,
            timeout=timeout,
            preload_content=False,
            decode_content=False,
        )

    def _current_router(self) -> _Router:
        now_s, last_s = self._clock.monotonic_s(), self._last_used_s
        self._last_used_s = now_s
        if now_s - last_s > _IDLE_S:
            # the old one is not closed but dropped: another thread may be about to take a connection from it
            self._router = _Router()
        return self._router

    def _environment(self, origin: str) -> tuple[_Verify, _Proxies]:
        """Return the certificate authorities and proxies that the environment sets for a host."""
        if origin not in self._environments:
            found = requests.Session().merge_environment_settings(origin, {}, None, self._settings.verify, None)
            self._environments[origin] = found["verify"] or False, dict(found["proxies"])
        return self._environments[origin]

    def _body(self, response: BaseHTTPResponse, watch: Watch, end_s: float) -> bytes | None:
        """Read the body; return None if the deadline passes first.

        Raises:
            AnswerTooLarge: it is larger than allowed.
        """
        coding = response.headers.get("Content-Encoding", "").strip().lower()
        inflater = Inflater(coding, self._settings.max_answer_bytes)
        pieces = []
        try:
            while piece := response.read1(_READ_BYTES, decode_content=False):
                pieces.append(inflater.feed(piece))
                if self._clock.monotonic_s() > end_s:
                    watch.is_over = True
                    break
            # INVARIANT: a body that the deadline cut off is not taken for a complete one, even if it looks like one
            if watch.is_over:
                response.close()
                return None
            pieces.append(inflater.end())
        except BaseException:
            response.close()
            raise
        response.release_conn()
        return b"".join(pieces)


_LATE = Failure("the answer was not complete before the deadline", SLOW)


def _lost(error: Exception, sending: Sending, silence_s: float, settings: Settings) -> Failure:
    """Return how an answer was lost, without the foreign exception: it holds the request, and so the key."""
    causes = list(_causes(error))
    words = _words(causes[-1]).replace(sending.url, without_secrets(sending.url))
    reason = settings.excerpt(words, _LONGEST_REASON)
    if any(type(cause).__name__ == "SSLCertVerificationError" for cause in causes):
        return Failure(f"the certificate is not trusted: {reason}; `verify` takes the path of an authority", REFUSED)
    if isinstance(error, ConnectTimeoutError | NewConnectionError | ProxyError):
        return Failure(f"no connection to {_host(sending.url)}: {reason}", UNREACHED)
    if isinstance(error, ReadTimeoutError):
        return Failure(f"no answer within {silence_s:.0f} s", SLOW)
    if isinstance(error, ValueError):  # the URL, the proxy or a header cannot be used: nothing was sent
        return Failure(f"nothing can be sent to {_host(sending.url)}: {reason}", REFUSED)
    return Failure(f"the connection broke before the answer was complete: {reason}", BROKEN)


def _origin(url: Url) -> str:
    if url.scheme is None or url.host is None:
        raise ValueError("a URL begins with its scheme and host")
    return f"{url.scheme}://{url.host}" + ("" if url.port is None else f":{url.port}")


def _causes(error: BaseException) -> Iterator[BaseException]:
    """Yield the exception and those that it wraps, outermost first."""
    yield error
    inner = getattr(error, "reason", None) or next((part for part in error.args if isinstance(part, Exception)), None)
    inner = inner or error.__cause__ or error.__context__
    if isinstance(inner, BaseException) and inner is not error:
        yield from _causes(inner)


def _words(error: BaseException) -> str:
    text = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    return str(text) or type(error).__name__


def _host(url: str) -> str:
    origin = without_secrets(url).split("/", maxsplit=3)[:3]
    return f"`{'/'.join(origin)}`"
