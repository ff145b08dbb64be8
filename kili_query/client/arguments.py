"""Checks of arguments, made before anything is sent. Each raises an `ArgumentError` that names the argument."""

import math
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from difflib import get_close_matches
from enum import StrEnum
from functools import cache
from typing import cast, get_type_hints

from kili_query.client.warning import warn
from kili_query.errors import ArgumentError
from kili_query.near_names import nearest
from kili_query.protocol import Filter, LabelType, filters_of
from kili_query.protocol.filters import FORMER_CHOICES, FORMER_NAMES, Flag, Mark, Metadata, Pairs, Text, Texts


def check_project_id(project_id: object) -> None:
    """The value can be the id of a project."""
    if not isinstance(project_id, str) or not project_id:
        raise ArgumentError(f"`project_id` must be the id of a project, not {project_id!r:.80}")


def checked_filters(declaration: type, filters: Mapping[str, object], *, what: str = "assets") -> dict[str, object]:
    """Return the filters that filter something, once each value is of the type that is declared.

    Args:
        declaration: the class that declares the filters.
        filters: the values, by name.
        what: what is filtered, for the message about an unknown name.
    """
    known, types = filters_of(declaration), _types_of(declaration)
    checked = {}
    for name, value in filters.items():
        if name not in known:
            raise ArgumentError(f"there is no filter of {what} `{name}`{_meant(name, known)}")
        is_empty = isinstance(value, Sequence | Mapping) and not value  # not of arrays and numbers: those are mistakes
        # what concerns the workflow is dropped later, once it is known whether the workflow has it at all
        if value is None or (known[name].ignores_empty and is_empty and known[name].term is None):
            continue
        _CHECKS[types[name]](name, value)
        if choices := known[name].choices:
            _check_choices(name, cast("Sequence[str | Sequence[str]]", value), choices)
        checked[name] = value
    _check_together(checked, known)
    return checked


@cache
def _types_of(declaration: type) -> Mapping[str, object]:
    """Return the declared type of each filter; resolving these takes longer than checking values."""
    return get_type_hints(declaration)


def _check_together(given: Collection[str], known: Mapping[str, Filter]) -> None:
    """No filter is given with one that it excludes, or with one that would be sent in its place."""
    names_at: dict[str, str] = {}
    for name in given:
        other = names_at.setdefault(known[name].path, name)
        if other != name:
            raise ArgumentError(f"`{other}` and `{name}` are the same filter: give one of them")
        excluded = known[name].excludes
        if excluded is not None and excluded in given:
            raise ArgumentError(f"`{name}` and `{excluded}` cannot be combined: a workflow has steps or only states")


def check_filter_names(argument: str, filters: object, known: Collection[str]) -> None:
    """The value is a dict of filters, and all of them are known.

    Args:
        argument: the name of the argument.
        filters: its value.
        known: the names of the filters.
    """
    if not isinstance(filters, Mapping):
        raise ArgumentError(f"`{argument}` must be a dict of filters, not {filters!r:.80}")
    for name in filters:
        if name not in known:
            hint = _meant(name, known) or f": it knows {', '.join(sorted(known))}"
            raise ArgumentError(f"`{argument}` has no filter `{name}`{hint}")


def _meant(name: object, known: Collection[str]) -> str:
    """Return a hint at the name that was probably meant; empty if there is none."""
    former = FORMER_NAMES.get(str(name))
    near = [former] if former in known else get_close_matches(str(name), known, n=1)
    return f": did you mean `{near[0]}`?" if near else ""


_MOST_ROWS = 2**31 - 1
"""The largest number of rows that a request can name: integers of GraphQL have 32 bits. No list is longer."""


def checked_count(name: str, value: object) -> int:
    """Return a number of rows that is not negative, and not larger than a request can name."""
    if not isinstance(value, int) or isinstance(value, bool):
        raise ArgumentError(f"`{name}` must be a whole number, not {value!r:.80}")
    if value < 0:
        raise ArgumentError(f"`{name}` is negative: {value}")
    return min(value, _MOST_ROWS)


def checked_fields(fields: object, name: str = "fields") -> tuple[str, ...]:
    """Return the names of fields, each once, in order; at least one."""
    names = _checked_list(name, fields, "names")
    if not names:
        raise ArgumentError(f"`{name}` is empty: name at least one, such as `id`")
    checked: dict[str, None] = {}
    for entry in names:
        if not isinstance(entry, str):
            raise ArgumentError(f"`{name}` holds {entry!r:.80}: a field is named by a text")
        checked[entry] = None
    return tuple(checked)


def check_text(name: str, value: object) -> None:
    """The value is a text."""
    if not isinstance(value, str):
        raise ArgumentError(f"`{name}` must be a text, not {value!r:.80}")


def check_texts(name: str, values: object, *, nullable: bool = False) -> None:
    """Each value is a text, or where it may be, None."""
    for index, value in enumerate(_entries(name, values, "texts")):
        if not (nullable and value is None):
            check_text(f"{name}[{index}]", value)


