"""The server of the page on this machine: its files, the five calls, and the images of the labels.

It is read-only, and answers requests that have the token. The link contains it; opening the link stores it in a cookie.
"""

import hmac
import json
from http.cookies import CookieError, SimpleCookie
from pathlib import Path
from secrets import token_urlsafe
from threading import Thread
from urllib.parse import quote

from anyio import CapacityLimiter, to_thread
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import FileResponse, RedirectResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from kili_query.page.calls import CALLS, error_answer, respond
from kili_query.page.pictures import image_of, video_of
from kili_query.page.source import PageSource
from kili_query.serving import Gate, LocalServer, NotAdmitted, header_values, own_hosts

MAX_BODY_BYTES = 1 << 20
"""Maximum size of a request: a query of the greatest length, however it is escaped."""

POLICY = "; ".join(
    [
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' blob: data:",
        "media-src 'self'",
        "connect-src 'self'",
        "font-src 'self'",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
    ]
)
"""What the page may load: its own files, from this server."""

_HEADERS = {
    "content-security-policy": POLICY,
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "cache-control": "no-store",
}
_BUILT = Path(__file__).parent / "built"
_SCRIPT = "text/javascript; charset=utf-8"
_FILES = {
    "component.js": _SCRIPT,
    "page.js": _SCRIPT,
    "page.css": "text/css; charset=utf-8",
    "LICENSES.txt": "text/plain; charset=utf-8",
}
_HTML = "text/html; charset=utf-8"
_NO_TOKEN = "no token, or one of an earlier start: open the link that `kili-query open` printed last"
_REFUSED = """<!doctype html><html lang="en"><meta charset="utf-8"><title>kili-query</title>
<h1>Open the link that kili-query printed</h1>
<p>This page needs the token of that link, once in each browser; each start of the server has a new one.</p></html>
"""
_OPENAPI = Path(__file__).parent / "openapi.json"
_THREADS = 8
"""Threads that answer calls: a query that takes long must not keep those after it waiting."""


