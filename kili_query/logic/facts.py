"""Facts that an ontology states about the counts of a label that obeys it.

Old or imported labels may not: facts serve verdicts and warnings, and never change the query that runs.
"""

from collections.abc import Iterable, Iterator

from attrs import frozen

from kili_query.ast import (
    Addend,
    CompareOp,
    Comparison,
    Constant,
    Counter,
    Filtered,
    Linear,
    Predicate,
    Term,
    disjunction,
    terms,
)
from kili_query.logic.intervals import Interval
from kili_query.logic.literals import Bounds
from kili_query.ontology import Job, JobCategory, Ontology, VideoPolicy
from kili_query.ontology.job import METADATA_JOBS
from kili_query.ontology.nesting import can_stand
from kili_query.syntax.printer import print_name
from kili_query.wording import listed


@frozen
class Fact:
    """One thing that holds of all labels.

    Attributes:
        predicate: what, over the counters of the query and those that they hang on.
        reason: why, in words.
    """

    predicate: Predicate
    reason: str


def metadata_facts(trees: Iterable[Predicate]) -> Iterator[Fact]:
    """Metadata looks like jobs, but is never counted."""
    for counter in _mentioned(trees):
        if counter.job in METADATA_JOBS:
            yield Fact(
                Comparison(counter, CompareOp.EQ, 0), f"`{counter.job}` is metadata, in which nothing is counted"
            )


def ontology_facts(
    trees: Iterable[Predicate],
    ontology: Ontology,
    *,
    labels_are_complete: bool = False,
    video: VideoPolicy = "objects",
) -> Iterator[Fact]:
    """All that bears on the counters of some bound trees.

    A root classification counts each category at most once, and a single choice one category in all, but for videos
    and conversations, where each frame or round may hold another. A child job counts nothing without a parent, and a
    child classification each category once for each parent at most. Counters of parents come in where they must.

    Args:
        trees: bound predicates.
        ontology: of the labels.
        labels_are_complete: whether required jobs hold something.
        video: what is counted in a video. Where frames count, a classification counts once for each of them; where key
            frames do, a child answer may have one in a frame where its parent has none.

    >>> from kili_query.syntax import parse_tree, print_tree
    >>> ontology = Ontology.from_json_interface({"jobs": {"SKY": {"mlTask": "CLASSIFICATION", "content": {
    ...     "input": "radio", "categories": {"BLUE": {}, "GREY": {}}}}}})
    >>> tree = parse_tree("SKY.BLUE.count > 0 AND SKY.GREY.count > 0")
    >>> [print_tree(fact.predicate) for fact in ontology_facts([tree], ontology)]
    ['SKY.BLUE.count <= 1', 'SKY.GREY.count <= 1', 'SKY.BLUE.count + SKY.GREY.count <= 1']
    """
    return _Facts(ontology, labels_are_complete, video).of(_mentioned(trees))


def bounds_of(facts: Iterable[Fact]) -> Bounds:
    """The ranges that facts give to single counters."""
    bounds: dict[Term, Interval] = {}
    for fact in facts:
        match fact.predicate:
            case Comparison(counter, CompareOp.LE | CompareOp.EQ, high):
                bounds[counter] = 0, high
            case _:
                pass
    return bounds


def _mentioned(trees: Iterable[Predicate]) -> list[Counter]:
    """The counters of whole labels: what stands in brackets counts the children of one object."""
    found: dict[Counter, None] = {}
    for tree in trees:
        found.update(dict.fromkeys(_outer(tree)))
    return list(found)


