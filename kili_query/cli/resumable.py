"""A file that a download fills, and goes on filling after it was interrupted, be it by `kill -9`.

Beside the file to come, ``F``, lie ``F.part`` with the lines so far, and ``F.part.log``: what is downloaded, and after
each few lines how long ``F.part`` was. What lies behind the last entry was cut off in the middle, and is fetched again.
"""

import errno
import json
import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from attrs import define, field, frozen

from kili_query.cli.exit_status import CommandError
from kili_query.cli.packing import PACKED, check_packing, packed
from kili_query.replacing import WriteError, cannot_write, replaced

__all__ = ["ResumableFile", "resumable"]

_NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
_LABELS_OF_ENTRY = 20
_VERSION = 1


@define
class ResumableFile:
    """The lines so far, and the labels that they came from.

    Attributes:
        path: the file to come, as its user calls it.
        part: what holds the lines.
        log: what holds the entries.
        ids: of all labels that were seen, in the order in which the server listed them.
        lines: how many were written.
        left_out: the ids of labels that could not be judged.
        kept: how many of the lines an earlier run wrote.
    """

    path: str
    part: IO[bytes]
    log: IO[bytes]
    ids: dict[str, None] = field(factory=dict)
    lines: int = 0
    left_out: list[str] = field(factory=list)
    kept: int = 0
    _unsaved: list[str] = field(factory=list)

    def add(self, label_id: str, line: str | None, *, is_left_out: bool = False) -> None:
        """A label that was seen.

        Args:
            label_id: its id.
            line: what is written; None where the label is not meant.
            is_left_out: because it could not be judged.
        """
        if line is not None:
            self.part.write(line.encode("utf-8", "backslashreplace") + b"\n")
            self.lines += 1
        if is_left_out:
            self.left_out.append(label_id)
        self.ids[label_id] = None
        self._unsaved.append(label_id)
        if len(self._unsaved) >= _LABELS_OF_ENTRY:
            self.save()

    def save(self) -> None:
        """Make sure that what was added is still there after whatever may come."""
        if self._unsaved:
            _flush(self.part)
            entry = {"bytes": self.part.tell(), "ids": self._unsaved, "lines": self.lines, "left_out": self.left_out}
            self.log.write(json.dumps(entry).encode() + b"\n")
            _flush(self.log)
            self._unsaved = []

    def begin_again(self) -> None:
        """Forget all that was fetched."""
        self.ids.clear()
        self.left_out.clear()
        self._unsaved.clear()
        self.lines = self.kept = 0
        self.part.truncate(0)
        self.part.seek(0)
        self.log.seek(0)
        self.log.readline()
        self.log.truncate()

    def resume(self) -> None:
        """Go on behind the last entry whose lines are all there."""
        end = self.log.tell()
        size = self.part.seek(0, os.SEEK_END)
        last = _Entry(0, (), 0, ())
        while (read := _Entry.read(self.log.readline())) is not None and last.size_bytes <= read.size_bytes <= size:
            last, end = read, self.log.tell()
            self.ids |= dict.fromkeys(read.ids)
        self.lines = self.kept = last.lines
        self.left_out = list(last.left_out)
        self.part.truncate(self.part.seek(last.size_bytes))
        self.log.truncate(self.log.seek(end))

    def finish(self) -> None:
        """Let the file appear, in the place of one that is there."""
        self.save()
        target = _target(self.path)
        if target.endswith(PACKED):
            self.part.seek(0)
            with replaced(self.path) as new, packed(new.file, self.path) as file:
                shutil.copyfileobj(self.part, file)
        else:
            if os.path.exists(target):
                shutil.copymode(target, self.part.name)
            os.replace(self.part.name, target)
        self.discard()

    def discard(self) -> None:
        """Leave nothing beside the file."""
        Path(self.part.name).unlink(missing_ok=True)
        Path(self.log.name).unlink(missing_ok=True)


