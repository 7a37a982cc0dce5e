"""Who calls: what IAM says, or whom a trusted proxy names."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from heimdall.domain.access import AccessRules, Caller
from heimdall.domain.clock import Clock
from heimdall.domain.errors import ForbiddenError, InvalidRequestError, UnauthenticatedError

if TYPE_CHECKING:
    from heimdall.domain.audit import AuditLog

USER_HEADER = "x-heimdall-user"
MAX_USER_CHARACTERS = 128


@dataclass(frozen=True, slots=True, kw_only=True)
class Gate:
    """What a function of the API tells its callers by, and where it notes whom it refused.

    Attributes:
        trusted_proxies: ARNs of the users and roles that may name somebody else.
        audit: gives the trail; most requests have nothing for it, and so do not load it.
    """

    trusted_proxies: frozenset[str]
    rules: AccessRules
    audit: "Callable[[], AuditLog]"
    clock: Clock


def signer_of(event: Mapping[str, Any]) -> Caller:
    """Tell who signed a request of an HTTP API with IAM authorization.

    Args:
        event: the API's event, payload format 2.0.

    Raises:
        UnauthenticatedError: the event carries no IAM identity.
    """
    context = event["requestContext"]
    iam = context.get("authorizer", {}).get("iam") or {}
    arn = iam.get("userArn")
    if not arn:
        raise UnauthenticatedError("sign the request with AWS credentials (SigV4, execute-api)")
    principal, name = _principal_of(arn)
    return Caller(principal=principal, user=name, request_id=str(context.get("requestId", "")))


def caller_of(event: Mapping[str, Any], signer: Caller, trusted_proxies: frozenset[str]) -> Caller:
    """Tell whom a request is for: its signer, or the user that a trusted proxy names.

    Raises:
        ForbiddenError: somebody who is no trusted proxy named a user.
        InvalidRequestError: the name is empty, too long or not printable.
    """
    headers = event.get("headers", {})
    named = next((text for name, text in headers.items() if name.lower() == USER_HEADER), None)
    if named is None:
        return signer
    if signer.principal not in trusted_proxies:
        raise ForbiddenError(
            f"{signer.principal} is no trusted proxy and may not send X-Heimdall-User"
        )
    return replace(signer, user=_checked_name(named), is_named=True)


def _principal_of(arn: str) -> tuple[str, str]:
    """Split `arn:aws:sts::A:assumed-role/R/session` into `arn:aws:iam::A:role/R` and `R`."""
    head, _, resource = arn.rpartition(":")
    kind, *path = resource.split("/")
    if kind == "assumed-role" and path:
        partition_and_account = head.replace(":sts:", ":iam:", 1)
        return f"{partition_and_account}:role/{path[0]}", path[0]
    return arn, path[-1] if path else kind


def _checked_name(named: str) -> str:
    name = named.strip()
    if not name or len(name) > MAX_USER_CHARACTERS or not name.isprintable():
        raise InvalidRequestError(
            f"X-Heimdall-User must be 1 to {MAX_USER_CHARACTERS} printable characters",
            details=[{"path": "X-Heimdall-User", "message": "not a user's name"}],
        )
    return name
