"""The contents of labels and other JSON texts in rows: downloaded, decoded, and never silently replaced."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Executor
from contextlib import ExitStack
from functools import partial
from typing import Final, Literal, TypeAlias

from kili_query.client.paging import Row
from kili_query.client.request import Service
from kili_query.conversations import ANNOTATIONS, holds_answers, rebuilt
from kili_query.errors import (
    ArgumentError,
    DataError,
    LabelError,
    MalformedLabelError,
    ServiceError,
    UnknownContentError,
)
from kili_query.protocol import decode_body, decode_json

OnMalformed: TypeAlias = Literal["raise", "skip"]
"""How to treat a label whose content cannot be read: raise an error, or leave it out and report it."""

CONTENT = "jsonResponse"
CONTENT_URL = "jsonResponseUrl"
PAYLOAD_THREADS = 24
"""Number of contents at URLs that a client downloads at a time."""

ANSWERS = (
    "annotations { __typename id job path "
    "... on ClassificationAnnotation { annotationValue { categories } chatItemId } "
    "... on ComparisonAnnotation { annotationValue { choice { code firstId secondId } } chatItemId } "
    "... on RankingAnnotation { annotationValue { orders { elements rank } } } "
    "... on TranscriptionAnnotation { annotationValue { text } chatItemId } }"
)
"""The fields to request for labels whose answers are stored in `annotations` instead of `jsonResponse`."""


class _Unreadable:
    """Placeholder for a content that cannot be read, until its label is left out."""


UNREADABLE: Final = _Unreadable()


def checked_on_malformed(value: str) -> OnMalformed:
    """Return the value if it is known.

    Raises:
        ArgumentError: it is not.
    """
    if value == "raise":
        return "raise"
    if value == "skip":
        return "skip"
    raise ArgumentError(f"`on_malformed` must be 'raise' or 'skip', not {value!r}")


def labels_of(row: Row, places: Sequence[str]) -> Iterator[Row]:
    """Yield the labels that a row holds under some of its keys, one or a list; without keys, the row itself."""
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
    """Put the contents that the service keeps at URLs into their labels.

    Args:
        labels: labels as the service lists them. ``jsonResponseUrl`` is removed.
        service: fetches a content, and sends the key where it belongs.
        on_malformed: with ``"skip"``, `UNREADABLE` takes the place of a content that cannot be fetched. It is never an
            empty content, which would say that nothing is annotated.
        keep_urls: leave the URLs in their labels.
        pool: the threads that fetch; without them, contents are fetched one after another.

    Raises:
        ServiceError: a content cannot be fetched; a note names the label.
        MalformedLabelError: the value of ``jsonResponseUrl`` is not a URL.
    """
    urls = [(label, label.get(CONTENT_URL) if keep_urls else label.pop(CONTENT_URL, None)) for label in labels]
    elsewhere = [(label, partial(_content, service, label.get("id"), url)) for label, url in urls if url is not None]
    with ExitStack() as stack:
        for label, read in elsewhere if pool is None else _submitted(elsewhere, pool, stack):
            try:
                label[CONTENT] = read()
            except (ServiceError, MalformedLabelError):
                if on_malformed == "raise":
                    raise
                label[CONTENT] = UNREADABLE


def _submitted(
    tasks: Iterable[tuple[Row, Callable[[], object]]], pool: Executor, stack: ExitStack
) -> list[tuple[Row, Callable[[], object]]]:
    """Submit the tasks; those that have not begun when the stack closes are cancelled."""
    futures = [(label, pool.submit(read)) for label, read in tasks]
    for _, future in futures:
        stack.callback(future.cancel)
    return [(label, future.result) for label, future in futures]


def _content(service: Service, label_id: object, url: object) -> object:
    if not isinstance(url, str) or not url.lower().startswith(("https://", "http://")):
        raise MalformedLabelError(f"the content of label `{label_id}` has no URL that can be fetched", CONTENT_URL)
    try:
        return service.get_json(url)
    except ServiceError as error:
        error.add_note(f"it is the content of label `{label_id}`")
        raise


def decode_content(label: Row, on_malformed: OnMalformed) -> None:
    """Replace the text of a content by its value. An absent content or an empty text becomes None.

    Raises:
        MalformedLabelError: the text is not JSON; the message names the label. With ``"skip"``, `UNREADABLE` takes the
            content's place instead.
    """
    text = label.get(CONTENT)
    if isinstance(text, str):  # otherwise it is absent, or a value already
        label[CONTENT] = _read(label, lambda: _decoded(text) if text else None, on_malformed)


def settle_answers(label: Row, on_malformed: OnMalformed, *, keep_unreadable: bool = False) -> None:
    """Replace the annotations of a label by the content that they describe.

    Args:
        label: with ``annotations``.
        on_malformed: with ``"skip"``, `UNREADABLE` takes the place of a content that cannot be rebuilt.
        keep_unreadable: leave the label as it is if its annotations cannot be read, so that the caller can report it.

    Raises:
        UnknownContentError: annotations cannot be read; the message names the label.
    """
    if holds_answers(label):
        answers = label[ANNOTATIONS]
        content = _read(label, lambda: rebuilt(answers), "skip" if keep_unreadable else on_malformed)
        if keep_unreadable and content is UNREADABLE:
            return
        label[CONTENT] = content
    label.pop(ANNOTATIONS, None)


def decode_metadata(asset: Row) -> None:
    """Replace the text of ``jsonMetadata`` by its value; an empty text means no metadata.

    Raises:
        DataError: the text is not JSON; the message names the asset.
    """
    text = asset.get("jsonMetadata")
    if isinstance(text, str):
        try:
            asset["jsonMetadata"] = _decoded(text) if text else {}
        except MalformedLabelError as error:
            raise DataError(f"the `jsonMetadata` of asset `{asset.get('id', '?')}` is not JSON") from error


def _read(label: Row, read: Callable[[], object], on_malformed: OnMalformed) -> object:
    try:
        return read()
    except (MalformedLabelError, UnknownContentError) as error:
        if on_malformed == "raise":
            raise of_label(label, error) from error
        return UNREADABLE


def of_label(label: Row, error: LabelError) -> LabelError:
    """Return the same error with the label named in its message."""
    return type(error)(f"label `{label.get('id', '?')}`: {error.message}", error.path)


def _decoded(text: str) -> object:
    try:
        return decode_body(text.encode())
    except ValueError:
        return decode_json(text)  # its error is more precise
