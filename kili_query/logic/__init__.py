"""Logic: what follows from a query, and its simplest form."""

from kili_query.logic.decide import Verdict, always_true, disjoint, equivalent, implies, is_refuted, satisfiable
from kili_query.logic.facts import Fact, ontology_facts
from kili_query.logic.intervals import IntervalSet
from kili_query.logic.lints import check_logic
from kili_query.logic.pipeline import PIPELINE, Simplification, Step, simplify, simplify_core, simplify_steps
from kili_query.logic.witness import Counterexample, Example

__all__ = [
    "PIPELINE",
    "Counterexample",
    "Example",
    "Fact",
    "IntervalSet",
    "Simplification",
    "Step",
    "Verdict",
    "always_true",
    "check_logic",
    "disjoint",
    "equivalent",
    "implies",
    "is_refuted",
    "ontology_facts",
    "satisfiable",
    "simplify",
    "simplify_core",
    "simplify_steps",
]
