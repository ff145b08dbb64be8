"""A bar on standard error that shows how far a scan has come."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn

from kili_query.scanning import ProgressCallback

__all__ = ["progress_bar"]

_DELAY_S = 0.5
_INTERVAL_S = 0.1


@contextmanager
def progress_bar(clock: Callable[[], float] = time.monotonic) -> Iterator[ProgressCallback]:
    """A callback that draws the bar, from half a second on; the bar is wiped away at the end."""
    columns = (TextColumn("reading"), BarColumn(), DownloadColumn(), TimeRemainingColumn())
    # no thread of its own: it would draw while another thing is written
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
        yield advance
    finally:
        bar.stop()
