"""Drift: how an ontology changed between two versions of a cache, and which queries changed meaning with it."""

from collections import Counter as Tally
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Literal, TypeAlias, TypeVar

from attrs import evolve, field, frozen

from kili_query.ast import Constant, Pattern, counters
from kili_query.counting import DEFAULT_POLICY, CountPolicy
from kili_query.diagnostics import Diagnostic, Edit, Severity
from kili_query.errors import QueryError
from kili_query.lint import apply_edits
from kili_query.ontology import Job, JobCategory, Ontology
from kili_query.ontology.names import categories_called, jobs_called, resolve
from kili_query.ontology.use import Use, uses
from kili_query.query import Query, parse
from kili_query.source import Span
from kili_query.syntax.printer import print_counter, print_name
from kili_query.verdicts import equivalent
from kili_query.wording import listed, shortened

ChangeKind: TypeAlias = Literal["vanished", "appeared", "renamed", "changed"]
DriftKind: TypeAlias = Literal[
    "same", "invalid", "different", "constant", "valid_now", "invalid_in_both", "not_a_query"
]

CHANGED_MEANING: frozenset[DriftKind] = frozenset({"invalid", "different", "constant"})
"""How a query changed its meaning."""

_LISTED = 5
_LONGEST = 300
_Named = TypeVar("_Named", Job, JobCategory)


@frozen
class OntologyChange:
    """A job or category that differs between two ontologies.

    Attributes:
        kind: what happened to it.
        job: its key, or that of its job; as it was, where it existed before.
        category: its key; None for a job.
        what: what differs: ``key``, ``display name``, ``task``, ``input``, ``tools``, ``parents``; empty for a job or
            category that vanished or appeared.
        before, after: the two values.

    >>> print(OntologyChange("renamed", "OBJECTS", "CAR", "key", "CAR", "VEHICLE"))
    OBJECTS.CAR renamed: its key was `CAR` and is now `VEHICLE`
    """

    kind: ChangeKind
    job: str
    category: str | None = None
    what: str = ""
    before: str | None = None
    after: str | None = None

    def __str__(self) -> str:
        name = print_name(self.job) if self.category is None else _pair(self.job, self.category)
        if not self.what:
            return f"{name} {self.kind}"
        was, now = ("were", "are") if self.what in ("parents", "tools") else ("was", "is")
        before, after = ("none" if value is None else f"`{value}`" for value in (self.before, self.after))
        return f"{name} {self.kind}: its {self.what} {was} {before} and {now} now {after}"


@frozen
class QueryDrift:
    """A query, and what became of it.

    Attributes:
        text: the query.
        kind: ``same``; ``invalid``, which it was not; ``different``, because its text means something else;
            ``constant``, because it now matches all labels that obey the ontology or none; ``valid_now``, which it was
            not; ``invalid_in_both``; or ``not_a_query``.
        reasons: why.
        rewritten: the query that means now what this one meant before, where renames make that certain.
        entered, left: how many labels entered and left its answer, or that of the rewritten query, which changes of
            labels cause, too; None where that is not known.
    """

    text: str
    kind: DriftKind
    reasons: tuple[str, ...] = ()
    rewritten: str | None = None
    entered: int | None = None
    left: int | None = None

    @property
    def has_changed(self) -> bool:
        """Whether the query changed meaning."""
        return self.kind in CHANGED_MEANING


@frozen
class Drift:
    """What changed between two versions of a cache.

    Attributes:
        before, after: the numbers of the versions.
        changes: how the ontology changed.
        queries: what became of each query, in the order in which they were given.
    """

    before: int
    after: int
    changes: tuple[OntologyChange, ...]
    queries: tuple[QueryDrift, ...]

    @property
    def changed_queries(self) -> tuple[QueryDrift, ...]:
        """The queries that changed meaning."""
        return tuple(one for one in self.queries if one.has_changed)


