"""Exchanges that end in time, however slowly the other side drips: its connection is shut down from outside.

A timeout of a socket begins anew with each byte. So a server that sends a byte now and then, of its status line, its
headers, its chunks, an interim answer or a compressed block that holds nothing, would never be given up.
"""

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from contextvars import ContextVar

from attrs import define
from urllib3.connection import HTTPConnection

_IDLE_S = 10.0


@define(eq=False)
class Watch:
    """One exchange.

    Attributes:
        end_s: when it ends, as of `time.monotonic`.
        connection: what it goes over, once there is a connection.
        dialled: the socket of the connection, which gives it away to an answer that is its last.
        is_over: its time has passed; what was read since may be cut short.
    """

    end_s: float
    _deadlines: "Deadlines"
    connection: HTTPConnection | None = None
    dialled: object = None
    is_over: bool = False

    def attach(self, connection: HTTPConnection) -> None:
        """Go over this connection.

        Raises:
            TimeoutError: the time has passed.
        """
        self.connection = connection
        self.dialled = connection.sock
        if self.is_over:
            raise TimeoutError("the time has passed")

    def extend(self, left_s: float) -> None:
        """Go on for so many seconds from now, unless the time has passed."""
        self._deadlines.move(self, time.monotonic() + left_s)

    def end(self) -> None:
        """Shut the connection down; a thread that waits for it sees the end of the stream, or an error."""
        self.is_over = True
        opened = None if self.connection is None else self.connection.sock
        dialled = self.dialled if opened is None else opened
        with suppress(OSError):  # closed by now
            if isinstance(dialled, socket.socket):
                # past what encrypts, which another thread is using
                socket.socket.shutdown(dialled, socket.SHUT_RDWR)
            elif opened is not None:
                opened.close()


_CURRENT: "ContextVar[Watch | None]" = ContextVar("kili_query_exchange", default=None)


class Deadlines:
    """Ends exchanges whose time has passed, from a thread that lives as long as there are any, and a little longer."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._watches: set[Watch] = set()
        self._wakes_s = 0.0
        self._is_running = False
        self._is_closed = False

    @contextmanager
    def watching(self, left_s: float) -> Iterator[Watch]:
        """An exchange that ends after so many seconds; connections of `watched` kinds that it uses are its own."""
        watch = Watch(time.monotonic() + left_s, self)
        with self._changed:
            self._watches.add(watch)
            if not self._is_running:
                self._is_running = True
                threading.Thread(target=self._run, name="kili-deadlines", daemon=True).start()
            elif watch.end_s < self._wakes_s:
                self._changed.notify()
        token = _CURRENT.set(watch)
        try:
            yield watch
        finally:
            _CURRENT.reset(token)
            with self._changed:  # after this the connection may be another exchange's
                self._watches.discard(watch)

    def move(self, watch: Watch, end_s: float) -> None:
        """Let an exchange end at another time."""
        with self._changed:
            watch.end_s = end_s
            if end_s < self._wakes_s:
                self._changed.notify()

    def close(self) -> None:
        """Let the thread end with the last exchange."""
        with self._changed:
            self._is_closed = True
            self._changed.notify()

    def _run(self) -> None:
        with self._changed:
            while True:
                now_s = time.monotonic()
                for watch in [one for one in self._watches if one.end_s <= now_s]:
                    self._watches.discard(watch)
                    watch.end()
                if not self._watches and self._is_closed:
                    break
                self._wakes_s = min((one.end_s for one in self._watches), default=now_s + _IDLE_S)
                if not self._changed.wait(self._wakes_s - now_s) and not self._watches:
                    break
            self._is_running = False


def watched(kind: type[HTTPConnection]) -> type[HTTPConnection]:
    """A kind of connection that tells the exchange of its thread that it is used."""

    class Watched(kind):  # type: ignore[valid-type,misc]  # whatever the pool makes: plain, secure or by way of a proxy
        def connect(self) -> None:
            """Connect."""
            _attach(self)
            super().connect()
            _attach(self)

        def request(self, *arguments: object, **options: object) -> None:
            """Send a request."""
            _attach(self)
            super().request(*arguments, **options)

    return Watched


def _attach(connection: HTTPConnection) -> None:
    watch = _CURRENT.get()
    if watch is not None:
        watch.attach(connection)
