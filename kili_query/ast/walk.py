"""Functions with which passes and checks visit the nodes of a tree."""

from collections.abc import Callable, Iterator
from typing import assert_never

from attrs import evolve

from kili_query.ast.nodes import (
    And,
    Comparison,
    Constant,
    Counter,
    Exists,
    Filtered,
    Linear,
    Membership,
    Not,
    Or,
    Pattern,
    Predicate,
    Relation,
    Term,
)


def map_operands(change: Callable[[Predicate], Predicate], tree: Predicate) -> Predicate:
    """Apply a change to each direct operand; return the same object if nothing changed."""
    match tree:
        case And(operands) | Or(operands):
            changed = tuple(map(change, operands))
            if all(map(_is, changed, operands)):
                return tree
            return And(changed, span=tree.span) if isinstance(tree, And) else Or(changed, span=tree.span)
        case Not(operand):
            inner = change(operand)
            return tree if inner is operand else evolve(tree, operand=inner)
        case Comparison() | Linear() | Constant() | Exists() | Relation() | Membership():
            return tree
        case _:
            assert_never(tree)


def _is(left: object, right: object) -> bool:
    return left is right


def operands(tree: Predicate) -> tuple[Predicate, ...]:
    """Return the direct operands; a condition in brackets is not one of them."""
    match tree:
        case And(parts) | Or(parts):
            return parts
        case Not(operand):
            return (operand,)
        case Comparison() | Linear() | Constant() | Exists() | Relation() | Membership():
            return ()
        case _:
            assert_never(tree)


def subtrees(tree: Predicate) -> Iterator[Predicate]:
    """Yield the tree and all nodes below it, in the order of the text, without conditions in brackets."""
    stack = [tree]
    while stack:
        node = stack.pop()
        yield node
        stack.extend(reversed(operands(node)))


def terms_of(leaf: Predicate) -> tuple[Term, ...]:
    """Return the terms of a leaf, in the order of the text; none for AND, OR and NOT."""
    match leaf:
        case Comparison(counter) | Exists(counter):
            return (counter,)
        case And() | Or() | Not() | Constant():
            return ()
        case Linear(addends):
            return tuple(addend.counter for addend in addends)
        case Relation(sums):
            parts = [summand.operand for one in sums for summand in one.summands]
            return tuple(part for part in parts if isinstance(part, Counter | Pattern | Filtered))
        case Membership(one):
            parts = [summand.operand for summand in one.summands]
            return tuple(part for part in parts if isinstance(part, Counter | Pattern | Filtered))
        case _:
            assert_never(leaf)


def terms(tree: Predicate) -> Iterator[Term]:
    """Yield all terms of a tree, in the order of the text, without conditions in brackets."""
    for node in subtrees(tree):
        yield from terms_of(node)


def counters(tree: Predicate) -> Iterator[Counter]:
    """Yield all plain counters, in the order of the text, including those in brackets."""
    for term in terms(tree):
        match term:
            case Counter():
                yield term
            case Filtered(counter, condition):
                if isinstance(counter, Counter):
                    yield counter
                yield from counters(condition)
            case Pattern():
                pass
            case _:
                assert_never(term)


def has_patterns(tree: Predicate) -> bool:
    """Whether a tree holds a pattern of names, in brackets or not."""
    return any(
        isinstance(term, Pattern)
        or (isinstance(term, Filtered) and (isinstance(term.counter, Pattern) or has_patterns(term.condition)))
        for term in terms(tree)
    )


def matches_pattern(pieces: tuple[str, ...], name: str) -> bool:
    """Whether a name matches the pieces of a `NamePattern`, in linear time.

    >>> matches_pattern(("CAT_", ""), "CAT_B"), matches_pattern(("", "_B"), "CAT_C"), matches_pattern(("A",), "A")
    (True, False, True)
    """
    if len(pieces) == 1:
        return name == pieces[0]
    first, *middle, last = pieces
    if len(name) < len(first) + len(last) or not name.startswith(first) or not name.endswith(last):
        return False
    at, end = len(first), len(name) - len(last)
    for piece in middle:
        found = name.find(piece, at, end)
        if found < 0:
            return False
        at = found + len(piece)
    return True


def deepest(tree: Predicate) -> tuple[int, Predicate]:
    """Return the number of levels of a tree, and the first node at the deepest level.

    AND, OR, NOT and the braces of a set are one level each, brackets are two. The text of a tree never has more.
    """
    most, found = 0, tree
    stack = [(tree, 0)]
    while stack:
        node, above = stack.pop()
        inner = [term.condition for term in terms_of(node) if isinstance(term, Filtered)]
        below = operands(node)
        levels = above + (1 if below or isinstance(node, Membership) else 0)
        if levels > most:
            most, found = levels, node
        stack.extend((condition, above + 2) for condition in reversed(inner))
        stack.extend((operand, levels) for operand in reversed(below))
    return most, found


def parts(tree: Predicate, most: int) -> int:
    """Count the nodes, terms and ranges of a tree, including those in brackets.

    A shared subtree counts once per place. Counting stops once there are more than ``most``.

    >>> from kili_query.ast import Counter
    >>> once = Exists(Counter("J", "A"))
    >>> parts(And((once, once)), 100), parts(And((once, once)), 3)
    (5, 5)
    """
    total = 0
    stack = [tree]
    while stack and total <= most:
        node = stack.pop()
        held = terms_of(node)
        total += 1 + len(held) + (len(node.ranges) if isinstance(node, Membership) else 0)
        stack.extend(term.condition for term in held if isinstance(term, Filtered))
        stack.extend(operands(node))
    return total
