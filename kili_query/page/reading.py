"""Labels of any kind as the source of a page, in memory: for notebooks, and for a page that runs Python itself."""

import os
from typing import Any

from kili_query.counting import DEFAULT_POLICY, CountPolicy
from kili_query.datasets.dataset import Dataset
from kili_query.datasets.files import Files
from kili_query.errors import OntologyError, SourceError
from kili_query.ontology import Ontology
from kili_query.page.images import FileImages
from kili_query.page.plain import PlainSource
from kili_query.page.source import Origin
from kili_query.scanning import LabelSource
from kili_query.scanning.sources import own_ontology, with_datasets

PROJECT = "project.json"
_STDIN = "-"


def source_in_memory(
    labels: LabelSource, *, ontology: Ontology | None = None, policy: CountPolicy = DEFAULT_POLICY
) -> PlainSource:
    """Read labels into memory.

    Args:
        labels: anything that `kili_query.scan` reads.
        ontology: names are checked against it; by default that of the dataset, or of a ``project.json`` beside a file.
        policy: how objects are counted.

    Raises:
        SourceError: the labels cannot be read, or no record is a label.

    >>> source = source_in_memory([{"id": "a", "jsonResponse": {"J": {"categories": [{"name": "X"}]}}}])
    >>> source.title, source.n_labels
    ('labels', 1)
    """
    found = with_datasets(labels)
    about: dict[str, Any] = {"ontology": own_ontology(found), "policy": policy}
    if isinstance(labels, str | os.PathLike) and labels != _STDIN:
        about |= _of_path(os.path.abspath(labels), found)
    elif isinstance(found, Dataset):
        about |= {"title": os.path.basename(os.path.abspath(found.files.path)), "images": FileImages(found.files)}
    if ontology is not None:
        about |= {"ontology": ontology, "origin": Origin()}  # no file is known that a command could check names against
    source = PlainSource.of(found, **about)
    if source.broken and not source.n_labels:
        raise SourceError(
            f"{source.title}: none of the {source.broken} records is a label: give a file of labels, a dataset, or a "
            "list of labels as dictionaries"
        )
    return source


def _of_path(path: str, found: LabelSource) -> dict[str, Any]:
    title = os.path.basename(path)
    if isinstance(found, Dataset):
        return {"title": title, "images": FileImages(found.files), "origin": Origin(path, "dataset")}
    ontology, file = _beside(path)
    about = {"title": title, "images": FileImages(Files.of(path)), "origin": Origin(path, "file", file)}
    return about if ontology is None else {**about, "ontology": ontology}


def _beside(path: str) -> tuple[Ontology | None, str | None]:
    """Return the ontology of the project beside a file or in a folder, and its path."""
    file = os.path.join(path if os.path.isdir(path) else os.path.dirname(path), PROJECT)
    if file == path or not os.path.isfile(file):
        return None, None
    try:
        return Ontology.load(file), file
    except OntologyError:  # another tool's file of that name
        return None, None
