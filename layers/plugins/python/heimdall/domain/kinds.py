"""The kinds of entries that the catalog holds."""

from collections.abc import Mapping

from heimdall.domain.access import Binding
from heimdall.domain.cluster import Cluster
from heimdall.domain.command import CatalogEntry, Command
from heimdall.domain.errors import (
    BindingNotFoundError,
    ClusterNotFoundError,
    CommandNotFoundError,
    NotFoundError,
    PolicyNotFoundError,
)
from heimdall.domain.policy import Policy

ROUTED: tuple[type[CatalogEntry], ...] = (Command, Cluster, Binding)
"""What a submission needs: who may submit, what may run, and where."""

KINDS: Mapping[str, type[CatalogEntry]] = {
    **{kind.kind: kind for kind in ROUTED},
    Policy.kind: Policy,
}

_MISSING: Mapping[str, type[NotFoundError]] = {
    Command.kind: CommandNotFoundError,
    Cluster.kind: ClusterNotFoundError,
    Binding.kind: BindingNotFoundError,
    Policy.kind: PolicyNotFoundError,
}


def entry_not_found(kind: type[CatalogEntry], entry_id: str) -> NotFoundError:
    """Make the error that says that there is no such entry."""
    return _MISSING[kind.kind](f"there is no {kind.kind} {entry_id!r}")
