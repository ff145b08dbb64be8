"""A websocket server that does to each connection what a script says, for what the sandbox does not do on demand."""

import json
import ssl
import threading
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from http import HTTPStatus
from typing import TypeAlias

from attrs import define, field
from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request, Response
from websockets.sync.server import ServerConnection, serve

__all__ = ["Talk", "TalkingServer", "talking"]

TIMEOUT_S = 30


@define
class Talk:
    """One connection, as the server sees it.

    Attributes:
        websocket: the connection.
        init: the frame with which the client began.
        start: the frame with which it subscribed; empty until then.
    """

    websocket: ServerConnection
    init: dict[str, object] = field(factory=dict)
    start: dict[str, object] = field(factory=dict)

    def receive(self) -> dict[str, object]:
        """The next frame of the client."""
        return json.loads(self.websocket.recv(TIMEOUT_S))

    def send(self, kind: str, **rest: object) -> None:
        """Send a frame."""
        self.websocket.send(json.dumps({"type": kind, **rest}))

    def begin(self) -> "Talk":
        """Let the client in, and take its subscription."""
        self.init = self.receive()
        self.send("connection_ack")
        self.start = self.receive()
        return self

    def label(self, label_id: str, content: object = "{}", **rest: object) -> "Talk":
        """Send a label."""
        label = {"id": label_id, "assetId": f"asset of {label_id}", "jsonResponse": content}
        return self.payload({"data": {"data": label}, **rest})

    def payload(self, payload: object) -> "Talk":
        """Send what is, or is not, the payload of an event."""
        kind = "next" if self.start["type"] == "subscribe" else "data"
        self.send(kind, id=self.start["id"], payload=payload)
        return self

    def hold(self) -> None:
        """Keep the connection until the client ends it."""
        with suppress(ConnectionClosed):
            while True:
                self.websocket.recv()

    def cut(self) -> None:
        """End the connection without a closing frame."""
        self.websocket.close_socket()


Step: TypeAlias = "Callable[[Talk], object] | HTTPStatus"


@define
class TalkingServer:
    """What the server heard.

    Attributes:
        port: where it listens, on 127.0.0.1.
        talks: the connections that were opened.
        requests: the handshakes that there were, those that were refused too.
    """

    port: int
    talks: list[Talk]
    requests: list[Request]
    shutdown: Callable[[], None]

    @property
    def endpoint(self) -> str:
        return f"http://127.0.0.1:{self.port}/graphql"


@contextmanager
def talking(
    *steps: Step,
    subprotocols: tuple[str, ...] = ("graphql-transport-ws",),
    headers: dict[str, str] | None = None,
    tls: ssl.SSLContext | None = None,
) -> Iterator[TalkingServer]:
    """Serve, each connection by the next step; by the last again and again. A status refuses the handshake."""
    script, talks, requests = deque(steps), [], []
    lock = threading.Lock()
    chosen: dict[int, Step] = {}

    def process(websocket: ServerConnection, request: Request) -> Response | None:
        with lock:
            requests.append(request)
            step = chosen[id(websocket)] = script.popleft() if len(script) > 1 else script[0]
        if not isinstance(step, HTTPStatus):
            return None
        response = websocket.respond(step, "no")
        for name, value in (headers or {}).items():
            response.headers[name] = value
        return response

    def handle(websocket: ServerConnection) -> None:
        talk = Talk(websocket)
        talks.append(talk)
        step = chosen[id(websocket)]
        assert not isinstance(step, HTTPStatus)
        with suppress(ConnectionClosed, OSError, TimeoutError):
            step(talk)

    def select(_: ServerConnection, names: object) -> str | None:
        return next((name for name in subprotocols if name in names), None)

    with serve(
        handle, "127.0.0.1", 0, process_request=process, select_subprotocol=select, ssl=tls, close_timeout=1
    ) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield TalkingServer(server.socket.getsockname()[1], talks, requests, server.shutdown)
        finally:
            server.shutdown()
            thread.join(TIMEOUT_S)
