"""KQ202: a query, or a part of it, that no label meets."""

from collections.abc import Iterator

from kili_query.ast import MAX_COUNT, And, Constant, Predicate
from kili_query.diagnostics import Code, Diagnostic, Help, Label
from kili_query.logic.lints.case import MAX_LABELS, Case, WrittenClause, help_with_range, minimal


def check(case: Case) -> Iterator[Diagnostic]:
    """KQ202: names the smallest set of clauses that clash."""
    for part in case.never_true:
        yield _diagnose(case, part)


def _diagnose(case: Case, part: Predicate) -> Diagnostic:
    subject = case.subject(part, "never true")
    smallest = minimal(case, part, lambda tree: case.prover.never([tree]), And)
    *others, last = case.clauses_of(smallest) or [case.clauses[id(part)]]
    if not others:
        message = f"{subject}: no {case.judged} meets {last}"
        return Diagnostic(Code.NEVER_TRUE, message, Label(last.span, "never true"), help=_help(last))
    if len(others) == 1:
        message = f"{subject}: {others[0]} and {last} cannot both hold"
    else:
        message = f"{subject}: {len(others) + 1} of its clauses cannot hold together"
    labels = tuple(Label(clause.span, "this") for clause in others[:MAX_LABELS])
    advice = Help("correct one of them, or join them with `OR`")
    return Diagnostic(Code.NEVER_TRUE, message, Label(last.span, "clashes"), labels, help=advice)


def _help(clause: WrittenClause) -> Help:
    if isinstance(clause.written, Constant):
        return Help("leave it out, or write a condition")
    return help_with_range(clause.written) or Help(f"counts are integers in 0 … {MAX_COUNT}")
