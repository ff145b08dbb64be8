"""Tell datasets by what their files hold, never by their names alone, and open them.

A reader is imported when its format is met. Nothing that may hold labels of the platform is taken for a dataset.
"""

import os
import re
from collections.abc import Callable, Iterator, Mapping
from itertools import islice
from os import PathLike

from attrs import frozen

from kili_query.datasets.dataset import Dataset
from kili_query.datasets.files import Files, OneFile, StreamedFile, stream_at
from kili_query.errors import ArgumentError, SourceError
from kili_query.extras import load
from kili_query.near_names import nearest

_HEAD_BYTES = 64 * 1024  # how much of a file is looked at
_ZIP = b"PK\x03\x04"
_DOCUMENTS = (".json", ".geojson", ".xml", ".yaml", ".yml")  # an empty one is not valid
_WIDE = (b"\xff\xfe", b"\xfe\xff", b"{\0", b"\0{", b"[\0", b"\0[")  # how JSON in UTF-16 begins
_MOST_FILES = 20  # of each suffix in a folder are looked at

_OF_LABELS = frozenset({"jsonResponse", "jsonInterface", "jobs"})
"""A JSON object with one of these keys is a label or a project, whatever else it holds."""

_TOKEN = re.compile(rb'"((?:[^"\\]|\\.)*)"(\s*:)?|[\[\]{}]', re.DOTALL)  # a text, which may be a key, or a bracket
_ROOT = re.compile(rb"<(?![?!])(?:[\w.-]+:)?([\w.-]+)")
_NAMES = re.compile(rb"""^(?:\{[^\n]*?)?["']?names["']?\s*:""", re.MULTILINE)
_IMAGES = re.compile(rb'"images"\s*:\s*(?:\[(?!\s*")|\Z)')  # a list, though not of texts, as far as the bytes go
_COMMENTS = re.compile(rb"<!--.*?-->", re.DOTALL)


@frozen
class _Head:
    """How a file begins.

    Attributes:
        name: its path in the dataset.
        data: the first bytes.
        is_array: whether it is a JSON array.
        keys: of the first JSON object, as far as the bytes go; none for a label or project of the platform.
        root: the name of the root element of XML; empty for other files.
        is_of_platform: whether the first JSON object is a label or a project of the platform.
    """

    name: str
    data: bytes
    is_array: bool
    keys: tuple[str, ...]
    root: str
    is_of_platform: bool = False

    @classmethod
    def of(cls, files: Files, name: str) -> "_Head":
        data = files.head(name, _HEAD_BYTES).removeprefix(b"\xef\xbb\xbf").lstrip()
        is_json, is_xml = data[:1] in (b"[", b"{"), data[:1] == b"<"
        root = _ROOT.search(_COMMENTS.sub(b"", data)) if is_xml else None
        keys = tuple(_first_keys(data)) if is_json else ()
        is_of_platform = not _OF_LABELS.isdisjoint(keys)
        if is_of_platform:
            keys = ()  # so that no reader knows it
        element = "" if root is None else root[1].decode("ascii", "replace")
        return cls(name, data, data[:1] == b"[", keys, element, is_of_platform)


@frozen
class _Reader:
    """A format that can be read.

    Attributes:
        title: for people.
        suffixes: of the files that say whether a dataset has this format.
        extra: what reading it needs.
        knows: whether a file with one of these suffixes begins like this format.
        names: of files, in any folder, that only this format has.
    """

    title: str
    suffixes: tuple[str, ...]
    extra: str
    knows: Callable[[_Head], bool]
    names: frozenset[str] = frozenset()


def _is_coco(head: _Head) -> bool:
    if head.is_array:
        return False
    if "images" in head.keys:
        return _IMAGES.search(head.data) is not None
    return not {"annotations", "categories"}.isdisjoint(head.keys) and (
        b'"image_id"' in head.data or b'"supercategory"' in head.data
    )


def _is_label_studio(head: _Head) -> bool:
    """A list of tasks: each has ``data`` and a list of answers with their ``result``, or the id of its annotation."""
    if head.is_array and {"annotation_id", "annotator"} <= set(head.keys):
        return True
    if not head.is_array or not {"annotations", "predictions", "completions"} & set(head.keys):
        return False
    return "data" in head.keys or b'"result"' in head.data


