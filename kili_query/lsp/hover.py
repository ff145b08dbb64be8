"""What an editor shows of a job or a category, as Markdown."""

import re

from kili_query.ontology import Ontology
from kili_query.ontology.described import Counts, Markup, describe, in_one_line
from kili_query.ontology.named import WrittenName


def hover_text(name: WrittenName, ontology: Ontology, counts: Counts | None = None, note: str = "") -> str | None:
    """Describe what a name of a query means, as Markdown; see `kili_query.ontology.described.describe`."""
    lines = describe(name, ontology, counts, note, markup=_MARKDOWN)
    return None if lines is None else "\n".join(lines)


def _code(text: str) -> str:
    """A name as Markdown shows it, whatever it holds."""
    longest = max(map(len, re.findall("`+", text)), default=0)
    fence = "`" * (longest + 1)
    pad = " " if text.startswith("`") or text.endswith("`") else ""
    return f"{fence}{pad}{in_one_line(text)}{pad}{fence}"


def _escaped(text: str) -> str:
    return re.sub(r"([\\`*_{}\[\]()#+!|<>~-])", r"\\\1", in_one_line(text))


_MARKDOWN = Markup(_code, _escaped, "**{}**".format)
