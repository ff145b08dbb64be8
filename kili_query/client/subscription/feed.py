"""Labels that were created or changed since the last look, by the project's change feed."""

from collections import deque
from collections.abc import Generator, Iterable, Iterator, Mapping
from contextlib import closing
from datetime import datetime
from itertools import islice

from attrs import define, field, frozen

from kili_query.client.events import EVENT_FIELDS, EventsRequest, read_events
from kili_query.client.paging import Listing, Pages, Row, read_pages
from kili_query.client.reading import page_size_for
from kili_query.client.rows import ListContext
from kili_query.client.subscription.labels import Arrival
from kili_query.client.subscription.notices import LeftOut, UnknownEvent
from kili_query.errors import FeedUnavailable, GraphQLError, NotFound, TransportError
from kili_query.protocol import EVENTS, LABELS, EventName, label_where, read_instant

_CHANGES = frozenset(name for name in EventName if name.startswith("label."))
"""The events after which there is a label to give."""
_OTHER_LABEL_EVENTS = frozenset(
    {
        "label.workflow.validated",
        "label.workflow.rejected",
        "label.workflow.revisionStarted",
        "label.jsonResponse.store.started",
        "label.analytics.metrics.save.started",
    }
)
"""Known events about labels that leave them as they are."""
_OTHER_FAMILIES = ("asset.", "assetStorage.", "project.", "smartTool.")

OVERLAP = 50
"""Each look begins so many events back, in one page with what is new: an event that the feed shows late is found."""
_REMEMBERED = 100_000


@frozen
class News:
    """What a few events of the feed say.

    Attributes:
        arrivals: the labels, as they are now, in the order of their events.
        notices: what else there is to know.
        ids: the events.
    """

    arrivals: list[Arrival]
    notices: list[LeftOut | UnknownEvent]
    ids: list[str]


@define
class FeedReader:
    """Reads a project's feed on from where it was read last.

    Attributes:
        reader: asks the service.
        project_id: the project.
        selection: the fields of each label.
        lost: why events have been missed in the last look; None if none were.
    """

    reader: ListContext
    project_id: str
    selection: str
    lost: GraphQLError | None = None
    _recent: deque[str] = field(factory=lambda: deque(maxlen=OVERLAP))
    _known: dict[str, None] = field(factory=dict)
    _begun: datetime | None = None
    _told: set[object] = field(factory=set)

    def begin(self) -> None:
        """Make everything that the feed holds the past.

        Raises:
            FeedUnavailable: this account has no feed.
            ServiceError: the service refused, or cannot be reached.
        """
        newest = self._newest()
        self._begun = _time_of(newest[0]) if newest else None
        self.remember(str(event["id"]) for event in newest)

    def look(self) -> Iterator[News]:
        """Yield what is new, a few events at a time: call `remember` for what has been passed on.

        Raises:
            ServiceError: the service refused, or cannot be reached.
        """
        self.lost = None
        size = page_size_for(self.reader.projects.input_type(self.project_id))
        with closing(self._fresh()) as events:
            while piece := list(islice(events, size)):
                yield self._news(piece)

    def remember(self, ids: Iterable[str]) -> None:
        """Take these events for known, so that they are not given again."""
        for event_id in ids:
            self._recent.append(event_id)
            self._known[event_id] = None
            if len(self._known) > _REMEMBERED:
                del self._known[next(iter(self._known))]

    def _fresh(self) -> Generator[Row, None, None]:
        has_begun = False
        try:
            for event in self._events("asc", self._recent[0] if self._recent else None):
                has_begun = True
                if self._is_fresh(event):
                    yield event
        except GraphQLError as error:
            if has_begun or not self._recent or isinstance(error, FeedUnavailable):
                raise
            # the service may have forgotten the event: the newest ones tell whether anything was missed
            newest = self._newest()
            self.lost = None if any(event["id"] in self._known for event in newest) else error
            yield from filter(self._is_fresh, newest)

    def _is_fresh(self, event: Row) -> bool:
        """A service that repeats events may also send those from before the beginning."""
        if event["id"] in self._known:
            return False
        time = _time_of(event)
        return self._begun is None or time is None or time >= self._begun

    def _newest(self) -> list[Row]:
        return list(islice(self._events("desc", None), OVERLAP))[::-1]

    def _events(self, order: str, after: str | None) -> Iterator[Row]:
        wanted = EventsRequest(
            project_id=self.project_id,
            from_event_id=after,
            until_event_id=None,
            filters={},
            order=order,
            fields=EVENT_FIELDS,
        )
        return read_events(self.reader, wanted)

    def _news(self, events: list[Row]) -> News:
        notices: list[LeftOut | UnknownEvent] = []
        wanted: dict[str, None] = {}
        for event in events:
            name, label_id = event.get("event"), _label_id(event)
            if self._is_unknown(name, label_id):
                if name not in self._told:
                    self._told.add(name)
                    notices.append(UnknownEvent(str(event["id"]), str(name), label_id))
            elif name not in _CHANGES:
                continue
            elif label_id is None:
                error = TransportError(f"the event `{event['id']}` does not name its label", operation=EVENTS.name)
                notices.append(LeftOut(None, error))
            if label_id is not None:
                wanted[label_id] = None
        found = self._labels(list(wanted))
        notices += [LeftOut(key, NotFound(f"the label `{key}` no longer exists")) for key in wanted if key not in found]
        arrivals = [Arrival(found[key]) for key in wanted if key in found]
        return News(arrivals, notices, [str(event["id"]) for event in events])

    @staticmethod
    def _is_unknown(name: object, label_id: str | None) -> bool:
        if not isinstance(name, str) or name.startswith("label."):
            return name not in _CHANGES and name not in _OTHER_LABEL_EVENTS
        return label_id is not None or not name.startswith(_OTHER_FAMILIES)

    def _labels(self, ids: list[str]) -> dict[str, Row]:
        if not ids:
            return {}
        where = label_where(self.project_id, {"id_contains": ids})
        pages = Pages(Listing(LABELS, None, where, self.selection, len(ids)), first=len(ids))
        with closing(read_pages(pages, self.reader.service.ask, self.reader.pool, is_whole_list=False)) as read:
            return {str(row.get("id")): row for page in read for row in page}


def _label_id(event: Row) -> str | None:
    payload = event.get("payload")
    found = payload.get("labelId") if isinstance(payload, Mapping) else None
    return found if isinstance(found, str) and found else None


def _time_of(event: Row) -> datetime | None:
    try:
        return read_instant(str(event.get("createdAt")))
    except ValueError:  # the time only tells repeated events from new ones
        return None
