"""What an editor shows of a job or a category, as Markdown."""

import re
from collections.abc import Iterator

from kili_query.diagnostics.layout import counted
from kili_query.lsp.counts import Counts
from kili_query.ontology import Job, JobCategory, Ontology
from kili_query.ontology.named import WrittenName
from kili_query.wording import listed

_MOST = 12
"""How many categories, jobs or places are listed."""


def describe(name: WrittenName, ontology: Ontology, counts: Counts | None = None, note: str = "") -> str | None:
    """Describe what a name of a query means.

    Args:
        name: as it stands in the query.
        ontology: what names mean.
        counts: how often labels hold each category, where that is known.
        note: what is said instead of counts.

    Returns:
        Markdown; None if the name means nothing in the ontology.
    """
    if name.kind == "job":
        jobs = name.jobs(ontology)
        lines = _job(ontology.jobs[jobs[0]]) if len(jobs) == 1 else _list("jobs", map(_code, jobs))
        return "\n".join(lines) or None
    pairs = name.pairs(ontology)
    if len(pairs) == 1:
        lines = _category(ontology.jobs[pairs[0][0]], pairs[0][1])
    else:
        lines = _list("categories", (f"{_code(f'{job}.{key}')}{_held((job, key), counts)}" for job, key in pairs))
    if not lines:
        return None
    if counts is not None:
        note = _sentence(pairs[0], counts) if len(pairs) == 1 else ""
    return "\n".join([*lines, *(["", note] if note else [])])


def _job(job: Job) -> list[str]:
    kind = [job.ml_task or "no task", *([job.input] if job.input else []), *job.tools]
    lines = [f"**{_code(job.name)}**, a job{_name(job.name, job.instruction)}", ""]
    lines.append(f"- kind: {', '.join(map(_escaped, kind))}")
    lines += _parents(job)
    if job.is_required:
        lines.append("- required")
    lines.append(f"- categories: {_few(map(_code, job.categories))}" if job.categories else "- it counts nothing")
    return lines


def _category(job: Job, key: str) -> list[str]:
    category = job.categories[key]
    lines = [f"**{_code(key)}**, a category{_name(key, category.name)}", ""]
    lines.append(f"- job: {_code(job.name)}{_name(job.name, job.instruction)}, {_escaped(job.ml_task or 'no task')}")
    lines += _parents(job)
    if category.color:
        lines.append(f"- colour: {_code(category.color)}")
    lines += _below(category)
    return lines


def _below(category: JobCategory) -> Iterator[str]:
    if category.children:
        yield f"- child jobs: {_few(map(_code, category.children))}"
    if category.points:
        yield f"- points: {_few(_code(point.code) for point in category.points)}"


def _parents(job: Job) -> list[str]:
    if not job.is_child:
        return []
    parents = _few(_code(f"{parent}.{key}") for parent, key in job.parents)
    return [f"- child job, below {parents}" if parents else "- child job, below no category"]


def _list(what: str, shown: "Iterator[str] | map[str]") -> list[str]:
    found = list(shown)
    return [f"{len(found)} {what}:", "", f"{_few(found)}"] if found else []


def _few(shown: "Iterator[str] | map[str] | list[str]") -> str:
    return listed(list(shown), _MOST)


def _name(key: str, name: str | None) -> str:
    """The display name, where it says more than the key."""
    return "" if not name or name == key else f": {_escaped(name)}"


def _held(pair: tuple[str, str], counts: Counts | None) -> str:
    return "" if counts is None else f" ({counts.holders.get(pair, 0)})"


def _sentence(pair: tuple[str, str], counts: Counts) -> str:
    holders, objects = counts.holders.get(pair, 0), counts.objects.get(pair, 0)
    return f"{holders} of {counted(counts.labels, 'label')} hold it, {counted(objects, 'object')} together."


def _code(text: str) -> str:
    """A name as Markdown shows it, whatever it holds."""
    longest = max(map(len, re.findall("`+", text)), default=0)
    fence = "`" * (longest + 1)
    pad = " " if text.startswith("`") or text.endswith("`") else ""
    return f"{fence}{pad}{' '.join(text.split())}{pad}{fence}"


def _escaped(text: str) -> str:
    return re.sub(r"([\\`*_{}\[\]()#+!|<>~-])", r"\\\1", " ".join(text.split()))
