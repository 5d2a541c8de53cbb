"""The database is opened here: one file for SQLite, a server for PostgreSQL, the same tables in both."""

import os
import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import ArgumentError, SQLAlchemyError

from responder.adapters.store.migrating import migrate
from responder.adapters.store.statements import READ_ONLY
from responder.adapters.store.transaction import SqlTransaction
from responder.core.errors import StoreError
from responder.ports import Store

BUSY = 30
"""Seconds to wait for another writer, and for a connection."""
PRAGMAS = ("foreign_keys=ON", "synchronous=FULL")
"""FULL, because the outbox must not forget a send that power loss interrupts."""
DRIVERS = {
    "sqlite": "sqlite",
    "sqlite+pysqlite": "sqlite",
    "postgresql": "postgresql+psycopg",
    "postgres": "postgresql+psycopg",
    "postgresql+psycopg": "postgresql+psycopg",
}


def open_store(url: str) -> Store:
    """Open the database and bring its tables up to date. Raises StoreError when it cannot be used, and says why.

    `sqlite:///relative.db`, `sqlite:////absolute.db` or `postgresql+psycopg://user:password@host/name`.
    """
    parsed = _parsed(url)
    with _translated(parsed):
        engine = _sqlite(parsed) if parsed.drivername == "sqlite" else _postgresql(parsed)
        try:
            migrate(engine)
        except BaseException:
            engine.dispose()
            raise
    return SqlStore(engine, parsed)


class SqlStore:
    """ports.Store with SQLAlchemy Core. Thread-safe: each transaction takes a connection of its own from the pool."""

    def __init__(self, engine: Engine, url: URL) -> None:
        """Take an engine whose tables are up to date."""
        self._engine = engine
        self._reading = engine.execution_options(**{READ_ONLY: True})
        self._url = url

    @contextmanager
    def begin(self) -> Iterator[SqlTransaction]:
        """See ports.Store."""
        with _translated(self._url), self._engine.begin() as connection:
            yield SqlTransaction(connection)

    @contextmanager
    def read(self) -> Iterator[SqlTransaction]:
        """See ports.Store."""
        with _translated(self._url), self._reading.connect() as connection:
            yield SqlTransaction(connection)

    def close(self) -> None:
        """See ports.Store."""
        self._engine.dispose()


def _parsed(url: str) -> URL:
    try:
        parsed = make_url(url)
    except ArgumentError:
        raise StoreError("The database URL cannot be read: sqlite:///var/responder.db is one.") from None
    driver = DRIVERS.get(parsed.drivername)
    if driver is None:
        raise StoreError(f"{parsed.drivername} is no database this works with: sqlite or postgresql+psycopg.")
    if driver == "sqlite" and parsed.database in {None, "", ":memory:"}:
        raise StoreError("A database in memory forgets who was answered: name a file, as sqlite:///var/responder.db.")
    return parsed.set(drivername=driver)


# -------------------------------------------------------------------------------------------------------------- SQLite


def _sqlite(url: URL) -> Engine:
    path = Path(url.database or "")
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
    except OSError as error:
        raise StoreError(f"The database file {path} cannot be opened: {error.strerror}.") from error
    engine = create_engine(url, connect_args={"timeout": BUSY}, pool_timeout=BUSY, hide_parameters=True)
    event.listen(engine, "connect", _configure_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _configure_sqlite(connection: sqlite3.Connection, _: object) -> None:
    """Take transactions into our own hands (the module's own begin late and never IMMEDIATE); set what WAL needs."""
    connection.isolation_level = None
    for pragma in PRAGMAS:
        connection.execute(f"PRAGMA {pragma}")
    if connection.execute("PRAGMA journal_mode").fetchone() != ("wal",):
        _switch_to_wal(connection)


def _switch_to_wal(connection: sqlite3.Connection) -> None:
    """Once in a file's life. SQLite does not wait for this lock by itself."""
    deadline = time.monotonic() + BUSY
    while True:
        try:
            connection.execute("PRAGMA journal_mode=WAL")
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode != sqlite3.SQLITE_BUSY or time.monotonic() > deadline:
                raise
            time.sleep(0.01)
        else:
            return


def _begin_sqlite(connection: Connection) -> None:
    """IMMEDIATE: a transaction that will write waits at its start, not in its middle."""
    reading = connection.get_execution_options().get(READ_ONLY, False)
    connection.exec_driver_sql(f"PRAGMA query_only={'ON' if reading else 'OFF'}")
    connection.exec_driver_sql("BEGIN" if reading else "BEGIN IMMEDIATE")


# ---------------------------------------------------------------------------------------------------------- PostgreSQL


def _postgresql(url: URL) -> Engine:
    try:
        engine = create_engine(
            url,
            connect_args={} if "connect_timeout" in url.query else {"connect_timeout": 10},
            pool_timeout=BUSY,
            pool_pre_ping=True,
            hide_parameters=True,
        )
    except ModuleNotFoundError:
        raise StoreError("PostgreSQL needs the extra: pip install 'program-responder[postgres]'.") from None
    event.listen(engine, "begin", _begin_postgresql)
    return engine


def _begin_postgresql(connection: Connection) -> None:
    """A reader sees one moment; a writer sees what others have committed before each of its guarded statements."""
    if connection.get_execution_options().get(READ_ONLY, False):
        connection.exec_driver_sql("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")


# -------------------------------------------------------------------------------------------------------------- errors


@contextmanager
def _translated(url: URL) -> Iterator[None]:
    """The database's errors as one line of ours: never with values (they are mail), never with the password."""
    try:
        yield
    except SQLAlchemyError as error:
        where = url.render_as_string(hide_password=True)
        raise StoreError(f"The database {where} could not do it: {_words(error)}") from None


def _words(error: Any) -> str:  # noqa: ANN401 - the driver's error is of no common type
    said = str(getattr(error, "orig", None) or error).strip()
    return said.splitlines()[0] if said else type(error).__name__
