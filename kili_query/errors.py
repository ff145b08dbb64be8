"""The exceptions of this package, by who can act on them.

    KiliQueryError
    ├── QueryError                 the query's author     .diagnostics
    │   └── QuerySyntaxError
    ├── NotExpressible             the query's author     a target cannot express the query
    ├── OntologyError              the ontology's author  .path
    ├── DataError                  the data's owner
    │   ├── LabelError             one label              .path
    │   │   ├── UnknownContentError
    │   │   └── MalformedLabelError
    │   ├── SourceError            a file or stream of labels
    │   └── CacheError             a label cache
    ├── ArgumentError              the caller
    │   ├── MissingArgumentError
    │   └── IncompatibleArgumentsError
    ├── ServiceError               the service's operator .operation .request_id .created .in_doubt .not_sent
    │   ├── AuthenticationFailed   the key's owner
    │   ├── NotFound
    │   ├── GraphQLError           an error in the answer .errors
    │   │   └── FeedUnavailable    the account has no change feed
    │   ├── TransportError         unreachable, or an unreadable answer   .status
    │   └── MutationOutcomeUnknown
    └── MissingExtraError          the installer          .extra

Errors about a value are also `ValueError`s, and a missing extra is also an `ImportError`.
"""

from collections.abc import Mapping, Sequence

from kili_query.diagnostics import Diagnostic, Severity


class KiliQueryError(Exception):
    """The base class of all errors that this package raises."""


class QueryError(KiliQueryError, ValueError):
    """A query that cannot be used; ``diagnostics`` says why and where.

    Attributes:
        diagnostics: all findings, sorted by position; at least one is an error.
    """

    def __init__(self, diagnostics: Sequence[Diagnostic]) -> None:
        self.diagnostics = tuple(diagnostics)
        errors = [found for found in self.diagnostics if found.severity is Severity.ERROR]
        super().__init__("\n\n".join(str(found) for found in errors))

    def __reduce__(self) -> tuple[type["QueryError"], tuple[tuple[Diagnostic, ...]]]:
        return type(self), (self.diagnostics,)


class QuerySyntaxError(QueryError):
    """A text that is not a valid query."""


class NotExpressible(KiliQueryError, ValueError):  # noqa: N818 - a fixed public name
    """A target cannot express the query, or not without a residual."""


class _PathError(KiliQueryError, ValueError):
    """An error with a JSON path.

    Attributes:
        path: the place, in the form ``jobs.OBJECTS.content.categories``, from the root of the JSON value.
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
    """One label that cannot be evaluated."""


class UnknownContentError(LabelError):
    """The content of a label is missing, so the label is neither a match nor a non-match of any query."""


class MalformedLabelError(LabelError):
    """The content of a label has the wrong shape at ``path``."""


class SourceError(DataError):
    """A file or stream that cannot be read as labels, or that is truncated."""

    @classmethod
    def of(cls, path: object, error: Exception) -> "SourceError":
        """Return the error to raise when the system cannot read a path.

        >>> print(SourceError.of("a.json", FileNotFoundError(2, "No such file or directory")))
        cannot read `a.json`: no such file or directory
        """
        return cls(f"cannot read `{path}`: {str(getattr(error, 'strerror', None) or error).lower()}")


class CacheError(DataError):
    """A label cache that cannot be read or written, or does not hold what was asked."""


class ArgumentError(KiliQueryError, ValueError):
    """Invalid arguments of a call, detected before anything is sent."""


class MissingArgumentError(ArgumentError):
    """A required argument is missing or empty."""


class IncompatibleArgumentsError(ArgumentError):
    """Two arguments that cannot be combined."""


class ServiceError(KiliQueryError):
    """The service refused a request, or could not be reached.

    If one of several mutations of a call fails, the attributes account for all of them.

    Attributes:
        operation: the GraphQL operation that failed.
        request_id: the id of the request, sent in the header ``kili-client-call-uuid``, for the service's logs.
        created: the answers to earlier mutations of the call, which were carried out.
        in_doubt: the inputs of the mutation whose outcome is unknown.
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
    """The key is missing, or the service refuses it."""


class NotFound(ServiceError, LookupError):  # noqa: N818 - the service's word
    """An id does not exist, or this user cannot see it."""


class GraphQLError(ServiceError):
    """The service answered with errors.

    Attributes:
        errors: the errors as received, each with a ``message``.
    """

    def __init__(
        self, message: str, errors: Sequence[Mapping[str, object]] = (), *, operation: str = "", request_id: str = ""
    ) -> None:
        super().__init__(message, operation=operation, request_id=request_id)
        self.errors = tuple(errors)


class FeedUnavailable(GraphQLError):  # noqa: N818 - a state of the account, not a failure
    """The account has no change feed, so changes must be found in another way."""


class TransportError(ServiceError):
    """The service was not reached, or its answer cannot be read; no mutation was carried out.

    Attributes:
        status: the HTTP status of the last answer; None without an answer.
    """

    def __init__(self, message: str, *, status: int | None = None, operation: str = "", request_id: str = "") -> None:
        super().__init__(message, operation=operation, request_id=request_id)
        self.status = status


class MutationOutcomeUnknown(ServiceError):  # noqa: N818 - a fixed public name
    """A mutation was sent, but no answer arrived. It may have been carried out, so it is never retried."""


class MissingExtraError(KiliQueryError, ImportError):
    """A feature whose optional dependencies are not installed.

    Attributes:
        extra: the name of the extra that installs them.
    """

    def __init__(self, feature: str, extra: str) -> None:
        self.feature = feature
        self.extra = extra
        super().__init__(f'{feature} needs an extra that is not installed: pip install "kili-query[{extra}]"')

    def __reduce__(self) -> tuple[type["MissingExtraError"], tuple[str, str]]:
        return type(self), (self.feature, self.extra)
