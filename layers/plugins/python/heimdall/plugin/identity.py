"""On whose behalf an engine of AWS is called, and with which rights."""

import hashlib
import json
import re
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any, Protocol, Self

TAG_PREFIX = "heimdall:"
"""How the names of our marks begin on what plugins start."""

_NAME = re.compile(r"[\w+=,.@-]{2,64}", re.ASCII)
_NOT_IN_A_NAME = re.compile(r"[^\w+=,.@-]", re.ASCII)
_NOT_IN_A_TAG = re.compile(r"[^\w .:/=+\-@]")
_MAX_NAME_CHARACTERS, _MAX_TAG_CHARACTERS = 64, 256
_HASH_CHARACTERS = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """Whose work is done, and in which role.

    Attributes:
        deployment: the gateway's own name among others in the account.
        user: for whom: a caller, or the gateway itself.
        caller: the ARN that signed the request; empty for what no request asked for.
        job_id: the job's; empty for what no job asked for.
        role_arn: the role to take; None keeps the executor's own.
        external_id: what the role's owner demands to be told, if anything.
        region: where the engine is; None means where the gateway is.
    """

    deployment: str
    user: str
    caller: str = ""
    job_id: str = ""
    run: int = 0
    role_arn: str | None = None
    external_id: str | None = None
    region: str | None = None

    def at(
        self, *, role_arn: str | None, external_id: str | None = None, region: str | None = None
    ) -> Self:
        """Return the same in a role, which the cluster names, and in a region."""
        return replace(self, role_arn=role_arn, external_id=external_id, region=region)

    @property
    def work_tags(self) -> Mapping[str, str]:
        """The marks of what is started for a run: its job, its run, this deployment."""
        return {
            f"{TAG_PREFIX}job": self.job_id,
            f"{TAG_PREFIX}run": str(self.run),
            f"{TAG_PREFIX}deployment": self.deployment,
        }

    @property
    def work_name(self) -> str:
        """A name for work: 56 letters, digits and dashes, or some more.

        It is the same for every try of a run, and says whose it is: see `run_of`.
        """
        return f"{self.work_name_prefix}{self.job_id}-{self.run}"

    def run_of(self, work_name: str) -> tuple[str, int] | None:
        """Return the job and the run of a `work_name` of this deployment; None for other names."""
        job_id, _, run = work_name.removeprefix(self.work_name_prefix).rpartition("-")
        is_ours = work_name.startswith(self.work_name_prefix) and job_id and run.isdecimal()
        return (job_id, int(run)) if is_ours else None

    @property
    def work_name_prefix(self) -> str:
        """How every `work_name` of this deployment begins."""
        return f"heimdall-{zlib.crc32(self.deployment.encode()):08x}-"

    @property
    def session_tags(self) -> Mapping[str, str]:
        """What a session in a role is tagged with: the marks of the work, user and caller."""
        people = {f"{TAG_PREFIX}user": self.user, f"{TAG_PREFIX}caller": self.caller}
        return {
            name: _NOT_IN_A_TAG.sub("_", value)[:_MAX_TAG_CHARACTERS]
            for name, value in {**self.work_tags, **people}.items()
            if value
        }

    @property
    def session_name(self) -> str:
        """The name of a session in a role: it says which run, as far as names may be long."""
        return _name_of(f"heimdall-{self.job_id or 'gateway'}-{self.run}")

    @property
    def source_identity(self) -> str:
        """The user, as CloudTrail shows it with everything that the session does."""
        return _name_of(self.user)

    def to_text(self) -> str:
        """Write it for a handle."""
        told = {
            field.name: value
            for field in fields(self)
            if (value := getattr(self, field.name)) != field.default
        }
        return json.dumps(told, separators=(",", ":"))

    @classmethod
    def from_text(cls, text: str) -> Self:
        """Read what `to_text` wrote, possibly in a later version, which knows more fields.

        Raises:
            ValueError: it is something else.
        """
        told = json.loads(text)
        if not isinstance(told, dict):
            raise ValueError("an identity is an object")  # noqa: TRY004 - as of all other texts
        known = {field.name for field in fields(cls)}
        try:
            return cls(**{name: value for name, value in told.items() if name in known})
        except TypeError as error:
            raise ValueError(str(error)) from error


def _name_of(text: str) -> str:
    """Return what STS takes as a name: 2 to 64 of its characters.

    A text that is none loses what does not fit, and gets a hash, so that it is like no other's.
    """
    if _NAME.fullmatch(text):
        return text
    digest = hashlib.sha256(text.encode(errors="backslashreplace")).hexdigest()[:_HASH_CHARACTERS]
    kept = _NOT_IN_A_NAME.sub("_", text)[: _MAX_NAME_CHARACTERS - _HASH_CHARACTERS - 1]
    return f"{kept}={digest}"


@dataclass(frozen=True, slots=True)
class Allow:
    """One statement of a session's policy: the session may do this here and nothing else."""

    actions: Sequence[str]
    resources: Sequence[str]


Policy = Sequence[Allow]
"""All that a plugin's session in a role may do, whatever else the role allows."""


ANSWER_SECONDS = 20
"""How long a service may take for an answer, if it does not work meanwhile."""


class AwsAccess(Protocol):
    """Makes clients of AWS."""

    def client(
        self,
        service: str,
        identity: Identity,
        policy: Policy,
        *,
        repeats: bool = True,
        answer_seconds: int = ANSWER_SECONDS,
    ) -> Any:  # noqa: ANN401 - of any service
        """Return a client of a service (as boto3 names it), from a cache.

        Where the identity names a role, the client acts in it: with the user as source identity,
        with session tags, and with no more rights than `policy` has. Credentials are renewed as
        long as the client is used. Without a role the policy has no effect.

        A client that `repeats` makes a call again whose answer was lost: not to be used for a
        call that starts work and takes no client token. An answer may take `answer_seconds`.

        Raises:
            PluginError: the role cannot be taken; raised by the client's calls too.
        """
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class PluginServices:
    """What a plugin is built with."""

    aws: AwsAccess