@frozen
class OntologyPair:
    """Two ontologies, and what in the one is certainly the same as in the other.

    Attributes:
        old, new: the ontologies.
        jobs: the new key of each old job that still exists.
        categories: the new keys of each old job and category that still exist.

    >>> def ontology(**categories):
    ...     named = {key: {"name": name} for key, name in categories.items()}
    ...     return Ontology.from_json_interface(
    ...         {"jobs": {"J": {"mlTask": "OBJECT_DETECTION", "content": {"categories": named}}}})
    >>> pair = OntologyPair.of(ontology(CAR="Car", BUS="Bus"), ontology(VEHICLE="Car"))
    >>> [str(change) for change in pair.changes()]
    ['J.CAR renamed: its key was `CAR` and is now `VEHICLE`', 'J.BUS vanished']
    >>> pair.drift_of("J.CAR.count > 2").rewritten
    'J.VEHICLE.count > 2'
    """

    old: Ontology
    new: Ontology
    jobs: Mapping[str, str]
    categories: Mapping[tuple[str, str], tuple[str, str]]
    _aligned: Ontology = field(repr=False)

    @classmethod
    def of(cls, old: Ontology, new: Ontology) -> "OntologyPair":
        """Compare two ontologies. A key that exists in both is the same; another one is certainly the same if it has
        the display name and the kind of one that is gone, and no other one has that name.
        """
        jobs = _survivors(old.jobs, new.jobs, _is_same_job)
        pairs = {
            (before, key): (after, other)
            for before, after in jobs.items()
            for key, other in _same_categories(old.jobs[before], new.jobs[after]).items()
        }
        return cls(old, new, jobs, pairs, _in_order(old, new, jobs, pairs))

    def changes(self) -> Iterator[OntologyChange]:
        """Yield the jobs and categories that differ: those that existed before first, in their order."""
        for name, job in self.old.jobs.items():
            if name not in self.jobs:
                yield OntologyChange("vanished", name)
                continue
            other = self.new.jobs[self.jobs[name]]
            yield from self._job_changes(job, other)
            for key, category in job.categories.items():
                if (name, key) not in self.categories:
                    yield OntologyChange("vanished", name, key)
                    continue
                same = other.categories[self.categories[name, key][1]]
                yield from _renames(name, key, (key, same.key), (category.name, same.name))
        jobs, pairs = set(self.jobs.values()), set(self.categories.values())
        for name, job in self.new.jobs.items():
            if name not in jobs:
                yield OntologyChange("appeared", name)
            else:
                yield from (OntologyChange("appeared", name, key) for key in job.categories if (name, key) not in pairs)

    def _job_changes(self, old: Job, new: Job) -> Iterator[OntologyChange]:
        yield from _renames(old.name, None, (old.name, new.name), (old.instruction, new.instruction))
        parents = {self.categories.get(one, one) for one in old.parents}
        facts = (
            ("task", old.ml_task or None, new.ml_task or None),
            ("input", old.input, new.input),
            ("tools", _joined(old.tools), _joined(new.tools)),
            ("parents", _pairs(old, old.parents), _pairs(new, new.parents)),
        )
        for what, before, after in facts:
            is_same = (
                parents == set(new.parents) and old.is_child == new.is_child if what == "parents" else before == after
            )
            if not is_same:
                yield OntologyChange("changed", old.name, None, what, before, after)

    def drift_of(self, query: str | Query, policy: CountPolicy = DEFAULT_POLICY) -> QueryDrift:
        """Return what became of a query.

        Args:
            query: a query or its text.
            policy: how objects are counted.
        """
        try:
            read = parse(query) if isinstance(query, str) else parse(query.text, dialect=query.dialect, name=query.name)
        except QueryError as error:
            return QueryDrift(str(query), "not_a_query", tuple(_messages(error)))
        text = read.text
        before, after = _bound(read, self.old), _bound(read, self._aligned)
        match before, after:
            case Query(), Query():
                kind, reasons = self._difference(before, after, policy)
            case Query(), QueryError():
                kind, reasons = "invalid", tuple(_messages(after))
            case QueryError(), Query():
                return QueryDrift(text, "valid_now", tuple(_messages(before)))
            case _:
                assert isinstance(after, QueryError)
                return QueryDrift(text, "invalid_in_both", tuple(_messages(after)))
        rewritten = self._rewritten(read, before) if kind in CHANGED_MEANING else None
        return QueryDrift(text, kind, reasons, rewritten)

    def _difference(self, before: Query, after: Query, policy: CountPolicy) -> tuple[DriftKind, tuple[str, ...]]:
        """Compare what a query that is valid in both meant with what it means."""
        always = [_constant(one, ontology, policy) for one, ontology in ((before, self.old), (after, self.new))]
        if always[1] is not None and always[0] != always[1]:
            which = "every label" if always[1] else "no label"
            return "constant", (f"{which} that obeys the ontology matches it now", *_meanings(before, after))
        if not _is_same(before, after):
            return "different", tuple(_meanings(before, after))
        if always[0] != always[1]:
            which = "every label" if always[0] else "no label"
            return "different", (f"{which} that obeyed the ontology matched it, which is no longer so",)
        return "same", ()

    def _rewritten(self, query: Query, before: Query) -> str | None:
        """Rewrite a query by the renames; None if the result would not mean exactly what the query meant."""
        text = self._renamed(query)
        meant = self._renamed(_read(before))
        if text is None or meant is None or text == query.text:
            return None
        try:
            bound, wanted = (_bound(parse(one, dialect=query.dialect), self._aligned) for one in (text, meant))
        except QueryError:  # longer than a query may be
            return None
        is_certain = isinstance(bound, Query) and isinstance(wanted, Query) and _is_same(bound, wanted)
        return text if is_certain else None

    def _renamed(self, query: Query) -> str | None:
        """Return the text with names that the new ontology knows; None if it names what does not exist any more."""
        edits: dict[Span, Edit] = {}
        for use in uses(query.tree, self.old):
            found = list(self._name_edits(use))
            if None in found:
                return None
            edits |= {one.span: one for one in found if one is not None}
        return apply_edits(query.text, list(edits.values()))

    def _name_edits(self, use: Use) -> Iterator[Edit | None]:
        """Yield the edits of one name: none for a name with stars, and None for one without a successor."""
        if use.job_name is None:
            return
        match jobs_called(use.job_name, self.old):
            case (old_job,) if old_job.name in self.jobs:
                job = self.new.jobs[self.jobs[old_job.name]]
            case _:
                yield None
                return
        if jobs_called(use.job_name, self.new) != (job,):
            yield Edit(use.term.job_span, print_name(job.name))
        if isinstance(use.term, Pattern):
            return
        bound = resolve(use.term, self.old)
        same = self.categories.get((bound.job, bound.category))
        if same is None:
            yield None
        elif [one.key for one in categories_called(use.term.category, job)] != [same[1]]:
            written = '"count"' if same[1] == "count" else print_name(same[1])  # bare, it is the keyword
            yield Edit(use.term.category_span, written)


