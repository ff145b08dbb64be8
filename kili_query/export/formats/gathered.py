"""Texts that grow with every asset: on disk, so that memory does not grow with them."""

from pathlib import Path

__all__ = ["GatheredText"]

_BUFFER_CHARACTERS = 1 << 16


class GatheredText:
    """A text file in the making; there is none as long as nothing was added.

    Args:
        path: where it lies until it is in the archive.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._waiting: list[str] = []
        self._waiting_characters = 0

    def write(self, text: str) -> None:
        """Put text at the end."""
        self._waiting.append(text)
        self._waiting_characters += len(text)
        if self._waiting_characters >= _BUFFER_CHARACTERS:
            self._flush()

    def finish(self) -> Path | None:
        """The file, in UTF-8; None when nothing was added."""
        self._flush()
        return self._path if self._path.exists() else None

    def _flush(self) -> None:
        if self._waiting:
            # opened anew each time: a file that stays open would have to be closed when the export fails
            with self._path.open("ab") as file:
                file.write("".join(self._waiting).encode("utf-8", "backslashreplace"))
        self._waiting.clear()
        self._waiting_characters = 0
