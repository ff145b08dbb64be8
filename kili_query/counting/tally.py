"""All counts of a label, and the jobs that it holds."""

from collections.abc import Hashable, Iterator

from kili_query.counting.label_structure import checked_root, nested_sites, root_sites
from kili_query.counting.objects import EVERYTHING, Wanted, find, token
from kili_query.counting.policy import DEFAULT_POLICY, CountPolicy, Rules
from kili_query.ontology import Ontology, OntologySource
from kili_query.ontology.job import METADATA_JOBS


def count(
    json_response: object, *, ontology: OntologySource | None = None, policy: CountPolicy = DEFAULT_POLICY
) -> dict[tuple[str, str], int]:
    """Count every category of every job of a label.

    Args:
        json_response: the decoded content of one label.
        ontology: the project's, or the path of its file, which is read for each call; tells whether the label is a
            video's, and which jobs count at the root alone.
        policy: what is counted in a video.

    Returns:
        The number of objects by job and category, in the order in which they are met; those that are 0 are left out.

    Raises:
        UnknownContentError: the content is None.
        MalformedLabelError: something in the label has the wrong shape.

    >>> boxes = [{"mid": "a", "categories": [{"name": "CAR"}]}, {"mid": "b", "categories": [{"name": "CAR"}]}]
    >>> count({"OBJECTS": {"annotations": boxes}, "SKY": {"categories": [{"name": "BLUE"}]}})
    {('OBJECTS', 'CAR'): 2, ('SKY', 'BLUE'): 1}
    """
    rules = Rules.of(policy, Ontology.if_given(ontology))
    wanted = Wanted(EVERYTHING.jobs, EVERYTHING.categories, rules.root_jobs)
    tokens: dict[tuple[str, str], set[Hashable]] = {}
    for found in find(root_sites(checked_root(json_response), rules), wanted):
        counted = token(found, rules.video)
        if counted is not None:
            tokens.setdefault((found.job, found.category), set()).add(counted)
    return {counter: len(distinct) for counter, distinct in tokens.items()}


def held_jobs(json_response: object) -> Iterator[str]:
    """Name every job of a label, child jobs included, and those that hold nothing, which `count` leaves out.

    Raises:
        UnknownContentError: the content is None.
        MalformedLabelError: something in the label has the wrong shape; the jobs before it were given.

    >>> list(held_jobs({"OBJECTS": {"annotations": []}, "SKY": {"categories": [{"name": "BLUE"}]}}))
    ['OBJECTS', 'SKY']
    """
    stack = [root_sites(checked_root(json_response), Rules.of(DEFAULT_POLICY, None))]
    while stack:
        site = next(stack[-1], None)
        if site is None:
            stack.pop()
            continue
        yield from (name for name in site.jobs if isinstance(name, str) and name not in METADATA_JOBS)
        stack.append(nested_sites(site))
