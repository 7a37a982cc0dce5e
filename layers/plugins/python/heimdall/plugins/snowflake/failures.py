"""What Snowflake's and its driver's errors mean for a run."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus
from typing import TYPE_CHECKING

from heimdall.domain.errors import AccessLostError, PluginError, TransientPluginError
from heimdall.domain.failures import Failure

if TYPE_CHECKING:
    from snowflake.connector.errors import Error

CANCELED = 604
"""The error of a statement that was ended by somebody."""

_TIMED_OUT = (630, 631)
_FAULTS = (300_002, 300_004, 370_001, 608, 609)  # incidents; a warehouse that cannot be resumed
_FULL = (625, 626, 639)  # as many statements as the account or the warehouse may have
_HTTP = 290_000
"""What the driver adds to a status of HTTP that is no answer, once or twice."""

_BUSY = (429, 503)
_OUT_OF_REACH = (250_001, 250_003, 250_005, 251_011, 251_012, 252_002, 255_002, 255_005)
_LOGIN = range(390_000, 395_000)
_GONE = (612, 709)
_OF_THE_STATEMENT = range(1, 200_000)  # up to 99,999 what it says, then its data
_FAULT_STATES = ("XX", "58", "53", "57", "40", "08")
_USER_STATES = ("0A", "02", "21", "22", "23", "25", "26", "28", "2F", "34", "38", "42", "44", "P0")


def failure_of(code: int, state: str) -> Failure | None:
    """Return the class of a statement's failure; None if nobody can tell.

    Args:
        code: Snowflake's number for the error.
        state: its SQLSTATE, or nothing.
    """
    if code in _FAULTS:
        return Failure.ENGINE_FAULT
    if code in _FULL:
        return Failure.NO_CAPACITY
    if code in _TIMED_OUT or state.startswith(_USER_STATES):
        return Failure.USER_ERROR
    if state.startswith(_FAULT_STATES):
        return Failure.ENGINE_FAULT
    return Failure.USER_ERROR if code in _OF_THE_STATEMENT else None


@contextmanager
def engine_errors(doing: str, *, is_under_way: bool = False) -> Iterator[None]:
    """Translate whatever the driver raises.

    Args:
        doing: what failed, as errors say it: "starting the statement".
        is_under_way: whether the work goes on: then nothing that can pass ends the run.

    Raises:
        TransientPluginError: Snowflake is out of reach or has no room now.
        PluginError: it refuses, for good.
    """
    from snowflake.connector.errors import Error
    from snowflake.connector.vendored.requests.exceptions import RequestException

    try:
        yield
    except Error as error:
        raise _translated(error, doing, is_under_way=is_under_way) from None
    except RequestException as error:
        raise _out_of_reach(error, doing, is_under_way=is_under_way) from None


def _translated(error: "Error", doing: str, *, is_under_way: bool) -> PluginError:
    code, said = error.errno or -1, (error.raw_msg or error.msg or "no reason given").strip()
    state = "" if error.sqlstate in (None, "n/a") else error.sqlstate
    told = f"{doing}: Snowflake says {code:06d}" + (f" ({state})" if state else "") + f": {said}"
    if code in _LOGIN:
        return AccessLostError(told) if is_under_way else PluginError(told)
    if code in _OUT_OF_REACH:
        return _out_of_reach(error, doing, is_under_way=is_under_way)
    failure = _of_status(code % _HTTP) if code >= _HTTP else failure_of(code, state)
    if failure is None or failure is Failure.USER_ERROR:
        return PluginError(told, failure=failure)
    return TransientPluginError(told, failure=failure)


def _of_status(status: int) -> Failure | None:
    if status in _BUSY:
        return Failure.THROTTLED
    return Failure.ENGINE_FAULT if status >= HTTPStatus.INTERNAL_SERVER_ERROR else None


def _out_of_reach(error: BaseException, doing: str, *, is_under_way: bool) -> PluginError:
    """Tell why there was no answer; a name that is none and a wrong certificate do not pass."""
    causes = list(_causes(error))
    text = " ".join(str(cause) for cause in causes)
    if "CERTIFICATE_VERIFY_FAILED" in text or "certificate verify failed" in text:
        told = f"{doing}: the certificate of Snowflake's host cannot be trusted"
        lasts = True
    elif any(isinstance(cause, socket.gaierror) for cause in causes):
        told, lasts = f"{doing}: the name of Snowflake's host cannot be resolved", True
    else:
        told, lasts = f"{doing}: Snowflake is out of reach: {causes[-1]}", False
    if lasts and not is_under_way:
        return PluginError(told)
    return TransientPluginError(told, failure=Failure.ENGINE_FAULT)


def _causes(error: BaseException) -> Iterator[BaseException]:
    """Yield an error and those behind it; the driver hides them, also in arguments."""
    rest, seen = [error], set[int]()
    while rest:
        each = rest.pop(0)
        if id(each) in seen:
            continue
        seen.add(id(each))
        yield each
        behind = [each.__cause__, each.__context__, getattr(each, "reason", None), *each.args]
        rest.extend(one for one in behind if isinstance(one, BaseException))
