"""The layout of a diagnostic as text: a heading, the lines in question with carets under them, and a help line.

Carets stay in place whatever the query contains: control characters are replaced, wide characters count as two
cells, and very long lines are cut to the relevant parts.
"""

import json
import re
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from typing import TypeAlias

from attrs import frozen

from kili_query.source import Source, Span

Paint: TypeAlias = Callable[[str, str], str]
"""``paint(role, text)``: the text in the colour of its role (a severity, ``message``, ``gutter``, ``help``)."""


_COLORS = {
    "error": "color:#b3261e;font-weight:bold",
    "warning": "color:#8a6100;font-weight:bold",
    "note": "color:#00639b;font-weight:bold",
    "message": "font-weight:bold",
    "gutter": "color:#5f6368",
    "help": "color:#146c2e;font-weight:bold",
}


def PLAIN(role: str, text: str) -> str:  # noqa: N802 - a constant that happens to be callable
    """Return the text without colour."""
    return text


_PRE = '<pre style="font-family:monospace;white-space:pre;overflow-x:auto">'
"""Notebooks may show `pre` in a font of other widths; carets need one width."""


def as_html(laid_out: Callable[[Paint], str]) -> str:
    """Render a layout as HTML: preformatted text with coloured parts.

    >>> as_html(lambda paint: paint("error", "a < b")).partition(">")[2]
    '<span style="color:#b3261e;font-weight:bold">a &lt; b</span></pre>'
    """
    from html import escape  # imported here because only notebooks need it

    opened = {role: f"\x00{number}\x01" for number, role in enumerate(_COLORS)}  # never in laid-out text

    def mark(role: str, text: str) -> str:
        return f"{opened[role]}{text}\x02" if role in opened else text

    page = escape(laid_out(mark)).replace("\x02", "</span>")
    for role, sign in opened.items():
        page = page.replace(sign, f'<span style="{_COLORS[role]}">')
    return f"{_PRE}{page}</pre>"


def text_as_html(text: str) -> str:
    """Render lines of text as HTML, escaped and preformatted.

    >>> text_as_html("a < b").partition(">")[2]
    'a &lt; b</pre>'
    """
    return as_html(lambda _: "\n".join(map(printable, text.split("\n"))))


@frozen
class Mark:
    """A span with a short text; the primary one is underlined with carets, the others with dashes."""

    span: Span
    text: str
    is_primary: bool


