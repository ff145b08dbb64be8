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
    from kili_query.ontology import Ontology
    from kili_query.ontology.complete import Completion, complete
    from kili_query.page.showing import show
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
    "show",
    "validate",
]

_NAMES = {
    "builder": "job",
    "counting": "CountPolicy count",
    "diagnostics": "Code Diagnostic Severity",
    "errors": "DataError KiliQueryError LabelError MalformedLabelError MissingExtraError "
    "NotExpressible OntologyError QueryError QuerySyntaxError SourceError UnknownContentError",
    "logic": "Verdict",
    "ontology": "Ontology",
    "ontology.complete": "Completion complete",
    "page.showing": "show",
    "planning": "STRICT_PROFILE ServerProfile",
    "query": "Plan Query check parse validate",
    "scanning": "scan",
    "statistics": "Statistics",
    "syntax": "Limits",
    "targets.closures": "Matcher",
    "verdicts": "always_true disjoint equivalent implies satisfiable",
}
"""The public names of each module."""
_HOMES = {name: f"kili_query.{module}" for module, names in _NAMES.items() for name in names.split()}


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
