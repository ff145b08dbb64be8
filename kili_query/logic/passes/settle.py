"""Settling: what is true or false of all labels, though no single clause shows it."""

from collections.abc import Iterable
from itertools import islice

from kili_query.ast import And, Constant, Or, Predicate, terms_of
from kili_query.logic.literals import leaves
from kili_query.logic.solver import solve
from kili_query.syntax.lower import negate

MAX_LEAVES = 150
MAX_STEPS = 4_000
"""Beyond these, a tree is left as it is."""


def settle(tree: Predicate, facts: Iterable[Predicate] = ()) -> Predicate:
    """Replace a tree that no label meets, or every label, by a constant.

    >>> from kili_query.syntax import parse_tree
    >>> text = "(J.A.count > 0 OR J.B.count > 0) AND (J.A.count > 0 OR J.B.count < 1) AND J.A.count < 1"
    >>> settle(parse_tree(text))
    Constant(value=False)
    """
    facts = tuple(facts)
    if not isinstance(tree, And | Or) or not (facts or _repeats(tree)):
        return tree
    if sum(1 for _ in islice(leaves(tree), MAX_LEAVES + 1)) > MAX_LEAVES:
        return tree
    if solve((tree, *facts), MAX_STEPS).is_satisfiable is False:
        return Constant(False, span=tree.span)
    if solve((negate(tree), *facts), MAX_STEPS).is_satisfiable is False:
        return Constant(True, span=tree.span)
    return tree


def _repeats(tree: Predicate) -> bool:
    """Whether some counter stands twice; where none does, each part is free to hold or not."""
    terms = [term for leaf in islice(leaves(tree), MAX_LEAVES + 1) for term in terms_of(leaf)]
    return len(terms) > MAX_LEAVES or len(set(terms)) < len(terms)
