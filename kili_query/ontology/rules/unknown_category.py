"""KQ102: the job has no such category."""

from collections.abc import Iterator

from kili_query.diagnostics import Code, Diagnostic, Help, Label
from kili_query.ontology.did_you_mean import (
    edit_at,
    list_names,
    name_jobs,
    places_of_category,
    spell,
    suggest,
    suggest_same,
)
from kili_query.ontology.job import Job
from kili_query.ontology.model import Ontology
from kili_query.ontology.names import categories_called, jobs_called
from kili_query.ontology.use import Use, jobs_at


def check(use: Use, ontology: Ontology) -> Iterator[Diagnostic]:
    """KQ102: the job exists, but has no category of that name."""
    if use.job_name is None or use.category_name is None:
        return  # patterns are for KQ104
    jobs = jobs_called(use.job_name, ontology)
    if len(jobs) != 1 or not jobs[0].has_categories or categories_called(use.category_name, jobs[0]):
        return  # jobs are for KQ101, KQ103 and KQ105
    message = f"unknown category `{use.category_name}` in job `{jobs[0].name}`"
    fault = Label(use.term.category_span, "no such category")
    yield Diagnostic(Code.UNKNOWN_CATEGORY, message, fault, help=_help(use.category_name, jobs[0], use, ontology))


def _help(name: str, job: Job, use: Use, ontology: Ontology) -> Help | None:
    display_names = {category.key: category.name for category in job.categories.values()}
    span = use.term.category_span
    return (
        suggest_same(name, display_names, span)
        or _elsewhere(name, use, ontology)
        or suggest(name, display_names, span)
        or list_names(display_names)
    )


def _elsewhere(name: str, use: Use, ontology: Ontology) -> Help | None:
    """The category of another job."""
    places = places_of_category(name, ontology.jobs.values())
    if not places:
        return None
    allowed = {job.name for job in jobs_at(use, ontology)}
    where = f"`{name}` exists in {name_jobs(job for job, _ in places)}"
    if len(places) > 1 or places[0][0] not in allowed:
        return Help(where)
    shown = ".".join(map(spell, places[0]))
    return Help(f"{where}: did you mean `{shown}`?", edit_at(use.span, shown))
