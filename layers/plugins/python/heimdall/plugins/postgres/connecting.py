"""Opens connections: where to, as whom, how sure of the server, and with which settings."""

import tempfile
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future, wait
from contextlib import contextmanager
from pathlib import Path
from threading import Thread
from typing import Any

import psycopg
from psycopg.conninfo import conninfo_to_dict

from heimdall.domain.errors import PluginError
from heimdall.domain.failures import Failure
from heimdall.plugin.redaction import Redactor
from heimdall.plugin.secret import MIN_CHARACTERS
from heimdall.plugins.postgres.failures import connection_error, statement_error
from heimdall.plugins.postgres.options import ClusterOptions

CONNECT_SECONDS = 10.0

_GRACE_MS = 5_000
"""How much later than the gateway the server ends a statement by itself."""

_SETTINGS = {
    "client_encoding": "UTF8",
    "DateStyle": "ISO",
    "IntervalStyle": "postgres",
    "TimeZone": "UTC",
    "bytea_output": "hex",
    "extra_float_digits": "1",
}
"""So that values are written without loss, and the same by every server."""

_SET_UP = """
    SELECT set_config(wanted.name, CASE
        WHEN wanted.name = 'statement_timeout' AND known.setting::bigint > 0
        THEN least(known.setting::bigint, wanted.value::bigint)::text
        ELSE wanted.value END, false)
    FROM unnest(%s::text[], %s::text[]) AS wanted(name, value)
    LEFT JOIN pg_catalog.pg_settings AS known
        ON known.name = wanted.name AND wanted.name = 'statement_timeout'
"""
"""A timeout that the server, the database or the role has is made shorter only."""

_PAUSE_SECONDS = 0.05
_VERIFYING = ("verify-ca", "verify-full")


@contextmanager
def connected(
    cluster: ClusterOptions,
    *,
    name: str,
    seconds: float,
    go_on: Callable[[], None] = lambda: None,
    redactor: Redactor | None = None,
    is_read_only: bool = False,
) -> Iterator[psycopg.Connection[Any]]:
    """Connect until the block ends.

    Args:
        cluster: says where to and as whom.
        name: what people see in pg_stat_activity.
        seconds: how long statements may take.
        go_on: called while there is no connection yet; raises if it is not wanted any more.
        redactor: learns the password, where it is part of a connection string.
        is_read_only: whether transactions only read if they do not say.

    Raises:
        PluginError: there is no connection; the text holds no secret.
    """
    with tempfile.TemporaryDirectory(prefix="heimdall-postgres-") as folder:
        parameters = _parameters(cluster, Path(folder))
        if redactor is not None:
            _keep_secret(str(parameters.get("password") or ""), redactor)
        place = _place(cluster)
        try:
            connection = _opened(
                {
                    "keepalives_idle": 30,
                    **parameters,
                    "application_name": name,
                    "connect_timeout": max(2, round(min(seconds / 2, CONNECT_SECONDS))),
                },
                go_on,
            )
        except psycopg.Error as error:
            raise connection_error(error, place) from None
        try:
            connection.prepare_threshold = None
            _set_up(connection, _settings(cluster, seconds, is_read_only=is_read_only))
            yield connection
        finally:
            connection.close()


def _keep_secret(password: str, redactor: Redactor) -> None:
    """Have a password looked for that is only a part of the secret connection string."""
    if 0 < len(password) < MIN_CHARACTERS:
        raise PluginError(
            f"the server's password has fewer than {MIN_CHARACTERS} characters: "
            "it could not be told from other text and kept out of it",
            failure=Failure.USER_ERROR,
        )
    if password:
        redactor.add(password)


def _opened(parameters: dict[str, Any], go_on: Callable[[], None]) -> psycopg.Connection[Any]:
    """Connect in a thread, so that a host that does not answer holds up nobody who has to stop."""
    opening: Future[psycopg.Connection[Any]] = Future()

    def open_() -> None:
        try:
            opening.set_result(psycopg.connect(**parameters, autocommit=True))
        except psycopg.Error as error:
            opening.set_exception(error)

    Thread(target=open_, daemon=True).start()
    try:
        while not wait([opening], _PAUSE_SECONDS).done:
            go_on()
    except BaseException:
        opening.add_done_callback(_close_late)
        raise
    return opening.result()


def _close_late(opening: Future[psycopg.Connection[Any]]) -> None:
    if opening.exception() is None:
        opening.result().close()


def _settings(cluster: ClusterOptions, seconds: float, *, is_read_only: bool) -> dict[str, str]:
    settings = {**_SETTINGS, "statement_timeout": str(round(seconds * 1_000) + _GRACE_MS)}
    if cluster.default_schema:
        settings["search_path"] = '"' + cluster.default_schema.replace('"', '""') + '"'
    if is_read_only:
        settings["default_transaction_read_only"] = "on"
    return settings


def _set_up(connection: psycopg.Connection[Any], settings: Mapping[str, str]) -> None:
    try:
        connection.execute(_SET_UP, [list(settings), list(settings.values())])
    except psycopg.Error as error:
        raise statement_error(error) from None


def _parameters(cluster: ClusterOptions, folder: Path) -> dict[str, Any]:
    """Return what the driver is told."""
    if cluster.connection_string is not None:
        parameters = _parsed(cluster.connection_string.reveal())
    else:
        parameters = {
            "host": cluster.host,
            "port": cluster.port,
            "user": cluster.user,
            "password": cluster.password.reveal() if cluster.password else None,
        }
    if cluster.database:
        parameters["dbname"] = cluster.database
    if cluster.sslmode:
        parameters["sslmode"] = cluster.sslmode
    if cluster.sslrootcert:
        parameters["sslrootcert"] = _root_certificate(cluster.sslrootcert, folder)
    elif parameters.get("sslmode") in _VERIFYING:
        parameters.setdefault("sslrootcert", "system")
    return {name: value for name, value in parameters.items() if value is not None}


def _parsed(connection_string: str) -> dict[str, Any]:
    try:
        return dict(conninfo_to_dict(connection_string))
    except psycopg.Error:
        raise PluginError(
            "the cluster's connection_string is not one that PostgreSQL knows: "
            "postgresql://user:password@host:port/database or host=... dbname=...",
            failure=Failure.USER_ERROR,
        ) from None


def _root_certificate(value: str, folder: Path) -> str:
    """Write certificates where the driver can read them: it takes files only."""
    if value == "system":
        return value
    path = folder / "root.pem"
    path.write_text(value, encoding="ascii", errors="ignore")
    return str(path)


def _place(cluster: ClusterOptions) -> str:
    """Say where the server is; nothing is told of a secret string, which may be wrong."""
    if cluster.connection_string is not None:
        return "the server that connection_string names"
    return f"{cluster.host}:{cluster.port}"
