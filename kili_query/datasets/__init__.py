"""Labels from files that other programs write: one module for each format, the mirror of `kili_query.export`.

A reader is a function of files and an ontology. It reports everything that it cannot read, with the place in the file,
and leaves nothing out without saying so. `read_shapefiles` needs the extra ``gis``.
"""

from typing import TYPE_CHECKING

from kili_query.datasets.features import FeatureProblem, FeaturesError, LabelOfFeatures
from kili_query.datasets.geojson import read_geojson
from kili_query.extras import load

if TYPE_CHECKING:
    from kili_query.datasets.shapefiles import read_shapefiles


def __getattr__(name: str) -> object:
    if name == "read_shapefiles":
        return getattr(load(f"{__name__}.shapefiles", "labels from shapefiles", "gis"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


__all__ = ["FeatureProblem", "FeaturesError", "LabelOfFeatures", "read_geojson", "read_shapefiles"]
