"""Warnings of the library, told as those of queries are."""

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TextIO

from kili_query.cli.option_names import with_option_names
from kili_query.cli.output import tell_warning

__all__ = ["warnings_told"]


@contextmanager
def warnings_told() -> Iterator[None]:
    """Write warnings to standard error as lines for people, without the place in the code."""

    def show(
        message: Warning | str,
        category: type[Warning],
        filename: str,
        lineno: int,
        file: TextIO | None = None,
        line: str | None = None,
    ) -> None:
        tell_warning(with_option_names(str(message)))

    with warnings.catch_warnings():
        warnings.simplefilter("always", UserWarning)
        warnings.showwarning = show
        yield
