"""Temporary files for data of an export that does not fit into memory."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory, gettempdir

from kili_query.output_files import NO_ROOM, WriteError


@contextmanager
def scratch_folder() -> Iterator[Path]:
    """Create a temporary folder, which is removed afterwards.

    Raises:
        WriteError: the disk is full; the message names the folder and how to choose another.
    """
    try:
        with TemporaryDirectory(prefix="kili-query-") as folder:
            yield Path(folder)
    except WriteError:
        raise
    except (OSError, sqlite3.OperationalError) as error:
        if isinstance(error, OSError) and error.errno not in NO_ROOM:
            raise
        reason = error.strerror if isinstance(error, OSError) else error
        raise WriteError(
            f"cannot write to the folder of temporary files: {reason}; it is `{gettempdir()}`, and the environment "
            "variable TMPDIR names another"
        ) from error


_BUFFER_CHARACTERS = 1 << 16


class GatheredText:
    """Text file created on the first write; it collects text on disk so that memory does not grow with each asset.

    Args:
        path: the path of the temporary file.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._waiting: list[str] = []
        self._waiting_characters = 0

    def write(self, text: str) -> None:
        """Append text."""
        self._waiting.append(text)
        self._waiting_characters += len(text)
        if self._waiting_characters >= _BUFFER_CHARACTERS:
            self._flush()

    def finish(self) -> Path | None:
        """Flush and return the file, in UTF-8; None when nothing was written."""
        self._flush()
        return self._path if self._path.exists() else None

    def _flush(self) -> None:
        if self._waiting:
            # opened anew each time: a file that stays open would have to be closed when the export fails
            with self._path.open("ab") as file:
                file.write("".join(self._waiting).encode("utf-8", "backslashreplace"))
        self._waiting.clear()
        self._waiting_characters = 0
