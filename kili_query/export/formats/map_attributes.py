"""Answers as flat attributes, for the tables of programs that show maps: display names, not keys."""

from collections.abc import Iterator, Mapping
from typing import TypeAlias

from kili_query.ontology import Job

Jobs: TypeAlias = Mapping[str, Job]
Attributes: TypeAlias = dict[str, object]

_CLASS = "class"
_SEVERAL_INPUT = "checkbox"
_TAKEN = (_CLASS, "kili")


def attributes(answer: Mapping[str, object], job: Job, jobs: Jobs) -> Attributes:
    """Return the answers of an annotation or a job response.

    Args:
        answer: with ``categories`` and ``children``; what is not as it should be says nothing.
        job: its job.
        jobs: all jobs, for those of children.

    Returns:
        ``class``, the name of the first category; the same under what the job is called (its ``exportName``, else its
        instruction, else its key), as a list where the job is a checkbox; and what child jobs answer. A child is called
        ``JOB.CATEGORY.CHILD JOB``, but just ``CHILD JOB`` where it stands beside the categories and none of them lists
        it. Of two that would have one name, the second has its job's key behind it.
    """
    found: Attributes = {}
    for name, key, value in _of_job(answer, job, jobs, None):
        found[name if name not in found and name not in _TAKEN else f"{name} ({key})"] = value
    names = [name for _, name, _ in _categories(answer, job)]
    return ({_CLASS: names[0]} if names else {}) | found


def _of_job(answer: object, job: Job, jobs: Jobs, prefix: str | None) -> Iterator[tuple[str, str, object]]:
    """Return each attribute of an answer and its children, with the key of its job; no prefix for a root job."""
    if not isinstance(answer, Mapping):
        return
    label = (prefix or "") + (job.export_name or job.instruction or job.name)
    categories = list(_categories(answer, job))
    names = [name for _, name, _ in categories]
    if names:
        yield label, job.name, names if job.input == _SEVERAL_INPUT else names[0]
    elif prefix is not None and isinstance(answer.get("text"), str | int | float):
        yield label, job.name, answer["text"]
    for _, name, category in categories:
        for key, child in _children(category):
            yield from _of_job(child, _job(key, jobs), jobs, f"{label}.{name}.")
    for key, child in _children(answer):
        parent = next((name for category, name, _ in categories if _lists(job, category, key)), None)
        yield from _of_job(child, _job(key, jobs), jobs, "" if parent is None else f"{label}.{parent}.")


def _job(key: str, jobs: Jobs) -> Job:
    """Return the job of a child; one that the interface does not have has its key alone."""
    return jobs.get(key) or Job(key, "")


def _lists(job: Job, category: str, child: str) -> bool:
    return category in job.categories and child in job.categories[category].children


def _children(holder: Mapping[str, object]) -> Iterator[tuple[str, object]]:
    children = holder.get("children")
    yield from children.items() if isinstance(children, Mapping) else ()


def _categories(answer: Mapping[str, object], job: Job) -> Iterator[tuple[str, str, Mapping[str, object]]]:
    """Return the categories of an answer, by their keys and the names that people see."""
    listed = answer.get("categories")
    for one in listed if isinstance(listed, list | tuple) else ():
        key = one.get("name") if isinstance(one, Mapping) else None
        if isinstance(key, str):
            yield key, job.categories[key].name if key in job.categories else key, one
