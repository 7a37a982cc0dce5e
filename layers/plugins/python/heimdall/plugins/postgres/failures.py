"""Says what an error of PostgreSQL or of the way there means, without any secret."""

from collections.abc import Mapping, Sequence

import psycopg

from heimdall.domain.errors import PluginError
from heimdall.domain.failures import Failure

_BY_STATE: Mapping[str, Failure] = {
    "0A": Failure.USER_ERROR,
    "08": Failure.ENGINE_FAULT,
    "40": Failure.ENGINE_FAULT,
    "53": Failure.NO_CAPACITY,
    "55": Failure.USER_ERROR,
    "55006": Failure.NO_CAPACITY,
    "55P03": Failure.NO_CAPACITY,
    "57": Failure.ENGINE_FAULT,
    "57P03": Failure.NO_CAPACITY,
    "57P04": Failure.USER_ERROR,
    "58": Failure.ENGINE_FAULT,
    "72": Failure.ENGINE_FAULT,
    "F0": Failure.ENGINE_FAULT,
    "HV": Failure.ENGINE_FAULT,
    "XX": Failure.ENGINE_FAULT,
}
"""What an SQLSTATE, or all of its class, means; any other is the user's error."""

_REASONS: Sequence[tuple[str, str, Failure]] = (
    ("certificate verify failed", "its certificate is not trusted", Failure.USER_ERROR),
    ("server certificate for", "its certificate is for another host", Failure.USER_ERROR),
    ("does not support SSL", "it takes no encrypted connections", Failure.USER_ERROR),
    ("root certificate file", "sslrootcert has to say whom to trust", Failure.USER_ERROR),
    ("resolve host", "its host name does not resolve", Failure.ENGINE_FAULT),
    ("translate host", "its host name does not resolve", Failure.ENGINE_FAULT),
    ("Connection refused", "nothing listens there", Failure.ENGINE_FAULT),
    ("timeout", "it did not answer in time", Failure.ENGINE_FAULT),
    ("timed out", "it did not answer in time", Failure.ENGINE_FAULT),
    ("unreachable", "there is no way to it", Failure.ENGINE_FAULT),
    ("authentication failed", "it does not take this user and password", Failure.USER_ERROR),
    ("no password supplied", "it wants a password and was given none", Failure.USER_ERROR),
    ("no pg_hba.conf entry", "it does not let this user in from here", Failure.USER_ERROR),
    ("too many", "it takes no more connections", Failure.NO_CAPACITY),
    ("remaining connection slots", "it takes no more connections", Failure.NO_CAPACITY),
    ("the database system is", "it is starting or stopping", Failure.NO_CAPACITY),
    ("FATAL:  database ", "there is no such database, or not for this user", Failure.USER_ERROR),
    ("FATAL:  role ", "there is no such user, or it may not log in", Failure.USER_ERROR),
    ("FATAL:  permission denied", "this user may not connect", Failure.USER_ERROR),
    ("invalid", "its settings are not valid", Failure.USER_ERROR),
)
"""What the driver says, what that means to people, and whether another run may help."""


def failure_of(state: str | None) -> Failure:
    """Return what an SQLSTATE means; without one, the connection is gone."""
    if not state:
        return Failure.ENGINE_FAULT
    return _BY_STATE.get(state) or _BY_STATE.get(state[:2]) or Failure.USER_ERROR


def statement_error(error: psycopg.Error, *, sql: str = "", number: int = 0) -> PluginError:
    """Say what went wrong with a statement.

    Args:
        error: the driver's.
        sql: its text, by which the line of the error is told.
        number: which of several it was, from 1; 0 if there is only one.
    """
    state, said = error.sqlstate, error.diag
    where = f", statement {number}" if number else ""
    if not state and isinstance(error, psycopg.DataError | psycopg.ProgrammingError):
        text = f"a parameter has a value that PostgreSQL does not take{where}"
        return PluginError(text, failure=Failure.USER_ERROR)
    if not state or not said.message_primary:
        text = f"the connection to the server was lost{where}"
        return PluginError(text, failure=Failure.ENGINE_FAULT)
    if said.statement_position and sql:
        where += f", line {sql.count(chr(10), 0, int(said.statement_position) - 1) + 1}"
    text = f"{said.message_primary} (SQLSTATE {state}{where})"
    more = [part for part in (said.message_detail, said.message_hint) if part]
    return PluginError("; ".join([text, *more]), failure=failure_of(state))


def unsettled(error: PluginError) -> PluginError:
    """Say that work may have been done in spite of an error: it is not to be done once more."""
    return PluginError(f"{error}; whether anything that was done is kept is not known")


def connection_error(error: psycopg.Error, place: str) -> PluginError:
    """Say why there is no connection, in words of our own: the driver's may hold a secret.

    Args:
        error: the driver's.
        place: what was to be connected to, for people.
    """
    said = str(error)
    for mark, reason, failure in _REASONS:
        if mark in said:
            return PluginError(f"no connection to {place}: {reason}", failure=failure)
    text = f"no connection to {place}: it could not be reached"
    return PluginError(text, failure=Failure.ENGINE_FAULT)
