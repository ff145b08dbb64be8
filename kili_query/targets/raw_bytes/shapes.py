"""The usual shape of labels as msgspec types, which name the fields that count: the rest is passed over undecoded.

INVARIANT: where a value fits a type here, the definition of counting finds nothing malformed in it, but for the depth
of its child jobs. The converse need not hold: a `mid` may also be a number, and then the value does not fit.

Structs are no part of the garbage collector's work, for what is decoded holds no cycles.
"""

import re
from collections.abc import Iterable
from types import GenericAlias
from typing import Annotated, ClassVar, TypeAlias, TypedDict, cast

from msgspec import Meta, Struct, defstruct

from kili_query.counting.conversations import ANNOTATIONS

__all__ = [
    "Annotation",
    "Category",
    "Frames",
    "Jobs",
    "ObjectCategory",
    "Payload",
    "Point",
    "frames_type",
    "is_plain_name",
    "jobs_type",
    "label_type",
]


class Category(Struct, gc=False):
    """A category, and the child jobs below it."""

    name: str
    children: "Jobs | None" = None


class _NoJobs(Struct, gc=False, forbid_unknown_fields=True):
    """An empty map of jobs."""


class ObjectCategory(Struct, gc=False):
    """A category of an annotation: child jobs of an object usually stand beside, in the annotation."""

    name: str
    children: _NoJobs | None = None


class Point(Struct, gc=False):
    """A point of a pose."""

    mid: str | None = None
    code: str | None = None
    children: "Jobs | None" = None


class Annotation(Struct, gc=False):
    """An annotation, or one part of an object."""

    categories: list[ObjectCategory] | None = None
    mid: str | None = None
    isKeyFrame: bool | None = None  # noqa: N815 - as in labels
    children: "Jobs | None" = None
    points: list[Point] | None = None


class Payload(Struct, gc=False):
    """A job response."""

    categories: list[Category] | None = None
    annotations: list[Annotation] | None = None
    isKeyFrame: bool | None = None  # noqa: N815 - as in labels
    children: "Jobs | None" = None


Jobs: TypeAlias = dict[str, Payload | None]
"""A map of jobs, at the root or below."""

_NoAnnotations: TypeAlias = Annotated[list[object], Meta(max_length=0)] | None

Frames: TypeAlias = dict[str, Jobs | None]
"""The root of a video."""


class _RootCategory(Struct, gc=False):
    """The same without child jobs, for queries that do not look there."""

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


# msgspec 0.22 does not find keys beyond ASCII in a `TypedDict`, and what needs an escape is better not tried
_PLAIN_NAME = re.compile(r"[ !#-\[\]-~]+")


def is_plain_name(name: str) -> bool:
    """Whether msgspec finds a key of this name, and no other instead, in a `TypedDict`."""
    return _PLAIN_NAME.fullmatch(name) is not None


def jobs_type(names: Iterable[str] | None, *, with_children: bool = False) -> object:
    """The type of a map of jobs.

    Args:
        names: the jobs to be decoded; None for all.
        with_children: whether their child jobs are too.
    """
    payload = Payload if with_children else _RootPayload
    if names is None or not all(map(is_plain_name, names)):
        return GenericAlias(dict, (str, _or_null(payload)))
    return _record("Jobs", dict.fromkeys(names, _or_null(payload)))


def frames_type(jobs: object) -> object:
    """The type of the root of a video whose frames hold such jobs."""
    return GenericAlias(dict, (str, _or_null(jobs)))


def label_type(content: object, at: str) -> object:
    """The type of a label whose field ``at``, a plain name, holds the content or its text.

    With ``annotations`` beside it, which may be what tells the content, it fits no label.
    """
    fields = [("content", cast("type", content) | str | None, None)]
    if at != ANNOTATIONS:
        fields.append((ANNOTATIONS, _NoAnnotations, None))
    return defstruct("Label", fields, rename={"content": at}, gc=False)


def _or_null(kind: object) -> object:
    return cast("type", kind) | None


def _record(name: str, fields: dict[str, object]) -> object:
    # a static checker wants names that are written down; here they are data
    return cast("object", TypedDict(name, fields, total=False))  # type: ignore[operator]
