"""The names that may stand at each place of a query: keys of jobs and categories, as a dialect spells them."""

from collections.abc import Iterator, Sequence
from functools import cached_property
from typing import TypeAlias

from attrs import frozen

from kili_query.diagnostics.layout import escape_unprintable
from kili_query.errors import OntologyError
from kili_query.ontology import Ontology
from kili_query.ontology.did_you_mean import spell
from kili_query.ontology.job import Job
from kili_query.ontology.nesting import can_stand, jobs_below
from kili_query.syntax import Dialect, print_name
from kili_query.syntax.parser import is_bare_name

Scope: TypeAlias = tuple[str, ...] | None
"""The jobs that may stand at a place, in order; None at the top of a query, where all may."""


@frozen(slots=False)
class SpelledNames:
    """The names of an ontology that a dialect can spell, or JSON and the dialect.

    >>> names = SpelledNames(Ontology.from_json_interface({"jobs": {"SKY": {"mlTask": "CLASSIFICATION", "content": {
    ...     "categories": {"BLUE": {}, "light grey": {}}}}}}), "extended")
    >>> [(job.name, keys) for job, keys in names.pairs_at(None)], names.category("light grey")
    ([('SKY', ('BLUE', 'light grey'))], '"light grey"')
    """

    ontology: Ontology
    dialect: Dialect
    is_json: bool = False

    def pairs_at(self, scope: Scope) -> Iterator[tuple[Job, tuple[str, ...]]]:
        """Return the jobs that may stand at a place, with the keys of their categories."""
        known = self._pairs
        return (known[name] for name in (self._standing if scope is None else scope))

    def parents_at(self, scope: Scope) -> Iterator[tuple[tuple[str, ...], Job, tuple[str, ...]]]:
        """Return the categories that may have a condition in brackets: child jobs, the job, and its keys with these."""
        if self.dialect == "core":
            return
        for job, keys in self.pairs_at(scope):
            found: dict[tuple[str, ...], list[str]] = {}
            for key in keys:
                found.setdefault(self._children(job, key), []).append(key)
            yield from ((children, job, tuple(some)) for children, some in found.items() if children)

    def job(self, key: str) -> str:
        """Spell the key of a job."""
        return key if self.dialect == "core" else escape_unprintable(print_name(key))

    def category(self, key: str) -> str:
        """Spell the key of a category."""
        return key if self.dialect == "core" else escape_unprintable(spell(key))

    def _children(self, job: Job, category: str) -> tuple[str, ...]:
        found = jobs_below(job.name, category, self.ontology)
        return tuple(name for name in self._pairs if name in found)

    @cached_property
    def _pairs(self) -> dict[str, tuple[Job, tuple[str, ...]]]:
        """The jobs whose names can be spelled, with their categories."""
        found = {
            name: (job, tuple(filter(self._can_spell, job.categories)))
            for name, job in self.ontology.jobs.items()
            if self._can_spell(name)
        }
        return {name: (job, categories) for name, (job, categories) in found.items() if categories}

    @cached_property
    def _standing(self) -> Sequence[str]:
        found = [name for name in self._pairs if can_stand(name, self.ontology)]
        if not found:
            raise OntologyError(f"the ontology has no category that a query of the {self.dialect} dialect can name")
        return found

    def _can_spell(self, name: str) -> bool:
        if self.is_json and any("\ud800" <= char <= "\udfff" for char in name):
            return False  # half a character: most readers of JSON reject it
        if self.is_json and self.dialect == "core":
            return is_bare_name(name, "core") and is_bare_name(name, "extended")  # `query_text` knows no dialect
        return self.dialect == "extended" or is_bare_name(name, self.dialect)
