"""From a list of field names, dotted where they lead into objects, to a GraphQL selection."""

import re
from collections.abc import Sequence
from typing import TypeAlias

from kili_query.errors import ArgumentError

_Fields: TypeAlias = dict[str, "_Fields"]

_PLACED = re.compile(r"([A-Za-z_][A-Za-z0-9_]*(?:\.[A-Za-z_][A-Za-z0-9_]*)+)(\s*\{.*)\Z", re.DOTALL)
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*(\.[A-Za-z_][A-Za-z0-9_]*)*\Z")


def selection_of(fields: Sequence[str]) -> str:
    """The selection that asks for these fields, in the order given, each once.

    An entry that holds ``...`` is a fragment, and passed as it is; one that begins with names and dots belongs into the
    object that they lead to.

    >>> selection_of(["author.email", "id", "author.id", "id"])
    'author { email id } id'
    >>> selection_of(["labels.id", "labels.parts { ... on Text { text } }"])
    'labels { id parts { ... on Text { text } } }'

    Raises:
        ArgumentError: no field, a text instead of a list, a name that is none, or an object and one of its fields.
    """
    if isinstance(fields, str):
        raise ArgumentError(f"`fields` is a list of names, not a text: write [{fields!r}]")
    if not fields:
        raise ArgumentError("`fields` is empty: name at least one, such as `id`")
    root: _Fields = {}
    for entry in fields:
        _put(root, entry)
    return _printed(root)


def _put(root: _Fields, entry: str) -> None:
    if not isinstance(entry, str):
        raise ArgumentError(f"a field is named by a text, not by {entry!r}")
    path, fragment = entry, ""
    if "..." in entry:
        if (placed := _PLACED.match(entry)) is None:
            root[entry] = {}
            return
        path, fragment = placed.groups()
    if not _NAME.match(path):
        raise ArgumentError(f"`{entry}` is not the name of a field: write names such as `id` or `author.email`")
    *parents, name = path.split(".")
    name += fragment
    level = root
    for number, parent in enumerate(parents, 1):
        if level.setdefault(parent, _NEW) is _NEW:
            level[parent] = {}
        elif not level[parent]:
            raise _clash(".".join(parents[:number]), entry)
        level = level[parent]
    if level.get(name):
        raise _clash(entry, f"{entry}.{next(iter(level[name]))}")
    level[name] = {}


_NEW: _Fields = {}
"""Stands for a field that was not there before."""


def _clash(entry: str, deeper: str) -> ArgumentError:
    return ArgumentError(f"`fields` asks for `{entry}` and for `{deeper}`: keep the one or the other")


def _printed(fields: _Fields) -> str:
    return " ".join(f"{name} {{ {_printed(below)} }}" if below else name for name, below in fields.items())
