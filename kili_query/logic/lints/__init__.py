"""Lints that the logic decides: KQ201 to KQ204, one rule a file."""

from collections.abc import Callable, Iterator
from itertools import islice
from typing import TypeAlias

from kili_query.ast import Filtered, Predicate, terms
from kili_query.diagnostics import Diagnostic
from kili_query.logic.lints import always_true, never_true, redundant_clause, unreachable_bound
from kili_query.logic.lints.case import Case
from kili_query.ontology import Ontology, VideoPolicy

__all__ = ["MAX_FINDINGS", "RULES", "Rule", "check_logic"]

Rule: TypeAlias = Callable[[Case], Iterator[Diagnostic]]

RULES: tuple[Rule, ...] = (never_true.check, always_true.check, unreachable_bound.check, redundant_clause.check)

MAX_FINDINGS = 100
"""No one reads more."""

MAX_BRACKETS = 8
"""How deep in brackets conditions are looked at."""


def check_logic(
    tree: Predicate,
    ontology: Ontology | None = None,
    *,
    text: str = "",
    labels_are_complete: bool = False,
    video: VideoPolicy = "objects",
) -> Iterator[Diagnostic]:
    """Report what the logic finds in a query, including conditions in brackets; the work is bounded.

    Args:
        tree: as written.
        ontology: of the labels, for bounds that they cannot reach.
        text: what the tree was read from, so that messages show clauses as they are written there.
        labels_are_complete: whether required jobs hold something.
        video: what is counted in a video.

    >>> from kili_query.syntax import parse_tree
    >>> text = "J.A.count > 3 AND J.A.count > 1 AND (J.B.count < 0 OR J.B.count >= 2 AND J.B.count < 2 OR J.C)"
    >>> for found in check_logic(parse_tree(text)):
    ...     print(found.code.value, found.message)
    KQ202 never true: no label meets `J.B.count < 0`
    KQ202 never true: `J.B.count >= 2` and `J.B.count < 2` cannot both hold
    KQ203 `J.A.count > 1` is redundant beside `J.A.count > 3`
    """
    case = Case.of(tree, ontology, text=text, labels_are_complete=labels_are_complete, video=video)
    return islice(_check(case, tree, text), MAX_FINDINGS)


def _check(case: Case, tree: Predicate, text: str) -> Iterator[Diagnostic]:
    yield from _run_rules(case)
    for condition in _conditions(tree):
        yield from _run_rules(Case.of(condition, text=text, in_brackets=True))


def _run_rules(case: Case) -> Iterator[Diagnostic]:
    for rule in RULES:
        yield from rule(case)


def _conditions(tree: Predicate) -> Iterator[Predicate]:
    """The conditions in brackets, outer ones first, down to `MAX_BRACKETS`."""
    level = [tree]
    for _ in range(MAX_BRACKETS):
        level = [term.condition for node in level for term in terms(node) if isinstance(term, Filtered)]
        yield from level
