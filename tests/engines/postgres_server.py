"""Starts a PostgreSQL server of the tests' own: loopback only, a free port, gone afterwards."""

import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
import pytest

from tests.engines.certificates import write_certificate

INSTALLED = "/usr/lib/postgresql"
"""Where Debian puts the programs of each version."""

UNPRIVILEGED = "nobody"
"""Who runs the server where root runs the tests: PostgreSQL refuses root."""

USER, PASSWORD, DATABASE = "heimdall", "s3cr3t/canary%word", "postgres"
START_SECONDS = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class PostgresServer:
    """A server that runs.

    Attributes:
        certificate: PEM of its own; nobody else vouches for it.
    """

    port: int
    certificate: str
    log: Path

    @property
    def parts(self) -> dict[str, Any]:
        """Where it is, as fields of a cluster's context, without the password."""
        return {"host": "127.0.0.1", "port": self.port, "database": DATABASE, "user": USER}

    @property
    def connection_string(self) -> str:
        """Where it is, with the password, as a URL."""
        password = PASSWORD.replace("%", "%25").replace("/", "%2F")
        return f"postgresql://{USER}:{password}@127.0.0.1:{self.port}/{DATABASE}"

    def connect(self) -> psycopg.Connection[tuple[Any, ...]]:
        """Connect as a test that looks at the server itself."""
        return psycopg.connect(self.connection_string, autocommit=True)


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    """A server for all tests of the session; without the programs, its tests are skipped."""
    programs = find_programs()
    if programs is None:
        pytest.skip("PostgreSQL is not installed: run `make postgres` as root on Debian")
    with running_postgres(programs) as server:
        yield server


def find_programs() -> Path | None:
    """Return the directory of initdb and postgres, of the newest version; None without one."""
    versions = sorted(Path(INSTALLED).glob("*/bin/initdb"), key=lambda path: int(path.parts[-3]))
    if versions:
        return versions[-1].parent
    found = shutil.which("initdb")
    return Path(found).resolve().parent if found else None


@contextmanager
def running_postgres(programs: Path) -> Iterator[PostgresServer]:
    """Run a server until the block ends."""
    with tempfile.TemporaryDirectory(prefix="heimdall-postgres-") as name:
        folder = Path(name)
        certificate = write_certificate(folder, "127.0.0.1")
        (folder / "password").write_text(PASSWORD)
        _give_away(folder)
        _initialize(programs, folder)
        port = _free_port()
        server = PostgresServer(port=port, certificate=certificate, log=folder / "log")
        process = _started(programs, folder, server)
        try:
            _wait_until_ready(process, server)
            yield server
        finally:
            process.send_signal(signal.SIGINT)
            process.wait(30)


def _as_somebody() -> dict[str, Any]:
    is_root = os.geteuid() == 0
    return {"user": UNPRIVILEGED, "extra_groups": []} if is_root else {}


def _give_away(folder: Path) -> None:
    """Let the server's user own what it needs."""
    if os.geteuid() == 0:
        for path in (folder, *folder.iterdir()):
            shutil.chown(path, UNPRIVILEGED)


def _initialize(programs: Path, folder: Path) -> None:
    options = ["--encoding=UTF8", "--locale=C", "--auth=scram-sha-256", "--no-sync"]
    subprocess.run(
        [
            programs / "initdb",
            *options,
            f"--username={USER}",
            f"--pwfile={folder / 'password'}",
            f"--pgdata={folder / 'data'}",
        ],
        cwd=folder,
        check=True,
        capture_output=True,
        **_as_somebody(),
    )


def _started(programs: Path, folder: Path, server: PostgresServer) -> "subprocess.Popen[bytes]":
    settings = {
        "listen_addresses": "127.0.0.1",
        "port": server.port,
        "unix_socket_directories": "",
        "fsync": "off",
        "max_connections": 30,
        "shared_buffers": "64MB",
        "max_wal_size": "4GB",
        "ssl": "on",
        "ssl_cert_file": folder / "certificate.pem",
        "ssl_key_file": folder / "key.pem",
    }
    arguments = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
    with server.log.open("wb") as log:
        return subprocess.Popen(
            [programs / "postgres", "-D", folder / "data", *arguments],
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            **_as_somebody(),
        )


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


def _wait_until_ready(process: "subprocess.Popen[bytes]", server: PostgresServer) -> None:
    give_up_at = time.monotonic() + START_SECONDS
    while True:
        try:
            server.connect().close()
        except psycopg.OperationalError:
            if process.poll() is not None or time.monotonic() > give_up_at:
                raise RuntimeError(f"PostgreSQL did not start: {server.log.read_text()}") from None
            time.sleep(0.1)
        else:
            return
