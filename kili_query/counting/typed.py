"""Count in labels decoded to typed structs: a fast way for labels of the usual shape, beside the plain one in `found`.

The structs name the fields that count, and msgspec ignores all others without decoding them. What does not fit, the
plain way counts or rejects, from the start: an unusual label costs time and changes no count. So this module has no
messages, and the order of reading is free. Needs msgspec (extra ``fast``).

INVARIANT: where a value fits a struct, the definition of counting finds nothing malformed in it, except for the depth
of its child jobs. The converse need not hold: a `mid` may also be a number, which does not fit.
"""

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from itertools import chain
from types import GenericAlias
from typing import Annotated, Any, ClassVar, Generic, Protocol, TypeAlias, TypedDict, TypeVar, cast

import msgspec
from msgspec import Meta, Struct, defstruct

from kili_query.ast import Counter, Pattern
from kili_query.ast.walk import matches_pattern
from kili_query.conversations import ANNOTATIONS
from kili_query.counting.decoding import has_long_number, is_sound
from kili_query.counting.label_structure import MAX_NESTING, is_video, repeated_frame
from kili_query.counting.objects import Wanted
from kili_query.counting.policy import Rules
from kili_query.ontology.job import METADATA_JOBS

_ASSET_LEVEL = "assetLevel"
_BY_SHAPE = Rules()
_REMEMBERED = 1024  # names come from labels, and there may be any number of them

_T = TypeVar("_T")


# Structs hold no cycles, so the garbage collector need not track them.


class Choice(Struct, gc=False):
    """A chosen category, and the child jobs below it."""

    name: str
    children: "Jobs | None" = None


class _NoJobs(Struct, gc=False, forbid_unknown_fields=True):
    """An empty map of jobs."""


class ObjectCategory(Struct, gc=False):
    """A category of an annotation: the child jobs of an object stand beside it, in the annotation."""

    name: str
    children: _NoJobs | None = None


class _PosePoint(Struct, gc=False):
    """A point of a pose."""

    mid: str | None = None
    code: str | None = None
    children: "Jobs | None" = None


class _Annotation(Struct, gc=False):
    """An annotation: one part of an object."""

    categories: list[ObjectCategory] | None = None
    mid: str | None = None
    isKeyFrame: bool | None = None  # noqa: N815 - as in labels
    children: "Jobs | None" = None
    points: list[_PosePoint] | None = None


class Payload(Struct, gc=False):
    """A job response."""

    categories: list[Choice] | None = None
    annotations: list[_Annotation] | None = None
    isKeyFrame: bool | None = None  # noqa: N815 - as in labels
    children: "Jobs | None" = None


Jobs: TypeAlias = dict[str, Payload | None]
"""A map of jobs, at the root or below."""

Frames: TypeAlias = dict[str, Jobs | None]
"""The root of a video."""


class _RootCategory(Struct, gc=False):
    """A category without its child jobs, for queries that do not look there."""

    name: str
    children: ClassVar[None] = None


class _RootAnnotation(Struct, gc=False):
    categories: list[_RootCategory] | None = None
    mid: str | None = None
    isKeyFrame: bool | None = None  # noqa: N815 - as in labels
    children: ClassVar[None] = None
    points: ClassVar[None] = None


class _RootPayload(Struct, gc=False):
    categories: list[_RootCategory] | None = None
    annotations: list[_RootAnnotation] | None = None
    isKeyFrame: bool | None = None  # noqa: N815 - as in labels
    children: ClassVar[None] = None


_Place: TypeAlias = tuple[object, ...]
"""Where a map of jobs stands, as in `counting.Site`. Instead of a `Part` it has None, which is hashed faster and equals
no id and no name; what surrounds it differs between the parts."""

TypedSite: TypeAlias = tuple[Jobs, _Place, str | None, bool]
"""A map of jobs, its place, the frame of a video, and whether the parent has a key frame: see `counting.Site`."""


