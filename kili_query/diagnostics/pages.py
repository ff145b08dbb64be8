"""The documentation page of each code: what, why, an example and the fix, in Markdown."""

from kili_query.diagnostics.codes import Code
from kili_query.resources import read_text

__all__ = ["page"]


def page(code: Code) -> str:
    """The page that `kili-query explain` prints.

    >>> print(page(Code("KQ102")).splitlines()[0])
    # KQ102: unknown category
    """
    return read_text("docs", "codes", f"{code}.md")
