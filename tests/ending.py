"""The end of a process by a signal."""

import signal
import subprocess
from typing import Any

__all__ = ["end_by"]

_TIMEOUT_S = 60
_AGAIN_S = 5


def end_by(process: "subprocess.Popen[Any]", sent: signal.Signals = signal.SIGINT) -> int:
    """Send a signal until the process ends, and return its exit status; kill it, and fail, when it does not end.

    A signal is lost now and then: Python handles it between two instructions, so one that comes just before a read
    of a pipe waits for the read to end. A person presses Ctrl-C again.
    """
    for _ in range(_TIMEOUT_S // _AGAIN_S):
        process.send_signal(sent)
        try:
            return process.wait(_AGAIN_S)
        except subprocess.TimeoutExpired:
            continue
    process.kill()
    process.wait()
    raise AssertionError(f"not ended by {sent.name} within {_TIMEOUT_S} s: {process.args}")
