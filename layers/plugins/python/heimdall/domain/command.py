"""Commands: what may be run, and with which plugin."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from enum import StrEnum
from typing import Any, ClassVar, Self


class CatalogStatus(StrEnum):
    """Whether a command or cluster may be chosen: only ACTIVE ones are."""

    ACTIVE = "ACTIVE"
    INACTIVE = "INACTIVE"
    DELETED = "DELETED"


_TUPLES = ("tags", "cluster_tags", "allowed_callers", "principals", "teams", "rules")


@dataclass(frozen=True, slots=True, kw_only=True)
class CatalogEntry:
    """What commands, clusters and bindings have in common.

    Attributes:
        kind: the word for what it is, in paths and messages.
        tags: the writer's tags, without the system tags.
        context: settings for the plugin, any JSON object.
        user: who wrote it last.
        revision: the catalog's revision that this version of it came with.
    """

    kind: ClassVar[str] = "entry"

    id: str
    name: str
    version: str = ""
    description: str = ""
    tags: tuple[str, ...] = ()
    status: CatalogStatus = CatalogStatus.ACTIVE
    context: Mapping[str, Any] = field(default_factory=dict)
    user: str = ""
    created_at_ms: int = 0
    updated_at_ms: int = 0
    revision: int = 0

    @property
    def is_active(self) -> bool:
        """Whether jobs may be sent there."""
        return self.status is CatalogStatus.ACTIVE

    @property
    def all_tags(self) -> tuple[str, ...]:
        """The tags that criteria are matched against: the writer's and the system's."""
        return (*self.tags, *system_tags(id=self.id, name=self.name, version=self.version))

    def to_dict(self) -> dict[str, Any]:
        """Return all fields as JSON-safe values, for storing and for sending."""
        return {item.name: getattr(self, item.name) for item in fields(self)}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Self:
        """Read what `to_dict` wrote, possibly after it was JSON."""
        known: dict[str, Any] = dict(values)
        known["status"] = CatalogStatus(known["status"])
        for name in _TUPLES:
            if name in known:
                known[name] = tuple(known[name])
        return cls(**known)


@dataclass(frozen=True, slots=True, kw_only=True)
class Command(CatalogEntry):
    """What may be run.

    Attributes:
        plugin: the name of the plugin that runs it.
        is_sync: whether the submitter waits for the result.
        cluster_tags: tags that a cluster must all have for this command to run there.
        allowed_callers: regular expressions; only callers whose name or subject one of them
            matches as a whole may run it. Empty: everybody who may submit jobs.
        limits: of its jobs, in seconds: `queue_seconds` and `run_seconds` for those that ask for
            nothing else, `max_queue_seconds` and `max_run_seconds` for those that do.
        retries: what to do about runs that fail: see `heimdall.domain.retries.RetryPolicy`.
    """

    kind: ClassVar[str] = "command"

    plugin: str
    is_sync: bool = False
    cluster_tags: tuple[str, ...] = ()
    allowed_callers: tuple[str, ...] = ()
    limits: Mapping[str, int] = field(default_factory=dict)
    retries: Mapping[str, Any] = field(default_factory=dict)


SYSTEM_TAG_NAMES = ("_id", "_name", "_version")


def system_tags(*, id: str, name: str, version: str) -> tuple[str, ...]:  # noqa: A002 - the tag's name
    """Return the tags that every object carries without being asked."""
    return (f"_id:{id}", f"_name:{name}", f"_version:{version}")
