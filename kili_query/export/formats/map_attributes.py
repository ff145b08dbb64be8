"""Answers as flat attributes with display names, for the tables of map programs."""

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
        answer: with ``categories`` and ``children``; malformed parts are ignored.
        job: its job.
        jobs: all jobs, including child jobs.

    Returns:
        ``class``, the name of the first category; the same under the name of the job (its ``exportName``, otherwise its
        instruction, otherwise its key), as a list if the job is a checkbox; and the answers of child jobs. A child is
        named ``JOB.CATEGORY.CHILD JOB``, but just ``CHILD JOB`` if it is beside the categories and none of them lists
        it. If two attributes have the same name, the second gets its job's key.
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
    """Return the job of a child; a job that the interface does not have only has its key."""
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
