"""The files of a dataset: of a folder, of a zip archive, or one file alone."""

import gzip
import os
import stat
import zipfile
import zlib
from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence
from functools import cached_property
from pathlib import Path
from typing import Self

from attrs import define, field

from kili_query.errors import SourceError
from kili_query.litter import is_litter
from kili_query.places import Place

MAX_FILE_BYTES = 4 << 30
"""The most that one file of an archive may hold once it is unpacked: it is read into memory."""

_GZIP = b"\x1f\x8b"
_CHUNK_BYTES = 1 << 16
_READ_ONLY = os.O_RDONLY | getattr(os, "O_BINARY", 0) | getattr(os, "O_CLOEXEC", 0)


class Files(ABC):
    """Files by their paths inside a dataset, which have `/` between folders and never lead out of it.

    Attributes:
        path: of the folder, archive or file, as given.
    """

    path: str

    @property
    @abstractmethod
    def names(self) -> Sequence[str]:
        """The paths of all files, sorted, without those that operating systems leave behind."""

    @abstractmethod
    def read(self, name: str) -> bytes:
        """Return what a file holds.

        Raises:
            SourceError: it cannot be read; the message names it.
        """

    @abstractmethod
    def local(self, name: str) -> Path | None:
        """Return where a file of the dataset is on this machine; None if it is not there, or packed in an archive.

        Args:
            name: as the dataset writes it; a path that leads out of the dataset is never found.
        """

    @abstractmethod
    def holds(self, name: str) -> bool:
        """Return whether there is a file at a path of the dataset; for a dataset of one file, beside that."""

    @abstractmethod
    def has_folder(self, name: str) -> bool:
        """Return whether there is a folder at a path, which has a slash at its end, or is empty for the dataset."""

    def beside(self, name: str) -> bytes:
        """Return what a file holds to which another one refers; `holds` says whether it is there.

        Raises:
            SourceError: it cannot be read.
        """
        return self.read(name)

    def head(self, name: str, size: int) -> bytes:
        """Return how a file begins."""
        return self.read(name)[:size]

    def place(self, name: str, line: int | None = None, path: str = "") -> Place:
        """Return where something stands, for messages."""
        return Place(self.full_name(name), line, path)

    def full_name(self, name: str) -> str:
        """Return how messages name a file."""
        return f"{self.path}/{name}"

    def text(self, name: str) -> str:
        """Return a text file.

        Raises:
            SourceError: it cannot be read, or is not UTF-8.
        """
        try:
            return self.read(name).decode("utf-8-sig")
        except UnicodeDecodeError as error:
            raise SourceError(f"`{self.full_name(name)}` is not UTF-8 (at byte {error.start})") from error

    @staticmethod
    def of(path: str | os.PathLike[str]) -> "Files":
        """Return the files at a path.

        Raises:
            SourceError: there is nothing, or a damaged archive.
        """
        name = os.fspath(path)
        try:
            is_folder = stat.S_ISDIR(os.stat(name).st_mode)
            is_archive = not is_folder and zipfile.is_zipfile(name)
        except (OSError, ValueError) as error:  # a ValueError for a zero byte in the path
            raise SourceError.of(name, error) from error
        if is_folder:
            return FolderFiles(name)
        return ZipFiles.opened(name) if is_archive else OneFile(name)


@define(slots=False)
class FolderFiles(Files):
    """The files of a folder and of the folders in it."""

    path: str

    @cached_property
    def names(self) -> Sequence[str]:
        def fail(error: OSError) -> None:
            raise SourceError.of(error.filename, error) from error

        found = []
        for where, _, files in os.walk(self.path, onerror=fail):
            inside = "" if where == self.path else os.path.relpath(where, self.path).replace(os.sep, "/") + "/"
            found += [path for name in files if not is_litter(path := inside + name)]
        return sorted(found)

    @cached_property
    def _known(self) -> frozenset[str]:
        return frozenset(self.names)

    @cached_property
    def _folders(self) -> frozenset[str]:
        return folders_of(self.names)

    def holds(self, name: str) -> bool:
        return name in self._known

    def has_folder(self, name: str) -> bool:
        return name in self._folders

    def read(self, name: str) -> bytes:
        return _read(f"{self.path}/{name}")

    def head(self, name: str, size: int) -> bytes:
        return _read(f"{self.path}/{name}", size)

    def local(self, name: str) -> Path | None:
        return Path(self.path, name) if self.holds(name) else _inside(Path(self.path), name)


@define(slots=False)
class OneFile(Files):
    """A single file, perhaps compressed with gzip; what it refers to is looked for beside it."""

    path: str
    _folders: dict[str, frozenset[str]] = field(factory=dict, init=False, eq=False, repr=False)

    @property
    def names(self) -> Sequence[str]:
        name = os.path.basename(self.path)
        return [name.removesuffix(".gz") if self._is_packed else name]

    @cached_property
    def _is_packed(self) -> bool:
        return _read(self.path, len(_GZIP)) == _GZIP

    def read(self, name: str) -> bytes:
        return self._unpacked(MAX_FILE_BYTES + 1) if self._is_packed else _read(self.path)

    def head(self, name: str, size: int) -> bytes:
        return self._unpacked(size) if self._is_packed else _read(self.path, size)

    def _unpacked(self, size: int) -> bytes:
        try:
            with gzip.open(self.path) as file:
                data = file.read(size)
        except (OSError, EOFError, zlib.error) as error:
            raise SourceError(f"`{self.path}` cannot be unpacked: {error}") from error
        return _bounded(data, self.path)

    def full_name(self, name: str) -> str:
        return self.path

    def holds(self, name: str) -> bool:
        folder, _, file = name.rpartition("/")
        if folder not in self._folders:
            self._folders[folder] = _listed(Path(self.path).parent, folder)
        return file in self._folders[folder]

    def has_folder(self, name: str) -> bool:
        return (Path(self.path).parent / name).is_dir()

    def beside(self, name: str) -> bytes:
        return _read(os.path.join(os.path.dirname(self.path), name))

    def local(self, name: str) -> Path | None:
        return Path(self.path).parent / name if self.holds(name) else None


