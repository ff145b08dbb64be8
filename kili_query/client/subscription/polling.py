"""Holds a subscription without websockets: looks into the project's change feed again and again."""

import logging
import threading
from collections.abc import Callable
from datetime import datetime

from attrs import evolve

from kili_query.client.retries import Clock, pause_s
from kili_query.client.subscription.feed import FeedReader
from kili_query.client.subscription.labels import Arrival
from kili_query.client.subscription.notices import Interruption, Notice
from kili_query.errors import TransportError

_log = logging.getLogger("kili_query.client")


class FeedListener:
    """Takes labels from a feed, from a thread, until it is closed or the service refuses.

    Args:
        feed: the project's feed.
        clock: time and randomness.
        deliver: takes each label, in order, and None at the end.
        tell: called with notices.
        poll_s: how long to wait between two looks, in seconds.
        unreachable_s: how long the service may be unreachable, in seconds; None for no limit.
    """

    def __init__(
        self,
        feed: FeedReader,
        clock: Clock,
        deliver: Callable[[Arrival | None], None],
        tell: Callable[[Notice], None],
        poll_s: float,
        unreachable_s: float | None,
    ) -> None:
        self._feed, self._clock, self._deliver, self._tell = feed, clock, deliver, tell
        self._poll_s, self._unreachable_s = poll_s, unreachable_s
        self._interruption: Interruption | None = None
        self._interrupted_s = 0.0
        self._failures = 0
        self._looked: datetime = clock.utc_now()
        self._lock = threading.Lock()
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._run, name="kili-feed", daemon=True)
        self.error: Exception | None = None

    def start(self) -> None:
        """Begin: every label that is written after this call returns will come.

        Raises:
            ServiceError: the service refused, cannot be reached, or has no change feed.
        """
        self._feed.begin()
        self._looked = self._clock.utc_now()
        self._thread.start()

    def close(self) -> None:
        """End it at once; from any thread, any number of times. What has arrived is still delivered."""
        with self._lock:
            self._closing.set()
            self._deliver(None)

    def join(self, timeout_s: float | None = None) -> bool:
        """Wait until the thread has ended, and return whether it has."""
        if self._thread is not threading.current_thread() and self._thread.ident is not None:
            self._thread.join(timeout_s)
        return not self._thread.is_alive()

    def _run(self) -> None:
        pause = self._poll_s
        try:
            while not self._closing.wait(pause):
                try:
                    self._look()
                    pause = self._poll_s
                except TransportError as error:
                    pause = max(self._poll_s, self._pause_after(error))
        except Exception as error:  # raised where the labels are read, because nobody looks after this thread
            if not self._closing.is_set():
                self.error = error
        finally:
            self.close()

    def _look(self) -> None:
        began, looked = self._clock.utc_now(), self._looked
        for news in self._feed.look():
            with self._lock:
                if self._closing.is_set():
                    return
                for arrival in news.arrivals:
                    self._deliver(arrival)
                self._feed.remember(news.ids)
            for notice in news.notices:
                self._tell(notice)
        self._looked, self._failures = began, 0
        self._report_end()
        if self._feed.lost is not None:
            self._tell(Interruption(f"events were lost: {self._feed.lost.message}", looked, began))

    def _report_end(self) -> None:
        if self._interruption is not None:
            ended, self._interruption = evolve(self._interruption, ended=self._clock.utc_now()), None
            self._tell(ended)

    def _pause_after(self, error: TransportError) -> float:
        """Return how long to wait after a failed look, in seconds.

        Raises:
            TransportError: the service has been unreachable for too long.
        """
        now_s = self._clock.monotonic_s()
        if self._interruption is None:
            self._interruption, self._interrupted_s = Interruption(error.message, self._looked, are_lost=False), now_s
            if not self._closing.is_set():
                self._tell(self._interruption)
        self._failures += 1
        pause = pause_s(self._failures - 1, None, self._clock)
        if self._unreachable_s is not None and now_s + pause - self._interrupted_s > self._unreachable_s:
            raise error
        _log.info("change feed: %s; looking again in %.1f s", error.message, pause)
        return pause
