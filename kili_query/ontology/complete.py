"""What could stand at the cursor: a light reading of the text before it, which need not be a query yet."""

import json
import re
from collections.abc import Iterable, Iterator
from enum import Enum, auto

from attrs import define, evolve, field, frozen

from kili_query.ast import Counter, NamePattern, Pattern
from kili_query.ontology.did_you_mean import spell
from kili_query.ontology.model import Ontology
from kili_query.ontology.names import jobs_matching
from kili_query.ontology.nesting import can_stand, jobs_inside
from kili_query.source import Span

__all__ = ["Completion", "complete"]


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


def complete(text: str, cursor: int, ontology: Ontology) -> list[Completion]:
    """What could stand at the cursor, in the order of the ontology; never fails, whatever the text.

    What is typed of a name already, in any case and of its key or display name, narrows the answer.

    >>> ontology = Ontology.from_json_interface({"jobs": {"SKY": {"mlTask": "CLASSIFICATION", "content": {
    ...     "categories": {"BLUE": {"name": "Clear blue"}, "GREY": {"name": "Grey"}}}}}})
    >>> [(found.text, found.kind, found.detail) for found in complete("SKY.b", 5, ontology)]
    [('BLUE', 'category', 'Clear blue')]
    """
    cursor = max(0, min(cursor, len(text)))
    words = list(_words(text))
    before = [word for word in words if word.end <= cursor and word.start < cursor]
    at = next((word for word in words if word.start < cursor <= word.end), None)
    if at is not None and at.kind in ("comment", "number"):
        return []
    if at is None or at.kind == "mark":
        typed = _Word("name", "", cursor, cursor)
    else:
        typed = evolve(at, text=text[at.start : cursor], end=_end_of(at, words, cursor))
        before = [word for word in before if word is not at]
    reading = _read(before, ontology)
    return list(dict.fromkeys(_offers(reading, typed, cursor, ontology)))


@frozen
class _Word:
    """A piece of the text; ``kind`` is a group of `_WORD`."""

    kind: str
    text: str
    start: int
    end: int


_WORD = re.compile(
    r"""(?P<comment>\#[^\n]*)
      | (?P<string>"(?:[^"\\\n]|\\[^\n])*(?:"|\\?(?=\n|\Z)))
      | (?P<name>[A-Za-z*][A-Za-z0-9_*-]*)
      | (?P<number>[+-]?\d[\w.]*)
      | (?P<op>[=<>!]+)
      | (?P<mark>[^\s])""",
    re.VERBOSE,
)


_CLOSED_STRING = re.compile(r'"(?:[^"\\]|\\.)*"')


def _words(text: str) -> Iterator[_Word]:
    for found in _WORD.finditer(text):
        yield _Word(found.lastgroup or "mark", found[0], found.start(), found.end())


def _end_of(at: _Word, words: list[_Word], cursor: int) -> int:
    """Where the word at the cursor ends; a string that swallows the next one's quote ends at the cursor."""
    if at.kind != "string" or at.end == cursor:
        return at.end
    line_is_sound = all(word.kind != "string" or _is_closed(word.text) for word in words if word.start >= at.start)
    return at.end if line_is_sound else cursor


def _is_closed(string: str) -> bool:
    return _CLOSED_STRING.fullmatch(string) is not None


class _Slot(Enum):
    """What is expected next."""

    OPERAND = auto()
    DOT_AFTER_JOB = auto()
    CATEGORY = auto()
    AFTER_CATEGORY = auto()
    COUNT = auto()
    AFTER_COUNT = auto()
    IN = auto()
    AFTER_NUMBER = auto()
    NOTHING = auto()


_EVERY = NamePattern(("", ""))


@define
class _Reading:
    """How far the text before the cursor has been read.

    Attributes:
        slot: what is expected next.
        job: the job of the reference being written.
        category: its category.
        has_op: whether the condition being written has its operator.
        scopes: for each open parenthesis or bracket, whether the condition around it had its operator, and the
            jobs that may stand in it; None where all may.
    """

    slot: _Slot = _Slot.OPERAND
    job: NamePattern = _EVERY
    category: NamePattern = _EVERY
    has_op: bool = False
    scopes: list[tuple[bool, frozenset[str] | None]] = field(factory=list)

    @property
    def jobs(self) -> frozenset[str] | None:
        """The jobs that may stand here."""
        return self.scopes[-1][1] if self.scopes else None

    def start_condition(self) -> None:
        """A new condition begins."""
        self.slot, self.has_op = _Slot.OPERAND, False


def _read(words: Iterable[_Word], ontology: Ontology) -> _Reading:
    reading = _Reading()
    for word in words:
        match word.kind:
            case "comment":
                pass
            case "name" | "string":
                _read_name(word, reading)
            case "number":
                if reading.slot is not _Slot.NOTHING:  # in a set
                    reading.slot = _Slot.AFTER_NUMBER
            case "op":
                reading.slot, reading.has_op = _Slot.OPERAND, True
            case _:
                _read_mark(word.text, reading, ontology)
    return reading


def _read_name(word: _Word, reading: _Reading) -> None:
    keyword = word.text.upper()
    match reading.slot:
        case _Slot.OPERAND | _Slot.DOT_AFTER_JOB:
            if keyword != "NOT":
                reading.job, reading.slot = _pattern(word), _Slot.DOT_AFTER_JOB
        case _Slot.CATEGORY if word.text == "count":
            reading.category, reading.slot = _EVERY, _Slot.AFTER_COUNT
        case _Slot.CATEGORY:
            reading.category, reading.slot = _pattern(word), _Slot.AFTER_CATEGORY
        case _Slot.COUNT:
            reading.slot = _Slot.AFTER_COUNT
        case _ if keyword in ("AND", "OR"):
            reading.start_condition()
        case _Slot.AFTER_COUNT if keyword == "NOT":
            reading.slot = _Slot.IN
        case _Slot.AFTER_COUNT | _Slot.IN if keyword == "IN":
            reading.slot = _Slot.NOTHING
        case _Slot.NOTHING:
            pass
        case _:  # a connective is missing: read on as if it were there
            reading.start_condition()
            reading.job, reading.slot = _pattern(word), _Slot.DOT_AFTER_JOB


