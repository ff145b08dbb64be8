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
from kili_query.ontology import Completion, Ontology, complete
from kili_query.query import Query, check, parse, validate
from kili_query.scan import scan
from kili_query.syntax import Limits
from kili_query.targets.closures import Matcher

__all__ = [
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
    "Query",
    "QueryError",
    "QuerySyntaxError",
    "Severity",
    "SourceError",
    "UnknownContentError",
    "check",
    "complete",
    "count",
    "job",
    "parse",
    "scan",
    "validate",
]
