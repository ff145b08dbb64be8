"""Absorption: a clause goes when a stronger one stands beside it, `A AND (A OR B)` and the like."""

from itertools import islice

from kili_query.ast import And, Or, Predicate
from kili_query.logic.intervals import IntervalSet, intersection, union
from kili_query.logic.literals import NO_BOUNDS, Bounds, Form, pure_literal
from kili_query.logic.rewrite import JOINS, Keys, bottom_up, joined

MAX_COMPARED = 20_000
"""How many pairs of clauses are compared in one run; what is left is left alone."""


def absorb(tree: Predicate, bounds: Bounds = NO_BOUNDS) -> Predicate:
    """Drop operands that a sibling implies under AND, or that imply a sibling under OR.

    >>> from kili_query.syntax import parse_tree, print_tree
    >>> text = "(J.A.count > 5 OR J.B.count > 0) AND (J.A.count > 3 OR J.B.count > 0 OR J.C.count > 0)"
    >>> print_tree(absorb(parse_tree(text)))
    'J.A.count > 5 OR J.B.count > 0'
    """
    return bottom_up(_Absorption(bounds).absorb, tree)


class _Clause:
    """An operand as the parts that it joins: what it says of each form, and the numbers of all else."""

    __slots__ = ("others", "values")

    def __init__(self, values: dict[Form, IntervalSet], others: set[int]) -> None:
        self.values = values
        self.others = others

    def atoms(self) -> list[Form | int]:
        return [*self.values, *self.others]


class _Absorption:
    """One run of the pass."""

    def __init__(self, bounds: Bounds) -> None:
        self.bounds = bounds
        self.keys = Keys()
        self.left = MAX_COMPARED

    def absorb(self, node: And | Or) -> Predicate:
        if sum(isinstance(operand, JOINS) for operand in node.operands) < 2:
            return node  # a single comparison is weighed against the rest by `propagate`
        clauses = [self.read(node, operand) for operand in node.operands]
        occurrences: dict[Form | int, list[int]] = {}
        for index, clause in enumerate(clauses):
            for atom in clause.atoms():
                occurrences.setdefault(atom, []).append(index)
        dropped: set[int] = set()
        for index, clause in enumerate(clauses):
            if self.left <= 0:
                break
            if index not in dropped:
                rarest = min((occurrences[atom] for atom in clause.atoms()), key=len, default=[])
                for other in islice(rarest, self.left):
                    if other != index and other not in dropped and self.absorbs(node, clause, clauses[other]):
                        dropped.add(other)
        if not dropped:
            return node
        return joined(node, (operand for index, operand in enumerate(node.operands) if index not in dropped))

    def read(self, node: And | Or, operand: Predicate) -> _Clause:
        dual = Or if isinstance(node, And) else And
        said: dict[Form, list[IntervalSet]] = {}
        others: set[int] = set()
        for part in operand.operands if isinstance(operand, dual) else (operand,):
            literal = pure_literal(part, self.bounds)
            if literal is None:
                others.add(self.keys.of(part))
            else:
                said.setdefault(literal[0], []).append(literal[1])
        join = union if dual is Or else intersection
        return _Clause({form: join(sets) for form, sets in said.items()}, others)

    def absorbs(self, node: And | Or, one: _Clause, other: _Clause) -> bool:
        """Whether every part of one clause is found in the other, no stronger under AND, no weaker under OR."""
        self.left -= 1
        if self.left < 0 or not one.others <= other.others:
            return False
        for form, values in one.values.items():
            there = other.values.get(form)
            if there is None or not (values <= there if isinstance(node, And) else there <= values):
                return False
        return True
