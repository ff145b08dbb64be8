"""KQ105: several jobs or categories are displayed by that name."""

from collections.abc import Iterable, Iterator

from kili_query.ast import Pattern
from kili_query.diagnostics import Code, Diagnostic, Help, Label
from kili_query.ontology.did_you_mean import spell
from kili_query.ontology.job import Job
from kili_query.ontology.model import Ontology
from kili_query.ontology.names import categories_called, jobs_called, jobs_matching
from kili_query.ontology.use import Use
from kili_query.source import Span


def check(use: Use, ontology: Ontology) -> Iterator[Diagnostic]:
    """KQ105: a name is not a key, but the display name of several."""
    if use.job_name is not None:
        jobs = jobs_called(use.job_name, ontology)
        if len(jobs) > 1:
            message = f"ambiguous display name `{use.job_name}`"
            yield _ambiguous(message, use.term.job_span, (job.name for job in jobs), "jobs")
            return
    else:
        jobs = _jobs(use, ontology)
    name = use.category_name
    if name is None or (isinstance(use.term, Pattern) and any(name in job.categories for job in jobs)):
        return
    for job in jobs:
        found = categories_called(name, job)
        if len(found) > 1:
            message = f"ambiguous display name `{name}` in job `{job.name}`"
            yield _ambiguous(message, use.term.category_span, (one.key for one in found), "categories")


def _jobs(use: Use, ontology: Ontology) -> tuple[Job, ...]:
    assert isinstance(use.term, Pattern)  # a counter has a job name
    return jobs_matching(use.term.job, ontology, use.among) or ()


def _ambiguous(message: str, span: Span, keys: Iterable[str], what: str) -> Diagnostic:
    names = [spell(key) for key in keys]
    listed = f"{', '.join(f'`{name}`' for name in names[:-1])} or `{names[-1]}`"
    fault = Label(span, f"{len(names)} {what} are displayed like this")
    choice = Help(f"write the key: {listed}")
    return Diagnostic(Code.AMBIGUOUS_DISPLAY_NAME, message, fault, help=choice)
