"""What the arguments of the writing calls must be."""

from collections.abc import Mapping, Sequence
from typing import TypeVar

from kili_query.errors import ArgumentError
from kili_query.protocol import LabelType

__all__ = ["check_integers", "check_label_type", "check_lengths", "check_responses", "check_texts", "is_response"]

_Item = TypeVar("_Item")


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
        is_response(f"{name}[{index}]", value)


def is_response(name: str, value: object) -> None:
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


def _sequence(name: str, values: Sequence[_Item] | None) -> Sequence[_Item]:
    if values is None:
        return ()
    if isinstance(values, str | bytes) or not isinstance(values, Sequence):
        raise ArgumentError(f"`{name}` is a list, not {values!r:.80}")
    return values