class PageGate(Gate):
    """The gate of the page: a request has the token in its URL, in a cookie, or in a header."""

    def __init__(self, app: ASGIApp, *, token: str, cookie: str, hosts: frozenset[str]) -> None:
        super().__init__(app, hosts=hosts, max_body_bytes=MAX_BODY_BYTES)
        self._token = token
        self._cookie = cookie

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Refuse, or pass on; every answer has the headers that keep the page safe."""

        async def guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                own = [(name.encode(), value.encode()) for name, value in _HEADERS.items()]
                known = {name for name, _ in own}
                message = {**message, "headers": [*(one for one in message["headers"] if one[0] not in known), *own]}
            await send(message)

        await super().__call__(scope, receive, guarded)

    def check(self, scope: Scope) -> None:
        """Check the token, and that a call comes from a page of this server or from no page at all."""
        if header_values(scope, b"sec-fetch-site") in (["cross-site"], ["same-site"]) and scope["path"] != "/":
            raise NotAdmitted(403, "pages of other servers may not ask this one")
        if scope["path"] != "/" and not self._has_token(scope):  # the page itself answers people, in HTML
            raise NotAdmitted(401, _NO_TOKEN)

    def _has_token(self, scope: Scope) -> bool:
        return has_token(scope, self._token, self._cookie)

    def refusal(self, message: str) -> bytes:
        """Return the error as the calls do."""
        return _encoded(error_answer(message))


def has_token(scope: Scope, token: str, cookie: str) -> bool:
    """Whether a request has the token in a header or a cookie."""
    given = [value.removeprefix("Bearer ") for value in header_values(scope, b"authorization")]
    given += [_cookie(value, cookie) for value in header_values(scope, b"cookie")]
    return any(is_same(one, token) for one in given)


def is_same(given: str, token: str) -> bool:
    """Compare in constant time."""
    return hmac.compare_digest(given.encode("utf-8", "surrogatepass"), token.encode())


def _cookie(header: str, name: str) -> str:
    try:
        found = SimpleCookie(header).get(name)
    except CookieError:
        return ""
    return "" if found is None else found.value


def _encoded(answer: object) -> bytes:
    return json.dumps(answer, allow_nan=False, separators=(",", ":")).encode()


class _App:
    """The handlers of all paths."""

    def __init__(self, source: PageSource, token: str, cookie: str) -> None:
        self._source = source
        self._token = token
        self._cookie = cookie
        self._limiter = CapacityLimiter(_THREADS)

    def routes(self) -> list[Route]:
        """Return the routes."""
        return [
            Route("/", self.page, methods=["GET"]),
            Route("/api/v1/openapi.json", self.openapi, methods=["GET"]),
            Route("/api/v1/{call}", self.call, methods=["POST"]),
            Route("/media/{number:int}", self.media, methods=["GET"]),
            Route("/{name}", self.file, methods=["GET"]),
        ]

    async def page(self, request: Request) -> Response:
        """The page; a token in the URL becomes a cookie, so that no history or bookmark keeps it."""
        given = request.query_params.get("token")
        if given is None:
            has_cookie = has_token(request.scope, self._token, self._cookie)
            return _built("page.html", _HTML) if has_cookie else Response(_REFUSED, 401, media_type=_HTML)
        if not is_same(given, self._token):
            return Response(_REFUSED, 401, media_type=_HTML)
        answer = RedirectResponse("/", 303)
        answer.set_cookie(self._cookie, self._token, path="/", httponly=True, samesite="strict")
        return answer

    async def openapi(self, _: Request) -> Response:
        return Response(_OPENAPI.read_bytes(), media_type="application/json")

    async def file(self, request: Request) -> Response:
        name = request.path_params["name"]
        return _built(name, _FILES[name]) if name in _FILES else _error(404, "there is no such file")

    async def call(self, request: Request) -> Response:
        if request.headers.get("content-type", "").partition(";")[0].strip().lower() != "application/json":
            return _error(415, "a call must be JSON: send `Content-Type: application/json`")
        body = await request.body()
        try:
            asked: object = json.loads(body)
        except (ValueError, RecursionError):
            return _error(400, "the body is not JSON")
        name = request.path_params["call"]
        status, answer = await to_thread.run_sync(respond, self._source, name, asked, limiter=self._limiter)
        return Response(_encoded(answer), status, media_type="application/json")

    async def media(self, request: Request) -> Response:
        number = request.path_params["number"]
        video = await to_thread.run_sync(video_of, self._source, number, limiter=self._limiter)
        if video is not None:
            return FileResponse(video[1], media_type=video[0])  # in parts, as players ask for them
        found = await to_thread.run_sync(image_of, self._source, number, limiter=self._limiter)
        if found is None:
            return _error(404, "there is no such image")
        kind, data = found
        return Response(data, media_type=kind)


def _built(name: str, kind: str) -> Response:
    try:
        return Response((_BUILT / name).read_bytes(), headers={"content-type": kind})
    except FileNotFoundError:
        return _error(404, f"`{name}` was not built: run `make page`")


def _error(status: int, message: str) -> Response:
    return Response(_encoded(error_answer(message)), status, media_type="application/json")


def make_app(source: PageSource, token: str, cookie: str, hosts: frozenset[str]) -> ASGIApp:
    """Return the application of the page."""
    return PageGate(
        Starlette(routes=_App(source, token, cookie).routes(), exception_handlers={404: _missing, 405: _missing}),
        token=token,
        cookie=cookie,
        hosts=hosts,
    )


async def _missing(request: Request, error: Exception) -> Response:
    status: int = getattr(error, "status_code", 404)
    answer = _error(status, "there is nothing here" if status == 404 else f"not by {request.method}")
    for name, value in (getattr(error, "headers", None) or {}).items():
        answer.headers[name] = value
    return answer


def _answer_once(source: PageSource) -> None:
    for call in CALLS:
        respond(source, call, {"query": "TRUE" if call == "check" else ""})


class PageServer(LocalServer):
    """Serves the page of some labels, from `start` until `close`.

    Args:
        source: the labels.
        host: the address to listen on.
        port: a free one when 0.

    Raises:
        SourceError: the address cannot be listened on.

    Attributes:
        token: what requests must have.
    """

    _THREAD = "kili-query-page"
    _GRACE_S = 1

    def __init__(self, source: PageSource, *, host: str = "127.0.0.1", port: int = 0) -> None:
        self._source = source
        self.token = token_urlsafe(24)
        self._listen(host, port)
        app = make_app(source, self.token, f"kili-query-{self.port}", own_hosts(host))
        self._use(app, ws="none")

    @property
    def link(self) -> str:
        """What to open: with the token."""
        return f"{self.url}/?token={quote(self.token)}"

    def warm_up(self) -> None:
        """Load in a thread what the first answers need, so that they do not wait for it."""
        Thread(target=_answer_once, args=(self._source,), daemon=True).start()
