"""The formatter: the text as written, laid out for reading, with its sugar and its comments.

The words are read into operands and levels of parentheses, each comment finds its place at one of them, and the whole
is written as one stream of pieces for `kili_query.syntax.line_breaks`.
"""

from collections.abc import Sequence
from itertools import pairwise
from typing import TypeAlias

from attrs import define, field

from kili_query.source import Source
from kili_query.syntax.line_breaks import Break, Comment, Edge, Piece, Words, break_lines
from kili_query.syntax.parse import DEFAULT_LIMITS, Limits, parse_source
from kili_query.syntax.parser import Dialect, Lexeme, Word, find_comments, read_lexemes

_INDENT = 4


def format_text(text: str, dialect: Dialect = "extended", width: int = 88, *, limits: Limits = DEFAULT_LIMITS) -> str:
    """Lay a query out for reading: on one line if it fits, else one operand a line.

    Names, numbers, parentheses and comments stay; keywords become upper case, ``=`` becomes ``==`` and ``<>`` ``!=``.
    The result means the same, and formatting it again changes nothing.

    Args:
        text: the query.
        dialect: the dialect it is read in.
        width: of a line, in characters; a name, a number or a comment may go beyond.
        limits: how long and how deep the query may be.

    Raises:
        QuerySyntaxError: the text is no query of the dialect.

    >>> print(format_text("( J.A or J.B ) # either\\nand J.C . count=1"))
    (J.A OR J.B)  # either
    AND J.C.count == 1
    """
    parse_source(Source(text), dialect, limits)
    lexemes, _ = read_lexemes(text, dialect)
    pieces = _write(_Reader(text).read(lexemes))
    laid_out = break_lines(pieces, width)
    if len(laid_out) <= limits.length:
        return laid_out
    return break_lines(pieces, limits.length)  # so deep that its indentation makes it too long to be read again


@define
class _Operand:
    """One operand of a connective, with the ``NOT`` before it.

    Attributes:
        above: comments on lines of their own before it, and those that stood in its midst.
        first_line, last_line: where it stands in the text.
        items: its words, and the levels in its parentheses or brackets.
        after: the comment at the end of its last line.
    """

    above: list[str]
    first_line: int
    last_line: int
    items: "list[Lexeme | _Level]" = field(factory=list)
    after: str | None = None


@define
class _Level:
    """The content of parentheses or brackets, or the whole query: chains of AND, joined by OR.

    Attributes:
        opening: the bracket before it, none for the whole query.
        after_opening: the comment at the end of the line of that bracket.
        below: comments on lines of their own after the last operand.
    """

    opening: str
    after_opening: str | None = None
    chains: list[list[_Operand]] = field(factory=list)
    below: list[str] = field(factory=list)

    @property
    def last(self) -> _Operand:
        return self.chains[-1][-1]


_OPENING = (Word.LPAR, Word.LBRACKET)
_CLOSING = (Word.RPAR, Word.RBRACKET)
_CONNECTIVES = (Word.AND, Word.OR)


class _Reader:
    """Sorts words and comments into levels, from left to right; the text is known to be a query."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.line = 0
        self.root = _Level("")
        self.levels = [self.root]

    def read(self, lexemes: Sequence[Lexeme]) -> _Level:
        for before, after in pairwise([None, *lexemes, None]):
            start = 0 if before is None else before.span.end
            end = len(self.text) if after is None else after.span.start
            trailing, below = self.comments(start, end)
            if before is None or before.word in (*_OPENING, *_CONNECTIVES):
                self.line += self.text.count("\n", start, end)
                self.start_operand(before, trailing, below)
            elif after is None or after.word in (*_CLOSING, *_CONNECTIVES):
                self.end_operand(trailing, below)
                self.line += self.text.count("\n", start, end)
            else:
                self.levels[-1].last.above += [*trailing, *below]
                self.line += self.text.count("\n", start, end)
            if after is not None:
                self.take(after)
        return self.root

    def comments(self, start: int, end: int) -> tuple[list[str], list[str]]:
        """The comments between two words: the one at the end of the first word's line, and those below it."""
        found = list(find_comments(self.text, start, end))
        texts = [self.text[slice(*one)].rstrip(" \t\r") for one in found]
        is_trailing = bool(found) and start > 0 and "\n" not in self.text[start : found[0].start]
        return (texts[:1], texts[1:]) if is_trailing else ([], texts)

    def start_operand(self, before: Lexeme | None, trailing: list[str], below: list[str]) -> None:
        level = self.levels[-1]
        if before is None or before.word in _OPENING:
            level.after_opening = next(iter(trailing), None)
            level.chains.append([])
        elif trailing and level.last.after is None and not level.below:
            level.last.after = trailing[0]  # `A AND  # why`: the word moves to the next line, the comment stays
        else:
            level.below += trailing
        if before is not None and before.word is Word.OR:
            level.chains.append([])
        level.chains[-1].append(_Operand([*level.below, *below], self.line, self.line))
        level.below = []

    def end_operand(self, trailing: list[str], below: list[str]) -> None:
        level = self.levels[-1]
        level.last.after = next(iter(trailing), None)
        level.last.last_line = self.line
        level.below = below

    def take(self, lexeme: Lexeme) -> None:
        if lexeme.word in _CLOSING:
            self.levels.pop()
        elif lexeme.word in _OPENING:
            inner = _Level(lexeme.text)
            self.levels[-1].last.items.append(inner)
            self.levels.append(inner)
        elif lexeme.word not in _CONNECTIVES:
            self.levels[-1].last.items.append(lexeme)


