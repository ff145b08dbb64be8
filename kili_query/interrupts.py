"""Ctrl-C, and libraries that keep it from a program that waits."""

import signal


def heed_ctrl_c() -> None:
    """Let Ctrl-C end a wait for another thread, as Python does by itself.

    polars installs a handler of its own when it is imported, after which the main thread does not notice Ctrl-C while
    it waits for a lock, a queue or a thread without a limit of time. Anything else about the signal stays as it is.
    """
    if hasattr(signal, "siginterrupt"):  # not on Windows
        signal.siginterrupt(signal.SIGINT, True)
