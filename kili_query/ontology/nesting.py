"""Which jobs may stand below which: what the children of categories say."""

from collections.abc import Iterable

from kili_query.ast import Counter, Pattern
from kili_query.ontology.model import Ontology
from kili_query.ontology.names import pairs_matching, resolve


def child_jobs(ontology: Ontology) -> frozenset[str]:
    """The jobs that count below objects and choices, wherever they stand there; all others count at the root alone."""
    return frozenset(name for name, job in ontology.jobs.items() if job.is_child)


def jobs_below(job_name: str, category_key: str, ontology: Ontology) -> frozenset[str]:
    """The jobs that may stand, at any depth, below an object of the category.

    Where an object may hold several categories of the job, it may hold the children of each.
    """
    job = ontology.jobs[job_name]
    starts = job.choices() if job.is_multiple_choice else (job.categories[category_key],)
    return _closure((child for category in starts for child in category.children), ontology)


def jobs_inside(
    term: Counter | Pattern, ontology: Ontology, among: frozenset[str] | None = None
) -> frozenset[str] | None:
    """The jobs that may stand in the brackets after a counter or pattern; None when it means nothing.

    Args:
        term: the counter or pattern.
        ontology: what its names mean.
        among: the jobs that a pattern may match; all by default.
    """
    match term:
        case Counter():
            found = resolve(term, ontology)
            job = ontology.jobs.get(found.job)
            if job is None or found.category not in job.categories:
                return None
            return jobs_below(found.job, found.category, ontology)
        case Pattern():
            pairs = pairs_matching(term, ontology, among)
            if not pairs:
                return None
            return frozenset().union(*(jobs_below(job, category, ontology) for job, category in pairs))


def can_stand(job_name: str, ontology: Ontology) -> bool:
    """Whether a label may hold the job at all: at its root, or below a job that it may hold."""
    seen, stack = {job_name}, [job_name]
    while stack:
        job = ontology.jobs[stack.pop()]
        if not job.is_child:
            return True
        above = {parent for parent, _ in job.parents} - seen
        seen |= above
        stack.extend(above)
    return False


def _closure(children: Iterable[str], ontology: Ontology) -> frozenset[str]:
    seen: set[str] = set()
    stack = list(children)
    while stack:
        name = stack.pop()
        job = ontology.jobs.get(name)
        if job is None or name in seen:  # an interface may list a child job that was deleted since
            continue
        seen.add(name)
        stack.extend(child for category in job.choices() for child in category.children)
    return frozenset(seen)
