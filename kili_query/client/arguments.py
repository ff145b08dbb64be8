"""Arguments of listings, checked before anything is sent."""

from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import TypeVar

import attrs

from kili_query.errors import ArgumentError
from kili_query.protocol import AssetFilters, AssetStatus, LabelFilters, LabelType

__all__ = ["check_project_id", "checked_count", "checked_fields", "checked_filters", "given"]

_Filters = TypeVar("_Filters", LabelFilters, AssetFilters)
_Given = TypeVar("_Given", bound=Sequence[str])

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
