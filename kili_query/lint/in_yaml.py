"""Category searches in YAML; needs the extra ``cli``."""

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator

import yaml  # type: ignore[import-untyped] # four of its names are used

from kili_query.lint.searches import (
    NAMES,
    PARSED_LENGTH,
    PRAGMA,
    FoundSearch,
    LintItem,
    SkippedPlace,
    Unit,
    Unreadable,
    mentions_search,
    place_text,
)
from kili_query.source import Position, Source, Span

_TEXT, _NULL = "tag:yaml.org,2002:str", "tag:yaml.org,2002:null"


def find_in_yaml(source: Source) -> Iterator[LintItem]:
    """The values of keys that are named as a search is, at any depth, and texts that a comment marks.

    >>> text = "jobs:\\n  - category_search: J.A.count > 0\\n  - J.B  # kili-query\\n"
    >>> [search.text for search in find_in_yaml(Source(text))]
    ['J.A.count > 0', 'J.B']
    """
    if len(source.text) > PARSED_LENGTH:
        yield Unreadable(source.name, f"longer than {PARSED_LENGTH} characters")
        return
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
    except (ValueError, OverflowError):
        yield Unreadable(source.name, "not YAML: an escape beyond the last character of Unicode")
        return
    except RecursionError:
        yield Unreadable(source.name, "not YAML: nested too deep")
        return
    nodes = {id(node): node for node in _nodes(documents)}
    named, keys = _named(nodes.values())
    wanted = named | (_marked(list(nodes.values()), keys, source) if mentions_search(source.text) else set())
    for node in sorted((nodes[key] for key in wanted), key=lambda node: node.start_mark.index):
        yield from _read(node, source)


def _nodes(documents: list[yaml.Node]) -> Iterator[yaml.Node]:
    """All nodes, those that have several places once."""
    seen: set[int] = set()
    stack = documents[::-1]
    while stack:
        node = stack.pop()
        if id(node) in seen:
            continue
        seen.add(id(node))
        yield node
        if isinstance(node, yaml.MappingNode):
            stack.extend(part for pair in node.value for part in pair)
        elif isinstance(node, yaml.SequenceNode):
            stack.extend(node.value)


def _named(nodes: Iterable[yaml.Node]) -> tuple[set[int], set[int]]:
    """The values whose key says that they are searches, and all keys."""
    pairs = [pair for node in nodes if isinstance(node, yaml.MappingNode) for pair in node.value]
    named = {id(value) for key, value in pairs if isinstance(key, yaml.ScalarNode) and key.value in NAMES}
    return named, {id(key) for key, _ in pairs}


def _marked(nodes: list[yaml.Node], keys: set[int], source: Source) -> set[int]:
    """The texts on the line of a comment that marks them, or, where there is none, those on the next line."""
    scalars = sorted((node for node in nodes if isinstance(node, yaml.ScalarNode)), key=lambda it: it.start_mark.index)
    bodies = [_body(node, source.text) for node in scalars]  # INVARIANT: they do not overlap
    values = [(node, body) for node, body in zip(scalars, bodies, strict=True) if id(node) not in keys]
    first = [source.position(node.start_mark.index).line for node, _ in values]
    last = [source.position(body.start if _is_block(node) else body.end).line for node, body in values]
    marked: set[int] = set()
    for found in re.finditer(rf"(?:^|(?<=\s)){PRAGMA}", source.text, re.MULTILINE):
        before = bisect_right(bodies, found.start(), key=lambda body: body.start) - 1
        if before >= 0 and found.start() < bodies[before].end:
            continue  # it is no comment, but part of a text
        line = source.position(found.start()).line
        here = values[bisect_left(last, line) : bisect_right(first, line)]
        here = here or values[bisect_left(first, line + 1) : bisect_right(first, line + 1)]
        marked.update(id(node) for node, _ in here)
    return marked


def _is_block(node: yaml.ScalarNode) -> bool:
    return node.style in ("|", ">")


_PROPERTIES = re.compile(r"(?:[&!]\S*|\s+|#[^\n]*)*+")


def _body(node: yaml.ScalarNode, text: str) -> Span:
    """Where the text of a scalar stands: behind its anchor and its tag; of a block, below its header."""
    start, end = int(node.start_mark.index), int(node.end_mark.index)
    if text[start : start + 1] in ("&", "!"):
        properties = _PROPERTIES.match(text, start, end)
        assert properties is not None  # it matches nothing, too
        start = properties.end()
    if _is_block(node):
        return Span(max(start, text.find("\n", start)), end)
    return Span(start, end)


def _read(node: yaml.Node, source: Source) -> Iterator[LintItem]:
    if node.tag == _TEXT:
        body = _body(node, source.text)
        yield FoundSearch(node.value, place_text(node.value, _units(node.style, source.text, body), source, body))
    elif node.tag != _NULL:
        yield SkippedPlace(source, node.start_mark.index, "not a text")


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
