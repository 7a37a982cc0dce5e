"""Turns what AWS says, or does not say, when it is asked too much into the gateway's own error."""

from collections.abc import Iterator
from contextlib import contextmanager

from botocore.exceptions import ClientError, HTTPClientError
from botocore.exceptions import ConnectionError as NoConnectionError

from heimdall.domain.errors import StoreThrottledError

_THROTTLED = frozenset(
    {
        "ProvisionedThroughputExceededException",
        "RequestLimitExceeded",
        "ServiceUnavailable",
        "SlowDown",
        "Throttling",
        "ThrottlingException",
        "TooManyRequestsException",
    }
)


@contextmanager
def throttling_translated() -> Iterator[None]:
    """Raise StoreThrottledError where botocore gave up retrying; leave other errors alone."""
    try:
        yield
    except (NoConnectionError, HTTPClientError) as error:
        raise StoreThrottledError("the gateway's store does not answer; try again") from error
    except ClientError as error:
        if error_code(error) in _THROTTLED:
            raise StoreThrottledError(
                "the gateway's store is busy; try again in a few seconds"
            ) from error
        raise


def error_code(error: ClientError) -> str:
    """Return the service's word for what happened."""
    return error.response["Error"]["Code"]
