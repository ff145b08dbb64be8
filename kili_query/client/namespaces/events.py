"""`client.events`: the change feed of a project."""

from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Literal, Unpack

from kili_query.client.arguments import checked_count
from kili_query.client.events import EVENT_FIELDS, EventsRequest, read_events
from kili_query.client.keyword_arguments import shows_filters, takes_arguments
from kili_query.client.namespaces.namespace import CallableNamespace, Rows
from kili_query.client.paging import Row
from kili_query.protocol import EventFilters


class EventMethods(CallableNamespace):
    """`KiliClient.events`: a method, and a namespace with a method."""

    @shows_filters(
        EventFilters,
        elsewhere={
            "first": "stop reading the iterator when you have enough",
            "skip": "use `KiliClient.events.list`, or leave out what you read first",
            "as_generator": "leave it out, because it always returns an iterator",
            "disable_tqdm": "leave it out: this method shows no progress bar",
        },
    )
    def __call__(
        self,
        project_id: str,
        *,
        from_event_id: str | None = None,
        until_event_id: str | None = None,
        order: Literal["asc", "desc"] = "asc",
        fields: Sequence[str] = EVENT_FIELDS,
        **filters: Unpack[EventFilters],
    ) -> Iterator[Row]:
        """List what happened to a project, from its change feed, page by page as you read on.

        To continue later, keep the ``id`` of the last event and give it as ``from_event_id``. No event comes twice, and
        events that are added in the meantime move none out of the list.

        >>> from importlib.resources import files
        >>> from kili_query.client import KiliClient
        >>> from kili_query.sandbox import Sandbox
        >>> with Sandbox(project=str(files("kili_query") / "demo")) as box:
        ...     client = KiliClient(box.api_key, box.endpoint)
        ...     newest = next(client.events(box.project_id, order="desc"), None)
        ...     seen = newest["id"] if newest else None
        ...     asset = client.assets(box.project_id, fields=["id"], first=1)[0]["id"]
        ...     _ = client.append_labels([asset], json_response_array=[{}], disable_tqdm=True)
        ...     for event in client.events(box.project_id, from_event_id=seen):
        ...         print(event["event"], event["payload"]["assetId"] == asset)
        label.workflow.created.default True

        Deleted labels and drafts raise no event, and neither does a change of ``isLatestLabelForUser``.

        Args:
            project_id: the project.
            from_event_id: an event that you have seen; only later ones are listed. The service may have forgotten it.
            until_event_id: only events before this one.
            order: ``"asc"``, oldest first, or ``"desc"``.
            fields: the fields of each event.
            **filters: only these events; see `EventFilters`.

        Returns:
            An iterator of dicts with the service's names. ``payload`` is decoded; that of a label's event holds
            ``assetId``, ``labelId`` and ``externalId``, which may be None.

        Raises:
            ArgumentError: an argument cannot be used; nothing was sent.
            FeedUnavailable: from the iterator: this account has no change feed. It is a `GraphQLError`.
            NotFound: from the iterator: the project does not exist, or this user may not see it.
            ServiceError: from the iterator: the service refused the call, or cannot be reached.
        """
        wanted = EventsRequest(
            project_id=project_id,
            from_event_id=from_event_id,
            until_event_id=until_event_id,
            filters=filters,
            order=order,
            fields=fields,
        )
        return read_events(self._own()._context, wanted)

    @takes_arguments(
        called="KiliClient.events.list",
        elsewhere={
            "first": "use `KiliClient.events`, and stop reading its iterator when you have enough",
            "as_generator": "use `KiliClient.events`, which returns an iterator",
            "disable_tqdm": "leave it out: this method shows no progress bar",
        },
    )
    def list(
        self,
        project_id: str,
        fields: Sequence[str] | None = None,
        created_at_gte: str | None = None,
        created_at_lte: str | None = None,
        user_id: str | None = None,
        event: str | None = None,
        skip: int = 0,
        from_event_id: str | None = None,
        until_event_id: str | None = None,
        organization_id: str | None = None,
        order: Literal["asc", "desc"] | None = "asc",
    ) -> Rows:
        """Return all events that `KiliClient.events` lists; those of a busy project may be many.

        Args:
            project_id: the project.
            fields: the fields of each event; None for those of `KiliClient.events`.
            created_at_gte, created_at_lte, user_id, event, organization_id: only these events; see `EventFilters`.
            skip: number of events to leave out at the beginning.
            from_event_id: only events after this one.
            until_event_id: only events before this one.
            order: ``"asc"``, oldest first, or ``"desc"``.

        Raises:
            ArgumentError, FeedUnavailable, NotFound, ServiceError: as `KiliClient.events` does.
        """
        n_skipped = checked_count("skip", skip)
        found = self(
            project_id,
            from_event_id=from_event_id,
            until_event_id=until_event_id,
            order="asc" if order is None else order,
            fields=fields or EVENT_FIELDS,
            event=event,
            created_at_gte=created_at_gte,
            created_at_lte=created_at_lte,
            user_id=user_id,
            organization_id=organization_id,
        )
        return [*islice(found, n_skipped, None)]
