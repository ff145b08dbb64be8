"""What the page says of jobs and categories: names, colours, and how many labels hold them."""

from functools import cached_property
from typing import Any

from kili_query.diagnostics.layout import counted
from kili_query.labels.colors import color_of
from kili_query.ontology import Ontology
from kili_query.ontology.complete import Completion
from kili_query.ontology.described import Counts, describe
from kili_query.ontology.named import WrittenName, written_names
from kili_query.page.source import PageSource, Pair

Json = dict[str, Any]


def hex_of(job: str, category: str, ontology: Ontology | None) -> str:
    """Return the colour of a category as the web writes it.

    >>> len(hex_of("J", "A", None))
    7
    """
    return "#{:02x}{:02x}{:02x}".format(*color_of(job, category, ontology))


class Described:
    """Describes names of a source."""

    def __init__(self, source: PageSource) -> None:
        self._source = source
        self._ontology = source.names

    def title(self, job: str, category: str) -> str:
        """Return the display name of a category; its key where it has none."""
        known = self._ontology.jobs.get(job)
        found = None if known is None else known.categories.get(category)
        return category if found is None else found.name or category

    def job_title(self, job: str) -> str:
        """Return the instruction of a job; its key where it has none."""
        known = self._ontology.jobs.get(job)
        return job if known is None else known.instruction or job

    def name(self, name: WrittenName) -> Json | None:
        """Describe a name of a query; None if it means nothing."""
        lines = describe(name, self._ontology, self._counts)
        if lines is None:
            return None
        pairs = name.pairs(self._ontology)
        color = hex_of(*pairs[0], self._source.ontology) if len(pairs) == 1 else None
        detail = " · ".join(line.removeprefix("- ") for line in lines[1:] if line)
        return {"title": lines[0], "detail": detail, "color": color}

    @cached_property
    def _counts(self) -> Counts:
        """How many labels hold each category, and how many objects they hold."""
        found = self._source.occurrences
        holders = {pair: sum(labels.values()) for pair, labels in found.items()}
        objects = {pair: sum(number * held for number, held in labels.items()) for pair, labels in found.items()}
        return Counts(self._source.n_counted, holders, objects)

    def held(self, pair: Pair) -> str:
        """Return how many labels hold a category, in words."""
        holders = sum(self._source.occurrences.get(pair, {}).values())
        return f"{holders} of {counted(self._source.n_counted, 'label')} hold it"

    def offer(self, one: Completion, text: str) -> Json:
        """Describe a completion."""
        plain = {"kind": one.kind, "title": one.detail or one.text, "detail": "", "color": None}
        if one.kind != "category":
            return plain
        changed = text[: one.span.start] + one.text
        last = [name for name in written_names(changed) if name.kind == "category"][-1:]
        pairs = last[0].pairs(self._ontology) if last else ()
        if len(pairs) != 1:
            return plain
        return plain | {"detail": self.held(pairs[0]), "color": hex_of(*pairs[0], self._source.ontology)}
