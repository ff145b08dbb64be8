"""The sources of a scan: files, folders and archives, open files, standard input, labels in memory."""

import os
import re
import stat
import sys
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping
from typing import IO, Generic, TypeAlias, TypeGuard, TypeVar

from attrs import define

from kili_query.cache_folder import is_cache
from kili_query.datasets.dataset import Dataset
from kili_query.errors import SourceError
from kili_query.litter import is_litter
from kili_query.ontology import Ontology
from kili_query.ontology.union import union_of
from kili_query.places import Place, Problem, Record
from kili_query.scanning.byte_reader import ByteReader, ReadableFile, file_reader
from kili_query.scanning.decompression import BYTE_ORDER_MARK, is_packed, is_zip, unpack
from kili_query.scanning.judging import Handler, Labels
from kili_query.scanning.split import holds_lines, json_texts
from kili_query.scanning.zip import zip_entries

LabelSource: TypeAlias = str | os.PathLike[str] | IO[bytes] | IO[str] | Dataset | Iterable[object]
ProgressCallback: TypeAlias = Callable[[int, int | None], object]

LARGE_BYTES = 64 * 1024 * 1024
"""A file smaller than this is read by one process, because it is done before others have started."""

_ITEMS_BETWEEN_REPORTS = 256

_T = TypeVar("_T")
_Item = TypeVar("_Item")

ReadLines: TypeAlias = Callable[[str, int, int, Callable[[int], None]], Generator[_T]]
"""Reads the lines of a plain file: its path, where its text begins and ends in bytes, and a tally of bytes."""

_STDIN = "-"
_STDIN_NAME = "<stdin>"
_README = "README.kili.txt"
# the layout of a raw export, perhaps below one folder, or labels as streams; what lies in `assets` is media
_LABEL_FILE = re.compile(
    r"(?!assets/)(?:[^/]+/)?"
    r"(?:data\.json|labels/.*\.(?:json|jsonl|ndjson)|labels[^/]*\.(?:jsonl|ndjson))(?:\.gz|\.zst)?",
    re.IGNORECASE | re.DOTALL,
)
_NO_EXPORT = (
    "is neither a raw export (it has no `data.json`, no folder `labels` with JSON files and no `labels*.ndjson`) nor "
    "known to be a dataset; files with other names have to be given one by one"
)
_FORMAT = re.compile(rb"^- Exported format: *(\S+)", re.MULTILINE)
_WITH_LABELS = ("raw", "kili")
_README_BYTES = 64 * 1024


def read_labels(
    source: LabelSource, *, at: str = "jsonResponse", progress: ProgressCallback | None = None
) -> Iterator[Record | Problem]:
    """Read labels one after another, in memory that does not grow with the source.

    Args:
        source: a path, ``-`` for standard input, an open file, or labels; or a list of these. A path may be that of a
            dataset of another tool, see `kili_query.datasets`.
        at: the field of a label that holds its content; empty when each record is the content itself.
        progress: called now and then with the bytes read so far and, where it is known, their total.

    Returns:
        The labels, and a problem in place of what is not a label, in the order of the source.

    Raises:
        SourceError: a path does not exist or holds no labels, at once; a file cannot be read to its end, after what
            came before that point.
        TypeError: the source is something else.

    >>> [record] = read_labels([{"id": "a", "jsonResponse": {}}])
    >>> record.label["id"], str(record.place)
    ('a', '<labels>: [0]')
    """
    return read_with(source, Labels(at), progress=progress)


def read_with(
    source: LabelSource,
    handler: Handler[_T],
    *,
    progress: ProgressCallback | None = None,
    read_lines: ReadLines[_T] | None = None,
    on_end: Callable[[str], None] | None = None,
) -> Generator[_T]:
    """Read a source as `read_labels` does, and make something else of it.

    Args:
        source: see `read_labels`.
        handler: what to make of texts and values.
        progress: see `read_labels`.
        read_lines: another way to read large files of lines.
        on_end: called with the name of each file, folder, archive or stream of the source, once it was read to its end.
    """
    source = with_datasets(source)
    total_bytes = None if progress is None else _size_of(source)
    return _Reading(handler, progress, total_bytes, read_lines, on_end).read(source)


def with_datasets(source: LabelSource) -> LabelSource:
    """Return a source with the datasets opened that it names; refuse what cannot be read, before anything is.

    Raises:
        SourceError: a path does not exist or holds no labels.
        TypeError: the source is something else.
    """
    if _is_path(source):
        return _dataset_at(os.fspath(source)) or source
    if isinstance(source, list | tuple):
        return [with_datasets(item) if _is_input(item) else item for item in source]
    if isinstance(source, bytes | bytearray | Mapping) or not (
        isinstance(source, Dataset | Iterable) or _is_file(source)
    ):
        kind = type(source).__name__
        raise TypeError(f"labels are read from a path, an open file or a list of labels, not from `{kind}`")
    return source


