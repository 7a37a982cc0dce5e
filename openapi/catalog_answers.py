"""What the API answers about the catalog and its history."""

from typing import Any, Literal

from heimdall.domain.access import Role
from heimdall.domain.command import CatalogStatus
from heimdall.domain.failures import Failure
from heimdall.domain.history import Action
from heimdall.domain.policy import Effect
from openapi.answers import ABSENT, Answer, Attribute, EpochSeconds, JsonObject, Tags


class Entry(Answer):
    """What commands, clusters, bindings and policies have in common."""

    id: str
    name: str
    user: str
    """Who wrote it last."""
    description: str = ABSENT
    status: CatalogStatus
    """Only ACTIVE ones count; deleting is a status."""
    created_at: EpochSeconds
    updated_at: EpochSeconds
    revision: int
    """The catalog's revision that this version of it came with; also its ETag."""


class Tagged(Entry):
    """What commands, clusters and policies have in common."""

    version: str = ABSENT
    tags: Tags


class WithContext(Tagged):
    """What commands and clusters have in common."""

    context: JsonObject
    """Settings for the plugin; what is secret is a reference."""


class Cluster(WithContext):
    """Where a command may run; its context says how to reach it."""

    attributes: dict[str, Attribute]
    """What its jobs show, by label; the values are templates."""
    health_check: bool
    """Whether it is probed."""


class CommandLimits(Answer):
    """How long a command's jobs may take, in seconds; no limit where there is no field."""

    queue_seconds: int = ABSENT
    """How long each run of a job may wait that asks for nothing else."""
    run_seconds: int = ABSENT
    """How long it may take; likewise."""
    max_queue_seconds: int = ABSENT
    """How long a job may ask to wait at most."""
    max_run_seconds: int = ABSENT
    """How long a run it may ask for at most."""


class CommandRetries(Answer):
    """What becomes of a command's jobs whose runs fail; fields that nobody set are left out."""

    max_runs: int = ABSENT
    """How many runs a job may have in all."""
    failures: list[Failure] = ABSENT
    """Classes of failures that are worth another run."""
    backoff_seconds: int = ABSENT
    """The longest pause before the second run; it doubles with every run."""
    max_backoff_seconds: int = ABSENT
    """The longest pause of all."""
    elsewhere: bool = ABSENT
    """Whether the next run goes to another cluster, if one fits."""


class Command(WithContext):
    """What may be run, and with which plugin."""

    plugin: str
    is_sync: bool
    """Whether the submitter waits for the result."""
    cluster_tags: list[str]
    """Tags that a cluster must all have for the command to run there."""
    allowed_callers: list[str]
    """Regular expressions; only callers whom one of them matches as a whole may run it."""
    limits: CommandLimits
    retries: CommandRetries


class Binding(Entry):
    """Gives a role to callers, and puts them into teams."""

    role: Role
    principals: list[str]
    """Patterns of callers, with `*` and `?`: ARNs, or `named:<user>`."""
    teams: list[str]
    """Whose jobs these callers see beside their own."""


class Rule(Answer):
    """What some may do with some tables, or may not; deny wins."""

    effect: Effect
    actions: list[str]
    """What statements do, such as `select`; `*` is anything."""
    catalogs: list[str]
    """Patterns of names, with `*` and `?`; so are schemas and tables."""
    schemas: list[str]
    tables: list[str]
    principals: list[str]
    """Patterns of callers: ARNs, `named:<user>`, `team:<name>`, or `*`."""
    except_principals: list[str]
    """Patterns of those whom the rule is not about."""


class RangerClient(Answer):
    """How to reach the server of Apache Ranger."""

    endpoint: str
    username: str
    password: str
    """A reference to a secret."""


class RangerParser(Answer):
    """How its policies are read."""

    type: Literal["trino"]
    default_catalog: str
    """The catalog of names that have none."""


class Ranger(Answer):
    """A service of Apache Ranger whose policies count as rules too."""

    service_name: str
    sync_interval_in_minutes: int
    client: RangerClient
    parser: RangerParser


class Policy(Tagged):
    """Rules for the SQL of all jobs on the clusters that it guards."""

    cluster_tags: list[str]
    """It guards the clusters that have all of these tags."""
    rules: list[Rule]
    ranger: Ranger = ABSENT
    """Where further rules come from."""


class EntryState(Answer):
    """An entry's status alone."""

    status: CatalogStatus
    updated_at: EpochSeconds
    revision: int


class CommandPage(Answer):
    """A page of commands."""

    data: list[Command]
    has_more: bool
    next_cursor: str = ABSENT


class ClusterPage(Answer):
    """A page of clusters."""

    data: list[Cluster]
    has_more: bool
    next_cursor: str = ABSENT


class BindingPage(Answer):
    """A page of bindings."""

    data: list[Binding]
    has_more: bool
    next_cursor: str = ABSENT


class PolicyPage(Answer):
    """A page of policies."""

    data: list[Policy]
    has_more: bool
    next_cursor: str = ABSENT


class Revision(Answer):
    """One line of an entry's history."""

    revision: int
    previous_revision: int | None
    """The entry's revision before; null if this was its first."""
    action: Action
    restored_revision: int = ABSENT
    """The revision that a rollback went back to."""
    user: str
    """Who changed it, by name."""
    principal: str
    """The ARN that signed the request."""
    created_at: EpochSeconds
    changed: list[str]
    """The fields that it changed."""


class RevisionPage(Answer):
    """A page of an entry's history."""

    data: list[Revision]
    has_more: bool
    next_cursor: str = ABSENT


class Change(Answer):
    """What a revision did to one field."""

    field: str
    before: Any
    """Null if the entry was new."""
    after: Any


class PastEntry(Revision):
    """What every revision shows in whole."""

    changes: list[Change]


class PastCommand(PastEntry):
    """A command as one revision left it."""

    command: Command


class PastCluster(PastEntry):
    """A cluster as one revision left it."""

    cluster: Cluster


class PastBinding(PastEntry):
    """A binding as one revision left it."""

    binding: Binding


class PastPolicy(PastEntry):
    """A policy as one revision left it."""

    policy: Policy
