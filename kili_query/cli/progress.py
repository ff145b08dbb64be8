"""A bar on standard error that shows how far a scan has come."""

import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from stat import S_ISREG
from typing import TextIO

from kili_query.cli.output import is_quiet
from kili_query.scanning import ProgressCallback

_DELAY_S = 0.5
_INTERVAL_S = 0.1


@contextmanager
def progress(
    writing_to: TextIO | None = None, clock: Callable[[], float] = time.monotonic, *, at_once: bool = False
) -> Iterator[ProgressCallback | None]:
    """A callback that draws a bar from half a second on, if a person looks at standard error; the end wipes it away.

    Args:
        writing_to: the stream that is written to meanwhile. Unless it is a file, it may be on the same screen, as the
            end of a pipe often is, and then there is no bar.
        clock: seconds.
        at_once: draw the bar from the beginning, because something else takes long before anything is read.
    """
    if is_quiet() or not sys.stderr.isatty() or not (writing_to is None or _is_file(writing_to)):
        yield None
        return
    from rich.console import Console  # here, because rich takes long to import
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("reading"), BarColumn(), DownloadColumn(), TimeRemainingColumn())
    # without a thread, which would draw while something else is written
    bar = Progress(*columns, console=Console(stderr=True), transient=True, auto_refresh=False)
    task = bar.add_task("reading", total=None)
    next_draw_s = clock() + _DELAY_S

    def advance(done_bytes: int, total_bytes: int | None) -> None:
        nonlocal next_draw_s
        if clock() < next_draw_s:
            return
        next_draw_s = clock() + _INTERVAL_S
        bar.start()
        bar.update(task, completed=done_bytes, total=total_bytes, refresh=True)

    try:
        if at_once:
            next_draw_s = clock()
            advance(0, None)
        yield advance
    finally:
        bar.stop()


def _is_file(stream: TextIO) -> bool:
    return S_ISREG(os.fstat(stream.fileno()).st_mode)