class TooDeep(Exception):  # noqa: N818 - it says what the label is
    """Child jobs are nested deeper than they may be."""


class LabelReader:
    """Decodes labels as far as counting needs.

    Args:
        rules: how labels are read.
        at: the field of a label that holds its content, an object or JSON text; empty when the label is the content.
        jobs: the only jobs that will be counted, all of them at the root; None when any job may be.
        with_children: whether child jobs are decoded too.
        with_videos: whether frames are read; otherwise a video is unusual.
        base: a struct with other fields of the label to decode.
    """

    def __init__(
        self,
        rules: Rules,
        at: str,
        *,
        jobs: Iterable[str] | None = None,
        with_children: bool = True,
        with_videos: bool = True,
        base: type[Struct] = Struct,
    ) -> None:
        self._at = at
        self._is_by_shape = rules.is_video is None
        self._kinds: list[_Kind] = []
        if at and not _is_plain_name(at):
            return
        payload = _or_null(Payload if with_children else _RootPayload)
        of_all: object = GenericAlias(dict, (str, payload))
        of_some = of_all if jobs is None else _jobs_type(list(jobs), payload) or of_all
        if rules.is_video is not True:  # all keys are needed to see whether they are frames
            self._kinds.append(_Kind(of_all if self._is_by_shape else of_some, at, base, self._image))
        if rules.is_video is not False and with_videos:
            self._kinds.append(_Kind(GenericAlias(dict, (str, _or_null(of_some))), at, base, _frames))

    def __call__(self, data: bytes) -> "tuple[object, list[TypedSite]] | None":
        """Decode a label to the struct and the maps of jobs at the root of its content; None when it is unusual."""
        if not is_sound(data):
            return None
        for kind in self._kinds:
            try:
                label: Any = kind.label.decode(data)
                content: Any = label.content if self._at else label
                if isinstance(content, str):
                    if has_long_number(content.encode()):
                        return None
                    content = kind.content.decode(content)
                sites = None if content is None else kind.sites(content)
            except (msgspec.MsgspecError, RecursionError):
                continue
            if sites is not None:
                return label, sites
        return None

    def convert(self, content: object) -> list[TypedSite] | None:
        """Find the maps of jobs in a decoded content."""
        for kind in self._kinds:
            try:
                sites = kind.sites(msgspec.convert(content, kind.type))
            except (msgspec.MsgspecError, RecursionError):
                continue
            if sites is not None:
                return sites
        return None

    def _image(self, jobs: Jobs) -> list[TypedSite] | None:
        return None if self._is_by_shape and _looks_like_video(jobs) else [(jobs, (), None, False)]


class _Kind:
    """How the labels of images, or of videos, are decoded."""

    def __init__(
        self, content: object, at: str, base: type[Struct], sites: Callable[[Any], list[TypedSite] | None]
    ) -> None:
        self.type = cast("type[object]", content)
        self.sites = sites
        self.content = msgspec.json.Decoder(self.type)
        self.label = msgspec.json.Decoder(_label_type(content, at, base) if at else self.type)


def _label_type(content: object, at: str, base: type[Struct]) -> type[object]:
    """The struct of a label whose field ``at`` holds the content, or its text.

    With ``annotations`` beside it, from which the content may have to be rebuilt, no label fits.
    """
    fields: list[tuple[str, Any, object]] = [("content", cast("type", content) | str | None, None)]
    if at != ANNOTATIONS:
        fields.append((ANNOTATIONS, Annotated[list[object], Meta(max_length=0)] | None, None))
    return defstruct("Label", fields, bases=(base,), rename={"content": at}, kw_only=True, gc=False)


# msgspec 0.22 does not find keys beyond ASCII in a `TypedDict`, and what needs an escape is better not tried.
_PLAIN_NAME = re.compile(r"[ !#-\[\]-~]+")


def _is_plain_name(name: str) -> bool:
    """Whether msgspec finds a key of this name, and no other instead."""
    return _PLAIN_NAME.fullmatch(name) is not None


