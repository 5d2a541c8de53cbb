"""Tables brought up to date at start. Alembic is loaded only where something is to be done: commands start fast."""

from pathlib import Path

from sqlalchemy import Connection, Engine, column, inspect, select, table

from responder.adapters.store.schema import REVISIONS
from responder.adapters.store.statements import MIGRATION_LOCK, READ_ONLY, is_postgresql, one_at_a_time
from responder.core.errors import StoreError

MIGRATIONS = Path(__file__).parent / "migrations"
_version = table("alembic_version", column("version_num"))


def migrate(engine: Engine) -> None:
    """Apply what is missing, in one transaction that only one process holds at a time.

    Raises StoreError when a newer version of the program has been at work in the database.
    """
    with engine.execution_options(**{READ_ONLY: True}).connect() as connection:
        revision = _revision(connection)
    if revision == REVISIONS[-1]:
        return
    with engine.begin() as connection:
        one_at_a_time(connection, MIGRATION_LOCK)
        _upgrade(connection, _revision(connection))


def _revision(connection: Connection) -> str | None:
    if not inspect(connection).has_table("alembic_version"):
        return None
    revision: str | None = connection.execute(select(_version.c.version_num)).scalar()
    return revision


def _upgrade(connection: Connection, revision: str | None) -> None:
    if revision == REVISIONS[-1]:
        return
    if revision is not None and revision not in REVISIONS:
        raise StoreError(
            f"The database was last used by a newer version of this program (its tables are at {revision}, this "
            f"version knows {REVISIONS[-1]}): install that version again, or go back to a copy made before."
        )
    if revision is None:
        _check_empty(connection)
    _run_alembic(connection)


def _check_empty(connection: Connection) -> None:
    """A database without our tables must be ours to fill."""
    if is_postgresql(connection):
        encoding = connection.exec_driver_sql("SHOW server_encoding").scalar()
        if encoding != "UTF8":
            raise StoreError(f"The database keeps text as {encoding}: make one with ENCODING 'UTF8'.")


def _run_alembic(connection: Connection) -> None:
    from alembic import command  # noqa: PLC0415 - a third of a second, wanted only here
    from alembic.config import Config  # noqa: PLC0415 - as above

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
