"""The keyword arguments that lists share, and how filters become arguments that signatures and help show."""

import inspect
import re
from collections.abc import Callable, Mapping, Sequence
from difflib import get_close_matches
from functools import wraps
from inspect import Parameter, Signature
from textwrap import fill
from types import MappingProxyType
from typing import TYPE_CHECKING, TypedDict, TypeVar, cast, get_type_hints

from kili_query.errors import ArgumentError
from kili_query.protocol import Filter, LabelFilters, PredictionFilters, filters_of

if TYPE_CHECKING:
    from kili_query.query import Query

_Method = TypeVar("_Method", bound=Callable[..., object])

POSITIONS = [
    "self",
    "project_id",
    "asset_id",
    "asset_status_in",
    "asset_external_id_in",
    "asset_external_id_strictly_in",
    "author_in",
    "created_at",
    "created_at_gte",
    "created_at_lte",
    "fields",
    "first",
    "honeypot_mark_gte",
    "honeypot_mark_lte",
    "id_contains",
    "label_id",
    "skip",
    "type_in",
    "user_id",
    "disable_tqdm",
    "category_search",
    "output_format",
    "as_generator",
]
"""The arguments of lists of labels that may be given by position, in the order of the official client."""

COUNT_POSITIONS = [*(name for name in POSITIONS if name != "id_contains"), "id_contains"]
"""Those of the count of labels."""

LABEL_FIELDS = (
    "author.email",
    "author.id",
    "id",
    "jsonResponse",
    "labelType",
    "secondsToLabel",
    "isLatestLabelForUser",
    "assetId",
)
"""The fields of labels by default."""

FRAME_FIELDS = ("author.email", "author.id", "createdAt", "id", "labelType")
"""Those of data frames."""


class ListArguments(TypedDict, total=False):
    """The arguments of lists of labels that are not filters."""

    fields: Sequence[str]
    first: int | None
    skip: int
    disable_tqdm: bool | None
    category_search: "str | Query | None"


class PredictionArguments(PredictionFilters, ListArguments, total=False):
    """The keyword arguments of `KiliClient.predictions` and `KiliClient.inferences`, for type checkers."""


class LabelArguments(LabelFilters, ListArguments, total=False):
    """The keyword arguments of `KiliClient.labels`, for type checkers."""


def shows_filters(
    declaration: type, *, elsewhere: Mapping[str, str] = MappingProxyType({})
) -> Callable[[_Method], _Method]:
    """Show the filters that a method takes as ``**filters`` in its signature and in its help.

    An argument that is no filter and resembles another argument is refused here; others are refused with the filters.

    Args:
        declaration: the class that declares the filters.
        elsewhere: what to do instead of giving an argument that other methods have.
    """
    filters = filters_of(declaration)

    def decorate(method: _Method) -> _Method:
        signature = _signature(method, declaration, ())

        @wraps(method)
        def call(*args: object, **arguments: object) -> object:
            for name in arguments.keys() - signature.parameters.keys():
                near = get_close_matches(name, [*signature.parameters, *elsewhere], 1)
                if name in elsewhere or (near and near[0] not in filters):
                    raise ArgumentError(f"there is no argument `{name}`{_hint(name, signature, elsewhere)}")
            return method(*args, **arguments)

        return _shown(cast("_Method", call), declaration, signature)

    return decorate


def takes_filters(
    declaration: type, positions: Sequence[str] = POSITIONS, *, called: str | None = None
) -> Callable[[_Method], _Method]:
    """Show the filters of a method, as `shows_filters` does, and let callers give arguments by position.

    Args:
        declaration: the class that declares the filters.
        positions: the arguments that may be given by position.
        called: the name of the method in messages.
    """

    def decorate(method: _Method) -> _Method:
        signature = _signature(method, declaration, positions)
        return _shown(_bound(method, signature, called), declaration, signature)

    return decorate


def takes_arguments(
    declaration: type | None = None,
    *,
    called: str,
    keys: type | None = None,
    elsewhere: Mapping[str, str] = MappingProxyType({}),
) -> Callable[[_Method], _Method]:
    """Show the keyword arguments of a method that a class declares, and say what to do about others.

    Args:
        declaration: the class; all its arguments are None by default. None if the method names all its arguments.
        called: the name of the method in messages.
        keys: the class that declares the keys of its argument ``filter``.
        elsewhere: what to do instead of giving an argument that other methods have.
    """
    known = {**(dict.fromkeys(inspect.get_annotations(keys), "it is a key of `filter`") if keys else {}), **elsewhere}

    def decorate(method: _Method) -> _Method:
        signature = inspect.signature(method) if declaration is None else _signature(method, declaration, ())
        call = _bound(method, signature, called, known)
        vars(call)["__signature__"] = signature
        return call

    return decorate


def _bound(
    method: _Method, signature: Signature, called: str | None, elsewhere: Mapping[str, str] = MappingProxyType({})
) -> _Method:
    """Return the method with its arguments checked against a signature."""
    name = called or method.__qualname__

    @wraps(method)
    def call(*args: object, **arguments: object) -> object:
        try:
            bound = signature.bind(*args, **arguments)
        except TypeError as error:
            unknown = next((name for name in arguments if name not in signature.parameters), None)
            hint = "" if unknown is None else _hint(unknown, signature, elsewhere)
            raise TypeError(f"{name}() {error}{hint}") from None
        return method(**bound.arguments)

    return cast("_Method", call)


def _hint(unknown: str, signature: Signature, elsewhere: Mapping[str, str]) -> str:
    """Return what to do instead of giving an argument that the method does not have."""
    if unknown in elsewhere:
        return f": {elsewhere[unknown]}"
    near = get_close_matches(unknown, [*signature.parameters, *elsewhere], 1)
    if not near:
        return ""
    return f": did you mean `{near[0]}`?" + (f" {elsewhere[near[0]]}" if near[0] in elsewhere else "")


def _shown(method: _Method, declaration: type, signature: Signature) -> _Method:
    vars(method)["__signature__"] = signature  # what `inspect.signature` looks for
    if method.__doc__:  # there is none under `python -OO`
        entries = "\n".join(map(_help, filters_of(declaration).items()))
        method.__doc__ = re.sub(r"^ +\*\*filters: .*$", entries, method.__doc__, flags=re.MULTILINE)
    return method


def _signature(method: Callable[..., object], declaration: type, positions: Sequence[str]) -> Signature:
    """Return the signature of a method with its filters in the place of ``**filters``."""
    signature = inspect.signature(method)
    own = [one for one in signature.parameters.values() if one.kind is not Parameter.VAR_KEYWORD]
    filters = [
        Parameter(name, Parameter.KEYWORD_ONLY, default=None, annotation=kind)
        for name, kind in get_type_hints(declaration).items()
    ]
    known = {one.name: one for one in (*own, *filters)}
    first = [known[name].replace(kind=Parameter.POSITIONAL_OR_KEYWORD) for name in positions if name in known]
    return signature.replace(parameters=[*first, *(one for one in known.values() if one.name not in positions)])


def _help(named: tuple[str, Filter]) -> str:
    name, filter_ = named
    choices = ": " + ", ".join(f"``{choice}``" for choice in filter_.choices) if filter_.choices else ""
    text = f"{name}: {filter_.help}{choices}{'; empty for all' if filter_.ignores_empty else ''}."
    return fill(text, 120, initial_indent=" " * 12, subsequent_indent=" " * 16)
