"""KQ201: a query, or a part of it, that every label meets."""

from collections.abc import Iterator

from kili_query.ast import CompareOp, Comparison, Or, Predicate
from kili_query.diagnostics import Code, Diagnostic, Edit, Help, Label
from kili_query.logic.lints.case import MAX_LABELS, Case, WrittenClause, help_with_range, minimal
from kili_query.syntax.lower import negate
from kili_query.syntax.printer import print_counter


def check(case: Case) -> Iterator[Diagnostic]:
    """KQ201: names the smallest set of alternatives that leave nothing out."""
    for part in case.always_true:
        yield _diagnose(case, part)


def _diagnose(case: Case, part: Predicate) -> Diagnostic:
    subject = case.subject(part, "always true")
    smallest = minimal(case, part, lambda tree: case.prover.never([negate(tree)]), Or)
    *others, last = case.clauses_of(smallest) or [case.clauses[id(part)]]
    if not others:
        message = f"{subject}: every {case.judged} meets {last}"
        return Diagnostic(Code.ALWAYS_TRUE, message, Label(last.span, "always true"), help=_help(last))
    if len(others) == 1:
        message = f"{subject}: every {case.judged} meets {others[0]} or {last}"
    else:
        message = f"{subject}: {len(others) + 1} of its clauses together leave nothing out"
    labels = tuple(Label(clause.span, "what this leaves out") for clause in others[:MAX_LABELS])
    advice = Help("correct one of them, or join them with `AND`")
    return Diagnostic(Code.ALWAYS_TRUE, message, Label(last.span, "is met by this"), labels, help=advice)


def _help(clause: WrittenClause) -> Help:
    match clause.written:
        case Comparison(counter, CompareOp.GE, 0) if not clause.is_negated:
            text = f"{print_counter(counter)} > 0"
            return Help(f"write `{text}` to ask for one at least", Edit(clause.span, text))
        case _:
            return help_with_range(clause.written) or Help("leave it out, or correct its bound")
