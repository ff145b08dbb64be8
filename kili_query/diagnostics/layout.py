"""The layout of a diagnostic as text: a heading, the lines at fault with carets under them, and a help line."""

import unicodedata
from collections.abc import Callable, Sequence
from typing import TypeAlias

from attrs import frozen

from kili_query.source import Source, Span

__all__ = ["PLAIN", "Mark", "Paint", "lay_out"]

Paint: TypeAlias = Callable[[str, str], str]
"""``paint(role, text)``: the text in the colour of its role (a severity, ``primary``, ``gutter``, ``help``)."""


def PLAIN(role: str, text: str) -> str:  # noqa: N802 - a constant that happens to be callable
    """No colour at all."""
    return text


@frozen
class Mark:
    """A span with a word on it; the primary one is drawn with carets, the others with dashes."""

    span: Span
    text: str
    is_primary: bool


def lay_out(
    heading: str, role: str, message: str, source: Source, marks: Sequence[Mark], help_text: str | None, paint: Paint
) -> str:
    """Draw one diagnostic.

    Args:
        heading: severity and code, as in ``error[KQ102]``.
        role: the severity, for the paint.
        message: what is wrong.
        source: the text that the spans point into.
        marks: the spans to draw; the primary one first.
        help_text: what to do, or None.
        paint: colours the parts.
    """
    primary = marks[0]
    lines = [f"{paint(role, heading)}{paint('message', ': ' + message)}"]
    if primary.span.start < 0:  # nobody wrote it: there is nothing to point at
        if help_text is not None:
            lines.append(f"  {paint('gutter', '=')} {paint('help', 'help')}: {help_text}")
        return "\n".join(lines)
    where = source.position(primary.span.start)
    placed = sorted({source.position(mark.span.start).line for mark in marks if mark.span.start >= 0})
    width = len(str(placed[-1]))
    bar = paint("gutter", " " * (width + 1) + " |")
    lines.append(f"{' ' * (width + 1)}{paint('gutter', '-->')} {source.name}:{where.line}:{where.column}")
    lines.append(bar)
    for before, number in zip((None, *placed), placed, strict=False):
        if before is not None and number > before + 1:
            lines.append(paint("gutter", "..."))
        text = source.line(number)
        on_line = [mark for mark in marks if mark.span.start >= 0 and source.position(mark.span.start).line == number]
        text, shown = _clip(text, [_columns(mark, text, source) for mark in on_line])
        lines.append(f"{paint('gutter', f' {number:>{width}} |')} {_printable(text)}".rstrip())
        for mark, (start, end) in sorted(zip(on_line, shown, strict=True), key=lambda item: not item[0].is_primary):
            role_of_mark = role if mark.is_primary else "gutter"
            carets = ("^" if mark.is_primary else "-") * max(1, display_width(text[start:end]))
            words = f"{carets} {mark.text}".rstrip()
            lines.append(f"{bar} {' ' * display_width(text[:start])}{paint(role_of_mark, words)}")
    if help_text is not None:
        lines.append(f"{' ' * (width + 1)} {paint('gutter', '=')} {paint('help', 'help')}: {help_text}")
    return "\n".join(lines)


def display_width(text: str) -> int:
    """How many terminal cells a text takes: wide characters two, combining marks none."""
    return sum(
        0 if unicodedata.combining(char) else 2 if unicodedata.east_asian_width(char) in "WF" else 1 for char in text
    )


_MAX_WIDTH = 120
_CLIP_MARGIN = 40


def _columns(mark: Mark, text: str, source: Source) -> tuple[int, int]:
    """Where a mark starts and ends on its first line, as offsets in that line."""
    start = source.position(mark.span.start).column - 1
    return min(start, len(text)), max(min(start + mark.span.end - mark.span.start, len(text)), start)


def _clip(text: str, shown: list[tuple[int, int]]) -> tuple[str, list[tuple[int, int]]]:
    """Cut a very long line to the part around its marks."""
    if len(text) <= _MAX_WIDTH:
        return text, shown
    low = max(0, min(start for start, _ in shown) - _CLIP_MARGIN)
    high = min(len(text), max(low + _MAX_WIDTH, shown[0][0] + _CLIP_MARGIN))
    head, tail = "…" if low else "", "…" if high < len(text) else ""
    move = len(head) - low
    clipped = head + text[low:high] + tail
    return clipped, [
        (min(start + move, len(clipped)), max(min(end + move, len(clipped)), min(start + move, len(clipped))))
        for start, end in shown
    ]


def _printable(text: str) -> str:
    """Control characters would move the carets or the terminal: each is shown as one replacement character."""
    return "".join(
        " " if char == "\t" else "\ufffd" if unicodedata.category(char) in ("Cc", "Cs", "Cf") else char for char in text
    )