@define
class StreamedFile(Files):
    """A file that came as a stream, such as standard input; it refers to nothing that can be found.

    Attributes:
        path: what messages call it.
        suffix: of its name, if it had one: readers look at the files with theirs.
    """

    path: str
    suffix: str
    _data: bytes

    @property
    def names(self) -> Sequence[str]:
        return [f"stream{self.suffix}"]

    def read(self, name: str) -> bytes:
        return self._data

    def full_name(self, name: str) -> str:
        return self.path

    def has_folder(self, name: str) -> bool:
        return False

    def holds(self, name: str) -> bool:
        return False

    def local(self, name: str) -> Path | None:
        return None


@define(slots=False)
class ZipFiles(Files):
    """The files of a zip archive, which is not unpacked on disk."""

    path: str
    _zip: zipfile.ZipFile
    _entries: dict[str, zipfile.ZipInfo] = field(factory=dict)

    @classmethod
    def opened(cls, path: str) -> Self:
        """Open an archive.

        Raises:
            SourceError: it is damaged, or has an entry that leads out of it.
        """
        try:
            archive = zipfile.ZipFile(path)
        except (OSError, zipfile.BadZipFile) as error:
            raise SourceError(f"`{path}` is a damaged zip archive: {error}") from error
        entries = {}
        for entry in archive.infolist():
            name = entry.filename
            if entry.is_dir() or is_litter(name):
                continue
            if name.startswith("/") or ".." in name.split("/"):
                raise SourceError(f"`{path}` has an entry that leads out of it: `{name!s:.80}`")
            entries[name] = entry
        return cls(path, archive, entries)

    @cached_property
    def names(self) -> Sequence[str]:
        return sorted(self._entries)

    @cached_property
    def _folders(self) -> frozenset[str]:
        return folders_of(self.names)

    def holds(self, name: str) -> bool:
        return name in self._entries

    def has_folder(self, name: str) -> bool:
        return name in self._folders

    def read(self, name: str) -> bytes:
        return self.head(name, MAX_FILE_BYTES + 1)

    def head(self, name: str, size: int) -> bytes:
        try:
            with self._zip.open(self._entries[name]) as file:
                data = file.read(size)
        # `zipfile` raises RuntimeError for a password, NotImplementedError for a compression that it lacks
        except (OSError, zipfile.BadZipFile, zlib.error, RuntimeError, NotImplementedError, EOFError) as error:
            raise SourceError(f"`{self.full_name(name)}` cannot be unpacked: {error}") from error
        return _bounded(data, self.full_name(name))

    def local(self, name: str) -> Path | None:
        return None


def stream_at(path: str | os.PathLike[str]) -> bytes | None:
    """Return what a pipe holds, which can be read once; None for files, folders and where nothing is.

    Raises:
        SourceError: it cannot be read.
    """
    try:
        is_stream = stat.S_ISFIFO(os.stat(path).st_mode)
    except (OSError, ValueError):  # opening it says so
        return None
    return _read(os.fspath(path)) if is_stream else None


def _bounded(data: bytes, name: str) -> bytes:
    if len(data) > MAX_FILE_BYTES:
        raise SourceError(f"`{name}` is larger than {MAX_FILE_BYTES >> 30} GiB: unpack it first")
    return data


def folders_of(names: Iterable[str]) -> frozenset[str]:
    """Return the folders in which files are, each with a slash at its end, and the empty one of them all.

    >>> sorted(folders_of(["a/b/c.txt"]))
    ['', 'a/', 'a/b/']
    """
    found = {""}
    for name in names:
        folder = name[: name.rfind("/") + 1]
        while folder not in found:
            found.add(folder)
            folder = folder[: folder.rfind("/", 0, -1) + 1]
    return frozenset(found)


def _read(path: str, size: int = -1) -> bytes:
    """Return what a file holds, or how it begins; for small files this takes half the time of `open`."""
    try:
        descriptor = os.open(path, _READ_ONLY)
        try:
            data = os.read(descriptor, _CHUNK_BYTES if size < 0 else size)
            more = os.read(descriptor, _CHUNK_BYTES) if size < 0 or len(data) < size else b""
            if not more:
                return data
            with open(descriptor, "rb", closefd=False) as file:
                if file.seekable():
                    file.seek(0)
                    return file.read(size)  # once more, because to join a large file takes longer
                found = b"".join((data, more, file.read()))
        finally:
            os.close(descriptor)
    except (OSError, ValueError) as error:
        raise SourceError.of(path, error) from error
    return found if size < 0 else found[:size]


def _listed(root: Path, folder: str) -> frozenset[str]:
    """Return the names of the files in a folder; none if it leads out of the root."""
    try:
        where, within = (root / folder).resolve(), root.resolve()
        if not where.is_relative_to(within):
            return frozenset()
        with os.scandir(where) as entries:
            return frozenset(one.name for one in entries if one.is_file())
    except (OSError, ValueError):  # no such folder, or no name of one
        return frozenset()


def _inside(folder: Path, name: str) -> Path | None:
    """Return a file of a folder; None if there is none, or the path leads out of the folder.

    >>> _inside(Path("/data"), "../etc/passwd")
    """
    if not name or "\0" in name:
        return None
    root = folder.resolve()
    try:
        found = (root / name).resolve()
        return found if found.is_relative_to(root) and found.is_file() else None
    except OSError:  # a name too long for the file system names no file
        return None