def _jobs_type(jobs: list[str], payload: object) -> object | None:
    """The type of a map of jobs from which only these are decoded; None where msgspec cannot name them."""
    if not all(map(_is_plain_name, jobs)):
        return None
    # a static checker wants names that are written down; here they are data
    make = cast("Callable[..., object]", TypedDict)
    return make("Jobs", dict.fromkeys(jobs, payload), total=False)


def _or_null(kind: object) -> object:
    return cast("type", kind) | None


def _frames(frames: Frames) -> list[TypedSite] | None:
    if (frames and not _looks_like_video(frames)) or repeated_frame(frames) is not None:
        return None  # there are jobs beside the frames, or one frame twice
    return [
        (jobs, (), None if key == _ASSET_LEVEL else key, False)
        for key, jobs in frames.items()
        if jobs is not None and key not in METADATA_JOBS
    ]


def _looks_like_video(root_keys: Collection[str]) -> bool:
    """Whether all keys at the root are those of a video."""
    for key in root_keys:
        if not key.isdigit() and key != _ASSET_LEVEL and key not in METADATA_JOBS:
            return False  # the first key tells most images
    return is_video(dict.fromkeys(root_keys), _BY_SHAPE)


def with_all_below(sites: list[TypedSite], depth: int = 0) -> list[TypedSite]:
    """Add all maps of child jobs to those given, which stand below so many levels.

    Raises:
        TooDeep: child jobs are nested deeper than they may be.
    """
    found = sites
    while sites := _directly_below(sites):
        depth += 1
        if depth > MAX_NESTING:
            raise TooDeep
        found = found + sites
    return found


def _directly_below(sites: list[TypedSite]) -> list[TypedSite]:
    # Most annotations hold no child jobs: one loop finds that out, without calls.
    below: list[TypedSite] = []
    for jobs, place, frame, inherited in sites:
        for job, payload in jobs.items():
            if payload is None or job in METADATA_JOBS:
                continue
            is_key = inherited if payload.isKeyFrame is None else payload.isKeyFrame
            if payload.annotations:
                for annotation in payload.annotations:
                    if annotation.children or annotation.points:
                        below += _below_object(annotation, (place, job, _id(annotation)), frame, is_key)
            if payload.categories:
                for category in payload.categories:
                    if category.children:
                        below.append((category.children, (place, job, None, category.name), frame, is_key))
            if payload.children:
                below.append((payload.children, (place, job, None), frame, is_key))
    return below


def _below_object(annotation: _Annotation, place: _Place, frame: str | None, inherited: bool) -> list[TypedSite]:
    """The maps of child jobs in an annotation and its points."""
    is_key = inherited if annotation.isKeyFrame is None else annotation.isKeyFrame
    below: list[TypedSite] = [(annotation.children, place, frame, is_key)] if annotation.children else []
    for index, point in enumerate(annotation.points or ()):
        if point.children:
            if point.mid is not None:
                own: _Place = ("mid", point.mid)
            else:
                own = ("code", point.code) if point.code is not None else ("index", index)
            below.append((point.children, (place, None, *own), frame, is_key))
    return below


def _id(annotation: _Annotation) -> object:
    """Properties shared by all parts of an object."""
    # without `mid` it is an object by itself: as much as the struct, which lives as long as the walk
    return id(annotation) if annotation.mid is None else annotation.mid


class NumbersOfNames(Protocol):
    """From the name of a category to the numbers under which it counts."""

    def __getitem__(self, name: str, /) -> Sequence[int]: ...


class _Numbers(Protocol):
    """From the name of a job to those of its categories; None where none of them counts."""

    def __getitem__(self, job: str, /) -> NumbersOfNames | None: ...


