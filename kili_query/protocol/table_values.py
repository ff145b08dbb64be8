"""What stands beside the content of a label, as tables hold it: text, and 64-bit floating-point numbers."""

from kili_query.errors import MalformedLabelError

__all__ = ["table_number", "table_text"]

_MAX_EXACT = 2**53


def table_text(value: object, field: str) -> str | None:
    """A text, or a number as text; None for what is neither.

    Args:
        value: of the field.
        field: its name, for messages.

    Raises:
        MalformedLabelError: no table can hold it.

    >>> table_text(7, "id"), table_text(["x"], "id")
    ('7', None)
    """
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return None
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
    """A number as a float; None for what is not a number.

    Raises:
        MalformedLabelError: it is a whole number so large that a float may not hold it exactly.

    >>> table_number(3, "secondsToLabel"), table_number("3", "secondsToLabel")
    (3.0, None)
    """
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    if isinstance(value, int) and abs(value) > _MAX_EXACT:
        raise MalformedLabelError("a table cannot hold a whole number beyond 2**53", field)
    return float(value)
