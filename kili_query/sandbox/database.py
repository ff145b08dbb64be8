"""The SQLite database of a sandbox: connections and transactions."""

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Lock, RLock
from typing import TypeAlias

from kili_query.errors import SourceError
from kili_query.resources import read_text
from kili_query.sandbox.values import Refused

Row: TypeAlias = dict[str, object]

_LAYOUT = 5
_BUSY_TIMEOUT_S = 30.0
_MMAP_BYTES = 1 << 30


class Database:
    """A file that many threads read while one writes.

    What a writing transaction held when it ended outlives the end of the process, however sudden. Without a path the
    file is a temporary one, gone with `close`.

    Args:
        path: the file, made where there is none.

    Raises:
        SourceError: the file cannot be opened, or is something else.
    """

    def __init__(self, path: Path | None = None) -> None:
        self._folder = None if path else TemporaryDirectory(prefix="kili-query-sandbox-")
        self.path = path or Path(self._folder.name if self._folder else "") / "sandbox.db"
        self._lock = RLock()  # a request that was cut off may end in a thread that holds it, when it is collected
        self._write_lock = Lock()
        self._idle: list[sqlite3.Connection] = []
        self._open: list[sqlite3.Connection] = []
        self._is_new = not self.path.exists()
        try:
            self._create()
        except BaseException:
            self.close()
            self.remove_unfinished()
            raise

    def remove_unfinished(self) -> None:
        """Remove the file, once it is closed, if it was not there before: nothing was put in."""
        if self._is_new:
            for suffix in ("", "-wal", "-shm"):
                self.path.with_name(self.path.name + suffix).unlink(missing_ok=True)

    def is_empty(self) -> bool:
        """Whether nothing was put in for certain."""
        try:
            return self.document() is None
        except sqlite3.Error:  # on a disk that is full, for example
            return False

    def document(self) -> str | None:
        """The project's document; None where nothing was put in yet."""
        with self.reading() as connection:
            row = connection.execute("SELECT document FROM project").fetchone()
        return None if row is None else str(row["document"])

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """A connection to the state of now, which writers do not change under the reader."""
        connection = self._take()
        try:
            connection.execute("BEGIN")
            yield connection
        finally:
            self._give_back(connection)

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """A transaction that is on the disk when the block ends, or leaves nothing when it raises."""
        with self._write_lock:
            connection = self._take()
            try:
                connection.execute("BEGIN IMMEDIATE")
                yield connection
                connection.execute("COMMIT")
            finally:
                self._give_back(connection)

    def close(self) -> None:
        """Close all connections. No other method may be running, or be called again."""
        with self._lock:
            while self._open:
                self._open.pop().close()
            self._idle.clear()
        if self._folder is not None:
            self._folder.cleanup()

    def _take(self) -> sqlite3.Connection:
        with self._lock:
            if self._idle:
                return self._idle.pop()
            connection = self._connect()
            self._open.append(connection)
            return connection

    def _give_back(self, connection: sqlite3.Connection) -> None:
        with self._lock:
            if connection not in self._open:
                return  # it was closed under a request that was cut off, which ends when it is collected
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            self._idle.append(connection)

    def _connect(self) -> sqlite3.Connection:
        connection = sqlite3.connect(
            self.path,
            timeout=_BUSY_TIMEOUT_S,
            isolation_level=None,
            check_same_thread=False,
            cached_statements=256,
            factory=_Connection,
        )
        connection.row_factory = _as_dict
        # a temporary file need not outlive the process
        durability = "OFF" if self._folder else "FULL"
        for setting in (f"synchronous = {durability}", "foreign_keys = ON", "temp_store = MEMORY"):
            connection.execute(f"PRAGMA {setting}")
        connection.execute(f"PRAGMA mmap_size = {_MMAP_BYTES}")
        return connection

    def _create(self) -> None:
        """Create the tables, unless the file has some."""
        try:
            connection = self._take()
            connection.execute("PRAGMA journal_mode = WAL")
            tables = _tables(connection)
            if not tables or ("project" in tables and _layout(connection) < _LAYOUT):
                # each is IF NOT EXISTS: another process may create them now, and an older layout lacks only some
                layout = f"PRAGMA user_version = {_LAYOUT};"
                connection.executescript(f"BEGIN IMMEDIATE; {read_text('sandbox', 'tables.sql')} {layout} COMMIT;")
            is_ours = "project" in _tables(connection) and _layout(connection) == _LAYOUT
            self._give_back(connection)
        except sqlite3.Error as error:
            raise SourceError(f"{self.path}: {error}") from error
        if not is_ours:
            raise SourceError(f"{self.path}: is a database, but not that of a sandbox of this version")


def _tables(connection: sqlite3.Connection) -> set[str]:
    return {str(row["name"]) for row in connection.execute("SELECT name FROM sqlite_master")}


def _layout(connection: sqlite3.Connection) -> int:
    return int(connection.execute("PRAGMA user_version").fetchone()["user_version"])


class _Connection(sqlite3.Connection):
    """A connection that refuses what no database can hold, whichever value of whichever statement it is."""

    def execute(  # type: ignore[override]  # any value is taken here, and the wrong ones refused
        self, statement: str, values: Sequence[object] = (), /
    ) -> sqlite3.Cursor:
        """Execute a statement.

        Raises:
            Refused: a text has half of a pair of characters, or an integer more than 64 bits.
        """
        try:
            return super().execute(statement, values)
        except (UnicodeEncodeError, OverflowError) as error:
            raise Refused(f"a value cannot be kept or searched for: {error}") from error


def _as_dict(cursor: sqlite3.Cursor, row: tuple[object, ...]) -> Row:
    return {column[0]: value for column, value in zip(cursor.description, row, strict=True)}
