"""Duplicates: an operand that stands twice."""

from kili_query.ast import And, Or, Predicate, conjunction, disjunction
from kili_query.logic.rewrite import Keys, bottom_up

__all__ = ["deduplicate"]


def deduplicate(tree: Predicate) -> Predicate:
    """Drop repeated operands, keeping the first of each.

    >>> from kili_query.syntax import parse_tree, print_tree
    >>> print_tree(deduplicate(parse_tree("J.A.count > 0 OR J.B.count > 0 OR J.A.count > 0")))
    'J.A.count > 0 OR J.B.count > 0'
    """
    keys = Keys()

    def drop(node: Predicate) -> Predicate:
        match node:
            case And(operands):
                kept = _distinct(operands, keys)
                return node if len(kept) == len(operands) else conjunction(kept, node.span)
            case Or(operands):
                kept = _distinct(operands, keys)
                return node if len(kept) == len(operands) else disjunction(kept, node.span)
            case _:
                return node

    return bottom_up(drop, tree)


def _distinct(operands: tuple[Predicate, ...], keys: Keys) -> list[Predicate]:
    first: dict[int, Predicate] = {}
    for operand in operands:
        first.setdefault(keys.of(operand), operand)
    return list(first.values())
