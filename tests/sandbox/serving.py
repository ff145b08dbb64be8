"""A real server in this process, on a free port, for as long as a test wants it."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import uvicorn
from starlette.types import ASGIApp

from kili_query.sandbox.connections import HTTP_PROTOCOL, WEBSOCKET_PROTOCOL

TIMEOUT_S = 60


@contextmanager
def serving(app: ASGIApp) -> Iterator[str]:
    """Serve an app; gives ``127.0.0.1:PORT``. A request that comes before the server is up waits in its queue."""
    config = uvicorn.Config(
        app, http=HTTP_PROTOCOL, ws=WEBSOCKET_PROTOCOL, log_config=None, timeout_graceful_shutdown=TIMEOUT_S
    )
    server = uvicorn.Server(config)
    with socket.create_server(("127.0.0.1", 0)) as listening:
        thread = threading.Thread(target=server.run, args=([listening],))
        thread.start()
        try:
            yield f"127.0.0.1:{listening.getsockname()[1]}"
        finally:
            server.should_exit = True
            thread.join(TIMEOUT_S)
    assert not thread.is_alive()


def exchange(address: str, request: bytes) -> bytes:
    """All bytes that come back on a connection of its own, until the server closes it."""
    host, port = address.split(":")
    with socket.create_connection((host, int(port)), timeout=TIMEOUT_S) as connection:
        connection.sendall(request)
        answer = b""
        while piece := connection.recv(65536):
            answer += piece
        return answer
