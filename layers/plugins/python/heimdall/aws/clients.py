"""Clients of AWS's services, each in the role that a cluster names."""

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from functools import lru_cache
from threading import RLock
from typing import TYPE_CHECKING, Any, cast

import boto3
from botocore.config import Config
from botocore.credentials import (
    CredentialProvider,
    CredentialResolver,
    DeferredRefreshableCredentials,
)
from botocore.exceptions import ClientError
from botocore.session import Session

from heimdall.aws.failures import RoleRefusedError
from heimdall.domain.errors import PluginError
from heimdall.plugin.identity import ANSWER_SECONDS, Identity, Policy

if TYPE_CHECKING:
    from botocore.client import BaseClient
    from mypy_boto3_sts import STSClient

SESSION_SECONDS = 3_600
"""How long credentials of a role last: AWS grants no more to who is in a role already."""

KEPT_CLIENTS = 32
"""A client takes about half a megabyte, and a job needs a few for as long as it is worked on."""

MAX_POLICY_CHARACTERS = 2_048
"""STS takes no longer policy of a session."""

_ATTEMPTS = 3


def _now() -> datetime:
    return datetime.now(UTC)  # noqa: TID251 - what botocore compares with the end of credentials


class AwsClients:
    """Makes clients and keeps the latest; implements `heimdall.plugin.identity.AwsAccess`.

    Args:
        now: tells when credentials have to be renewed.
    """

    def __init__(self, *, now: Callable[[], datetime] = _now) -> None:
        self._now = now
        self._own = Session()
        self._lock = RLock()
        self._client = lru_cache(maxsize=KEPT_CLIENTS)(self._make_client)
        self._session = lru_cache(maxsize=KEPT_CLIENTS)(self._make_session)
        self._sts = lru_cache(maxsize=1)(self._make_sts)

    def client(
        self,
        service: str,
        identity: Identity,
        policy: Policy,
        *,
        repeats: bool = True,
        answer_seconds: int = ANSWER_SECONDS,
    ) -> Any:  # noqa: ANN401 - of any service
        """Return a client of a service, in the identity's role if it names one.

        Raises:
            PluginError: the policy is longer than STS takes.
        """
        text = ""
        if identity.role_arn is None:
            # Who asks makes no difference then: all share one client.
            identity = Identity(deployment="", user="", region=identity.region)
        else:
            text = policy_text(policy)
        with self._lock:  # boto3 makes clients in one thread at a time only
            return self._client(
                service, identity, text, repeats=repeats, answer_seconds=answer_seconds
            )

    def _make_client(
        self, service: str, identity: Identity, policy: str, *, repeats: bool, answer_seconds: int
    ) -> "BaseClient":
        config = Config(
            retries={"mode": "standard", "total_max_attempts": _ATTEMPTS if repeats else 1},
            connect_timeout=3,
            read_timeout=answer_seconds,
            tcp_keepalive=answer_seconds > ANSWER_SECONDS,  # gateways forget silent connections
        )
        if identity.role_arn is None:
            return boto3.client(service, region_name=identity.region, config=config)  # type: ignore[call-overload, no-any-return]  # not a literal
        region = identity.region or self._own.get_config_variable("region")
        session = self._session(replace(identity, region=None), policy)
        made: BaseClient = session.create_client(service, region_name=region, config=config)
        return made

    def _make_session(self, identity: Identity, policy: str) -> Session:
        """Return what makes clients in a role; the role is taken with the first of their calls."""
        arguments = session_arguments(identity, policy)
        credentials = DeferredRefreshableCredentials(
            lambda: self._assume(arguments), _InRole.METHOD, time_fetcher=self._now
        )
        session = Session()
        session.register_component(
            "credential_provider", CredentialResolver([_InRole(credentials)])
        )
        # The services' models, which are most of what a client takes, are read once for all.
        session.register_component("data_loader", self._own.get_component("data_loader"))
        return session

    def _assume(self, arguments: dict[str, Any]) -> dict[str, str]:
        with self._lock:
            sts = self._sts()
        try:
            given = sts.assume_role(**arguments)["Credentials"]
        except ClientError as error:
            raise RoleRefusedError(error, arguments["RoleArn"]) from error
        return {
            "access_key": given["AccessKeyId"],
            "secret_key": given["SecretAccessKey"],
            "token": given["SessionToken"],
            "expiry_time": given["Expiration"].isoformat(),
        }

    def _make_sts(self) -> "STSClient":
        config = Config(
            retries={"mode": "standard", "total_max_attempts": _ATTEMPTS},
            connect_timeout=3,
            read_timeout=10,
        )
        return cast("STSClient", self._own.create_client("sts", config=config))


def policy_text(policy: Policy) -> str:
    """Write a session's policy for STS.

    Raises:
        PluginError: it is longer than STS takes.
    """
    statements = [
        {"Effect": "Allow", "Action": list(part.actions), "Resource": list(part.resources)}
        for part in policy
    ]
    text = json.dumps({"Version": "2012-10-17", "Statement": statements}, separators=(",", ":"))
    if len(text) > MAX_POLICY_CHARACTERS:
        raise PluginError(
            f"the rights that the job's session in its role needs take {len(text):,} characters, "
            f"and STS takes {MAX_POLICY_CHARACTERS:,}: shorten the names of what the command, the "
            "cluster and the job work with, or use fewer of them"
        )
    return text


def session_arguments(identity: Identity, policy: str) -> dict[str, Any]:
    """Return what STS's AssumeRole is asked for an identity that names a role."""
    tags = [{"Key": name, "Value": value} for name, value in identity.session_tags.items()]
    arguments: dict[str, Any] = {
        "RoleArn": identity.role_arn,
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
    """Gives the one set of credentials of a session."""

    METHOD = "heimdall-role"
    CANONICAL_NAME = "heimdall-role"

    def __init__(self, credentials: DeferredRefreshableCredentials) -> None:
        super().__init__()
        self._credentials = credentials

    def load(self) -> DeferredRefreshableCredentials:
        """Return the credentials."""
        return self._credentials
