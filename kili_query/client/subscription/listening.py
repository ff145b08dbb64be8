"""Holds a subscription over connections that come and go."""

import logging
import math
import threading
from collections.abc import Callable
from datetime import datetime

from attrs import evolve, frozen

from kili_query.client.retries import KEY_IN_DOUBT, REFUSED, UNREACHED_AT_FIRST, Clock, Failure, error_of, pause_s
from kili_query.client.subscription.channel import Channel, Dial, Lost
from kili_query.client.subscription.labels import Arrival
from kili_query.client.subscription.notices import Interruption
from kili_query.errors import AuthenticationFailed, TransportError
from kili_query.protocol import LABEL_CREATED_OR_UPDATED

_STOOD_FIRMLY_S = 10.0
"""A connection that stood so long, or that brought a label, ends an outage; one that breaks at once goes on with it."""

_log = logging.getLogger("kili_query.client")


@frozen
class SubscriptionRequest:
    """The subscribed labels.

    Attributes:
        text: the GraphQL document.
        variables: its variables.
    """

    text: str
    variables: dict[str, object]


class SubscriptionListener:
    """Keeps asking the service for what it has to tell, from a thread, until it is closed or the service refuses.

    Args:
        dial: how the service is called.
        document: what is asked.
        deliver: takes each label, in order, and None at the end.
        tell: told of interruptions.
        unreachable_s: how long the service may be out of reach, in seconds; None for as long as it is.
    """

    def __init__(
        self,
        dial: Dial,
        document: SubscriptionRequest,
        deliver: Callable[[Arrival | None], None],
        tell: Callable[[Interruption], None],
        unreachable_s: float | None,
    ) -> None:
        self._dial, self._document, self._deliver, self._tell = dial, document, deliver, tell
        self._outages = _Outages(dial.clock, unreachable_s)
        self._channel: Channel | None = None
        self._interruption: Interruption | None = None
        self._lock = threading.Lock()
        self._closing = threading.Event()
        self._settled = threading.Event()
        self._thread = threading.Thread(target=self._run, name="kili-subscription", daemon=True)
        self._was_opened = False
        self._was_let_in = False
        self.error: Exception | None = None

    @property
    def is_blocked(self) -> bool:
        """Whether it ended before it began, and not because the service refused it in its protocol.

        GraphQL errors are such a refusal, unless they come in place of a websocket.
        """
        if self._was_let_in or isinstance(self.error, AuthenticationFailed):
            return False
        return not self._was_opened or isinstance(self.error, TransportError)

    def start(self) -> None:
        """Begin, and wait until the service was asked for the subscription.

        Raises:
            ServiceError: it refused, or cannot be reached.
        """
        self._thread.start()
        try:
            self._settled.wait()
        except BaseException:
            self.close()
            raise
        if self.error is not None:
            raise self.error

    def close(self) -> None:
        """End it; from any thread, as often as one likes. What has arrived is still delivered."""
        with self._lock:
            self._closing.set()
            channel = self._channel
        if channel is not None:
            channel.close()
        else:
            self._deliver(None)  # who waits is not kept until a connection is made, or not

    def join(self, timeout_s: float | None = None) -> bool:
        """Wait until the thread has ended; says whether it has."""
        if self._thread is not threading.current_thread():
            self._thread.join(timeout_s)
        return not self._thread.is_alive()

    def _run(self) -> None:
        try:
            while (failure := self._hold()) is not None:
                pause = self._outages.pause_after(failure)
                self._interrupted(failure.message)
                _log.info("subscription: %s; connecting again in %.1f s", failure.message, pause)
                if self._closing.wait(pause):
                    return
        except Exception as error:  # told to who reads, for nobody looks after this thread
            self.error = error
        finally:
            self._deliver(None)
            self._settled.set()

    def _hold(self) -> Failure | None:
        """Deliver what comes over one connection; gives how it was lost, or None once all is closed."""
        try:
            with self._dial.connected() as channel:
                self._was_opened = True
                self._adopt(channel)
                channel.subscribe(self._dial.settings.api_key, self._document.text, self._document.variables)
                self._was_let_in = True
                self._outages.begin()
                self._resumed()
                for payload in channel.payloads():
                    self._outages.is_firm = True
                    self._deliver(Arrival.of(payload, self._dial.settings.redacted))
            raise AssertionError("a connection ends by being lost")
        except Lost as lost:
            return None if self._closing.is_set() else lost.failure
        finally:
            self._channel = None

    def _adopt(self, channel: Channel) -> None:
        with self._lock:
            self._channel = channel
            if not self._closing.is_set():
                return
        channel.close()

    def _interrupted(self, reason: str) -> None:
        if self._settled.is_set() and self._interruption is None:
            self._interruption = Interruption(reason, self._now())
            self._tell_safely(self._interruption)

    def _resumed(self) -> None:
        self._settled.set()
        if self._interruption is not None:
            ended, self._interruption = evolve(self._interruption, ended=self._now()), None
            self._tell_safely(ended)

    def _tell_safely(self, interruption: Interruption) -> None:
        try:
            self._tell(interruption)
        except Exception as error:  # that of the user's function; not taken for one of the connection
            self.error = error
            self.close()

    def _now(self) -> datetime:
        return self._dial.clock.utc_now()


class _Outages:
    """Counts failures in a row, and says how long to wait after each, or that it is enough."""

    def __init__(self, clock: Clock, unreachable_s: float | None) -> None:
        self._clock, self._unreachable_s = clock, unreachable_s
        self._since_s = clock.monotonic_s()
        self._begun_s = math.inf
        self._failures = 0
        self._refusals = 0
        self._is_known = False
        self.is_firm = False

    def begin(self) -> None:
        """The service let the client in."""
        self._is_known, self.is_firm, self._begun_s = True, False, self._clock.monotonic_s()

    def pause_after(self, failure: Failure) -> float:
        """How long to wait before the next try, in seconds.

        Raises:
            ServiceError: there is none.
        """
        now_s = self._clock.monotonic_s()
        if self.is_firm or now_s - self._begun_s >= _STOOD_FIRMLY_S:
            self._failures, self._since_s = 0, now_s
        self.is_firm, self._begun_s = False, math.inf
        self._failures += 1
        is_refusal = failure.is_key_refused or bool(failure.errors)
        self._refusals = self._refusals + 1 if is_refusal else 0
        if (self._refusals if is_refusal else self._failures) >= self._allowed(failure):
            raise error_of(failure, LABEL_CREATED_OR_UPDATED.name, "", 1, is_mutation=False)
        pause = pause_s(self._failures - 1, failure.retry_after_s, self._clock)
        if self._unreachable_s is not None and now_s + pause - self._since_s > self._unreachable_s:
            raise TransportError(
                f"the service was out of reach for {self._unreachable_s:g} s, in {self._failures} tries; "
                f"at last: {failure.message}",
                status=failure.status,
                operation=LABEL_CREATED_OR_UPDATED.name,
            )
        return pause

    def _allowed(self, failure: Failure) -> float:
        """How many such failures in a row are too many."""
        if failure.is_key_refused:
            return KEY_IN_DOUBT.query_sends if self._is_known else 1
        if failure.errors or not self._is_known:
            allowed = failure.treatment.query_sends
            return allowed if failure.errors or failure.treatment is REFUSED else UNREACHED_AT_FIRST.query_sends
        return math.inf
