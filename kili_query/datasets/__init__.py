"""Labels from files that other programs write: one module for each format, the mirror of `kili_query.export`.

A reader is a function of files and an ontology. It reports everything that it cannot read, with the place in the file,
and leaves nothing out without saying so.
"""

from kili_query.datasets.features import FeatureProblem, FeaturesError, LabelOfFeatures
from kili_query.datasets.geojson import read_geojson

__all__ = ["FeatureProblem", "FeaturesError", "LabelOfFeatures", "read_geojson"]
