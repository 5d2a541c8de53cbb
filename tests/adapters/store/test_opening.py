"""Opening a database: from nothing, twice, at once, from the future, and every way it can go wrong."""

import multiprocessing
import sqlite3
import stat
import subprocess
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import CheckConstraint, create_engine, inspect, make_url, text

from responder.adapters.store import open_store
from responder.adapters.store.migrating import MIGRATIONS
from responder.adapters.store.schema import REVISIONS, metadata
from responder.core.errors import StoreError
from responder.ports import Store
from tests.adapters.store.samples import NOW, look, mail, put, put_answered, put_held
from tests.servers.postgres import Postgres


def test_an_empty_database_gets_its_tables(empty_url: str) -> None:
    """Folder, file and tables are made at the first opening."""
    store = open_store(empty_url)
    [row] = put(store, mail(1))
    assert look(store, row.id).message == mail(1)
    store.close()
    assert _tables(empty_url) == {*metadata.tables, "alembic_version"}


def test_opening_again_keeps_what_is_there(empty_url: str) -> None:
    """A second opening migrates nothing and loses nothing."""
    first = open_store(empty_url)
    row = put_held(first, mail(1))
    first.close()
    second = open_store(empty_url)
    assert look(second, row.id) == row
    second.close()


def test_two_may_open_an_empty_database_at_once(empty_url: str) -> None:
    """Processes that start together migrate once; nobody fails."""
    with multiprocessing.get_context("spawn").Pool(4) as pool:
        assert pool.map(_open, [empty_url] * 4) == [True] * 4
    with ThreadPoolExecutor(8) as threads:
        assert list(threads.map(_open, [empty_url] * 8)) == [True] * 8


def test_migrations_make_the_schema(tmp_path: Path) -> None:
    """The revisions build exactly what schema.py says: columns, constraints, indexes, letter by letter."""
    open_store(f"sqlite:///{tmp_path / 'migrated.db'}").close()
    made = create_engine(f"sqlite:///{tmp_path / 'made.db'}")
    metadata.create_all(made)
    assert _definitions(tmp_path / "migrated.db") == _definitions(tmp_path / "made.db")


def test_both_databases_get_the_same_constraints(postgres: Postgres, migrated_postgres: str) -> None:
    """On PostgreSQL, too, every index and constraint of schema.py is there."""
    engine = create_engine(postgres.url(migrated_postgres))
    inspector = inspect(engine)
    for name, table in metadata.tables.items():
        indexes = {index["name"] for index in inspector.get_indexes(name)}
        assert {index.name for index in table.indexes} <= indexes
        checks = {check["name"] for check in inspector.get_check_constraints(name)}
        assert {str(one.name) for one in table.constraints if isinstance(one, CheckConstraint)} == checks
    engine.dispose()


def test_the_known_revisions_are_alembics() -> None:
    """REVISIONS, which decides without Alembic whether anything is to be done, is the real chain."""
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    chain = [revision.revision for revision in ScriptDirectory.from_config(config).walk_revisions()]
    assert tuple(reversed(chain)) == REVISIONS


def test_a_newer_database_is_left_alone(empty_url: str) -> None:
    """Tables of a newer version are refused in words, and stay as they are."""
    open_store(empty_url).close()
    _run(empty_url, "UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(StoreError, match="newer version"):
        open_store(empty_url)
    assert _run(empty_url, "SELECT version_num FROM alembic_version") == [("9999",)]


def test_tables_of_somebody_else_are_left_alone(empty_url: str) -> None:
    """A database that has a table of ours without our version is refused, and nothing half-made stays in it."""
    Path(make_url(empty_url).database or "").parent.mkdir(parents=True, exist_ok=True)
    _run(empty_url, "CREATE TABLE replies (id INTEGER)")
    with pytest.raises(StoreError, match="replies"):
        open_store(empty_url)
    assert _tables(empty_url) == {"replies"}


def test_a_command_starts_without_alembic(url: str) -> None:
    """Where nothing is to be migrated Alembic is not even imported."""
    program = (
        "import sys; from responder.adapters.store import open_store; open_store(sys.argv[1]).close(); "
        "print(sorted(name for name in sys.modules if name.split('.')[0] in {'alembic', 'mako'}))"
    )
    done = subprocess.run([sys.executable, "-c", program, url], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_sqlite_is_set_up_for_the_outbox(tmp_path: Path) -> None:
    """WAL, full syncs, foreign keys and a private file."""
    path = tmp_path / "var" / "responder.db"
    store = open_store(f"sqlite:///{path}")
    with store.begin() as transaction:
        connection = transaction._connection
        said = [connection.exec_driver_sql(f"PRAGMA {name}").scalar() for name in _PRAGMAS]
    assert dict(zip(_PRAGMAS, said, strict=True)) == _PRAGMAS
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) & 0o077 == 0


_PRAGMAS = {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1, "busy_timeout": 30_000, "query_only": 0}


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("sqlite://", "in memory"),
        ("sqlite:///:memory:", "in memory"),
        ("mysql://user:s3cret@host/db", "mysql"),
        ("nonsense", "cannot be read"),
        ("", "cannot be read"),
        ("sqlite:////proc/nowhere/x.db", "cannot be opened"),
        ("postgresql://responder:s3cret@127.0.0.1:1/nowhere", "127.0.0.1"),
        ("postgresql+psycopg://responder:s3cret@127.0.0.1:1/nowhere", "127.0.0.1"),
    ],
)
def test_what_cannot_be_opened_is_said_in_words(url: str, words: str) -> None:
    """One line that names what is wrong and no password."""
    with pytest.raises(StoreError) as caught:
        open_store(url)
    assert words in str(caught.value)
    assert "s3cret" not in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_file_that_is_no_database(tmp_path: Path) -> None:
    """Another file under that name is refused and stays whole."""
    path = tmp_path / "letter.txt"
    path.write_text("Dear Ana, " * 100)
    with pytest.raises(StoreError, match="not a database"):
        open_store(f"sqlite:///{path}")
    assert path.read_text() == "Dear Ana, " * 100


