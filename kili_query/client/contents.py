"""The contents of labels and other JSON texts in rows: fetched, decoded, and never silently replaced."""

from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Executor
from typing import Final, Literal, TypeAlias

from kili_query.client.answers import decode_body
from kili_query.client.paging import Row
from kili_query.client.payloads import OnPayloadFailure, fetch_payloads
from kili_query.client.request import Service
from kili_query.counting.conversations import ANNOTATIONS, holds_answers, rebuilt
from kili_query.errors import ArgumentError, DataError, LabelError, MalformedLabelError, UnknownContentError
from kili_query.protocol import decode_json

__all__ = [
    "ANSWERS",
    "CONTENT",
    "CONTENT_URL",
    "UNREADABLE",
    "OnMalformed",
    "checked_on_malformed",
    "decode_contents",
    "decode_metadata",
    "download_contents",
    "labels_in",
    "of_label",
    "settle_answers",
    "tells_apart",
]

OnMalformed: TypeAlias = Literal["raise", "skip"]
"""What becomes of a label whose content cannot be read: an error, or it is left out and reported."""

CONTENT = "jsonResponse"
CONTENT_URL = "jsonResponseUrl"


_TOLD_APART = ("LLM_INSTR_FOLLOWING", "LLM_STATIC")
ANSWERS = (
    "annotations { __typename id job path "
    "... on ClassificationAnnotation { annotationValue { categories } } "
    "... on ComparisonAnnotation { annotationValue { choice { code firstId secondId } } } "
    "... on RankingAnnotation { annotationValue { orders { elements rank } } } "
    "... on TranscriptionAnnotation { annotationValue { text } } }"
)
"""What to request of labels whose answers are stored in `annotations` instead of `jsonResponse`."""


class _Unreadable:
    """Stands for a content that cannot be read, until its label is left out."""


UNREADABLE: Final = _Unreadable()


def checked_on_malformed(value: str) -> OnMalformed:
    """The value, when it is one that there is.

    Raises:
        ArgumentError: it is not.
    """
    if value == "raise":
        return "raise"
    if value == "skip":
        return "skip"
    raise ArgumentError(f"`on_malformed` is 'raise' or 'skip', not {value!r}")


def labels_in(rows: Iterable[Row], places: Sequence[str]) -> Iterator[Row]:
    """The labels that rows hold under some of their keys, one or a list; without keys, the rows themselves."""
    for row in rows:
        if not places:
            yield row
        for place in places:
            found = row.get(place)
            yield from (label for label in (found if isinstance(found, list) else [found]) if isinstance(label, dict))


def download_contents(
    labels: Iterable[Row],
    service: Service,
    on_malformed: OnMalformed,
    *,
    keep_urls: bool = False,
    pool: Executor | None = None,
) -> None:
    """Put the contents that stand at URLs into their labels.

    Args:
        labels: with ``jsonResponseUrl``, which is removed.
        service: who fetches.
        on_malformed: with ``"skip"``, `UNREADABLE` takes the place of a content that cannot be had.
        keep_urls: leave the URLs in their labels.
        pool: threads to fetch in, instead of new ones.

    Raises:
        ServiceError: a content cannot be had.
        MalformedLabelError: a URL is none.
    """
    elsewhere = []
    for label in labels:
        if label.get(CONTENT_URL) is not None:
            elsewhere.append(label)
        elif not keep_urls:
            label.pop(CONTENT_URL, None)
    on_failure: OnPayloadFailure = "raise" if on_malformed == "raise" else "unknown"
    fetched = fetch_payloads(elsewhere, service, on_failure=on_failure, pool=pool)
    for label, found in zip(elsewhere, fetched, strict=True):
        content = found.get(CONTENT)
        label[CONTENT] = UNREADABLE if content is None and on_malformed == "skip" else content
        if not keep_urls:
            del label[CONTENT_URL]


def decode_contents(labels: Iterable[Row], on_malformed: OnMalformed) -> None:
    """Replace the text of each content by its value; None stays for a content that is absent, as does an empty text.

    Raises:
        MalformedLabelError: a text is not JSON; the message names the label. With ``"skip"``, `UNREADABLE` takes the
            content's place instead.
    """
    for label in labels:
        text = label.get(CONTENT)
        if not isinstance(text, str):
            continue  # absent, or a value already
        try:
            label[CONTENT] = _decoded(text) if text else None
        except MalformedLabelError as error:
            if on_malformed == "raise":
                raise of_label(label, error) from error
            label[CONTENT] = UNREADABLE


def tells_apart(input_type: str | None) -> bool:
    """Whether the labels of a project have their contents in annotations, and not in ``jsonResponse``."""
    return input_type in _TOLD_APART


def settle_answers(labels: Iterable[Row], on_malformed: OnMalformed, *, keep_unreadable: bool = False) -> None:
    """Put the contents that annotations tell into their labels, and take the annotations out.

    Args:
        labels: with ``annotations``.
        on_malformed: with ``"skip"``, `UNREADABLE` takes the place of a content that cannot be had.
        keep_unreadable: leave a label as it is whose annotations cannot be read, to someone who says what is wrong.

    Raises:
        UnknownContentError: annotations cannot be read; the message names the label.
    """
    for label in labels:
        if not holds_answers(label):
            label.pop(ANNOTATIONS, None)
            continue
        try:
            content: object = rebuilt(label[ANNOTATIONS])
        except UnknownContentError as error:
            if keep_unreadable:
                continue
            if on_malformed == "raise":
                raise of_label(label, error) from error
            content = UNREADABLE
        label[CONTENT] = content
        del label[ANNOTATIONS]


def decode_metadata(assets: Iterable[Row]) -> None:
    """Replace the text of each asset's ``jsonMetadata`` by its value; no text is no metadata.

    Raises:
        DataError: a text is not JSON; the message names the asset.
    """
    for asset in assets:
        text = asset.get("jsonMetadata")
        if not isinstance(text, str):
            continue
        try:
            asset["jsonMetadata"] = _decoded(text) if text else {}
        except MalformedLabelError as error:
            raise DataError(f"the `jsonMetadata` of asset `{asset.get('id', '?')}` is not JSON") from error


def of_label(label: Row, error: LabelError) -> LabelError:
    """The error, naming the label."""
    return type(error)(f"label `{label.get('id', '?')}`: {error.message}", error.path)


def _decoded(text: str) -> object:
    try:
        return decode_body(text.encode())
    except ValueError:
        return decode_json(text)  # which says what is wrong
