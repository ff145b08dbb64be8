"""Files that appear once they are complete: written beside their place, and renamed to it.

The only module that replaces files. A part has a name that no other process has, wherever it runs, and is locked while
it is written. What a killed process left is therefore told from what another one writes: nobody holds its lock, and
the next run removes it.
"""

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from io import BufferedWriter, FileIO
from pathlib import Path
from stat import S_IMODE
from typing import IO, TYPE_CHECKING

from kili_query.errors import KiliQueryError

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer

__all__ = ["IS_INPUT", "Replacement", "WriteError", "cannot_write", "is_input", "replaced"]

IS_INPUT = "it belongs to what is read"
"""The reason to give when a file would replace an input."""

_BUFFER_BYTES = 256 * 1024
_MAX_NAME_BYTES = 200
"""What most file systems take is 255; a part adds 15 to the name of its file."""


class WriteError(KiliQueryError, OSError):
    """A file that cannot be written; the message names it as its user did."""


class _NamedFile(FileIO):
    """A file whose failures name it: those of a plain file do not tell what could not be written."""

    def __init__(self, file: int | str, mode: str, called: str) -> None:
        super().__init__(file, mode)
        self._called = called

    def write(self, data: "ReadableBuffer", /) -> int:
        try:
            return super().write(data) or 0
        except BrokenPipeError:  # the reader went away, which is no failure of the disk
            raise
        except OSError as error:
            raise cannot_write(self._called, error) from error


class Replacement:
    """A file that is written beside its place.

    Attributes:
        file: what to write to.
        is_abandoned: whether it will not take its place.
    """

    def __init__(self, file: IO[bytes]) -> None:
        self.file = file
        self.is_abandoned = False

    def abandon(self) -> None:
        """Leave everything as it was: there is no result."""
        self.is_abandoned = True


def cannot_write(path: str | os.PathLike[str], error: Exception) -> WriteError:
    """The error to raise when a path cannot be written.

    >>> print(cannot_write("a.txt", OSError(28, "No space left on device")))
    cannot write `a.txt`: No space left on device
    """
    reason = getattr(error, "strerror", None) or error
    if isinstance(error, FileExistsError | NotADirectoryError):
        above = next((one for one in Path(path).parents if one.exists() and not one.is_dir()), None)
        reason = reason if above is None else f"`{above}` is a file, not a folder"
    return WriteError(f"cannot write `{os.fspath(path)}`: {reason}")


def is_input(target: str | os.PathLike[str], source: str | os.PathLike[str], *, or_in_it: bool = False) -> bool:
    """Whether writing to the target would overwrite the source.

    Args:
        or_in_it: a target inside a folder that is read counts as well.

    >>> is_input("a.txt", "./a.txt"), is_input("labels/a.txt", "labels"), is_input("labels/a", "labels", or_in_it=True)
    (True, False, True)
    """
    path, given = Path(target).resolve(), Path(source).resolve()
    if path == given or (or_in_it and path.is_relative_to(given)):
        return True
    return path.exists() and given.exists() and path.samefile(given)


@contextmanager
def replaced(
    path: str | os.PathLike[str], *, makes_folders: bool = False, takes_devices: bool = False
) -> Iterator[Replacement]:
    """A file that takes its place once all went well; when something fails, everything is left as it was.

    Args:
        path: of a link, what it points to is replaced.
        makes_folders: make the folders above it that do not exist.
        takes_devices: a device or a pipe is written to as it is; otherwise it is refused.

    Raises:
        WriteError: it cannot be written; also from the methods of the file.

    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     with replaced(f"{folder}/a.txt") as new:
    ...         _ = new.file.write(b"all of it")
    ...     Path(folder, "a.txt").read_text(), os.listdir(folder)
    ('all of it', ['a.txt'])
    """
    target = Path(os.path.realpath(path))
    if target.exists() and not target.is_file():
        if takes_devices and not target.is_dir():
            with _opened_device(target, os.fspath(path)) as file:
                yield Replacement(file)
            return
        what = "a folder" if target.is_dir() else "not a file that can be replaced"
        raise WriteError(f"cannot write `{os.fspath(path)}`: it is {what}")
    made: list[Path] = []
    try:
        if makes_folders:
            made = [folder for folder in (target.parent, *target.parent.parents) if not folder.exists()]
            target.parent.mkdir(parents=True, exist_ok=True)
        _remove_stale(target)
        part, file, lock = _begin(target, os.fspath(path))
    except (OSError, ValueError) as error:
        _remove_folders(made)
        raise cannot_write(path, error) from error
    new = Replacement(file)
    try:
        with file:
            if target.exists():
                os.chmod(part, S_IMODE(target.stat().st_mode))
            yield new
        if not new.is_abandoned:
            _rename(part, target, path)
    finally:  # nothing is left of what was not renamed
        _remove(part)
        _remove_folders(made)
        os.close(lock)


def _opened_device(target: Path, called: str) -> IO[bytes]:
    try:
        return BufferedWriter(_NamedFile(os.fspath(target), "wb", called), _BUFFER_BYTES)
    except (OSError, ValueError) as error:
        raise cannot_write(called, error) from error


def _begin(target: Path, called: str) -> tuple[Path, IO[bytes], int]:
    """A new part, its file, and a descriptor that holds its lock until the part has its place."""
    while True:
        part = target.with_name(f"{_prefix(target)}{os.urandom(4).hex()}.part")
        try:
            number = os.open(part, os.O_CREAT | os.O_EXCL | os.O_RDWR | getattr(os, "O_BINARY", 0), 0o666)
        except FileExistsError:
            continue
        try:
            _lock(number)
            if _is_same(number, part):  # else another process took it for stale before it was locked
                return part, BufferedWriter(_NamedFile(number, "wb", called), _BUFFER_BYTES), os.dup(number)
        except BaseException:
            os.close(number)
            _remove(part)
            raise
        os.close(number)


def _prefix(target: Path) -> str:
    name = os.fsdecode(os.fsencode(target.name)[:_MAX_NAME_BYTES])
    return f".{name}."


def _remove_stale(target: Path) -> None:
    """Remove the parts of processes that were killed."""
    is_part = re.compile(re.escape(_prefix(target)) + r"[0-9a-f]{8}\.part").fullmatch
    for part in [one for one in _entries(target.parent) if is_part(one.name)]:
        try:
            number = os.open(part, os.O_RDWR | getattr(os, "O_NOFOLLOW", 0))
        except OSError:  # it is gone, or somebody else's
            continue
        try:
            if _lock(number):
                _remove(part)
        finally:
            os.close(number)


def _entries(folder: Path) -> list[Path]:
    try:
        return list(folder.iterdir())
    except OSError:  # a folder that may be written to and not listed
        return []


def _lock(number: int) -> bool:
    """Take the lock of an open file, which lasts until it is closed; False where another process has it, or where
    there are no locks.
    """
    try:
        import fcntl
    except ImportError:  # there are none on Windows
        return False
    try:
        fcntl.flock(number, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


def _is_same(number: int, path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(number), path.stat())
    except FileNotFoundError:
        return False


def _rename(part: Path, target: Path, called: str | os.PathLike[str]) -> None:
    try:
        os.replace(part, target)
    except OSError as error:
        raise cannot_write(called, error) from error


def _remove(part: Path) -> None:
    with suppress(FileNotFoundError):
        part.unlink()


def _remove_folders(folders: list[Path]) -> None:
    """The folders that were made, the innermost first, as far as they are empty."""
    for folder in folders:
        try:
            folder.rmdir()
        except OSError:
            return
