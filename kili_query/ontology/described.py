"""What people want to know of the jobs and categories that a query names, in words."""

from collections.abc import Callable, Iterator, Mapping
from typing import TypeAlias

from attrs import frozen

from kili_query.diagnostics.layout import counted
from kili_query.ontology.job import Job, JobCategory
from kili_query.ontology.model import Ontology
from kili_query.ontology.named import WrittenName
from kili_query.wording import listed

Pair: TypeAlias = tuple[str, str]
_MOST = 12
"""How many categories, jobs or places are listed."""


@frozen
class Counts:
    """The counts of many labels.

    Attributes:
        labels: how many were counted.
        holders: by job and category, how many labels hold any.
        objects: by job and category, how many objects they hold together.
    """

    labels: int
    holders: Mapping[Pair, int]
    objects: Mapping[Pair, int]


@frozen
class Markup:
    """How names and texts are written.

    Attributes:
        code: of a name in a query.
        text: of a text that people see.
        strong: of what a description is about.
    """

    code: Callable[[str], str]
    text: Callable[[str], str]
    strong: Callable[[str], str]


def in_one_line(text: str) -> str:
    """Return a text with each run of white space as one space."""
    return " ".join(text.split())


PLAIN = Markup(in_one_line, in_one_line, str)
"""Text without any markup."""


def describe(
    name: WrittenName,
    ontology: Ontology,
    counts: Counts | None = None,
    note: str = "",
    *,
    markup: Markup = PLAIN,
) -> list[str] | None:
    """Describe what a name of a query means.

    Args:
        name: as it stands in the query.
        ontology: what names mean.
        counts: how often labels hold each category, where that is known.
        note: a text that is shown in place of counts.
        markup: how names and texts are written.

    Returns:
        Lines, of which the first is a heading and those that begin with a dash are a list; None if the name means
        nothing in the ontology.

    >>> from kili_query.ontology.named import written_names
    >>> job = {"mlTask": "CLASSIFICATION", "content": {"categories": {"BLUE": {"name": "Clear"}}}}
    >>> [_, category] = written_names("SKY.BLUE")
    >>> describe(category, Ontology.from_json_interface({"jobs": {"SKY": job}}))
    ['BLUE, a category: Clear', '', '- job: SKY, CLASSIFICATION']
    """
    say = _Words(markup)
    if name.kind == "job":
        jobs = name.jobs(ontology)
        lines = say.job(ontology.jobs[jobs[0]]) if len(jobs) == 1 else say.listing("jobs", map(markup.code, jobs))
        return lines or None
    pairs = name.pairs(ontology)
    if len(pairs) == 1:
        lines = say.category(ontology.jobs[pairs[0][0]], pairs[0][1])
    else:
        lines = say.listing(
            "categories", (f"{markup.code(f'{job}.{key}')}{_held((job, key), counts)}" for job, key in pairs)
        )
    if not lines:
        return None
    if counts is not None:
        note = _sentence(pairs[0], counts) if len(pairs) == 1 else ""
    return [*lines, *(["", note] if note else [])]


@frozen
class _Words:
    markup: Markup

    def job(self, job: Job) -> list[str]:
        kind = [job.ml_task or "no task", *([job.input] if job.input else []), *job.tools]
        lines = [f"{self.markup.strong(self.markup.code(job.name))}, a job{self.name(job.name, job.instruction)}", ""]
        lines.append(f"- kind: {', '.join(map(self.markup.text, kind))}")
        lines += self.parents(job)
        if job.is_required:
            lines.append("- required")
        lines.append(
            f"- categories: {_few(map(self.markup.code, job.categories))}" if job.categories else "- it counts nothing"
        )
        return lines

    def category(self, job: Job, key: str) -> list[str]:
        category = job.categories[key]
        lines = [f"{self.markup.strong(self.markup.code(key))}, a category{self.name(key, category.name)}", ""]
        named = f"{self.markup.code(job.name)}{self.name(job.name, job.instruction)}"
        lines.append(f"- job: {named}, {self.markup.text(job.ml_task or 'no task')}")
        lines += self.parents(job)
        if category.color:
            lines.append(f"- colour: {self.markup.code(category.color)}")
        lines += self.below(category)
        return lines

    def below(self, category: JobCategory) -> Iterator[str]:
        if category.children:
            yield f"- child jobs: {_few(map(self.markup.code, category.children))}"
        if category.points:
            yield f"- points: {_few(self.markup.code(point.code) for point in category.points)}"

    def parents(self, job: Job) -> list[str]:
        if not job.is_child:
            return []
        parents = _few(self.markup.code(f"{parent}.{key}") for parent, key in job.parents)
        return [f"- child job, below {parents}" if parents else "- child job, below no category"]

    def listing(self, what: str, shown: "Iterator[str] | map[str]") -> list[str]:
        found = list(shown)
        return [f"{len(found)} {what}:", "", f"{_few(found)}"] if found else []

    def name(self, key: str, name: str | None) -> str:
        """The display name, where it says more than the key."""
        return "" if not name or name == key else f": {self.markup.text(name)}"


def _few(shown: "Iterator[str] | map[str] | list[str]") -> str:
    return listed(list(shown), _MOST)


def _held(pair: tuple[str, str], counts: Counts | None) -> str:
    return "" if counts is None else f" ({counts.holders.get(pair, 0)})"


def _sentence(pair: tuple[str, str], counts: Counts) -> str:
    holders, objects = counts.holders.get(pair, 0), counts.objects.get(pair, 0)
    return f"{holders} of {counted(counts.labels, 'label')} hold it, {counted(objects, 'object')} together."
