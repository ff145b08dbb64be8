"""A subscription as its user sees it: an iterator or a callback, and an end."""

import logging
import threading
from collections.abc import Callable, Iterator
from functools import partial
from types import TracebackType
from typing import Self, TypeAlias

from attrs import define, field, frozen

from kili_query.client.arguments import check_project_id
from kili_query.client.contents import ANSWERS, CONTENT, CONTENT_URL, OnMalformed, checked_on_malformed
from kili_query.client.paging import Row
from kili_query.client.request import Request
from kili_query.client.retries import Clock
from kili_query.client.rows import ListContext
from kili_query.client.search import parse_search
from kili_query.client.settings import Settings
from kili_query.client.subscription.channel import Dial, tls_context
from kili_query.client.subscription.feed import FeedReader
from kili_query.client.subscription.frames import offered
from kili_query.client.subscription.labels import Arrivals, Tally
from kili_query.client.subscription.listening import SubscriptionListener, SubscriptionRequest
from kili_query.client.subscription.notices import Notice, Polling
from kili_query.client.subscription.polling import FeedListener
from kili_query.errors import ArgumentError, FeedUnavailable, GraphQLError, ServiceError
from kili_query.ontology import is_conversation
from kili_query.protocol import LABEL_CREATED_OR_UPDATED, LABELS
from kili_query.query import Query
from kili_query.targets.closures import Matcher

UNREACHABLE_S = 600.0
POLL_S = 5.0
FEED = "events"
"""The protocol that is not one of websockets: the change feed, read over HTTP."""

Callback: TypeAlias = Callable[[str, object], None]
"""Called with the id of the asset, and the decoded content of the label."""

Listener: TypeAlias = SubscriptionListener | FeedListener

_log = logging.getLogger("kili_query.client")


@frozen(kw_only=True)
class SubscriptionOptions:
    """How a subscription goes about it.

    Attributes:
        where: which labels are meant.
        protocol: what is spoken; ``"events"`` for the change feed; None for what the service picks, and the change feed
            if no websocket can be opened.
        on_malformed: what becomes of a label whose content cannot be read; None for what the client does.
        unreachable_s: how long the service may be out of reach, in seconds; None for as long as it is.
        on_notice: told what else there is to know; by default it is logged as a warning.
        poll_s: how long to wait between two reads of the change feed, in seconds.
        clock: time and chance.
    """

    where: str | Query | None = None
    protocol: str | None = None
    on_malformed: OnMalformed | None = None
    unreachable_s: float | None = UNREACHABLE_S
    on_notice: Callable[[Notice], None] | None = None
    poll_s: float = POLL_S
    clock: Clock = field(factory=Clock)


class Subscription:
    """Labels of a project, as they are created or changed; made by `KiliClient.label_created_or_updated`.

    It is an iterator that waits for the next label, and ends when it is closed, from whatever thread; or else its
    labels go to the callback. A thread reads what comes, and keeps it until it is taken, however long that takes: while
    the connection stands no label is lost, at the price of memory. When the connection breaks, it is made anew.

    As a context manager it closes itself; one with a callback then waits for the callback's end, and raises its error.

    Attributes:
        project_id: the project.
    """

    def __init__(self, project_id: str, listener: Listener, arrivals: Arrivals, callback: Callback | None) -> None:
        self.project_id = project_id
        self._listener = listener
        self._arrivals = arrivals
        self._callback = callback
        self._callback_error: Exception | None = None
        self._caller: threading.Thread | None = None
        if callback is not None:
            self._caller = threading.Thread(
                target=self._call, args=(callback,), name="kili-subscription-callback", daemon=True
            )
            self._caller.start()

    @property
    def error(self) -> Exception | None:
        """The error that ended the subscription, if any: the service's refusal, or the callback's exception."""
        return self._callback_error or self._listener.error

    @property
    def tally(self) -> Tally:
        """How many labels came, and what became of them; it grows."""
        return self._arrivals.tally

    def __repr__(self) -> str:
        return f"Subscription({self.project_id!r})"

    def __iter__(self) -> Iterator[Row]:
        if self._callback is not None:
            raise ArgumentError("the labels of this subscription go to its callback")
        return self._arrivals

    def close(self) -> None:
        """End the subscription; from any thread, as often as one likes.

        What has arrived is still given, to the iterator or to the callback, and then they end.
        """
        self._listener.close()

    def join(self, timeout_s: float | None = None) -> bool:
        """Wait until it has ended, and the callback has had all labels.

        Args:
            timeout_s: for how long, in seconds; None for as long as it takes.

        Returns:
            Whether it has ended.

        Raises:
            ServiceError: the service refused the subscription, or was out of reach for too long.
            Exception: that of the callback.
        """
        has_ended = self._join(timeout_s)
        if has_ended and (error := self.error) is not None:
            raise error
        return has_ended

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()
        if self._caller is not None and kind is None:
            self.join()

    def _join(self, timeout_s: float | None) -> bool:
        caller = self._caller
        if caller is None:
            return self._listener.join(timeout_s)
        if caller is not threading.current_thread():
            caller.join(timeout_s)  # the listener has ended by then
        return not caller.is_alive()

    def _call(self, callback: Callback) -> None:
        try:
            for label in self._arrivals:
                callback(_asset_id(label), label.get(CONTENT))
        except Exception as error:
            if error is not self._listener.error:
                self._callback_error = error
                _log.error("subscription: it ends because its callback failed: %r", error)
        finally:
            self._listener.close()


