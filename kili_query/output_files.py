"""Output files: replaced atomically, never an input, in the format and compression that their suffix promises.

A file is written beside its place, as a part, and renamed once it is complete. A part has a name that no other process
uses, and is locked while it is written. If nobody holds the lock, a killed process left the part, and the next run
removes it.
"""

import errno
import gzip
import os
import re
import shutil
from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import contextmanager, suppress
from io import BufferedWriter, FileIO
from pathlib import Path
from stat import S_IMODE
from typing import IO, TYPE_CHECKING, cast

from kili_query.cache_folder import cache_around
from kili_query.errors import ArgumentError, KiliQueryError, MissingExtraError
from kili_query.extras import has_extra

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer

NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
"""The errors of a full disk."""
COMPRESSED = (".gz", ".zst")
"""Suffixes for which text is compressed."""
OF_NDJSON = (".ndjson", ".jsonl", ".json", *COMPRESSED)
"""Suffixes of NDJSON."""

_PROMISING = re.compile(
    r"\.(7z|avro|bmp|br|bz2|csv|db|duckdb|feather|geojson|gif|gz|h5|html|jpe?g|jsonl?|lz4|md|mp4|ndjson|npy|orc|parquet|pdf"
    r"|pkl|png|rar|sqlite|svg|tar|tgz|tiff?|tsv|webp|xlsx?|xml|xz|ya?ml|zip|zst)"
)
"""Suffixes that promise a format; any other suffix promises nothing."""
_TEXT = frozenset({".log", ".txt"})
_BINARY = frozenset({".parquet", ".zip"})
"""Text may have any form, but these formats are not text."""
_BUFFER_BYTES = 256 * 1024
_MAX_NAME_BYTES = 200
"""Most file systems accept 255; a part adds 15 to the name of its file."""


class WriteError(KiliQueryError, OSError):
    """A file cannot be written; the message names it as its user did."""


class _NamedFile(FileIO):
    """A file whose errors name it; those of a plain file do not."""

    def __init__(self, file: int | str, mode: str, called: str) -> None:
        super().__init__(file, mode)
        self._called = called

    def write(self, data: "ReadableBuffer", /) -> int:
        try:
            return super().write(data) or 0
        except BrokenPipeError:  # the reader went away, which is not a failure of the disk
            raise
        except OSError as error:
            raise cannot_write(self._called, error) from error


