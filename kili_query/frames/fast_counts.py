"""A fast way to the counts of labels of the usual shape, by typed partial decoding; whatever is unusual it refuses.

INVARIANT: what it counts equals `kili_query.counting.count`, which judges all that is refused here, from the start. So
this module has no messages, and no rule about faults of its own: a value of another type than declared below does not
decode, and what decodes has the right shape wherever counting looks.
"""

from collections.abc import Mapping
from typing import Annotated, cast

import msgspec
from msgspec import Meta, Struct

from kili_query.counting import MAX_NESTING, Rules
from kili_query.frames.counting_columns import Columns
from kili_query.frames.metadata import NO_METADATA, Metadata
from kili_query.ontology.job import METADATA_JOBS

__all__ = ["FastCounter"]

_ASSET_LEVEL = "assetLevel"
_MAX_EXACT = 2.0**53
_DEEPEST = min(MAX_NESTING, 50)  # what is deeper is unusual


class _Unusual(Exception):  # noqa: N818 - never leaves this module
    """The label needs the careful way."""


class Category(Struct, gc=False):
    """A category with what may hang below it."""

    name: str
    children: "dict[str, Payload] | None" = None


class Point(Struct, gc=False):
    """A point of a pose."""

    children: "dict[str, Payload] | None" = None


class Annotation(Struct, gc=False):
    """What counting reads of an annotation."""

    mid: str | None = None
    categories: list[Category] | None = None
    children: "dict[str, Payload] | None" = None
    points: list[Point] | None = None


class Payload(Struct, gc=False):
    """What counting reads of the response of a job."""

    categories: list[Category] | None = None
    annotations: list[Annotation] | None = None
    children: "dict[str, Payload] | None" = None


class Asset(Struct, gc=False):
    """The asset that a label belongs to."""

    id: str | None = None
    externalId: str | None = None  # noqa: N815 - the service's word


class Author(Struct, gc=False):
    """Who wrote a label."""

    email: str | None = None


class _Label(Struct, gc=False):
    id: str | None = None
    assetId: str | None = None  # noqa: N815
    labelOf: Asset | None = None  # noqa: N815
    author: Author | None = None
    createdAt: str | None = None  # noqa: N815
    labelType: str | None = None  # noqa: N815
    modelName: str | None = None  # noqa: N815
    secondsToLabel: float | None = None  # noqa: N815
    isLatestLabelForUser: bool | None = None  # noqa: N815
    annotations: Annotated[list[object], Meta(max_length=0)] | None = None  # others may be what tells the content


class _WithContent(_Label, gc=False, kw_only=True):
    content: dict[str, Payload] | str  # a label without it may be an asset's document


