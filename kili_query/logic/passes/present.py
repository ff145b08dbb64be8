"""Presentation: the last step, out of core where sums or sugar are shorter to read."""

from kili_query.ast import (
    FLIPPED,
    Addend,
    And,
    CompareOp,
    Comparison,
    Exists,
    Linear,
    Membership,
    Not,
    Or,
    Predicate,
    Range,
    Relation,
    RelationOp,
    Sum,
    Summand,
    Term,
)
from kili_query.logic.intervals import COUNTS, Interval, IntervalSet
from kili_query.logic.literals import Form, Literal, join_values, pure_literal, write
from kili_query.logic.rewrite import bottom_up, joined
from kili_query.source import Span
from kili_query.syntax.printer import print_tree


def present_sums(tree: Predicate) -> Predicate:
    """Write each sum in its shortest form, with nothing subtracted where that is possible.

    >>> from kili_query.syntax import lower, parse_tree
    >>> print_tree(present_sums(lower(parse_tree("0 < J.A.count - J.B.count"))))
    'J.A.count > J.B.count'
    """

    def change(node: Predicate) -> Predicate:
        return _shortest_sum(node) if isinstance(node, Linear) else node

    return bottom_up(lambda node: node, tree, change)


def _shortest_sum(leaf: Linear) -> Predicate:
    variants: list[Predicate] = []
    for addends, op, bound in _spellings(leaf):
        if addends[0].coefficient > 0:
            variants.append(Linear(addends, op, bound, span=leaf.span))
        variants.append(_two_sided(addends, op, bound, leaf.span))
    return min(variants, key=_text_length_then_text)


def _text_length_then_text(tree: Predicate) -> tuple[int, bool, str]:
    text = print_tree(tree)
    return len(text), isinstance(tree, Relation), text


_OTHER = {
    CompareOp.GE: (CompareOp.GT, -1),
    CompareOp.GT: (CompareOp.GE, 1),
    CompareOp.LE: (CompareOp.LT, 1),
    CompareOp.LT: (CompareOp.LE, -1),
}


def _spellings(leaf: Linear) -> list[tuple[tuple[Addend, ...], CompareOp, int]]:
    """The same comparison, strict and not, and with all signs turned."""
    found = [(leaf.addends, leaf.op, leaf.bound)]
    if leaf.op in _OTHER:
        op, step = _OTHER[leaf.op]
        found.append((leaf.addends, op, leaf.bound + step))
    turned = [
        (tuple(Addend(-addend.coefficient, addend.counter) for addend in addends), FLIPPED[op], -bound)
        for addends, op, bound in found
    ]
    return found + turned


def _two_sided(addends: tuple[Addend, ...], op: CompareOp, bound: int, span: Span) -> Relation:
    """Write added counters on the left, and subtracted ones on the right."""
    left = [Summand(one.counter) for one in addends for _ in range(max(0, one.coefficient))]
    right = [Summand(one.counter) for one in addends for _ in range(max(0, -one.coefficient))]
    if bound > 0 or not right:
        right.append(Summand(bound))
    elif bound < 0 or not left:
        left.append(Summand(-bound))
    left = left or [Summand(0)]
    return Relation((Sum(tuple(left)), Sum(tuple(right))), (RelationOp(op.value),), span=span)


def present_sugar(tree: Predicate) -> Predicate:
    """Write what is said of one counter in the shortest form of the extended dialect.

    >>> from kili_query.syntax import parse_tree
    >>> print_tree(present_sugar(parse_tree("J.A.count < 5 OR J.A.count > 5 OR J.B.count > 0")))
    'J.A.count != 5 OR J.B'
    """
    return bottom_up(_join_alike, tree, _sweeten)


def _sweeten(leaf: Predicate) -> Predicate:
    match leaf:
        case Comparison(counter, op, bound):
            return _shortest(counter, IntervalSet.comparing(op, bound), leaf)
        case _:
            return leaf


def _literal_of_sugar(tree: Predicate) -> Literal | None:
    """The literal of what this pass wrote."""
    match tree:
        case Comparison() | And() | Or():
            found = pure_literal(tree)
            return None if found is None or isinstance(found[0], tuple) else found
        case Exists(counter):
            return counter, IntervalSet.of([(1, COUNTS[1])])
        case Not(Exists(counter)):
            return counter, IntervalSet.of([(0, 0)])
        case _:
            return None


def _join_alike(node: And | Or) -> Predicate:
    literals = [_literal_of_sugar(operand) for operand in node.operands]
    groups: dict[Form | int, list[int]] = {}
    for index, literal in enumerate(literals):
        groups.setdefault(index if literal is None else literal[0], []).append(index)
    if len(groups) == len(literals):
        return node
    parts: list[Predicate] = []
    for form, indexes in groups.items():
        if isinstance(form, int | tuple) or len(indexes) == 1:
            parts.extend(node.operands[index] for index in indexes)
            continue
        sets = [found[1] for index in indexes if (found := literals[index]) is not None]
        parts.append(_shortest(form, join_values(node, sets), node))
    return joined(node, parts)


def _shortest(term: Term, values: IntervalSet, node: Predicate) -> Predicate:
    candidates = [write(term, values, span=node.span)]
    match values.intervals:
        case ((1, high),) if high == COUNTS[1]:
            candidates.append(Exists(term, span=node.span))
        case ((0, 0),):
            candidates.append(Not(Exists(term, span=node.span), span=node.span))
        case ((low, high),) if 0 < low < high < COUNTS[1]:
            candidates.append(_between(term, (low, high), node.span))
        case (_, _, *_):
            candidates += [_listed(term, values, False, node.span), _listed(term, values.complement(), True, node.span)]
            match values.complement().intervals:
                case ((low, high),) if low == high:
                    ends = (Sum((Summand(term),)), Sum((Summand(low),)))
                    candidates.append(Relation(ends, (RelationOp.NE,), span=node.span))
                case _:
                    pass
        case _:
            pass
    return min(candidates, key=_text_length)


def _text_length(tree: Predicate) -> int:
    return len(print_tree(tree))


def _between(term: Term, interval: Interval, span: Span) -> Predicate:
    sums = (Sum((Summand(interval[0] - 1),)), Sum((Summand(term),)), Sum((Summand(interval[1] + 1),)))
    return Relation(sums, (RelationOp.LT, RelationOp.LT), span=span)


def _listed(term: Term, values: IntervalSet, negated: bool, span: Span) -> Predicate:
    ranges = tuple(Range(low, None if high == COUNTS[1] else high) for low, high in values.intervals)
    return Membership(Sum((Summand(term),)), ranges, negated, span=span)
