"""Finding and counting the objects and choices of a job and category, in the order of reading."""

from collections.abc import Hashable, Iterable, Iterator
from typing import NamedTuple

from attrs import frozen

from kili_query.ast import Counter, NamePattern, Pattern
from kili_query.ast.walk import matches_pattern
from kili_query.counting.label_structure import (
    Holder,
    Map,
    Site,
    annotation_holder,
    category_holder,
    checked_root,
    child_sites,
    choice_holder,
    entries,
    jobs_of,
    nested_sites,
    payload_at,
    payload_holder,
    point_holders,
    read_categories,
    root_sites,
)
from kili_query.counting.policy import DEFAULT_POLICY, CountPolicy, Rules
from kili_query.ontology import Ontology, OntologySource, VideoPolicy
from kili_query.ontology.job import METADATA_JOBS


class Found(NamedTuple):
    """One occurrence of something counted; those of equal identity are the same object.

    Attributes:
        identity: equal for the parts of one object, distinct for all else, other categories of the object included.
        frame: the video frame, or None where frames play no part.
        is_key: whether it is a key frame.
        holders: what may hold the children of this occurrence, beside the points of a pose.
        depth: levels of child jobs above.
        annotation: the one that it was found in, whose points may have children too; None for a choice.
    """

    job: str
    category: str
    identity: Hashable
    frame: str | None
    is_key: bool
    holders: tuple[Holder, ...]
    depth: int
    annotation: Holder | None = None


@frozen
class Wanted:
    """The pairs of names to find, and the jobs that count only at the root."""

    jobs: NamePattern
    categories: NamePattern
    root_jobs: frozenset[str] = frozenset()

    @classmethod
    def of(cls, counter: Counter | Pattern, rules: Rules) -> "Wanted":
        """Return the names that a counter or a pattern matches."""
        if isinstance(counter, Counter):
            return cls(NamePattern((counter.job,)), NamePattern((counter.category,)), rules.root_jobs)
        return cls(counter.job, counter.category, rules.root_jobs)

    @property
    def only_job(self) -> str | None:
        """The one job looked for; None for a pattern."""
        return self.jobs.pieces[0] if len(self.jobs.pieces) == 1 else None


_ANY = NamePattern(("", ""))
EVERYTHING = Wanted(_ANY, _ANY)


def find(sites: Iterable[Site], wanted: Wanted) -> Iterator[Found]:
    """Yield wanted objects in the maps of jobs and all below them: in each map first its own jobs, then those below."""
    if wanted.only_job in METADATA_JOBS:
        return
    at_root_alone = wanted.only_job in wanted.root_jobs
    stack = [iter(sites)]  # a stack of our own, so that no label is too deep for Python's
    while stack:
        site = next(stack[-1], None)
        if site is None:
            stack.pop()
            continue
        for job, payload in _payloads(site, wanted):
            yield from _found_in(site, job, payload, wanted.categories.pieces)
        if not at_root_alone:
            stack.append(nested_sites(site))


def _payloads(site: Site, wanted: Wanted) -> Iterator[tuple[str, Map]]:
    if (job := wanted.only_job) is not None:
        if site.depth == 0 or job not in wanted.root_jobs:
            payload = payload_at(site, job)
            if payload:
                yield job, payload
        return
    for name, payload in jobs_of(site):
        if matches_pattern(wanted.jobs.pieces, name) and (site.depth == 0 or name not in wanted.root_jobs):
            yield name, payload


def _found_in(site: Site, job: str, payload: Map, pieces: tuple[str, ...]) -> Iterator[Found]:
    beside = payload_holder(site, job, payload)
    for name, category, at in read_categories(payload, beside.path):
        if matches_pattern(pieces, name):
            choice = choice_holder(site, job, name, category, at, beside.is_key)
            yield Found(job, name, choice.place, site.frame, choice.is_key, (choice, beside), site.depth)
    for annotation, at in entries(payload, "annotations", beside.path):
        named = [one for one in read_categories(annotation, at) if matches_pattern(pieces, one[0])]
        if not named:
            continue
        part = annotation_holder(site, job, annotation, at, beside.is_key)
        for name in dict.fromkeys(name for name, _, _ in named):
            own = [category_holder(part, name, category, path) for other, category, path in named if other == name]
            yield Found(job, name, (part.place, name), site.frame, part.is_key, (part, *own), site.depth, part)


def token(found: Found, video: VideoPolicy) -> Hashable | None:
    """Return the token that counts once: the distinct tokens of a counter are its count; None counts nothing."""
    if found.frame is None or video == "objects":
        return found.identity
    if video == "frames":
        return found.frame, found.job, found.category
    return (found.frame, found.identity) if found.is_key else None


def selected_sites(parts: Iterable[Found]) -> Iterator[Site]:
    """The maps of child jobs of one object, of all its parts; frames play no part inside."""
    for part in parts:
        yield from child_sites(part.holders, None, part.depth + 1)
        if part.annotation is not None:
            yield from child_sites(point_holders(part.annotation), None, part.depth + 1)


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
