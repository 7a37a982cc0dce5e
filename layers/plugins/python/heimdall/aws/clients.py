"""Clients of AWS's services, each in the role that a cluster names."""

import json
from collections.abc import Callable
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import boto3
from botocore.config import Config
from botocore.credentials import (
    AssumeRoleCredentialFetcher,
    CredentialProvider,
    DeferredRefreshableCredentials,
)
from botocore.session import Session

from heimdall.plugin.identity import Identity, Policy

if TYPE_CHECKING:
    from botocore.client import BaseClient

SESSION_SECONDS = 3_600
"""How long credentials of a role last: AWS grants no more to who is in a role already."""

KEPT_CLIENTS = 64
_ATTEMPTS = 3


class AwsClients:
    """Makes clients and keeps the latest; implements `heimdall.plugin.identity.AwsAccess`."""

    def __init__(self) -> None:
        self._client = lru_cache(maxsize=KEPT_CLIENTS)(_client)

    def client(
        self, service: str, identity: Identity, policy: Policy, *, repeats: bool = True
    ) -> Any:  # noqa: ANN401 - of any service
        """Return a client of a service, in the identity's role if it names one."""
        if identity.role_arn is None:
            # Who asks makes no difference then: all share one client.
            identity = Identity(deployment="", user="", region=identity.region)
            return self._client(service, identity, "", repeats=repeats)
        return self._client(service, identity, policy_text(policy), repeats=repeats)


def policy_text(policy: Policy) -> str:
    """Write a session's policy for STS."""
    statements = [
        {"Effect": "Allow", "Action": list(part.actions), "Resource": list(part.resources)}
        for part in policy
    ]
    return json.dumps({"Version": "2012-10-17", "Statement": statements}, separators=(",", ":"))


def _client(service: str, identity: Identity, policy: str, *, repeats: bool) -> "BaseClient":
    config = Config(
        retries={"mode": "standard", "total_max_attempts": _ATTEMPTS if repeats else 1},
        connect_timeout=3,
        read_timeout=20,
    )
    if identity.role_arn is None:
        return boto3.client(service, region_name=identity.region, config=config)  # type: ignore[call-overload, no-any-return]  # not a literal
    session = Session()
    own = session.get_credentials()
    fetcher = AssumeRoleCredentialFetcher(
        client_creator=session.create_client,
        source_credentials=own,
        role_arn=identity.role_arn,
        extra_args=_session_arguments(identity, policy),
    )
    inside = Session()
    inside.get_component("credential_provider").insert_before(
        "env", _InRole(fetcher.fetch_credentials)
    )
    region = identity.region or boto3.Session().region_name
    made: BaseClient = inside.create_client(service, region_name=region, config=config)
    return made


def _session_arguments(identity: Identity, policy: str) -> dict[str, Any]:
    tags = [{"Key": name, "Value": value} for name, value in identity.session_tags.items()]
    arguments: dict[str, Any] = {
        "RoleSessionName": identity.session_name,
        "SourceIdentity": identity.source_identity,
        "Tags": tags,
        "DurationSeconds": SESSION_SECONDS,
        "Policy": policy,
    }
    if identity.external_id:
        arguments["ExternalId"] = identity.external_id
    return arguments


class _InRole(CredentialProvider):
    """Gives credentials that are fetched when they are first needed, and again before they end."""

    METHOD = "heimdall-role"
    CANONICAL_NAME = "heimdall-role"

    def __init__(self, fetch: Callable[[], dict[str, Any]]) -> None:
        super().__init__()
        self._fetch = fetch

    def load(self) -> DeferredRefreshableCredentials:
        """Return the credentials."""
        return DeferredRefreshableCredentials(self._fetch, self.METHOD)
