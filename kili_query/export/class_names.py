"""The names that formats of other tools write for categories."""

from collections import Counter
from collections.abc import Mapping, Sequence

from kili_query.export.project import Project
from kili_query.ontology import Job


def class_names(project: Project, jobs: Sequence[Job], *, with_job: bool = False) -> Mapping[tuple[str, str], str]:
    """Return the name of each category, by job and key; each is there once.

    For a project of the platform, this is the key, as the platform writes it. The keys of a dataset of another tool
    are made from its names, so its categories get their own names back. Where several share a name, they get their
    keys, because some formats know a category by its name alone.

    Args:
        project: the project of the jobs.
        jobs: those whose categories stand in one file.
        with_job: put the name of the job in front of a key.

    >>> from kili_query.ontology import JobCategory, Ontology
    >>> light = JobCategory("traffic_light", "traffic light")
    >>> job = Job("J", "OBJECT_DETECTION", categories={light.key: light})
    >>> class_names(Project.read(Ontology({"J": job})), [job], with_job=True)
    {('J', 'traffic_light'): 'J/traffic_light'}
    >>> class_names(Project.read(Ontology({"J": job}, dataset_format="coco")), [job], with_job=True)
    {('J', 'traffic_light'): 'traffic light'}
    """
    keys = {(job.name, key): f"{job.name}/{key}" if with_job else key for job in jobs for key in job.categories}
    if project.ontology.dataset_format is None:
        return keys
    shown = {(job.name, key): one.name for job in jobs for key, one in job.categories.items()}
    times = Counter(shown.values())
    own = {pair: name for pair, name in shown.items() if name.strip() and times[name] == 1}
    taken = set(own.values())
    found = {}
    for pair, key in keys.items():
        found[pair] = own[pair] if pair in own else _free(key if len(jobs) > 1 else pair[1], taken)
    return found


def _free(key: str, taken: set[str]) -> str:
    """Return a key, with a number if it is the name of another category, and note that it is taken."""
    name, number = key, 1
    while name in taken:
        number += 1
        name = f"{key}_{number}"
    taken.add(name)
    return name
