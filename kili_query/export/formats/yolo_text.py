"""The text of YOLO files: lines of labels, and names in YAML.

A line is a class and numbers, as fractions of the image.

class x_center y_center width height        a rectangle
class x1 y1 x2 y2 x3 y3 …                   an outline

All lines of a file have the same kind, because readers read a file either as boxes or as outlines.
"""

import re
from collections.abc import Iterable, Sequence

from kili_query.export.formats.drawn import edges_of
from kili_query.export.formats.json_text import number_lines
from kili_query.export.formats.outline import Corner
from kili_query.export.formats.rings import Drawn, Edges


def lines_of(drawn: Sequence[tuple[int, Drawn]]) -> bytes:
    """Return the lines of a file: boxes if all shapes are rectangles, otherwise an outline without holes for each part.

    Args:
        drawn: the class and shape of each object.

    >>> ring = [0.25, 1, 0.25, 0, 0.75, 0, 0.75, 1]
    >>> boat = Drawn("BOAT", True, [[ring]], "", upright=(0.25, 0, 0.75, 1))
    >>> kite = Drawn("KITE", False, [[[0, 1, 0, 0, 1, 0]]], "")
    >>> print((lines_of([(3, boat)]) + lines_of([(3, boat), (4, kite)])).decode())
    3 0.5 0.5 0.5 1
    3 0.25 1 0.25 0 0.75 0 0.75 1
    4 0 1 0 0 1 0
    <BLANKLINE>
    """
    if all(one.is_box for _, one in drawn):
        edges = edges_of([one for _, one in drawn])
        return lines_of_boxes([(number, box) for (number, _), box in zip(drawn, edges, strict=True)])
    return number_lines([(number, *outer) for number, one in drawn for outer, *_ in one.parts])


def lines_of_rings(rings: Sequence[tuple[int, Sequence[Corner]]]) -> bytes:
    """Return the lines of a file of outlines, given by class and corners.

    >>> print(lines_of_rings([(4, [Corner(0, 1), Corner(0, 0), Corner(1, 0.5)])]).decode(), end="")
    4 0 1 0 0 1 0.5
    """
    return number_lines(rings)


def lines_of_boxes(boxes: Iterable[tuple[int, Edges]]) -> bytes:
    """Return the lines of a file with only boxes, given by class and edges."""
    return number_lines(
        [
            (number, (left + right) / 2, (top + bottom) / 2, right - left, bottom - top)
            for number, (left, top, right, bottom) in boxes
        ]
    )


_PLAIN = re.compile(r"[^\W\d][\w/-]*(?: [\w/-]+)*")
_WORDS = frozenset(
    {"null", "true", "false", "yes", "no", "on", "off", "y", "n"}
)  # YAML 1.1 reads these as other values


def yaml_plain(name: str) -> str:
    """Return a name as a YAML value, quoted unless it is plain words.

    >>> [yaml_plain(name) for name in ("BOAT", "Small boat", "L'AVION", "A: B", "yes", "1")]
    ['BOAT', 'Small boat', "'L''AVION'", "'A: B'", "'yes'", "'1'"]
    """
    return name if _PLAIN.fullmatch(name) and name.lower() not in _WORDS else yaml_quoted(name)


def yaml_quoted(name: str) -> str:
    r"""Return a name in quotes, as a YAML value.

    >>> print(yaml_quoted("BOAT"), yaml_quoted("two\nlines"))
    'BOAT' "two\nlines"
    """
    if name.isprintable():
        return "'" + name.replace("'", "''") + "'"
    return '"' + one_line(name.replace("\\", "\\\\").replace('"', '\\"')) + '"'


def one_line(name: str) -> str:
    r"""Return a name on one line: line breaks and invisible characters are escaped as in Python and YAML.

    >>> print(one_line("two\nlines é"))
    two\nlines é
    """
    return name if name.isprintable() else "".join(map(_escaped, name))


def _escaped(character: str) -> str:
    if character.isprintable():
        return character
    if character in "\n\r\t":
        return {"\n": "\\n", "\r": "\\r", "\t": "\\t"}[character]
    code = ord(character)
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
