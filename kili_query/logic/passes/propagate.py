"""Propagation: what a level says of a counter need not be said again below it, and cannot be denied there."""

from kili_query.ast import And, Comparison, Constant, Or, Predicate
from kili_query.logic.intervals import IntervalSet
from kili_query.logic.literals import NO_BOUNDS, Bounds, Form, Literal, join_values, pure_literal, range_of
from kili_query.logic.rewrite import JOINS, rebuilt


def propagate(tree: Predicate, bounds: Bounds = NO_BOUNDS) -> Predicate:
    """Replace conditions that their surroundings settle by constants; this absorbs single comparisons.

    Below an AND, its other operands may be taken to hold; below an OR, they may be taken not to.

    >>> from kili_query.syntax import parse_tree, print_tree
    >>> print_tree(propagate(parse_tree("J.A.count > 5 AND (J.A.count > 3 OR J.B.count > 0)")))
    'J.A.count > 5 AND (TRUE OR J.B.count > 0)'
    """
    return _Propagation(bounds).run(tree)


class _Level:
    """An AND or OR on the way down.

    Attributes:
        literals: of the operands that speak of one form alone.
        done: the new operands so far.
        undo: what was known of forms before this level.
    """

    __slots__ = ("done", "literals", "node", "undo")

    def __init__(self, node: And | Or, literals: list[Literal | None]) -> None:
        self.node = node
        self.literals = literals
        self.done: list[Predicate] = []
        self.undo: list[tuple[Form, IntervalSet | None]] = []


class _Propagation:
    """One run of the pass; ``known`` is where each form must lie for the current place to matter."""

    def __init__(self, bounds: Bounds) -> None:
        self.bounds = bounds
        self.known: dict[Form, IntervalSet] = {}

    def run(self, tree: Predicate) -> Predicate:
        if not isinstance(tree, And | Or):
            return tree
        levels = [self.enter(tree)]
        while True:
            level = levels[-1]
            if len(level.done) == len(level.node.operands):
                levels.pop()
                self.leave(level)
                changed = rebuilt(level.node, level.done)
                if not levels:
                    return changed
                levels[-1].done.append(changed)
                continue
            operand = level.node.operands[len(level.done)]
            if level.literals[len(level.done)] is None and isinstance(operand, JOINS):
                levels.append(self.enter(operand))
            else:  # literals were judged on entering, before this level's own were known
                level.done.append(operand)

    def enter(self, node: And | Or) -> _Level:
        has_nested = any(isinstance(operand, JOINS) for operand in node.operands)
        if not has_nested and not self.known:
            return _Level(node, [None] * len(node.operands))  # nothing to judge by, and nobody to tell
        literals = [self.read(operand, has_nested) for operand in node.operands]
        operands = list(map(self.judge, node.operands, literals))
        level = _Level(rebuilt(node, operands), literals)
        if has_nested:
            said: dict[Form, list[IntervalSet]] = {}
            for literal, operand in zip(literals, operands, strict=True):
                if literal is not None and not isinstance(operand, Constant):
                    said.setdefault(literal[0], []).append(literal[1])
            for form, sets in said.items():
                self.learn(level, form, join_values(node, sets))
        return level

    def read(self, operand: Predicate, is_wanted: bool) -> Literal | None:
        """The literal of an operand; None also where nobody wants to know."""
        if not is_wanted and isinstance(operand, Comparison) and operand.counter not in self.known:
            return None
        return pure_literal(operand, self.bounds)

    def judge(self, operand: Predicate, literal: Literal | None) -> Predicate:
        if literal is None or (known := self.known.get(literal[0])) is None:
            return operand
        if known.isdisjoint(literal[1]):
            return Constant(False, span=operand.span)
        return Constant(True, span=operand.span) if known <= literal[1] else operand

    def learn(self, level: _Level, form: Form, values: IntervalSet) -> None:
        within = range_of(form, self.bounds)
        before = self.known.get(form)
        level.undo.append((form, before))
        holds = values if isinstance(level.node, And) else values.complement(within)
        self.known[form] = holds if before is None else before & holds

    def leave(self, level: _Level) -> None:
        for form, before in reversed(level.undo):
            if before is None:
                del self.known[form]
            else:
                self.known[form] = before