def own_ontology(source: LabelSource) -> Ontology | None:
    """Return the ontology of a source that is a dataset, or of several that agree; None for other sources.

    Args:
        source: as `with_datasets` returns it.
    """
    items = source if isinstance(source, list) else [source]
    datasets = [one for one in items if isinstance(one, Dataset)]
    return union_of([one.named_ontology for one in datasets]) if datasets and len(datasets) == len(items) else None


def only_dataset(source: object) -> Dataset | None:
    """Return the one dataset that a source is; None for all others."""
    only = source[0] if isinstance(source, list) and len(source) == 1 else source
    return only if isinstance(only, Dataset) else None


def _dataset_at(path: str) -> Dataset | None:
    """Open the dataset at a path; return None where it holds labels of the platform, or may hold them."""
    from kili_query.datasets.recognition import recognized  # when it is needed: it takes a while

    if path == _STDIN:
        return None
    if not path:
        raise SourceError("the path of the labels is empty")
    try:
        mode = os.stat(path).st_mode
    except (OSError, ValueError) as error:  # a ValueError for a zero byte in the path
        raise SourceError.of(path, error) from error
    if not stat.S_ISDIR(mode):
        return None if not stat.S_ISREG(mode) or _is_raw_archive(path) else recognized(path)
    if is_cache(path):
        raise SourceError(
            f"`{path}` is a label cache, which is not read as a file: `kili_query.cache.LabelCache` opens it, and "
            "`kili-query match` and other commands take it"
        )
    if _begins_with_labels(path, next(_files_in(path), None)):
        return None
    if (dataset := recognized(path)) is not None:
        return dataset
    readme = os.path.join(path, _README)
    if not os.path.exists(readme):
        raise SourceError(f"`{path}` {_NO_EXPORT}")
    with _opened(readme) as file:
        reason = _lack_of_labels(file.read(_README_BYTES))
    if reason:
        raise SourceError(f"`{path}` {reason}")
    return None


def _is_raw_archive(path: str) -> bool:
    """Return whether a file is an archive to be read front to back: with labels of the platform, or damaged."""
    from zipfile import BadZipFile, ZipFile, is_zipfile  # when it is needed: it takes a while

    if not is_zipfile(path):
        return False
    try:
        with ZipFile(path) as archive:
            first = next(filter(_is_label_file, archive.namelist()), None)
        return _begins_with_labels(path, first)
    except (OSError, BadZipFile):  # reading says where
        return True


def _begins_with_labels(path: str, first: str | None) -> bool:
    """Return whether a folder or archive holds labels, by the first file that is named like one of an export.

    Datasets may have a folder `labels` too.
    """
    from kili_query.datasets.files import Files  # when it is needed: it takes a while
    from kili_query.datasets.recognition import is_dataset_file

    try:
        return first is not None and not is_dataset_file(Files.of(path), first)
    except SourceError:  # reading says where
        return True


def _lack_of_labels(readme: bytes) -> str | None:
    """Return why an export has no label files, according to its readme; None where it may be empty.

    >>> _lack_of_labels(b"- Exported format: coco")
    'is an export in the format `coco`, not a raw one: write the labels as `raw` or `jsonl`, and read those'
    """
    stated = _FORMAT.search(readme)
    name = "raw" if stated is None else stated[1].decode("utf-8", "replace")
    if name in _WITH_LABELS:
        return None
    return f"is an export in the format `{name}`, not a raw one: write the labels as `raw` or `jsonl`, and read those"


def _is_path(value: object) -> TypeGuard[str | os.PathLike[str]]:
    return isinstance(value, str | os.PathLike)


def _is_file(value: object) -> TypeGuard[IO[bytes] | IO[str]]:
    return hasattr(value, "read")


def _is_input(value: object) -> TypeGuard[str | os.PathLike[str] | IO[bytes] | IO[str] | Dataset]:
    return _is_path(value) or isinstance(value, Dataset) or _is_file(value)


def _files_in(folder: str) -> Iterator[str]:
    """Return the label files of an exported folder, by their paths inside it, in a fixed order."""

    def fail(error: OSError) -> None:
        raise SourceError.of(error.filename, error) from error

    for where, folders, files in os.walk(folder, onerror=fail):
        folders.sort()
        inside = "" if where == folder else os.path.relpath(where, folder).replace(os.sep, "/") + "/"
        yield from sorted(path for name in files if _is_label_file(path := inside + name))


def _is_label_file(name: str) -> bool:
    # of the many files of a dataset, nearly all can be told by their suffix
    return "json" in name.lower() and _LABEL_FILE.fullmatch(name) is not None and not is_litter(name)


