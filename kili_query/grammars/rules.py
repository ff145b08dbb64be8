"""Rules of a grammar for language models, before they are written in a syntax."""

from typing import TypeAlias

from attrs import frozen


@frozen
class Text:
    """A text as it stands."""

    text: str


@frozen
class Ref:
    """Whatever another rule accepts."""

    name: str


@frozen
class Chars:
    """Some characters of a class, such as ``0-9``; what one class holds means the same in every syntax."""

    among: str
    least: int = 1
    most: int = 1


@frozen
class Maybe:
    """Another rule, or nothing."""

    name: str


Part: TypeAlias = Text | Ref | Chars | Maybe
Row: TypeAlias = tuple[Part, ...]


@frozen
class Rule:
    """One rule.

    Attributes:
        name: in lower case, its words joined by underscores.
        alternatives: what it accepts: each is a row of parts.
        is_word: whether it is read as one word: it has no names of rules in it, except those of words.
        again: what stands between two of them, if there may be several in a row.
    """

    name: str
    alternatives: tuple[Row, ...]
    is_word: bool = False
    again: Ref | Maybe | None = None
