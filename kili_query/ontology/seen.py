"""Names of a query, compared with those that labels hold: what can be said of them without an ontology."""

from collections.abc import Collection, Iterator
from itertools import islice

from attrs import evolve

from kili_query.ast import Predicate
from kili_query.diagnostics import Diagnostic
from kili_query.ontology.check import MAX_FINDINGS
from kili_query.ontology.job import Category, Job
from kili_query.ontology.model import Ontology
from kili_query.ontology.rules import pattern_matches_nothing, unknown_category, unknown_job
from kili_query.ontology.use import uses

__all__ = ["unseen_names"]

_RULES = (unknown_job.check, unknown_category.check, pattern_matches_nothing.check)


def unseen_names(tree: Predicate, pairs: Collection[tuple[str, str]]) -> Iterator[Diagnostic]:
    """What a query names and no label holds, with the near names that labels do hold.

    Args:
        tree: the query.
        pairs: the jobs and categories that labels hold.

    >>> from kili_query.syntax import parse_tree
    >>> pairs = [("OBJECTS", "TRAFFIC_LIGHT"), ("SCENE", "NIGHT")]
    >>> [(one.message, one.help.text) for one in unseen_names(parse_tree('OBJECTS."traffic light"'), pairs)]
    [('unknown category `traffic light` in job `OBJECTS`', 'did you mean `TRAFFIC_LIGHT`?')]
    """
    seen = _as_ontology(pairs)
    # labels do not say which job may stand in which brackets: there, only the names themselves are compared
    anywhere = (evolve(use, jobs=None) for use in uses(tree, seen))
    return islice((found for use in anywhere for rule in _RULES for found in rule(use, seen)), MAX_FINDINGS)


def _as_ontology(pairs: Collection[tuple[str, str]]) -> Ontology:
    categories: dict[str, dict[str, Category]] = {}
    for job, category in pairs:
        categories.setdefault(job, {})[category] = Category(category, category)
    return Ontology({job: Job(job, "OBJECT_DETECTION", categories=found) for job, found in categories.items()})
