"""The change feed: what happened to the labels and assets of a project, since an event that the caller has seen."""

import re
from collections.abc import Callable, Generator, Iterator, Mapping
from contextlib import closing
from difflib import get_close_matches
from functools import partial

from attrs import field, frozen

from kili_query.client.arguments import check_project_id, check_text, checked_fields, checked_filters
from kili_query.client.paging import PAGE_SIZE, Listing, Pages, Row, read_pages
from kili_query.client.request import Request
from kili_query.client.rows import ListContext
from kili_query.client.warning import warn
from kili_query.errors import ArgumentError, FeedUnavailable, GraphQLError, TransportError
from kili_query.protocol import EVENTS, EventFilters, EventName, event_where, read_instant, read_json, selection_of

EVENT_FIELDS = ("createdAt", "event", "id", "organizationId", "payload", "projectId", "userId")
_ORDERS = ("asc", "desc")
_LACKS_FEED = re.compile(
    r"""Cannot query field ["'`]events["'`]|Unknown type ["'`](EventsWhere|EventPagination)["'`]"""
)
"""How GraphQL servers say that their schema has no feed."""


@frozen(kw_only=True)
class EventsRequest:
    """The part of a project's feed that a caller wants.

    Attributes:
        project_id: the project.
        from_event_id: the last event that the caller has seen; None for the beginning.
        until_event_id: the event to stop before; None for the end.
        filters: the filters, by their names.
        order: ``"asc"``, oldest first, or ``"desc"``.
        fields: the fields of each event.
    """

    project_id: str
    from_event_id: str | None
    until_event_id: str | None
    filters: Mapping[str, object]
    order: str
    fields: tuple[str, ...] = field(converter=checked_fields)


@frozen(kw_only=True)
class _EventListing(Listing):
    """Pages of the feed: they are cut from a window between two events, and cannot be counted."""

    window: Mapping[str, object] = field(factory=dict)
    order: str = "asc"

    def page(self, skip: int, first: int) -> Request:
        pagination = {"skip": skip, "first": first, **self.window}
        return Request(self.rows, {"where": self.where, "pagination": pagination, "order": self.order}, self.selection)


def read_events(context: ListContext, wanted: EventsRequest) -> Iterator[Row]:
    """List events; arguments are checked now, and the first request is sent when the first event is wanted.

    Whether the service counts the ends of the window as part of it is not documented. The caller has seen them, so
    they are left out either way.

    Raises:
        ArgumentError: an argument cannot be used; nothing was sent.
        FeedUnavailable, ServiceError: from the iterator; see `KiliClient.events`.
    """
    check_project_id(wanted.project_id)
    if wanted.order not in _ORDERS:
        raise ArgumentError(f"`order` must be 'asc' or 'desc', not {wanted.order!r:.80}")
    for name in ("from_event_id", "until_event_id"):
        _check_id(name, getattr(wanted, name))
    filters = checked_filters(EventFilters, wanted.filters, what="events")
    _check_event(filters.get("event"))
    for name in ("created_at_gte", "created_at_lte"):
        _check_time(name, filters.get(name))
    selection = selection_of(tuple(dict.fromkeys((*wanted.fields, "id"))))
    ends = {"fromEventId": wanted.from_event_id, "untilEventId": wanted.until_event_id}
    listing = _EventListing(
        rows=EVENTS,
        count=None,
        where=event_where(wanted.project_id, filters),
        selection=selection,
        page_size=PAGE_SIZE,
        window={name: key for name, key in ends.items() if key is not None},
        order=wanted.order,
    )
    return _read(context, wanted, listing)


def _read(context: ListContext, wanted: EventsRequest, listing: Listing) -> Generator[Row, None, None]:
    seen = {wanted.from_event_id, wanted.until_event_id}
    is_empty = True
    fetch = partial(_fetch, context.service.ask)
    # one page at a time: who stops early has sent nothing in vain
    with closing(read_pages(Pages(listing), fetch, context.pool, is_whole_list=False)) as pages:
        for page in pages:
            for event in page:
                is_empty = False
                if _id_of(event) not in seen:
                    _decode_payload(event)
                    if "id" not in wanted.fields:
                        del event["id"]
                    yield event
    if is_empty:
        context.projects.input_type(wanted.project_id)  # raises if the project does not exist


def _fetch(ask: Callable[[Request], object], request: Request) -> object:
    try:
        return ask(request)
    except GraphQLError as error:
        if any(_LACKS_FEED.search(str(one.get("message"))) for one in error.errors):
            raise FeedUnavailable(
                f"this account has no change feed: list labels with `created_at_gte` and assets with `updated_at_gte` "
                f"instead. The service says: {error.message}",
                error.errors,
                operation=error.operation,
                request_id=error.request_id,
            ) from error
        raise


def _id_of(event: Row) -> str:
    found = event.get("id")
    if not isinstance(found, str) or not found:
        raise TransportError("the service sent an event without an id", operation=EVENTS.name)
    return found


def _decode_payload(event: Row) -> None:
    """Decode a payload that is JSON text; services that send JSON itself need nothing."""
    payload = event.get("payload")
    if isinstance(payload, str):
        try:
            event["payload"] = read_json(payload.encode())
        except ValueError as error:
            message = f"the payload of event `{event['id']}` is not JSON: {error}"
            raise TransportError(message, operation=EVENTS.name) from None


def _check_id(name: str, value: object) -> None:
    if value is not None and (not isinstance(value, str) or not value):
        raise ArgumentError(f"`{name}` must be the id of an event or None, not {value!r:.80}")


_LIKELY_SLIP = 0.9
"""How similar a name is to that of an event if it is likely a slip."""


def _check_event(name: object) -> None:
    if name is not None and (not name or "*" in str(name)):
        raise ArgumentError(f"`event` must be one whole name, such as 'label.workflow.edited', not {name!r:.80}")
    if name is not None and name not in set(EventName):  # no error, because the platform has more events
        near = get_close_matches(str(name), list(EventName), n=1, cutoff=_LIKELY_SLIP)
        if near:
            warn(f"`event`: {name!r} is not an event of labels or assets: did you mean '{near[0]}'?")


def _check_time(name: str, value: object) -> None:
    if value is None:
        return
    check_text(name, value)
    try:
        read_instant(value)
    except ValueError as error:
        raise ArgumentError(f"`{name}` must be a date such as '2024-02-01', or a time, not {value!r:.80}") from error
