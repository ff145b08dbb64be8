"""Witnesses: counts that show something, and a label that has them."""

from collections import Counter as Tally
from collections.abc import Iterable, Iterator, Mapping
from itertools import count as count_up
from typing import TypeAlias

from attrs import field, frozen

from kili_query.ast import Counter
from kili_query.ontology import Job, Ontology, VideoPolicy
from kili_query.ontology.job import METADATA_JOBS
from kili_query.syntax.printer import print_name

MAX_OBJECTS = 10_000
"""A label with more objects is not written out."""

Json: TypeAlias = dict[str, object]


@frozen(unsafe_hash=False)
class Example:
    """Counts of one label.

    Attributes:
        counts: objects by job and category; pairs that are not there count 0.
        json_response: the content of a label with just these counts; None when it would hold more than
            `MAX_OBJECTS` objects, when the ontology has no place for one of them, or when frames are what counts.
        pairs: the (job, category) pairs that were asked about, those that count 0 included.
    """

    counts: dict[tuple[str, str], int]
    json_response: Json | None = field(repr=False)
    pairs: tuple[tuple[str, str], ...] = field(default=(), repr=False)

    def __str__(self) -> str:
        """``J.A = 2, J.B = 0``."""
        shown = [
            f"{print_name(job)}.{print_name(category)} = {self.counts.get((job, category), 0)}"
            for job, category in sorted({*self.pairs, *self.counts})
        ]
        return ", ".join(shown) or "the empty label"


Counterexample: TypeAlias = Example
"""An example of what was claimed not to be."""


def example_of(
    values: Mapping[Counter, int], ontology: Ontology | None = None, *, video: VideoPolicy = "objects"
) -> Example:
    """The example with given counts.

    >>> example = example_of({Counter("OBJECTS", "CAR"): 1, Counter("SKY", "BLUE"): 0})
    >>> print(example)
    OBJECTS.CAR = 1, SKY.BLUE = 0
    >>> example.json_response
    {'OBJECTS': {'annotations': [{'mid': '1', 'categories': [{'name': 'CAR'}]}]}}
    """
    pairs = tuple((counter.job, counter.category) for counter in values)
    counts = Tally({(counter.job, counter.category): number for counter, number in values.items() if number})
    written = None
    of_frames = video != "objects" and ontology is not None and ontology.is_video
    if not of_frames and sum(counts.values()) <= MAX_OBJECTS and not any(job in METADATA_JOBS for job, _ in counts):
        written = _write_plain(counts) if ontology is None else _Writer(ontology, counts).write()
    return Example(counts, written, pairs)


def _write_plain(counts: Mapping[tuple[str, str], int]) -> Json:
    """Without an ontology, annotations with a `mid` of their own give any count."""
    mids = count_up(1)
    response: dict[str, Json] = {}
    for (job, category), number in counts.items():
        objects = [_annotation(mids, category) for _ in range(number)]
        _annotations(response.setdefault(job, {})).extend(objects)
    if response and all((job.isascii() and job.isdigit()) or job == "assetLevel" for job in response):
        response["-"] = {}  # a root of nothing but numbers would be read as the frames of a video
    return dict(response)


def _annotation(mids: Iterator[int], category: str) -> Json:
    return {"mid": str(next(mids)), "categories": [{"name": category}]}


def _annotations(payload: Json) -> list[object]:
    listed = payload.setdefault("annotations", [])
    assert isinstance(listed, list)
    return listed


class _Writer:
    """One label in the making, from the root jobs down to the children of children."""

    def __init__(self, ontology: Ontology, counts: Mapping[tuple[str, str], int]) -> None:
        self.ontology = ontology
        self.mids = count_up(1)
        self.by_job: dict[str, dict[str, int]] = {}
        for (job, category), number in counts.items():
            self.by_job.setdefault(job, {})[category] = number
        self.places: dict[tuple[str, str], list[Json]] = {}

    def write(self) -> Json | None:
        """The label; None when something has no place in it."""
        root: Json = {}
        left = dict(self.by_job)
        while left:
            name = next((name for name in left if self.is_ready(name, left)), None)
            if name is None:
                return None
            job = self.ontology.jobs.get(name)
            sites = [root] if job is None or not job.is_child else list(self.sites(job))
            if not self.place(name, job, left.pop(name), sites):
                return None
        return {"0": root} if self.ontology.is_video else _not_a_video(root, self.ontology)

    def is_ready(self, name: str, left: Iterable[str]) -> bool:
        job = self.ontology.jobs.get(name)
        return job is None or not job.is_child or all(parent not in left for parent, _ in job.parents if parent != name)

    def sites(self, job: Job) -> Iterator[Json]:
        """The maps of child jobs in which a job may stand."""
        for parent, key in job.parents:
            category = self.ontology.jobs[parent].categories.get(key)
            if category is None:
                continue
            points = [point.code for point in category.points if job.name in point.children]
            for holder in self.places.get((parent, key), ()):
                yield _map_in(holder, "children")
                for code in points:
                    point: Json = {"code": code, "children": {}}
                    listed = holder.setdefault("points", [])
                    assert isinstance(listed, list)
                    listed.append(point)
                    yield _map_in(point, "children")

    def place(self, name: str, job: Job | None, wanted: Mapping[str, int], sites: list[Json]) -> bool:
        """Put what a job counts into the sites; whether there is room."""
        if not sites:
            return False
        if job is None or not job.is_classification:
            payload = _map_in(sites[0], name)
            for category, number in wanted.items():
                for _ in range(number):
                    self.keep(name, category, _annotations(payload), _annotation(self.mids, category))
            return True
        used = 0
        for category, number in wanted.items():
            start = used if job.is_single_choice and not self.holds_several else 0
            if start + number > len(sites):
                return False
            for site in sites[start : start + number]:
                chosen = _map_in(site, name).setdefault("categories", [])
                assert isinstance(chosen, list)
                self.keep(name, category, chosen, {"name": category})
            used += number
        return True

    @property
    def holds_several(self) -> bool:
        return self.ontology.is_video or self.ontology.is_conversation

    def keep(self, job: str, category: str, listed: list[object], entry: Json) -> None:
        listed.append(entry)
        self.places.setdefault((job, category), []).append(entry)


def _map_in(holder: Json, key: str) -> Json:
    found = holder.setdefault(key, {})
    assert isinstance(found, dict)
    return found


def _not_a_video(root: Json, ontology: Ontology) -> Json:
    if ontology.input_type is None and root and all(job.isascii() and job.isdigit() for job in root):
        return {**root, "-": {}}  # a root of nothing but numbers would be read as the frames of a video
    return root
