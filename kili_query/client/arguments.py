"""Checks of arguments, made before anything is sent. Each raises an `ArgumentError` that names the argument."""

from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import TypeVar

import attrs

from kili_query.errors import ArgumentError
from kili_query.protocol import AssetFilters, AssetStatus, LabelFilters, LabelType

_Filters = TypeVar("_Filters", LabelFilters, AssetFilters)
_Given = TypeVar("_Given", bound=Sequence[str])
_Item = TypeVar("_Item")

_ENUMS: dict[str, type[StrEnum]] = {
    "asset_status_in": AssetStatus,
    "status_in": AssetStatus,
    "type_in": LabelType,
    "label_type_in": LabelType,
}
_SHOWN_AS = {"id_in": "id_contains"}


def given(value: _Given | None) -> _Given | None:
    """The value of a filter for which empty means none, as the service's users are used to of ids.

    >>> given([]), given(""), given(["a"])
    (None, None, ['a'])
    """
    return value or None


def check_project_id(project_id: object) -> None:
    """It can be the id of a project.

    Raises:
        ArgumentError: it cannot.
    """
    if not isinstance(project_id, str) or not project_id:
        raise ArgumentError(f"`project_id` is the id of a project, not {project_id!r:.80}")


def checked_filters(filters: _Filters) -> _Filters:
    """The filters, when each value is of its kind.

    Raises:
        ArgumentError: one is not; the message names it.
    """
    check_project_id(filters.project_id)
    for field in attrs.fields(type(filters)):
        value = getattr(filters, field.name)
        if value is not None:
            _check(_SHOWN_AS.get(field.name, field.name), value)
    return filters


def checked_count(name: str, value: object) -> int:
    """A number of rows, when it is one.

    Raises:
        ArgumentError: it is negative, or no whole number.
    """
    if not isinstance(value, int) or isinstance(value, bool):
        raise ArgumentError(f"`{name}` is a whole number, not {value!r:.80}")
    if value < 0:
        raise ArgumentError(f"`{name}` is negative: {value}")
    return value


def checked_fields(fields: object, name: str = "fields") -> tuple[str, ...]:
    """The names of fields, each once, in order.

    Raises:
        ArgumentError: not a list of texts, or an empty one.
    """
    if isinstance(fields, str) or not isinstance(fields, Sequence):
        raise ArgumentError(f"`{name}` is a list of names, not {fields!r:.80}")
    if not fields:
        raise ArgumentError(f"`{name}` is empty: name at least one, such as `id`")
    for entry in fields:
        if not isinstance(entry, str):
            raise ArgumentError(f"`{name}` holds {entry!r:.80}: a field is named by a text")
    return tuple(dict.fromkeys(fields))


def check_texts(name: str, values: Sequence[object] | None, *, nullable: bool = False) -> None:
    """Each value is a text, or where it may be, None."""
    for index, value in enumerate(_sequence(name, values)):
        if not (isinstance(value, str) or (nullable and value is None)):
            raise ArgumentError(f"`{name}[{index}]` is a text, not {value!r:.80}")


def check_integers(name: str, values: Sequence[object] | None) -> None:
    """Each value is an integer, or None."""
    for index, value in enumerate(_sequence(name, values)):
        if value is not None and (not isinstance(value, int) or isinstance(value, bool)):
            raise ArgumentError(f"`{name}[{index}]` is a whole number of seconds, not {value!r:.80}")


def check_responses(name: str, values: Sequence[object] | None) -> None:
    """Each value is the content of a label: a dict."""
    for index, value in enumerate(_sequence(name, values)):
        check_response(f"{name}[{index}]", value)


def check_response(name: str, value: object) -> None:
    """The value is the content of a label: a dict."""
    if not isinstance(value, Mapping):
        raise ArgumentError(f"`{name}` is a dict of jobs, not {value!r:.80}")


def check_lengths(arrays: Mapping[str, Sequence[object] | None]) -> None:
    """The arrays that are given have one length."""
    lengths = {name: len(array) for name, array in arrays.items() if array is not None}
    if len(set(lengths.values())) > 1:
        said = ", ".join(f"`{name}` {length}" for name, length in lengths.items())
        raise ArgumentError(f"arrays of different lengths: {said}")


def check_label_type(label_type: str) -> str:
    """The label type, which the service has."""
    if label_type not in list(LabelType):
        raise ArgumentError(f"`label_type` is one of {', '.join(LabelType)}, not {label_type!r}")
    return str(label_type)


def _check(name: str, value: object) -> None:
    """The kind of a filter shows in its name."""
    if name.endswith(("_in", "_not_in", "_contains")):
        _check_texts(name, value)
    elif "_mark_" in name:
        if not isinstance(value, int | float) or isinstance(value, bool):
            raise ArgumentError(f"`{name}` is a number, not {value!r:.80}")
        if value != value or value in (float("inf"), float("-inf")):
            raise ArgumentError(f"`{name}` is {value}, which no mark can be compared with")
    elif name == "skipped":
        if not isinstance(value, bool):
            raise ArgumentError(f"`{name}` is True or False, not {value!r:.80}")
    elif name == "metadata_where":
        if not isinstance(value, Mapping):
            raise ArgumentError(f"`{name}` is a dict of metadata, not {value!r:.80}")
    elif not isinstance(value, str):
        raise ArgumentError(f"`{name}` is a text, not {value!r:.80}")


def _check_texts(name: str, value: object) -> None:
    if isinstance(value, str) or not isinstance(value, Sequence):
        raise ArgumentError(f"`{name}` is a list of texts, not {value!r:.80}")
    for index, entry in enumerate(value):
        if not isinstance(entry, str):
            raise ArgumentError(f"`{name}[{index}]` is a text, not {entry!r:.80}")
        known = list(_ENUMS.get(name, ()))
        if known and entry not in known:
            meant = entry.upper().replace(" ", "_")
            hint = f": did you mean {meant!r}?" if meant in known else ""
            raise ArgumentError(f"`{name}[{index}]` is one of {', '.join(known)}, not {entry!r}{hint}")


def _sequence(name: str, values: Sequence[_Item] | None) -> Sequence[_Item]:
    if values is None:
        return ()
    if isinstance(values, str | bytes) or not isinstance(values, Sequence):
        raise ArgumentError(f"`{name}` is a list, not {values!r:.80}")
    return values
