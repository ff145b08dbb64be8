"""Completions at the cursor, as the parser allows them; the text before it need not be a query yet."""

import json
from collections.abc import Iterable, Iterator, Sequence

from attrs import frozen

from kili_query.ast import Counter, NamePattern, Pattern
from kili_query.ontology.did_you_mean import spell
from kili_query.ontology.model import Ontology, OntologySource
from kili_query.ontology.names import jobs_matching
from kili_query.ontology.nesting import can_stand, jobs_inside
from kili_query.source import Span
from kili_query.syntax.parse import DEFAULT_LIMITS
from kili_query.syntax.parser import Lexeme, Word, find_comments, match_word, name_pattern, read_leniently


@frozen
class Completion:
    """One thing that could stand at the cursor.

    Attributes:
        text: what to insert.
        kind: ``job``, ``category``, ``count``, ``operator`` or ``keyword``.
        span: what it replaces, in code points; empty where nothing is typed yet.
        detail: the display name, where there is one.
    """

    text: str
    kind: str
    span: Span
    detail: str = ""


def complete(text: str, cursor: int, ontology: OntologySource) -> list[Completion]:
    """Complete a query: what could stand at the cursor, in the order of the ontology. It never fails.

    What is typed of a name already, in any case and of its key or display name, narrows the answer. Nothing is offered
    beyond the length that a query may have.

    >>> ontology = Ontology.from_json_interface({"jobs": {"SKY": {"mlTask": "CLASSIFICATION", "content": {
    ...     "categories": {"BLUE": {"name": "Clear blue"}, "GREY": {"name": "Grey"}}}}}})
    >>> [(found.text, found.kind, found.detail) for found in complete("SKY.b", 5, ontology)]
    [('BLUE', 'category', 'Clear blue')]
    """
    cursor = max(0, min(cursor, len(text)))
    if cursor > _LONGEST:
        return []
    words, expected, end = read_leniently(text[:cursor])
    if end < cursor:
        typed = _typed_fault(text, end, cursor)
    elif words and words[-1].span.end == cursor and words[-1].word not in _MARKS:
        typed = _typed(text, words[-1].word, words[-1].span.start, cursor)
    elif any(comment.end == cursor for comment in _comments_after(words, text, cursor)):
        return []
    else:
        typed = _Typed("", Span(cursor, cursor))
    if typed is None:
        return []
    if typed.span.start < cursor:
        words, expected, _ = read_leniently(text[: typed.span.start])
    return list(dict.fromkeys(_offers(words, expected, typed, cursor, Ontology.of(ontology))))


_LONGEST = DEFAULT_LIMITS.length
_MARKS = frozenset(Word) - {
    Word.NAME, Word.STRING, Word.NUMBER, Word.OP, Word.COUNT,
    Word.AND, Word.OR, Word.NOT, Word.IN, Word.TRUE, Word.FALSE,
}  # fmt: skip


@frozen
class _Typed:
    """The part of the word at the cursor that is already typed.

    Attributes:
        text: up to the cursor; of a quoted name, without the quotes.
        span: what a completion replaces, up to the end of the word.
        is_operator: whether it can only become an operator.
        is_quoted: whether it can only become a name.
    """

    text: str
    span: Span
    is_operator: bool = False
    is_quoted: bool = False


def _typed(text: str, word: Word, start: int, cursor: int) -> _Typed | None:
    typed = text[start:cursor]
    match word:
        case Word.NUMBER:
            return None
        case Word.OP:
            return _Typed(typed, Span(start, cursor), is_operator=True)
        case Word.STRING:
            return _Typed(_unquoted(typed), Span(start, cursor), is_quoted=True)
        case _:
            return _Typed(typed, Span(start, max(cursor, match_word(text, start, Word.NAME) or cursor)))


def _typed_fault(text: str, start: int, cursor: int) -> _Typed | None:
    """A quoted name without its end, or half of an operator; None where nothing could become of it."""
    typed = text[start:cursor]
    if typed.startswith('"'):
        return _Typed(_unquoted(typed), Span(start, _end_of_string(text, start, cursor)), is_quoted=True)
    if any(operator.startswith(typed) for operator in _OPERATORS):
        return _Typed(typed, Span(start, cursor), is_operator=True)
    return None


def _end_of_string(text: str, start: int, cursor: int) -> int:
    """Where a quoted name ends; one that swallows the next one's quote ends at the cursor."""
    line_end = text.find("\n", cursor)
    line = text[start : len(text) if line_end < 0 else line_end]
    at, end = 0, None
    while (quote := line.find('"', at)) >= 0:
        closing = match_word(line, quote, Word.STRING)
        if closing is None:
            return cursor
        at, end = closing, end or closing
    return cursor if end is None else max(cursor, start + end)


