"""A label cache: labels in a folder, pulled once and asked offline, in Delta Lake tables that other tools read too."""

from kili_query.extras import load
from kili_query.interrupts import heed_ctrl_c

load("kili_query.cache.tables", "`kili_query.cache`", "cache")  # its error names the missing extra
heed_ctrl_c()  # now that polars is imported

from kili_query.cache.cache import LabelCache  # noqa: E402
from kili_query.cache.drift import Drift, OntologyChange, QueryDrift  # noqa: E402
from kili_query.cache.expected import Expected  # noqa: E402
from kili_query.cache.history import Difference, Version  # noqa: E402
from kili_query.cache.state import State, SyncPosition  # noqa: E402
from kili_query.cache.writing import Summary  # noqa: E402

__all__ = [
    "Difference",
    "Drift",
    "Expected",
    "LabelCache",
    "OntologyChange",
    "QueryDrift",
    "State",
    "Summary",
    "SyncPosition",
    "Version",
]
