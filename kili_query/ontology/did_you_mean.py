"""Near names: what a person probably meant, by edit distance over keys and display names."""

from collections.abc import Iterable, Mapping
from itertools import accumulate

from kili_query.diagnostics import Edit, Help
from kili_query.near_names import fold, nearest
from kili_query.ontology.job import Job
from kili_query.source import NOWHERE, Span
from kili_query.syntax.printer import print_name
from kili_query.wording import listed

_MAX_LISTED = 3
_MAX_EXISTING = 8
_MAX_EXISTING_LENGTH = 80


def suggest(name: str, display_names: Mapping[str, str | None], span: Span) -> Help | None:
    """The key that is nearest to a name, by itself or by its display name.

    Args:
        name: what was written.
        display_names: the display name of each key there is, or None where it has none.
        span: where it was written.

    >>> suggest("PERSN", {"CAR": "Car", "PERSON": "Somebody"}, Span(8, 13)).text
    'did you mean `PERSON`?'
    >>> suggest("some body", {"CAR": "Car", "PERSON": "Somebody"}, Span(8, 19)).text
    'did you mean `PERSON`? (`Somebody` is its display name)'
    """
    return suggest_same(name, display_names, span) or _suggest_key(
        nearest(name, _spellings(display_names)), display_names, span
    )


def suggest_same(name: str, display_names: Mapping[str, str | None], span: Span) -> Help | None:
    """The same for a name that differs in case, blanks, hyphens and underscores alone."""
    folded = fold(name)
    same = next((one for one in _spellings(display_names) if fold(one) == folded), None)
    return _suggest_key(same, display_names, span)


def places_of_category(name: str, jobs: Iterable[Job]) -> list[tuple[str, str]]:
    """The (job, category) pairs, one of each job, whose category has that key, or else that display name."""
    among = list(jobs)
    by_key = [(job.name, name) for job in among if name in job.categories]
    if by_key:
        return by_key
    found = {job.name: category.key for job in among for category in job.categories.values() if category.name == name}
    return list(found.items())


def name_jobs(names: Iterable[str]) -> str:
    """``job `A```, or ``jobs `A`, `B```: the first few of them."""
    shown = [f"`{name}`" for name in names]
    return f"{'job' if len(shown) == 1 else 'jobs'} {listed(shown, _MAX_LISTED)}"


def list_names(names: Iterable[str]) -> Help | None:
    """List existing names if none is similar to what was written: as many as can be read quickly.

    >>> list_names(["BOXES", "not"]).text, list_names(["A"]).text, list_names([]) is None
    ('there are `BOXES`, `"not"`', 'there is `A`', True)
    >>> list_names([f"CATEGORY_{number}" for number in range(100)]).text
    'there are `CATEGORY_0`, `CATEGORY_1`, `CATEGORY_2`, `CATEGORY_3`, `CATEGORY_4`, … and 95 more'
    """
    shown = [f"`{spell(name)}`" for name in names]
    if not shown:
        return None
    lengths = list(accumulate(len(name) + 2 for name in shown))
    number = max(1, min(_MAX_EXISTING, sum(length <= _MAX_EXISTING_LENGTH for length in lengths)))
    more = f", … and {len(shown) - number} more" if len(shown) > number else ""
    return Help(f"there {'is' if len(shown) == 1 else 'are'} {', '.join(map(_cut, shown[:number]))}{more}")


def _cut(shown: str) -> str:
    return shown if len(shown) <= _MAX_EXISTING_LENGTH else f"{shown[: _MAX_EXISTING_LENGTH - 2]}…`"


def spell(name: str) -> str:
    """A name as it can stand anywhere in a query, also where a bare ``count`` would be the keyword."""
    return '"count"' if name == "count" else print_name(name)


def edit_at(span: Span, text: str) -> Edit | None:
    """A replacement, where there is a text to mend."""
    return None if span == NOWHERE else Edit(span, text)


def _suggest_key(spelling: str | None, display_names: Mapping[str, str | None], span: Span) -> Help | None:
    if spelling is None:
        return None
    if spelling in display_names:
        key, remark = spelling, ""
    else:
        key = next(key for key, display_name in display_names.items() if display_name == spelling)
        remark = f" (`{spelling}` is its display name)"
    shown = spell(key)
    return Help(f"did you mean `{shown}`?{remark}", edit_at(span, shown))


def _spellings(display_names: Mapping[str, str | None]) -> Iterable[str]:
    """Keys first: they win where both are equally near."""
    yield from display_names
    yield from (name for name in display_names.values() if name is not None)
