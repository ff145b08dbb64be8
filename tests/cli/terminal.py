"""A pseudo terminal for a stream of a process."""

import os
import pty
import select
import time
from collections.abc import Callable

TIMEOUT_S = 60


class Terminal:
    """What a process writes to ``terminal.slave`` is collected in ``text``."""

    def __init__(self) -> None:
        self._master, self.slave = pty.openpty()
        self._seen = b""

    @property
    def text(self) -> str:
        return self._seen.decode().replace("\r\n", "\n")

    def read_until(self, is_enough: Callable[[str], bool], feed: Callable[[], object] = lambda: None) -> None:
        """Read until there is enough; ``feed`` is called again and again meanwhile."""
        end_s = time.monotonic() + TIMEOUT_S
        while not is_enough(self.text):
            assert time.monotonic() < end_s, f"not enough after {TIMEOUT_S} s: {self.text!r}"
            feed()
            ready, _, _ = select.select([self._master], [], [], 0.01)
            if ready:
                self._seen += os.read(self._master, 65536)

    def read_to_end(self) -> str:
        """All there is, once every process has closed the terminal."""
        os.close(self.slave)
        while True:
            try:
                piece = os.read(self._master, 65536)
            except OSError:  # how Linux tells that the other side is closed
                piece = b""
            if not piece:
                os.close(self._master)
                return self.text
            self._seen += piece
