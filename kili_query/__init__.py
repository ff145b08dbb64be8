"""Ask precise questions of labeled data: the compiler for category searches.

    >>> import kili_query as kq
    >>> query = kq.parse("OBJECTS.PERSON.count >= 1 AND NOT SCENE.NIGHT")
    >>> query.matches({"OBJECTS": {"annotations": [{"mid": "1", "categories": [{"name": "PERSON"}]}]}})
    True

A name is loaded when it is first used, so that the import itself costs next to nothing.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
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
    from kili_query.scanning import scan
    from kili_query.statistics import Statistics
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
    "Statistics",
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

_HOMES = {
    "job": "kili_query.builder",
    "CountPolicy": "kili_query.counting",
    "count": "kili_query.counting",
    "Code": "kili_query.diagnostics",
    "Diagnostic": "kili_query.diagnostics",
    "Severity": "kili_query.diagnostics",
    "DataError": "kili_query.errors",
    "KiliQueryError": "kili_query.errors",
    "LabelError": "kili_query.errors",
    "MalformedLabelError": "kili_query.errors",
    "MissingExtraError": "kili_query.errors",
    "NotExpressible": "kili_query.errors",
    "OntologyError": "kili_query.errors",
    "QueryError": "kili_query.errors",
    "QuerySyntaxError": "kili_query.errors",
    "SourceError": "kili_query.errors",
    "UnknownContentError": "kili_query.errors",
    "Verdict": "kili_query.logic",
    "Completion": "kili_query.ontology",
    "Ontology": "kili_query.ontology",
    "complete": "kili_query.ontology",
    "STRICT_PROFILE": "kili_query.planning",
    "ServerProfile": "kili_query.planning",
    "Plan": "kili_query.query",
    "Query": "kili_query.query",
    "check": "kili_query.query",
    "parse": "kili_query.query",
    "validate": "kili_query.query",
    "scan": "kili_query.scanning",
    "Statistics": "kili_query.statistics",
    "Limits": "kili_query.syntax",
    "Matcher": "kili_query.targets.closures",
    "always_true": "kili_query.verdicts",
    "disjoint": "kili_query.verdicts",
    "equivalent": "kili_query.verdicts",
    "implies": "kili_query.verdicts",
    "satisfiable": "kili_query.verdicts",
}


def __getattr__(name: str) -> object:
    if name == "__version__":
        from importlib.metadata import version  # here, because it takes long to import

        return version("kili-query")
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value: object = getattr(import_module(home), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
