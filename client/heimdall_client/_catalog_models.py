"""Commands, clusters, bindings and policies as they are defined and shown."""

from enum import StrEnum
from typing import Annotated, Any

from pydantic import BeforeValidator, Field

from heimdall_client._limits import (
    CommandLimits,
    CommandRetries,
    ShownCommandLimits,
    ShownCommandRetries,
)
from heimdall_client._policies import PolicyRule, Ranger, ShownPolicyRule, ShownRanger
from heimdall_client._wire import Answer, Attribute, Definition, JsonObject


class CatalogStatus(StrEnum):
    """The statuses of commands and clusters; only ACTIVE ones are given jobs."""

    ACTIVE = "ACTIVE"
    INACTIVE = "INACTIVE"
    DELETED = "DELETED"


def _status(value: object) -> object:
    known = {status.value: status for status in CatalogStatus}
    return known.get(value.upper(), value) if isinstance(value, str) else value


AnyCaseStatus = Annotated[CatalogStatus, BeforeValidator(_status)]


class EntryDefinition(Definition):
    """What all entries of the catalog have. A status of None means ACTIVE for a new one."""

    name: str = Field(min_length=1)
    description: str = ""
    status: AnyCaseStatus | None = None


class TaggedDefinition(EntryDefinition):
    """What commands, clusters and policies have in common."""

    version: str = ""
    tags: list[str] = Field(default_factory=list)


class CatalogDefinition(TaggedDefinition):
    """What commands and clusters have in common."""

    context: JsonObject = Field(default_factory=dict)


class CommandDefinition(CatalogDefinition):
    """A command: what may be run, and with which plugin.

    Attributes:
        is_sync: whether whoever submits a job for it waits for the result.
        cluster_tags: tags that a cluster must all have for the command to run there.
        allowed_callers: regular expressions; who matches one as a whole, by name or by ARN, may
            use the command. None at all: everybody may who may submit.
        limits: how long its jobs may take.
        retries: what becomes of its jobs whose runs fail.
    """

    plugin: str = Field(min_length=1)
    is_sync: bool = False
    cluster_tags: list[str] = Field(default_factory=list)
    allowed_callers: list[str] = Field(default_factory=list)
    limits: CommandLimits = Field(default_factory=CommandLimits)
    retries: CommandRetries = Field(default_factory=CommandRetries)


class ClusterDefinition(CatalogDefinition):
    """A cluster: where commands may run; its context says how to reach it.

    Attributes:
        attributes: what it tells of its jobs, by label; the values are templates.
        health_check: whether it is asked whether it works.
    """

    attributes: dict[str, Attribute] = Field(default_factory=dict)
    health_check: bool = False


class BindingDefinition(EntryDefinition):
    """A binding: who has which role.

    Attributes:
        role: `viewer`, `submitter`, `operator` or `admin`.
        principals: patterns of ARNs (`arn:...`), of users that proxies name (`named:...`), or `*`.
        teams: whose jobs they see beside their own.
    """

    role: str = Field(min_length=1)
    principals: list[str] = Field(min_length=1)
    teams: list[str] = Field(default_factory=list)


class PolicyDefinition(TaggedDefinition):
    """A policy: which SQL may be executed on which clusters, and on whose behalf.

    Attributes:
        cluster_tags: it guards the clusters that have all of these tags.
        rules: who may do what; it has some, or `ranger`, or both.
        ranger: where further rules come from.
    """

    cluster_tags: list[str] = Field(min_length=1)
    rules: list[PolicyRule] = Field(default_factory=list)
    ranger: Ranger | None = None


class CatalogEntry(Answer):
    """What all entries of the catalog have. Times are seconds since the epoch, UTC.

    Attributes:
        user: who wrote it last.
        revision: of the catalog, that it came with.
    """

    id: str
    name: str = ""
    user: str = ""
    description: str = ""
    status: str = ""
    revision: int | None = None
    created_at: int | None = None
    updated_at: int | None = None


class Command(CatalogEntry):
    """A command as the API shows it; its tags include the system tags (`_id:` and so on)."""

    version: str = ""
    tags: list[str] = Field(default_factory=list)
    context: dict[str, Any] = Field(default_factory=dict)
    plugin: str = ""
    is_sync: bool = False
    cluster_tags: list[str] = Field(default_factory=list)
    allowed_callers: list[str] = Field(default_factory=list)
    limits: ShownCommandLimits = Field(default_factory=ShownCommandLimits)
    retries: ShownCommandRetries = Field(default_factory=ShownCommandRetries)


class Cluster(CatalogEntry):
    """A cluster as the API shows it; its tags include the system tags (`_id:` and so on)."""

    version: str = ""
    tags: list[str] = Field(default_factory=list)
    context: dict[str, Any] = Field(default_factory=dict)
    attributes: dict[str, Attribute] = Field(default_factory=dict)
    health_check: bool = False


class Binding(CatalogEntry):
    """A binding as the API shows it."""

    role: str = ""
    principals: list[str] = Field(default_factory=list)
    teams: list[str] = Field(default_factory=list)


class Policy(CatalogEntry):
    """A policy as the API shows it; its tags include the system tags (`_id:` and so on)."""

    version: str = ""
    tags: list[str] = Field(default_factory=list)
    cluster_tags: list[str] = Field(default_factory=list)
    rules: list[ShownPolicyRule] = Field(default_factory=list)
    ranger: ShownRanger | None = None


class Revision(Answer):
    """One line of an entry's history. Times are seconds since the epoch, UTC.

    Attributes:
        revision: of the catalog, that it came with.
        previous_revision: the entry's revision before; None if this is its first.
        action: `put`, `status` or `rollback`.
        user: for whom it was changed.
        principal: the ARN that signed.
        changed: names of the fields that it changed.
        restored_revision: what a rollback went back to.
    """

    revision: int
    previous_revision: int | None = None
    action: str = ""
    user: str = ""
    principal: str = ""
    created_at: int | None = None
    changed: list[str] = Field(default_factory=list)
    restored_revision: int | None = None


class FieldChange(Answer):
    """One field that a revision changed."""

    field: str
    before: Any = None
    after: Any = None


class PastEntry(Revision):
    """A revision, and the entry as it left it: a command, a cluster, a binding or a policy.

    Attributes:
        changes: the fields that it changed, with their values before and after.
    """

    changes: list[FieldChange] = Field(default_factory=list)
    command: Command | None = None
    cluster: Cluster | None = None
    binding: Binding | None = None
    policy: Policy | None = None
