"""Commands and clusters as they are defined and shown."""

from enum import StrEnum
from typing import Annotated, Any

from pydantic import BeforeValidator, Field

from heimdall_client._wire import Answer, Definition, JsonObject


class CatalogStatus(StrEnum):
    """The statuses of commands and clusters; only ACTIVE ones are given jobs."""

    ACTIVE = "ACTIVE"
    INACTIVE = "INACTIVE"
    DELETED = "DELETED"


def _status(value: object) -> object:
    known = {status.value: status for status in CatalogStatus}
    return known.get(value.upper(), value) if isinstance(value, str) else value


AnyCaseStatus = Annotated[CatalogStatus, BeforeValidator(_status)]


class CatalogDefinition(Definition):
    """What commands and clusters have in common. A status of None means ACTIVE for a new one."""

    name: str = Field(min_length=1)
    version: str = ""
    description: str = ""
    status: AnyCaseStatus | None = None
    tags: list[str] = Field(default_factory=list)
    context: JsonObject = Field(default_factory=dict)


class CommandDefinition(CatalogDefinition):
    """A command: what may be run, and with which plugin.

    Attributes:
        is_sync: whether whoever submits a job for it waits for the result.
        cluster_tags: tags that a cluster must all have for the command to run there.
    """

    plugin: str = Field(min_length=1)
    is_sync: bool = False
    cluster_tags: list[str] = Field(default_factory=list)


class ClusterDefinition(CatalogDefinition):
    """A cluster: where commands may run; its context says how to reach it."""


class CatalogEntry(Answer):
    """What commands and clusters have in common. Times are seconds since the epoch, UTC."""

    id: str
    name: str = ""
    version: str = ""
    user: str = ""
    description: str = ""
    status: str = ""
    tags: list[str] = Field(default_factory=list)
    context: dict[str, Any] = Field(default_factory=dict)
    created_at: int | None = None
    updated_at: int | None = None


class Command(CatalogEntry):
    """A command as the API shows it; its tags include the system tags (`_id:` and so on)."""

    plugin: str = ""
    is_sync: bool = False
    cluster_tags: list[str] = Field(default_factory=list)


class Cluster(CatalogEntry):
    """A cluster as the API shows it; its tags include the system tags (`_id:` and so on)."""
