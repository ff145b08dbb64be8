"""Show queries as their reader wrote them: with their patterns and their operators."""

from attrs import evolve

from kili_query.ast import CompareOp, Comparison, Linear, Pattern, Predicate, counters, map_operands
from kili_query.ast.walk import subtrees, terms
from kili_query.diagnostics.layout import start_of
from kili_query.logic import Example
from kili_query.syntax import print_name
from kili_query.syntax.lower import lower

_MOST_COUNTERS = 8
_MOST_CHARACTERS = 240


def expands(written: Predicate, bound: Predicate) -> bool:
    """Decide whether patterns of a query became so many counters that nobody reads them."""
    return any(isinstance(term, Pattern) for term in terms(written)) and len(set(counters(bound))) > _MOST_COUNTERS


def keep_operators(tree: Predicate, written: Predicate) -> Predicate:
    """Write each comparison with the operator that its reader used, where two operators mean the same.

    >>> from kili_query.syntax import parse_tree, print_tree
    >>> written = parse_tree("NOT A.B.count < 8 AND A.C.count > 0")
    >>> print_tree(keep_operators(parse_tree("A.B.count > 7 AND A.C.count > 0"), written))
    'A.B.count >= 8 AND A.C.count > 0'
    """
    used = {_key(node) for node in subtrees(lower(written)) if isinstance(node, Comparison | Linear)}

    def change(node: Predicate) -> Predicate:
        if not isinstance(node, Comparison | Linear):
            return map_operands(change, node)
        same = (node, *(evolve(node, op=op, bound=bound) for op, bound in _equals(node.op, node.bound)))
        return next((one for one in same if _key(one) in used), node)

    return change(tree)


def _key(node: Comparison | Linear) -> object:
    counted = node.counter if isinstance(node, Comparison) else frozenset(node.addends)
    return counted, node.op, node.bound


def _equals(op: CompareOp, bound: int) -> list[tuple[CompareOp, int]]:
    """Return the other ways to write a comparison of whole numbers."""
    match op:
        case CompareOp.GT:
            return [(CompareOp.GE, bound + 1)]
        case CompareOp.GE:
            return [(CompareOp.GT, bound - 1)]
        case CompareOp.LT:
            return [(CompareOp.LE, bound - 1)]
        case CompareOp.LE:
            return [(CompareOp.LT, bound + 1)]
        case CompareOp.EQ:
            return []


def shown_example(example: Example) -> str:
    """Write the counts of a label; where there are many, those that are not 0.

    >>> many = {("J", f"C{number}"): 0 for number in range(20)}
    >>> shown_example(Example({("J", "C3"): 2}, None, tuple(many)))
    'J.C3 = 2, 19 others = 0'
    """
    others = len({*example.pairs, *example.counts}) - len(example.counts)
    if others + len(example.counts) <= _MOST_COUNTERS:
        return str(example)
    held = [
        f"{print_name(job)}.{print_name(name)} = {number}" for (job, name), number in sorted(example.counts.items())
    ]
    return ", ".join([*held, f"{others} others = 0"] if held else [f"all {others} counts = 0"])


def clipped(text: str) -> str:
    """Return a text, cut between two words if it is long.

    >>> clipped("word " * 100)[-60:]
    'ord word word word … (500 characters; --verbose prints them)'
    """
    if len(text) <= _MOST_CHARACTERS:
        return text
    return f"{start_of(text, _MOST_CHARACTERS)} ({len(text):,} characters; --verbose prints them)"
