"""The output of an export: a zip or a plain file. The same input gives the same bytes.

An archive describes itself in ``README.kili.txt``, and in ``manifest.json`` if names had to change."""

import json
import os
import shutil
import sys
import zipfile
import zlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from typing import IO, Protocol

from kili_query.export.format import Data, Entry
from kili_query.export.naming import fold, is_safe
from kili_query.export.options import Options
from kili_query.export.project import Project
from kili_query.extras import load

_EPOCH = (1980, 1, 1, 0, 0, 0)  # the earliest date of a zip
_READABLE = 0o100644 << 16
_LARGE_BYTES = 1 << 30
_HELD_BYTES = 1 << 24  # of a file on disk, to compress it in one piece, which is faster
_LEVEL = 1  # media are compressed already
_LEVEL_FIELD = "compress_level" if sys.version_info >= (3, 13) else "_compresslevel"
_RAW_DEFLATE = -zlib.MAX_WBITS
_CHUNK_BYTES = 1 << 20


class Sink(Protocol):
    """Receives the files of an export."""

    def add(self, entry: Entry) -> None:
        """Write one file."""


class _Zip:
    def __init__(self, archive: zipfile.ZipFile, file: IO[bytes]) -> None:
        self._archive = archive
        self._file = file
        self._paths: set[str] = set()
        isal = load("isal.isal_zlib", "writing an archive", "export")  # here, so that plain files do without it
        self._compress: Callable[[bytes, int, int], bytes] = isal.compress
        self._crc32: Callable[[bytes], int] = isal.crc32

    def add(self, entry: Entry) -> None:
        path = fold(entry.path)
        # INVARIANT: names come from `Names`; this check catches a format that makes up its own
        if path in self._paths or not is_safe(entry.path):
            raise AssertionError(f"unsafe or repeated name in the archive: {entry.path!r}")
        self._paths.add(path)
        info = zipfile.ZipInfo(entry.path, _EPOCH)
        info.compress_type = zipfile.ZIP_DEFLATED
        info.external_attr = _READABLE
        data = entry.data
        if isinstance(data, Path) and data.stat().st_size <= _HELD_BYTES:
            data = data.read_bytes()
        if isinstance(data, bytes) and len(data) < _LARGE_BYTES:
            self._add_at_once(info, data)
            return
        setattr(info, _LEVEL_FIELD, _LEVEL)  # which the methods of the archive leave as it is
        with _source(data) as (source, size_bytes):
            info.file_size = size_bytes
            with self._archive.open(info, "w", force_zip64=size_bytes >= _LARGE_BYTES) as target:
                shutil.copyfileobj(source, target, _CHUNK_BYTES)

    def _add_at_once(self, info: zipfile.ZipInfo, data: bytes) -> None:
        """Do what `ZipFile.writestr` does, with data that is already compressed, so the header is written once."""
        compressed = self._compress(data, _LEVEL, _RAW_DEFLATE)
        info.file_size, info.compress_size, info.CRC = len(data), len(compressed), self._crc32(data)
        # Private attributes of `ZipFile`: without them an export of real photos takes 3 to 10 % more time.
        info.header_offset = self._archive.start_dir
        whole = info.FileHeader(zip64=False) + compressed
        self._file.write(whole)
        self._archive.filelist.append(info)
        self._archive.NameToInfo[info.filename] = info
        self._archive.start_dir += len(whole)


class _File:
    def __init__(self, file: IO[bytes]) -> None:
        self._file = file

    def add(self, entry: Entry) -> None:
        with _source(entry.data) as (source, _):
            shutil.copyfileobj(source, self._file, _CHUNK_BYTES)


@contextmanager
def _source(data: Data) -> Iterator[tuple[IO[bytes], int]]:
    """Open the data as a file, and yield it with its size in bytes."""
    if isinstance(data, bytes):
        yield BytesIO(data), len(data)
        return
    with data.open("rb") if isinstance(data, Path) else data as file:
        yield file, os.fstat(file.fileno()).st_size


@contextmanager
def opened_archive(file: IO[bytes]) -> Iterator[Sink]:
    """Write a zip into an open file."""
    with zipfile.ZipFile(file, "w") as archive:
        yield _Zip(archive, file)


@contextmanager
def opened_file(file: IO[bytes]) -> Iterator[Sink]:
    """Write directly into an open file."""
    yield _File(file)


README = "README.kili.txt"
MANIFEST = "manifest.json"


def readme(project: Project, options: Options, format_name: str) -> Entry:
    """Describe the project and the format for people. Without ``exported_at`` it has no date, to keep bytes equal."""
    lines = {
        "Project name": project.title,
        "Project identifier": project.id,
        "Project description": project.description,
        "Project input type": project.input_type,
        "Export date": "" if options.exported_at is None else f"{options.exported_at:%Y%m%d-%H%M%S}",
        "Exported format": format_name,
        "Exported labels": options.export_type,
    }
    title = "Exported Labels from KILI"
    body = [f"- {name}: {' '.join(value.split())}" for name, value in lines.items() if value or name != "Export date"]
    return Entry(README, "\n".join([title, "=" * len(title), "", *body, ""]).encode("utf-8", "backslashreplace"))


def manifest(assets: list[Mapping[str, object]], folders: Mapping[str, str]) -> Entry | None:
    """List the names that had to change: ``{"assets": [{"externalId", "id", "name"}], "jobs": {job: folder}}``."""
    renamed = {job: folder for job, folder in folders.items() if job != folder}
    if not assets and not renamed:
        return None
    value = {"assets": assets, "jobs": renamed}
    return Entry(MANIFEST, (json.dumps(value, indent=2) + "\n").encode())
