"""File names in an archive: safe to unpack and unique on every file system.

An external id is free text. As a name it keeps its folders (``d1/x.png``) and changes only if needed: if it would leave
the folder (``..``, absolute paths, backslashes), if some file system rejects it (control characters, ``:`` and the
like, names of devices, a dot or a space at the end, more than 200 bytes), or if another asset already has it, even if
they differ in case or in the composition of accents. The second one then gets ``~2`` before its extension.
"""

import re
import unicodedata
from collections.abc import Callable, Iterable
from hashlib import sha256
from typing import NamedTuple

_MAX_SEGMENT_BYTES = 200  # of the 255 that file systems take, for endings such as `_label2_000001.geojson`
_MAX_NAME_BYTES = 255
_MAX_PATH_BYTES = 800
_UNSAFE = re.compile(r'[\x00-\x1f\x7f-\x9f<>:"|?*\\\ud800-\udfff\u2028\u2029]')
_UNSAFE_STEP = re.compile(r"[/. ](?:/|\Z)")
"""The end of a step that is empty or ends in a dot or a space; an empty first step has none."""
_DEVICE = re.compile(r"(?:con|prn|aux|nul|conin\$|conout\$|com[0-9¹²³]|lpt[0-9¹²³])(?=\.|\s*$|\s+\.)", re.IGNORECASE)
_EXTENSION = re.compile(r"(?<=[^/.])\.[A-Za-z0-9]{1,8}$")


def safe_path(external_id: str) -> str:
    """Return a relative path that stays inside its folder, on every common file system.

    >>> safe_path("d1/pier 1.png"), safe_path("../../etc/passwd"), safe_path("C:\\\\nul.txt"), safe_path("")
    ('d1/pier 1.png', '_/_/etc/passwd', 'C__nul.txt', '_')
    """
    path = "/".join(map(_safe_segment, external_id.split("/")))
    return path if len(path.encode()) <= _MAX_PATH_BYTES else _shortened(path.replace("/", "_"))


def is_safe(path: str) -> bool:
    """Whether a path, such as a safe path with an ending, stays inside its folder.

    >>> is_safe("labels/a.json"), is_safe("../a"), is_safe("/a"), is_safe("a//b")
    (True, False, False, False)
    """
    if not path or path[0] == "/" or _UNSAFE.search(path) or _UNSAFE_STEP.search(path):
        return False
    return len(path.encode()) <= _MAX_NAME_BYTES or all(
        len(step.encode()) <= _MAX_NAME_BYTES for step in path.split("/")
    )


def _safe_segment(segment: str) -> str:
    segment = _UNSAFE.sub("_", segment)
    if not segment.strip(". "):
        return "_"
    if segment[-1] in ". ":
        segment = segment[:-1] + "_"
    if _DEVICE.match(segment):
        segment = "_" + segment
    return segment if len(segment.encode()) <= _MAX_SEGMENT_BYTES else _shortened(segment)


def _shortened(segment: str) -> str:
    """Return the start of a long name, a digest of all of it, and its extension."""
    stem, extension = split_extension(segment)
    ending = f"~{sha256(segment.encode()).hexdigest()[:12]}{extension}"
    return stem.encode()[: _MAX_SEGMENT_BYTES - len(ending)].decode("utf-8", "ignore") + ending


def split_extension(name: str) -> tuple[str, str]:
    """Return the name and its extension, with the dot; empty if it has none.

    >>> split_extension("d.1/a.tar.gz"), split_extension("d/.hidden"), split_extension("v1.2 final")
    (('d.1/a.tar', '.gz'), ('d/.hidden', ''), ('v1.2 final', ''))
    """
    found = _EXTENSION.search(name)
    return (name[: found.start()], found[0]) if found else (name, "")


def fold(path: str) -> str:
    """Return a key that is equal for paths that some file system treats as one.

    >>> fold("A/É.png") == fold("a/E\u0301.PNG")
    True
    """
    if path.isascii():
        return path.lower()
    return unicodedata.normalize("NFC", unicodedata.normalize("NFD", path).casefold())


class Reservation(NamedTuple):
    """A path that a name needs, inside a folder; paths in different folders never collide."""

    folder: str
    path: str


def one_step(folder: str, name: str) -> Reservation:
    """Reserve a name that must be unique but is not a file, so a folder may have the same name."""
    return Reservation(folder, name.replace("/", "\0"))


class Names:
    """The names in use.

    >>> names = Names()
    >>> def needs(name: str) -> list[Reservation]:
    ...     return [Reservation("labels", name + ".json")]
    >>> [names.claim(name, needs) for name in ("a.png", "A.png", "a.png")]
    ['a.png', 'A~2.png', 'a~3.png']
    """

    def __init__(self) -> None:
        self._files: set[tuple[str, str]] = set()
        self._folders: set[tuple[str, str]] = set()
        self._next: dict[str, int] = {}

    def claim(self, wanted: str, needs: Callable[[str], Iterable[Reservation]]) -> str:
        """Return an unused name, as close as possible to the wanted one.

        Args:
            wanted: a safe path.
            needs: returns the paths that a name would occupy.
        """
        name = wanted
        if not self._take(needs(name)):
            flat = wanted.replace("/", "_") if self._is_below_a_file(needs(wanted)) else wanted
            stem, extension = split_extension(flat)
            key = fold(flat)
            number = self._next.get(key, 2)
            while not self._take(needs(name := f"{stem}~{number}{extension}")):
                number += 1
            self._next[key] = number + 1
        return name

    def _take(self, reservations: Iterable[Reservation]) -> bool:
        files = {(folder, fold(path)) for folder, path in reservations}
        folders = {(folder, above) for folder, path in files if "/" in path for above in _above(path)}
        if not (files.isdisjoint(self._files) and files.isdisjoint(self._folders) and folders.isdisjoint(self._files)):
            return False
        self._files |= files
        self._folders |= folders
        return True

    def _is_below_a_file(self, reservations: Iterable[Reservation]) -> bool:
        return any((one.folder, above) in self._files for one in reservations for above in _above(fold(one.path)))


def _above(path: str) -> Iterable[str]:
    """Return the folders that a path lies in."""
    if "/" not in path:
        return ()
    steps = path.split("/")
    return ("/".join(steps[:length]) for length in range(1, len(steps)))


_EXTENSIONS = frozenset(
    {".avif", ".bmp", ".gif", ".heic", ".ico", ".jfif", ".jp2", ".jpeg", ".jpg", ".png", ".tif", ".tiff", ".webp"}
)


def without_image_extension(name: str) -> str:
    """Return a name without its image extension, if it has one.

    >>> [without_image_extension(name) for name in ("d1/pier.png", "A.JPG", "v1.2", "clip.mp4", ".png")]
    ['d1/pier', 'A', 'v1.2', 'clip.mp4', '.png']
    """
    stem, extension = split_extension(name)
    return stem if extension.lower() in _EXTENSIONS else name
