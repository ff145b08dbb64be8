"""KQ106: a job is used where it can never stand."""

from collections.abc import Iterator

from kili_query.diagnostics import Code, Diagnostic, Help, Label
from kili_query.ontology.did_you_mean import spell
from kili_query.ontology.job import Job
from kili_query.ontology.model import Ontology
from kili_query.ontology.names import jobs_called
from kili_query.ontology.nesting import can_stand
from kili_query.ontology.use import Use
from kili_query.syntax.printer import print_counter
from kili_query.wording import listed

_MAX_LISTED = 3


def check(use: Use, ontology: Ontology) -> Iterator[Diagnostic]:
    """KQ106: in brackets, a job that stands nowhere below; anywhere, a child job that no job of a label holds."""
    if use.job_name is None:
        return
    match jobs_called(use.job_name, ontology):
        case (job,) if not can_stand(job.name, ontology):
            yield _orphan(job, use)
        case (job,) if use.inside is not None and use.jobs is not None and job.name not in use.jobs:
            yield _misplaced(job, print_counter(use.inside).removesuffix(".count"), use)
        case _:
            return


def _orphan(job: Job, use: Use) -> Diagnostic:
    message = f"child job `{job.name}` can never stand in a label"
    fault = Label(use.term.job_span, "no category that can be chosen has this child")
    return Diagnostic(Code.MISPLACED_CHILD_JOB, message, fault)


def _misplaced(job: Job, place: str, use: Use) -> Diagnostic:
    message = f"job `{job.name}` can never stand below `{place}`"
    labels = () if use.inside is None else (Label(use.inside.job_span.cover(use.inside.category_span), "below this"),)
    fault = Label(use.term.job_span, "not a child of it")
    return Diagnostic(Code.MISPLACED_CHILD_JOB, message, fault, labels, help=_help(job))


def _help(job: Job) -> Help:
    parents = [f"`{spell(parent)}.{spell(category)}`" for parent, category in job.parents]
    if not parents:
        return Help(f"`{job.name}` is not a child job: write it outside the brackets")
    return Help(f"`{job.name}` is a child of {listed(parents, _MAX_LISTED)}")
