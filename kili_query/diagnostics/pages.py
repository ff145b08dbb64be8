"""The documentation page of each code, in Markdown."""

import re

from kili_query.diagnostics.codes import Code
from kili_query.resources import read_text

_COMMENT_LINE = re.compile(r"^<!--.*?-->\n", re.MULTILINE)
"""Comments for the tests, such as the ontology for the example."""


def page(code: Code) -> str:
    """Return the page that `kili-query explain` prints.

    >>> print(page(Code("KQ102")).splitlines()[0])
    # KQ102: unknown category
    """
    return _COMMENT_LINE.sub("", read_text("docs", "codes", f"{code}.md"))
