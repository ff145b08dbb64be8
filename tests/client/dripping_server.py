"""A server that answers without end: some bytes, and then the same few again and again, each after a moment."""

import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from attrs import define, field

__all__ = ["DrippingServer", "dripping"]

_PAUSE_S = 0.02
TIMEOUT_S = 30


@define
class DrippingServer:
    """What is served where.

    Attributes:
        origin: its URL.
        connections: how many were opened.
    """

    origin: str
    connections: list[socket.socket] = field(factory=list)

    @property
    def endpoint(self) -> str:
        return f"{self.origin}/api/label/v2/graphql"


@contextmanager
def dripping(
    begin: bytes, again: bytes, tls: ssl.SSLContext | None = None, *, pause_s: float = _PAUSE_S
) -> Iterator[DrippingServer]:
    """Serve any number of connections, until the block ends."""
    stopped, threads = threading.Event(), list[threading.Thread]()

    def serve(connection: socket.socket) -> None:
        with suppress(OSError), connection:
            wrapped = tls.wrap_socket(connection, server_side=True) if tls else connection
            with wrapped:
                wrapped.recv(1 << 16)
                wrapped.sendall(begin)
                while not stopped.wait(pause_s):
                    wrapped.sendall(again)

    with socket.create_server(("127.0.0.1", 0)) as listening:
        scheme = "https" if tls else "http"
        server = DrippingServer(f"{scheme}://127.0.0.1:{listening.getsockname()[1]}")

        def listen() -> None:
            with suppress(OSError):
                while True:
                    connection, _ = listening.accept()
                    server.connections.append(connection)
                    threads.append(threading.Thread(target=serve, args=(connection,)))
                    threads[-1].start()

        listener = threading.Thread(target=listen)
        listener.start()
        try:
            yield server
        finally:
            stopped.set()
            listening.shutdown(socket.SHUT_RDWR)
            for thread in (listener, *threads):
                thread.join(TIMEOUT_S)
                assert not thread.is_alive()
