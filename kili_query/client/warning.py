"""Warnings that point to the user's line, however deep in the client they are issued."""

import inspect
import warnings

_PACKAGE = f"{__name__.split('.', maxsplit=1)[0]}."


def warn(message: str, category: type[Warning] = UserWarning) -> None:
    """Issue a warning about the line outside this package that led here."""
    level, frame = 1, inspect.currentframe()
    while frame is not None and str(frame.f_globals.get("__name__")).startswith(_PACKAGE):
        level, frame = level + 1, frame.f_back
    warnings.warn(message, category, stacklevel=level)
