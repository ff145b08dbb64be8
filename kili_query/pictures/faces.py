"""Fonts: the one that comes with the package, one that the caller names, and those of the system for other scripts.

A font has a character if it does not draw its sign for missing characters instead.
"""

import os
import sys
import unicodedata
from collections import Counter
from collections.abc import Iterator
from functools import cache, lru_cache
from io import BytesIO
from pathlib import Path
from pkgutil import get_data

from attrs import field, frozen
from PIL import ImageFont

from kili_query.errors import SourceError

_SHIPPED_FILE = "typefaces/DejaVuSans.ttf"  # Latin, Greek, Cyrillic, Hebrew, Arabic, Armenian, Georgian, many signs
_SUFFIXES = (".ttf", ".otf", ".ttc")
_FOLDERS = {
    "darwin": ("/System/Library/Fonts", "/Library/Fonts", "~/Library/Fonts"),
    "win32": ("${WINDIR}/Fonts", "${LOCALAPPDATA}/Microsoft/Windows/Fonts"),
}
_OTHER_FOLDERS = ("~/.local/share/fonts", "~/.fonts", "/usr/local/share/fonts", "/usr/share/fonts")
# what has most scripts, or Chinese, Japanese and Korean, on common systems
_LIKELY = (
    "notosanscjk",
    "arial unicode",
    "pingfang",
    "hiragino",
    "msyh",
    "msgothic",
    "malgun",
    "wqy",
    "droidsansfallback",
)
_STYLES = ("bold", "black", "thin", "light", "italic", "oblique", "condensed", "serif", "mono")
_MOST_FACES = 400
_NO_CHARACTER = "\uffff"
_PROBE_PX = 24
_MOST_SEARCHES = 3  # for one script: each opens every font there is
_MOST_SEARCHES_IN_ALL = 24
_ATTACHED = ("Mn", "Me", "Cf")  # goes with the character before it


_searches: Counter[str] = Counter()
_found: "list[Face]" = []


@frozen
class Face:
    """A font, in all sizes.

    Attributes:
        path: its file; None for the one that comes with the package.
    """

    path: Path | None
    _characters: dict[str, bool] = field(factory=dict, eq=False, repr=False)

    def at(self, size_px: int) -> ImageFont.FreeTypeFont:
        """Return the font in one size."""
        return _opened(self.path, size_px)

    def has(self, char: str) -> bool:
        """Whether it can draw a character."""
        if char not in self._characters:
            self._characters[char] = _drawn(self.at(_PROBE_PX), char) != _drawn(self.at(_PROBE_PX), _NO_CHARACTER)
        return self._characters[char]


@lru_cache(maxsize=64)
def _opened(path: Path | None, size_px: int) -> ImageFont.FreeTypeFont:
    if path is not None:
        return ImageFont.truetype(path, size_px)
    data = get_data("kili_query.pictures", _SHIPPED_FILE)
    if data is None:
        raise FileNotFoundError(_SHIPPED_FILE)
    return ImageFont.truetype(BytesIO(data), size_px)


def _drawn(font: ImageFont.FreeTypeFont, char: str) -> tuple[tuple[int, int], bytes]:
    mask = font.getmask(char)
    return mask.size, bytes(mask)


SHIPPED = Face(None)
"""The font that comes with the package."""


def face_in(path: str | os.PathLike[str]) -> Face:
    """Return the font in a file.

    Raises:
        SourceError: there is none that can be read.
    """
    face = Face(Path(path))
    try:
        face.has("a")
    except (OSError, ValueError) as error:
        raise SourceError(f"{os.fspath(path)}: it is not a font that can be read: {error}") from error
    return face


def face_for(char: str, chosen: Face | None = None) -> Face | None:
    """Return the font that draws a character: the caller's, the one of the package, or one of the system.

    >>> face_for("ß") == face_for("Ж") == face_for("Ω") == SHIPPED, face_for("\U00105555")
    (True, None)
    """
    if unicodedata.category(char) in _ATTACHED:
        return chosen or SHIPPED
    first = (chosen, SHIPPED)
    return next((face for face in first if face is not None and face.has(char)), None) or _system_face_for(char)


@lru_cache(maxsize=4096)
def _system_face_for(char: str) -> Face | None:
    if unicodedata.category(char) in ("Cn", "Co", "Cs"):
        return None  # each font has its own signs there
    known = next((face for face in _found if face.has(char)), None)
    script = unicodedata.name(char, "").partition(" ")[0]
    if known is not None or _searches[script] >= _MOST_SEARCHES or _searches.total() >= _MOST_SEARCHES_IN_ALL:
        return known
    _searches[script] += 1
    found = next((face for face in map(Face, _system_files()) if _can_draw(face, char)), None)
    if found is not None:
        _found.append(found)
    return found


def _can_draw(face: Face, char: str) -> bool:
    """Whether it has a character; some fonts cannot be read, or have pictures of one size and no outlines."""
    try:
        return face.has(char)
    except (OSError, ValueError):
        return False


@cache
def _system_files() -> tuple[Path, ...]:
    """Return the fonts of the system, those first that are likely to help."""
    return tuple(sorted(_files(), key=lambda path: (_place(path.name.lower()), path.name))[:_MOST_FACES])


def _files() -> Iterator[Path]:
    for folder in _FOLDERS.get(sys.platform, _OTHER_FOLDERS):
        for place, _, names in os.walk(os.path.expandvars(os.path.expanduser(folder))):
            yield from (Path(place, name) for name in names if name.lower().endswith(_SUFFIXES))


def _place(name: str) -> tuple[int, int]:
    likely = next((place for place, known in enumerate(_LIKELY) if known in name), len(_LIKELY))
    return likely, sum(style in name for style in _STYLES)
