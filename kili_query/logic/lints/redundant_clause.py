"""KQ203: a clause that changes nothing."""

from collections.abc import Iterator
from functools import partial

from attrs import frozen

from kili_query.ast import And, Predicate, Term, terms
from kili_query.diagnostics import Code, Diagnostic, Help, Label
from kili_query.logic.lints.case import Case, shrink

MAX_CAUSES = 4
"""With more causes than these, all of them together are the whole around the clause, and are not marked."""


def check(case: Case) -> Iterator[Diagnostic]:
    """KQ203: without the clause the query means the same; the clauses that make it so are marked."""
    if case.value is not None:
        return
    settled = {id(part) for part in (*case.never_true, *case.always_true)}
    stack = [_Level(case, case.tree, settled)]
    while stack:
        level = stack.pop()
        yield from _redundant(case, level)
        nested = [index for index in reversed(level.alive()) if case.operands(level.operands[index])]
        stack.extend(_Level(case, level.operands[index], settled, level, index) for index in nested)


@frozen
class _Given:
    """An assumption at some place, and the part of the query that it comes from."""

    predicate: Predicate
    source: Predicate


class _Level:
    """An AND or OR, and what each of its operands lets the others take for granted: that only they are left to matter.

    Below an operand, all that its siblings and those of the levels above say may be taken for granted.
    """

    def __init__(
        self, case: Case, node: Predicate, settled: set[int], above: "_Level | None" = None, position: int = -1
    ) -> None:
        self.is_and = isinstance(node, And)
        self.operands = case.operands(node)
        self.above = above
        self.position = position
        self.gone = {index for index, operand in enumerate(self.operands) if id(operand) in settled}
        self.given = [_Given(one if self.is_and else case.negated(one), one) for one in self.operands]
        self.of_term: dict[Term, list[int]] = {}
        for index, operand in enumerate(self.operands):
            for term in dict.fromkeys(terms(operand)):
                self.of_term.setdefault(term, []).append(index)

    def alive(self) -> list[int]:
        return [index for index in range(len(self.operands)) if index not in self.gone]

    def connected(self, start: int) -> list[_Given]:
        """Return the assumptions about an operand that share a counter with it, directly or through others."""
        seen: dict[tuple[int, int], _Given] = {}
        waiting = list(terms(self.operands[start]))
        asked: set[Term] = set()
        while waiting:
            term = waiting.pop()
            if term in asked:
                continue
            asked.add(term)
            level, position, height = self, start, 0
            while True:
                for index in level.of_term.get(term, ()):
                    if index != position and index not in level.gone and (height, index) not in seen:
                        seen[height, index] = level.given[index]
                        waiting.extend(terms(level.operands[index]))
                if level.above is None:
                    break
                level, position, height = level.above, level.position, height + 1
        return [seen[key] for key in sorted(seen)]


def _redundant(case: Case, level: _Level) -> Iterator[Diagnostic]:
    """Find operands that can go, the last ones first; each is gone for those that are looked at later."""
    left = len(level.alive())
    for index in reversed(level.alive()):
        if left == 1 or case.prover.is_exhausted:
            return
        clause = level.operands[index]
        denied = case.negated(clause) if level.is_and else clause
        near = level.connected(index)
        if near and _clash(case, denied, near):
            causes = shrink(near, partial(_clash, case, denied))
            level.gone.add(index)
            left -= 1
            yield _diagnose(case, clause, causes)


def _clash(case: Case, predicate: Predicate, given: list[_Given]) -> bool:
    return case.prover.never([predicate, *(one.predicate for one in given)])


def _diagnose(case: Case, part: Predicate, given: list[_Given]) -> Diagnostic:
    clause = case.clauses[id(part)]
    causes = [case.clauses[id(one.source)] for one in given]
    if len(causes) == 1:
        message = f"{clause} is redundant beside {causes[0]}"
    else:
        message = f"{clause} is redundant: without it the {case.whole} means the same"
    shown = causes if len(causes) <= MAX_CAUSES else ()
    labels = tuple(Label(cause.span, "because of this") for cause in shown)
    advice = Help("remove it, or correct its name or bound")
    return Diagnostic(Code.REDUNDANT_CLAUSE, message, Label(clause.span, "changes nothing"), labels, help=advice)
