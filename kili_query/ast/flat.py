"""Trees as flat lists, so that pickling and copying are not limited by the depth of a tree."""

from collections.abc import Sequence
from typing import TypeAlias

import attrs
from attrs import frozen

from kili_query.ast.nodes import Predicate

Flat: TypeAlias = tuple[tuple[type, tuple[object, ...]], ...]
"""The nodes of a tree, children first; fields refer to them as `_Ref`."""


@frozen
class _Ref:
    """The index of a node in the list."""

    index: int


def flatten(tree: Predicate) -> Flat:
    """List the nodes of a tree; a shared node appears once.

    >>> from kili_query.ast import Constant, Not
    >>> tree = Not(Constant(True))
    >>> restore(flatten(tree)) == tree
    True
    """
    places: dict[int, int] = {}
    found: list[tuple[type, tuple[object, ...]]] = []
    stack: list[object] = [tree]
    while stack:
        node = stack[-1]
        values = _values(node)
        missing = [child for value in values for child in _nodes_in(value) if id(child) not in places]
        if missing:
            stack.extend(reversed(missing))
            continue
        stack.pop()
        if id(node) not in places:
            places[id(node)] = len(found)
            found.append((type(node), tuple(_referring(value, places) for value in values)))
    return tuple(found)


def restore(flat: Flat) -> Predicate:
    """Rebuild the tree from a flat list."""
    made: list[object] = []
    for kind, values in flat:
        assert attrs.has(kind)
        fields = dict(zip(attrs.fields_dict(kind), (_resolved(value, made) for value in values), strict=True))
        made.append(kind(**fields))
    tree = made[-1]
    assert isinstance(tree, Predicate)
    return tree


def _values(node: object) -> list[object]:
    kind = type(node)
    return [getattr(node, name) for name in attrs.fields_dict(kind)] if attrs.has(kind) else []


def _nodes_in(value: object) -> Sequence[object]:
    parts = value if type(value) is tuple else (value,)
    return [part for part in parts if attrs.has(type(part))]


def _referring(value: object, places: dict[int, int]) -> object:
    if type(value) is tuple:  # not the spans, which are tuples too
        return tuple(_referring(part, places) for part in value)
    return _Ref(places[id(value)]) if attrs.has(type(value)) else value


def _resolved(value: object, made: Sequence[object]) -> object:
    if type(value) is tuple:  # not the spans, which are tuples too
        return tuple(_resolved(part, made) for part in value)
    return made[value.index] if isinstance(value, _Ref) else value