READERS: Mapping[str, _Reader] = {
    "coco": _Reader("COCO", (".json",), "datasets", _is_coco),
    "label_studio": _Reader("Label Studio", (".json",), "datasets", _is_label_studio),
    "labelbox": _Reader("Labelbox", (".ndjson", ".json", ".jsonl"), "datasets", lambda head: "data_row" in head.keys),
    "geojson": _Reader(
        "GeoJSON",
        (".geojson", ".json"),
        "datasets",
        lambda head: head.keys[:1] == ("type",) and b'"FeatureCollection"' in head.data[:200],
    ),
    "cvat": _Reader("CVAT", (".xml",), "datasets", lambda head: head.root == "annotations"),
    "pascal_voc": _Reader("Pascal VOC", (".xml",), "datasets", lambda head: head.root == "annotation"),
    "yolo": _Reader(
        "YOLO",
        (".yaml", ".yml"),
        "datasets",
        lambda head: _NAMES.search(head.data) is not None,
        names=frozenset({"classes.txt", "obj.names"}),
    ),
}
"""The formats that can be read, by the names that ``--from`` takes. A reader is the module of that name."""


class WrongFormatError(SourceError):
    """A dataset is not in the format that was asked for.

    Attributes:
        reason: why the files are not in this format, and what they look like.
        found: the name of its format; None where it holds labels or a project of the platform.
    """

    def __init__(self, reason: str, found: str | None) -> None:
        advice = "leave out `fmt`" if found is None else f'give `fmt="{found}"`, or leave it out'
        super().__init__(f"{reason}: {advice}")
        self.reason, self.found = reason, found


def format_of(path: str | PathLike[str]) -> str | None:
    """Return the name of the format of a dataset; None for what is not known to be one.

    Args:
        path: a file, a folder or a zip archive.

    Raises:
        SourceError: it cannot be read.
    """
    return _format_of(Files.of(path))


def _check_format(fmt: str) -> None:
    if fmt not in READERS:
        near = nearest(fmt, READERS)
        hint = f"; did you mean `{near}`?" if near else ""
        raise ArgumentError(f"there is no format of datasets `{fmt!s:.40}`{hint}; there are {', '.join(READERS)}")


def streamed_dataset(data: bytes, name: str, fmt: str) -> Dataset:
    """Open a dataset that came as a stream.

    Args:
        data: what the stream held.
        name: what messages call it.
        fmt: one of `READERS`.

    Raises:
        SourceError: it is not such a dataset.
        ArgumentError: there is no such format.
        MissingExtraError: reading this format needs an extra that is not installed.
    """
    _check_format(fmt)
    for suffix in dict.fromkeys(suffix for reader in READERS.values() for suffix in reader.suffixes):
        _refuse_wrong(StreamedFile(name, suffix, data), fmt)
    return _opened(StreamedFile(name, READERS[fmt].suffixes[0], data), fmt)


def recognized(path: str | PathLike[str]) -> Dataset | None:
    """Open a dataset if what is there is known to be one.

    Raises:
        SourceError: it cannot be read.
        MissingExtraError: reading this format needs an extra that is not installed.
    """
    files = Files.of(path)
    name = _format_of(files)
    return None if name is None else _opened(files, name)


def open_dataset(path: str | PathLike[str], *, fmt: str | None = None) -> Dataset:
    """Open a dataset of another tool, to ask which labels match, or to write it in another format.

    Args:
        path: a file, a folder or a zip archive.
        fmt: one of `READERS`; by default what the files look like.

    Raises:
        SourceError: it cannot be read, or is not known to be a dataset.
        ArgumentError: there is no such format.
        MissingExtraError: reading this format needs an extra that is not installed.
    """
    if fmt is not None:
        _check_format(fmt)
        if (data := stream_at(path)) is not None:
            return streamed_dataset(data, os.fspath(path), fmt)
    files = Files.of(path)
    if fmt is not None:
        _refuse_wrong(files, fmt)
    name = fmt or _format_of(files)
    if name is None:
        raise SourceError(f"`{os.fspath(path)}` is not known to be a dataset; `fmt` says which one it is")
    return _opened(files, name)


