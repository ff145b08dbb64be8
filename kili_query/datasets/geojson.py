"""The format ``geojson``: FeatureCollections (RFC 7946) become labels, one of a project that exists or a dataset."""

import re
from collections.abc import Mapping, Sequence
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from kili_query.datasets.features import (
    FeatureFile,
    LabelOfFeatures,
    check_names,
    label_of_features,
    ordered_tools,
    targets,
)
from kili_query.errors import ArgumentError, SourceError
from kili_query.ontology import Ontology, OntologySource
from kili_query.ontology.decode import kind_of
from kili_query.protocol.json_text import read_json

if TYPE_CHECKING:
    from kili_query.datasets.dataset import Dataset
    from kili_query.datasets.files import Files

FilePath: TypeAlias = str | PathLike[str]

_DEGREES = re.compile(r"(CRS84h?|EPSG:[\d.]*:?4326|^WGS ?84)$", re.IGNORECASE)


def open_files(files: "Files") -> "Dataset":
    """Open FeatureCollections as a dataset, each an asset with a label."""
    from kili_query.datasets.geojson_dataset import GeojsonDataset

    return GeojsonDataset(files, "GeoJSON")


def read_geojson(
    paths: Sequence[FilePath],
    ontology: OntologySource,
    *,
    job_names: Sequence[str] | None = None,
    category_names: Sequence[str] | None = None,
) -> LabelOfFeatures:
    """Make one label of the features of some GeoJSON files.

    Args:
        paths: the files, each a FeatureCollection.
        ontology: of the project, or the path of its file.
        job_names: for each file the job of all its features, whatever ``properties.kili`` says.
        category_names: for each file their category, with ``job_names``.

    Returns:
        The label. Coordinates are not converted. ``left_out`` and ``notes`` report what you may not expect.

    Raises:
        ArgumentError: ``job_names`` and ``category_names`` do not fit the files or the project.
        SourceError: a file cannot be read, or is not a FeatureCollection.
        FeaturesError: features are malformed, or not of this project; its ``problems`` say which, and why.
    """
    check_geojson_arguments(paths, job_names, category_names)
    known = Ontology.of(ontology)
    return label_of_geojson([read_feature_collection(path) for path in paths], known, job_names, category_names)


def check_geojson_arguments(
    paths: Sequence[FilePath], job_names: Sequence[str] | None, category_names: Sequence[str] | None
) -> None:
    """Jobs and categories are given together, one for each file.

    Raises:
        ArgumentError: they are not.
    """
    if (job_names is None) != (category_names is None):
        raise ArgumentError("give both `job_names` and `category_names`, or neither")
    if job_names is not None and category_names is not None:
        check_names("geojson_file_paths", paths, job_names, category_names)


def label_of_geojson(
    files: Sequence[FeatureFile],
    ontology: Ontology,
    job_names: Sequence[str] | None = None,
    category_names: Sequence[str] | None = None,
) -> LabelOfFeatures:
    """Make one label of files as `read_feature_collection` returns them; for the rest see `read_geojson`."""
    if job_names is not None and category_names is not None:
        named = targets(ontology, list(zip(job_names, category_names, strict=True)), ordered_tools)
        files = [
            FeatureFile(one.name, one.features, target, one.notes) for one, target in zip(files, named, strict=True)
        ]
    return label_of_features(files, ontology)


def read_feature_collection(path: FilePath) -> FeatureFile:
    """Read a file, without checking its features.

    Raises:
        SourceError: it cannot be read, or is not a FeatureCollection.
    """
    try:
        data = Path(path).read_bytes()
    except OSError as error:
        raise SourceError.of(path, error) from error
    return feature_collection(str(path), data)


def feature_collection(path: str, data: bytes) -> FeatureFile:
    """Decode a file that was read; see `read_feature_collection`."""
    try:
        document = read_json(data.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        raise SourceError(f"`{path}` is not GeoJSON: it is not UTF-8 (at byte {error.start})") from error
    except ValueError as error:
        raise SourceError(f"`{path}` is not GeoJSON: {error}") from error
    kind = document.get("type") if isinstance(document, Mapping) else None
    if not isinstance(document, Mapping) or kind != "FeatureCollection":
        found = f"of type `{kind}`" if isinstance(document, Mapping) else kind_of(document)
        raise SourceError(f"`{path}` must be an object of type `FeatureCollection`, not {found}")
    features = document.get("features")
    if not isinstance(features, list):
        raise SourceError(f"`{path}`: `features` must be a list, not {kind_of(features)}")
    crs = _other_crs(document.get("crs"))
    note = f"its coordinate reference system is `{crs}`; coordinates are not converted to longitude and latitude"
    return FeatureFile(path, features, notes=() if crs is None else (note,))


def _other_crs(crs: object) -> str | None:
    """Return the name of a coordinate reference system that is not longitude and latitude; None otherwise.

    >>> _other_crs({"type": "name", "properties": {"name": "urn:ogc:def:crs:OGC:1.3:CRS84"}})
    >>> _other_crs({"type": "name", "properties": {"name": "urn:ogc:def:crs:EPSG::3857"}})
    'urn:ogc:def:crs:EPSG::3857'
    """
    if crs is None:
        return None
    properties = crs.get("properties") if isinstance(crs, Mapping) else None
    name = properties.get("name") if isinstance(properties, Mapping) else None
    text = name if isinstance(name, str) else f"{crs!r:.80}"
    return None if _DEGREES.search(text) else text
