"""Factoring: what several operands share is said once, `A AND B OR A AND C` as `A AND (B OR C)`."""

from collections.abc import Iterable

from kili_query.ast import And, Or, Predicate, conjunction, disjunction
from kili_query.logic.rewrite import Keys, bottom_up


def factor(tree: Predicate) -> Predicate:
    """Take out what operands have in common, the most common part first.

    >>> from kili_query.syntax import parse_tree, print_tree
    >>> print_tree(factor(parse_tree("J.A.count > 0 AND J.B.count > 0 OR J.A.count > 0 AND J.C.count > 0")))
    'J.A.count > 0 AND (J.B.count > 0 OR J.C.count > 0)'
    """
    keys = Keys()

    return bottom_up(lambda node: _factor(node, keys), tree)


def _factor(node: And | Or, keys: Keys) -> Predicate:
    dual = Or if isinstance(node, And) else And
    if sum(isinstance(operand, dual) for operand in node.operands) < 2:
        return node
    parts: dict[int, dict[int, Predicate]] = {}
    holders: dict[int, list[int]] = {}
    for index, operand in enumerate(node.operands):
        if isinstance(operand, dual):
            parts[index] = {keys.of(part): part for part in operand.operands}
            for key in parts[index]:
                holders.setdefault(key, []).append(index)
    shared = sorted((key for key, where in holders.items() if len(where) > 1), key=lambda key: -len(holders[key]))
    if not shared:
        return node
    joined: dict[int, Predicate] = {}
    for key in shared:
        group = [index for index in holders[key] if index in parts]
        if len(group) > 1:
            joined[group[0]] = _take_out(node, [parts.pop(index) for index in group])
            joined.update((index, node) for index in group[1:])  # a mark: what stood here is in the first
    operands = (joined.get(index, operand) for index, operand in enumerate(node.operands))
    return _join(type(node), (operand for operand in operands if operand is not node), node)


def _take_out(node: And | Or, group: list[dict[int, Predicate]]) -> Predicate:
    """The operands of a group as one: what all of them share, and what is left of each."""
    dual = Or if isinstance(node, And) else And
    shared = {key for key in group[0] if all(key in parts for parts in group)}
    common = [part for key, part in group[0].items() if key in shared]
    rests = [[part for key, part in parts.items() if key not in shared] for parts in group]
    if not all(rests):
        return _join(dual, common, node)  # one of them is no more than the shared part, and absorbs the others
    rest = _join(type(node), (_join(dual, parts, node) for parts in rests), node)
    return _join(dual, (*common, rest), node)


def _join(kind: type[And] | type[Or], operands: Iterable[Predicate], node: And | Or) -> Predicate:
    return conjunction(operands, node.span) if kind is And else disjunction(operands, node.span)
