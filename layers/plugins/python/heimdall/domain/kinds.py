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
)

KINDS: Mapping[str, type[CatalogEntry]] = {kind.kind: kind for kind in (Command, Cluster, Binding)}

_MISSING: Mapping[str, type[NotFoundError]] = {
    Command.kind: CommandNotFoundError,
    Cluster.kind: ClusterNotFoundError,
    Binding.kind: BindingNotFoundError,
}


def entry_not_found(kind: type[CatalogEntry], entry_id: str) -> NotFoundError:
    """Make the error that says that there is no such entry."""
    return _MISSING[kind.kind](f"there is no {kind.kind} {entry_id!r}")