def check_integers(name: str, values: Sequence[object] | None) -> None:
    """Each value is an integer, or None."""
    for index, value in enumerate(_entries(name, values, "numbers")):
        if value is not None and (not isinstance(value, int) or isinstance(value, bool)):
            raise ArgumentError(f"`{name}[{index}]` must be a whole number of seconds, not {value!r:.80}")


def check_responses(name: str, values: Sequence[object] | None) -> None:
    """Each value is the content of a label: a dict."""
    for index, value in enumerate(_entries(name, values, "dicts")):
        check_response(f"{name}[{index}]", value)


def check_response(name: str, value: object) -> None:
    """The value is the content of a label: a dict."""
    if not isinstance(value, Mapping):
        raise ArgumentError(f"`{name}` must be a dict of jobs, not {value!r:.80}")


def check_lengths(arrays: Mapping[str, Sequence[object] | None]) -> None:
    """The arrays that are given have one length."""
    lengths = {name: len(array) for name, array in arrays.items() if array is not None}
    if len(set(lengths.values())) > 1:
        said = ", ".join(f"`{name}` {length}" for name, length in lengths.items())
        raise ArgumentError(f"arrays of different lengths: {said}")


def check_label_type(label_type: str) -> str:
    """The label type, which the service has."""
    if label_type not in list(LabelType):
        raise ArgumentError(f"`label_type` must be one of {', '.join(LabelType)}, not {label_type!r}")
    return str(label_type)


def check_timeout(timeout_s: object) -> None:
    """The value is a number of seconds, or None."""
    is_number = isinstance(timeout_s, int | float) and not isinstance(timeout_s, bool)
    if timeout_s is not None and not (is_number and 0 < cast("float", timeout_s) < math.inf):
        raise ArgumentError(f"`timeout_s` must be a number of seconds above 0, not {timeout_s!r:.80}")


def checked_max_age(max_age_s: object) -> float | None:
    """Return how long ago something may have been, in seconds; None for any time."""
    is_number = isinstance(max_age_s, int | float) and not isinstance(max_age_s, bool)
    if max_age_s is not None and not (is_number and cast("float", max_age_s) >= 0):
        raise ArgumentError(f"`max_age_s` must be a number of seconds, or None for any time, not {max_age_s!r:.80}")
    return cast("float | None", max_age_s)


def is_parsed(output_format: str, name: str) -> bool:
    """Whether labels are listed as objects."""
    if output_format not in ("dict", "parsed_label"):
        raise ArgumentError(f"`{name}` must be 'dict' or 'parsed_label', not {output_format!r:.80}")
    return output_format == "parsed_label"


def _check_mark(name: str, value: object) -> None:
    if not isinstance(value, int | float) or isinstance(value, bool):
        raise ArgumentError(f"`{name}` must be a number, not {value!r:.80}")
    if isinstance(value, float) and not math.isfinite(value):
        raise ArgumentError(f"`{name}` is {value}, which no mark can be compared with")


def check_flag(name: str, value: object) -> None:
    """The value is True or False."""
    if not isinstance(value, bool):
        raise ArgumentError(f"`{name}` must be True or False, not {value!r:.80}")


def _check_metadata(name: str, value: object) -> None:
    if not isinstance(value, Mapping):
        raise ArgumentError(f"`{name}` must be a dict of metadata, not {value!r:.80}")


def _check_pairs(name: str, value: object) -> None:
    for index, pair in enumerate(_checked_list(name, value, "pairs")):
        if not isinstance(pair, list | tuple) or len(pair) != 2:
            raise ArgumentError(f"`{name}[{index}]` must be a pair of a step and a status, not {pair!r:.80}")
        check_texts(f"{name}[{index}]", pair)


_CHECKS: Mapping[object, Callable[[str, object], None]] = {
    Text: check_text,
    Texts: check_texts,
    Mark: _check_mark,
    Flag: check_flag,
    Metadata: _check_metadata,
    Pairs: _check_pairs,
}


def _check_choices(name: str, values: Sequence[str | Sequence[str]], choices: type[StrEnum]) -> None:
    """Each text is one of the choices; of a pair, the second one."""
    known, former = list(choices), FORMER_CHOICES.get(choices, {})
    for index, entry in enumerate(values):
        value, place = (entry, f"{name}[{index}]") if isinstance(entry, str) else (entry[1], f"{name}[{index}][1]")
        if value in former:
            warn(f"`{place}`: {value!r} is deprecated: it is called {former[value]!r} now", DeprecationWarning)
        elif value not in known:
            meant = nearest(value, known)
            hint = f": did you mean {str(meant)!r}?" if meant is not None else ""
            raise ArgumentError(f"`{place}` must be one of {', '.join(known)}, not {value!r}{hint}")


def _entries(name: str, values: object, of: str) -> Sequence[object]:
    return () if values is None else _checked_list(name, values, of)


def _checked_list(name: str, values: object, of: str) -> Sequence[object]:
    if isinstance(values, str | bytes) or not isinstance(values, Sequence):
        is_convertible = isinstance(values, Iterable) and not isinstance(values, str | bytes | Mapping)
        hint = ": convert it with `list`" if is_convertible else ""  # an array, a column of a table, a set
        shown = " ".join(repr(values).split())
        raise ArgumentError(f"`{name}` must be a list of {of}, not {shown:.80}{hint}")
    return values
