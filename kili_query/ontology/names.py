"""Which jobs and categories a name means: a key wins over a display name, and two candidates are nobody's."""

from collections.abc import Iterable, Iterator

from attrs import evolve

from kili_query.ast import Counter, NamePattern, Pattern
from kili_query.ast.walk import matches_pattern
from kili_query.ontology.job import Job, JobCategory
from kili_query.ontology.model import Ontology


def jobs_called(name: str, ontology: Ontology) -> tuple[Job, ...]:
    """The job with that key, or else all whose instruction it is."""
    job = ontology.jobs.get(name)
    if job is not None:
        return (job,)
    return tuple(job for job in ontology.jobs.values() if job.instruction == name)


def categories_called(name: str, job: Job) -> tuple[JobCategory, ...]:
    """The category with that key, or else all whose display name it is."""
    category = job.categories.get(name)
    if category is not None:
        return (category,)
    return tuple(category for category in job.categories.values() if category.name == name)


def resolve(counter: Counter, ontology: Ontology) -> Counter:
    """The counter by its keys; a name that means nothing, or not one thing, stays as it is."""
    match jobs_called(counter.job, ontology):
        case (job,):
            found = categories_called(counter.category, job)
            key = found[0].key if len(found) == 1 else counter.category
            is_bound = (job.name, key) == (counter.job, counter.category)
            return counter if is_bound else evolve(counter, job=job.name, category=key)
        case _:
            return counter


def is_plain(pattern: NamePattern) -> bool:
    """Whether it is a name without wildcards."""
    return len(pattern.pieces) == 1


def jobs_matching(
    pattern: NamePattern, ontology: Ontology, among: frozenset[str] | None = None
) -> tuple[Job, ...] | None:
    """The jobs that a pattern matches, by key, among those given; a plain name means what it means elsewhere.

    Returns:
        The jobs in the order of the ontology; None for a plain name that does not mean one job.
    """
    if is_plain(pattern):
        called = jobs_called(pattern.pieces[0], ontology)
        return called if len(called) == 1 else None
    return tuple(
        job
        for job in ontology.jobs.values()
        if matches_pattern(pattern.pieces, job.name) and (among is None or job.name in among)
    )


def pairs_matching(
    pattern: Pattern, ontology: Ontology, among: frozenset[str] | None = None
) -> tuple[tuple[str, str], ...] | None:
    """The (job, category) pairs that a pattern matches, in the order of the ontology.

    Args:
        pattern: its stars match keys; a name without stars may be a display name too, unless it is a key.
        ontology: where to look.
        among: the jobs that a job pattern may match; all by default.

    Returns:
        The pairs; None when a plain name in the pattern does not mean one job, or one category of a job.
    """
    jobs = jobs_matching(pattern.job, ontology, among)
    if jobs is None:
        return None
    if not is_plain(pattern.category):
        return tuple(_pairs_by_key(pattern.category.pieces, jobs))
    name = pattern.category.pieces[0]
    by_key = tuple((job.name, name) for job in jobs if name in job.categories)
    if by_key:
        return by_key
    found = [(job, categories_called(name, job)) for job in jobs]
    if any(len(categories) > 1 for _, categories in found):
        return None
    return tuple((job.name, category.key) for job, categories in found for category in categories)


def _pairs_by_key(pieces: tuple[str, ...], jobs: Iterable[Job]) -> Iterator[tuple[str, str]]:
    return ((job.name, key) for job in jobs for key in job.categories if matches_pattern(pieces, key))