def _opened(path: str) -> IO[bytes]:
    try:
        return open(path, "rb")
    except OSError as error:
        raise SourceError.of(path, error) from error


def _size_of(source: object) -> int | None:
    """Return the number of bytes to read, where it can be known beforehand."""
    if isinstance(source, list | tuple):
        sizes = [_size_of(item) for item in source if _is_input(item)]
        return None if None in sizes else sum(size for size in sizes if size is not None)
    if not _is_path(source) or source == _STDIN:
        return None
    path = os.fspath(source)
    if os.path.isdir(path):
        return sum(os.path.getsize(os.path.join(path, name)) for name in _files_in(path))
    return os.path.getsize(path) if os.path.isfile(path) else None


def _find_lines(path: str, file: IO[bytes]) -> tuple[int, int] | None:
    """Return where the lines of a plain file begin and end; None for small files and other kinds."""
    about = os.fstat(file.fileno())
    if not stat.S_ISREG(about.st_mode) or about.st_size < LARGE_BYTES:
        return None
    start = len(BYTE_ORDER_MARK) if file.read(len(BYTE_ORDER_MARK)) == BYTE_ORDER_MARK else 0
    file.seek(0)
    reader = file_reader(path, file, lambda _: None)
    try:
        is_of_lines = not is_zip(reader) and not is_packed(reader) and holds_lines(unpack(reader))
    finally:
        file.seek(0)
    return (start, about.st_size) if is_of_lines else None


@define
class _Reading(Generic[_T]):
    """One walk over a source, which knows how far it has come."""

    _handler: Handler[_T]
    _progress: ProgressCallback | None
    _total_bytes: int | None
    _read_lines: ReadLines[_T] | None
    _on_end: Callable[[str], None] | None
    _done_bytes: int = 0

    def read(self, source: object) -> Generator[_T]:
        """Return the labels of a source that was checked."""
        if isinstance(source, Dataset):
            return self._to_end(source.files.path, self._read_dataset(source))
        if _is_path(source):
            path = os.fspath(source)
            return self._to_end(_STDIN_NAME if path == _STDIN else path, self._read_path(path))
        if _is_file(source):
            given = getattr(source, "name", None)
            name = given if isinstance(given, str) else "<stream>"
            return self._to_end(name, self._read_file(name, source))
        return self._read_items(source if isinstance(source, Iterable) else ())

    def _to_end(self, name: str, items: Generator[_T]) -> Generator[_T]:
        yield from items
        if self._on_end is not None:
            self._on_end(name)

    def _read_items(self, items: Iterable[object]) -> Generator[_T]:
        for index, item in enumerate(items):
            if _is_input(item):
                yield from self.read(with_datasets(item))
            else:
                yield from self._handler.value(item, Place("<labels>", path=f"[{index}]"))

    def _read_dataset(self, dataset: Dataset) -> Generator[_T]:
        yield from self._handler.items(self._watched(dataset.items()))

    def _watched(self, items: Iterable[_Item]) -> Iterator[_Item]:
        """Report progress now and then, which may end the reading, although bytes are not counted in a dataset."""
        for number, item in enumerate(items):
            if number % _ITEMS_BETWEEN_REPORTS == 0:
                self._tally(0)
            yield item

    def _read_path(self, path: str) -> Generator[_T]:
        if path == _STDIN:
            yield from self._read_file(_STDIN_NAME, getattr(sys.stdin, "buffer", sys.stdin))
        elif os.path.isdir(path):
            for name in _files_in(path):
                yield from self._read_path(os.path.join(path, name))
        else:
            with _opened(path) as file:
                lines = None if self._read_lines is None else _find_lines(path, file)
                if self._read_lines is None or lines is None:
                    yield from self._read_file(path, file)
                else:
                    yield from self._read_lines(path, *lines, self._tally)

    def _read_file(self, name: str, file: ReadableFile) -> Generator[_T]:
        reader = file_reader(name, file, self._tally)
        if is_zip(reader):
            yield from self._read_zip(reader)
        else:
            yield from self._read_text(reader)

    def _read_zip(self, archive: ByteReader) -> Generator[_T]:
        has_labels, lack = False, _NO_EXPORT
        for name, chunks in zip_entries(archive, lambda name: name == _README or _is_label_file(name)):
            if name == _README:
                lack = _lack_of_labels(ByteReader(name, chunks).take(_README_BYTES)) or ""
            else:
                has_labels = True
                yield from self._read_text(ByteReader(f"{archive.name}/{name}", chunks))
        if lack and not has_labels:
            raise archive.fault(lack)

    def _read_text(self, packed: ByteReader) -> Generator[_T]:
        yield from self._handler.texts(json_texts(unpack(packed)))

    def _tally(self, size: int) -> None:
        self._done_bytes += size
        if self._progress is not None:
            self._progress(self._done_bytes, self._total_bytes)
