"""The metadata of a label as tables hold it: text, 64-bit floating-point numbers, yes or no.

A value of another kind is an error: an empty cell would say that there is none.
"""

from collections.abc import Mapping

from kili_query.errors import MalformedLabelError

_MAX_EXACT = 2**53


def table_text(value: object, field: str) -> str | None:
    """A text, or a number as text; None for None.

    Args:
        value: of the field.
        field: its name, for messages.

    Raises:
        MalformedLabelError: it is neither, or no table can hold it.

    >>> table_text(7, "id"), table_text(None, "id")
    ('7', None)
    """
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise _wrong("a text", value, field)
    try:
        text = str(value)
        text.encode()
    except UnicodeEncodeError as error:
        shown = str(value)[:60].encode("utf-8", "backslashreplace").decode()
        raise MalformedLabelError(f"a table cannot hold half of a character: `{shown}`", field) from error
    except ValueError as error:  # more digits than Python writes
        raise MalformedLabelError("the number is too long to be written", field) from error
    return text


def table_number(value: object, field: str) -> float | None:
    """A number as a float; None for None.

    Raises:
        MalformedLabelError: it is not a number, or a whole number so large that a float may not hold it exactly.

    >>> table_number(3, "secondsToLabel"), table_number(None, "secondsToLabel")
    (3.0, None)
    """
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise _wrong("a number", value, field)
    if isinstance(value, int) and abs(value) > _MAX_EXACT:
        raise MalformedLabelError("a table cannot hold a whole number beyond 2**53", field)
    return float(value)


def table_flag(value: object, field: str) -> bool | None:
    """Yes or no; None for None.

    Raises:
        MalformedLabelError: it is something else.
    """
    if value is None or isinstance(value, bool):
        return value
    raise _wrong("true or false", value, field)


def table_object(value: object, field: str) -> Mapping[object, object]:
    """Return the object that holds some of these; empty for None.

    Raises:
        MalformedLabelError: it is not an object.
    """
    if value is None:
        return {}
    if not isinstance(value, Mapping):
        raise _wrong("an object", value, field)
    return value


def _wrong(kind: str, value: object, field: str) -> MalformedLabelError:
    shown = repr(value)[:40].encode("utf-8", "backslashreplace").decode()
    return MalformedLabelError(f"it must be {kind}, not `{shown}`", field)
