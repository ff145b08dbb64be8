"""Progress bars on standard error."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

from tqdm import tqdm


class Bar(Protocol):
    """A bar that is told how far things are."""

    total: float | None
    disable: bool | None

    def update(self, n: float | None = 1) -> bool | None:
        """So many more are done."""

    def refresh(self) -> object:
        """Draw it anew."""


def is_bar_disabled(per_call: bool | None, of_client: bool | None) -> bool | None:
    """Whether bars are hidden: what the call says, else the client; None leaves it to the terminal.

    >>> is_bar_disabled(False, True), is_bar_disabled(None, True), is_bar_disabled(None, None)
    (False, True, None)
    """
    return of_client if per_call is None else per_call


@contextmanager
def progress_bar(what: str, *, disable: bool | None, total: int | None = None) -> Iterator[Bar]:
    """A bar that stays when it is done.

    Args:
        what: what is done, written before the bar.
        disable: True hides it, False shows it wherever standard error leads, None shows it in a terminal alone.
        total: how much there is to do, where it is known.
    """
    with tqdm(desc=what, total=total, disable=disable) as bar:
        yield bar