def lay_out(
    heading: str,
    role: str,
    message: str,
    source: Source,
    marks: Sequence[Mark],
    help_text: str | None,
    paint: Paint,
    width: int | None = None,
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
        width: of the terminal, in cells; lines of the source are cut to it around the marks.
    """
    lines = [f"{paint(role, heading)}{paint('message', ': ' + printable(message))}"]
    margin = ""
    if marks[0].span.start >= 0:  # a tree built in code has no text to point at
        placed = _by_line(source, marks)
        margin = " " * len(str(max(placed)))
        where = source.position(marks[0].span.start)
        lines.append(f"{margin} {paint('gutter', '-->')} {printable(source.name)}:{where.line}:{where.column}")
        lines.append(paint("gutter", f"{margin}  |"))
        lines.extend(_excerpts(source, placed, role, margin, paint, width))
    if help_text is not None:
        lines.append(f"{margin}  {paint('gutter', '=')} {paint('help', 'help')}: {printable(help_text)}")
    return "\n".join(lines)


def display_width(text: str) -> int:
    """Return the number of terminal cells of a text: wide characters take two, combining marks none.

    >>> display_width("né"), display_width("ne\u0301"), display_width("猫")
    (2, 2, 2)
    """
    return len(text) if text.isascii() else sum(map(_cells, text))


def counted(number: int, noun: str, plural: str = "") -> str:
    """Return a number with its noun, which is in the plural unless the number is one.

    >>> counted(1, "label"), counted(0, "label"), counted(2, "search", "searches")
    ('1 label', '0 labels', '2 searches')
    """
    return f"{number} {noun if number == 1 else plural or f'{noun}s'}"


def start_of(text: str, most: int) -> str:
    """Return the start of a text that is longer than ``most`` characters, cut between two words where there are some.

    >>> start_of("one two three", 9), start_of("onetwothree", 6)
    ('one two …', 'onetwo …')
    """
    return f"{text[: text.rfind(' ', 1, most + 1)] if ' ' in text[1:most] else text[:most]} …"


def printable(text: str) -> str:
    r"""Replace each character that would move the carets, break the line or control a terminal.

    >>> printable("a\tb\x1b[2J\n") == "a b\ufffd[2J\ufffd"
    True
    """
    if text.isascii() and text.isprintable():
        return text
    return "".join(
        " " if char == "\t" else "\ufffd" if unicodedata.category(char) in _UNPRINTABLE else char for char in text
    )


def escape_unprintable(json_text: str) -> str:
    r"""Escape the characters that `printable` replaces in JSON text; its value stays the same.

    >>> print(escape_unprintable('["a\u202eb", "\U000e0041", "\x7f", "猫"]'))
    ["a\u202eb", "\udb40\udc41", "\u007f", "猫"]
    """
    return json_text if json_text.isprintable() else _MAYBE_UNPRINTABLE.sub(_escape, json_text)


def _escape(found: re.Match[str]) -> str:
    char = found[0]
    if unicodedata.category(char) not in _UNPRINTABLE:
        return char
    return f"\\u{ord(char):04x}" if char <= "\uffff" else json.dumps(char)[1:-1]


_MAYBE_UNPRINTABLE = re.compile(r"[^\n\x20-\x7e]")
_UNPRINTABLE = {"Cc", "Cf", "Cs", "Zl", "Zp"}
_MAX_LINE = 120
_MAX_CONTEXT = 100
_MIN_CONTEXT = 10
_CUT = "…"


def _cells(char: str) -> int:
    if unicodedata.category(char) in ("Mn", "Me"):
        return 0
    return 2 if unicodedata.east_asian_width(char) in ("W", "F") else 1


def _by_line(source: Source, marks: Sequence[Mark]) -> dict[int, list[Mark]]:
    """Group the marks that have a place by the line on which they start, from top to bottom."""
    placed: dict[int, list[Mark]] = {}
    for mark in sorted((mark for mark in marks if mark.span.start >= 0), key=lambda mark: mark.span):
        placed.setdefault(source.position(mark.span.start).line, []).append(mark)
    return placed


def _excerpts(
    source: Source, placed: dict[int, list[Mark]], role: str, margin: str, paint: Paint, width: int | None
) -> Iterator[str]:
    before = None
    most = _MAX_LINE if width is None else min(_MAX_LINE, width - len(margin) - len("  | "))
    for number, marks in placed.items():
        if before is not None and number > before + 1:
            yield paint("gutter", "...")
        before = number
        text, columns = _cut(printable(source.line(number)), [_columns(mark, source) for mark in marks], most)
        yield f"{paint('gutter', f' {number:>{len(margin)}} |')} {text}".rstrip()
        rows = sorted(zip(marks, columns, strict=True), key=lambda row: not row[0].is_primary)
        for mark, (start, end) in rows:
            carets = ("^" if mark.is_primary else "-") * max(1, display_width(text[start:end]))
            words = f"{carets} {printable(mark.text)}".rstrip()
            indent = " " * display_width(text[:start])
            yield f"{paint('gutter', f'{margin}  |')} {indent}{paint(role if mark.is_primary else 'gutter', words)}"


def _columns(mark: Mark, source: Source) -> tuple[int, int]:
    """Return the start and end of a mark on its first line, as offsets clipped to that line."""
    first = source.position(mark.span.start)
    length = len(source.line(first.line))
    start = min(first.column - 1, length)
    return start, max(start, min(start + mark.span.end - mark.span.start, length))


def _cut(text: str, columns: Sequence[tuple[int, int]], most: int) -> tuple[str, list[tuple[int, int]]]:
    """Cut a long line to the parts around the marks, and shift the marks accordingly."""
    if display_width(text) <= most:
        return text, list(columns)
    context = min(_MAX_CONTEXT, max(_MIN_CONTEXT, most // len(columns) - 2 * len(_CUT)))  # each part may be cut twice
    kept: list[tuple[int, int]] = []
    for start, _ in sorted(columns):
        low, high = _around(text, start, context)
        if kept and low <= kept[-1][1]:
            low, _ = kept.pop()
        kept.append((low, high))
    shown = _CUT if kept[0][0] else ""
    moved = {}  # each part's shift to the left
    for low, high in kept:
        moved[low, high] = low - len(shown)
        shown += text[low:high] + (_CUT if high < len(text) else "")
    return shown, [
        (start - shift, min(end, high) - shift)
        for start, end in columns
        for (low, high), shift in moved.items()
        if low <= start <= high
    ]


def _around(text: str, at: int, cells: int) -> tuple[int, int]:
    """Return the ends of a part of so many cells at most, two fifths of them before a place.

    Behind it there is more room, because the words of its label stand below.
    """
    low, high = at, at
    before, behind = cells * 2 // 5, cells - cells * 2 // 5
    while low > 0 and (size := _cells(text[low - 1])) <= before:
        low, before = low - 1, before - size
    behind += before
    while high < len(text) and (size := _cells(text[high])) <= behind:
        high, behind = high + 1, behind - size
    return low, high
