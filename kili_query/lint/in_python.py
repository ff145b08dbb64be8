"""Category searches in Python."""

import ast
import io
import re
import tokenize
import warnings
from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from itertools import accumulate

from attrs import field, frozen

from kili_query.lint.derived import without_carriage_returns
from kili_query.lint.searches import (
    NAMES,
    PARSED_LENGTH,
    PRAGMA,
    FoundSearch,
    LintItem,
    SkippedPlace,
    Unit,
    Unreadable,
    place_text,
)
from kili_query.source import Position, Source, Span


def find_in_python(source: Source) -> Iterator[LintItem]:
    """The searches of a module or a cell, from top to bottom.

    >>> for found in find_in_python(Source('count(category_search="J.A")\\nq = "J.B"  # kili-query')):
    ...     print(found.text)
    J.A
    J.B
    """
    plain = without_carriage_returns(source)
    yield from map(plain.place, _find(plain.source))


def _find(source: Source) -> Iterator[LintItem]:
    if len(source.text) > PARSED_LENGTH:
        yield Unreadable(source.name, f"longer than {PARSED_LENGTH} characters")
        return
    try:
        with warnings.catch_warnings(action="ignore"):  # of what the program does besides, others warn
            tree = ast.parse(source.text)
    except SyntaxError as error:
        yield Unreadable(source.name, f"not Python: {error.msg}", Position(error.lineno or 1, error.offset or 1))
        return
    except (ValueError, RecursionError, MemoryError) as error:  # a null character; too deep for the parser
        yield Unreadable(source.name, f"not Python: {str(error) or 'nested too deep'}")
        return
    values = list(_named_values(tree))
    if re.search(PRAGMA, source.text, re.MULTILINE):
        values += _marked_values(tree, source)
    unique = {id(value): value for value in values}.values()
    offsets = _Offsets(source)
    for value in sorted(unique, key=lambda value: (value.lineno, value.col_offset)):
        yield from _read(value, source, offsets.span(value))


def _named_values(tree: ast.Module) -> Iterator[ast.expr]:
    for node in ast.walk(tree):
        match node:
            case ast.keyword(arg=name, value=value) if name in NAMES:
                yield value
            case ast.Dict(keys=keys, values=values):
                yield from (value for key, value in zip(keys, values, strict=True) if _is_named(key))
            case ast.Assign(targets=targets, value=value) if any(map(_is_named, targets)):
                yield value
            case ast.AnnAssign(target=target, value=ast.expr() as value) if _is_named(target):
                yield value
            case ast.NamedExpr(target=target, value=value) if _is_named(target):
                yield value
            case ast.arguments():
                yield from _defaults(node)


def _is_named(node: ast.expr | None) -> bool:
    match node:
        case ast.Constant(value=str(name)) | ast.Name(id=name) | ast.Attribute(attr=name):
            return name in NAMES
        case ast.Subscript(slice=ast.Constant(value=str(name))):
            return name in NAMES
        case _:
            return False


def _defaults(arguments: ast.arguments) -> Iterator[ast.expr]:
    positional = [*arguments.posonlyargs, *arguments.args]
    with_default = positional[len(positional) - len(arguments.defaults) :]
    for argument, default in (
        *zip(with_default, arguments.defaults, strict=True),
        *zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True),
    ):
        if argument.arg in NAMES and default is not None:
            yield default


def _marked_values(tree: ast.Module, source: Source) -> Iterator[ast.expr]:
    """The texts on the lines of a pragma, or, where there is none, those that start on the next line."""
    passed_over: set[int] = set()  # keys, and what stands inside of an f-string
    texts: list[ast.expr] = []
    for node in ast.walk(tree):  # from the outside in
        match node:
            case ast.Dict(keys=keys):
                passed_over.update(map(id, keys))
            case ast.Subscript(slice=key):
                passed_over.add(id(key))
            case ast.JoinedStr():
                passed_over.update(id(inner) for inner in ast.walk(node) if inner is not node)
        if isinstance(node, ast.JoinedStr) or (isinstance(node, ast.Constant) and isinstance(node.value, str)):
            texts.append(node)
    texts = sorted((node for node in texts if id(node) not in passed_over), key=lambda node: node.lineno)
    starts = [node.lineno for node in texts]
    ends = list(accumulate((node.end_lineno or node.lineno for node in texts), max))
    for line in _pragma_lines(source.text):
        here = texts[bisect_left(ends, line) : bisect_right(starts, line)]  # texts do not overlap
        yield from here or texts[bisect_left(starts, line + 1) : bisect_right(starts, line + 1)]


