"""Category searches: checked against the ontology, and split into the service's part and the rest.

The compiler is imported when there is a search, because it takes longer to import than all the rest of the client.
"""

from typing import TYPE_CHECKING

from attrs import frozen

from kili_query.client.ontologies import Projects
from kili_query.errors import ArgumentError, QueryError
from kili_query.ontology import Ontology
from kili_query.planning import ServerProfile

if TYPE_CHECKING:
    from kili_query.query import Plan, Query
    from kili_query.targets.closures import Matcher


@frozen
class SearchPlan:
    """How a category search is carried out.

    Attributes:
        server_filter: the search that the service gets; None for none.
        judge: returns whether a label's content matches the rest; None if there is no rest.
        is_never: whether no label can match, so that no request is needed.
        pushed: the query whose text the filter is.
        residual: the query that the judge evaluates.
    """

    server_filter: str | None = None
    judge: "Matcher | None" = None
    is_never: bool = False
    pushed: "Query | None" = None
    residual: "Query | None" = None


EVERYTHING = SearchPlan()
"""No search."""


def parse_search(search: "str | Query | None", *, name: str = "category_search") -> "Query | None":
    """Return the query of a category search; nothing is sent.

    Raises:
        QuerySyntaxError: the text is not a query.
        ArgumentError: it is neither a text nor a query.
    """
    if search is None:
        return None
    from kili_query.query import Query, parse

    if isinstance(search, Query):
        return search
    if not isinstance(search, str):
        raise ArgumentError(f"`{name}` must be a text or a `Query`, not {search!r:.80}")
    return parse(search, name=name)


def plan_search(query: "Query | None", project_id: str, projects: Projects, profile: ServerProfile) -> SearchPlan:
    """Check a query against the project's ontology, and plan it.

    A cached ontology is requested again if it may be outdated: if it lacks a name, which may have been added since, and
    for patterns, which may match more names than before.

    Raises:
        QueryError: the project has no such job or category.
        ServiceError: the service does not send the ontology.
    """
    if query is None:
        return EVERYTHING
    from kili_query.ast.walk import has_patterns

    known = projects.known(project_id)
    if known is not None and not has_patterns(query.tree):
        try:
            return _search(query.plan(known, profile=profile), known)
        except QueryError:
            pass  # the name may have been added since
        ontology = projects.fetch(project_id)
    else:
        ontology = projects.ontology(project_id) if known is None else projects.fetch(project_id)
    return _search(query.plan(ontology, profile=profile), ontology)


def _search(plan: "Plan", ontology: Ontology) -> SearchPlan:
    if plan.never:
        return SearchPlan(is_never=True)
    judge = None if plan.residual is None else plan.residual.compile(ontology=ontology)
    pushed = None if plan.server_filter is None else plan.pushed
    return SearchPlan(plan.server_filter, judge, pushed=pushed, residual=plan.residual)
