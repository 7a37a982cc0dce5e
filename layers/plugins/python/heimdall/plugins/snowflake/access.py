"""Who asks Snowflake where: of a run, of its handle, or of the gateway itself."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Self

from pydantic import ValidationError

from heimdall.aws.handles import value_of
from heimdall.domain.errors import PluginError
from heimdall.plugin.spec import RunHandle
from heimdall.plugins.snowflake.options import ClusterOptions

SECRETS = ("private_key", "private_key_passphrase", "token")
"""The fields of a cluster that hold secrets; a handle has their references by these names."""

Reveal = Callable[[], str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """How to get into an account.

    Attributes:
        cluster: where it is.
        is_oauth: whether by a token, or by a key.
        secrets: what reveals them.
        role: that is taken there; None means the user's default.
    """

    cluster: ClusterOptions
    is_oauth: bool
    secrets: Mapping[str, Reveal]
    role: str | None = None

    @classmethod
    def of_job(cls, cluster: ClusterOptions, *, user: str, role: str | None) -> Self:
        """Get in for a job: with its user's own token, if there is one for each user.

        Raises:
            PluginError: the user can have none by that name.
        """
        if cluster.token is not None and cluster.authenticator == "oauth":
            cluster = cluster.model_copy(update={"token": cluster.token.of_user(user)})
        return cls._of(cluster, is_oauth=cluster.authenticator == "oauth", role=role)

    @classmethod
    def of_gateway(cls, cluster: ClusterOptions, *, role: str | None = None) -> Self | None:
        """Get in for the gateway itself: None if there are users' tokens only."""
        if cluster.private_key is not None:
            return cls._of(cluster, is_oauth=False, role=role)
        if cluster.token is None or cluster.token.reference.is_per_user:
            return None
        return cls._of(cluster, is_oauth=True, role=role)

    @classmethod
    def of_handle(cls, handle: RunHandle) -> Self:
        """Get in as for the run that the handle is of.

        Raises:
            PluginError: the handle is of another version.
        """
        try:
            told = json.loads(value_of(handle, "cluster"))
            references = {name: handle.values[name] for name in SECRETS if name in handle.values}
            cluster = ClusterOptions.model_validate({**told, **references})
        except (ValueError, TypeError, ValidationError) as error:
            raise PluginError(f"the handle of the work cannot be read: {error}") from error
        secrets = {name: _of_handle(handle, name) for name in references}
        is_oauth = value_of(handle, "authenticator") == "oauth"
        return cls(
            cluster=cluster, is_oauth=is_oauth, secrets=secrets, role=handle.values.get("role")
        )

    @classmethod
    def _of(cls, cluster: ClusterOptions, *, is_oauth: bool, role: str | None) -> Self:
        found = {name: getattr(cluster, name) for name in SECRETS}
        secrets = {name: secret.reveal for name, secret in found.items() if secret is not None}
        return cls(cluster=cluster, is_oauth=is_oauth, secrets=secrets, role=role)

    def has(self, name: str) -> bool:
        """Tell whether there is a secret of this name."""
        return name in self.secrets

    def reveal(self, name: str) -> str:
        """Return a secret's value.

        Raises:
            TransientPluginError: it cannot be read now.
            PluginError: it cannot be read, or there is none.
        """
        if name not in self.secrets:
            raise PluginError(f"there is no {name} to get into Snowflake with")
        return self.secrets[name]()

    def to_values(self) -> dict[str, str]:
        """Write it for a handle: of secrets their references only."""
        told = self.cluster.model_dump_json(exclude=set(SECRETS), exclude_none=True)
        found = {name: getattr(self.cluster, name) for name in SECRETS}
        references = {name: str(secret) for name, secret in found.items() if secret is not None}
        role = {"role": self.role} if self.role else {}
        authenticator = "oauth" if self.is_oauth else "key_pair"
        return {"cluster": told, "authenticator": authenticator, **references, **role}


def _of_handle(handle: RunHandle, name: str) -> Reveal:
    return lambda: handle.reveal(name)