def _read_mark(mark: str, reading: _Reading, ontology: Ontology) -> None:
    match mark:
        case ".":
            reading.slot = _AFTER_DOT.get(reading.slot, reading.slot)
        case "(":
            reading.scopes.append((reading.has_op, reading.jobs))
            reading.start_condition()
        case "[":
            reading.scopes.append((reading.has_op, _jobs_inside(reading, ontology)))
            reading.start_condition()
        case ")" | "]":
            if reading.scopes:
                reading.has_op, _ = reading.scopes.pop()
            reading.slot = _Slot.AFTER_CATEGORY if mark == "]" else _Slot.AFTER_NUMBER
            reading.has_op = reading.has_op or mark == ")"
        case "{":
            reading.slot = _Slot.NOTHING
        case "}":
            reading.slot, reading.has_op = _Slot.AFTER_NUMBER, True
        case "+" | "-":
            reading.slot = _Slot.OPERAND
        case _:
            pass


_AFTER_DOT = {
    _Slot.DOT_AFTER_JOB: _Slot.CATEGORY,
    _Slot.AFTER_CATEGORY: _Slot.COUNT,
    _Slot.AFTER_COUNT: _Slot.COUNT,  # a category called count
}


def _pattern(word: _Word) -> NamePattern:
    return NamePattern((_unquoted(word.text),) if word.kind == "string" else tuple(re.split(r"\*+", word.text)))


def _unquoted(text: str) -> str:
    """What is between the quotes, as far as it is written."""
    closed = text if _is_closed(text) else text.rstrip("\\") + '"'
    try:
        return str(json.loads(closed))
    except ValueError:
        return text.strip('"')


def _jobs_inside(reading: _Reading, ontology: Ontology) -> frozenset[str]:
    if len(reading.job.pieces) == len(reading.category.pieces) == 1:
        found = jobs_inside(Counter(reading.job.pieces[0], reading.category.pieces[0]), ontology)
    else:
        found = jobs_inside(Pattern(reading.job, reading.category), ontology)
    if found is not None:
        return found
    return frozenset(job.name for job in ontology.jobs.values() if job.parents)


def _offers(reading: _Reading, typed: _Word, cursor: int, ontology: Ontology) -> Iterator[Completion]:
    span = Span(typed.start, typed.end)
    match reading.slot:
        case _Slot.OPERAND:
            yield from _names(_jobs(reading, ontology), "job", typed)
            if not reading.has_op:
                yield from _plain(("NOT",), "keyword", typed)
        case _Slot.CATEGORY:
            yield from _names(_categories(reading, ontology), "category", typed)
            yield from _plain(("count",), "count", typed)
        case _Slot.COUNT:
            yield from _plain(("count",), "count", typed)
        case _Slot.AFTER_CATEGORY:
            yield from _plain(_CONNECTIVES, "keyword", typed)
        case _Slot.AFTER_COUNT:
            if reading.has_op:
                yield from _plain(_CONNECTIVES, "keyword", typed)
            yield from _plain(_OPERATORS, "operator", typed)
            if not reading.has_op:
                yield from _plain(("IN", "NOT IN"), "keyword", typed)
        case _Slot.IN:
            yield from _plain(("IN",), "keyword", typed)
        case _Slot.AFTER_NUMBER:
            if reading.has_op:
                yield from _plain(_CONNECTIVES, "keyword", typed)
            else:
                yield from _plain(_OPERATORS, "operator", typed)
        case _Slot.DOT_AFTER_JOB | _Slot.NOTHING:
            pass
    if typed.text == "count" and reading.slot in (_Slot.CATEGORY, _Slot.COUNT) and span.end == cursor:
        yield from _plain(_OPERATORS, "operator", _Word("name", "", cursor, cursor))


_CONNECTIVES = ("AND", "OR")
_OPERATORS = ("==", "!=", ">=", "<=", ">", "<")


def _jobs(reading: _Reading, ontology: Ontology) -> Iterator[tuple[str, str]]:
    for job in ontology.jobs.values():
        may_stand = can_stand(job.name, ontology) if reading.jobs is None else job.name in reading.jobs
        if job.has_categories and may_stand:
            yield job.name, job.instruction or ""


def _categories(reading: _Reading, ontology: Ontology) -> Iterator[tuple[str, str]]:
    for job in jobs_matching(reading.job, ontology, reading.jobs) or ():
        yield from ((category.key, category.name) for category in job.categories.values())


def _names(names: Iterable[tuple[str, str]], kind: str, typed: _Word) -> Iterator[Completion]:
    start = _unquoted(typed.text) if typed.kind == "string" else typed.text
    if typed.kind == "op":
        return
    for key, display_name in names:
        if any(name.casefold().startswith(start.casefold()) for name in (key, display_name)):
            yield Completion(spell(key), kind, Span(typed.start, typed.end), display_name)


def _plain(texts: Iterable[str], kind: str, typed: _Word) -> Iterator[Completion]:
    for text in texts:
        if text.casefold().startswith(typed.text.casefold()):
            yield Completion(text, kind, Span(typed.start, typed.end))
