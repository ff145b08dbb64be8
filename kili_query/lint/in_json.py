"""Category searches in JSON, and the texts of a JSON file with their places."""

import json
import re
from collections.abc import Callable, Iterator, Sequence
from typing import TypeAlias

from attrs import frozen

from kili_query.lint.searches import NAMES, FoundSearch, LintItem, Placement, SkippedPlace, Unit, Unreadable, place_text
from kili_query.source import Source, Span

Path: TypeAlias = tuple[str | int, ...]


@frozen
class JsonScalar:
    """A text, a number, true, false or null in a JSON file.

    Attributes:
        path: the keys and indexes that lead to it.
        value: as Python has it; null for a number, whose value no one asks for.
        span: where it stands, quotes included.
    """

    path: Path
    value: str | None
    span: Span
    is_null: bool = False


def find_in_json(source: Source) -> Iterator[LintItem]:
    """The values of keys that are named as a search is, at any depth.

    >>> [search] = find_in_json(Source('{"jobs": [{"category_search": "J.A.count > 0"}]}'))
    >>> search.text
    'J.A.count > 0'
    """
    value = read_json(source)
    if isinstance(value, Unreadable):
        yield value
        return
    for scalar in scalars(source.text, lambda path: bool(path) and path[-1] in NAMES):
        if scalar.is_null:
            continue
        if scalar.value is None:
            yield SkippedPlace(source, scalar.span.start, "not a text")
        else:
            yield FoundSearch(scalar.value, place_scalar(scalar, source))


def read_json(source: Source) -> object:
    """The JSON value, or why it is none."""
    try:
        return json.loads(source.text)
    except json.JSONDecodeError as error:
        return Unreadable(source.name, f"not JSON: {error.msg.lower()}", source.position(error.pos))
    except (RecursionError, ValueError):  # the other ValueError is of Python's limit on digits
        return Unreadable(source.name, "not JSON that can be read: nested too deep, or a number too long")


def place_scalar(scalar: JsonScalar, source: Source) -> Placement:
    """Where each character of a text stands."""
    assert scalar.value is not None
    return place_text(scalar.value, _units(source.text, scalar.span), source, scalar.span)


_TOKEN = re.compile(r'"[^"\\]*+(?:\\.[^"\\]*+)*+"|[][{}:,]|[^][{}:,"\s]+')


def scalars(text: str, wants: Callable[[Sequence[str | int]], bool]) -> Iterator[JsonScalar]:
    """The texts, numbers and constants that stand where they are wanted, in the order of the text.

    Args:
        text: known to be JSON.
        wants: whether what a path leads to is wanted.

    >>> [(scalar.path, scalar.value) for scalar in scalars('{"a": ["x", {"b": "y"}]}', lambda path: True)]
    [(('a', 0), 'x'), (('a', 1, 'b'), 'y')]
    """
    path: list[str | int] = []  # of an object that was just opened, the last key is not known yet
    is_key = False
    for found in _TOKEN.finditer(text):
        match found[0]:
            case "{" | "[" as bracket:
                path.append("" if bracket == "{" else 0)
                is_key = bracket == "{"
            case "}" | "]":
                path.pop()
                is_key = False
            case ",":
                last = path[-1]
                if isinstance(last, int):
                    path[-1] = last + 1
                is_key = isinstance(last, str)
            case ":":
                is_key = False
            case token if is_key:
                path[-1] = json.loads(token)
            case token if wants(path):
                value = json.loads(token) if token[0] == '"' else None
                yield JsonScalar(tuple(path), value, Span(*found.span()), is_null=token == "null")


_UNIT = re.compile(r'\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|\\u[0-9a-fA-F]{4}|\\.|[^"]')


def _units(text: str, span: Span) -> Iterator[Unit]:
    for found in _UNIT.finditer(text, span.start + 1, span.end - 1):
        char = found[0]
        yield (json.loads(f'"{char}"') if char[0] == "\\" else char), *found.span()
