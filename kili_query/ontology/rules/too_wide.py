"""KQ006: patterns that stand for more counters than anything could work on."""

from collections.abc import Iterator

from kili_query.ast import Counter, Filtered, Pattern, Predicate, Term
from kili_query.diagnostics import Code, Diagnostic, Help, Label
from kili_query.ontology.model import Ontology
from kili_query.ontology.names import pairs_matching
from kili_query.ontology.use import uses
from kili_query.syntax.size import lowered_size

MAX_COUNTERS = 64 * 1024
"""How many counters a query may compare once its patterns are written out: as many as a text has characters."""

MAX_MATCHED = 500_000
"""How many categories all patterns together may be held against."""


def check(tree: Predicate, ontology: Ontology) -> Iterator[Diagnostic]:
    """KQ006: written out, the patterns of a query would make it too long."""
    patterns = {use.term for use in uses(tree, ontology) if isinstance(use.term, Pattern)}
    if not patterns:
        return
    pairs = sum(len(job.categories) for job in ontology.jobs.values())
    if len(patterns) * pairs > MAX_MATCHED:
        message = f"{len(patterns)} patterns are too many for an ontology of {pairs} categories"
    else:
        widths = {pattern: len(pairs_matching(pattern, ontology) or ()) for pattern in patterns}

        def width(term: Term) -> int:
            counter = term.counter if isinstance(term, Filtered) else term
            return 1 if isinstance(counter, Counter) else widths.get(counter, 1)

        size = lowered_size(tree, width)
        if size <= MAX_COUNTERS:
            return
        message = f"the patterns make the query one of {size} comparisons, more than {MAX_COUNTERS}"
    fault = Label(tree.span, "the ontology has too many categories for this")
    yield Diagnostic(
        Code.TOO_LONG_OR_DEEP, message, fault, help=Help("name categories, or jobs, or use fewer patterns")
    )
