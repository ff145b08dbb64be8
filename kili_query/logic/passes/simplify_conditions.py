"""Conditions in brackets: they are predicates of their own, and counters that they settle are no longer filtered."""

from collections.abc import Callable

from attrs import evolve

from kili_query.ast import COMPARE, Addend, Comparison, Constant, Filtered, Linear, Predicate, Term
from kili_query.logic.rewrite import bottom_up


def simplify_conditions(tree: Predicate, simplify: Callable[[Predicate], Predicate]) -> Predicate:
    """Simplify what stands in brackets: under ``TRUE`` all objects are counted, under ``FALSE`` none.

    >>> from kili_query.syntax import parse_tree, print_tree
    >>> from kili_query.logic.passes.fold_constants import fold_constants
    >>> print_tree(simplify_conditions(parse_tree("J.A[K.B.count >= 0].count > 2"), fold_constants))
    'J.A.count > 2'
    """

    def change(node: Predicate) -> Predicate:
        match node:
            case Comparison(Filtered() as term, op, bound):
                changed = _simplify_term(term, simplify)
                if changed is None:
                    return Constant(COMPARE[op](0, bound), span=node.span)
                return node if changed is term else evolve(node, counter=changed)
            case Linear(addends) if any(isinstance(addend.counter, Filtered) for addend in addends):
                return _simplify_sum(node, simplify)
            case _:
                return node

    return bottom_up(lambda node: node, tree, change)


def _simplify_term(term: Term, simplify: Callable[[Predicate], Predicate]) -> Term | None:
    """The term with a simplified condition; None when it counts nothing."""
    if not isinstance(term, Filtered):
        return term
    match simplify(term.condition):
        case Constant(True):
            return term.counter
        case Constant(False):
            return None
        case condition:
            return term if condition is term.condition else evolve(term, condition=condition)


def _simplify_sum(node: Linear, simplify: Callable[[Predicate], Predicate]) -> Predicate:
    terms = [_simplify_term(addend.counter, simplify) for addend in node.addends]
    if all(term is addend.counter for term, addend in zip(terms, node.addends, strict=True)):
        return node
    kept = [
        Addend(addend.coefficient, term) for addend, term in zip(node.addends, terms, strict=True) if term is not None
    ]
    if not kept:
        return Constant(COMPARE[node.op](0, node.bound), span=node.span)
    return evolve(node, addends=tuple(kept))
