"""The questions for a server: a few searches of one counter each, over labels of the sample."""

import operator
from collections import Counter as Tally
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import chain, zip_longest

from attrs import define, frozen

from kili_query.ast import MAX_COUNT
from kili_query.audit.sample import Pair, SampledLabel
from kili_query.client.request import Request, Service
from kili_query.errors import TransportError
from kili_query.protocol import LABELS, label_where
from kili_query.wording import shape_of

_HOLDS: dict[str, Callable[[int, int], bool]] = {
    "==": operator.eq,
    ">=": operator.ge,
    "<=": operator.le,
    ">": operator.gt,
    "<": operator.lt,
}
_MAX_MEMBERS = 100
"""Maximum number of labels per search: one page, so that one request answers it."""
_MAX_PAIRS, _FEWEST_PAIRS = 3, 2
_MAX_BOUNDS = 2
_ALWAYS = ((">", 0), ("==", 0), ("<", 1), ("<=", 0), ("==", 1), (">", 1), (">=", 2), ("<=", 1))
MAX_PROBES = 2 * _MAX_PAIRS * (len(_ALWAYS) + 3 * _MAX_BOUNDS)
"""Maximum number of searches with integers in one audit, over root jobs and child jobs."""


@frozen
class Probe:
    """A comparison with an integer."""

    op: str
    bound: int

    def holds(self, number: int) -> bool:
        """Whether this number of objects meets the comparison."""
        return _HOLDS[self.op](number, self.bound)

    def search(self, pair: Pair) -> str:
        """Return the search to send."""
        return f"{pair[0]}.{pair[1]}.count {self.op} {self.bound}"


@frozen
class Observed:
    """The server's answers about one pair in one label.

    Attributes:
        label_id: the label.
        pair: the job and the category.
        count: the number of objects that we count.
        is_repeated: whether one of them appears in several frames.
        answers: whether each probe found the label.
    """

    label_id: str
    pair: Pair
    count: int
    is_repeated: bool
    answers: Mapping[Probe, bool]

    @property
    def wrong(self) -> list[Probe]:
        """The probes whose answer differs from ours."""
        return [probe for probe, is_found in self.answers.items() if probe.holds(self.count) != is_found]

    @property
    def range(self) -> tuple[int, int]:
        """The smallest and the largest count that fit the server's answers."""
        equal = [probe.bound for probe, is_found in self.answers.items() if is_found and probe.op == "=="]
        if len(equal) == 1 and equal[0] > 0:
            return equal[0], equal[0]
        above = [(probe.bound, is_found) for probe, is_found in self.answers.items() if probe.op == ">"]
        low = max((bound + 1 for bound, is_found in above if is_found), default=0)
        return low, min((bound for bound, is_found in above if not is_found and bound >= low), default=MAX_COUNT)


def choose_pairs(pairs: Iterable[Pair], labels: Sequence[SampledLabel]) -> list[Pair]:
    """Return a few pairs whose labels cover the most situations: none, one, several, in one frame or in several."""
    shown = {pair: _situations(pair, labels) for pair in pairs}
    chosen: list[Pair] = []
    seen: set[tuple[int, bool]] = set()
    while shown and len(chosen) < _MAX_PAIRS:
        best = max(shown, key=lambda pair: (len(shown[pair].keys() - seen), *_wealth(shown[pair])))
        if not shown[best].keys() - seen and len(chosen) >= _FEWEST_PAIRS:
            break
        seen |= shown.pop(best).keys()
        chosen.append(best)
    return chosen


@define
class Asker:
    """Sends searches to the server.

    Attributes:
        service: the server.
        project_id: the project whose labels are searched.
        searches: the number of searches so far.
    """

    service: Service
    project_id: str
    searches: int = 0

    def find(self, search: str, ids: Sequence[str]) -> set[str]:
        """Return the ids among these that a search finds, with one request.

        Raises:
            ServiceError: the server cannot be asked, or lists labels that are not among these.
        """
        self.searches += 1
        where = label_where(self.project_id, {"id_contains": ids}, search)
        answer = self.service.ask(Request(LABELS, {"where": where, "skip": 0, "first": len(ids)}, "id"))
        if not isinstance(answer, list) or not all(isinstance(row, dict) for row in answer):
            raise TransportError(f"the answer must be a list of objects, not {shape_of(answer)}", operation=LABELS.name)
        found = {str(row.get("id")) for row in answer}
        if strange := sorted(found.difference(ids)):
            message = f"the server lists the label `{strange[0]}`, which was not asked for"
            raise TransportError(message, operation=LABELS.name)
        return found


def observe(asker: Asker, pair: Pair, labels: Sequence[SampledLabel]) -> Iterator[Observed]:
    """Ask all probes of one pair.

    Raises:
        ServiceError: the server cannot be asked.
    """
    members = _members(pair, labels)
    ids = [label.id for label in members]
    found = {probe: asker.find(probe.search(pair), ids) for probe in _probes(pair, members)}
    for label in members:
        answers = {probe: label.id in ids_found for probe, ids_found in found.items()}
        yield Observed(label.id, pair, label.counts.get(pair, 0), pair in label.repeated, answers)


def _members(pair: Pair, labels: Sequence[SampledLabel]) -> list[SampledLabel]:
    """Return the labels to ask about: at most a page, with a share of each situation."""
    groups: dict[tuple[int, bool], list[SampledLabel]] = {}
    for label in labels:
        groups.setdefault((label.counts.get(pair, 0), pair in label.repeated), []).append(label)
    by_turns = chain.from_iterable(zip_longest(*groups.values()))
    return [label for label in by_turns if label is not None][:_MAX_MEMBERS]


def _probes(pair: Pair, members: Iterable[SampledLabel]) -> list[Probe]:
    """Return probes at 0 and 1, and at the most frequent and the greatest count above one."""
    beyond = Tally(number for label in members if (number := label.counts.get(pair, 0)) > 1)
    bounds = sorted({beyond.most_common(1)[0][0], max(beyond)}) if beyond else []
    more = [(op, bound) for bound in bounds for op in ("==", ">", "<")]
    return [Probe(op, bound) for op, bound in dict.fromkeys((*_ALWAYS, *more))]


def _situations(pair: Pair, labels: Iterable[SampledLabel]) -> Tally[tuple[int, bool]]:
    return Tally((min(label.counts.get(pair, 0), 2), pair in label.repeated) for label in labels)


def _wealth(situations: Tally[tuple[int, bool]]) -> tuple[int, int]:
    """Rank how well labels reveal errors: those with several objects first, then those with any."""
    return (
        sum(number for (count, _), number in situations.items() if count > 1),
        sum(number for (count, _), number in situations.items() if count > 0),
    )
