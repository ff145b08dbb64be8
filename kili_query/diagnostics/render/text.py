"""Diagnostics for a terminal: text with carets, in colour if wanted."""

import os
from collections.abc import Iterable, Mapping
from typing import TextIO

from kili_query.diagnostics.layout import PLAIN
from kili_query.diagnostics.model import Diagnostic

_STYLES = {
    "error": "1;31",
    "warning": "1;33",
    "note": "1;36",
    "message": "1",
    "gutter": "34",
    "help": "1;32",
}


def render_text(diagnostics: Iterable[Diagnostic], *, color: bool = False, width: int | None = None) -> str:
    """Render diagnostics as text with carets, separated by empty lines, without a final line end.

    Args:
        diagnostics: to render.
        color: add the escape codes of colours.
        width: of the terminal; long lines of the source are cut to it.
    """
    paint = ansi if color else PLAIN
    return "\n\n".join(found.lay_out(paint, width) for found in diagnostics)


def ansi(role: str, text: str) -> str:
    """Wrap the text in the escape codes of its role; a role without a style stays plain."""
    style = _STYLES.get(role)
    return text if style is None else f"\x1b[{style}m{text}\x1b[0m"


def wants_color(stream: TextIO, environ: Mapping[str, str] = os.environ) -> bool:
    """Decide whether to write colours to a stream.

    A non-empty ``NO_COLOR`` disables them. Otherwise a non-empty ``FORCE_COLOR`` enables them; otherwise a terminal
    gets them unless its ``TERM`` is ``dumb``. Sources: no-color.org, force-color.org.
    """
    if environ.get("NO_COLOR"):
        return False
    if environ.get("FORCE_COLOR"):
        return True
    return environ.get("TERM") != "dumb" and stream.isatty()
