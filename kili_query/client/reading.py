"""Lists and counts of labels."""

from collections.abc import Iterator, Sized
from functools import partial
from typing import TYPE_CHECKING

from kili_query.client.contents import ANSWERS, CONTENT, CONTENT_URL
from kili_query.client.paging import PAGE_SIZE, Listing, Row
from kili_query.client.rows import ListContext, ListRequest, RowPlan, read_rows
from kili_query.client.search import SearchPlan
from kili_query.client.warning import warn
from kili_query.errors import ArgumentError
from kili_query.ontology import Ontology, is_conversation
from kili_query.protocol import COUNT_LABELS, LABELS, LabelFilters, label_where, selection_of

if TYPE_CHECKING:
    from kili_query.labels import ParsedLabel

VIDEO_PAGE_SIZE = 20
_MANY_EXTERNAL_IDS = 10


def read_labels(context: ListContext, wanted: ListRequest) -> Iterator[Row]:
    """List labels, oldest first; arguments are checked before the first request.

    Raises:
        ArgumentError: an argument cannot be used; nothing was sent.
        QueryError: the search is not a query, or the project has no such job or category.
        ServiceError: the service refused the call, or cannot be reached.
        LabelError: a content cannot be read.
    """
    wanted = _checked(wanted)
    if wanted.first == 0:
        return iter(())
    if context.cache is not None and (rows := context.cache.read(wanted)) is not None:
        return rows
    wanted = context.settled(wanted, LabelFilters)
    search = context.plan(wanted)
    return iter(()) if search.is_never else _read(context, wanted, search)


def read_parsed_labels(context: ListContext, wanted: ListRequest) -> "Iterator[ParsedLabel]":
    """List labels as objects, which know the project's interface.

    Raises:
        ArgumentError, QueryError, ServiceError, LabelError: as `read_labels` does.
    """
    wanted = _checked(wanted)
    if CONTENT not in wanted.fields:
        raise ArgumentError(f"`fields` lacks `{CONTENT}`, which parsed labels are made of")
    if context.cache is None:
        wanted = context.settled(wanted, LabelFilters)
    ontology = context.projects.fetch(wanted.project_id)
    return (parsed_label(row, ontology) for row in read_labels(context, wanted))


def parsed_label(row: Row, ontology: Ontology) -> "ParsedLabel":
    """Return the label as an object. The import is local because lists of plain labels do not need it."""
    from kili_query.labels import ParsedLabel

    return ParsedLabel(row, ontology, ontology.input_type)


def count_labels(context: ListContext, wanted: ListRequest) -> int:
    """Count labels; if the service cannot, they are read.

    Raises:
        ArgumentError, QueryError, ServiceError, LabelError: as `read_labels` does.
    """
    wanted = _checked(wanted)
    if context.cache is not None and (number := context.cache.count(wanted)) is not None:
        return number
    wanted = context.settled(wanted, LabelFilters)
    search = context.plan(wanted)
    if search.is_never:
        return 0
    if search.judge is None:
        where = label_where(wanted.project_id, wanted.filters, search.server_filter)
        return context.ask_count(COUNT_LABELS, where, wanted.project_id)
    context.warn_of_counting()
    return sum(1 for _ in _read(context, wanted, search))


def _checked(wanted: ListRequest) -> ListRequest:
    checked = wanted.checked(LabelFilters)
    external_ids = checked.filters.get("asset_external_id_in")
    if isinstance(external_ids, Sized) and len(external_ids) > _MANY_EXTERNAL_IDS:
        message = "`asset_external_id_in` looks for parts of ids, which is slow for so many: "
        warn(message + "`asset_external_id_strictly_in` looks for whole ones")
    return checked


def page_size_for(input_type: str | None) -> int:
    """Return how many labels a page holds.

    Args:
        input_type: the kind of the project's assets; None where no contents are requested, or it is not known.
    """
    return VIDEO_PAGE_SIZE if "VIDEO" in (input_type or "") else PAGE_SIZE


def _read(context: ListContext, wanted: ListRequest, search: SearchPlan) -> Iterator[Row]:
    needed = ("id", CONTENT) if search.judge is not None else ("id",)
    fields = tuple(dict.fromkeys((*wanted.fields, *needed)))
    has_contents = CONTENT in fields
    where = label_where(wanted.project_id, wanted.filters, search.server_filter)
    input_type = context.projects.input_type(wanted.project_id) if has_contents else None
    asked = (*fields, ANSWERS) if is_conversation(input_type) else fields
    plan = RowPlan(
        listing=Listing(LABELS, COUNT_LABELS, where, selection_of(asked), page_size_for(input_type)),
        wide_selection=selection_of((*asked, CONTENT_URL)),
        has_contents=has_contents,
        has_answers=is_conversation(input_type),
        keep_urls=CONTENT_URL in wanted.fields,
        keep_texts=wanted.keep_texts,
        judge=search.judge,
        drop=tuple(name for name in needed if name not in wanted.fields),
        confirm=partial(context.projects.input_type, wanted.project_id),
    )
    return read_rows(context, plan, wanted)
