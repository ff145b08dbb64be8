"""Processes that write to a cache, and that a test ends: forks of one that has imported what they need.

What they run is in this file, and not beside the tests, so that each fork need not import pytest and the sandbox.
"""

import multiprocessing
import os
import signal
import warnings
from collections.abc import Iterator
from typing import Any

from kili_query.cache import LabelCache, writing
from kili_query.cache.tables import Tables
from kili_query.client import KiliClient
from kili_query.errors import CacheError

FORKS = multiprocessing.get_context("forkserver")
FORKS.set_forkserver_preload(
    [
        *(__name__, "kili_query.cache.sync", "kili_query.client.transport", "kili_query.frames.typed_rows"),
        "pandas",  # which pyarrow imports at the first array that it makes
    ]
)


def load_in_pieces(folder: str, labels: list[dict[str, Any]]) -> None:
    writing.BATCH_ROWS = 5
    LabelCache(folder).load(labels)


def sync_in_pieces(folder: str, key: str, endpoint: str, project: str) -> None:
    writing.BATCH_ROWS = 10
    with KiliClient(key, endpoint, disable_tqdm=True, calls_per_minute=None) as client:
        LabelCache(folder).sync(client, project)


class Waiting(KiliClient):
    """A client that stops at its fourth label, says so, and goes on when it is told to."""

    begun: Any
    goes_on: Any

    def labels_as_json(self, *arguments: Any, **options: Any) -> Iterator[dict[str, Any]]:  # type: ignore[override]
        for number, row in enumerate(super().labels_as_json(*arguments, **options)):
            if number == 3:
                self.begun.set()
                assert self.goes_on.wait(60)
            yield row


def sync_and_tell(folder: str, key: str, endpoint: str, project: str, told: Any, *waiting: Any) -> None:
    """Put the number of new labels into a queue, or the text of the error."""
    with (Waiting if waiting else KiliClient)(key, endpoint, disable_tqdm=True, calls_per_minute=None) as client:
        if isinstance(client, Waiting):
            client.begun, client.goes_on = waiting
        try:
            told.put(LabelCache(folder).sync(client, project).new)
        except CacheError as error:
            told.put(str(error))


def sync_two_batches(folder: str, key: str, endpoint: str, project: str) -> None:
    """End this process at once after the second commit of a sync."""
    commit, left = Tables.commit, iter(range(1))

    def commit_or_end(*arguments: Any, **options: Any) -> Tables:
        done = commit(*arguments, **options)
        if next(left, None) is None:
            os._exit(9)
        return done

    Tables.commit = commit_or_end  # type: ignore[method-assign]
    writing.BATCH_ROWS = 10
    LabelCache(folder).sync(KiliClient(key, endpoint, disable_tqdm=True), project)


def read_and_fork(folder: str) -> None:
    """End this process with 0 if a fork of it, in which the cache has been read, is told that it cannot read."""
    cache = LabelCache(folder)
    assert cache.count_labels() == 1
    with warnings.catch_warnings(action="ignore"):  # of forks of processes with threads
        child = os.fork()
    if child:
        os._exit(os.waitpid(child, 0)[1] != 0)
    signal.alarm(60)
    try:
        cache.count_labels()
    except CacheError as error:
        os._exit("`spawn` or `forkserver`" not in str(error))
    os._exit(9)
