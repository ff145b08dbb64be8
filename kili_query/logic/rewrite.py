"""How passes visit a tree: without recursion, because a pass must not be the first to find a tree too deep."""

from collections.abc import Callable, Hashable, Iterable
from operator import is_
from typing import Final

from kili_query.ast import And, Or, Predicate, conjunction, disjunction

JOINS: Final = (And, Or)
"""For `isinstance` where it is called for every node: a union would be built anew each time."""


def bottom_up(
    change: Callable[[And | Or], Predicate], tree: Predicate, leaf: Callable[[Predicate], Predicate] | None = None
) -> Predicate:
    """The tree with each AND and OR changed, operands first; the same object where nothing changed.

    Args:
        change: what to make of an AND or OR whose operands are changed already.
        tree: a lowered tree; sugar is a leaf here.
        leaf: what to make of all else; by default it stays.
    """
    if not isinstance(tree, JOINS):
        return tree if leaf is None else leaf(tree)
    frames = [_Frame(tree)]
    while True:
        frame = frames[-1]
        for operand in frame.left:
            if isinstance(operand, JOINS):
                frames.append(_Frame(operand))
                break
            frame.done.append(operand if leaf is None else leaf(operand))
        else:
            frames.pop()
            made = rebuilt(frame.node, frame.done)
            changed = change(made)
            if not frames:
                return changed
            frames[-1].done.append(changed)


class _Frame:
    """An AND or OR whose operands are being changed."""

    __slots__ = ("done", "left", "node")

    def __init__(self, node: And | Or) -> None:
        self.node = node
        self.left = iter(node.operands)
        self.done: list[Predicate] = []


def rebuilt(node: And | Or, operands: list[Predicate]) -> And | Or:
    """The node with other operands; the same object when they are the same."""
    if len(operands) == len(node.operands) and all(map(is_, operands, node.operands)):
        return node
    return And(tuple(operands), span=node.span) if isinstance(node, And) else Or(tuple(operands), span=node.span)


def joined(node: And | Or, operands: Iterable[Predicate]) -> Predicate:
    """Join operands as a node does, without nesting."""
    return (conjunction if isinstance(node, And) else disjunction)(operands, node.span)


class Keys:
    """Numbers for trees, the same for equal trees: so that a tree is hashed once, not once for each level above.

    A tree whose operands have their numbers gets its own in time that does not depend on what is below. Asking for
    those of operands first keeps the recursion shallow.
    """

    def __init__(self) -> None:
        self._numbers: dict[Hashable, int] = {}
        self._of_node: dict[int, tuple[Predicate, int]] = {}

    def of(self, tree: Predicate) -> int:
        """The number of a tree."""
        known = self._of_node.get(id(tree))
        if known is not None:
            return known[1]
        if isinstance(tree, JOINS):
            content: Hashable = (isinstance(tree, And), *map(self.of, tree.operands))
        else:
            content = tree
        number = self._numbers.setdefault(content, len(self._numbers))
        self._of_node[id(tree)] = tree, number  # the tree is kept, so that its id stays its own
        return number
