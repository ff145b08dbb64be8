"""Where an export keeps what does not fit into memory."""

import errno
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory, gettempdir

from kili_query.replacing import WriteError

__all__ = ["scratch_folder"]

_NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


@contextmanager
def scratch_folder() -> Iterator[Path]:
    """Create a temporary folder for what does not fit into memory; it is removed afterwards.

    Raises:
        WriteError: the disk is full; the message names the folder and how to choose another.
    """
    try:
        with TemporaryDirectory(prefix="kili-query-") as folder:
            yield Path(folder)
    except WriteError:
        raise
    except (OSError, sqlite3.OperationalError) as error:
        if isinstance(error, OSError) and error.errno not in _NO_ROOM:
            raise
        reason = error.strerror if isinstance(error, OSError) else error
        raise WriteError(
            f"cannot write to the folder of temporary files: {reason}; it is `{gettempdir()}`, and the environment "
            "variable TMPDIR names another"
        ) from error
