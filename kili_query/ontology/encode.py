"""From jobs back to the JSON of a project's interface: the inverse of `kili_query.ontology.decode`."""

from collections.abc import Iterable, Mapping

from kili_query.ontology.job import CategoryPoint, Job, JobCategory


def encode_interface(jobs: Iterable[Job]) -> dict[str, object]:
    """The ``jsonInterface`` that is read as these jobs.

    >>> encode_interface([Job("TEXT", "TRANSCRIPTION", is_required=True)])
    {'jobs': {'TEXT': {'mlTask': 'TRANSCRIPTION', 'isChild': False, 'required': 1, 'content': {}}}}
    """
    return {"jobs": {job.name: _job(job) for job in jobs}}


def _job(job: Job) -> dict[str, object]:
    content: dict[str, object] = {"input": job.input} if job.input is not None else {}
    for name, found in (("categories", job.categories), ("options", job.options)):
        if found:
            content[name] = _categories(found)
    told: dict[str, object] = {"mlTask": job.ml_task, "isChild": job.is_child, "required": int(job.is_required)}
    told |= {"instruction": job.instruction} if job.instruction is not None else {}
    told |= {"tools": list(job.tools)} if job.tools else {}
    return told | {"content": content}


def _categories(found: Mapping[str, JobCategory]) -> dict[str, object]:
    return {key: _category(category) for key, category in found.items()}


def _category(category: JobCategory) -> dict[str, object]:
    told: dict[str, object] = {"name": category.name, "children": list(category.children)}
    told |= {"color": category.color} if category.color is not None else {}
    return told | ({"points": [_point(one) for one in category.points]} if category.points else {})


def _point(point: CategoryPoint) -> dict[str, object]:
    return {"code": point.code, "name": point.name, "children": list(point.children)}
