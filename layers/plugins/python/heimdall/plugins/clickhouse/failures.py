"""What goes wrong at ClickHouse, as the gateway understands it."""

import re
import socket
import ssl
from collections.abc import Mapping

from clickhouse_connect.driver.exceptions import (
    ClickHouseError,
    DataError,
    Error,
    NotSupportedError,
    ProgrammingError,
)

from heimdall.domain.errors import PluginError
from heimdall.domain.failures import Failure

_BY_CODE: Mapping[int, Failure | None] = {
    49: Failure.ENGINE_FAULT,  # LOGICAL_ERROR
    159: Failure.USER_ERROR,  # TIMEOUT_EXCEEDED
    202: Failure.THROTTLED,  # TOO_MANY_SIMULTANEOUS_QUERIES
    209: Failure.ENGINE_FAULT,  # SOCKET_TIMEOUT
    210: Failure.ENGINE_FAULT,  # NETWORK_ERROR
    216: None,  # QUERY_WITH_SAME_ID_IS_ALREADY_RUNNING
    225: Failure.ENGINE_FAULT,  # NO_ZOOKEEPER
    236: Failure.ENGINE_FAULT,  # ABORTED
    241: Failure.NO_CAPACITY,  # MEMORY_LIMIT_EXCEEDED
    242: Failure.ENGINE_FAULT,  # TABLE_IS_READ_ONLY
    243: Failure.NO_CAPACITY,  # NOT_ENOUGH_SPACE
    252: Failure.THROTTLED,  # TOO_MANY_PARTS
    279: Failure.ENGINE_FAULT,  # ALL_CONNECTION_TRIES_FAILED
    319: None,  # UNKNOWN_STATUS_OF_INSERT
    394: None,  # QUERY_WAS_CANCELLED, by somebody else
    439: Failure.NO_CAPACITY,  # CANNOT_SCHEDULE_TASK
    516: None,  # AUTHENTICATION_FAILED
    999: Failure.ENGINE_FAULT,  # KEEPER_EXCEPTION
    1002: None,  # UNKNOWN_EXCEPTION
}
_NOT_BEGUN = 202
_NOISE = re.compile(
    r"^Received ClickHouse exception, code: \d+, server response: |"
    r" \(for url [^)]*\)$| \(version [^)]*\)"
)


def translated(error: ClickHouseError, doing: str) -> PluginError:
    """Return an error of the driver as one of the plugin.

    An error without a code is none of ClickHouse: the driver refuses something, or the connection
    was lost, or never made.
    """
    code = error.code if isinstance(error, Error) else None
    said = _NOISE.sub("", str(error)).strip() or type(error).__name__
    if isinstance(error, ProgrammingError | NotSupportedError | DataError) and code is None:
        return PluginError(f"{doing}: {said}", failure=Failure.USER_ERROR)
    if code is None:
        failure = None if _stays(error) else Failure.ENGINE_FAULT
        return PluginError(f"{doing}: {said}", failure=failure)
    return PluginError(f"{doing}: {said}", failure=_BY_CODE.get(code, Failure.USER_ERROR))


def failed(error: ClickHouseError, *, changes: bool) -> PluginError:
    """Return the error of a statement as one of the plugin.

    Args:
        error: the driver's.
        changes: whether the statement may have changed something: ClickHouse undoes nothing of
            what it did before it failed, so the error has no class that has another run follow.
    """
    told = translated(error, "executing the statement")
    is_begun = not isinstance(error, Error) or error.code != _NOT_BEGUN
    if changes and is_begun and told.failure is not Failure.USER_ERROR:
        return PluginError(f"{told}; how much it did is not known")
    return told


def _stays(error: BaseException) -> bool:
    """Tell whether a server cannot be asked for a reason that will be there next time."""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, ssl.SSLCertVerificationError):
            return True
        if isinstance(cause, socket.gaierror) and cause.errno != socket.EAI_AGAIN:
            return True
        cause = cause.__cause__ or cause.__context__
    return False
