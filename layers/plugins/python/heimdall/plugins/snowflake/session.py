"""Opens sessions at Snowflake, one for each call: each call may come from another process."""

import logging
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING, Any, NoReturn

from heimdall.domain.errors import PluginError, TransientPluginError
from heimdall.domain.failures import Failure
from heimdall.plugins.snowflake.access import Access
from heimdall.plugins.snowflake.credentials import credentials_of
from heimdall.plugins.snowflake.failures import engine_errors

if TYPE_CHECKING:
    from snowflake.connector import SnowflakeConnection
    from snowflake.connector.cursor import SnowflakeCursor

QUIET = {
    "application": "Heimdall",
    "disable_ocsp_checks": True,
    "platform_detection_timeout_seconds": 0.0,
    "client_store_temporary_credential": False,
    "client_request_mfa_token": False,
    "log_imported_packages_in_telemetry": False,
    "client_session_keep_alive": False,
    "disable_console_login": True,
}
"""Nobody but Snowflake is talked to, and what is said there is about the work only.

Certificates are checked as ever; OCSP would ask others about them, at each cold start.
"""

PARAMETERS: Mapping[str, Any] = {
    "ABORT_DETACHED_QUERY": False,
    "CLIENT_TELEMETRY_ENABLED": False,
    "PYTHON_CONNECTOR_QUERY_RESULT_FORMAT": "ARROW",
    "TIMEZONE": "UTC",
}
"""Every session's: a statement goes on when the session that began it is gone."""

TIMEOUTS = ("login_timeout", "network_timeout", "socket_timeout")
"""Of logging in, and of any call with all its repetitions; the work itself waits for none."""

_FETCH_THREADS = 2
"""How many parts of a result are read ahead: each may have 100 MB."""


@contextmanager
def session(
    access: Access,
    doing: str,
    *,
    parameters: Mapping[str, Any] | None = None,
    is_left_open: bool = False,
    is_under_way: bool = False,
) -> "Iterator[SnowflakeConnection]":
    """Open a session for as long as the context lasts.

    Args:
        access: who asks, and where.
        doing: what for, as errors say it: "starting the statement".
        parameters: of the session, beside every session's.
        is_left_open: whether a statement goes on in it: then it is left to end by itself.
        is_under_way: whether the work goes on: then nothing that can pass ends the run.

    Raises:
        TransientPluginError: Snowflake is out of reach or has no room now.
        PluginError: it lets nobody in like this, or refuses what was asked.
    """
    import snowflake.connector as driver

    # its log would have requests with what is in them; what it has to say comes with its errors
    logging.getLogger("snowflake.connector").setLevel(logging.CRITICAL)
    cluster = access.cluster
    place = {
        "account": cluster.account,
        "host": cluster.host or f"{cluster.account}.snowflakecomputing.com",
        "database": cluster.database,
        "schema": cluster.schema_name,
        "warehouse": cluster.warehouse,
        "role": access.role,
    }
    opening = {
        **QUIET,
        **{name: value for name, value in place.items() if value is not None},
        **credentials_of(access),
        "port": cluster.port,
        "protocol": cluster.protocol,
        **dict.fromkeys(TIMEOUTS, cluster.answer_seconds),
        "paramstyle": "qmark",
        "arrow_number_to_decimal": True,
        "client_fetch_threads": _FETCH_THREADS,
        "server_session_keep_alive": is_left_open,
        "session_parameters": {**PARAMETERS, **(parameters or {})},
    }
    with engine_errors(doing, is_under_way=is_under_way):
        connection = driver.connect(**opening)
        try:
            yield connection
        finally:
            connection.close(retry=False)


def answer_to(connection: "SnowflakeConnection", path: str) -> Mapping[str, Any]:
    """Return what Snowflake has at a path: `{"data": {..}, "success": true}`, or why not."""
    rest = connection.rest
    if rest is None:
        raise TransientPluginError("the session at Snowflake is closed")
    answer: dict[str, Any] = rest.request(path, method="get", client="rest")
    return answer


NO_FILES = (
    "PUT and GET move files of the machine that asks, which is the gateway's: "
    "they cannot be run here"
)


def refuse_files(text: str) -> None:
    """Look whether a statement would move files.

    Raises:
        PluginError: it would.
    """
    from snowflake.connector._sql_util import get_file_transfer_type

    if get_file_transfer_type(text) is not None:
        raise PluginError(NO_FILES, failure=Failure.USER_ERROR)


def cursor_of(connection: "SnowflakeConnection") -> "SnowflakeCursor":
    """Return a cursor that moves no files, whatever Snowflake asks for.

    The driver carries out a PUT or a GET with the files of its own machine: the runner's, whose
    environment and credentials are files too.
    """
    from snowflake.connector.cursor import SnowflakeCursor

    class FilelessCursor(SnowflakeCursor):
        def _create_file_transfer_agent(self, *_: Any, **__: Any) -> NoReturn:  # noqa: ANN401 - the driver's
            raise PluginError(NO_FILES, failure=Failure.USER_ERROR)

    return connection.cursor(FilelessCursor)


def rows_of(connection: "SnowflakeConnection", sql: str, *values: Any) -> list[tuple[Any, ...]]:  # noqa: ANN401 - of SQL
    """Ask something small and wait for the answer."""
    with closing(cursor_of(connection)) as cursor:
        cursor.execute(sql, list(values) or None)
        return list(cursor.fetchall())
