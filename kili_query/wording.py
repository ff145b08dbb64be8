"""Long texts and long lists, as messages show them."""

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
