"""Labels of any kind as the source of a page, in memory: for notebooks, and for a page that runs Python itself."""

import os
from collections.abc import Iterable, Mapping
from typing import Any

from kili_query.counting import DEFAULT_POLICY, CountPolicy
from kili_query.datasets.dataset import Dataset
from kili_query.datasets.files import Files
from kili_query.errors import OntologyError, SourceError
from kili_query.ontology import Ontology
from kili_query.page.images import FileImages
from kili_query.page.plain import PlainSource
from kili_query.page.source import Origin
from kili_query.places import Problem, Record
from kili_query.scanning import LabelSource, read_labels
from kili_query.scanning.sources import own_ontology, with_datasets

PROJECT, ASSETS = "project.json", "assets.ndjson"
"""The files beside labels that are looked for."""

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
        SourceError: the labels cannot be read, or no record could be read as a label.

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
    if reasons := source.why_unreadable():
        raise SourceError(
            f"nothing in `{source.title}` could be read as a label: {reasons[0]}. "
            "Give a file of labels, a dataset, or a list of labels as dictionaries"
        )
    return source


def _of_path(path: str, found: LabelSource) -> dict[str, Any]:
    title = os.path.basename(path)
    if isinstance(found, Dataset):
        return {"title": title, "images": FileImages(found.files), "origin": Origin(path, "dataset")}
    ontology, file = _ontology(_beside(path, PROJECT))
    return {
        "title": title,
        "images": FileImages(Files.of(path)),
        "origin": Origin(path, "file", file),
        "ontology": ontology,
        "assets": _assets(_beside(path, ASSETS)),
    }


def _beside(path: str, name: str) -> str | None:
    """Return the file with this name beside a file, or in a folder, if it is there."""
    file = os.path.join(path if os.path.isdir(path) else os.path.dirname(path), name)
    return None if file == path or not os.path.isfile(file) else file


def _ontology(file: str | None) -> tuple[Ontology | None, str | None]:
    if file is None:
        return None, None
    try:
        return Ontology.load(file), file
    except OntologyError:  # another tool's file of that name
        return None, None


def _assets(file: str | None) -> dict[str, dict[str, object]]:
    return {} if file is None else known_assets(_whole(item) for item in read_labels(file, at=""))


def _whole(item: Record | Problem) -> Mapping[str, object]:
    if isinstance(item, Problem):
        raise SourceError(f"{item}")
    return item.label


def known_assets(assets: Iterable[Mapping[str, object]]) -> dict[str, dict[str, object]]:
    """Return what assets say of sizes and places of images, and of the frames of videos, by the id of the asset.

    >>> known_assets([{"id": "a", "externalId": "street.jpg", "priority": 1}])
    {'a': {'externalId': 'street.jpg'}}
    >>> known_assets([{"id": "a", "jsonMetadata": {"camera": 3, "processingParameters": {"framesPlayedPerSecond": 5}}}])
    {'a': {'jsonMetadata': {'processingParameters': {'framesPlayedPerSecond': 5}}}}
    """
    kept = ("externalId", "content", "resolution")
    return {
        str(one["id"]): {**{key: one[key] for key in kept if one.get(key)}, **_processing(one)}
        for one in assets
        if "id" in one
    }


def _processing(asset: Mapping[str, object]) -> dict[str, object]:
    """Return how a video was processed, without other metadata."""
    metadata, field = asset.get("jsonMetadata"), "processingParameters"
    found = metadata.get(field) if isinstance(metadata, Mapping) else None
    return {"jsonMetadata": {field: found}} if found else {}
