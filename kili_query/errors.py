"""The exceptions of this package, by who can act on them.

    KiliQueryError
    ├── QueryError                 the query's author     .diagnostics
    │   └── QuerySyntaxError
    ├── NotExpressible             the query's author     a target cannot say this
    ├── OntologyError              the ontology's author  .path
    ├── DataError                  who holds the data
    │   ├── LabelError             one label              .path
    │   │   ├── UnknownContentError
    │   │   └── MalformedLabelError
    │   └── SourceError            a file or stream of labels
    └── MissingExtraError          who installs           .extra

All that concern a value are `ValueError` too, and a missing extra is an `ImportError`.
"""

from collections.abc import Sequence

from kili_query.diagnostics import Diagnostic, Severity

__all__ = [
    "DataError",
    "KiliQueryError",
    "LabelError",
    "MalformedLabelError",
    "MissingExtraError",
    "NotExpressible",
    "OntologyError",
    "QueryError",
    "QuerySyntaxError",
    "SourceError",
    "UnknownContentError",
]


class KiliQueryError(Exception):
    """The root of all errors that this package raises on purpose."""


class QueryError(KiliQueryError, ValueError):
    """A query that cannot be used; ``diagnostics`` says why and where.

    Attributes:
        diagnostics: all findings, sorted by position; one of them at least is an error.
    """

    def __init__(self, diagnostics: Sequence[Diagnostic]) -> None:
        self.diagnostics = tuple(diagnostics)
        errors = [found for found in self.diagnostics if found.severity is Severity.ERROR]
        super().__init__("\n\n".join(str(found) for found in errors))

    def __reduce__(self) -> tuple[type["QueryError"], tuple[tuple[Diagnostic, ...]]]:
        return type(self), (self.diagnostics,)


class QuerySyntaxError(QueryError):
    """A text that is no query."""


class NotExpressible(KiliQueryError, ValueError):  # noqa: N818 - a fixed public name
    """A target cannot say what the query asks, or not without a residual."""


class _PathError(KiliQueryError, ValueError):
    """An error with a JSON path.

    Attributes:
        path: where, in the form ``jobs.OBJECTS.content.categories``, from the root of the JSON value.
    """

    def __init__(self, message: str, path: str = "") -> None:
        self.message = message
        self.path = path
        super().__init__(f"{message} (at `{path}`)" if path else message)

    def __reduce__(self) -> tuple[type["_PathError"], tuple[str, str]]:
        return type(self), (self.message, self.path)


class OntologyError(_PathError):
    """A project's interface of the wrong shape."""


class DataError(KiliQueryError, ValueError):
    """Labels that cannot be read."""


class LabelError(_PathError, DataError):
    """One label that cannot be judged."""


class UnknownContentError(LabelError):
    """The content of a label is absent: it is neither a match nor a non-match of any query."""


class MalformedLabelError(LabelError):
    """The content of a label has the wrong shape at ``path``."""


class SourceError(DataError):
    """A file or stream that cannot be read as labels, or not to its end."""


class MissingExtraError(KiliQueryError, ImportError):
    """A feature whose optional dependencies are not installed.

    Attributes:
        extra: the name of the extra that brings them.
    """

    def __init__(self, feature: str, extra: str) -> None:
        self.feature = feature
        self.extra = extra
        super().__init__(f'{feature} needs an extra that is not installed: pip install "kili-query[{extra}]"')

    def __reduce__(self) -> tuple[type["MissingExtraError"], tuple[str, str]]:
        return type(self), (self.feature, self.extra)
