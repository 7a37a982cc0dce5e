"""Tells apart what can go wrong when an engine of AWS is called."""

from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager
from typing import TypeVar

from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    NoCredentialsError,
    ParamValidationError,
)

from heimdall.domain.errors import AccessLostError, PluginError, TransientPluginError
from heimdall.domain.failures import Failure

T = TypeVar("T")

THROTTLED = frozenset(
    {
        *("Throttling", "ThrottlingException", "ThrottledException", "RequestThrottled"),
        *(
            "TooManyRequestsException",
            "RequestLimitExceeded",
            "SlowDown",
            "RequestThrottledException",
        ),
        *("ProvisionedThroughputExceededException", "ActiveStatementsExceededException"),
        "KmsThrottlingException",
    }
)
"""Codes by which services ask for patience."""

ACCESS = frozenset(
    {
        *("AccessDenied", "AccessDeniedException", "UnauthorizedOperation", "AuthFailure"),
        *("ExpiredToken", "ExpiredTokenException", "InvalidClientTokenId"),
        *("UnrecognizedClientException", "NotAuthorized", "KmsAccessDeniedException"),
    }
)
"""Codes by which services say that the caller may not."""

_SERVER_ERROR = 500


class RoleRefusedError(ClientError):
    """STS did not give a session in a role.

    Attributes:
        role_arn: the role.
    """

    def __init__(self, error: ClientError, role_arn: str) -> None:
        super().__init__(error.response, error.operation_name)
        self.role_arn = role_arn


@contextmanager
def engine_errors(
    doing: str,
    *,
    gone: Collection[str] = (),
    capacity: Collection[str] = (),
    faults: Collection[str] = (),
    is_under_way: bool = False,
) -> Iterator[None]:
    """Translate what botocore raises into what the gateway understands.

    Args:
        doing: for people, what was tried: `starting the query`.
        gone: codes by which this call says that the work is not there (any more).
        capacity: codes by which this call says that the engine is full.
        faults: codes by which this call says that the engine failed; a 5xx status needs none.
        is_under_way: whether the work was started: lost access to it is no end of it.

    Raises:
        TransientPluginError: throttled or unreachable.
        AccessLostError: under way, and without access.
        PluginError: refused for good.
    """
    try:
        yield
    except ClientError as error:
        raise _translated(error, doing, gone, capacity, faults, is_under_way) from error
    except (ParamValidationError, NoCredentialsError) as error:
        raise PluginError(f"{doing}: {error}") from error
    except BotoCoreError as error:
        raise TransientPluginError(f"{doing}: {error}", failure=Failure.ENGINE_FAULT) from error


def translated(items: Iterable[T], doing: str) -> Iterator[T]:
    """Yield what is read from work that was started; errors are those of `engine_errors`."""
    with engine_errors(doing, is_under_way=True):
        yield from items


def error_code(error: ClientError) -> str:
    """Return the code of a service's error."""
    return str(error.response.get("Error", {}).get("Code", ""))


def _translated(
    error: ClientError,
    doing: str,
    gone: Collection[str],
    capacity: Collection[str],
    faults: Collection[str],
    is_under_way: bool,
) -> PluginError:
    code = error_code(error)
    said = f"{doing}: {code}: {error.response.get('Error', {}).get('Message', '')}"
    status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    if isinstance(error, RoleRefusedError):
        said = f"the role {error.role_arn} cannot be assumed: {said}"
    if code in THROTTLED:
        return TransientPluginError(said)
    if code in capacity:
        return TransientPluginError(said, failure=Failure.NO_CAPACITY)
    if code in gone:
        return PluginError(f"the engine no longer knows the work: {said}")
    if status >= _SERVER_ERROR or code in faults:
        return TransientPluginError(said, failure=Failure.ENGINE_FAULT)
    if is_under_way and code in ACCESS:
        return AccessLostError(said, failure=Failure.ENGINE_FAULT)
    return PluginError(said)
