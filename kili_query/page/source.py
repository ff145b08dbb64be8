"""The labels that a page shows: what each backend must know of them, and how a query is answered over them."""

from abc import ABC, abstractmethod
from collections import OrderedDict
from collections.abc import Hashable, Iterator, Mapping, Sequence
from functools import cached_property
from threading import Lock, RLock
from time import monotonic
from typing import Any, Literal, TypeAlias, assert_never, get_args

from attrs import define, field, frozen

from kili_query.counting import DEFAULT_POLICY, CountPolicy, count
from kili_query.counting.label import content_of
from kili_query.errors import KiliQueryError, LabelError, MalformedLabelError
from kili_query.ontology import Ontology
from kili_query.ontology.seen import misfits, seen_ontology
from kili_query.page.images import NO_IMAGES, Images
from kili_query.places import Problem
from kili_query.query import Query, parse, validate
from kili_query.targets.closures import Matcher

Pair: TypeAlias = tuple[str, str]
Occurrences: TypeAlias = Mapping[Pair, Mapping[int, int]]
"""By job and category, how many labels hold 1, 2, … objects; 0 is left out."""

Kind: TypeAlias = Literal["memory", "file", "dataset", "cache", "project"]

ListName: TypeAlias = Literal["matching", "others", "unknown", "malformed"]
"""Which labels are listed: those that match, those that do not, and the two kinds that cannot be judged."""

LISTS: tuple[ListName, ...] = get_args(ListName)

TIME_LIMIT_S = 10.0
"""How long the contents of labels may be read for one query."""

_MOST_BROKEN = 1_000
"""How many of the records that are not labels are kept, to be listed."""

_MOST_REASONS = 20
_REMEMBERED = 16
_FEWEST, _GROWTH, _MOST = 64, 4, 4_096
"""Number of labels whose contents are read together, before the time limit is checked again."""


class TooSlowError(KiliQueryError):
    """A query that takes longer than a page can wait."""


@frozen
class Origin:
    """Where the labels of a page come from, for commands that a person copies.

    Attributes:
        path: the file, folder or cache, or the id of the project; None for labels in memory.
        kind: what is there.
        ontology: the file or cache that names are checked against; None for that of the dataset, or none.
        format: the format of a dataset, where it was named.
        endpoint: of the server of a project, where it was named.
    """

    path: str | None = None
    kind: Kind = "memory"
    ontology: str | None = None
    format: str | None = None
    endpoint: str | None = None


@frozen
class Matches:
    """The labels that match a query.

    Attributes:
        rows: their numbers, ascending.
        unknown: how many labels have no known content.
        malformed: how many labels could not be judged, and records that are not labels.
        unjudged: the numbers of the labels that could not be judged.
    """

    rows: Sequence[int]
    unknown: int
    malformed: int
    unjudged: Sequence[int] = ()


@define
class BrokenRecords:
    """The records that are not labels.

    Attributes:
        number: how many there are.
        first: the first of them, which are listed.
    """

    number: int = 0
    first: list[Problem] = field(factory=list, repr=False)

    def add(self, problem: Problem) -> None:
        """Count a record, and keep it unless there are too many."""
        self.number += 1
        if len(self.first) < _MOST_BROKEN:
            self.first.append(problem)


