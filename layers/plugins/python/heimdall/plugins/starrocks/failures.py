"""What the errors of Flight mean for a run."""

import re
from collections.abc import Iterator
from contextlib import contextmanager

import pyarrow as pa
from pyarrow import flight

from heimdall.domain.errors import PluginError, TransientPluginError
from heimdall.domain.failures import Failure

_USERS = re.compile(
    r"syntax error|analyzing error|unknown (?:database|table|column|error catalog)|access denied"
    r"|no matching function|does not exist|doesn't exist|parser error|binder error",
    re.IGNORECASE,
)
_FULL = re.compile(r"memory .*exceed|exceed.* memory|too many|queue is full", re.IGNORECASE)
_PREFIX = re.compile(r"^Flight returned [\w ]+ error, with message: ")
_MAX_CHARACTERS = 2_000
_CERTIFICATE = ("CERTIFICATE_VERIFY_FAILED", "certificate verify failed", "Hostname Verification")
_NO_NAME = ("DNS resolution failed", "Domain name not found", "Name or service not known")


@contextmanager
def engine_errors(doing: str, *, is_under_way: bool = False) -> Iterator[None]:
    """Translate what Flight raises.

    Args:
        doing: what failed, as errors say it: "running the statement".
        is_under_way: whether the statement may have had an effect: then it is not for the
            gateway to begin it once more, as it does after a TransientPluginError.

    Raises:
        TransientPluginError: StarRocks is out of reach, and nothing was begun.
        PluginError: it refuses, or failed.
    """
    try:
        yield
    except flight.FlightError as error:
        raise _translated(error, doing, is_under_way=is_under_way) from None
    except (pa.ArrowException, OSError) as error:
        raise _answered(_said(error), doing) from None


def unsettled(error: PluginError) -> PluginError:
    """Return the error of a statement that changes something: its class makes no other run follow.

    Whether it was carried out is not known if its answer was lost, or was not read to its end.
    """
    if error.failure is not Failure.ENGINE_FAULT:
        return error
    return PluginError(f"{error}; whether it did anything is not known")


def _translated(error: flight.FlightError, doing: str, *, is_under_way: bool) -> PluginError:
    said = _said(error)
    if isinstance(error, flight.FlightUnauthenticatedError):
        return PluginError(f"{doing}: StarRocks lets nobody in with this user and password: {said}")
    if isinstance(error, flight.FlightUnauthorizedError):
        told = f"{doing}: the user may not do this: {said}"
        return PluginError(told, failure=Failure.USER_ERROR)
    if isinstance(error, flight.FlightUnavailableError | flight.FlightTimedOutError):
        return _out_of_reach(said, doing, is_under_way=is_under_way)
    if isinstance(error, flight.FlightCancelledError):
        told = f"{doing}: StarRocks ended the statement: {said}"
        return PluginError(told, failure=Failure.ENGINE_FAULT)
    return _answered(said, doing)


def _out_of_reach(said: str, doing: str, *, is_under_way: bool) -> PluginError:
    """Tell why there was no answer; a name that is none and a wrong certificate do not pass."""
    if any(part in said for part in _CERTIFICATE):
        return PluginError(f"{doing}: the certificate of StarRocks' host cannot be trusted: {said}")
    if any(part in said for part in _NO_NAME):
        return PluginError(f"{doing}: the name of StarRocks' host cannot be resolved: {said}")
    told = f"{doing}: StarRocks is out of reach: {said}"
    kind = PluginError if is_under_way else TransientPluginError
    return kind(told, failure=Failure.ENGINE_FAULT)


def _answered(said: str, doing: str) -> PluginError:
    failure = None
    if _USERS.search(said):
        failure = Failure.USER_ERROR
    elif _FULL.search(said):
        failure = Failure.NO_CAPACITY
    return PluginError(f"{doing}: StarRocks says: {said}", failure=failure)


def _said(error: Exception) -> str:
    """Return the server's own words, without what Flight puts behind them."""
    text = _PREFIX.sub("", str(error)).partition("gRPC client debug context")[0]
    text = text.partition("Client context:")[0].strip(" .").removesuffix(". Detail: Failed")
    return text[:_MAX_CHARACTERS] or type(error).__name__