class _Facts:
    """The facts of one question: counters are added while it finds whom they hang on."""

    def __init__(self, ontology: Ontology, labels_are_complete: bool, video: VideoPolicy) -> None:
        self.ontology = ontology
        self.labels_are_complete = labels_are_complete
        may_be_video = ontology.is_video or ontology.input_type is None
        self.video = video if may_be_video else "objects"
        self.known: dict[Counter, None] = {}
        self.done = 0

    def of(self, mentioned: Iterable[Counter]) -> Iterator[Fact]:
        self.known.update(dict.fromkeys(mentioned))
        yield from self.of_counters()
        if self.labels_are_complete and self.video != "key_frames":  # an answer need not have a key frame
            yield from self.required()  # only now, when all that the counters hang on are known
            yield from self.of_counters()
        for name in dict.fromkeys(counter.job for counter in self.known):
            job = self.ontology.jobs.get(name)
            if job is not None:
                yield from self.of_job(job)

    def of_counters(self) -> Iterator[Fact]:
        """Yield the bounds of each known counter; its parents are added behind it, and so are theirs."""
        while self.done < len(self.known):
            counter = list(self.known)[self.done]
            self.done += 1
            job = self.ontology.jobs.get(counter.job)
            if job is not None:
                yield from self.of_counter(counter, job)

    def required(self) -> Iterator[Fact]:
        for job in self.ontology.jobs.values():
            if not (job.is_required and job.categories) or job.is_child or job.name in METADATA_JOBS:
                continue
            held = self.categories_in(job)
            for key in job.categories:  # one that is not known stands for all that are not
                counter = Counter(job.name, key)
                if counter not in self.known:
                    self.known[counter] = None
                    held.append(counter)
                    break
            yield Fact(_sum(held, CompareOp.GE, 1), f"`{job.name}` is required")

    def categories_in(self, job: Job) -> list[Counter]:
        return [counter for counter in self.known if counter.job == job.name and counter.category in job.categories]

    def of_counter(self, counter: Counter, job: Job) -> Iterator[Fact]:
        """Yield the bounds of one counter."""
        if job.is_child:
            yield from self.of_child(counter, job)
        elif job.is_classification and self.video == "objects":
            yield Fact(
                Comparison(counter, CompareOp.LE, 1),
                f"`{job.name}` is a classification, where a category counts once at most",
            )

    def of_child(self, counter: Counter, job: Job) -> Iterator[Fact]:
        if not can_stand(job.name, self.ontology):
            yield Fact(Comparison(counter, CompareOp.EQ, 0), f"`{job.name}` can never stand in a label")
            return
        parents = None if self.video == "key_frames" else self.parents(job)
        if parents is None:
            return
        reason = f"`{job.name}` stands only below {_listed(parents)}"
        if job.is_classification:
            weighted = tuple(Addend(weight, parent) for parent, weight in parents.items())
            yield Fact(Linear((*weighted, Addend(-1, counter)), CompareOp.GE, 0), reason)
        else:
            without = Comparison(counter, CompareOp.EQ, 0)
            yield Fact(disjunction((without, _sum(list(parents), CompareOp.GE, 1))), reason)

    def parents(self, job: Job) -> dict[Counter, int] | None:
        """The counters below which a child job stands, and how often it may stand below one object of each.

        None where it may stand below what is not counted. Of parents that nothing else is asked of, one that has no
        bound stands for all.
        """
        if any(key not in self.ontology.jobs[parent].categories for parent, key in job.parents):
            return None
        places = {
            Counter(parent, key): _places(self.ontology.jobs[parent].categories[key], job.name)
            for parent, key in job.parents
        }
        known = {counter: weight for counter, weight in places.items() if counter in self.known}
        free = [counter for counter in places if counter not in known and self.is_free(counter)]
        if free:
            known[free[0]] = places[free[0]]
        else:
            known = places
        self.known.update(dict.fromkeys(known))
        return known

    def is_free(self, counter: Counter) -> bool:
        """Whether it has no bound."""
        job = self.ontology.jobs[counter.job]
        return not job.is_child and not job.is_classification

    def of_job(self, job: Job) -> Iterator[Fact]:
        """Yield the bounds of the sum of categories of one job."""
        several = self.ontology.is_video or self.video != "objects" or self.ontology.is_conversation
        if not job.is_single_choice or several:
            return
        held = self.categories_in(job)
        if not held:
            return
        reason = f"`{job.name}` holds one category at most"
        if not job.is_child:
            if len(held) > 1:
                yield Fact(_sum(held, CompareOp.LE, 1), reason)
            return
        parents = self.parents(job) if len(held) > 1 and can_stand(job.name, self.ontology) else None
        if parents is not None:
            weighted = [Addend(weight, parent) for parent, weight in parents.items()]
            taken = [Addend(-1, counter) for counter in held]
            yield Fact(Linear((*weighted, *taken), CompareOp.GE, 0), f"{reason} for each parent")


def _outer(tree: Predicate) -> Iterator[Counter]:
    for term in terms(tree):
        match term:
            case Counter() as counter:
                yield counter
            case Filtered(Counter() as counter):
                yield counter
            case _:
                pass


def _places(category: JobCategory, child: str) -> int:
    """How often a child job may stand below one object: once, and once more in each point that has it."""
    return 1 + sum(child in point.children for point in category.points)


def _sum(held: list[Counter], op: CompareOp, bound: int) -> Predicate:
    if not held:
        return Constant(not bound > 0)
    if len(held) == 1:
        return Comparison(held[0], op, bound)
    return Linear(tuple(Addend(1, counter) for counter in held), op, bound)


_MAX_LISTED = 3


def _listed(counters: Iterable[Counter]) -> str:
    names = [f"`{print_name(one.job)}.{print_name(one.category)}`" for one in counters]
    return listed(names, _MAX_LISTED)