@define(eq=False, slots=False, kw_only=True)
class PageSource(ABC):
    """Labels by number, with their counts.

    Attributes:
        title: for people.
        ontology: the jobs and categories; None if they are not known.
        policy: how objects are counted.
        origin: where the labels come from.
        images: the images that were labeled.
        assets: what is known of assets beside what labels say, by id.
        broken_records: the records that are not labels.
        time_limit_s: how long contents may be read for one query.
    """

    title: str = "labels"
    ontology: Ontology | None = None
    policy: CountPolicy = DEFAULT_POLICY
    origin: Origin = Origin()
    images: Images = NO_IMAGES
    assets: Mapping[str, Mapping[str, object]] = field(factory=dict, repr=False)
    broken_records: BrokenRecords = field(factory=BrokenRecords)
    time_limit_s: float = TIME_LIMIT_S
    _lock: RLock = field(factory=RLock, init=False, repr=False)
    _under_way: dict[Hashable, Lock] = field(factory=dict, init=False, repr=False)
    _found: "OrderedDict[Hashable, Matches]" = field(factory=OrderedDict, init=False, repr=False)
    _others: tuple[Matches, list[int]] | None = field(default=None, init=False, repr=False)

    @property
    @abstractmethod
    def n_labels(self) -> int:
        """The number of labels, those whose content is not known included."""

    @property
    @abstractmethod
    def unknown(self) -> Sequence[int]:
        """The numbers of the labels whose content is not known."""

    @property
    @abstractmethod
    def malformed(self) -> Sequence[int]:
        """The numbers of the labels with a content that cannot be counted as a whole."""

    @property
    @abstractmethod
    def occurrences(self) -> Occurrences:
        """How often each count occurs in all labels."""

    @abstractmethod
    def counts(self, rows: Sequence[int], pairs: Sequence[Pair]) -> list[list[int | None]]:
        """Return the counts of some labels; None where they are not known."""

    @abstractmethod
    def labels(self, rows: Sequence[int]) -> list[dict[str, Any]]:
        """Return some labels as files hold them, with their contents."""

    @abstractmethod
    def facts(self, rows: Sequence[int]) -> list[dict[str, Any]]:
        """Return some labels, of which the contents may be missing."""

    @abstractmethod
    def meeting(self, query: Query) -> Sequence[int]:
        """Return the labels with counts that meet a query without conditions in brackets, ascending."""

    @abstractmethod
    def occurrences_among(self, rows: Sequence[int]) -> Occurrences:
        """Return how often each count occurs in some labels; those without counts are left out."""

    @property
    def input_type(self) -> str | None:
        """The kind of assets, as projects name it."""
        return None if self.ontology is None else self.ontology.input_type

    @property
    def n_counted(self) -> int:
        """The number of labels whose counts are known."""
        return self.n_labels - len(self.unknown) - len(self.malformed)

    @cached_property
    def names(self) -> Ontology:
        """The ontology; if there is none, the jobs and categories that labels hold."""
        return seen_ontology(self.occurrences.keys(), ()) if self.ontology is None else self.ontology

    @property
    def broken(self) -> int:
        """The number of records that are not labels."""
        return self.broken_records.number

    def why_unreadable(self) -> list[str]:
        """Return why the first records could not be read as labels; nothing if one could, or if there are none."""
        if self.n_counted:
            return []
        rows = range(min(self.n_labels, _MOST_REASONS))
        found = [*(one.reason for one in self.broken_records.first[:_MOST_REASONS]), *self.reasons(None, rows)]
        return [reason for reason in found if reason is not None]

    @cached_property
    def notes(self) -> Sequence[str]:
        """What people should know before they read figures: whether the ontology fits the labels."""
        return () if self.ontology is None else tuple(misfits(self.ontology, self.occurrences.keys()))

    def read(self, text: str) -> Query | None:
        """Return the query of a text, bound to the ontology if there is one; None for a text without a query.

        Raises:
            QueryError: the text is not a query, or the ontology has no such job or category.
        """
        if not text.strip():
            return None
        query = parse(text)
        return query if self.ontology is None else validate(query, self.ontology).bind(self.ontology)

    def find(self, query: Query | None) -> Matches:
        """Return the labels that match; all labels without a query.

        Raises:
            TooSlowError: too many contents would have to be read.
        """
        with self._lock:
            under_way = self._under_way.setdefault(query, Lock())
        with under_way:  # only requests for the same query wait for each other
            try:
                known = self._found.get(query)
                found = self._find(query) if known is None else known
            finally:
                with self._lock:
                    self._under_way.pop(query, None)
            with self._lock:
                self._remember(query, found)
            return found

    def _remember(self, query: Query | None, found: Matches) -> None:
        self._found[query] = found
        self._found.move_to_end(query)
        while len(self._found) > _REMEMBERED:
            self._found.popitem(last=False)

    def _find(self, query: Query | None) -> Matches:
        unknown, broken = len(self.unknown), self.broken
        if query is None:
            malformed = self.malformed
            return Matches(range(self.n_labels), unknown, len(malformed) + broken, malformed)
        judged = list(self._judged(self.malformed, self._matcher(query)))
        faulty = [row for row, verdict in judged if verdict]
        plan = query.plan(self.ontology, target="columns", policy=self.policy)
        rows = self.meeting(plan.pushed)
        unjudged = [row for row, verdict in judged if verdict is None]
        if plan.residual is not None:
            read = list(self._judged(rows, self._matcher(plan.residual)))
            rows = [row for row, verdict in read if verdict]
            unjudged = sorted([*unjudged, *(row for row, verdict in read if verdict is None)])
        return Matches(sorted([*rows, *faulty]) if faulty else rows, unknown, len(unjudged) + broken, unjudged)

    def find_others(self, query: Query | None) -> Sequence[int]:
        """Return the labels that were judged and do not match; none without a query.

        Raises:
            TooSlowError: too many contents would have to be read.
        """
        if query is None:
            return ()
        found = self.find(query)
        with self._lock:
            if self._others is None or self._others[0] is not found:
                left_out = {*found.rows, *self.unknown, *found.unjudged}
                self._others = (found, [row for row in range(self.n_labels) if row not in left_out])
            return self._others[1]

    def listed(self, query: Query | None, name: ListName) -> Sequence[int]:
        """Return the numbers of the labels of a list, ascending; the broken records belong to the malformed ones too.

        Raises:
            TooSlowError: too many contents would have to be read.
        """
        match name:
            case "matching":
                return self.find(query).rows
            case "others":
                return self.find_others(query)
            case "unknown":
                return self.unknown
            case "malformed":
                return self.find(query).unjudged
            case _:
                assert_never(name)

    def reasons(self, query: Query | None, rows: Sequence[int]) -> list[str | None]:
        """Return why labels cannot be judged, or cannot be counted without a query; None where they can."""
        matcher = None if query is None else self._matcher(query)
        return [self._reason(label, matcher) for label in self.labels(rows)]

    def _reason(self, label: dict[str, Any], matcher: Matcher | None) -> str | None:
        try:
            content = content_of(label)
            if matcher is None:
                count(content, ontology=self.ontology, policy=self.policy)
            else:
                matcher(content)
        except LabelError as error:
            return str(error)
        return None

    def _matcher(self, query: Query) -> Matcher:
        return query.compile(ontology=self.ontology, policy=self.policy)

    def _judged(self, rows: Sequence[int], matcher: Matcher) -> Iterator[tuple[int, bool | None]]:
        """Judge labels by their contents; None for one that is malformed where the query reads it.

        Labels without counts are judged too, because a query may be decided before it comes to what is malformed.
        """
        for row, content in self._contents(rows):
            try:
                yield row, matcher(content)
            except MalformedLabelError:
                yield row, None

    def _contents(self, rows: Sequence[int]) -> Iterator[tuple[int, object]]:
        deadline = monotonic() + self.time_limit_s
        begin, size = 0, _FEWEST
        while begin < len(rows):
            part = rows[begin : begin + size]
            begin, size = begin + size, min(_GROWTH * size, _MOST)
            if monotonic() > deadline:
                raise TooSlowError(
                    f"the query needs the content of {len(rows)} labels, which takes longer than "
                    f"{self.time_limit_s:g} seconds: run it with `kili-query match`, or ask for fewer labels"
                )
            for row, label in zip(part, self.labels(part), strict=True):
                yield row, content_of(label)