@contextmanager
def resumable(path: str, request: Mapping[str, object], *, restart: bool) -> Iterator[ResumableFile]:
    """The file to come, as far as an earlier download of the same came. Whatever happens, what was fetched is kept.

    Args:
        path: the file to come.
        request: what is downloaded, as JSON.
        restart: forget what there is.

    Raises:
        CommandError: the file cannot be written, or a download of something else, or of another process, is there.
        MissingExtraError: its suffix asks for a compression that is not installed.
    """
    target = _target(path)
    check_packing(path)
    try:
        log, part = _opened(f"{target}.part.log"), _opened(f"{target}.part")
    except (OSError, ValueError) as error:
        raise cannot_write(path, error) from error
    with _naming(path), log, part:
        _lock(log, path)
        file = ResumableFile(path, part, log)
        if restart:
            log.truncate(0)
        _begin(file, request)
        try:
            yield file
        finally:
            if not part.closed and os.path.exists(part.name):
                file.save()
                if not file.ids:
                    file.discard()


@contextmanager
def _naming(path: str) -> Iterator[None]:
    """Name the file in failures of the disk, which do not tell what could not be written."""
    try:
        yield
    except OSError as error:
        if error.errno not in _NO_ROOM or isinstance(error, WriteError):
            raise
        raise cannot_write(path, error) from error


def _begin(file: ResumableFile, request: Mapping[str, object]) -> None:
    head = file.log.readline()
    if not head.endswith(b"\n"):  # new, or killed before it had begun
        file.log.seek(0)
        file.log.truncate()
        file.part.truncate(0)
        file.log.write(json.dumps({"version": _VERSION, "request": request}).encode() + b"\n")
        return
    begun = _head(head)
    if begun is None:
        raise CommandError(f"`{file.log.name}` is not what this command writes: remove it, or give --restart")
    if others := [name for name, value in request.items() if begun.get(name) != value]:
        raise CommandError(
            f"`{file.part.name}` holds an unfinished download with another {' and another '.join(others)}: "
            "finish that one, or give --restart to begin anew"
        )
    file.resume()


def _head(line: bytes) -> dict[str, object] | None:
    """What is downloaded, by the first line of a log."""
    try:
        head: object = json.loads(line)
    except (ValueError, RecursionError):
        return None
    request = head.get("request") if isinstance(head, dict) and head.get("version") == _VERSION else None
    return request if isinstance(request, dict) else None


@frozen
class _Entry:
    """How far a download had come: the bytes of the part, the labels since the entry before, and totals."""

    size_bytes: int
    ids: tuple[str, ...]
    lines: int
    left_out: tuple[str, ...]

    @classmethod
    def read(cls, line: bytes) -> "_Entry | None":
        """An entry of a log; None at its end, and where it is damaged or was cut off in the middle."""
        try:
            entry: object = json.loads(line) if line.endswith(b"\n") else None
        except (ValueError, RecursionError):
            return None
        if not isinstance(entry, dict):
            return None
        match entry:
            case {"bytes": int(size), "ids": list(ids), "lines": int(lines), "left_out": list(left_out)}:
                texts = tuple(map(str, ids)), tuple(map(str, left_out))
                return cls(size, texts[0], lines, texts[1]) if min(size, lines) >= 0 else None
            case _:
                return None


def _target(path: str) -> str:
    """Where the file will be: of a link, what it points to is replaced.

    Raises:
        CommandError: something else than a file is there.
    """
    target = os.path.realpath(path)
    if os.path.exists(target) and not os.path.isfile(target):
        raise CommandError(f"cannot write `{path}`: it is no file, which a download must be to be resumed")
    return target


def _opened(path: str) -> IO[bytes]:
    """A file to read and write, which is left as it is."""
    return open(path, "r+b", opener=lambda name, flags: os.open(name, flags | os.O_CREAT, 0o666))


def _lock(log: IO[bytes], path: str) -> None:
    """Refuse to share a file with another process. The lock ends with the process, however that ends."""
    try:
        import fcntl
    except ImportError:  # there is none on Windows
        return
    try:
        fcntl.flock(log, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        raise CommandError(f"another process is downloading `{path}`") from error


def _flush(file: IO[bytes]) -> None:
    file.flush()
    os.fsync(file.fileno())