class Replacement:
    """A file that is written beside its place.

    Attributes:
        file: the file to write to.
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
        above = next((one for one in Path(path).parents if os.path.exists(one) and not os.path.isdir(one)), None)
        reason = reason if above is None else f"`{above}` is a file, not a folder"
    return WriteError(f"cannot write `{os.fspath(path)}`: {reason}")


def check_path(name: str, value: object, *, of: str = "a file") -> None:
    """Check that an argument can be a path.

    Args:
        name: the name of the argument.
        value: its value.
        of: what the path leads to.

    Raises:
        ArgumentError: it is neither a text nor a path, or no file can have it.

    >>> check_path("filename", "")
    Traceback (most recent call last):
    kili_query.errors.ArgumentError: `filename` must be the path of a file, not ''
    """
    path = os.fspath(value) if isinstance(value, str | os.PathLike) else None
    if not isinstance(path, str) or not path or "\0" in path:
        raise ArgumentError(f"`{name}` must be the path of {of}, not {value!r:.80}")


def refuse_inputs(
    target: str | os.PathLike[str], inputs: Iterable[str | os.PathLike[str]], *, or_in_them: bool = False
) -> None:
    """Refuse to overwrite an input.

    Args:
        target: the file to write.
        inputs: the files and folders that are read meanwhile; ``-`` is standard input.
        or_in_them: also refuse a file inside a folder that is read.

    Raises:
        WriteError: the file is one of the inputs.

    >>> refuse_inputs("labels/a.txt", ["labels", "-"])
    >>> refuse_inputs("labels/a.txt", ["labels"], or_in_them=True)
    Traceback (most recent call last):
    kili_query.output_files.WriteError: cannot write `labels/a.txt`: it is also an input
    """
    path = Path(target).resolve()
    for given in (Path(one).resolve() for one in inputs if os.fspath(one) != "-"):
        is_same = path == given or (os.path.exists(path) and os.path.exists(given) and path.samefile(given))
        if is_same or (or_in_them and path.is_relative_to(given)):
            raise WriteError(f"cannot write `{os.fspath(target)}`: it is also an input")


def check_suffix(path: str | os.PathLike[str], written: str, suffixes: Collection[str]) -> None:
    """Refuse a file whose suffix promises another format than the one that is written.

    Args:
        path: the file.
        written: what is written, for the message.
        suffixes: the suffixes of the format; the first is the usual one.

    Raises:
        ArgumentError: the suffix promises another format.

    >>> check_suffix("l.csv", "NDJSON", [".ndjson", ".jsonl"])
    Traceback (most recent call last):
    kili_query.errors.ArgumentError: `l.csv` ends in `.csv`, but this writes NDJSON: name a file that ends in `.ndjson`
    """
    suffix = _suffix(path)
    is_other = _PROMISING.fullmatch(suffix) or (suffix in _TEXT and not _BINARY.isdisjoint(suffixes))
    if is_other and suffix not in suffixes:
        usual = next(iter(suffixes))
        raise ArgumentError(
            f"`{os.fspath(path)}` ends in `{suffix}`, but this writes {written}: name a file that ends in `{usual}`"
        )


def check_compression(path: str | os.PathLike[str]) -> None:
    """Refuse a compression that is not installed.

    Raises:
        MissingExtraError: the suffix asks for zstd.
    """
    if _suffix(path) == ".zst" and not has_extra("zstd"):
        raise MissingExtraError(f"`{os.fspath(path)}`", "zstd")


@contextmanager
def compressed(file: IO[bytes], path: str | os.PathLike[str]) -> Iterator[IO[bytes]]:
    """Compress what is written to a file if the suffix of its path asks for it; equal input gives equal bytes.

    Raises:
        MissingExtraError: the suffix asks for zstd, which is not installed.
    """
    check_compression(path)
    match _suffix(path):
        case ".gz":
            with gzip.GzipFile("", "wb", fileobj=file, mtime=0) as archive:
                yield cast("IO[bytes]", archive)
        case ".zst":
            import zstandard

            with zstandard.ZstdCompressor().stream_writer(file, closefd=False) as archive:
                yield cast("IO[bytes]", archive)
        case _:
            yield file


def _suffix(path: str | os.PathLike[str]) -> str:
    return Path(path).suffix.lower()


def refuse_caches(path: str | os.PathLike[str]) -> None:
    """Refuse to write into a label cache, whose files are written together.

    Raises:
        WriteError: the path is a cache, or lies in one.
    """
    if (cache := cache_around(path)) is not None:
        raise WriteError(f"cannot write `{os.fspath(path)}`: `{cache}` is a label cache: name another place")


def target_of(path: str | os.PathLike[str]) -> Path:
    """Return the file to replace: of a link, what it points to.

    Raises:
        WriteError: it is something else than a file, in a label cache, or read-only.
    """
    try:
        target = Path(os.path.realpath(path))
        with suppress(FileNotFoundError, NotADirectoryError, PermissionError):  # reported when it is opened
            os.lstat(target)  # a name that no file can have is found here, before anything is written
    except (OSError, ValueError) as error:
        raise cannot_write(path, error) from error
    refuse_caches(path)
    if _descriptor(path) is not None or (os.path.exists(target) and not os.path.isfile(target)):
        what = "a folder" if os.path.isdir(target) else "not a file that can be replaced"
        raise WriteError(f"cannot write `{os.fspath(path)}`: it is {what}")
    if os.path.exists(target) and not os.access(target, os.W_OK, effective_ids=os.access in os.supports_effective_ids):
        raise WriteError(f"cannot write `{os.fspath(path)}`: it is read-only")  # although its folder may be writable
    return target


def has_lock(number: int) -> bool | None:
    """Take the lock of an open file, which lasts until it is closed or the process ends.

    Returns:
        False if another process has it, None if the system has no locks.
    """
    try:
        import fcntl
    except ImportError:  # there are none on Windows
        return None
    try:
        fcntl.flock(number, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


@contextmanager
def replaced(
    path: str | os.PathLike[str], *, makes_folders: bool = False, takes_devices: bool = False
) -> Iterator[Replacement]:
    """Write a file that takes its place once everything went well; a failure leaves everything as it was.

    Args:
        path: the file; if it is a link, the file that it points to is replaced.
        makes_folders: create missing folders above it.
        takes_devices: write to a device, a pipe, or an open file like ``/dev/stdout``; otherwise they are refused.

    Raises:
        WriteError: it cannot be written; also raised by the methods of the file.

    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     with replaced(f"{folder}/a.txt") as new:
    ...         _ = new.file.write(b"all of it")
    ...     Path(folder, "a.txt").read_text(), os.listdir(folder)
    ('all of it', ['a.txt'])
    """
    is_special = os.path.exists(path) and not os.path.isfile(path) and not os.path.isdir(path)
    if takes_devices and (is_special or _descriptor(path) is not None):
        with _opened_device(path) as file:
            yield Replacement(file)
        return
    if os.fspath(path).endswith(("/", os.sep)):  # a `Path` would drop it, and a file take the name of the folder
        raise WriteError(f"cannot write `{os.fspath(path)}`: it names a folder")
    target = target_of(path)
    made: list[Path] = []
    try:
        if makes_folders:
            made = [folder for folder in (target.parent, *target.parent.parents) if not os.path.exists(folder)]
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
                keep_rights(target, part)
            yield new
        if not new.is_abandoned:
            _rename(part, target, path)
    finally:  # nothing is left of what was not renamed
        _remove(part)
        _remove_folders(made)
        os.close(lock)


@contextmanager
def hidden_folder(parent: Path) -> Iterator[Path]:
    """Create a hidden folder for files until they are complete, and remove it afterwards.

    Those of processes that were killed are removed too.

    Args:
        parent: where to create it; missing folders are created.

    Raises:
        WriteError: it cannot be created.
    """
    target = parent / "kili-query"
    try:
        parent.mkdir(parents=True, exist_ok=True)
        _remove_stale(target, _remove_with_files)
        part, file, lock = _begin(target, os.fspath(parent))
    except (OSError, ValueError) as error:
        raise cannot_write(parent, error) from error
    try:
        file.close()
        folder = _files_of(part)
        try:
            folder.mkdir()
        except OSError as error:
            raise cannot_write(parent, error) from error
        yield folder
    finally:
        _remove_with_files(part)
        os.close(lock)


def _files_of(part: Path) -> Path:
    """Return the folder that exists as long as a part is locked."""
    return part.with_suffix(".files")


def _remove_with_files(part: Path) -> None:
    shutil.rmtree(_files_of(part), ignore_errors=True)
    _remove(part)


_DESCRIPTORS = {"/dev/stdin": 0, "/dev/stdout": 1, "/dev/stderr": 2}


def _descriptor(path: str | os.PathLike[str]) -> int | None:
    """Return the number of the open file that a path like `/dev/stdout` names.

    What it is open for may be a file that others write to as well: it is continued, not replaced.
    """
    name = os.path.abspath(path)
    numbered = re.fullmatch(r"/(?:dev|proc/self)/fd/(\d+)", name)
    return int(numbered[1]) if numbered else _DESCRIPTORS.get(name)


def keep_rights(old: str | os.PathLike[str], new: str | os.PathLike[str]) -> None:
    """Give a new file the mode of the file that it replaces, and its owner and group if the process may."""
    status = os.stat(old)
    if hasattr(os, "chown"):  # not on Windows
        with suppress(PermissionError):
            os.chown(new, status.st_uid, status.st_gid)
    os.chmod(new, S_IMODE(status.st_mode))


def _opened_device(path: str | os.PathLike[str]) -> IO[bytes]:
    number = _descriptor(path)
    try:
        file = os.fspath(path) if number is None else os.dup(number)
        return BufferedWriter(_NamedFile(file, "wb", os.fspath(path)), _BUFFER_BYTES)
    except (OSError, ValueError) as error:
        raise cannot_write(path, error) from error


def _begin(target: Path, called: str) -> tuple[Path, IO[bytes], int]:
    """Return a new part, its file, and a descriptor that holds its lock until the part has its place."""
    while True:
        part = target.with_name(f"{_prefix(target)}{os.urandom(4).hex()}.part")
        try:
            number = os.open(part, os.O_CREAT | os.O_EXCL | os.O_RDWR | getattr(os, "O_BINARY", 0), 0o666)
        except FileExistsError:
            continue
        try:
            has_lock(number)
            if is_at(number, part):  # otherwise another process removed it as stale before it was locked
                return part, BufferedWriter(_NamedFile(number, "wb", called), _BUFFER_BYTES), os.dup(number)
        except BaseException:
            os.close(number)
            _remove(part)
            raise
        os.close(number)


def _prefix(target: Path) -> str:
    name = os.fsdecode(os.fsencode(target.name)[:_MAX_NAME_BYTES])
    return f".{name}."


def _remove_stale(target: Path, remove: Callable[[Path], None] | None = None) -> None:
    """Remove the parts of processes that were killed."""
    is_part = re.compile(re.escape(_prefix(target)) + r"[0-9a-f]{8}\.part").fullmatch
    for part in [one for one in _entries(target.parent) if is_part(one.name)]:
        try:
            number = os.open(part, os.O_RDWR | getattr(os, "O_NOFOLLOW", 0))
        except OSError:  # it is gone, or belongs to another user
            continue
        try:
            if has_lock(number):
                (remove or _remove)(part)
        finally:
            os.close(number)


def _entries(folder: Path) -> list[Path]:
    try:
        return list(folder.iterdir())
    except OSError:  # a folder may be writable and not readable
        return []


def is_at(number: int, path: Path) -> bool:
    """Whether an open file still has its name: another process may have removed or replaced it."""
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
    """Remove the folders that were made, as far as they are empty; the innermost comes first."""
    for folder in folders:
        try:
            folder.rmdir()
        except OSError:
            return
