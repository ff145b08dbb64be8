"""Counting in labels of the usual shape, decoded to the types of `shapes`.

The definition is that of `kili_query.counting`. Nothing here can be malformed, so the order of reading is free, and all
terms of a query are counted in one walk.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import lru_cache
from typing import NamedTuple, Protocol, TypeAlias

from kili_query.ast import Addend, Counter, Pattern, Term
from kili_query.ast.walk import matches_pattern
from kili_query.counting import MAX_NESTING, Rules
from kili_query.counting.label_structure import Part
from kili_query.ontology.job import METADATA_JOBS
from kili_query.targets.raw_bytes.judges import Total
from kili_query.targets.raw_bytes.names import pieces
from kili_query.targets.raw_bytes.shapes import Annotation, Jobs, Payload
from kili_query.targets.raw_bytes.sites import Place, TooDeep, object_id, point_id

__all__ = ["Tally", "tallied"]

Counts: TypeAlias = Sequence[int]
"""How many objects each term counts."""

_Found: TypeAlias = dict[tuple[int, Place], set[object]]
"""What counts, by the index of the term and where it stands: a `mid`, or something else that is one in its place."""


class _Site(NamedTuple):
    """A map of jobs and where it stands, as in `kili_query.counting.Site`."""

    jobs: Jobs
    place: Place
    frame: str | None
    is_key: bool
    depth: int


class _Names(Protocol):
    """From the name of a category to the terms that count it, where some do."""

    def __contains__(self, name: object, /) -> bool: ...

    def __getitem__(self, name: str, /) -> Sequence[int]: ...


_Wanted: TypeAlias = Callable[[str], _Names | None]
"""From the name of a job to the names of those of its categories that count."""

_NO_NAMES: _Names = {}


def tallied(terms: Sequence[Term]) -> Total[Counts]:
    """How weighted sums of terms are taken from what a `Tally` of them gives."""
    indices = {term: index for index, term in enumerate(terms)}

    def total(addends: Sequence[Addend]) -> Callable[[Counts], int]:
        weighted = [(addend.coefficient, indices[addend.counter]) for addend in addends]
        return lambda counts: sum(weight * counts[index] for weight, index in weighted)

    return total


class Tally:
    """Counts terms.

    Args:
        terms: what to count; a term is known by its index.
        rules: how labels are read.
    """

    def __init__(self, terms: Sequence[Counter | Pattern], rules: Rules) -> None:
        self._size = len(terms)
        self._video = rules.video
        self._wanted_at_root = _wanted(terms, frozenset())
        self._wanted_below = _wanted(terms, rules.root_jobs)

    def __call__(self, roots: Iterable[tuple[str | None, Jobs]]) -> Counts:
        """What is found in the root, or in each frame of a video.

        Raises:
            TooDeep: of child jobs.
        """
        found: _Found = {}
        for frame, jobs in roots:
            stack = self._visit(_Site(jobs, (), frame, False, 0), found)
            while stack:
                stack += self._visit(stack.pop(), found)
        counts = [0] * self._size
        for (index, _), ids in found.items():
            counts[index] += len(ids)
        return counts

    def _visit(self, site: _Site, found: _Found) -> list[_Site]:
        """Count what a map of jobs holds; gives the maps of child jobs below it. One loop does both, for speed."""
        jobs, place, frame, inherited, depth = site
        if depth > MAX_NESTING:
            raise TooDeep
        wanted = self._wanted_below if depth else self._wanted_at_root
        need_key = frame is not None and self._video == "key_frames"
        below: list[_Site] = []
        for job, payload in jobs.items():
            if payload is None or job in METADATA_JOBS:
                continue
            names = wanted(job) or _NO_NAMES
            is_key = _is_key(payload, inherited)
            ids: dict[str, set[object]] = {}
            for choice in payload.categories or ():
                if choice.name in names and (is_key or not need_key):
                    ids[choice.name] = {Part.CHOICE}
                if choice.children:
                    below.append(_below(site, choice.children, (place, job, Part.CHOICE, choice.name), is_key))
            if payload.children:
                below.append(_below(site, payload.children, (place, job, Part.PAYLOAD), is_key))
            for annotation in payload.annotations or ():
                for category in annotation.categories or ():
                    name = category.name
                    if name in names and not (need_key and not _is_key(annotation, is_key)):
                        own = object_id(annotation)
                        if name in ids:
                            ids[name].add(own)
                        else:
                            ids[name] = {own}
                if annotation.children or annotation.points:
                    below += _sites_in(site, job, annotation, _is_key(annotation, is_key))
            if ids:
                self._add(site, job, names, ids, found)
        return below

    def _add(self, site: _Site, job: str, names: _Names, ids: dict[str, set[object]], found: _Found) -> None:
        frame = None if self._video == "objects" else site.frame
        for name, own in ids.items():
            for index in names[name]:
                if self._video == "frames" and frame is not None:  # the frame is what counts
                    found[index, (frame, job, name)] = {None}
                    continue
                key = index, (frame, site.place, job, name)
                found[key] = found[key] | own if key in found else own


def _wanted(terms: Sequence[Counter | Pattern], left_out: frozenset[str]) -> _Wanted:
    """Which terms count the categories of a job; none for the jobs left out."""
    plain: dict[str, list[int]] = {}
    starred: list[int] = []
    for index, term in enumerate(terms):
        match pieces(term.job):
            case (job,):
                plain.setdefault(job, []).append(index)
            case _:
                starred.append(index)

    def find(job: str) -> _Names | None:
        if job in left_out:
            return None
        found = [*plain.get(job, ()), *(one for one in starred if matches_pattern(pieces(terms[one].job), job))]
        wanted = [(index, pieces(terms[index].category)) for index in found]
        if any(len(pieces) > 1 for _, pieces in wanted):
            return _NamesByPattern(wanted)
        indices: dict[str, list[int]] = {}
        for index, (name,) in wanted:
            indices.setdefault(name, []).append(index)
        return indices or None

    if not starred:
        return {job: find(job) for job in plain}.get
    return lru_cache(maxsize=1024)(find)  # names come from labels, and there may be any number of them


class _NamesByPattern:
    """From the name of a category to the terms that count it, where some of them have stars."""

    def __init__(self, wanted: Sequence[tuple[int, tuple[str, ...]]]) -> None:
        self._wanted = wanted
        self._indices = lru_cache(maxsize=1024)(self._find)

    def __contains__(self, name: object) -> bool:
        return bool(self._indices(name))

    def __getitem__(self, name: str) -> Sequence[int]:
        return self._indices(name)

    def _find(self, name: object) -> Sequence[int]:
        return [index for index, pieces in self._wanted if matches_pattern(pieces, str(name))]


def _is_key(holder: Payload | Annotation, inherited: bool) -> bool:
    return inherited if holder.isKeyFrame is None else holder.isKeyFrame


def _sites_in(site: _Site, job: str, annotation: Annotation, is_key: bool) -> Iterator[_Site]:
    """The maps of child jobs of an annotation."""
    place: Place = (site.place, job, object_id(annotation))
    if annotation.children:
        yield _below(site, annotation.children, place, is_key)
    for index, point in enumerate(annotation.points or ()):
        if point.children:
            yield _below(site, point.children, (place, Part.POINT, *point_id(point, index)), is_key)


def _below(site: _Site, jobs: Jobs, place: Place, is_key: bool) -> _Site:
    return _Site(jobs, place, site.frame, is_key, site.depth + 1)
