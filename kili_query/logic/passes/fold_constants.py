"""Folding: comparisons that every count meets, or none, become constants, and constants vanish."""

from kili_query.ast import And, Comparison, Constant, Linear, Or, Predicate, all_of, any_of
from kili_query.logic.literals import NO_BOUNDS, Bounds, is_shortest, range_of, read_leaf
from kili_query.logic.rewrite import bottom_up


def fold_constants(tree: Predicate, bounds: Bounds = NO_BOUNDS) -> Predicate:
    """Leave no constant but the whole.

    >>> from kili_query.syntax import parse_tree, print_tree
    >>> print_tree(fold_constants(parse_tree("J.A.count >= 0 AND (J.B.count > 3 OR J.B.count < 0)")))
    'J.B.count > 3'
    """

    def fold_leaf(leaf: Predicate) -> Predicate:
        match leaf:
            case Comparison(counter) if is_shortest(leaf) and counter not in bounds:
                return leaf
            case Comparison() | Linear():
                form, values = read_leaf(leaf, bounds)
                if values.is_empty:
                    return Constant(False, span=leaf.span)
                return Constant(True, span=leaf.span) if values.covers(range_of(form, bounds)) else leaf
            case _:
                return leaf

    return bottom_up(_fold, tree, fold_leaf)


def _fold(node: And | Or) -> Predicate:
    if not any(isinstance(operand, Constant) for operand in node.operands):
        return node
    return (all_of if isinstance(node, And) else any_of)(node.operands, node.span)