def subscribe(
    reader: ListContext, settings: Settings, project_id: str, callback: Callback | None, options: SubscriptionOptions
) -> Subscription:
    """Begin a subscription; what can be wrong with the arguments is said before anything is sent.

    Raises:
        ArgumentError: an argument cannot be used.
        QueryError: the query is none, or the project has no such job or category.
        NotFound: the project does not exist, or this user may not see it.
        ServiceError: the service refused, or could not be reached.
    """
    query = _checked(project_id, callback, options)
    dial = None
    if options.protocol != FEED:
        dial = Dial(settings, offered(options.protocol), tls_context(settings), options.clock)
    tell = options.on_notice or partial(_log_notice, settings)
    judge = _judge(reader, project_id, query)

    def collect() -> Arrivals:
        return Arrivals(reader.service, judge, options.on_malformed or reader.on_malformed, tell)

    beginning = _Beginning(reader, project_id, _selection(reader, project_id), tell, options)
    arrivals = collect()
    if dial is None:
        listener: Listener = beginning.feed(arrivals)
    else:
        try:
            listener = beginning.websocket(dial, arrivals)
        except _Blocked as blocked:
            arrivals = collect()  # the first ones have ended
            listener = beginning.feed_instead(blocked.error, arrivals)
    return Subscription(project_id, listener, arrivals, callback)


class _Blocked(Exception):  # noqa: N818 - it is caught within this module
    """No websocket can be opened, though the service answers over HTTP."""

    def __init__(self, error: ServiceError) -> None:
        super().__init__()
        self.error = error


@define
class _Beginning:
    """What both ways to subscribe need."""

    reader: ListContext
    project_id: str
    selection: str
    tell: Callable[[Notice], None]
    options: SubscriptionOptions

    def websocket(self, dial: Dial, arrivals: Arrivals) -> SubscriptionListener:
        document = LABEL_CREATED_OR_UPDATED.document(self.selection)
        request = SubscriptionRequest(document, {"projectID": self.project_id})
        listener = SubscriptionListener(dial, request, arrivals.put, self.tell, self.options.unreachable_s)
        arrivals.error = lambda: listener.error
        try:
            listener.start()
        except ServiceError as error:
            if self.options.protocol is None and listener.is_blocked:
                raise _Blocked(error) from error
            raise
        return listener

    def feed(self, arrivals: Arrivals) -> FeedListener:
        feed = FeedReader(self.reader, self.project_id, self.selection)
        options = self.options
        listener = FeedListener(feed, options.clock, arrivals.put, self.tell, options.poll_s, options.unreachable_s)
        arrivals.error = lambda: listener.error
        listener.start()
        return listener

    def feed_instead(self, error: ServiceError, arrivals: Arrivals) -> FeedListener:
        """Read the feed; if there is none, the error is that of the websocket.

        Raises:
            ServiceError: there is no feed either.
        """
        try:
            listener = self.feed(arrivals)
        except FeedUnavailable:
            raise error from None
        try:
            self.tell(Polling(error.message, self.options.poll_s))
        except BaseException:
            listener.close()
            raise
        return listener


def _checked(project_id: str, callback: Callback | None, options: SubscriptionOptions) -> Query | None:
    check_project_id(project_id)
    for name, function in (("callback", callback), ("on_notice", options.on_notice)):
        if function is not None and not callable(function):
            raise ArgumentError(f"`{name}` is a function, not {function!r:.80}")
    if options.on_malformed is not None:
        checked_on_malformed(options.on_malformed)
    poll_s: object = options.poll_s
    if isinstance(poll_s, bool) or not isinstance(poll_s, int | float) or not 0 < poll_s < threading.TIMEOUT_MAX:
        raise ArgumentError(f"`poll_s` must be a number of seconds above 0, not {poll_s!r:.80}")
    limit = options.unreachable_s
    is_number = isinstance(limit, int | float) and not isinstance(limit, bool) and limit >= 0
    if limit is not None and not is_number:
        raise ArgumentError(f"`unreachable_s` is a number of seconds, or None for no limit, not {limit!r:.80}")
    return parse_search(options.where, name="where")


def _judge(reader: ListContext, project_id: str, query: Query | None) -> Matcher | None:
    """What tells which labels are meant; it also makes sure that there is the project, of which the service would
    send nothing, and say nothing."""
    if query is None:
        reader.projects.input_type(project_id)
        return None
    return query.compile(ontology=reader.projects.fetch(project_id))


def _selection(reader: ListContext, project_id: str) -> str:
    """Return the fields to ask for, with the URL of the content if the service has one."""
    if reader.has_content_urls is None:
        where = {"project": {"id": project_id}}
        try:
            reader.service.ask(Request(LABELS, {"where": where, "first": 1, "skip": 0}, CONTENT_URL))
            reader.has_content_urls = True
        except GraphQLError as error:
            if CONTENT_URL not in error.message:
                raise
            reader.has_content_urls = False
    selection = LABEL_CREATED_OR_UPDATED.selection
    if is_conversation(reader.projects.input_type(project_id)):
        selection += f" {ANSWERS}"
    return f"{selection} {CONTENT_URL}" if reader.has_content_urls else selection


def _log_notice(settings: Settings, notice: Notice) -> None:
    _log.warning("subscription: %s", settings.redacted(str(notice)))


def _asset_id(label: Row) -> str:
    asset = label.get("labelOf")
    return str(label.get("assetId") or (asset.get("id") if isinstance(asset, dict) else ""))