def _pragma_lines(text: str) -> Iterator[int]:
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type == tokenize.COMMENT and re.search(PRAGMA, token.string):
            yield token.start[0]


def _read(value: ast.expr, source: Source, span: Span) -> Iterator[LintItem]:
    match value:
        case ast.Constant(value=None):
            return  # no filter
        case ast.Constant(value=str(text)):
            yield FoundSearch(text, place_text(text, _units(source.text, span), source, span))
        case ast.JoinedStr():
            yield SkippedPlace(source, span.start, "an f-string is put together when the program runs")
        case _:
            yield SkippedPlace(source, span.start, "not a plain text")


@frozen
class _Offsets:
    """Offsets of places as `ast` has them: a line, and a column in bytes of UTF-8."""

    source: Source
    bytes_before: dict[int, list[int]] = field(factory=dict)
    """How many bytes stand before each character of a line that is not ASCII."""

    def span(self, node: ast.expr) -> Span:
        """Where a node stands."""
        start = self.offset(node.lineno, node.col_offset)
        return Span(start, self.offset(node.end_lineno or node.lineno, node.end_col_offset or node.col_offset))

    def offset(self, line: int, column: int) -> int:
        """The offset of a place."""
        start = self.source.line_starts[line - 1]
        if line not in self.bytes_before:
            text = self.source.line(line)
            widths = () if text.isascii() else (len(char.encode("utf-8", "surrogatepass")) for char in text)
            self.bytes_before[line] = list(accumulate(widths, initial=0))
        before = self.bytes_before[line]
        return start + (column if len(before) == 1 else bisect_left(before, column))


_LITERAL = re.compile(
    r"""(?P<prefix>[rRuU]?)(?P<quote>\"{3}|'{3}|"|')(?P<body>(?:\\.|.)*?)(?P=quote)|\#[^\n]*|\\\n|[\s\f]+""", re.DOTALL
)
_ESCAPE = re.compile(
    r"\\(?:(?P<octal>[0-7]{1,3})|x(?P<hex>[0-9a-fA-F]{2})|u(?P<short>[0-9a-fA-F]{4})|U(?P<long>[0-9a-fA-F]{8})"
    r"|N\{[^}]+\}|(?P<simple>[\n\\'\"abfnrtv]))|(?P<plain>.)",
    re.DOTALL,
)
_SIMPLE = {"\n": "", "a": "\a", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v"}


def _units(text: str, span: Span) -> Iterator[Unit]:
    """The characters of a literal, of which several may stand one after the other."""
    at = span.start
    while at < span.end and (literal := _LITERAL.match(text, at, span.end)):
        at = literal.end()
        if literal["quote"] is None:
            continue
        start, end = literal.span("body")
        if literal["prefix"] in ("r", "R"):
            yield from ((text[offset], offset, offset + 1) for offset in range(start, end))
        else:
            yield from _unescaped(text, start, end)


def _unescaped(text: str, start: int, end: int) -> Iterator[Unit]:
    for found in _ESCAPE.finditer(text, start, end):
        match found.lastgroup:
            case None:  # a name of Unicode
                char = ast.literal_eval(f'"{found[0]}"')
            case "plain":
                char = found[0]
            case "simple":
                char = _SIMPLE.get(found["simple"], found["simple"])
            case "octal":
                char = chr(int(found["octal"], 8))
            case group:
                char = chr(int(found[group], 16))
        if char:
            yield char, *found.span()
