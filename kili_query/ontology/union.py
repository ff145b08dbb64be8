"""One ontology of several."""

from collections.abc import Sequence

from attrs import evolve

from kili_query.ontology.encode import encode_interface
from kili_query.ontology.job import Job, JobCategory
from kili_query.ontology.model import Ontology


def union_of(ontologies: Sequence[Ontology]) -> Ontology | None:
    """Return the ontology that has the jobs and categories of all of them; None where they contradict each other.

    They contradict each other where a name means two things: a key has two display names or points, a job two tasks.

    >>> def of(*names: str) -> Ontology:
    ...     categories = {name.upper(): {"name": name} for name in names}
    ...     content = {"input": "radio", "categories": categories}
    ...     return Ontology.from_json_interface({"jobs": {"SKY": {"mlTask": "CLASSIFICATION", "content": content}}})
    >>> both = union_of([of("Blue", "Grey"), of("Grey", "Red")])
    >>> list(both.jobs["SKY"].categories)
    ['BLUE', 'GREY', 'RED']
    >>> union_of([of("Blue"), of("bluE")]) is None
    True
    """
    first, *others = ontologies
    if all(one == first for one in others):
        return first
    jobs = dict(first.jobs)
    for ontology in others:
        if ontology.input_type != first.input_type:
            return None
        for name, job in ontology.jobs.items():
            both = _job(jobs[name], job) if name in jobs else job
            if both is None:
                return None
            jobs[name] = both
    required = {name for name in jobs if all(name in one.jobs and one.jobs[name].is_required for one in ontologies)}
    whole = [evolve(job, is_required=name in required) for name, job in jobs.items()]
    united = Ontology.from_json_interface(encode_interface(whole), input_type=first.input_type)
    return evolve(united, dataset_format=first.dataset_format)


def _job(one: Job, other: Job) -> Job | None:
    if (one.ml_task, one.input, one.is_child) != (other.ml_task, other.input, other.is_child):
        return None
    categories = dict(one.categories)
    for key, category in other.categories.items():
        both = _category(categories[key], category) if key in categories else category
        if both is None:
            return None
        categories[key] = both
    tools = tuple(dict.fromkeys([*one.tools, *other.tools]))
    return evolve(one, categories=categories, options={**other.options, **one.options}, tools=tools)


def _category(one: JobCategory, other: JobCategory) -> JobCategory | None:
    if (one.name, one.points) != (other.name, other.points):
        return None
    return evolve(one, children=tuple(dict.fromkeys([*one.children, *other.children])))
