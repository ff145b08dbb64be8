"""The images and videos that were labeled, if they are in the folder or archive of the labels; none is downloaded."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Protocol

from attrs import frozen

from kili_query.datasets.files import Files
from kili_query.errors import SourceError

MAX_BYTES = 64 << 20
"""The largest image that is shown."""

MAX_TEXT_BYTES = 1 << 20
"""The largest text that is shown."""

_SIGNATURES: tuple[tuple[bytes, int, str], ...] = (
    (b"\x89PNG\r\n\x1a\n", 0, "image/png"),
    (b"\xff\xd8\xff", 0, "image/jpeg"),
    (b"GIF8", 0, "image/gif"),
    (b"WEBP", 8, "image/webp"),
    (b"BM", 0, "image/bmp"),
    (b"ftypavif", 4, "image/avif"),
)
"""How the images that browsers show begin. An SVG is not among them, because it may hold scripts."""

_VIDEOS: tuple[tuple[bytes, int, str], ...] = (
    (b"ftypiso", 4, "video/mp4"),
    (b"ftypmp4", 4, "video/mp4"),
    (b"ftypM4V", 4, "video/mp4"),
    (b"ftypavc1", 4, "video/mp4"),
    (b"\x1a\x45\xdf\xa3", 0, "video/webm"),
)

_HEAD_BYTES = 16


class Images(Protocol):
    """Finds the image of an asset."""

    def find(self, asset: Mapping[str, object]) -> str | None:
        """Return the name of the image among the files; None if it is not there."""

    def read(self, name: str) -> tuple[str, bytes] | None:
        """Return the type of an image and what it holds; None if it is not an image that browsers show."""

    def video(self, name: str) -> tuple[str, Path] | None:
        """Return the type of a video and its file; None if it is not a video of a folder that browsers may show."""

    def text(self, asset: Mapping[str, object]) -> str | None:
        """Return the text of an asset that is a text file; None for all else."""


class _NoImages:
    """No images: of labels in memory, and of caches."""

    def find(self, asset: Mapping[str, object]) -> str | None:
        return None

    def read(self, name: str) -> tuple[str, bytes] | None:
        return None

    def video(self, name: str) -> tuple[str, Path] | None:
        return None

    def text(self, asset: Mapping[str, object]) -> str | None:
        return None


NO_IMAGES: Images = _NoImages()


@frozen
class FileImages:
    """The images in a folder or an archive; files outside it are never read.

    Attributes:
        files: of the dataset, or of the folder of the labels.
        keys: the fields of an asset that may name its image, best first.
    """

    files: Files
    keys: tuple[str, ...] = ("content", "externalId")

    def find(self, asset: Mapping[str, object]) -> str | None:
        """Return the first name that is a file."""
        for key in self.keys:
            name = asset.get(key)
            if isinstance(name, str) and name and self._is_there(name):
                return name
        return None

    def _is_there(self, name: str) -> bool:
        try:
            path = self.files.local(name)
            return self.files.holds(name) if path is None else self._is_inside(path)
        except (OSError, ValueError):  # a name that no file can have
            return False

    def _is_inside(self, path: Path) -> bool:
        """Whether a file is in the folder itself, and not where a link leads to."""
        root = Path(os.path.realpath(self.files.path))
        return Path(os.path.realpath(path)).is_relative_to(root if root.is_dir() else root.parent)

    def read(self, name: str) -> tuple[str, bytes] | None:
        """Read an image; its first bytes say what it is, and not its name."""
        data = self._bytes(name, MAX_BYTES)
        kind = None if data is None else image_type(data[:_HEAD_BYTES])
        return None if data is None or kind is None else (kind, data)

    def video(self, name: str) -> tuple[str, Path] | None:
        """Return the file of a video, which is sent in parts; its first bytes say what it is, and not its name."""
        try:
            path = self.files.local(name)
            if path is None:
                return None
            with path.open("rb") as file:
                kind = _type_of(file.read(_HEAD_BYTES), _VIDEOS)
        except (OSError, ValueError, SourceError):  # it is gone
            return None
        return None if kind is None else (kind, path)

    def text(self, asset: Mapping[str, object]) -> str | None:
        """Read a text file, which must be named as one and be UTF-8."""
        name = self.find(asset)
        data = None if name is None or not name.lower().endswith(".txt") else self._bytes(name, MAX_TEXT_BYTES)
        try:
            return None if data is None else data.decode("utf-8-sig")
        except UnicodeDecodeError:
            return None

    def _bytes(self, name: str, most: int) -> bytes | None:
        try:
            path = self.files.local(name)
            if path is not None and path.stat().st_size > most:
                return None
            data = self.files.read(name) if path is None else path.read_bytes()
        except (OSError, ValueError, SourceError):  # it is gone
            return None
        return data if len(data) <= most else None


def image_type(head: bytes) -> str | None:
    r"""Return the media type of an image by how it begins; None for anything else.

    >>> image_type(b"\x89PNG\r\n\x1a\n"), image_type(b"<svg onload=alert(1)>")
    ('image/png', None)
    """
    return _type_of(head, _SIGNATURES)


def _type_of(head: bytes, signatures: tuple[tuple[bytes, int, str], ...]) -> str | None:
    return next((kind for sign, at, kind in signatures if head[at : at + len(sign)] == sign), None)
