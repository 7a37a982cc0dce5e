"""Calls to ECS, and what it means when one is refused."""

from collections.abc import Iterator
from contextlib import contextmanager

from botocore.exceptions import ClientError

from heimdall.aws.failures import engine_errors
from heimdall.domain.errors import TransientPluginError
from heimdall.domain.failures import Failure

_THROTTLED = ("rate exceeded", "throttl", "requestlimitexceeded", "too many concurrent attempts")
_FULL = ("capacity", "limit on the number of", "provisioning")
_AMBIGUOUS = ("InvalidParameterException", "ClientException")


@contextmanager
def ecs_errors(doing: str, *, is_under_way: bool = False) -> Iterator[None]:
    """Translate what botocore raises; see `engine_errors`.

    ECS wraps throttling by the services that it calls itself, and its own quotas, into errors that
    otherwise mean a wrong request: only their text tells.

    Raises:
        TransientPluginError: throttled, full or unreachable.
        PluginError: refused for good.
    """
    with engine_errors(doing, gone=("ClusterNotFoundException",), is_under_way=is_under_way):
        try:
            yield
        except ClientError as error:
            told = error.response.get("Error", {})
            text = told.get("Message", "").lower()
            if told.get("Code") in _AMBIGUOUS:
                said = f"{doing}: {told.get('Code')}: {told.get('Message')}"
                if any(word in text for word in _THROTTLED):
                    raise TransientPluginError(said) from error
                if any(word in text for word in _FULL):
                    raise TransientPluginError(said, failure=Failure.NO_CAPACITY) from error
            raise