def numbers_of_objects(sites: Iterable[TypedSite], numbers: _Numbers, rules: Rules) -> Iterator[int]:
    """List the numbers of each distinct object and choice in the maps of jobs."""
    found: dict[tuple[_Place, str, str, object], Sequence[int]] = {}
    root_jobs, video = rules.root_jobs, rules.video
    for jobs, place, frame, inherited in sites:
        where, need_key, by_frame = place, False, False
        if frame is not None and video != "objects":
            need_key, by_frame = video == "key_frames", video == "frames"
            where = (frame,) if by_frame else (frame, place)
        for job, payload in jobs.items():
            of_job = numbers[job]
            if of_job is None or payload is None or job in METADATA_JOBS or (place and job in root_jobs):
                continue
            is_key = inherited if payload.isKeyFrame is None else payload.isKeyFrame
            if payload.categories and (is_key or not need_key):
                for choice in payload.categories:
                    if counts := of_job[choice.name]:
                        found[where, job, choice.name, None] = counts
            if not payload.annotations:
                continue
            for annotation in payload.annotations:
                if need_key and not (is_key if annotation.isKeyFrame is None else annotation.isKeyFrame):
                    continue
                for category in annotation.categories or ():
                    if counts := of_job[category.name]:
                        own = None if by_frame else annotation.mid or _id(annotation)
                        found[where, job, category.name, own] = counts
    return chain.from_iterable(found.values())


def objects_inside(sites: Iterable[TypedSite], numbers: _Numbers, rules: Rules) -> dict[_Place, list[TypedSite]]:
    """Find the objects and choices that count in an image, each with the maps of child jobs of all its parts."""
    found: dict[_Place, list[TypedSite]] = {}
    for jobs, place, _, _ in sites:
        for job, payload in jobs.items():
            of_job = numbers[job]
            if of_job is None or payload is None or job in METADATA_JOBS or (place and job in rules.root_jobs):
                continue
            for choice in payload.categories or ():
                if of_job[choice.name]:
                    own: _Place = (place, job, None, choice.name)
                    inside = found.setdefault(own, [])
                    if choice.children:
                        inside.append((choice.children, own, None, False))
                    if payload.children:
                        inside.append((payload.children, (place, job, None), None, False))
            for annotation in payload.annotations or ():
                for category in annotation.categories or ():
                    if of_job[category.name]:
                        own = (place, job, _id(annotation))
                        inside = found.setdefault((own, category.name), [])
                        inside += _below_object(annotation, own, None, False)
    return found


class TermNumbers(dict[str, "_NumbersOfTerms | None"]):
    """From a job and a category to the places of the terms, in their list, that count it."""

    def __init__(self, terms: Iterable[Counter | Pattern]) -> None:
        super().__init__()
        wanted = [Wanted.of(term, _BY_SHAPE) for term in terms]
        self._found = _ByName((one.jobs.pieces, (one.categories.pieces, number)) for number, one in enumerate(wanted))

    def __missing__(self, job: str) -> "_NumbersOfTerms | None":
        found = self._found(job)
        numbers = _NumbersOfTerms(_ByName(found)) if found else None
        if len(self) < _REMEMBERED:
            self[job] = numbers
        return numbers


class _NumbersOfTerms(dict[str, Sequence[int]]):
    def __init__(self, found: "_ByName[int]") -> None:
        super().__init__()
        self._found = found

    def __missing__(self, name: str) -> Sequence[int]:
        numbers = self._found(name)
        if len(self) < _REMEMBERED:
            self[name] = numbers
        return numbers


class _ByName(Generic[_T]):
    """Values stored under names and patterns of names."""

    def __init__(self, kept: Iterable[tuple[tuple[str, ...], _T]]) -> None:
        self._plain: dict[str, list[_T]] = {}
        self._starred: list[tuple[tuple[str, ...], _T]] = []
        for pieces, value in kept:
            if len(pieces) == 1:
                self._plain.setdefault(pieces[0], []).append(value)
            else:
                self._starred.append((pieces, value))

    def __call__(self, name: str) -> list[_T]:
        starred = (value for pieces, value in self._starred if matches_pattern(pieces, name))
        return [*self._plain.get(name, ()), *starred]
