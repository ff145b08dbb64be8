"""The sandbox as an ASGI application: what answers at which path."""

import hmac
import json
from hashlib import sha256

import msgspec
from anyio import CapacityLimiter, to_thread
from attrs import frozen
from graphql import print_schema
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocket

from kili_query.sandbox.execution import Executor
from kili_query.sandbox.resolvers import SandboxService, make_schema
from kili_query.sandbox.store import Reader
from kili_query.sandbox.values import error_answer
from kili_query.sandbox.websockets import serve_websocket

GRAPHQL_PATH = "/api/label/v2/graphql"
_VERSION_PATH = "/api/label/v2/version"
PAYLOADS_PATH = "/payloads/"
"""The path of contents, which needs no key but a token: clients send the key to the API only."""

_THREADS = 2
"""Threads that answer requests: with more, pages that are requested at once come later, each and as a whole."""


def make_app(service: SandboxService) -> Starlette:
    """The application that serves a project."""
    answers = _Answers(Executor(make_schema(has_feed=service.has_feed), service), CapacityLimiter(_THREADS))
    # without its route, a websocket is refused with HTTP 403
    websockets = [WebSocketRoute(GRAPHQL_PATH, answers.websocket)] if service.has_websockets else []
    return Starlette(
        routes=[
            Route(GRAPHQL_PATH, answers.graphql, methods=["POST"]),
            Route(_VERSION_PATH, answers.version, methods=["GET"]),
            Route(PAYLOADS_PATH + "{token}/{label_id:path}", answers.payload, methods=["GET"]),
            *websockets,
        ]
    )


def _encoded(answer: object) -> bytes:
    try:
        return msgspec.json.encode(answer)
    except UnicodeEncodeError:  # a lone surrogate, which JSON has an escape for
        return json.dumps(answer).encode()


@frozen
class _Answers:
    executor: Executor
    limiter: CapacityLimiter

    async def graphql(self, request: Request) -> Response:
        body = await request.body()
        status, answer = await to_thread.run_sync(self._answer, body, limiter=self.limiter)
        return Response(answer, status, media_type="application/json")

    async def version(self, _: Request) -> Response:
        """Return a version that changes with the schema, because clients cache the schema of a version."""
        digest = sha256(print_schema(self.executor.schema).encode()).hexdigest()
        # clients look for the key and its colon without a space between
        return Response(
            json.dumps({"version": f"1.0-{digest[:12]}"}, separators=(",", ":")), media_type="application/json"
        )

    async def payload(self, request: Request) -> Response:
        label_id: str = request.path_params["label_id"]
        token, _, _ = self.executor.service.payload_path(label_id).partition("/")
        if not hmac.compare_digest(token.encode(), request.path_params["token"].encode("utf-8", "replace")):
            return Response(json.dumps(error_answer("no such content")), 404, media_type="application/json")
        content = self._content(label_id)  # one row: to hand it to a thread would take longer
        return Response(content, 200 if content else 404, media_type="application/json")

    async def websocket(self, websocket: WebSocket) -> None:
        await serve_websocket(websocket, self.executor, self.limiter)

    def _answer(self, body: bytes) -> tuple[int, bytes]:
        try:
            request = json.loads(body)
        except (json.JSONDecodeError, UnicodeDecodeError, RecursionError):
            return 400, _encoded(error_answer("the body is not JSON"))
        except ValueError as error:  # an integer of more digits than Python reads
            return 400, _encoded(error_answer(f"the body holds a number that cannot be read: {error}"))
        return 200, _encoded(self.executor.execute(request))

    def _content(self, label_id: str) -> str:
        reader = Reader(self.executor.service.store, fields=1)
        try:
            labels = reader.label_page({"id": label_id}, 1, 0)
            return reader.content_of(labels[0]) if labels else ""
        finally:
            reader.refresh()
