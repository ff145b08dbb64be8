"""The front of the compiler: a text is read into a tree, or into diagnostics."""

import re
from itertools import accumulate
from typing import TypeAlias

from attrs import evolve, frozen

from kili_query.ast import And, Not, Or, Predicate, counters, subtrees
from kili_query.ast.walk import deepest, parts
from kili_query.diagnostics import Code, Diagnostic, Edit, Help, Label, sort_diagnostics
from kili_query.errors import QuerySyntaxError
from kili_query.source import Source, Span
from kili_query.syntax.lints import lint_lexemes
from kili_query.syntax.parser import (
    Dialect,
    Lexeme,
    ParseFailure,
    TextBefore,
    Word,
    parse_text,
    parse_words,
    read_lexemes,
    walk_lexemes,
)
from kili_query.syntax.printer import print_counter, print_tree
from kili_query.syntax.size import lowered_size


@frozen
class Limits:
    """How large a query may be; what is larger is refused with KQ006.

    Attributes:
        length: in code points.
        depth: levels of parentheses, brackets and NOT; a pair of brackets makes two. An AND inside an OR is a level
            too, with parentheses or without.
    """

    length: int = 40_000
    depth: int = 256


DEFAULT_LIMITS = Limits()


def parse_tree(text: str, dialect: Dialect = "extended", limits: Limits = DEFAULT_LIMITS) -> Predicate:
    """Parse a text into a tree as written.

    >>> parse_tree("J.A.count > 1.5")
    Comparison(counter=Counter(job='J', category='A'), op=<CompareOp.GE: '>='>, bound=2)

    Raises:
        QuerySyntaxError: the text is no query of the dialect.
    """
    return parse_source(Source(text), dialect, limits)


def parse_source(
    source: Source, dialect: Dialect = "extended", limits: Limits = DEFAULT_LIMITS, *, with_warnings: bool = True
) -> Predicate:
    """Parse a text that has a name and a place of its own; see `parse_tree`.

    Args:
        source: the text.
        dialect: the dialect it is read in.
        limits: how long and how deep the query may be.
        with_warnings: whether an error comes with the warnings about the words before it.
    """
    return _parse(source, dialect, limits, with_warnings)[0]


def parse_and_lint(
    source: Source, dialect: Dialect = "extended", limits: Limits = DEFAULT_LIMITS
) -> tuple[Predicate, list[Diagnostic]]:
    """Parse a text, and return what `lint_text` finds in it too, without reading it again."""
    tree, read = _parse(source, dialect, limits, with_warnings=True)
    return tree, _lint(source, dialect, (read.lexemes(dialect), None))


def _parse(source: Source, dialect: Dialect, limits: Limits, with_warnings: bool) -> tuple[Predicate, TextBefore]:
    text = source.text
    too_large = _too_large(source, dialect, limits)
    if too_large is not None:
        raise QuerySyntaxError([too_large])
    try:
        tree, read = parse_words(text, dialect)
    except ParseFailure as failure:
        reading = failure.before.reading(failure, dialect)
        error = _explain(source, dialect, limits, reading)
        warnings = _lint(source, dialect, reading) if with_warnings else []
        raise QuerySyntaxError(sort_diagnostics([error, *warnings])) from None
    else:
        levels, leaf = deepest(tree)
        if levels <= limits.depth:
            if "{" in text:  # without sets, no query is much longer than its text
                _require_small(tree, source, limits)
            return tree, read
        error = _refuse(source, leaf.span, _too_deep(limits), "this stands too deep")
        raise QuerySyntaxError(sort_diagnostics([error, *lint_text(source, dialect, limits)]))


@frozen
class TreeSize:
    """How large a tree is.

    Attributes:
        levels: how deep it nests; see `deepest`.
        parts: its nodes, counters and ranges; of a tree that is too large, some number above the limit.
    """

    levels: int
    parts: int


def tree_size(tree: Predicate, limits: Limits = DEFAULT_LIMITS) -> TreeSize:
    """Measure a tree; one with too many parts is not walked to its end."""
    found = parts(tree, limits.length)
    return TreeSize(0 if found > limits.length else deepest(tree)[0], found)


