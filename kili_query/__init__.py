"""Ask precise questions of labeled data: the compiler for category searches.

>>> import kili_query as kq
>>> query = kq.parse("OBJECTS.PERSON.count >= 1 AND NOT SCENE.NIGHT")
>>> query.matches({"OBJECTS": {"annotations": [{"mid": "1", "categories": [{"name": "PERSON"}]}]}})
True
"""

from kili_query.builder import job
from kili_query.counting import CountPolicy, count
from kili_query.diagnostics import Code, Diagnostic, Severity
from kili_query.errors import (
    DataError,
    KiliQueryError,
    LabelError,
    MalformedLabelError,
    MissingExtraError,
    NotExpressible,
    OntologyError,
    QueryError,
    QuerySyntaxError,
    SourceError,
    UnknownContentError,
)
from kili_query.logic import Verdict
from kili_query.ontology import Completion, Ontology, complete
from kili_query.planning import STRICT_PROFILE, ServerProfile
from kili_query.query import Plan, Query, check, parse, validate
from kili_query.scan import scan
from kili_query.syntax import Limits
from kili_query.targets.closures import Matcher
from kili_query.verdicts import always_true, disjoint, equivalent, implies, satisfiable

__all__ = [
    "STRICT_PROFILE",
    "Code",
    "Completion",
    "CountPolicy",
    "DataError",
    "Diagnostic",
    "KiliQueryError",
    "LabelError",
    "Limits",
    "MalformedLabelError",
    "Matcher",
    "MissingExtraError",
    "NotExpressible",
    "Ontology",
    "OntologyError",
    "Plan",
    "Query",
    "QueryError",
    "QuerySyntaxError",
    "ServerProfile",
    "Severity",
    "SourceError",
    "UnknownContentError",
    "Verdict",
    "always_true",
    "check",
    "complete",
    "count",
    "disjoint",
    "equivalent",
    "implies",
    "job",
    "parse",
    "satisfiable",
    "scan",
    "validate",
]
