"""Text in pictures: in the fonts that have its characters, cut into lines, and never longer than can be read."""

import os
import unicodedata
from bisect import bisect_right
from collections.abc import Iterable, Iterator

from attrs import frozen
from PIL import ImageDraw, ImageFont, features

from kili_query.pictures.faces import SHIPPED, Face, face_for, face_in
from kili_query.wording import listed

_MOST_CHARACTERS = 600  # of one answer
_MOST_NAMED = 12
MOST_LINES = 60  # of all answers
MORE = "… (the rest is not shown)"
_JOINERS = "\u200c\u200d"  # which some scripts need
_STRANGE = ("Cc", "Cf", "Cs", "Zl", "Zp")
# of a line: words from right to left within it are laid out as such, where Pillow can, and do not turn it round
_DIRECTION = "ltr" if features.check("raqm") else None
_REPLACEMENT = "\ufffd"


@frozen
class Lettering:
    """Text of one size.

    Attributes:
        size_px: the size.
        chosen: the font that comes before all others.
    """

    size_px: int
    chosen: Face | None = None

    @property
    def _font(self) -> ImageFont.FreeTypeFont:
        return (self.chosen or SHIPPED).at(self.size_px)

    @classmethod
    def of(cls, size_px: int, font: str | os.PathLike[str] | None) -> "Lettering":
        """Use the font of a file, where it has the characters.

        Raises:
            SourceError: it is not a font.
        """
        return cls(size_px, None if font is None else face_in(font))

    @property
    def line_px(self) -> int:
        """The height of a line."""
        return sum(self._font.getmetrics()) + 1

    def width_px(self, text: str) -> float:
        """Return the width of a text."""
        return sum(face.at(self.size_px).getlength(part, direction=_DIRECTION) for part, face in self._runs(text))

    def draw(self, pen: ImageDraw.ImageDraw, at: tuple[float, float], text: str, fill: tuple[int, int, int]) -> None:
        """Draw a text, its top left at a point."""
        x, y = at[0], at[1] + self._font.getmetrics()[0]
        for part, face in self._runs(text):
            font = face.at(self.size_px)
            pen.text((x, y), part, fill=fill, font=font, anchor="ls", direction=_DIRECTION)
            x += font.getlength(part, direction=_DIRECTION)

    def wrapped(self, text: str, width_px: float) -> Iterator[str]:
        """Break text into lines of at most a width, at spaces where there are some."""
        line = ""
        for word in text.split():
            joined = f"{line} {word}" if line else word
            if self.width_px(joined) <= width_px:
                line = joined
                continue
            if line:
                yield line
            *whole, line = self._pieces(word, width_px)
            yield from whole
        if line:
            yield line

    def cut(self, text: str, width_px: float) -> str:
        """Return the text, or its beginning and a sign that there is more."""
        text = clean(text)
        if self.width_px(text) <= width_px:
            return text
        return self._pieces(text, max(width_px - self.width_px("…"), 0))[0] + "…"

    def _pieces(self, word: str, width_px: float) -> list[str]:
        """Return the word in parts of at most a width, or of one character."""
        pieces = []
        while len(word) > 1 and self.width_px(word) > width_px:
            lengths = range(2, len(word))
            fits = bisect_right(lengths, width_px, key=lambda length: self.width_px(word[:length])) + 1
            pieces.append(word[:fits])
            word = word[fits:]
        return [*pieces, word]

    def _runs(self, text: str) -> list[tuple[str, Face]]:
        """Return the text in parts, each with its font; a part goes on as long as its font has what comes."""
        runs: list[tuple[str, Face]] = []
        for char in text:
            face = face_for(char, self.chosen) or self.chosen or SHIPPED
            if runs and (runs[-1][1] == face or _goes_on(char, runs[-1][1])):
                runs[-1] = (runs[-1][0] + char, runs[-1][1])
            else:
                runs.append((char, face))
        return runs


def _goes_on(char: str, face: Face) -> bool:
    """Whether a character that another font comes before for is drawn in that of its neighbours: signs, not letters."""
    category = unicodedata.category(char)
    return category in ("Mn", "Me", "Cf", "Zs") or (category[0] in "PNS" and face.has(char))


def clean(text: str) -> str:
    r"""Return text on one line, with a sign for each character that is invisible or would turn the others round.

    >>> clean("a\tb\n c\x00") == "a b c\ufffd", clean("a\u202eb") == "a\ufffdb", clean("é")
    (True, True, 'é')
    """
    return "".join(
        _REPLACEMENT if unicodedata.category(char) in _STRANGE and char not in _JOINERS else char
        for char in " ".join(text.split())
    )


def answer_lines(answers: Iterable[str]) -> Iterator[str]:
    r"""Return the lines of answers, each answer as long as can be read, and say what was left out.

    >>> list(answer_lines(["two\nlines", "b"])), len(*answer_lines(["a" * 1_000_000]))
    (['two', 'lines', 'b'], 641)
    """
    for answer in answers:
        told = f"… ({_MOST_CHARACTERS} of {len(answer):,} characters are shown)"
        lines = answer[:_MOST_CHARACTERS].split("\n")
        yield from map(clean, lines[:-1])
        yield clean(lines[-1]) + (told if len(answer) > _MOST_CHARACTERS else "")


def missing_characters(texts: Iterable[str], font: str | os.PathLike[str] | None = None) -> str | None:
    """Return a note about characters that no font draws; None where all can be drawn.

    >>> missing_characters(["Straße", "Ωμέγα", "Щука"]), missing_characters(["a\U00105555"])
    (None, 'no font found here has U+105555: install one, or name its file (`font`, `--font`)')
    """
    chosen = None if font is None else face_in(font)
    found = dict.fromkeys(char for text in texts for char in clean(text) if face_for(char, chosen) is None)
    if not found:
        return None
    named = listed([f"U+{ord(char):04X}" for char in found], _MOST_NAMED)
    return f"no font found here has {named}: install one, or name its file (`font`, `--font`)"
