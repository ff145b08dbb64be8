"""The names in the text of a query, as they stand there; the text need not be a query yet."""

from collections.abc import Iterator
from typing import Literal, TypeAlias

from attrs import frozen

from kili_query.ast import NamePattern, Pattern
from kili_query.ontology.model import Ontology
from kili_query.ontology.names import is_plain, jobs_matching, pairs_matching
from kili_query.source import Span
from kili_query.syntax.parser import Word, name_pattern, read_leniently

NameKind: TypeAlias = Literal["job", "category"]


@frozen
class WrittenName:
    """The name of a job or a category, where it stands in a query.

    Attributes:
        kind: what it names.
        span: where it stands, its quotes included.
        written: the name, or the pattern of names.
        job: the job of a category, as it stands before it; of a job, the same as ``written``.
    """

    kind: NameKind
    span: Span
    written: NamePattern
    job: NamePattern

    @property
    def text(self) -> str | None:
        """The name without quotes; None for a pattern."""
        return self.written.pieces[0] if is_plain(self.written) else None

    def jobs(self, ontology: Ontology) -> tuple[str, ...]:
        """The keys of the jobs that it names, or in which it names categories."""
        return tuple(job.name for job in jobs_matching(self.job, ontology) or ())

    def pairs(self, ontology: Ontology) -> tuple[tuple[str, str], ...]:
        """The jobs and categories that a category names, by key; none if it means nothing, or several things."""
        return () if self.kind == "job" else pairs_matching(Pattern(self.job, self.written), ontology) or ()


def written_names(text: str) -> Iterator[WrittenName]:
    """The names of jobs and categories in a text, from left to right.

    >>> [(name.kind, name.text, tuple(name.span)) for name in written_names('A."b c" > 1 AND NOT B.count.count > 0')]
    [('job', 'A', (0, 1)), ('category', 'b c', (2, 7)), ('job', 'B', (20, 21)), ('category', 'count', (22, 27))]
    """
    lexemes, _, _ = read_leniently(text)
    words = [one.word for one in lexemes]
    at = 0
    while at < len(lexemes):
        if words[at] not in _NAMES:
            at += 1
            continue
        job = name_pattern(lexemes[at])
        yield WrittenName("job", lexemes[at].span, job, job)
        at += 1
        if words[at : at + 1] != [Word.DOT]:
            continue
        is_counter = words[at + 1 : at + 4] == [Word.COUNT, Word.DOT, Word.COUNT]  # of a category called `count`
        if words[at + 1 : at + 2] and (words[at + 1] in _NAMES or is_counter):
            category = lexemes[at + 1]
            written = NamePattern((category.text,)) if is_counter else name_pattern(category)
            yield WrittenName("category", category.span, written, job)
            at += 2


_NAMES = (Word.NAME, Word.STRING)
