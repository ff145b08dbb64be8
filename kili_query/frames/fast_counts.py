"""A fast way to the counts of labels of the usual shape, by typed partial decoding; whatever is unusual it refuses.

INVARIANT: what it counts equals `kili_query.counting.count`, which judges all that is refused here, from the start. So
this module has no messages, and no rule about faults of its own: a value of another type than declared below does not
decode, and what decodes has the right shape wherever counting looks.
"""

from typing import TypeAlias, cast

import msgspec
from msgspec import Struct

from kili_query.counting import MAX_NESTING, Rules
from kili_query.frames.metadata import Metadata
from kili_query.ontology.job import METADATA_JOBS

__all__ = ["FastCounter"]

Counts: TypeAlias = dict[tuple[str, str], int]

_ASSET_LEVEL = "assetLevel"
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


class _WithContent(_Label, gc=False, kw_only=True):
    content: dict[str, Payload] | str  # a label without it may be an asset's document


class FastCounter:
    """Counts labels under the rules; every method gives None for what needs the careful way."""

    def __init__(self, rules: Rules, at: str) -> None:
        self._rules = rules
        self._contents = msgspec.json.Decoder(dict[str, Payload])
        self._labels = None if at in ("", *_Label.__struct_fields__) else _label_decoder(at)

    def read(self, data: bytes) -> "tuple[Metadata, Counts] | None":
        """Metadata and counts of a label as JSON bytes."""
        if self._labels is None or not _is_utf8(data):
            return None
        try:
            label = self._labels.decode(data)
            content = label.content
            counts = self._count(self._contents.decode(content) if isinstance(content, str) else content)
        except (msgspec.MsgspecError, RecursionError, _Unusual):
            return None
        asset, author = label.labelOf, label.author
        return (
            label.id,
            label.assetId if label.assetId is not None or asset is None else asset.id,
            None if asset is None else asset.externalId,
            None if author is None else author.email,
            label.createdAt,
            label.labelType,
            label.modelName,
            label.secondsToLabel,
            label.isLatestLabelForUser,
        ), counts

    def count_bytes(self, data: bytes) -> Counts | None:
        """The counts of a content as JSON bytes."""
        if not _is_utf8(data):
            return None
        try:
            return self._count(self._contents.decode(data))
        except (msgspec.MsgspecError, RecursionError, _Unusual):
            return None

    def count_decoded(self, content: object) -> Counts | None:
        """The counts of a decoded content."""
        try:
            return self._count(msgspec.convert(content, dict[str, Payload]))
        except (msgspec.MsgspecError, RecursionError, _Unusual):
            return None

    def _count(self, jobs: "dict[str, Payload]") -> Counts:
        if self._rules.is_video or (self._rules.is_video is None and _may_be_video(jobs)):
            raise _Unusual
        counts: Counts = {}
        self._add(jobs, counts, 0)
        return counts

    def _add(self, jobs: "dict[str, Payload]", counts: Counts, depth: int) -> None:
        """Add what a map of jobs holds. Where places are distinct, counts add up; where they are not, it is unusual."""
        if depth > _DEEPEST:
            raise _Unusual
        for job, payload in jobs.items():
            if job in METADATA_JOBS:
                continue
            is_counted = depth == 0 or job not in self._rules.root_jobs
            if payload.categories:
                self._add_choices(job, payload.categories, counts, depth, is_counted)
            if payload.children:
                self._add(payload.children, counts, depth + 1)
            if payload.annotations:
                self._add_annotations(job, payload.annotations, counts, depth, is_counted)

    def _add_choices(self, job: str, categories: list[Category], counts: Counts, depth: int, is_counted: bool) -> None:
        if len(categories) > 1 and len({category.name for category in categories}) < len(categories):
            raise _Unusual
        for category in categories:
            if is_counted:
                counter = job, category.name
                counts[counter] = counts.get(counter, 0) + 1
            if category.children:
                self._add(category.children, counts, depth + 1)

    def _add_annotations(
        self, job: str, annotations: list[Annotation], counts: Counts, depth: int, is_counted: bool
    ) -> None:
        if len({annotation.mid for annotation in annotations}) < len(annotations):
            raise _Unusual
        for annotation in annotations:
            categories = annotation.categories
            if categories:
                self._add_choices(job, categories, counts, depth, is_counted)
            if annotation.children:
                self._add(annotation.children, counts, depth + 1)
            if annotation.points and any(point.children for point in annotation.points):
                raise _Unusual


def _label_decoder(at: str) -> "msgspec.json.Decoder[_WithContent]":
    """A decoder of labels whose content stands in the field ``at``."""
    field = ("content", dict[str, Payload] | str)
    label = msgspec.defstruct("Label", [field], bases=(_Label,), rename={"content": at}, kw_only=True, gc=False)
    return msgspec.json.Decoder(cast("type[_WithContent]", label))


def _is_utf8(data: bytes) -> bool:
    """Whether all of it is UTF-8: what typed decoding skips it does not look at so closely."""
    if data.isascii():
        return True
    try:
        str(data, "utf-8")
    except UnicodeDecodeError:
        return False
    return True


def _may_be_video(jobs: "dict[str, Payload]") -> bool:
    """Whether the first key leaves open that the root keys are frames."""
    first = next(iter(jobs), _ASSET_LEVEL)
    return first == _ASSET_LEVEL or first in METADATA_JOBS or (first.isascii() and first.isdigit())
