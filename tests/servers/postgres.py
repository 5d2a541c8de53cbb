"""A PostgreSQL server of one's own: private folder, free loopback port, gone afterwards."""

import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg

INSTALLED = Path("/usr/lib/postgresql")
"""Where Debian puts each version's programs."""
SECONDS = 30
# What makes it safe against power loss is not what these tests are about.
QUICK = ("fsync=off", "full_page_writes=off", "synchronous_commit=off", "max_connections=60", "shared_buffers=32MB")


@dataclass(frozen=True, slots=True)
class Postgres:
    """A running server; it trusts whoever reaches the loopback port."""

    port: int

    def url(self, database: str) -> str:
        """For the store."""
        return f"postgresql+psycopg://postgres@127.0.0.1:{self.port}/{database}"

    def execute(self, statement: str) -> None:
        """One statement outside any transaction, in the database `postgres`."""
        with psycopg.connect(host="127.0.0.1", port=self.port, user="postgres", autocommit=True) as connection:
            connection.execute(statement)

    def create(self, database: str, template: str = "template1", encoding: str = "UTF8") -> str:
        """A new database, a copy of `template`; its URL."""
        self.execute(f"CREATE DATABASE {database} TEMPLATE {template} ENCODING '{encoding}'")
        return self.url(database)

    def clear(self, database: str, tables: Iterable[str]) -> None:
        """Empty these tables, their numbering too; whoever is still connected is cut off."""
        with psycopg.connect(host="127.0.0.1", port=self.port, user="postgres", dbname=database) as connection:
            others = "datname = current_database() AND pid <> pg_backend_pid()"
            connection.execute(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE {others}")
            connection.execute(f"TRUNCATE {', '.join(tables)} RESTART IDENTITY CASCADE")

    def drop(self, database: str) -> None:
        """Away with it, and with whoever is still connected."""
        self.execute(f"DROP DATABASE {database} WITH (FORCE)")


@contextmanager
def running_postgres() -> Iterator[Postgres]:
    """Start a server and stop it by its process id. It refuses to run as root, so root becomes `postgres`."""
    folder = Path(tempfile.mkdtemp(prefix="postgres-"))
    as_whom: dict[str, Any] = {}
    if os.geteuid() == 0:
        account = pwd.getpwnam("postgres")
        os.chown(folder, account.pw_uid, account.pw_gid)
        as_whom = {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": []}
    try:
        subprocess.run(
            [
                _program("initdb"),
                "-D",
                folder / "data",
                "-U",
                "postgres",
                "-A",
                "trust",
                "-E",
                "UTF8",
                "--no-locale",
                "-N",
            ],
            check=True,
            stdout=subprocess.DEVNULL,
            cwd=folder,
            **as_whom,
        )
        with _serving(folder, as_whom) as server:
            yield server
    finally:
        shutil.rmtree(folder)


@contextmanager
def _serving(folder: Path, as_whom: dict[str, Any]) -> Iterator[Postgres]:
    port = _free_port()
    settings = [part for setting in QUICK for part in ("-c", setting)]
    command = [_program("postgres"), "-D", folder / "data", "-k", folder, "-h", "127.0.0.1", "-p", str(port), *settings]
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log, cwd=folder, **as_whom)
        try:
            server = Postgres(port)
            _wait(server, process, folder / "log")
            yield server
        finally:
            process.send_signal(signal.SIGINT)  # "fast": open sessions are ended
            process.wait(SECONDS)


def _wait(server: Postgres, process: "subprocess.Popen[bytes]", log: Path) -> None:
    deadline = time.monotonic() + SECONDS
    while True:
        try:
            server.execute("SELECT 1")
        except psycopg.OperationalError:
            if process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"PostgreSQL did not start: {log.read_text()}") from None
            time.sleep(0.05)
        else:
            return


def _program(name: str) -> str:
    newest = sorted(INSTALLED.glob(f"*/bin/{name}"), key=lambda path: int(path.parts[-3]))
    found = str(newest[-1]) if newest else shutil.which(name)
    if found is None:
        raise RuntimeError(f"{name} is missing: install postgresql (Debian) or put it on the PATH")
    return found


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
