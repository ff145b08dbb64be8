"""The passes: each a function from a lowered tree to an equivalent one, none longer."""

from kili_query.logic.passes.absorb import absorb
from kili_query.logic.passes.deduplicate import deduplicate
from kili_query.logic.passes.factor import factor
from kili_query.logic.passes.flatten import flatten
from kili_query.logic.passes.fold_constants import fold_constants
from kili_query.logic.passes.merge_counters import merge_counters
from kili_query.logic.passes.order import order
from kili_query.logic.passes.propagate import propagate
from kili_query.logic.passes.settle import settle
from kili_query.logic.passes.simplify_conditions import simplify_conditions

__all__ = [
    "absorb",
    "deduplicate",
    "factor",
    "flatten",
    "fold_constants",
    "merge_counters",
    "order",
    "propagate",
    "settle",
    "simplify_conditions",
]
