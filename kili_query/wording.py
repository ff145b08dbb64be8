"""Long texts, long lists and JSON values, as messages show them."""

from collections.abc import Collection
from itertools import islice


def shortened(text: str, most: int) -> str:
    """Return a text, or its beginning and a sign that there is more.

    >>> shortened("a long name", 6), shortened("a name", 6)
    ('a lon…', 'a name')
    """
    return text if len(text) <= most else text[: most - 1] + "…"


def listed(names: Collection[str], most: int) -> str:
    """Return the first names, and how many more there are.

    >>> listed(["a", "b", "c", "d"], 2), listed(["a", "b"], 2)
    ('a, b and 2 more', 'a, b')
    """
    shown = ", ".join(islice(names, most))
    return shown if len(names) <= most else f"{shown} and {len(names) - most} more"


def shape_of(value: object) -> str:
    """Return the kind of JSON value that an answer is, and no more: it may repeat the key, or be very long.

    >>> shape_of([1, 2]), shape_of({"id": "a"}), shape_of(None)
    ('a list of 2', 'an object', 'null')
    """
    match value:
        case None:
            return "null"
        case bool():
            return "true or false"
        case int() | float():
            return "a number"
        case str():
            return "a text"
        case list():
            return f"a list of {len(value)}"
        case _:
            return "an object"
