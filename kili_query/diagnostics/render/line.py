"""Diagnostics in one line each, for editors and log files."""

from kili_query.diagnostics.layout import printable
from kili_query.diagnostics.model import Diagnostic


def render_line(found: Diagnostic) -> str:
    """Render place, severity, code, message and help in one line.

    >>> from kili_query.diagnostics import Code, Help, Label
    >>> from kili_query.source import Source, Span
    >>> print(render_line(Diagnostic(
    ...     Code.UNKNOWN_CATEGORY, "unknown category `PERSN`", Label(Span(8, 13)),
    ...     help=Help("did you mean `PERSON`?"), source=Source("OBJECTS.PERSN.count > 0"))))
    query:1:9: error[KQ102]: unknown category `PERSN` (did you mean `PERSON`?)
    """
    place = found.source.name
    if found.span.start >= 0:
        place += f":{found.position.line}:{found.position.column}"
    hint = "" if found.help is None else f" ({found.help.text})"
    return printable(f"{place}: {found.severity}[{found.code}]: {found.message}{hint}")
