"""Why a label matches or does not: the tree as written, with the verdict and the counts of each part."""

import operator
from collections.abc import Callable
from typing import TypeAlias, assert_never

from attrs import frozen

from kili_query.ast import (
    And,
    CompareOp,
    Comparison,
    Constant,
    Exists,
    Linear,
    Membership,
    Not,
    Or,
    Predicate,
    Relation,
    Term,
    terms_of,
)
from kili_query.syntax.lower import lower
from kili_query.syntax.printer import print_counter, print_tree

__all__ = ["COMPARE", "Explanation", "explain"]

COMPARE: dict[CompareOp, Callable[[int, int], bool]] = {
    CompareOp.EQ: operator.eq,
    CompareOp.GE: operator.ge,
    CompareOp.LE: operator.le,
    CompareOp.GT: operator.gt,
    CompareOp.LT: operator.lt,
}

Tally: TypeAlias = Callable[[Term], int]


@frozen
class Explanation:
    """The verdict on one part of a query, what it counted, and the same for its operands.

    Attributes:
        text: the part, as the printer spells it.
        matches: whether the label meets it.
        found: for a comparison, what it counts and how many the label holds, in the order of the text.
        operands: the parts of an AND, OR or NOT.
    """

    text: str
    matches: bool
    found: tuple[tuple[str, int], ...] = ()
    operands: tuple["Explanation", ...] = ()

    def __bool__(self) -> bool:
        return self.matches

    def __str__(self) -> str:
        rows = list(_rows(self, 0))
        width = max((len(text) for text, found in rows if found), default=0)
        return "\n".join(f"{text:<{width}}      ({found})" if found else text for text, found in rows)

    def to_dict(self) -> dict[str, object]:
        """The same as JSON has it."""
        return {
            "text": self.text,
            "matches": self.matches,
            "found": dict(self.found),
            "operands": [operand.to_dict() for operand in self.operands],
        }


def explain(tree: Predicate, tally: Tally) -> Explanation:
    """Judge every part of a tree, none left out.

    Args:
        tree: as written; its sugar is kept in the texts.
        tally: how many of something the label holds.
    """
    text = print_tree(tree)
    match tree:
        case And(operands):
            parts = tuple(explain(operand, tally) for operand in operands)
            return Explanation(text, all(parts), (), parts)
        case Or(operands):
            parts = tuple(explain(operand, tally) for operand in operands)
            return Explanation(text, any(parts), (), parts)
        case Not(operand):
            part = explain(operand, tally)
            return Explanation(text, not part, (), (part,))
        case Comparison() | Linear() | Constant() | Exists() | Relation() | Membership():
            counts = {term: tally(term) for term in terms_of(tree)}
            found = tuple((print_counter(term), number) for term, number in counts.items())
            return Explanation(text, _holds(lower(tree), tally), found)
        case _:
            assert_never(tree)


def _holds(tree: Predicate, tally: Tally) -> bool:
    match tree:
        case And(operands):
            return all(_holds(operand, tally) for operand in operands)
        case Or(operands):
            return any(_holds(operand, tally) for operand in operands)
        case Comparison(counter, op, bound):
            return COMPARE[op](tally(counter), bound)
        case Linear(addends, op, bound):
            return COMPARE[op](sum(one.coefficient * tally(one.counter) for one in addends), bound)
        case Constant(value):
            return value
        case Not() | Exists() | Relation() | Membership():
            raise TypeError(f"`{print_tree(tree)}` is not lowered")
        case _:
            assert_never(tree)


def _rows(part: Explanation, depth: int) -> "list[tuple[str, str]]":
    counts = part.found
    found = f"found {counts[0][1]}" if len(counts) == 1 else ", ".join(f"{name} = {number}" for name, number in counts)
    rows = [(f"{'  ' * depth}{'✓' if part.matches else '✗'} {part.text}", found)]
    for operand in part.operands:
        rows += _rows(operand, depth + 1)
    return rows
