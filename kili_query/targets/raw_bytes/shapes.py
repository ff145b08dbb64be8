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

__all__ = [
    "Annotation",
    "Category",
    "Frames",
    "Jobs",
    "Payload",
    "Point",
    "frames_type",
    "is_plain_name",
    "jobs_type",
    "jobs_type_without",
    "label_type",
]


class Category(Struct, gc=False):
    """A category, and the child jobs below it."""

    name: str
    children: "Jobs | None" = None


class Point(Struct, gc=False):
    """A point of a pose."""

    mid: str | None = None
    code: str | None = None
    children: "Jobs | None" = None


class Annotation(Struct, gc=False):
    """An annotation, or one part of an object."""

    categories: list[Category] | None = None
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


_LEVELS_WITHOUT = 2  # of child jobs, in `jobs_type_without`; labels with more are rare

# msgspec 0.22 does not find keys beyond ASCII in a `TypedDict`, and what needs an escape is better not tried
_PLAIN_NAME = re.compile(r"[ !#-\[\]-~]+")


def is_plain_name(name: str) -> bool:
    """Whether msgspec finds a key of this name, and no other instead, in a `TypedDict`."""
    return _PLAIN_NAME.fullmatch(name) is not None


def jobs_type(names: Iterable[str] | None) -> object:
    """The type of a map of jobs without child jobs.

    Args:
        names: the jobs to be decoded; None for all.
    """
    if names is None or not all(map(is_plain_name, names)):
        return GenericAlias(dict, (str, _RootPayload | None))
    return _record("Jobs", dict.fromkeys(names, _RootPayload | None))


def jobs_type_without(names: Iterable[str]) -> object:
    """The type of the root of a label that holds jobs of these names at the root alone, if at all."""
    others = Annotated[str, Meta(pattern=rf"\A(?!(?:{'|'.join(map(re.escape, names))})\Z)")]
    children: object = GenericAlias(dict, (Annotated[str, Meta(pattern=r"(?!)")], type(None)))  # none at all
    for _ in range(_LEVELS_WITHOUT):
        children = GenericAlias(dict, (others, _payload_with(children)))
    return GenericAlias(dict, (str, _payload_with(children)))


def _payload_with(children: object) -> object:
    below = ("children", _or_null(children), None)
    category = defstruct("Category", [("name", str), below], gc=False)
    point = defstruct("Point", [below], gc=False)
    categories = ("categories", _or_null(GenericAlias(list, (category,))), None)
    annotation = defstruct(
        "Annotation",
        [categories, ("mid", str | None, None), below, ("points", _or_null(GenericAlias(list, (point,))), None)],
        gc=False,
    )
    annotations = ("annotations", _or_null(GenericAlias(list, (annotation,))), None)
    return _or_null(defstruct("Payload", [categories, annotations, below], gc=False))


def frames_type(jobs: object) -> object:
    """The type of the root of a video whose frames hold such jobs."""
    return GenericAlias(dict, (str, _or_null(jobs)))


def label_type(content: object, at: str) -> object:
    """The type of a label whose field ``at``, a plain name, holds the content or its text."""
    return _record("Label", {at: cast("type", content) | str | None})


def _or_null(kind: object) -> object:
    return cast("type", kind) | None


def _record(name: str, fields: dict[str, object]) -> object:
    # a static checker wants names that are written down; here they are data
    return cast("object", TypedDict(name, fields, total=False))  # type: ignore[operator]
