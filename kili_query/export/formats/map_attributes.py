"""Answers as flat attributes, for the tables of programs that show maps: display names, not keys."""

from collections.abc import Iterator, Mapping
from typing import TypeAlias

from kili_query.ontology import Job

__all__ = ["attributes"]

Jobs: TypeAlias = Mapping[str, Job]
Attributes: TypeAlias = dict[str, object]

_CLASS = "class"
_SEVERAL_INPUTS = ("checkbox", "multipleDropdown")
_TAKEN = (_CLASS, "kili")


def attributes(answer: Mapping[str, object], job: Job, jobs: Jobs) -> Attributes:
    """What an annotation or a job response answers.

    Args:
        answer: with ``categories`` and ``children``; what is not as it should be says nothing.
        job: its job.
        jobs: all jobs, for those of children.

    Returns:
        ``class``, the name of the first category; the same under what the job asks (its instruction, else its key), as
        a list where the job takes several; and below, ``JOB.CATEGORY.CHILD JOB``, what child jobs answer. Of two that
        would have one name, the second has its job's key behind it.
    """
    found: Attributes = {}
    for name, key, value in _of_job(answer, job, jobs, ""):
        found[name if name not in found and name not in _TAKEN else f"{name} ({key})"] = value
    names = [name for name, _ in _categories(answer, job)]
    return ({_CLASS: names[0]} if names else {}) | found


def _of_job(answer: object, job: Job, jobs: Jobs, prefix: str) -> Iterator[tuple[str, str, object]]:
    """Each attribute of an answer and its children, with the key of its job."""
    if not isinstance(answer, Mapping):
        return
    label = prefix + (job.instruction or job.name)
    categories = list(_categories(answer, job))
    names = [name for name, _ in categories]
    if names:
        yield label, job.name, names if job.input in _SEVERAL_INPUTS else names[0]
    elif prefix and isinstance(answer.get("text"), str):
        yield label, job.name, answer["text"]
    holders = [*categories, (names[0] if names else "", answer)]
    for name, holder in holders:
        children = holder.get("children")
        for key, child in children.items() if isinstance(children, Mapping) else ():
            if key in jobs:
                yield from _of_job(child, jobs[key], jobs, f"{label}.{name}." if name else f"{label}.")


def _categories(answer: Mapping[str, object], job: Job) -> Iterator[tuple[str, Mapping[str, object]]]:
    """The categories of an answer, by the names that people see."""
    listed = answer.get("categories")
    for one in listed if isinstance(listed, list | tuple) else ():
        key = one.get("name") if isinstance(one, Mapping) else None
        if isinstance(key, str):
            yield job.categories[key].name if key in job.categories else key, one
