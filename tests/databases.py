"""Databases for tests: each is given labels with their counts, wide or long, and answers a statement with their ids."""

import atexit
import os
import shutil
import sqlite3
import subprocess
import tempfile
from collections.abc import Callable, Sequence
from functools import cache
from itertools import chain
from pathlib import Path
from typing import Any

import duckdb
import psycopg
import pyarrow as pa
from sqlglot import exp

from kili_query.targets.column_names import counter_of
from kili_query.targets.sql import Layout
from tests.system_programs import system_program

Execute = Callable[[str, Sequence[Any]], list[Any]]
"""Runs a statement with its parameters; gives the rows that come back."""

_MOST_VALUES = 10_000
"""Maximum number of parameters in one statement, below the limit of each of these databases."""


_LOADED: dict[str, tuple[pa.Table, list[str], Layout]] = {}
"""What each database was given last: many statements may be about the same labels."""


def is_loaded(database: str, table: pa.Table, columns: list[str], layout: Layout) -> bool:
    """Whether a database still has these tables."""
    known = _LOADED.get(database)
    return known is not None and known[0] is table and known[1:] == (columns, layout)


def load(execute: Execute, dialect: str, placeholder: str, table: pa.Table, columns: list[str], layout: Layout) -> None:
    """Make the tables of a layout, unless the database still has them."""
    if is_loaded(dialect, table, columns, layout):
        return
    _LOADED.pop(dialect, None)
    for name, given in tables(table, columns, layout).items():
        own = _quoted(name, dialect)
        kinds = {field.name: "TEXT" if field.type == pa.string() else "INT" for field in given.schema}
        defined = [f"{_quoted(column, dialect)} {_kind(kind, dialect)}" for column, kind in kinds.items()]
        execute(f"DROP TABLE IF EXISTS {own}", ())
        execute(f"CREATE TABLE {own} ({', '.join(defined)})", ())
        rows = [tuple(row.values()) for row in given.to_pylist()]
        row, size = f"({', '.join([placeholder] * len(kinds))})", _MOST_VALUES // len(kinds)
        for begin in range(0, len(rows), size):
            some = rows[begin : begin + size]
            execute(f"INSERT INTO {own} VALUES {', '.join([row] * len(some))}", [*chain(*some)])
    _LOADED[dialect] = table, columns, layout


def tables(table: pa.Table, columns: list[str], layout: Layout) -> dict[str, pa.Table]:
    """The tables of a layout by their names; the wide one has only some columns of counts."""
    names = [name for name in ("id", "fault") if name in table.column_names]
    if layout == "wide":
        return {"labels": table.select([*names, *columns])}
    rows: list[tuple[Any, ...]] = []
    for name in table.column_names:
        counter = counter_of(name)
        if counter is None or not _is_text(counter.job + counter.category):
            continue
        for label, number in zip(table["id"].to_pylist(), table[name].to_pylist(), strict=True):
            if number:
                rows.append((label, counter.job, counter.category, number))
    fields = [(name, pa.string()) for name in ("label_id", "job", "category")]
    schema = pa.schema([*fields, ("count", pa.int32())])
    counts = pa.table([list(column) for column in zip(*rows, strict=True)] or [[]] * 4, schema)
    return {"labels": table.select(names), "labels_counts": counts}


@cache
def _quoted(name: str, dialect: str) -> str:
    return exp.to_identifier(name, quoted=True).sql(dialect)


@cache
def _kind(name: str, dialect: str) -> str:
    return exp.DataType.build(name).sql(dialect)


def _is_text(name: str) -> bool:
    return "\0" not in name and not any("\ud800" <= char <= "\udfff" for char in name)


def run_duckdb(sql: str, table: pa.Table, columns: list[str], layout: Layout) -> list[str]:
    if not is_loaded("duckdb", table, columns, layout):
        _LOADED.pop("duckdb", None)
        for name, given in tables(table, columns, layout).items():
            folded = {column.casefold() for column in given.column_names}
            assert len(folded) == given.num_columns, "it would give one of them another name"
            _duckdb().register(name, given)
        _LOADED["duckdb"] = table, columns, layout
    return [str(found) for (found,) in _duckdb().execute(sql).fetchall()]


@cache
def _duckdb() -> duckdb.DuckDBPyConnection:
    connection = duckdb.connect(config={"threads": 1})  # the tables are too small to share among threads
    atexit.register(connection.close)
    return connection


def run_sqlite(sql: str, table: pa.Table, columns: list[str], layout: Layout) -> list[str]:
    def execute(statement: str, values: Sequence[Any]) -> list[Any]:
        return _sqlite().execute(statement, values).fetchall()

    load(execute, "sqlite", "?", table, columns, layout)
    return [str(found) for (found,) in execute(sql, ())]


@cache
def _sqlite() -> sqlite3.Connection:
    connection = sqlite3.connect(":memory:")
    atexit.register(connection.close)
    return connection


def run_postgres(sql: str, table: pa.Table, columns: list[str], layout: Layout) -> list[str]:
    with _postgres().cursor() as cursor:

        def execute(statement: str, values: Sequence[Any]) -> list[Any]:
            # not prepared, because a table may be made again with other columns; without values, `%` stands for itself
            cursor.execute(statement.encode(), values or None, prepare=False)
            return cursor.fetchall() if cursor.description else []

        load(execute, "postgres", "%s", table, columns, layout)
        return [str(found) for (found,) in execute(sql, ())]


@cache
def _postgres() -> "psycopg.Connection[tuple[Any, ...]]":
    """A connection to a server of our own, which ends with the tests: no network, no root, nothing left behind."""
    initdb = system_program("initdb")
    folder = Path(tempfile.mkdtemp(prefix="kq-pg-"))
    user = "nobody" if os.geteuid() == 0 else None  # the server refuses to be root
    if user is not None:
        shutil.chown(folder, user)

    def run(*command: str) -> None:
        subprocess.run(command, user=user, cwd=folder, check=True, capture_output=True, timeout=60)

    def control(*arguments: str) -> None:
        run(str(initdb.with_name("pg_ctl")), "--pgdata", str(folder / "data"), "--wait", *arguments)

    def remove() -> None:
        shutil.rmtree(folder)

    def stop() -> None:
        connection.close()
        control("--mode=immediate", "stop")

    atexit.register(remove)
    run(
        str(initdb),
        "--pgdata",
        str(folder / "data"),
        "--username=kq",
        "--auth=trust",
        "--encoding=UTF8",
        "--no-locale",
        "--no-sync",
    )
    settings = f"-c listen_addresses='' -c unix_socket_directories='{folder}' -c fsync=off"
    control("--log", str(folder / "log"), "--options", settings, "start")
    connection = psycopg.connect(host=str(folder), user="kq", dbname="postgres", autocommit=True)
    atexit.register(stop)
    connection.execute("SET client_min_messages = warning")
    return connection
