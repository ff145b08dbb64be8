"""What the suffix of an output file asks for: the name of a file never lies about what is in it."""

import gzip
import os
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from typing import IO, cast

import typer

from kili_query._extras import has_extra
from kili_query.errors import MissingExtraError

PACKED = (".gz", ".zst")
"""What text is compressed for."""

_OTHERS = frozenset(
    {
        *(
            ".7z",
            ".avro",
            ".bmp",
            ".br",
            ".bz2",
            ".csv",
            ".db",
            ".duckdb",
            ".feather",
            ".geojson",
            ".gif",
            ".gz",
            ".h5",
            ".html",
        ),
        *(".jpeg", ".jpg", ".json", ".jsonl", ".lz4", ".md", ".mp4", ".ndjson", ".npy", ".orc", ".parquet", ".pdf"),
        *(".pkl", ".png", ".rar", ".sqlite", ".svg", ".tar", ".tgz", ".tif", ".tiff", ".tsv", ".webp", ".xls", ".xlsx"),
        *(".xml", ".xz", ".yaml", ".yml", ".zip", ".zst"),
    }
)
"""Suffixes that promise a format; any other promises nothing."""


_TEXT = frozenset({".log", ".txt"})
_BINARY = frozenset({".parquet", ".zip"})
"""Text may have any form, but these are not text."""


def check_suffix(path: str | None, written: str, suffixes: Collection[str], option: str = "--output") -> None:
    """Refuse a file whose suffix promises another format than what is written.

    Args:
        path: None or ``-`` for standard output.
        written: what is written, for the message.
        suffixes: those that promise it; the first is the usual one.
        option: the option that names the file.
    """
    suffix = "" if path is None else os.path.splitext(path)[1].lower()
    is_other = suffix in _OTHERS or (suffix in _TEXT and not _BINARY.isdisjoint(suffixes))
    if is_other and suffix not in suffixes:
        names = f"`{next(iter(suffixes))}`"
        raise typer.BadParameter(
            f"`{path}` ends in `{suffix}`, but this writes {written}: name a file that ends in {names}",
            param_hint=f"'{option}'",
        )


def check_packing(path: str) -> None:
    """Refuse a compression that is not installed.

    Raises:
        MissingExtraError: the suffix asks for zstd.
    """
    if path.lower().endswith(".zst") and not has_extra("zstd"):
        raise MissingExtraError(f"`{path}`", "zstd")


@contextmanager
def packed(file: IO[bytes], path: str) -> Iterator[IO[bytes]]:
    """The file, which compresses what is written to it if the suffix asks for that. The same bytes for the same input.

    Raises:
        MissingExtraError: the suffix asks for zstd, which is not installed.
    """
    check_packing(path)
    if path.lower().endswith(".gz"):
        with gzip.GzipFile("", "wb", fileobj=file, mtime=0) as archive:
            yield cast("IO[bytes]", archive)
    elif path.lower().endswith(".zst"):
        import zstandard

        with zstandard.ZstdCompressor().stream_writer(file, closefd=False) as archive:
            yield cast("IO[bytes]", archive)
    else:
        yield file
