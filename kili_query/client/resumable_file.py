"""A file that a download fills, and continues to fill after an interruption, even by `kill -9`.

Beside the file ``F`` lie ``F.part``, which holds the lines so far, and ``F.part.log``. The log says what is downloaded,
and every few labels how long ``F.part`` was, and its checksum. What follows the last entry that agrees with the lines
may be truncated or damaged, and is fetched again.
"""

import json
import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import IO
from zlib import crc32

from attrs import define, field, frozen

from kili_query.output_files import (
    COMPRESSED,
    NO_ROOM,
    WriteError,
    cannot_write,
    check_compression,
    compressed,
    has_lock,
    is_at,
    keep_rights,
    replaced,
    target_of,
)

_LABELS_OF_ENTRY = 20
_VERSION = 3
_MAX_NAME_BYTES = 246


@frozen
class _Entry:
    """How far a download had come: the part so far and its checksum, the labels since the entry before, and totals."""

    size_bytes: int = 0
    crc: int = 0
    ids: tuple[str, ...] = ()
    lines: int = 0
    left_out: tuple[str, ...] = ()

    @classmethod
    def read(cls, line: bytes) -> "_Entry | None":
        """Read an entry of a log; return None at its end, and if the entry is malformed or truncated."""
        match _json(line):
            case {
                "bytes": int(size),
                "crc": int(crc),
                "ids": list(ids),
                "lines": int(lines),
                "left_out": list(left_out),
            }:
                texts = tuple(map(str, ids)), tuple(map(str, left_out))
                return cls(size, crc, texts[0], lines, texts[1]) if min(size, lines) >= 0 else None
            case _:
                return None

    def to_json(self) -> str:
        """Write the entry as a log has it."""
        return json.dumps(
            {
                "bytes": self.size_bytes,
                "crc": self.crc,
                "ids": self.ids,
                "lines": self.lines,
                "left_out": self.left_out,
            }
        )


@frozen
class _SeenLabel:
    """A label that was seen, its line if it matches, and whether it could not be judged."""

    id: str
    line: bytes | None
    is_left_out: bool


@define
class ResumableFile:
    """The lines so far, and the labels that they came from.

    Attributes:
        path: the file to fill, as its user calls it.
        part: the open file that holds the lines.
        log: the open file that holds the entries.
        ids: the ids of all labels that were seen, in the server's order.
        kept: the number of lines that an earlier run wrote.
    """

    path: str
    part: IO[bytes]
    log: IO[bytes]
    ids: dict[str, None] = field(factory=dict)
    kept: int = 0
    _saved: _Entry = _Entry()
    _unsaved: list[_SeenLabel] = field(factory=list)

    @property
    def lines(self) -> int:
        """The number of lines written."""
        return self._saved.lines + sum(seen.line is not None for seen in self._unsaved)

    @property
    def left_out(self) -> list[str]:
        """The ids of labels that could not be judged."""
        return [*self._saved.left_out, *(seen.id for seen in self._unsaved if seen.is_left_out)]

    def add(self, label_id: str, line: str | None, *, is_left_out: bool = False) -> None:
        """Add a label that was seen.

        Args:
            label_id: its id.
            line: the line to write; None if the label does not match.
            is_left_out: the label could not be judged.
        """
        data = None if line is None else line.encode("utf-8", "backslashreplace") + b"\n"
        self._unsaved.append(_SeenLabel(label_id, data, is_left_out))  # all of it or nothing, if a signal interrupts
        self.ids[label_id] = None
        if len(self._unsaved) >= _LABELS_OF_ENTRY:
            self.save()

    def save(self) -> None:
        """Flush everything that was added to the disk; if it fails halfway, the next call writes the same again."""
        if not self._unsaved:
            return
        data = b"".join(seen.line for seen in self._unsaved if seen.line is not None)
        saved = _Entry(
            self._saved.size_bytes + len(data),
            crc32(data, self._saved.crc),
            tuple(seen.id for seen in self._unsaved),
            self.lines,
            tuple(self.left_out),
        )
        self.part.seek(self._saved.size_bytes)
        self.part.write(data)
        _flush(self.part)
        self.log.write(saved.to_json().encode() + b"\n")
        _flush(self.log)
        self._saved, self._unsaved = saved, []

    def begin_again(self) -> None:
        """Discard everything that was fetched."""
        self.ids.clear()
        self._saved, self._unsaved = _Entry(), []
        self.kept = 0
        self.part.truncate(self.part.seek(0))
        self.log.seek(0)
        self.log.readline()
        self.log.truncate()

    def resume(self) -> None:
        """Continue after the last entry whose lines are as they were written."""
        end = self.log.tell()
        self.part.seek(0)
        last, size = _Entry(), os.fstat(self.part.fileno()).st_size
        while (
            (read := _Entry.read(self.log.readline())) is not None
            and last.size_bytes <= read.size_bytes <= size
            and self._holds(read, last)
        ):
            last, end = read, self.log.tell()
            self.ids |= dict.fromkeys(read.ids)
        self._saved, self.kept = last, last.lines
        self.part.truncate(self.part.seek(last.size_bytes))
        self.log.truncate(self.log.seek(end))

    def _holds(self, entry: _Entry, before: _Entry) -> bool:
        """Read the lines of an entry, and compare them with its checksum."""
        return crc32(self.part.read(entry.size_bytes - before.size_bytes), before.crc) == entry.crc

    def finish(self) -> None:
        """Let the file appear; it replaces an existing one."""
        self.save()
        target = target_of(self.path)
        if target.suffix.lower() in COMPRESSED:
            self.part.seek(0)
            with replaced(self.path) as new, compressed(new.file, self.path) as file:
                shutil.copyfileobj(self.part, file)
        else:
            if target.exists():
                keep_rights(target, self.part.name)
            os.replace(self.part.name, target)
        self.discard()

    def discard(self) -> None:
        """Remove the part and its log."""
        Path(self.part.name).unlink(missing_ok=True)
        Path(self.log.name).unlink(missing_ok=True)