def refuse_large(tree: Predicate, extent: TreeSize, limits: Limits = DEFAULT_LIMITS) -> Diagnostic | None:
    """KQ006 for a tree that was built in Python and is deeper than a text may be, or larger than any text is."""
    if extent.parts > limits.length:
        start = next(counters(tree), None)
        text = "…" if start is None else f"{print_counter(start)[:_SHOWN]}…"
        message = f"the query has more than {limits.length} conditions, counters and ranges"
        advice = Help("a query joined with itself doubles: keep the parts apart, or use several queries")
        return Diagnostic(
            Code.TOO_LONG_OR_DEEP, message, Label(Span(0, len(text)), "this query"), help=advice, source=Source(text)
        )
    if extent.levels <= limits.depth:
        return None
    text = f"{print_tree(tree)[:_SHOWN]}…"  # joining trees within the limit goes little beyond it
    advice = Help("join conditions of one kind with one connective, or use several queries")
    label = Label(Span(0, len(text)), "this query")
    return Diagnostic(Code.TOO_LONG_OR_DEEP, _too_deep(limits), label, help=advice, source=Source(text))


def lint_text(source: Source, dialect: Dialect = "extended", limits: Limits = DEFAULT_LIMITS) -> list[Diagnostic]:
    """The warnings that need no more than the text; of a text with an error, those before it."""
    if _too_large(source, dialect, limits) is not None:
        return []
    return _lint(source, dialect, read_lexemes(source.text, dialect))


_Reading: TypeAlias = tuple[list[Lexeme], ParseFailure | None]
"""The words of a text, and where it stops being a query."""


def _lint(source: Source, dialect: Dialect, reading: _Reading) -> list[Diagnostic]:
    lexemes, failure = reading
    if failure is not None and lexemes and lexemes[-1].span.end == failure.offset:
        lexemes = lexemes[:-1]  # the last word is part of the error
    return list(lint_lexemes(source, lexemes, dialect))


def _explain(source: Source, dialect: Dialect, limits: Limits, reading: _Reading) -> Diagnostic:
    found = _diagnose(source, dialect, limits, reading)
    edit = None if found.help is None else found.help.edit
    if found.help is None or edit is None or not _is_refused(source, edit, dialect, limits, reading):
        return found
    names_it = edit.text.strip() in found.help.text
    return evolve(found, help=None if names_it else Help(found.help.text))


def _is_refused(source: Source, edit: Edit, dialect: Dialect, limits: Limits, reading: _Reading) -> bool:
    """Whether the text with an edit has its error in what the edit put there."""
    text = source.text[: edit.span.start] + edit.text + source.text[edit.span.end :]
    failure = reading[1]
    if failure is not None and failure.before.is_query_with(text, edit.span.start, dialect):
        return False
    try:
        parse_text(text, dialect)
    except ParseFailure:
        place = _diagnose(evolve(source, text=text), dialect, limits, read_lexemes(text, dialect)).span.start
        return edit.span.start <= place < edit.span.start + len(edit.text.rstrip())
    return False


def without_foreign_edit(found: Diagnostic, dialect: Dialect) -> Diagnostic:
    """The diagnostic, without an edit of names that cannot be written in the dialect."""
    edit = None if found.help is None else found.help.edit
    if edit is None:
        return found
    _, failure = read_lexemes(edit.text, dialect)
    return found if failure is None or failure.offset == len(edit.text) else evolve(found, help=None)


def _diagnose(source: Source, dialect: Dialect, limits: Limits, reading: _Reading) -> Diagnostic:
    from kili_query.syntax.slips import diagnose, diagnose_not_core  # here, because most queries have no error

    lexemes, failure = reading
    assert failure is not None  # parsing has just failed
    if dialect == "core":
        extended, beyond = read_lexemes(source.text, "extended")
        if beyond is None:
            return _too_large(source, "extended", limits) or diagnose_not_core(source, extended, failure)
        if beyond.offset > failure.offset or len(extended) > len(lexemes):
            return diagnose(source, extended, beyond)
    return diagnose(source, lexemes, failure)


