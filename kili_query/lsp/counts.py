"""How many labels hold each category, counted by a process of its own: no keystroke waits for it."""

import asyncio
import json
import os
import subprocess
import sys
from typing import TypeAlias

from attrs import define, field

from kili_query.errors import DataError
from kili_query.ontology.described import Counts

_LONGEST_REASON = 300


Stamp: TypeAlias = tuple[int, ...]


def stamp(path: str) -> Stamp:
    """Return what changes when a file, or a folder of files, is written to; empty if it does not exist."""
    try:
        status = os.stat(path)
        if os.path.isdir(path):
            return (max(os.stat(folder).st_mtime_ns for folder, _, _ in os.walk(path)),)
    except (OSError, ValueError):  # a folder may vanish meanwhile
        return ()
    return (status.st_mtime_ns, status.st_size, status.st_ino)


@define
class BackgroundCount:
    """Counts the labels of one source, again when they have changed.

    Attributes:
        source: a file of labels, a raw export or a label cache.
        ontology: the file or cache that says what the labels may hold; None for none.
        fmt: the format of a dataset; None for what it looks like.
        counts: the last result.
        problem: why there is none.
    """

    source: str
    ontology: str | None
    fmt: str | None = None
    counts: Counts | None = None
    problem: str | None = None
    _stamp: Stamp | None = None
    _task: "asyncio.Task[None] | None" = field(default=None, repr=False)

    @property
    def is_counting(self) -> bool:
        """Whether a count is under way."""
        return self._task is not None and not self._task.done()

    async def refresh(self) -> None:
        """Start counting, if it was never done or the labels have changed since."""
        found = await asyncio.to_thread(stamp, self.source)
        if self.is_counting or found == self._stamp:
            return
        self._stamp = found
        self._task = asyncio.create_task(self._run())

    def close(self) -> None:
        """Stop counting; the process that counts is ended by the task that waits for it."""
        if self._task is not None:
            self._task.cancel()

    async def _run(self) -> None:
        try:
            self.counts, self.problem = await _count(self.source, self.ontology, self.fmt), None
        except DataError as error:
            self.counts, self.problem = None, str(error)


async def _count(source: str, ontology: str | None, fmt: str | None) -> Counts:
    """Run `kili-query count`, whose process ends with this call.

    Raises:
        DataError: the labels cannot be counted.
    """
    named = [] if fmt is None else ["--from", fmt]
    arguments = ["count", source, "--json", "--quiet", "--ontology", ontology or "none", *named]
    process = subprocess.Popen(  # noqa: S603 - our own command
        [sys.executable, "-P", "-m", "kili_query", *arguments],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    try:
        # not a process of asyncio: a second cancellation, as at the end of the loop, would leave it unwaited for
        out, err = await asyncio.to_thread(process.communicate)
    finally:
        process.kill()  # the thread ends with it
    if process.returncode != 0:
        raise DataError(err.decode("utf-8", "replace").strip().removeprefix("error: ")[:_LONGEST_REASON])
    found = json.loads(out)
    rows = {(row["job"], row["category"]): row for row in found["counters"]}
    holders = {pair: row["labels"] for pair, row in rows.items()}
    return Counts(found["labels"], holders, {pair: row["objects"] for pair, row in rows.items()})