_Part: TypeAlias = "Piece | _Operand | _Level"


def _write(root: _Level) -> list[Piece]:
    """The pieces of a query. A loop rather than a recursion, so that no depth is too deep."""
    pieces: list[Piece] = []
    to_do: list[_Part] = _write_root(root)[::-1]
    while to_do:
        match to_do.pop():
            case _Operand() as operand:
                to_do += _write_operand(operand)[::-1]
            case _Level() as level:
                to_do += _write_bracketed(level)[::-1]
            case piece:
                pieces.append(piece)
    return pieces


def _write_root(root: _Level) -> list[_Part]:
    first = root.chains[0][0]
    whole = _lift(first, root.last)
    below = [part for text in root.below for part in (Break(), Comment(text))]
    return [
        Edge.OPEN,
        *_write_above(first, 0),
        *(Edge.OPEN, *_write_chains(root, 0), Edge.CLOSE),
        *_write_after(whole),
        *below,
        Edge.CLOSE,
    ]


def _write_bracketed(level: _Level) -> list[_Part]:
    below = [part for text in level.below for part in (Break("", _INDENT), Comment(text))]
    return [
        Words(level.opening),
        Edge.OPEN,
        *_write_after(level.after_opening),
        Break("", _INDENT),
        *_write_above(level.chains[0][0], _INDENT),
        *_write_chains(level, _INDENT),
        *below,
        Break(""),
        Words(_CLOSING_OF[level.opening]),
        Edge.CLOSE,
    ]


_CLOSING_OF = {"(": ")", "[": "]"}


def _write_chains(level: _Level, indent: int) -> list[_Part]:
    """The operands of a level, but not the comments above the first."""
    if len(level.chains) == 1:
        return _write_chain(level.chains[0], indent)
    parts: list[_Part] = []
    for index, chain in enumerate(level.chains):
        if index:
            parts += [Break(" ", indent), *_write_above(chain[0], indent), Words("OR ")]
        whole = _lift(chain[0], chain[-1])
        parts += [Edge.OPEN, *_write_chain(chain, _INDENT), Edge.CLOSE, *_write_after(whole)]
    return parts


def _write_chain(chain: Sequence[_Operand], indent: int) -> list[_Part]:
    parts: list[_Part] = []
    for index, operand in enumerate(chain):
        if index:
            parts += [Break(" ", indent), *_write_above(operand, indent), Words("AND ")]
        parts += [operand, *_write_after(operand.after)]
    return parts


def _lift(first: _Operand, last: _Operand) -> str | None:
    """Take the comment after operands that were all written on one line: it is about them all."""
    if first.first_line != last.last_line:
        return None
    after, last.after = last.after, None
    return after


def _write_above(operand: _Operand, indent: int) -> list[Piece]:
    return [part for text in operand.above for part in (Comment(text), Break("", indent))]


def _write_after(comment: str | None) -> list[Piece]:
    return [] if comment is None else [Comment(f"  {comment}")]


def _write_operand(operand: _Operand) -> list[_Part]:
    """The words of an operand, with a space or a break where two of them do not stick together."""
    parts: list[_Part] = [Edge.OPEN]
    before: Lexeme | _Level | None = None
    for item in operand.items:
        parts += _write_gap(before, item)
        if isinstance(item, _Level):
            parts.append(item)
        else:
            parts += _write_word(item)
        before = item
    return [*parts, Edge.CLOSE]


_UPPER = (Word.NOT, Word.IN, Word.TRUE, Word.FALSE)
_OPERATORS = {"=": "==", "<>": "!="}


def _write_word(lexeme: Lexeme) -> list[Piece]:
    match lexeme.word:
        case Word.LBRACE:
            return [Words("{"), Edge.OPEN, Break("", _INDENT)]
        case Word.RBRACE:
            return [Break(""), Words("}"), Edge.CLOSE]
        case Word.OP:
            return [Words(_OPERATORS.get(lexeme.text, lexeme.text))]
        case _:
            return [Words(lexeme.text.upper() if lexeme.word in _UPPER else lexeme.text)]


def _write_gap(before: "Lexeme | _Level | None", item: "Lexeme | _Level") -> list[Piece]:
    if before is None:
        return []
    if isinstance(item, _Level):  # `NOT (`, but `J.C[`
        return [Words(" ")] if item.opening == "(" else []
    if isinstance(before, _Level):
        return [] if item.word is Word.DOT else [Break(" ", _INDENT, fills=True)]
    match before.word, item.word:
        case (Word.DOT | Word.LBRACE, _) | (_, Word.DOT | Word.COMMA | Word.RBRACE):
            return []
        case (Word.NUMBER, Word.RANGE) | (Word.RANGE, Word.NUMBER):
            touches = before.text.endswith(".") if item.word is Word.RANGE else item.text.startswith(".")
            return [Words(" ")] if touches else []  # `5. .. 9` is not `5...9`
        case (Word.COMMA, _):
            return [Break(" ", _INDENT, fills=True)]
        case (Word.NAME | Word.STRING | Word.COUNT | Word.NUMBER, _):
            return [Break(" ", _INDENT, fills=True)]
        case _:
            return [Words(" ")]
