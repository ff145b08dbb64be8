"""Attribute each wrong answer to a trait, and find the traits that were not tested at all.

Each wrong answer counts against one trait, the simplest that explains it. For example, a server that only knows
whether a category is present also counts child jobs wrong, but only `COUNTS_BEYOND_ONE` fails.
"""

from collections.abc import Collection, Iterable, Iterator, Sequence

from attrs import define, field, frozen

from kili_query.audit.probes import Observed, Probe
from kili_query.audit.report import Disagreement, Finding, Trait, TraitResult
from kili_query.ontology import Ontology


@frozen
class _Wrong:
    """A wrong answer, and the trait that it counts against."""

    trait: Trait
    probe: Probe
    seen: Observed


def judge(root: Sequence[Observed], child: Sequence[Observed], ontology: Ontology) -> Iterator[Finding]:
    """Yield the findings on all traits except decimals.

    Args:
        root: the server's answers about pairs of root jobs.
        child: its answers about pairs of child jobs.
        ontology: the project's ontology.
    """
    wrong = [_Wrong(_against(seen, probe), probe, seen) for seen in root for probe in seen.wrong]
    failed = {one.trait for one in wrong}
    is_absence_tried = any(seen.count == 0 for seen in root)
    for seen in child:
        wrong += [
            _Wrong(_against_child(seen, probe, failed, is_absence_tried=is_absence_tried), probe, seen)
            for probe in seen.wrong
        ]
    tried = _Tried(root, child, wrong)
    for trait, lack in (
        (Trait.FINDS_PRESENT, tried.lack_of_present()),
        (Trait.FINDS_ABSENT, tried.lack_of_absent()),
        (Trait.COUNTS_BEYOND_ONE, tried.lack_beyond_one()),
        (Trait.COUNTS_CHILD_JOBS, tried.lack_of_child_jobs(ontology)),
        (Trait.COUNTS_VIDEOS, tried.lack_of_videos(ontology)),
    ):
        against = tuple(_together(one for one in wrong if one.trait is trait))
        if against:
            yield Finding(trait, TraitResult.DISAGREES, disagreements=against)
        else:
            yield Finding(trait, TraitResult.NOT_TESTED if lack else TraitResult.AGREES, lack)


def judge_conversations(seen: Sequence[Observed]) -> Finding:
    """Return the finding on conversations, whose contents are rebuilt from the service's annotations."""
    trait = Trait.COUNTS_CONVERSATIONS
    wrong = tuple(_together(_Wrong(trait, probe, one) for one in seen for probe in one.wrong))
    if wrong:
        return Finding(trait, TraitResult.DISAGREES, disagreements=wrong)
    if not any(one.count > 0 for one in seen):
        return Finding(trait, TraitResult.NOT_TESTED, "no label of the sample has an answer that was searched for")
    return Finding(trait, TraitResult.AGREES)


def _against(seen: Observed, probe: Probe) -> Trait:
    """Return the trait that a wrong answer about a root job counts against."""
    low, high = seen.range
    if seen.count == 0:
        return Trait.FINDS_ABSENT if low == 0 and probe.holds(0) else Trait.FINDS_PRESENT
    if high == 0:
        return Trait.FINDS_PRESENT
    if not low <= seen.count <= high:
        return Trait.COUNTS_VIDEOS if seen.is_repeated and low > seen.count else Trait.COUNTS_BEYOND_ONE
    return Trait.FINDS_ABSENT if probe.holds(0) else Trait.COUNTS_BEYOND_ONE


def _against_child(seen: Observed, probe: Probe, failed: Collection[Trait], *, is_absence_tried: bool) -> Trait:
    """Return the trait for a child job: a trait that failed on root jobs explains the same error here."""
    trait = _against(seen, probe)
    if trait is Trait.FINDS_ABSENT and not is_absence_tried:
        return trait
    knows_presence_alone = seen.count > 1 and seen.range == (1, 1)
    is_explained = trait in failed and (trait is not Trait.COUNTS_BEYOND_ONE or knows_presence_alone)
    return trait if is_explained and trait is not Trait.FINDS_PRESENT else Trait.COUNTS_CHILD_JOBS


def _together(wrong: Iterable[_Wrong]) -> Iterator[Disagreement]:
    """Group wrong answers into one disagreement for each search and answer."""
    labels: dict[tuple[str, bool], dict[str, int]] = {}
    for one in wrong:
        key = one.probe.search(one.seen.pair), one.seen.answers[one.probe]
        labels.setdefault(key, {})[one.seen.label_id] = one.seen.count
    return (Disagreement(search, is_found, found) for (search, is_found), found in labels.items())


@define
class _Tried:
    """The answers that were collected. Each method returns why a trait was not tested, or an empty text if it was."""

    root: Sequence[Observed]
    child: Sequence[Observed]
    wrong: Sequence[_Wrong]
    _right: list[Observed] = field(init=False)

    def __attrs_post_init__(self) -> None:
        self._right = [seen for seen in (*self.root, *self.child) if not seen.wrong]

    def lack_of_present(self) -> str:
        shown = any(seen.count > 0 for seen in self.root)
        return "" if shown else "no label of the sample has an answer to a root job"

    def lack_of_absent(self) -> str:
        shown = any(seen.count == 0 for seen in self._right)
        return "" if shown else "no label of the sample is without the category that was searched for"

    def lack_beyond_one(self) -> str:
        shown = any(seen.count > 1 for seen in self._right)
        return "" if shown else "no label of the sample shows it, such as one with two objects of a category"

    def lack_of_child_jobs(self, ontology: Ontology) -> str:
        if not any(job.is_child and job.has_categories for job in ontology.jobs.values()):
            return "the project has no child job with categories"
        blamed_elsewhere = {id(one.seen) for one in self.wrong if one.trait is not Trait.COUNTS_CHILD_JOBS}
        telling = [seen for seen in self.child if not seen.wrong or id(seen) in blamed_elsewhere]
        if not any(seen.count > 0 and not seen.wrong for seen in self.child):
            return "no label of the sample shows it: none has an answer to a child job"
        if not any(seen.count > 1 for seen in telling):
            return "no label of the sample shows it: none holds a category of a child job twice"
        return ""

    def lack_of_videos(self, ontology: Ontology) -> str:
        if not ontology.is_video:
            return "the project has no videos"
        shown = any(seen.is_repeated and not seen.wrong for seen in self.root)
        return "" if shown else "no label of the sample shows it, such as one with an object in several frames"
