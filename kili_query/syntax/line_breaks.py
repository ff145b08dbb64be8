"""Breaking lines: a stream of words, possible breaks and groups becomes text of a given width.

A group is written on one line if it fits there and holds no comment; else all of its breaks are taken, but for those
that *fill*, which are taken one by one, where the next words would not fit. Linear in the length of the stream.
"""

from collections.abc import Sequence
from enum import Enum
from typing import TypeAlias

from attrs import frozen


@frozen
class Words:
    """Text without a break in it."""

    text: str


@frozen
class Break:
    """Where a line may end.

    Attributes:
        flat: what stands there when the line does not end.
        indent: of the next line, from that of the line on which the group opens, in columns.
        fills: whether it is taken only where the next words would not fit.
    """

    flat: str = " "
    indent: int = 0
    fills: bool = False


@frozen
class Comment:
    """Text that ends its line: what follows it is a break, and every group around it is broken."""

    text: str


class Edge(Enum):
    """Where a group starts and ends."""

    OPEN = "open"
    CLOSE = "close"


Piece: TypeAlias = Words | Break | Comment | Edge


def break_lines(pieces: Sequence[Piece], width: int) -> str:
    """Write the pieces in lines of at most ``width`` columns, where words allow it.

    >>> break_lines([Edge.OPEN, Words("one"), Break(), Words("two"), Edge.CLOSE], 6)
    'one\\ntwo'
    """
    flat_widths = _flat_widths(pieces)
    reaches = _reaches(pieces)
    broken: list[bool] = []
    bases: list[int] = []
    lines, line, indent = [], "", 0
    for index, piece in enumerate(pieces):
        match piece:
            case Words(text) | Comment(text):
                line += text
            case Edge.OPEN:
                flat_width = flat_widths[index]
                is_flat = bool(broken) and not broken[-1]
                broken.append(not is_flat and (flat_width is None or len(line) + flat_width > width))
                bases.append(indent)
            case Edge.CLOSE:
                broken.pop()
                bases.pop()
            case Break(flat, offset, fills):
                if broken[-1] and not (fills and len(line) + len(flat) + reaches[index + 1] <= width):
                    lines.append(line.rstrip(" "))
                    indent = bases[-1] + offset
                    line = " " * indent
                else:
                    line += flat
    return "\n".join([*lines, line.rstrip(" ")])


def _reaches(pieces: Sequence[Piece]) -> list[int]:
    """For each piece, the columns from it to the next break."""
    reaches = [0] * (len(pieces) + 1)
    for index in range(len(pieces) - 1, -1, -1):
        match pieces[index]:
            case Words(text):
                reaches[index] = len(text) + reaches[index + 1]
            case Break() | Comment():
                reaches[index] = 0
            case Edge():
                reaches[index] = reaches[index + 1]
    return reaches


def _flat_widths(pieces: Sequence[Piece]) -> dict[int, int | None]:
    """The columns that each group takes on one line, with what sticks to its end; None if it holds a comment."""
    reaches = _reaches(pieces)
    widths: dict[int, int | None] = {}
    opened: list[tuple[int, int]] = []
    column, last_comment = 0, -1
    for index, piece in enumerate(pieces):
        match piece:
            case Words(text) | Break(flat=text):
                column += len(text)
            case Comment():
                last_comment = index
            case Edge.OPEN:
                opened.append((index, column))
            case Edge.CLOSE:
                start, before = opened.pop()
                widths[start] = None if last_comment > start else column - before + reaches[index + 1]
    return widths
