"""The files that a server was started with. Nothing else can be read: tools take their short names, never paths."""

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from stat import S_ISDIR
from threading import Lock
from typing import TYPE_CHECKING

from attrs import define, field, frozen

from kili_query.cache_folder import is_cache
from kili_query.datasets.dataset import Dataset
from kili_query.datasets.recognition import open_dataset, recognized
from kili_query.errors import ArgumentError, CacheError, OntologyError
from kili_query.extras import load
from kili_query.ontology import Ontology

if TYPE_CHECKING:
    from kili_query.cache import LabelCache


@frozen
class ServedFile:
    """One file of labels, a label cache, or a dataset of another tool.

    Attributes:
        name: what tools call it.
        path: where it is.
        ontology: the file, cache or dataset that holds its ontology; None if there is none.
    """

    name: str
    path: str
    ontology: str | None = None

    @property
    def is_cache(self) -> bool:
        """Whether it is a label cache now."""
        return is_cache(self.path)


@define
class ServedFiles:
    """All files of a server.

    Attributes:
        files: by name.
        ontology: the file or cache whose ontology is used where no file of labels is named; None if there is none.
        fmt: the format of the datasets among the files; None for what each looks like.

    >>> files = ServedFiles.of({"a/labels.ndjson": None, "b/labels.ndjson": None})
    >>> list(files.files)
    ['labels.ndjson', 'labels.ndjson-2']
    """

    files: Mapping[str, ServedFile]
    ontology: str | None
    fmt: str | None = None
    _known: dict[str, tuple[object, Ontology]] = field(factory=dict, init=False)
    _caches: "dict[str, LabelCache]" = field(factory=dict, init=False)
    _lock: Lock = field(factory=Lock, init=False)

    @classmethod
    def of(
        cls, ontologies: Mapping[str, str | None], ontology: str | None = None, fmt: str | None = None
    ) -> "ServedFiles":
        """Name files.

        Args:
            ontologies: the file or cache that holds the ontology of each file; None for none.
            ontology: the ontology of tools that need no labels; by default that of all files, if they share one.
            fmt: the format of the datasets among the files; by default what each looks like.
        """
        files: dict[str, ServedFile] = {}
        for path, own in ontologies.items():
            name = _free_name(Path(path).name or "labels", files)
            files[name] = ServedFile(name, path, own)
        shared = {one.ontology for one in files.values()}
        if ontology is None and len(shared) == 1:
            (ontology,) = shared
        return cls(files, ontology, fmt)

    def file(self, name: str | None) -> ServedFile:
        """Return the file of a name; the only one for None.

        Raises:
            ArgumentError: there is no such file, or none was named and there are several.
        """
        if not self.files:
            raise ArgumentError("the server was started without files of labels, so there is nothing to read")
        if name is None:
            if len(self.files) > 1:
                raise ArgumentError(f"`file` is missing: name one of {_listed(self.files)}")
            (name,) = self.files
        if name not in self.files:
            raise ArgumentError(f"no file is called `{name}`: `file` must be one of {_listed(self.files)}")
        return self.files[name]

    def ontology_for(self, name: str | None) -> Ontology | None:
        """Return the ontology of a file, or the one of the server for None.

        Raises:
            ArgumentError: there is no such file.
            OntologyError, CacheError: it cannot be read now.
        """
        path = self.ontology if name is None else self.file(name).ontology
        return None if path is None else self._loaded(path)

    def cache(self, file: ServedFile) -> "LabelCache":
        """Return the cache in a file's place, which stays open; it reads the newest version at each question."""
        with self._lock:
            if file.path not in self._caches:
                cache = load("kili_query.cache", "a label cache", "cache").LabelCache(file.path)
                self._caches[file.path] = cache
            return self._caches[file.path]

    def source(self, file: ServedFile) -> Dataset | str:
        """Return what is read for a file that is no label cache.

        Raises:
            SourceError: it cannot be read, or does not have the format of the server.
        """
        return file.path if self.fmt is None else open_dataset(file.path, fmt=self.fmt)

    def counts_as_cached(self, file: ServedFile) -> bool:
        """Whether the counts in a cache are those by the ontology that is used: its own, or none at all."""
        return file.ontology == file.path or (file.ontology is None and self.cache(file).ontology is None)

    def hide_paths(self, text: str) -> str:
        """Put names in the place of paths."""
        named = {path: Path(path).name for path in self._ontologies()}
        named |= {one.path: one.name for one in self.files.values()}
        for path in sorted(named, key=len, reverse=True):
            if Path(path).name != path:  # what has no folder in it says nothing about where it is
                text = text.replace(path, named[path])
        return text

    def _ontologies(self) -> Sequence[str]:
        found = [self.ontology, *(one.ontology for one in self.files.values())]
        return [path for path in found if path is not None]

    def _dataset(self, path: str) -> Dataset | None:
        is_source = any(one.path == path for one in self.files.values())
        return open_dataset(path, fmt=self.fmt) if is_source and self.fmt is not None else recognized(path)

    def _loaded(self, path: str) -> Ontology:
        """Return an ontology, which is read again when its file has changed."""
        if is_cache(path):
            found = self.cache(ServedFile("", path)).ontology
            if found is None:
                raise CacheError(f"the cache `{path}` has no ontology any more")
            return found
        version = _version(path)
        with self._lock:
            known = self._known.get(path)
        if known is None or known[0] != version:
            dataset = self._dataset(path)
            known = (version, Ontology.load(path) if dataset is None else dataset.ontology)
            with self._lock:
                self._known[path] = known
        return known[1]


def _version(path: str) -> object:
    """Return what changes with a file; for a folder, whose files may change alone, what equals nothing else."""
    try:
        found = os.stat(path)
    except OSError as error:
        raise OntologyError(f"{path}: {error.strerror}") from error
    return object() if S_ISDIR(found.st_mode) else (found.st_mtime_ns, found.st_size, found.st_ino)


def _free_name(name: str, taken: Mapping[str, object]) -> str:
    numbers = (name if number == 1 else f"{name}-{number}" for number in range(1, len(taken) + 2))
    return next(one for one in numbers if one not in taken)


def _listed(names: Mapping[str, object]) -> str:
    return ", ".join(f"`{name}`" for name in names)
