"""KQ203: a clause that changes nothing."""

from collections.abc import Iterator
from functools import partial

from attrs import frozen

from kili_query.ast import And, Predicate, Term, terms
from kili_query.diagnostics import Code, Diagnostic, Help, Label
from kili_query.logic.lints.always_true import parts_always_true
from kili_query.logic.lints.case import Case, shrink
from kili_query.logic.lints.never_true import parts_never_true
from kili_query.syntax.lower import negate

__all__ = ["check"]

MAX_CAUSES = 4
"""With more causes than these, all of them together are the whole around the clause, and are not marked."""


def check(case: Case) -> Iterator[Diagnostic]:
    """KQ203: without the clause the query means the same; the clauses that make it so are marked."""
    if case.value is not None:
        return
    settled = {id(part) for part in (*parts_never_true(case), *parts_always_true(case))}
    stack = [_Level(case.tree, ())]
    while stack:
        level = stack.pop()
        alive = [operand for operand in case.operands(level.node) if id(operand) not in settled]
        yield from _redundant(case, level, alive)
        nested = [index for index in reversed(range(len(alive))) if case.operands(alive[index])]
        stack.extend(_Level(alive[index], (*level.given, *level.around(alive, index))) for index in nested)


@frozen
class _Given:
    """What may be taken for granted at some place, and the part of the query that says it."""

    predicate: Predicate
    source: Predicate


@frozen
class _Level:
    """An AND or OR, and what may be taken for granted where it stands."""

    node: Predicate
    given: tuple[_Given, ...]

    def around(self, alive: list[Predicate], index: int) -> list[_Given]:
        """What may be taken for granted of the siblings of an operand: that only it is left to matter."""
        siblings = alive[:index] + alive[index + 1 :]
        if isinstance(self.node, And):
            return [_Given(sibling, sibling) for sibling in siblings]
        return [_Given(negate(sibling), sibling) for sibling in siblings]


def _redundant(case: Case, level: _Level, alive: list[Predicate]) -> Iterator[Diagnostic]:
    """Find operands that can go, the last ones first, and take them out of ``alive``."""
    for index in reversed(range(len(alive))):
        clause = alive[index]
        if len(alive) == 1 or case.prover.is_exhausted:
            return
        denied = negate(clause) if isinstance(level.node, And) else clause
        near = _connected(denied, [*level.around(alive, index), *level.given])
        if near and _clash(case, denied, near):
            causes = shrink(near, partial(_clash, case, denied))
            del alive[index]
            yield _diagnose(case, clause, causes)


def _clash(case: Case, predicate: Predicate, given: list[_Given]) -> bool:
    return case.prover.never([predicate, *(one.predicate for one in given)])


def _connected(start: Predicate, others: list[_Given]) -> list[_Given]:
    """Those that share a counter with it, or with one that does: the rest has no say."""
    of_term: dict[Term, list[int]] = {}
    mentioned = [list(terms(other.predicate)) for other in others]
    for index, found in enumerate(mentioned):
        for term in found:
            of_term.setdefault(term, []).append(index)
    seen: set[int] = set()
    stack = list(terms(start))
    while stack:
        for index in of_term.pop(stack.pop(), ()):
            if index not in seen:
                seen.add(index)
                stack.extend(mentioned[index])
    return [others[index] for index in sorted(seen)]


def _diagnose(case: Case, part: Predicate, given: list[_Given]) -> Diagnostic:
    clause = case.clauses[id(part)]
    causes = [case.clauses[id(one.source)] for one in given]
    if len(causes) == 1:
        message = f"{clause} is redundant beside {causes[0]}"
    else:
        message = f"{clause} is redundant: without it the query means the same"
    shown = causes if len(causes) <= MAX_CAUSES else ()
    labels = tuple(Label(cause.span, "because of this") for cause in shown)
    advice = Help("remove it, or correct its name or bound")
    return Diagnostic(Code.REDUNDANT_CLAUSE, message, Label(clause.span, "changes nothing"), labels, help=advice)