class FastCounter:
    """Counts labels under the rules; every method tells whether it could, and else leaves all as it was."""

    def __init__(self, rules: Rules, at: str, columns: Columns) -> None:
        self._is_video = rules.is_video
        self._root_jobs = rules.root_jobs
        self._columns = columns
        self._codes, self._objects = columns.codes, columns.objects
        self._contents = msgspec.json.Decoder(dict[str, Payload])
        self._labels = None if at in ("", *_Label.__struct_fields__) else _label_decoder(at)

    def add_label(self, data: bytes) -> bool:
        """A row for a label as JSON bytes."""
        if self._labels is None or not (data.isascii() or _is_utf8(data)):
            return False
        try:
            label = self._labels.decode(data)
        except (msgspec.MsgspecError, RecursionError):
            return False
        if label.secondsToLabel is not None and abs(label.secondsToLabel) > _MAX_EXACT:
            return False  # it may be a whole number that no float holds
        content = label.content
        if not (self._add_text(content) if isinstance(content, str) else self._add_content(content)):
            return False
        asset, author = label.labelOf, label.author
        metadata = (
            label.id,
            label.assetId if label.assetId is not None or asset is None else asset.id,
            None if asset is None else asset.externalId,
            None if author is None else author.email,
            label.createdAt,
            label.labelType,
            label.modelName,
            label.secondsToLabel,
            label.isLatestLabelForUser,
        )
        self._columns.add_row(metadata)
        return True

    def add_bytes(self, data: bytes) -> bool:
        """A row for a content as JSON bytes."""
        if not (data.isascii() or _is_utf8(data)) or not self._add_text(data):
            return False
        self._columns.add_row(NO_METADATA)
        return True

    def add_decoded(self, metadata: Metadata, content: object) -> bool:
        """A row for a decoded content."""
        try:
            jobs = msgspec.convert(content, dict[str, Payload])
        except (msgspec.MsgspecError, RecursionError):
            return False
        if not self._add_content(jobs):
            return False
        self._columns.add_row(metadata)
        return True

    def _add_text(self, data: bytes | str) -> bool:
        try:
            return self._add_content(self._contents.decode(data))
        except (msgspec.MsgspecError, RecursionError):
            return False

    def _add_content(self, jobs: dict[str, Payload]) -> bool:
        if self._is_video or (self._is_video is None and _may_be_video(jobs)):
            return False
        before = len(self._objects)
        try:
            self._add(jobs, 0)
        except _Unusual:
            del self._objects[before:]
            return False
        return True

    def _add(self, jobs: dict[str, Payload], depth: int) -> None:
        """Add what a map of jobs holds. Where places are distinct, counts add up; where they are not, it is unusual."""
        if depth > _DEEPEST:
            raise _Unusual
        for job, payload in jobs.items():
            if job in METADATA_JOBS:
                continue
            codes = self._codes[job] if depth == 0 or job not in self._root_jobs else None
            if payload.categories:
                self._add_choices(codes, payload.categories, depth)
            if payload.children:
                self._add(payload.children, depth + 1)
            if payload.annotations:
                self._add_annotations(codes, payload.annotations, depth)

    def _add_choices(self, codes: Mapping[str, int] | None, categories: list[Category], depth: int) -> None:
        names = [category.name for category in categories]
        if len(names) > 1 and len(set(names)) < len(names):
            raise _Unusual
        if codes is not None:
            self._objects.extend([codes[name] for name in names])
        for category in categories:
            if category.children:
                self._add(category.children, depth + 1)

    def _add_annotations(self, codes: Mapping[str, int] | None, annotations: list[Annotation], depth: int) -> None:
        n_annotations = len(annotations)
        if n_annotations > 1 and len({annotation.mid for annotation in annotations}) < n_annotations:
            raise _Unusual
        for annotation in annotations:
            categories = annotation.categories
            if categories is not None and len(categories) == 1:  # as most are
                category = categories[0]
                if codes is not None:
                    self._objects.append(codes[category.name])
                if category.children:
                    self._add(category.children, depth + 1)
            elif categories:
                self._add_choices(codes, categories, depth)
            if annotation.children:
                self._add(annotation.children, depth + 1)
            if annotation.points and any(point.children for point in annotation.points):
                raise _Unusual


def _label_decoder(at: str) -> "msgspec.json.Decoder[_WithContent]":
    """A decoder of labels whose content stands in the field ``at``."""
    field = ("content", dict[str, Payload] | str)
    label = msgspec.defstruct("Label", [field], bases=(_Label,), rename={"content": at}, kw_only=True, gc=False)
    return msgspec.json.Decoder(cast("type[_WithContent]", label))


def _is_utf8(data: bytes) -> bool:
    """Whether all of it is UTF-8: what typed decoding skips it does not look at so closely."""
    try:
        str(data, "utf-8")
    except UnicodeDecodeError:
        return False
    return True


def _may_be_video(jobs: "dict[str, Payload]") -> bool:
    """Whether the first key leaves open that the root keys are frames."""
    first = next(iter(jobs), _ASSET_LEVEL)
    return first == _ASSET_LEVEL or first in METADATA_JOBS or (first.isascii() and first.isdigit())
