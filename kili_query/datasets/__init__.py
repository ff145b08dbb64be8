"""Datasets of other tools as labels: one module for each format, the mirror of `kili_query.export`.

`open_dataset` recognizes a format by what the files hold and returns a `Dataset`: its ontology, its labels in the shape
of the platform's, and its assets. Nothing is left out without saying so: what has no counterpart is kept under
``source`` and counted in ``kept``.

Two readers make one label for a project that exists, as the client's imports do: `read_geojson`, and `read_shapefiles`
(which needs the extra ``gis``).
"""

from typing import TYPE_CHECKING

from kili_query.datasets.dataset import SOURCE, Dataset, DatasetItem
from kili_query.datasets.features import FeatureProblem, FeaturesError, LabelOfFeatures
from kili_query.datasets.geojson import read_geojson
from kili_query.datasets.recognition import READERS, format_of, open_dataset
from kili_query.extras import load

if TYPE_CHECKING:
    from kili_query.datasets.shapefiles import read_shapefiles


def __getattr__(name: str) -> object:
    if name == "read_shapefiles":
        return getattr(load(f"{__name__}.shapefiles", "labels from shapefiles", "gis"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


__all__ = [
    "READERS",
    "SOURCE",
    "Dataset",
    "DatasetItem",
    "FeatureProblem",
    "FeaturesError",
    "LabelOfFeatures",
    "format_of",
    "open_dataset",
    "read_geojson",
    "read_shapefiles",
]
