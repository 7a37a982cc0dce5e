"""What the errors of Flight mean for a run."""

from collections.abc import Iterator
from contextlib import contextmanager

import pyarrow as pa
from pyarrow import flight

from heimdall.domain.errors import PluginError, TransientPluginError
from heimdall.domain.failures import Failure

_MAX_CHARACTERS = 2_000
_CERTIFICATE = ("CERTIFICATE_VERIFY_FAILED", "certificate verify failed", "Hostname Verification")
_NO_NAME = ("DNS resolution failed", "Domain name not found", "Name or service not known")


@contextmanager
def engine_errors(doing: str) -> Iterator[None]:
    """Translate what Flight raises.

    Args:
        doing: what failed, as errors say it: "running the statement".

    Raises:
        TransientPluginError: StarRocks is out of reach or has no room now.
        PluginError: it refuses, for good.
    """
    try:
        yield
    except flight.FlightError as error:
        raise _translated(error, doing) from None
    except (pa.ArrowException, OSError, ValueError) as error:
        raise _answered(str(error), doing) from None


def _translated(error: flight.FlightError, doing: str) -> PluginError:
    said = _said(error)
    if isinstance(error, flight.FlightUnauthenticatedError):
        return PluginError(f"{doing}: StarRocks lets nobody in with this user and password: {said}")
    if isinstance(error, flight.FlightUnauthorizedError):
        told = f"{doing}: the user may not do this: {said}"
        return PluginError(told, failure=Failure.USER_ERROR)
    if isinstance(error, flight.FlightUnavailableError):
        return _out_of_reach(said, doing)
    if isinstance(error, flight.FlightTimedOutError | flight.FlightCancelledError):
        told = f"{doing}: StarRocks ended the statement: {said}"
        return PluginError(told, failure=Failure.ENGINE_FAULT)
    return _answered(said, doing)


def _out_of_reach(said: str, doing: str) -> PluginError:
    """Tell why there was no answer; a name that is none and a wrong certificate do not pass."""
    if any(part in said for part in _CERTIFICATE):
        return PluginError(f"{doing}: the certificate of StarRocks' host cannot be trusted: {said}")
    if any(part in said for part in _NO_NAME):
        return PluginError(f"{doing}: the name of StarRocks' host cannot be resolved: {said}")
    told = f"{doing}: StarRocks is out of reach: {said}"
    return TransientPluginError(told, failure=Failure.ENGINE_FAULT)


def _answered(said: str, doing: str) -> PluginError:
    return PluginError(f"{doing}: StarRocks says: {said}")


def _said(error: Exception) -> str:
    """Return the server's own words, without what Flight puts behind them."""
    text = str(error).partition(". gRPC client debug context")[0]
    text = text.partition(". Client context:")[0].strip()
    return text[:_MAX_CHARACTERS] or type(error).__name__
