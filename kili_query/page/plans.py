"""The plan of a query in words: what a server is asked, what stays local, and what is impossible."""

from collections.abc import Iterator
from typing import Any

from kili_query.ast import Constant
from kili_query.page.source import PageSource
from kili_query.query import Plan, Query
from kili_query.syntax import print_tree
from kili_query.wording import shortened

_LONGEST = 2_000
_LONGEST_IN_SENTENCE = 300
_MOST_PARTS = 20


def plan_of(query: Query, source: PageSource) -> dict[str, Any]:
    """Return how a server would be asked."""
    plan = query.plan(source.ontology, policy=source.policy)
    pushed = plan.server_filter
    return {
        "never": plan.never,
        "exact": plan.is_exact,
        "pushed": None if pushed is None else shortened(pushed, _LONGEST),
        "residual": None if plan.residual is None else shortened(str(plan.residual), _LONGEST),
        "words": list(_words(plan)),
    }


def _words(plan: Plan) -> Iterator[str]:
    if plan.never:
        yield "No label can match, so a server is not asked at all."
        return
    if plan.cut.pushed == Constant(True):
        yield "A server is asked for all labels, without a filter."
    else:
        yield f"A server is asked for the labels with {_named(str(plan.pushed), 'the filter below')}."
    if plan.is_exact:
        yield "Its answer is exact: nothing is left to evaluate locally."
        return
    yield f"Of its answer, the labels are kept that meet {_named(str(plan.residual), 'the query below')}."
    for kept in plan.cut.kept[:_MOST_PARTS]:
        part = shortened(print_tree(kept.part), _LONGEST_IN_SENTENCE)
        yield f"{part} stays local, because {kept.reason}: {kept.instead}."
    if len(plan.cut.kept) > _MOST_PARTS:
        yield f"{len(plan.cut.kept) - _MOST_PARTS} more parts stay local."


def _named(query: str, otherwise: str) -> str:
    """Return a query that a sentence can hold, or else what stands for it."""
    return query if len(query) <= _LONGEST_IN_SENTENCE else otherwise
