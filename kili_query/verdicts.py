"""Decisions about queries on all labels, each "no" with a label as counterexample."""

from collections.abc import Callable

from kili_query import logic
from kili_query.counting import DEFAULT_POLICY, CountPolicy
from kili_query.logic import Verdict
from kili_query.ontology import Ontology, OntologySource
from kili_query.query import Query, validate


def satisfiable(
    query: str | Query,
    ontology: OntologySource | None = None,
    *,
    labels_are_complete: bool = False,
    policy: CountPolicy = DEFAULT_POLICY,
) -> Verdict:
    """Whether some label matches; a yes comes with an ``example``.

    Args:
        query: a query or its text.
        ontology: the project's, or the path of its file; with one, names are checked against it, and only labels that
            obey it are thought of: a classification
            holds a category once, a radio job one category, a child job stands below its parents.
        labels_are_complete: required jobs hold something.
        policy: how objects are counted; where frames of a video count, bounds of single objects do not hold.

    Returns:
        Yes, no, or unknown where the budget of work or the logic of sums does not reach; never wrong.

    Raises:
        QueryError: the text is no query, or the ontology has no such job or category.

    >>> import kili_query as kq
    >>> print(kq.satisfiable("J.A.count > 3 AND J.A.count < 4"))
    no
    """
    return _decide(logic.satisfiable, (query,), ontology, labels_are_complete, policy)


def always_true(
    query: str | Query,
    ontology: OntologySource | None = None,
    *,
    labels_are_complete: bool = False,
    policy: CountPolicy = DEFAULT_POLICY,
) -> Verdict:
    """Whether every label matches; a no comes with a ``counterexample``. Arguments are those of `satisfiable`.

    >>> import kili_query as kq
    >>> print(kq.always_true("J.A.count > 3 OR J.A.count < 4"))
    yes
    """
    return _decide(logic.always_true, (query,), ontology, labels_are_complete, policy)


def verdict_text(can_match: Verdict, must_match: Verdict) -> str:
    """Say in words which labels match a query.

    Args:
        can_match: the verdict of `satisfiable` on it.
        must_match: the verdict of `always_true` on it.
    """
    if can_match.value is False:
        return "never true: no label can match"
    if must_match.value is True:
        return "always true: every label matches"
    if can_match.unknown or must_match.unknown:
        return f"unknown: {can_match.note or must_match.note}"
    return "some labels match, some do not"


def implies(
    left: str | Query,
    right: str | Query,
    ontology: OntologySource | None = None,
    *,
    labels_are_complete: bool = False,
    policy: CountPolicy = DEFAULT_POLICY,
) -> Verdict:
    """Whether every label that matches the left query matches the right one.

    >>> import kili_query as kq
    >>> verdict = kq.implies("J.A.count > 3", "J.A.count > 5")
    >>> bool(verdict), dict(verdict.counterexample.counts)
    (False, {('J', 'A'): 4})
    """
    return _decide(logic.implies, (left, right), ontology, labels_are_complete, policy)


def equivalent(
    left: str | Query,
    right: str | Query,
    ontology: OntologySource | None = None,
    *,
    labels_are_complete: bool = False,
    policy: CountPolicy = DEFAULT_POLICY,
) -> Verdict:
    """Whether the same labels match both queries.

    >>> import kili_query as kq
    >>> print(kq.equivalent("NOT J.A.count > 3", "J.A.count <= 3"))
    yes
    """
    return _decide(logic.equivalent, (left, right), ontology, labels_are_complete, policy)


def disjoint(
    left: str | Query,
    right: str | Query,
    ontology: OntologySource | None = None,
    *,
    labels_are_complete: bool = False,
    policy: CountPolicy = DEFAULT_POLICY,
) -> Verdict:
    """Whether no label matches both queries.

    >>> import kili_query as kq
    >>> print(kq.disjoint("J.A.count > 3", "J.A.count < 2"))
    yes
    """
    return _decide(logic.disjoint, (left, right), ontology, labels_are_complete, policy)


def _decide(
    decide: Callable[..., Verdict],
    queries: tuple[str | Query, ...],
    ontology: OntologySource | None,
    labels_are_complete: bool,
    policy: CountPolicy,
) -> Verdict:
    known = Ontology.if_given(ontology)
    trees = (validate(query, known, policy=policy).tree for query in queries)
    return decide(*trees, known, labels_are_complete=labels_are_complete, video=policy.video)