def _survivors(
    old: Mapping[str, _Named], new: Mapping[str, _Named], is_same: Callable[[_Named, _Named], bool]
) -> dict[str, str]:
    """Return the new key of each old one that still exists, under its key or certainly under another one."""
    names_before, names_after = Tally(map(_display_name, old.values())), Tally(map(_display_name, new.values()))
    appeared = {_display_name(one): key for key, one in new.items() if key not in old}
    found: dict[str, str] = {}
    for key, one in old.items():
        name = _display_name(one)
        if key in new:
            found[key] = key
        elif name and name in appeared and names_before[name] == names_after[name] == 1:
            other = appeared[name]
            if is_same(one, new[other]):
                found[key] = other
    return found


def _display_name(one: Job | JobCategory) -> str | None:
    return one.instruction if isinstance(one, Job) else one.name


def _is_same_job(old: Job, new: Job) -> bool:
    """Whether two jobs of one display name are the same: their kind, and all categories of one of them."""
    names = [{category.name for category in job.choices()} for job in (old, new)]
    is_alike = names[0] <= names[1] or names[1] <= names[0]
    return is_alike and (old.ml_task, old.input, old.is_child) == (new.ml_task, new.input, new.is_child)


def _same_categories(old: Job, new: Job) -> dict[str, str]:
    is_one_kind = old.ml_task == new.ml_task
    return _survivors(old.categories, new.categories, lambda *_: is_one_kind)


def _in_order(
    old: Ontology, new: Ontology, jobs: Mapping[str, str], pairs: Mapping[tuple[str, str], tuple[str, str]]
) -> Ontology:
    """Return the new ontology in the order of the old one, so that patterns expand to what can be compared."""
    ordered: dict[str, Job] = {}
    for name in dict.fromkeys([*jobs.values(), *new.jobs]):
        job = new.jobs[name]
        keys = [key for one, key in pairs.values() if one == name]
        ordered[name] = evolve(
            job, categories={key: job.categories[key] for key in dict.fromkeys([*keys, *job.categories])}
        )
    return evolve(new, jobs=ordered)


def _renames(
    job: str, category: str | None, keys: tuple[str, str], names: tuple[str | None, str | None]
) -> Iterator[OntologyChange]:
    for what, (before, after) in (("key", keys), ("display name", names)):
        if before != after:
            yield OntologyChange("renamed", job, category, what, before, after)


def _bound(query: Query, ontology: Ontology) -> Query | QueryError:
    try:
        return query.bind(ontology)
    except QueryError as error:
        return error


def _read(query: Query) -> Query:
    """Return the query with places in its text."""
    return parse(str(query), dialect=query.dialect)


def _is_same(before: Query, after: Query) -> bool:
    return before.tree == after.tree or equivalent(before, after).value is True


def _constant(query: Query, ontology: Ontology, policy: CountPolicy) -> bool | None:
    match query.simplify(ontology, policy=policy).tree:
        case Constant(value):
            return value
        case _:
            return None


def _messages(error: QueryError) -> Iterator[str]:
    """Yield what is wrong with a query, and what was probably meant."""
    for one in error.diagnostics:
        if one.severity is Severity.ERROR:
            yield one.message + _advice(one)


def _advice(found: Diagnostic) -> str:
    return "" if found.help is None else f"; {found.help.text}"


def _meanings(before: Query, after: Query) -> Iterator[str]:
    """Yield what a query counted before and what it counts now."""
    was, now = (list(dict.fromkeys(map(print_counter, counters(one.tree)))) for one in (before, after))
    gone = [f"`{one.removesuffix('.count')}`" for one in was if one not in now]
    come = [f"`{one.removesuffix('.count')}`" for one in now if one not in was]
    if gone:
        yield f"it counted {listed(gone, _LISTED)}, and no longer does"
    if come:
        yield f"it now counts {listed(come, _LISTED)}"
    if not gone and not come and before.tree != after.tree:
        yield f"it meant `{shortened(str(before), _LONGEST)}` and now means `{shortened(str(after), _LONGEST)}`"


def _pair(job: str, category: str) -> str:
    return f"{print_name(job)}.{print_name(category)}"


def _joined(names: Iterable[str]) -> str | None:
    return ", ".join(sorted(names)) or None


def _pairs(job: Job, parents: Iterable[tuple[str, str]]) -> str | None:
    return _joined(_pair(*one) for one in parents) or ("unknown" if job.is_child else None)
