"""What clients see of the catalog and its history: Heimdall's fields, times in epoch seconds."""

from collections.abc import Callable, Mapping
from typing import Any

from heimdall.domain.access import Binding
from heimdall.domain.cluster import Cluster
from heimdall.domain.command import CatalogEntry, Command
from heimdall.domain.history import PastEntry, Revision
from heimdall.domain.policy import Policy
from heimdall.http.views import Json, filled, seconds


def entry_view(entry: CatalogEntry) -> Json:
    """Return an entry of any kind as clients see it."""
    return _VIEWS[type(entry)](entry)


def command_view(command: Command) -> Json:
    """Return a command as clients see it."""
    return {
        **_tagged_view(command),
        "context": dict(command.context),
        "plugin": command.plugin,
        "is_sync": command.is_sync,
        "cluster_tags": list(command.cluster_tags),
        "allowed_callers": list(command.allowed_callers),
        "limits": dict(command.limits),
        "retries": dict(command.retries),
        **_stamps(command),
    }


def cluster_view(cluster: Cluster) -> Json:
    """Return a cluster as clients see it."""
    return {
        **_tagged_view(cluster),
        "context": dict(cluster.context),
        "attributes": {label: dict(shown) for label, shown in cluster.attributes.items()},
        "health_check": cluster.health_check,
        **_stamps(cluster),
    }


def binding_view(binding: Binding) -> Json:
    """Return a binding as clients see it."""
    return {
        "id": binding.id,
        "name": binding.name,
        "user": binding.user,
        **filled(description=binding.description),
        "status": binding.status.value,
        "role": binding.role,
        "principals": list(binding.principals),
        "teams": list(binding.teams),
        **_stamps(binding),
    }


def policy_view(policy: Policy) -> Json:
    """Return a policy as clients see it."""
    return {
        **_tagged_view(policy),
        "cluster_tags": list(policy.cluster_tags),
        "rules": [dict(rule) for rule in policy.rules],
        **filled(ranger=policy.ranger),
        **_stamps(policy),
    }


def entry_status_view(entry: CatalogEntry) -> Json:
    """Return what `GET /command/{id}/status` and its like answer."""
    return {
        "status": entry.status.value,
        "updated_at": seconds(entry.updated_at_ms),
        "revision": entry.revision,
    }


def revision_view(revision: Revision) -> Json:
    """Return one line of an entry's history."""
    return {
        "revision": revision.number,
        "previous_revision": revision.previous,
        "action": revision.action,
        **filled(restored_revision=revision.restored),
        "user": revision.user,
        "principal": revision.principal,
        "created_at": seconds(revision.at_ms),
        "changed": list(revision.changed),
    }


def past_entry_view(past: PastEntry[Any]) -> Json:
    """Return an entry as one revision left it, and what that changed."""
    return {
        **revision_view(past.revision),
        "changes": list(past.changes),
        past.entry.kind: entry_view(past.entry),
    }


def _tagged_view(entry: Command | Cluster | Policy) -> Json:
    return {
        "id": entry.id,
        "name": entry.name,
        **filled(version=entry.version),
        "user": entry.user,
        **filled(description=entry.description),
        "tags": list(entry.all_tags),
        "status": entry.status.value,
    }


def _stamps(entry: CatalogEntry) -> Json:
    return {
        "created_at": seconds(entry.created_at_ms),
        "updated_at": seconds(entry.updated_at_ms),
        "revision": entry.revision,
    }


_VIEWS: Mapping[type[CatalogEntry], Callable[[Any], Json]] = {
    Command: command_view,
    Cluster: cluster_view,
    Binding: binding_view,
    Policy: policy_view,
}
