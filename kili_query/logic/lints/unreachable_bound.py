"""KQ204: a bound that the ontology rules out."""

from collections.abc import Iterator

from kili_query.ast import And, Predicate
from kili_query.diagnostics import Code, Diagnostic, Help, Label
from kili_query.logic.lints.case import MAX_LABELS, Case, minimal, shrink

MAX_REASONS = 3


def check(case: Case) -> Iterator[Diagnostic]:
    """KQ204: no label that obeys the ontology meets it, though others might."""
    if not case.facts or case.value is not None:
        return
    for node in case.settled_parts(case.tree, lambda node: case.prover.never([node], case.facts), And):
        if not case.prover.never([node]):  # otherwise KQ202 reports it
            yield _diagnose(case, node)


def _diagnose(case: Case, part: Predicate) -> Diagnostic:
    smallest = minimal(case, part, lambda tree: case.prover.never([tree], case.facts), And)
    facts = shrink(case.facts, lambda some: case.prover.never([smallest], some))
    because = "; ".join(list(dict.fromkeys(fact.reason for fact in facts))[:MAX_REASONS])
    *others, last = case.clauses_of(smallest) or [case.clauses[id(part)]]
    if not others:
        message = f"{last} cannot be reached: {because}"
    elif len(others) == 1:
        message = f"{others[0]} and {last} cannot be reached together: {because}"
    else:
        message = f"{len(others) + 1} clauses cannot be reached together: {because}"
    advice = Help("correct the bound, the name or the connective; labels that break the ontology may still match")
    labels = tuple(Label(clause.span, "together with this") for clause in others[:MAX_LABELS])
    return Diagnostic(Code.UNREACHABLE_BOUND, message, Label(last.span, "out of reach"), labels, help=advice)
