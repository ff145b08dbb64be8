"""Category searches in YAML; needs the extra ``cli``."""

import re
from collections.abc import Iterator

import yaml  # type: ignore[import-untyped] # four of its names are used

from kili_query.lint.found import NAMES, PRAGMA, Found, Search, Skipped, Unit, Unreadable, place_text
from kili_query.source import Position, Source, Span

__all__ = ["find_in_yaml"]

_TEXT, _NULL = "tag:yaml.org,2002:str", "tag:yaml.org,2002:null"


def find_in_yaml(source: Source) -> Iterator[Found]:
    """The values of keys that are named as a search is, at any depth, and texts that a comment marks.

    >>> text = "jobs:\\n  - category_search: J.A.count > 0\\n  - J.B  # kili-query\\n"
    >>> [search.text for search in find_in_yaml(Source(text))]
    ['J.A.count > 0', 'J.B']
    """
    try:
        documents = [node for node in yaml.compose_all(source.text, yaml.SafeLoader) if node is not None]
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        position = None if mark is None else Position(mark.line + 1, mark.column + 1)
        yield Unreadable(source.name, f"not YAML: {error.problem or error.context}", position)
        return
    except yaml.reader.ReaderError as error:
        yield Unreadable(source.name, f"not YAML: {error.reason}", source.position(error.position))
        return
    except (RecursionError, ValueError) as error:  # a ValueError is of an escape beyond Unicode
        reason = "nested too deep" if isinstance(error, RecursionError) else str(error)
        yield Unreadable(source.name, f"not YAML: {reason}")
        return
    values = list(_values(documents))
    marked = _marked([value for value, _ in values], source)
    wanted = {id(value): value for value, is_named in values if is_named or id(value) in marked}
    for value in sorted(wanted.values(), key=lambda node: node.start_mark.index):
        yield from _read(value, source)


def _values(documents: list[yaml.Node]) -> Iterator[tuple[yaml.Node, bool]]:
    """What stands as a value, and whether a key says that it is a search; shared ones once."""
    seen: set[int] = set()
    stack = documents[::-1]
    while stack:
        node = stack.pop()
        if id(node) in seen:
            continue
        seen.add(id(node))
        if isinstance(node, yaml.MappingNode):
            for key, value in node.value:
                yield value, isinstance(key, yaml.ScalarNode) and key.value in NAMES
                stack += [value, key]
        elif isinstance(node, yaml.SequenceNode):
            for value in node.value:
                yield value, False
                stack.append(value)


def _marked(values: list[yaml.Node], source: Source) -> set[int]:
    """The texts on the line of a comment that marks them, or, where there is none, those on the next line."""
    texts = [node for node in values if isinstance(node, yaml.ScalarNode)]
    marked: set[int] = set()
    for found in re.finditer(rf"(?:^|(?<=\s)){PRAGMA}", source.text, re.MULTILINE):
        if any(_holds(node, found.start(), source.text) for node in texts):
            continue  # it is no comment, but part of a text
        line = source.position(found.start()).line - 1
        here = [id(node) for node in texts if node.start_mark.line <= line <= _last_line(node)]
        marked.update(here or (id(node) for node in texts if node.start_mark.line == line + 1))
    return marked


def _holds(node: yaml.ScalarNode, offset: int, text: str) -> bool:
    return _body(node, text).start <= offset < _body(node, text).end


def _last_line(node: yaml.ScalarNode) -> int:
    """The line on which a text ends; of a block, the one on which its header stands."""
    return int(node.start_mark.line if node.style in ("|", ">") else node.end_mark.line)


def _body(node: yaml.ScalarNode, text: str) -> Span:
    """Where the text of a scalar stands: of a block, below its header."""
    start, end = int(node.start_mark.index), int(node.end_mark.index)
    if node.style in ("|", ">"):
        return Span(max(start, text.find("\n", start)), end)
    return Span(start, end)


def _read(node: yaml.Node, source: Source) -> Iterator[Found]:
    if node.tag == _TEXT:
        body = _body(node, source.text)
        yield Search(node.value, place_text(node.value, _units(node.style, source.text, body), source, body))
    elif node.tag != _NULL:
        yield Skipped(source, node.start_mark.index, "not a text")


_ESCAPE = re.compile(
    r"""\\(?:x(?P<hex>[0-9a-fA-F]{2})|u(?P<short>[0-9a-fA-F]{4})|U(?P<long>[0-9a-fA-F]{8})|(?P<simple>.))""", re.DOTALL
)
_SIMPLE = {"0": "\0", "a": "\a", "b": "\b", "t": "\t", "n": "\n", "v": "\v", "f": "\f", "r": "\r", "e": "\x1b"}
_SIMPLE |= {"N": "\x85", "_": "\xa0", "L": "\u2028", "P": "\u2029"}


def _units(style: str | None, text: str, body: Span) -> Iterator[Unit]:
    match style:
        case '"':
            yield from _double_quoted(text, Span(body.start + 1, body.end - 1))
        case "'":
            for found in re.compile("''|[^']", re.DOTALL).finditer(text, body.start + 1, body.end - 1):
                yield found[0][0], *found.span()
        case _:
            yield from ((text[offset], offset, offset + 1) for offset in range(body.start, body.end))


def _double_quoted(text: str, body: Span) -> Iterator[Unit]:
    at = body.start
    while at < body.end:
        escape = _ESCAPE.match(text, at, body.end)
        if escape is None:
            yield text[at], at, at + 1
            at += 1
            continue
        group = escape.lastgroup or "simple"
        letter = escape[group]
        yield (_SIMPLE.get(letter, letter) if group == "simple" else chr(int(letter, 16))), *escape.span()
        at = escape.end()