def _comments_after(words: Sequence[Lexeme], text: str, cursor: int) -> Iterator[Span]:
    return find_comments(text, words[-1].span.end if words else 0, cursor)


def _unquoted(text: str) -> str:
    """Return the text between the quotes, as far as it is written."""
    for whole in (text, f'{text}"', text.rstrip("\\") + '"'):
        try:
            return str(json.loads(whole))
        except ValueError:
            continue
    return text.strip('"')


def _reference(words: Sequence[Lexeme]) -> tuple[NamePattern, NamePattern] | None:
    """The job and the category that the words end with."""
    if [one.word in _NAMES for one in words[-3:]] != [True, False, True] or words[-2].word is not Word.DOT:
        return None
    return name_pattern(words[-3]), name_pattern(words[-1])


_NAMES = (Word.NAME, Word.STRING)


def _scope(words: Sequence[Lexeme], ontology: Ontology) -> frozenset[str] | None:
    """The jobs that may stand at the end of some words; None where all may."""
    scopes: list[frozenset[str] | None] = [None]
    for index, word in enumerate(words):
        match word.word:
            case Word.LPAR:
                scopes.append(scopes[-1])
            case Word.LBRACKET:
                reference = _reference(words[max(0, index - 3) : index])
                scopes.append(None if reference is None else _jobs_inside(*reference, ontology))
            case Word.RPAR | Word.RBRACKET if len(scopes) > 1:
                scopes.pop()
            case _:
                pass
    return scopes[-1]


def _jobs_inside(job: NamePattern, category: NamePattern, ontology: Ontology) -> frozenset[str]:
    if len(job.pieces) == len(category.pieces) == 1:
        found = jobs_inside(Counter(job.pieces[0], category.pieces[0]), ontology)
    else:
        found = jobs_inside(Pattern(job, category), ontology)
    if found is not None:
        return found
    return frozenset(job.name for job in ontology.jobs.values() if job.parents)


def _offers(
    words: Sequence[Lexeme], expected: frozenset[Word], typed: _Typed, cursor: int, ontology: Ontology
) -> Iterator[Completion]:
    last = words[-1].word if words else None
    if Word.NAME in expected:
        if last is Word.DOT:
            yield from _names(
                _categories(name_pattern(words[-2]), _scope(words, ontology), ontology), "category", typed
            )
        else:
            yield from _names(_jobs(_scope(words, ontology), ontology), "job", typed)
    if Word.LPAR in expected:
        yield from _plain(("NOT",), "keyword", typed)
    if last is Word.DOT and Word.COUNT in expected:
        yield from _plain(("count",), "count", typed)
        if typed.text == "count" and not typed.is_quoted and typed.span.end == cursor:
            yield from _plain(_OPERATORS, "operator", _Typed("", Span(cursor, cursor)))
    ends_condition = Word.AND in expected
    if ends_condition:
        yield from _plain(_CONNECTIVES, "keyword", typed)
    if Word.OP in expected and not (ends_condition and last is Word.NUMBER):
        yield from _plain(_OPERATORS, "operator", typed)
    if Word.IN in expected and not _is_number_alone(words):
        yield from _plain(("IN", "NOT IN") if Word.NOT in expected else ("IN",), "keyword", typed)


def _is_number_alone(words: Sequence[Lexeme]) -> bool:
    """Whether the sum that the words end with is a number: nobody asks whether 3 is in a set."""
    return words[-1].word is Word.NUMBER and (len(words) == 1 or words[-2].word is not Word.SIGN)


_CONNECTIVES = ("AND", "OR")
_OPERATORS = ("==", "!=", ">=", "<=", ">", "<")


def _jobs(scope: frozenset[str] | None, ontology: Ontology) -> Iterator[tuple[str, str]]:
    for job in ontology.jobs.values():
        may_stand = can_stand(job.name, ontology) if scope is None else job.name in scope
        if job.has_categories and may_stand:
            yield job.name, job.instruction or ""


def _categories(job: NamePattern, scope: frozenset[str] | None, ontology: Ontology) -> Iterator[tuple[str, str]]:
    for found in jobs_matching(job, ontology, scope) or ():
        yield from ((category.key, category.name) for category in found.categories.values())


def _names(names: Iterable[tuple[str, str]], kind: str, typed: _Typed) -> Iterator[Completion]:
    if typed.is_operator:
        return
    for key, display_name in names:
        if any(name.casefold().startswith(typed.text.casefold()) for name in (key, display_name)):
            yield Completion(spell(key), kind, typed.span, display_name)


def _plain(texts: Iterable[str], kind: str, typed: _Typed) -> Iterator[Completion]:
    for text in texts:
        if not typed.is_quoted and text.casefold().startswith(typed.text.casefold()):
            yield Completion(text, kind, typed.span)
