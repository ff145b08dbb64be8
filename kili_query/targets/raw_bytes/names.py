"""Names of jobs and categories, plain or with stars."""

from kili_query.ast import Filtered, NamePattern, Term
from kili_query.ast.walk import matches_pattern

__all__ = ["Names", "only_job", "pieces"]


def pieces(name: str | NamePattern) -> tuple[str, ...]:
    """The pieces of a `NamePattern`; a plain name is one."""
    return (name,) if isinstance(name, str) else name.pieces


def only_job(term: Term) -> str | None:
    """The one job whose objects a term counts; None for a pattern."""
    term = term.counter if isinstance(term, Filtered) else term
    job = pieces(term.job)
    return job[0] if len(job) == 1 else None


class Names(dict[str, bool]):
    """Whether a name matches any of some pieces; it remembers names, for they come again and again."""

    def __init__(self, *wanted: tuple[str, ...]) -> None:
        super().__init__()
        self._plain = {pieces[0] for pieces in wanted if len(pieces) == 1}
        self._starred = [pieces for pieces in wanted if len(pieces) > 1]

    def __missing__(self, name: str) -> bool:
        is_like = name in self._plain or any(matches_pattern(pieces, name) for pieces in self._starred)
        if len(self) < _REMEMBERED:
            self[name] = is_like
        return is_like


_REMEMBERED = 1024  # they come from labels, and there may be any number of them
