"""Lists and counts of labels."""

from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING

from attrs import evolve

from kili_query.client.arguments import checked_filters
from kili_query.client.contents import ANSWERS, CONTENT, CONTENT_URL, tells_apart
from kili_query.client.paging import PAGE_SIZE, Listing, Row, checked_count_answer
from kili_query.client.request import Request
from kili_query.client.rows import ListContext, ListRequest, RowPlan, read_rows
from kili_query.client.search import Search, parse_search, plan_search
from kili_query.errors import ArgumentError
from kili_query.ontology import Ontology
from kili_query.protocol import COUNT_LABELS, LABELS, LabelFilters, selection_of
from kili_query.query import Query

if TYPE_CHECKING:
    from kili_query.labels import ParsedLabel

__all__ = ["count_labels", "parsed_label", "read_labels", "read_parsed_labels"]

VIDEO_PAGE_SIZE = 20


def read_labels(
    context: ListContext, filters: LabelFilters, category_search: str | Query | None, wanted: ListRequest
) -> Iterator[Row]:
    """The labels, oldest first; what can be wrong with the arguments is said before the first is asked for.

    Raises:
        ArgumentError: an argument cannot be used; nothing was sent.
        QueryError: the search is no query, or the project has no such job or category.
        ServiceError: the service refused, or could not be asked.
        LabelError: a content cannot be read.
    """
    wanted = wanted.checked()
    checked_filters(filters)
    query = parse_search(category_search)
    if wanted.first == 0:
        return iter(())
    search = plan_search(query, filters.project_id, context.projects, context.profile)
    return iter(()) if search.is_never else _read(context, filters, search, wanted)


def read_parsed_labels(
    context: ListContext, filters: LabelFilters, category_search: str | Query | None, wanted: ListRequest
) -> "Iterator[ParsedLabel]":
    """The labels as objects, which know the project's interface.

    Raises:
        ArgumentError, QueryError, ServiceError, LabelError: as `read_labels` does.
    """
    if CONTENT not in wanted.checked().fields:
        raise ArgumentError(f"`fields` lacks `{CONTENT}`, of which parsed labels are made")
    checked_filters(filters)
    parse_search(category_search)
    ontology = context.projects.fetch(filters.project_id)
    rows = read_labels(context, filters, category_search, wanted)
    return (parsed_label(row, ontology) for row in rows)


def parsed_label(row: Row, ontology: Ontology) -> "ParsedLabel":
    """The label as an object. Label objects are loaded when the first is made: lists of plain labels need none."""
    from kili_query.labels import ParsedLabel

    return ParsedLabel(row, ontology, ontology.input_type)


def count_labels(context: ListContext, filters: LabelFilters, category_search: str | Query | None) -> int:
    """How many labels there are; where the service cannot tell, they are read.

    Raises:
        ArgumentError, QueryError, ServiceError, LabelError: as `read_labels` does.
    """
    checked_filters(filters)
    query = parse_search(category_search)
    search = plan_search(query, filters.project_id, context.projects, context.profile)
    if search.is_never:
        return 0
    if search.judge is None:
        where = evolve(filters, category_search=search.server_filter).where()
        count = checked_count_answer(context.service.ask(Request(COUNT_LABELS, {"where": where})), COUNT_LABELS)
        if not count:
            context.projects.input_type(filters.project_id)  # which says so where there is no such project
        return count
    context.warn_of_counting("labels")
    return sum(1 for _ in _read(context, filters, search, ListRequest(disable_tqdm=True)))


def _read(context: ListContext, filters: LabelFilters, search: Search, wanted: ListRequest) -> Iterator[Row]:
    needed = ("id", CONTENT) if search.judge is not None else ("id",)
    fields = tuple(dict.fromkeys((*wanted.fields, *needed)))
    has_contents = CONTENT in fields
    where = evolve(filters, category_search=search.server_filter).where()
    input_type = context.projects.input_type(filters.project_id) if has_contents else None
    asked = (*fields, ANSWERS) if tells_apart(input_type) else fields
    page_size = VIDEO_PAGE_SIZE if "VIDEO" in (input_type or "") else PAGE_SIZE
    plan = RowPlan(
        listing=Listing(LABELS, COUNT_LABELS, where, selection_of(asked), page_size),
        wide_selection=selection_of((*asked, CONTENT_URL)),
        has_contents=has_contents,
        has_answers=tells_apart(input_type),
        keep_urls=CONTENT_URL in wanted.fields,
        judge=search.judge,
        drop=tuple(name for name in needed if name not in wanted.fields),
        confirm=partial(context.projects.input_type, filters.project_id),
    )
    return read_rows(context, plan, wanted)
