"""KQ104: a pattern matches no category of any job."""

from collections.abc import Iterator

from kili_query.ast import NamePattern, Pattern
from kili_query.ast.walk import matches_pattern
from kili_query.diagnostics import Code, Diagnostic, Help, Label
from kili_query.ontology.did_you_mean import list_names, suggest
from kili_query.ontology.job import Job
from kili_query.ontology.model import Ontology
from kili_query.ontology.names import is_plain, jobs_matching, pairs_matching
from kili_query.ontology.use import Use, jobs_at
from kili_query.syntax.printer import print_counter


def check(use: Use, ontology: Ontology) -> Iterator[Diagnostic]:
    """KQ104: no category matches; in brackets, none of a job that may stand there."""
    pattern = use.term
    if not isinstance(pattern, Pattern) or _matches(pattern, use, ontology):
        return
    jobs = jobs_matching(pattern.job, ontology, use.jobs) or ()
    if is_plain(pattern.job) and not any(job.has_categories for job in jobs):
        return  # a job without categories is for KQ103
    shown = print_counter(pattern).removesuffix(".count")
    place = " in these brackets" if use.jobs is not None else ""
    fault = Label(use.span, f"no {'category' if jobs else 'job'} matches{place}")
    message = f"pattern `{shown}` matches nothing{place}"
    yield Diagnostic(Code.PATTERN_MATCHES_NOTHING, message, fault, help=_help(pattern, jobs, use, ontology))


def _matches(pattern: Pattern, use: Use, ontology: Ontology) -> bool:
    pairs = pairs_matching(pattern, ontology, use.among)
    if not pairs:
        return pairs is None  # other rules say why it means nothing
    # a plain job that cannot stand there is for KQ106
    return is_plain(pattern.job) or use.jobs is None or any(job in use.jobs for job, _ in pairs)


def _help(pattern: Pattern, jobs: tuple[Job, ...], use: Use, ontology: Ontology) -> Help | None:
    categories = [category for job in jobs for category in job.categories.values()]
    if jobs and is_plain(pattern.category):
        names = {category.key: category.name for category in categories}
        near = suggest(pattern.category.pieces[0], names, pattern.category_span)
        return near or list_names(names)
    stars, keys = (pattern.category, [one.key for one in categories]) if jobs else (pattern.job, list(ontology.jobs))
    others = (key for key in keys if not matches_pattern(stars.pieces, key))  # what matches as it is stands elsewhere
    same = next((key for key in others if _matches_in_any_case(stars, key)), None)
    if same is not None:
        return Help(f"upper and lower case differ: did you mean to match `{same}`?")
    return list_names(keys if jobs else (job.name for job in jobs_at(use, ontology)))


def _matches_in_any_case(pattern: NamePattern, name: str) -> bool:
    return matches_pattern(tuple(piece.casefold() for piece in pattern.pieces), name.casefold())
