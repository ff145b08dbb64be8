"""Datasets of other tools as labels: one module for each format, the mirror of `kili_query.export`.

`open_dataset` recognizes a format by what the files hold and returns a `Dataset`: its ontology, its labels in the shape
of the platform's, and its assets. Nothing is left out without saying so: what has no counterpart is kept under
``source`` and counted in ``kept``.

Two readers make one label for a project that exists, as the client's imports do: `read_geojson`, and `read_shapefiles`
(which needs the extra ``gis``).
"""

from importlib import import_module
from typing import TYPE_CHECKING

from kili_query.datasets.dataset import SOURCE, Dataset, DatasetItem
from kili_query.extras import load

if TYPE_CHECKING:
    from kili_query.datasets.features import FeatureProblem, FeaturesError, LabelOfFeatures
    from kili_query.datasets.geojson import read_geojson
    from kili_query.datasets.recognition import READERS, format_of, open_dataset, streamed_dataset
    from kili_query.datasets.shapefiles import read_shapefiles

_MODULES = {
    "FeatureProblem": "features",
    "FeaturesError": "features",
    "LabelOfFeatures": "features",
    "READERS": "recognition",
    "format_of": "recognition",
    "open_dataset": "recognition",
    "read_geojson": "geojson",
    "streamed_dataset": "recognition",
}
"""Where names are defined that are imported when they are used, so that streams of labels start fast."""


def __getattr__(name: str) -> object:
    if name == "read_shapefiles":
        return getattr(load(f"{__name__}.shapefiles", "labels from shapefiles", "gis"), name)
    if name in _MODULES:
        return getattr(import_module(f"{__name__}.{_MODULES[name]}"), name)
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
    "streamed_dataset",
]
