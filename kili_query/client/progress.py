"""Progress bars on standard error."""

from typing import TYPE_CHECKING, NoReturn

if TYPE_CHECKING:
    from tqdm import tqdm


def is_bar_disabled(per_call: bool | None, of_client: bool | None) -> bool | None:
    """Whether bars are hidden: what the call says, else the client; None leaves it to the terminal.

    >>> is_bar_disabled(False, True), is_bar_disabled(None, True), is_bar_disabled(None, None)
    (False, True, None)
    """
    return of_client if per_call is None else per_call


def progress_bar(what: str, *, disable: bool | None, total: int | None = None) -> "tqdm[NoReturn]":
    """Return a context manager that shows a bar, which stays when it is done.

    Args:
        what: the activity, written before the bar.
        disable: True hides the bar, False shows it even if standard error is not a terminal, None shows it in a
            terminal only.
        total: how much there is to do, if known.
    """
    from tqdm import tqdm  # here, so that importing the client does not load it

    return tqdm(desc=what, total=total, disable=disable)
