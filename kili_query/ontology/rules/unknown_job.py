"""KQ101: no job has that name."""

from collections.abc import Iterator, Sequence

from kili_query.ast import Pattern
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
from kili_query.ontology.job import METADATA_JOBS, Job
from kili_query.ontology.model import Ontology
from kili_query.ontology.names import jobs_called
from kili_query.ontology.use import Use, jobs_at


def check(use: Use, ontology: Ontology) -> Iterator[Diagnostic]:
    """KQ101: no job has that name, neither as its key nor as its instruction."""
    name = use.job_name
    if name is None or jobs_called(name, ontology):
        return
    fault = Label(use.term.job_span, "no such job")
    yield Diagnostic(Code.UNKNOWN_JOB, f"unknown job `{name}`", fault, help=_help(name, use, ontology))


def _help(name: str, use: Use, ontology: Ontology) -> Help | None:
    if name in METADATA_JOBS:
        return Help(f"`{name}` is metadata of a label, which is never counted")
    jobs = jobs_at(use, ontology)
    display_names = {job.name: job.instruction for job in jobs}
    span = use.term.job_span
    same = suggest_same(name, display_names, span)
    near = same or _swapped(name, use, jobs) or _category(name, use, jobs) or suggest(name, display_names, span)
    return near or list_names(display_names)


def _swapped(name: str, use: Use, jobs: Sequence[Job]) -> Help | None:
    """``CAR.OBJECTS``: the category stands before its job."""
    key = dict(places_of_category(name, jobs)).get(use.category_name or "")
    if use.category_name is None or key is None:
        return None
    shown = f"{spell(use.category_name)}.{spell(key)}"
    return Help(f"the job comes first: `{shown}`", edit_at(use.span, shown))


def _category(name: str, use: Use, jobs: Sequence[Job]) -> Help | None:
    """``CAR.count``: a category without its job."""
    places = places_of_category(name, jobs)
    if not places or use.category_name is not None:
        return None
    where = f"`{name}` is a category of {name_jobs(job for job, _ in places)}"
    if len(places) > 1 or not isinstance(use.term, Pattern):
        return Help(where)
    shown = ".".join(map(spell, places[0]))
    is_total = use.term.category_span.end - use.term.category_span.start == len("count")
    return Help(f"{where}: write `{shown}`", edit_at(use.term.job_span if is_total else use.span, shown))
