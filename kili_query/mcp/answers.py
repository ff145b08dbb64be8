"""Answers of tools: a text for models and the same as data, both of a limited size."""

from collections.abc import Iterable, Mapping, Sequence
from typing import TypeAlias

from attrs import define, field, frozen

from kili_query.diagnostics import Diagnostic
from kili_query.diagnostics.layout import printable
from kili_query.diagnostics.render import as_json, render_text

Data: TypeAlias = Mapping[str, object]

MAX_CHARACTERS = 40_000
"""The most characters of a text, and of all texts in the data of an answer together."""

MAX_TEXT = 4_000
"""The most characters of one text in the data."""

MAX_DIAGNOSTICS = 20


@frozen
class Answer:
    """What a tool found.

    Attributes:
        text: for people and models.
        data: the same for programs.
        is_error: whether there is no answer to the question.
    """

    text: str
    data: Data
    is_error: bool = False

    def limited(self) -> "Answer":
        """Cut what is too long; `cut` in the data says so."""
        text = "\n".join(printable(line) for line in self.text.split("\n"))
        if len(text) > MAX_CHARACTERS:
            text = f"{text[:MAX_CHARACTERS]}… (cut: {len(text)} characters)"
        cutter = _Cutter()
        data = cutter.limited(dict(self.data))
        assert isinstance(data, dict)
        return Answer(text, {**data, "cut": True} if cutter.has_cut else data, self.is_error)


@define
class _Cutter:
    """Cuts long texts and lists, up to a size of all."""

    left: int = MAX_CHARACTERS
    has_cut: bool = field(default=False, init=False)

    def limited(self, value: object) -> object:
        match value:
            case str():
                return self._text(value)
            case Mapping():
                return {str(key): self.limited(one) for key, one in value.items()}
            case list() | tuple():
                return list(self._items(value))
            case _:
                return value

    def _text(self, text: str) -> str:
        most = min(MAX_TEXT, max(self.left, 0))
        self.left -= len(text)
        if len(text) <= most:
            return text
        self.has_cut = True
        return f"{text[:most]}… (cut: {len(text)} characters)"

    def _items(self, items: Sequence[object]) -> Iterable[object]:
        for item in items:
            if self.left <= 0:
                self.has_cut = True
                return
            self.left -= 1
            yield self.limited(item)


def diagnostics_of(found: Sequence[Diagnostic]) -> Data:
    """Return diagnostics as data: the first ones, and how many there are."""
    return {"diagnostics": [as_json(one) for one in found[:MAX_DIAGNOSTICS]], "n_diagnostics": len(found)}


def text_of(found: Sequence[Diagnostic]) -> str:
    """Return diagnostics as they are printed."""
    text = render_text(found[:MAX_DIAGNOSTICS])
    more = len(found) - MAX_DIAGNOSTICS
    return text if more <= 0 else f"{text}\n… and {more} more"


def failure(message: str, kind: str, **data: object) -> Answer:
    """Return an answer that says why there is none."""
    return Answer(f"error: {message}", {"error": {"kind": kind, "message": message}, **data}, is_error=True)


def rejected(found: Sequence[Diagnostic]) -> Answer:
    """Return the answer to a query with errors."""
    message = "the query has errors"
    return Answer(text_of(found), {"error": {"kind": "query", "message": message}, **diagnostics_of(found)}, True)