def test_a_database_that_is_missing_on_the_server(postgres: Postgres) -> None:
    """PostgreSQL's own words reach the person."""
    with pytest.raises(StoreError, match="does not exist"):
        open_store(postgres.url("nowhere"))


def test_another_encoding_is_refused(postgres: Postgres) -> None:
    """A database that cannot keep every text is refused before the first mail."""
    url = postgres.create("latin", "template0", "LATIN1")
    with pytest.raises(StoreError, match="UTF8"):
        open_store(url)
    postgres.drop("latin")


def test_a_server_that_restarts_is_met_again(postgres: Postgres, migrated_postgres: str) -> None:
    """Connections cut by the server are replaced at the next transaction."""
    store = open_store(postgres.create("cut", migrated_postgres))
    put(store, mail(1))
    postgres.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = 'cut'")
    put(store, mail(2))
    with store.read() as transaction:
        assert [row.message.key.uid for row in transaction.received("education", 10)] == [1, 2]
    store.close()
    postgres.drop("cut")


def test_a_connection_cut_within_a_transaction_is_a_store_error(postgres: Postgres, migrated_postgres: str) -> None:
    """The transaction is lost as a whole and said so."""
    store = open_store(postgres.create("cut2", migrated_postgres))
    with pytest.raises(StoreError):
        _cut_within(store, postgres)
    with store.read() as transaction:
        assert transaction.mailboxes() == []
    store.close()
    postgres.drop("cut2")


def test_errors_name_no_content(store: Store) -> None:
    """What the database refuses is said without the row, which is mail."""
    row, reply = put_answered(store, mail(1))
    with pytest.raises(StoreError) as caught, store.begin() as transaction:
        transaction._connection.execute(text("UPDATE replies SET stage = 'nonsense'"))
    said = "".join([str(caught.value), repr(caught.value), str(caught.value.__cause__)])
    assert reply.body not in said
    assert row.message.text not in said


@pytest.mark.parametrize(
    "wrong",
    [
        "UPDATE messages SET stage = 'lost'",
        "UPDATE messages SET version = 0",
        "UPDATE messages SET seen_before = (1 = 1), stage = 'received'",
        "UPDATE replies SET stage = 'lost'",
        "UPDATE replies SET stage = 'sending', sent_at = NULL",
        "UPDATE replies SET leased_by = 'me', leased_until = 1",
        "UPDATE replies SET sent_at = NULL",
        "UPDATE replies SET stage = 'failed'",
        "UPDATE replies SET attempts = 0",
        "UPDATE replies SET ordinal = 0",
        "UPDATE replies SET automatic = (1 = 0), receipt = (1 = 1)",
        "UPDATE replies SET message = 99",
        "DELETE FROM messages",
    ],
)
def test_the_invariants_are_the_databases(store: Store, wrong: str) -> None:
    """What must always hold is refused by the database itself, whoever writes."""
    put_answered(store, mail(1))
    with pytest.raises(StoreError), store.begin() as transaction:
        transaction._connection.execute(text(wrong))


def test_a_folder_that_may_not_be_written(tmp_path: Path) -> None:
    """A file in place of the folder is named in the error."""
    (tmp_path / "var").write_text("")
    with pytest.raises(StoreError, match="cannot be opened"):
        open_store(f"sqlite:///{tmp_path / 'var' / 'x.db'}")


def test_a_relative_path_is_of_the_working_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The default URL makes var/ where the program was started."""
    monkeypatch.chdir(tmp_path)
    open_store("sqlite:///var/responder.db").close()
    assert (tmp_path / "var" / "responder.db").exists()
    assert [path.name for path in tmp_path.iterdir()] == ["var"]


def _open(url: str) -> bool:
    store = open_store(url)
    with store.begin() as transaction:
        transaction.mailbox("education", NOW)
    store.close()
    return True


def _cut_within(store: Store, postgres: Postgres) -> None:
    with store.begin() as transaction:
        transaction.mailbox("education", NOW)
        postgres.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = 'cut2'")
        transaction.mailbox("startups", NOW)


def _tables(url: str) -> set[str]:
    engine = create_engine(url)
    tables = set(inspect(engine).get_table_names())
    engine.dispose()
    return tables


def _run(url: str, statement: str) -> Sequence[tuple[object, ...]]:
    engine = create_engine(url)
    with engine.begin() as connection:
        result = connection.execute(text(statement))
        rows = [tuple(row) for row in result] if result.returns_rows else []
    engine.dispose()
    return rows


def _definitions(path: Path) -> set[str]:
    """Every CREATE statement, its parts in one order (Alembic and SQLAlchemy write constraints in different ones)."""
    with sqlite3.connect(path) as connection:
        rows = connection.execute("SELECT sql FROM sqlite_master WHERE sql IS NOT NULL AND name <> 'alembic_version'")
        return {" ".join(sorted(part.strip(" \t,") for part in row[0].splitlines())) for row in rows}