@contextmanager
def resumable(path: str, request: Mapping[str, object], *, restart: bool) -> Iterator[ResumableFile]:
    """Open a file to fill, with what an earlier download of the same request fetched. Whatever happens is kept.

    Args:
        path: the file to fill.
        request: what is downloaded, as JSON.
        restart: discard what an earlier download fetched.

    Raises:
        WriteError: the file cannot be written, an unfinished download of something else is there, or another process
            is filling the file.
        MissingExtraError: its suffix asks for a compression that is not installed.
    """
    target = target_of(path)
    check_compression(path)
    with (
        _naming(path),
        _locked(_beside(target, ".part.log"), path) as log,
        _opened(_beside(target, ".part"), path) as part,
    ):
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
    """Name the file in errors of a full disk, which do not name it."""
    try:
        yield
    except OSError as error:
        if error.errno not in NO_ROOM or isinstance(error, WriteError):
            raise
        raise cannot_write(path, error) from error


def _begin(file: ResumableFile, request: Mapping[str, object]) -> None:
    head = file.log.readline()
    if not head.endswith(b"\n"):  # new, or killed before it had begun
        file.log.truncate(file.log.seek(0))
        file.part.truncate(0)
        file.log.write(json.dumps({"version": _VERSION, "request": request}).encode() + b"\n")
        return
    begun = _head(head)
    if begun is None:
        raise WriteError(f"`{file.log.name}` is not the log of a download: remove it, or give `restart=True`")
    if others := [f"`{name}`" for name in {**request, **begun} if begun.get(name) != request.get(name)]:
        raise WriteError(
            f"`{file.part.name}` holds an unfinished download with another {' and another '.join(others)}: "
            "finish that one, or give `restart=True` to discard it"
        )
    file.resume()


def _head(line: bytes) -> dict[str, object] | None:
    """Return the request in the first line of a log."""
    head = _json(line)
    request = head.get("request") if isinstance(head, dict) and head.get("version") == _VERSION else None
    return request if isinstance(request, dict) else None


def _json(line: bytes) -> object:
    """Return the JSON of a line; None at the end of the log, and if the line is malformed or truncated."""
    try:
        return json.loads(line) if line.endswith(b"\n") else None
    except (ValueError, RecursionError):
        return None


def _beside(target: Path, suffix: str) -> str:
    """Return the name of a file beside another one; a long name is cut, because file systems accept 255 bytes."""
    return str(target.with_name(os.fsdecode(os.fsencode(target.name)[:_MAX_NAME_BYTES]) + suffix))


@contextmanager
def _locked(name: str, path: str) -> Iterator[IO[bytes]]:
    """Open a log that no other process uses.

    Another process that finishes meanwhile removes it: then a new one is made. Until the lock is taken, the part may be
    the file that the other one completes, so it is opened afterwards.
    """
    while True:
        with _opened(name, path) as log:
            if has_lock(log.fileno()) is False:
                raise WriteError(f"cannot write `{path}`: another process is downloading it")
            if is_at(log.fileno(), Path(name)):
                yield log
                return


def _opened(name: str, path: str) -> IO[bytes]:
    """Open a file to read and write, without truncating it."""
    try:
        return open(name, "r+b", opener=lambda one, flags: os.open(one, flags | os.O_CREAT, 0o666))
    except (OSError, ValueError) as error:
        raise cannot_write(path, error) from error


def _flush(file: IO[bytes]) -> None:
    file.flush()
    os.fsync(file.fileno())