def _refuse_wrong(files: Files, fmt: str) -> None:
    """Refuse files that are not in a format, if it is known what else they are.

    Raises:
        WrongFormatError: nothing in them is like this format, and something is like another.
    """
    if _format_of(files, {fmt: READERS[fmt]}) is not None:
        return
    if isinstance(files, OneFile | StreamedFile):
        _refuse_unreadable(files)
    not_this = f"`{files.path}` is not in the format `{fmt}`"
    found = _format_of(files)
    if found is not None:
        raise WrongFormatError(f"{not_this}: it looks like {READERS[found].title}", found)
    if isinstance(files, OneFile | StreamedFile) and _Head.of(files, files.names[0]).is_of_platform:
        raise WrongFormatError(f"{not_this}: it looks like labels or a project of the platform", None)


def _refuse_unreadable(files: OneFile | StreamedFile) -> None:
    """Refuse a file alone that is a dataset in no format.

    Raises:
        SourceError: it is empty, or a damaged archive.
    """
    head = files.head(files.names[0], _HEAD_BYTES)
    if not head.strip():
        raise SourceError(f"`{files.path}` is empty")
    if head.startswith(_ZIP):
        raise SourceError(f"`{files.path}` is a zip archive, but damaged or truncated")


def _opened(files: Files, name: str) -> Dataset:
    """Open files that are a dataset of the format with this name."""
    reader = READERS[name]
    module = load(f"kili_query.datasets.{name}", f"datasets of {reader.title}", reader.extra)
    dataset: Dataset = module.open_files(files)
    return dataset


def refuse_document(path: str | PathLike[str]) -> None:
    """Refuse a file that has no known format because nobody can read it: empty JSON, XML or YAML.

    An empty file of lines is in order: it holds no labels.

    Raises:
        SourceError: there is nothing in it.
    """
    name = os.fspath(path)
    if name.lower().endswith(_DOCUMENTS) and os.path.isfile(name):
        _refuse_unreadable(OneFile(name))


def is_wide(path: str | PathLike[str]) -> bool:
    """Whether the text of a file is in UTF-16."""
    return os.path.isfile(path) and OneFile(os.fspath(path)).head("", 2) in _WIDE


def files_of(files: Files, name: str) -> list[str]:
    """Return the files of a dataset that begin like those of a format; a file that was given alone is always one.

    Args:
        files: of the dataset.
        name: of the format.
    """
    if isinstance(files, OneFile):
        return list(files.names)
    reader = READERS[name]
    named = [one for one in files.names if _suffix(one) in reader.suffixes]
    return [one for one in named if reader.knows(_Head.of(files, one))]


def is_dataset_file(files: Files, name: str) -> bool:
    """Return whether a file begins like one of a dataset.

    Raises:
        SourceError: it cannot be read.
    """
    head = _Head.of(files, name)
    return any(_suffix(name) in reader.suffixes and reader.knows(head) for reader in READERS.values())


def _format_of(files: Files, readers: Mapping[str, _Reader] = READERS) -> str | None:
    suffixes = tuple({suffix for reader in readers.values() for suffix in reader.suffixes})
    by_suffix: dict[str, list[str]] = {}
    for name in files.names:
        if name.lower().endswith(suffixes):  # few of a hundred thousand have one
            by_suffix.setdefault(_suffix(name), []).append(name)
    heads: dict[str, _Head] = {}
    for format_name, reader in readers.items():
        named = (name for suffix in reader.suffixes for name in by_suffix.get(suffix, ()))
        for name in islice(named, _MOST_FILES):
            if name not in heads:
                heads[name] = _Head.of(files, name)
            if reader.knows(heads[name]):
                return format_name
        if reader.names and any(name.rpartition("/")[2] in reader.names for name in files.names):
            return format_name
    return None


def _suffix(name: str) -> str:
    """Return the suffix of a path, in lower case.

    >>> _suffix("a.b/c.JSON"), _suffix("a.b/.json")
    ('.json', '')
    """
    file = name.rpartition("/")[2]
    dot = file.rfind(".")
    return file[dot:].lower() if dot > 0 else ""


def _first_keys(data: bytes) -> Iterator[str]:
    """Return the keys of the first JSON object, as far as the bytes go.

    >>> list(_first_keys(b'[{"a": {"b": 1}, "c": ["d"]'))
    ['a', 'c']
    """
    depth = start = 0
    for token in _TOKEN.finditer(data):
        match token[0]:
            case b"{" | b"[":
                depth += 1
                start = start or (depth if token[0] == b"{" else 0)
            case b"}" | b"]":
                if depth == start:
                    return
                depth -= 1
            case _ if depth == start and token[2] is not None:
                yield token[1].decode("utf-8", "replace")