def _require_small(tree: Predicate, source: Source, limits: Limits) -> None:
    """Refuse a query that is much longer without sets than with them.

    Raises:
        QuerySyntaxError: it names the largest set.
    """
    size, most = lowered_size(tree), limits.length // _LENGTH_OF_COMPARISON
    if size > most:
        largest = max(subtrees(tree), key=lambda node: 0 if isinstance(node, And | Or | Not) else lowered_size(node))
        message = f"the query is as much work as {size} comparisons, more than {most}"
        advice = "a set compares its whole sum with each of its ranges"
        raise QuerySyntaxError([_refuse(source, largest.span, message, advice)])


_LENGTH_OF_COMPARISON = 7
"""How many characters of the limit a comparison takes: without sets, texts make hardly more than one for each ten."""

_SHOWN = 40
"""How much of a query that was built in Python a message shows, in characters."""

_LEVELS = {"(": 1, "[": 2, "{": 1, ")": -1, "]": -2, "}": -1}
"""A condition in brackets stands in a counter, and that in a condition."""

_BRACKET = re.compile(r"[()\[\]{}]")


def _too_large(source: Source, dialect: Dialect, limits: Limits) -> Diagnostic | None:
    text = source.text
    if len(text) <= min(limits.length, limits.depth):
        return None  # too short to be too deep
    if len(text) > limits.length:
        end = Span(limits.length, limits.length + 1)
        return _refuse(source, end, f"the query is longer than {limits.length} characters", "the limit is here")
    if _most_levels(text) <= limits.depth:
        return None  # what could nest is too little, and counting it costs far less than walking the text
    return _nested_too_deep(source, dialect, limits)


def _nested_too_deep(source: Source, dialect: Dialect, limits: Limits) -> Diagnostic | None:
    opened: list[int] = []  # how deep each bracket that is open stands
    depth, negations = 0, 0
    for lexeme in walk_lexemes(source.text, dialect):
        match lexeme.word:
            case Word.LPAR | Word.LBRACKET | Word.LBRACE:
                opened.append(depth)
                depth, negations = depth + negations + _LEVELS[lexeme.text], 0
            case Word.RPAR | Word.RBRACKET | Word.RBRACE:
                depth, negations = opened.pop(), 0
            case Word.NOT:
                negations += 1
            case _:
                negations = 0
        if depth + negations > limits.depth:
            return _refuse(source, lexeme.span, _too_deep(limits), "one level too many")
    return None


_NESTED = re.compile(r"(?:not[ \t\r\n]*)+|[()\[\]{}]", re.IGNORECASE)


def _most_levels(text: str) -> int:
    """Return at least as many levels as the text has."""
    if '"' not in text and "#" not in text:
        return _levels_of_plain(text)
    levels = [_LEVELS[bracket] for bracket in _BRACKET.findall(text)]
    levels = [level for level in levels if level > 0]  # a bracket in a name or a comment closes nothing
    return max(accumulate(levels), default=0) + text.lower().count("not")


def _levels_of_plain(text: str) -> int:
    """Return at least as many levels as a text has that holds no quotes and no comments.

    >>> _levels_of_plain("NOT A.B AND NOT (C.D OR NOT NOT E.F)"), _levels_of_plain("NOT NOT A.B")
    (4, 2)
    """
    opened = [0]
    most, negations, behind = 0, 0, 0
    for found in _NESTED.finditer(text):
        negations = negations if found.start() == behind else 0
        behind = found.end()
        if found[0] in ")]}":
            if len(opened) > 1:
                opened.pop()
        elif found[0] in "([{":
            opened.append(opened[-1] + negations + _LEVELS[found[0]])
            negations = 0
        else:
            negations = found[0].lower().count("not")
        most = max(most, opened[-1] + negations)
    return most


def _too_deep(limits: Limits) -> str:
    return f"the query is nested deeper than {limits.depth} levels"


def _refuse(source: Source, span: Span, message: str, label: str) -> Diagnostic:
    advice = Help("split the query; in Python, `limits=Limits(...)` raises the limit")
    return Diagnostic(Code.TOO_LONG_OR_DEEP, message, Label(span, label), help=advice, source=source)
