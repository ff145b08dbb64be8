"""Where a query uses names: each counter and pattern, with the brackets it stands in."""

from collections.abc import Iterator

from attrs import frozen

from kili_query.ast import Counter, Filtered, Pattern, Predicate, terms
from kili_query.ontology.job import Job
from kili_query.ontology.model import Ontology
from kili_query.ontology.nesting import can_stand, child_jobs, jobs_inside
from kili_query.source import Span


@frozen
class Use:
    """One counter or pattern of a query.

    Attributes:
        term: the counter or pattern.
        inside: the one whose brackets it stands in; None at the top of the query.
        jobs: the jobs that may stand in those brackets; None at the top, and where their names mean nothing.
        among: the jobs that a pattern may match there; None where it may match all.
    """

    term: Counter | Pattern
    inside: Counter | Pattern | None = None
    jobs: frozenset[str] | None = None
    among: frozenset[str] | None = None

    @property
    def span(self) -> Span:
        """Job and category together."""
        return self.term.job_span.cover(self.term.category_span)

    @property
    def job_name(self) -> str | None:
        """The job as written; None for a pattern of jobs."""
        match self.term:
            case Counter(job):
                return job
            case Pattern(job):
                return job.pieces[0] if len(job.pieces) == 1 else None

    @property
    def category_name(self) -> str | None:
        """The category as written; None for a pattern of categories."""
        match self.term:
            case Counter(_, category):
                return category
            case Pattern(_, category):
                return category.pieces[0] if len(category.pieces) == 1 else None


def jobs_at(use: Use, ontology: Ontology) -> list[Job]:
    """The jobs with categories that may stand where a name is used: only they can be what was meant."""
    jobs = (job for job in ontology.jobs.values() if use.jobs is None or job.name in use.jobs)
    return [job for job in jobs if job.has_categories and can_stand(job.name, ontology)]


def uses(tree: Predicate, ontology: Ontology) -> Iterator[Use]:
    """All uses in a tree, brackets included, in the order of the text."""
    return _uses(tree, ontology, None)


def _uses(tree: Predicate, ontology: Ontology, around: Use | None) -> Iterator[Use]:
    inside, jobs = (None, None) if around is None else (around.term, jobs_inside(around.term, ontology, around.among))
    among = None if jobs is None else child_jobs(ontology)
    for term in terms(tree):
        if isinstance(term, Filtered):
            use = Use(term.counter, inside, jobs, among)
            yield use
            yield from _uses(term.condition, ontology, use)
        else:
            yield Use(term, inside, jobs, among)
