"""The ontology behind a label: decoded once for all labels that come with the same interface."""

from functools import lru_cache

from kili_query.labels.json_values import copy_of
from kili_query.ontology import Job, Ontology


def ontology_of(json_interface: object, input_type: str | None = None) -> Ontology:
    """The ontology; an interface that was decoded lately, and has not changed since, is not decoded again.

    Raises:
        OntologyError: the interface has another shape.
    """
    if not isinstance(json_interface, Ontology):
        return _decoded(_Interface(json_interface), input_type)
    if input_type is None or input_type == json_interface.input_type:
        return json_interface
    return Ontology(json_interface.jobs, input_type)


class _Interface:
    """An interface as a key: the same object, as long as nothing in it has changed."""

    __slots__ = ("snapshot", "value")

    def __init__(self, value: object) -> None:
        self.value = value
        self.snapshot: object = None

    def __hash__(self) -> int:
        return id(self.value)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, _Interface) or self.value is not other.value:
            return False
        kept = self if self.snapshot is not None else other
        return bool(kept.snapshot == kept.value)


@lru_cache(maxsize=16)
def _decoded(interface: _Interface, input_type: str | None) -> Ontology:
    interface.snapshot = copy_of(interface.value)
    return Ontology.from_json_interface(interface.value, input_type=input_type)


def root_jobs(ontology: Ontology) -> tuple[str, ...]:
    """The jobs that stand at the root of a label, in order."""
    return tuple(name for name, job in ontology.jobs.items() if not job.is_child)


def child_jobs(job: Job | None, ontology: Ontology) -> tuple[str, ...]:
    """The jobs that may stand below an answer to the job, whatever its category: each once, in order."""
    if job is None:
        return ()
    listed = dict.fromkeys(child for category in job.choices() for child in category.children)
    return tuple(name for name in listed if name in ontology.jobs and ontology.jobs[name].is_child)
