"""Names of a query, compared with those that labels hold: what can be said of them without an ontology."""

from collections.abc import Collection, Iterator
from itertools import islice

from attrs import evolve

from kili_query.ast import Predicate
from kili_query.diagnostics import Code, Diagnostic, Label
from kili_query.diagnostics.layout import counted
from kili_query.ontology.check import MAX_FINDINGS
from kili_query.ontology.did_you_mean import suggest
from kili_query.ontology.job import Job, JobCategory
from kili_query.ontology.model import Ontology
from kili_query.ontology.rules import pattern_matches_nothing, unknown_category, unknown_job
from kili_query.ontology.use import Use, uses
from kili_query.syntax import print_name
from kili_query.wording import listed, shortened

_MOST_LISTED, _LONGEST = 5, 100


def unseen_names(
    tree: Predicate, pairs: Collection[tuple[str, str]], jobs: Collection[str] = ()
) -> Iterator[Diagnostic]:
    """Report names of a query that no label holds, with similar names that labels do hold.

    Args:
        tree: the query.
        pairs: the jobs and categories that labels hold.
        jobs: the jobs that labels hold, where some may be empty.

    >>> from kili_query.syntax import parse_tree
    >>> pairs = [("OBJECTS", "TRAFFIC_LIGHT"), ("SCENE", "NIGHT")]
    >>> [(one.message, one.help.text) for one in unseen_names(parse_tree('OBJECTS."traffic light"'), pairs)]
    [('unknown category `traffic light` in job `OBJECTS`', 'did you mean `TRAFFIC_LIGHT`?')]
    """
    seen = seen_ontology(pairs, jobs)
    # labels do not say which job may stand in which brackets: there, only the names themselves are compared
    anywhere = (evolve(use, jobs=None) for use in uses(tree, seen))
    return islice((found for use in anywhere for rule in _RULES for found in rule(use, seen)), MAX_FINDINGS)


def _unknown_job(use: Use, seen: Ontology) -> Iterator[Diagnostic]:
    """No label holds the job; one that is empty in all labels may be what was meant, too."""
    empty = {job.name: None for job in seen.jobs.values() if not job.has_categories}
    for found in unknown_job.check(use, seen):
        is_mended = found.help is not None and found.help.edit is not None
        near = None if is_mended else suggest(use.job_name or "", empty, use.term.job_span)
        yield found if near is None else evolve(found, help=near)


def _empty_job(use: Use, seen: Ontology) -> Iterator[Diagnostic]:
    """Labels hold the job, but no object or choice in it."""
    job = seen.jobs.get(use.job_name or "")
    if job is not None and not job.has_categories:
        message = f"job `{job.name}` is empty: no object or choice is in it"
        yield Diagnostic(Code.JOB_WITHOUT_CATEGORIES, message, Label(use.term.job_span, "empty"))


_RULES = (_unknown_job, unknown_category.check, pattern_matches_nothing.check, _empty_job)


def misfits(ontology: Ontology, pairs: Collection[tuple[str, str]]) -> Iterator[str]:
    """Say whether labels hold names that an ontology does not have, as those of another project do.

    Args:
        ontology: what names are checked against.
        pairs: the jobs and categories that labels hold.

    >>> scene = seen_ontology([("SCENE", "NIGHT")], ())
    >>> list(misfits(scene, [("SCENE", "DAY"), ("SCENE", "NIGHT")]))
    ['labels hold 1 category that the ontology does not have: `SCENE.DAY`']
    >>> list(misfits(scene, [("OBJECTS", "CAR")]))
    ['the ontology may be of another project: it has none of the jobs that labels hold: `OBJECTS`']
    >>> list(misfits(scene, [("SCENE", "NIGHT")]))
    []
    """
    jobs = dict.fromkeys(job for job, _ in sorted(pairs))
    if jobs and not any(job in ontology.jobs for job in jobs):
        lacking = listed([f"`{shortened(job, _LONGEST)}`" for job in jobs], _MOST_LISTED)
        yield f"the ontology may be of another project: it has none of the jobs that labels hold: {lacking}"
        return
    declared = set(ontology.pairs())
    unknown = [pair for pair in sorted(pairs) if pair not in declared]
    if unknown:
        names = [f"`{shortened('.'.join(map(print_name, pair)), _LONGEST)}`" for pair in unknown]
        number = counted(len(names), "category", "categories")
        yield f"labels hold {number} that the ontology does not have: {listed(names, _MOST_LISTED)}"


def seen_ontology(pairs: Collection[tuple[str, str]], jobs: Collection[str]) -> Ontology:
    """Return the jobs and categories that labels hold as an ontology, sorted."""
    categories: dict[str, dict[str, JobCategory]] = {job: {} for job in sorted(jobs)}
    for job, category in sorted(pairs):
        categories.setdefault(job, {})[category] = JobCategory(category, category)
    return Ontology({job: Job(job, "OBJECT_DETECTION", categories=found) for job, found in categories.items()})
