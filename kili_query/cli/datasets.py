"""Datasets of other tools where commands take files of labels or an ontology."""

import os
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from itertools import islice
from typing import TYPE_CHECKING

from attrs import define, field

from kili_query.diagnostics.layout import counted
from kili_query.errors import OntologyError, SourceError
from kili_query.places import Problem

if TYPE_CHECKING:
    from kili_query.datasets import Dataset


@define
class _Opened:
    """The datasets that one run of a command has opened, by path; each is read once.

    Attributes:
        fmt: their format, if `--from` names it.
        are_named: whether their own ontologies are used.
    """

    fmt: str | None = None
    are_named: bool = True
    datasets: "dict[str, Dataset | None]" = field(factory=dict)


STDIN = "-"
_MOST_NOTES = 5
_OPENED: ContextVar[_Opened] = ContextVar("datasets")


@contextmanager
def reading_as(fmt: str | None) -> Iterator[None]:
    """Read datasets in this format; by default in the one that they look like."""
    token = _OPENED.set(_Opened(fmt))
    try:
        yield
    finally:
        _OPENED.reset(token)


def turn_off_ontologies() -> None:
    """Do not use the ontologies of datasets in this run of a command."""
    if (opened := _OPENED.get(None)) is not None:
        opened.are_named = False


def are_named() -> bool:
    """Return whether datasets bring their own ontologies."""
    return _OPENED.get(_Opened()).are_named


def chosen_format() -> str | None:
    """Return the format that `--from` names."""
    return _OPENED.get(_Opened()).fmt


def dataset_at(path: str) -> "Dataset | None":
    """Return the dataset at a path; None for labels of the platform, a cache, standard input, or nothing at all.

    Raises:
        SourceError: the dataset cannot be read, or a folder is not one.
        ArgumentError: `--from` names a format that does not exist.
    """
    opened = _OPENED.get(_Opened())
    if opened.fmt is None if path == STDIN else not exists(path):
        return None
    if path not in opened.datasets:
        opened.datasets[path] = _open(path, opened.fmt)
    return opened.datasets[path]


def dataset_of_ontology(path: str) -> "Dataset | None":
    """Return the dataset whose ontology is asked for; None where a project or its interface is.

    Raises:
        SourceError: the dataset cannot be read.
    """
    from kili_query.datasets import format_of
    from kili_query.datasets.recognition import is_wide

    opened = _OPENED.get(_Opened())
    is_open = opened.datasets.get(path) is not None
    is_dataset = is_open or (
        exists(path) and (format_of(path) is not None or (opened.fmt is not None and not _is_project(path)))
    )
    if not is_dataset and exists(path) and is_wide(path) and not _is_project(path):
        raise SourceError(f"`{path}` is UTF-16 text: save it as UTF-8")
    return dataset_at(path) if is_dataset else None


def _is_project(path: str) -> bool:
    from kili_query.ontology import Ontology  # here, because it takes long to import

    try:
        with warnings.catch_warnings(action="ignore"):  # they are shown when the ontology is used
            Ontology.load(path)
    except OntologyError:
        return False
    return True


def exists(path: str) -> bool:
    """Whether something is at a path."""
    try:
        return os.path.exists(path)
    except ValueError:  # a zero byte
        return False


def _open(path: str, fmt: str | None) -> "Dataset | None":
    from kili_query.cache_folder import is_cache
    from kili_query.datasets import Dataset
    from kili_query.datasets.recognition import WrongFormatError, open_dataset, refuse_document, streamed_dataset
    from kili_query.scanning.sources import with_datasets  # here, because it takes long to import

    if fmt is not None:
        try:
            return streamed_dataset(_stdin(), "<stdin>", fmt) if path == STDIN else open_dataset(path, fmt=fmt)
        except WrongFormatError as error:
            advice = "" if error.found is None else f"write `--from {error.found}`, or "
            raise SourceError(f"{error.reason}: {advice}leave out `--from`") from error
    found = path if is_cache(path) else with_datasets(path)
    if isinstance(found, Dataset):
        return found
    refuse_document(path)
    return None


def notes_of_datasets() -> Iterator[str]:
    """Yield what was read in another way than it is written, the first places of each kind."""
    for dataset in filter(None, _OPENED.get(_Opened()).datasets.values()):
        places: dict[str, list[Problem]] = {}
        for note in dataset.notes:
            places.setdefault(note.reason, []).append(note)
        for first, *others in islice(places.values(), _MOST_NOTES):
            yield f"note: {first}" + (f" (and at {counted(len(others), 'more place')})" if others else "")
        if len(places) > _MOST_NOTES:
            yield f"note: {counted(len(places) - _MOST_NOTES, 'more note')} on `{dataset.files.path}`"


def _stdin() -> bytes:
    return sys.stdin.buffer.read()


def complete_dataset_format(incomplete: str) -> list[str]:
    """Complete the name of a format of datasets."""
    from kili_query.datasets import READERS

    return [name for name in READERS if name.startswith(incomplete)]
