"""All checks of a query's names against an ontology."""

from collections.abc import Callable, Iterator
from itertools import islice
from typing import TypeAlias

from kili_query.ast import Predicate
from kili_query.diagnostics import Diagnostic
from kili_query.ontology.model import Ontology
from kili_query.ontology.rules import (
    ambiguous_display_name,
    job_without_categories,
    misplaced_child_job,
    pattern_matches_nothing,
    too_wide,
    unknown_category,
    unknown_job,
)
from kili_query.ontology.use import Use, uses

Rule: TypeAlias = Callable[[Use, Ontology], Iterator[Diagnostic]]

RULES: tuple[Rule, ...] = (
    unknown_job.check,
    unknown_category.check,
    job_without_categories.check,
    pattern_matches_nothing.check,
    ambiguous_display_name.check,
    misplaced_child_job.check,
)

MAX_FINDINGS = 50
"""No one reads more, and near names take time to find."""


def check_names(tree: Predicate, ontology: Ontology) -> Iterator[Diagnostic]:
    """Report wrong names of a tree, including conditions in brackets: the first findings, by position.

    >>> from kili_query.syntax import parse_tree
    >>> ontology = Ontology.from_json_interface({"jobs": {"OBJECTS": {"mlTask": "OBJECT_DETECTION", "content": {
    ...     "categories": {"PERSON": {"name": "Somebody"}}}}}})
    >>> [(found.message, found.help.text) for found in check_names(parse_tree("OBJECTS.PERSN.count > 0"), ontology)]
    [('unknown category `PERSN` in job `OBJECTS`', 'did you mean `PERSON`?')]
    """
    too_wide_tree = list(too_wide.check(tree, ontology))
    if too_wide_tree:
        yield from too_wide_tree
        return
    found = (diagnostic for use in uses(tree, ontology) for rule in RULES for diagnostic in rule(use, ontology))
    yield from islice(found, MAX_FINDINGS)
