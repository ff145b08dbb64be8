"""JSON in memory: copies that share nothing, what a value is called in a message, and the path to it."""

import copy
import json
import math
from collections.abc import Iterable, Mapping
from functools import lru_cache

from kili_query.labels.errors import InvalidMutationError
from kili_query.ontology.decode import kind_of

_PLAIN = frozenset({str, int, float, bool, type(None)})


def copy_of(value: object) -> object:
    """Return a copy that shares no list or dict with the value, however deep; what is not JSON is deep-copied.

    >>> label = {"b": [1.0, 1], "a": None}
    >>> copied = copy_of(label)
    >>> copied, copied["b"] is label["b"]
    ({'b': [1.0, 1], 'a': None}, False)
    """
    copies: dict[int, object] = {}
    top = [value]
    pending: list[object] = [top]  # a stack of our own, so that no label is too deep for Python's
    while pending:
        holder = pending.pop()
        entries: Iterable[tuple[object, object]]
        entries = holder.items() if type(holder) is dict else enumerate(holder)  # type: ignore[arg-type]  # else a list
        for key, entry in entries:
            kind = type(entry)
            if kind in _PLAIN:
                continue
            known = copies.get(id(entry))  # so that what refers to itself has an end, too
            if known is None:
                if kind is dict or kind is list:
                    known = entry.copy()  # type: ignore[union-attr]  # both have it
                    pending.append(known)
                else:
                    known = copy.deepcopy(entry)
                copies[id(entry)] = known
            holder[key] = known  # type: ignore[index]  # a key that is there: the iteration is not disturbed
    return top[0]


def checked_copy(value: object, path: str) -> object:
    """Return a copy of a value that is to enter a label; tuples become lists.

    Raises:
        InvalidMutationError: it is no JSON.
    """
    if value is None or isinstance(value, str | bool | int):
        return value
    if isinstance(value, float):
        if not math.isfinite(value):
            raise InvalidMutationError(f"JSON has no number `{value}`", path)
        return value
    try:
        if isinstance(value, Mapping):
            for key in value:
                if not isinstance(key, str):
                    raise InvalidMutationError(f"expected keys that are strings, found {kind_of(key)}", path)
            return {key: checked_copy(entry, path_text((key,), path)) for key, entry in value.items()}
        if isinstance(value, list | tuple):
            return [checked_copy(entry, f"{path}[{index}]") for index, entry in enumerate(value)]
    except RecursionError:
        raise InvalidMutationError("nested too deep, or inside itself", path) from None
    raise InvalidMutationError(f"`{type(value).__name__}` cannot be written as JSON", path)


@lru_cache(maxsize=1_000)
def _is_plain(step: str) -> bool:
    """Whether a key needs no quotes in a path; labels repeat few keys, and each error has a path."""
    return not step.isdigit() and step.replace("_", "").replace("-", "").isalnum()


def path_text(steps: Iterable[object], start: str = "") -> str:
    """Return a JSON path; a key that could be taken for several, or for an index, is quoted.

    >>> path_text(["jsonResponse", "IS_THE OBJECT?", "annotations", 0])
    'jsonResponse["IS_THE OBJECT?"].annotations[0]'
    """
    text = start
    for step in steps:
        if isinstance(step, int):
            text += f"[{step}]"
        elif isinstance(step, str) and _is_plain(step):
            text += f".{step}" if text else step
        else:
            text += f"[{json.dumps(step, ensure_ascii=False, default=str)}]"
    return text
