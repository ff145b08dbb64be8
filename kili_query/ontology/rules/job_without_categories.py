"""KQ103: the job has no categories to count."""

from collections.abc import Iterator

from kili_query.diagnostics import Code, Diagnostic, Label
from kili_query.ontology.job import Job
from kili_query.ontology.model import Ontology
from kili_query.ontology.names import jobs_called
from kili_query.ontology.use import Use

_WHAT_IT_HOLDS = {
    "COMPARISON": "a comparison holds a choice between answers",
    "FILE": "it holds a file",
    "RANKING": "a ranking holds an order of answers",
    "TRANSCRIPTION": "a transcription holds text",
}


def check(use: Use, ontology: Ontology) -> Iterator[Diagnostic]:
    """KQ103: the job exists, but has no categories, so that nothing in it is counted."""
    if use.job_name is None:
        return
    jobs = jobs_called(use.job_name, ontology)
    if len(jobs) != 1 or jobs[0].has_categories:
        return
    message = f"job `{jobs[0].name}` has no categories"
    yield Diagnostic(Code.JOB_WITHOUT_CATEGORIES, message, Label(use.term.job_span, _reason(jobs[0])))


def _reason(job: Job) -> str:
    return _WHAT_IT_HOLDS.get(job.ml_task, "nothing in it is counted")
