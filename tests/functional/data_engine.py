"""What a data engine is to a gateway's tests, and what jobs ask it."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Any

import boto3

from tests.functional.rich_queries import Asked
from tests.functional.world import World

MANY, SOME, FEW = 200_000, 30_000, 12_000
"""Rows of large results, by how cheaply an engine or its stand-in makes them."""

CANARY = "ca'na\"ry-7f3a/%+x"
"""The secret of each engine that has one."""

PIECES = "'ca''na\"ry-' || '7f3a/%+x'"
"""The secret as SQL in which it does not stand."""


@dataclass(frozen=True, kw_only=True)
class Engine:
    """An engine, and what jobs ask it.

    Attributes:
        secrets: values by their references.
        rich: of many types.
        empty: without rows, with two columns of the same name where the engine has that.
        many: a context whose answer has `rows` rows: the numbers from 1, and their quarters.
        before_many: called before.
        sent: gives the statements that the server got.
        running: gives those that go on, where the stand-in says so.
        echoes: contexts with whose answers the secret comes back; the last of them is large.
        broken: one that fails with the secret in its error.
        refuse: lets the server not take the secret any more; `refused` is asked then, or `rich`.
    """

    plugin: str
    cluster: Mapping[str, Any]
    command: Mapping[str, Any] = field(default_factory=dict)
    secrets: Mapping[str, str] = field(default_factory=dict)
    rich: Asked
    empty: Asked | None = None
    many: Mapping[str, Any] | None = None
    before_many: Callable[[], object] = list
    rows: int = MANY
    sent: Callable[[], list[str]] = list
    running: Callable[[], list[str]] = list
    echoes: Sequence[Mapping[str, Any]] = ()
    broken: Mapping[str, Any] = field(default_factory=dict)
    refuse: Callable[[World], object] = bool
    refused: Mapping[str, Any] | None = None

    def put(self, world: World) -> None:
        """Put the secrets, and into the catalog a cluster and commands: sync, async, narrow."""
        for reference, value in self.secrets.items():
            name = reference.removeprefix("ssm:")
            boto3.client("ssm").put_parameter(Name=name, Value=value, Type="SecureString")
        command = {"plugin": self.plugin, "cluster_tags": ["type:engine"], "context": self.command}
        narrow = dict(self.command) | {"max_rows": 1_000}
        commands: dict[str, dict[str, Any]] = {"sync": {"is_sync": True}, "async": {}}
        if self.many is not None:
            commands["narrow"] = {"is_sync": True, "context": narrow}
        catalog: dict[str, Any] = {
            f"command/{name}": {"name": name, "tags": [f"type:{name}"], **command, **changes}
            for name, changes in commands.items()
        }
        cluster = {"name": "engine", "tags": ["type:engine"], "context": dict(self.cluster)}
        world.put_catalog({"cluster/engine": {**cluster, "health_check": True}, **catalog})


Opened = AbstractContextManager[Engine]


def two_alike(query: str, name: str = "a") -> Asked:
    """A query whose two columns have the same name."""
    return Asked(context={"query": query}, values=[(name, "int"), (name, "string")])
