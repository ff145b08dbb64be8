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
    ├── ArgumentError              who calls a function
    │   ├── MissingArgumentError
    │   └── IncompatibleArgumentsError
    ├── ServiceError               who runs the service   .operation .request_id .created .in_doubt .not_sent
    │   ├── AuthenticationFailed       and who owns the key
    │   ├── NotFound
    │   ├── GraphQLError           refused                .errors
    │   ├── TransportError         not reached, or no answer that can be read   .status
    │   └── MutationOutcomeUnknown
    └── MissingExtraError          who installs           .extra

All that concern a value are `ValueError` too, and a missing extra is an `ImportError`.
"""

from collections.abc import Mapping, Sequence

from kili_query.diagnostics import Diagnostic, Severity

__all__ = [
    "ArgumentError",
    "AuthenticationFailed",
    "DataError",
    "GraphQLError",
    "IncompatibleArgumentsError",
    "KiliQueryError",
    "LabelError",
    "MalformedLabelError",
    "MissingArgumentError",
    "MissingExtraError",
    "MutationOutcomeUnknown",
    "NotExpressible",
    "NotFound",
    "OntologyError",
    "QueryError",
    "QuerySyntaxError",
    "ServiceError",
    "SourceError",
    "TransportError",
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


class ArgumentError(KiliQueryError, ValueError):
    """Arguments of a call that cannot be used: found before anything is sent."""


class MissingArgumentError(ArgumentError):
    """An argument that this call needs is not given, or empty."""


class IncompatibleArgumentsError(ArgumentError):
    """Two arguments that cannot be given together."""


class ServiceError(KiliQueryError):
    """The service refused a request, or could not be asked.

    A call that sends several mutations fails in one of them; the attributes tell what became of all.

    Attributes:
        operation: the GraphQL operation that failed.
        request_id: the id that the request bore in its header ``kili-client-call-uuid``, for the service's logs.
        created: what earlier mutations of the call answered; they stand.
        in_doubt: the inputs of the mutation whose outcome is unknown: created or not.
        not_sent: the inputs that were not sent, or that the service refused.
    """

    def __init__(self, message: str, *, operation: str = "", request_id: str = "") -> None:
        self.message = message
        self.operation = operation
        self.request_id = request_id
        self.created: tuple[object, ...] = ()
        self.in_doubt: tuple[object, ...] = ()
        self.not_sent: tuple[object, ...] = ()
        super().__init__(message)

    def __str__(self) -> str:
        where = [f"operation {self.operation}"] if self.operation else []
        where += [f"request {self.request_id}"] if self.request_id else []
        return f"{self.message} ({', '.join(where)})" if where else self.message

    def __reduce__(self) -> tuple[object, ...]:
        return _restored_error, (type(self), self.args, self.__dict__)


def _restored_error(kind: type[ServiceError], args: tuple[object, ...], state: dict[str, object]) -> ServiceError:
    error = kind.__new__(kind, *args)
    error.__dict__.update(state)
    return error


class AuthenticationFailed(ServiceError):  # noqa: N818 - the service's word
    """No key, or a key that the service refuses."""


class NotFound(ServiceError, LookupError):  # noqa: N818 - the service's word
    """What an id names does not exist, or not for this user."""


class GraphQLError(ServiceError):
    """The service answered with errors.

    Attributes:
        errors: the errors as they came, each with a ``message``.
    """

    def __init__(
        self, message: str, errors: Sequence[Mapping[str, object]] = (), *, operation: str = "", request_id: str = ""
    ) -> None:
        super().__init__(message, operation=operation, request_id=request_id)
        self.errors = tuple(errors)


class TransportError(ServiceError):
    """The service was not reached, or answered nothing that can be read; no mutation was carried out.

    Attributes:
        status: the HTTP status of the last answer; None where there was none.
    """

    def __init__(self, message: str, *, status: int | None = None, operation: str = "", request_id: str = "") -> None:
        super().__init__(message, operation=operation, request_id=request_id)
        self.status = status


class MutationOutcomeUnknown(ServiceError):  # noqa: N818 - a fixed public name
    """A mutation was sent and no answer came back: it may have been carried out, so it is never sent again."""


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
