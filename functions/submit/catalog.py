"""Changing the catalog."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, TypeVar

from functions.submit.schemas import (
    ClusterRequest,
    CommandRequest,
    StatusRequest,
    parse_context,
    plain_tags,
)
from heimdall.domain.access import Caller
from heimdall.domain.cluster import Cluster
from heimdall.domain.command import CatalogEntry, CatalogStatus, Command, system_tags
from heimdall.domain.errors import (
    ClusterNotFoundError,
    CommandNotFoundError,
    InvalidRequestError,
    NotFoundError,
    UnknownPluginError,
)
from heimdall.observability import count
from heimdall.runtime import SubmitRuntime

MAX_ID_CHARACTERS = 255

Entry = TypeVar("Entry", bound=CatalogEntry)


def put_command(
    command_id: str, request: CommandRequest, *, caller: Caller, runtime: SubmitRuntime
) -> Command:
    """Add or replace a command.

    Raises:
        InvalidRequestError: the id or the context is wrong.
        UnknownPluginError: the deployment lacks the plugin.
    """
    _check_id(command_id, request.id)
    if not runtime.runners.has_plugin(request.plugin):
        raise UnknownPluginError(
            f"plugin: this deployment has no plugin {request.plugin!r}",
            details=[{"path": "plugin", "message": "not among the plugins of any runner"}],
        )
    models = runtime.plugins.options(request.plugin)
    parse_context(models.command, request.context, path="context")
    now_ms = runtime.clock.now_ms()
    wanted = Command(
        **_common(command_id, request, caller),
        plugin=request.plugin,
        is_sync=request.is_sync,
        cluster_tags=tuple(dict.fromkeys(request.cluster_tags)),
    )
    written = runtime.catalog.write_command(
        command_id, lambda existing: _stamped(wanted, existing, now_ms)
    )
    runtime.catalog_cache.look_again()
    count("CommandWritten", command_id=command_id, user=caller.user)
    return written


def put_cluster(
    cluster_id: str, request: ClusterRequest, *, caller: Caller, runtime: SubmitRuntime
) -> Cluster:
    """Add or replace a cluster.

    Raises:
        InvalidRequestError: the id is wrong.
    """
    _check_id(cluster_id, request.id)
    now_ms = runtime.clock.now_ms()
    wanted = Cluster(**_common(cluster_id, request, caller))
    written = runtime.catalog.write_cluster(
        cluster_id, lambda existing: _stamped(wanted, existing, now_ms)
    )
    runtime.catalog_cache.look_again()
    count("ClusterWritten", cluster_id=cluster_id, user=caller.user)
    return written


def put_command_status(
    command_id: str, request: StatusRequest, *, caller: Caller, runtime: SubmitRuntime
) -> Command:
    """Change a command's status only.

    Raises:
        CommandNotFoundError: there is no such command.
    """
    written = _put_status(
        runtime.catalog.write_command,
        CommandNotFoundError(f"there is no command {command_id!r}"),
        _StatusChange(command_id, request, caller, runtime.clock.now_ms()),
    )
    runtime.catalog_cache.look_again()
    count("CommandWritten", command_id=command_id, user=caller.user)
    return written


def put_cluster_status(
    cluster_id: str, request: StatusRequest, *, caller: Caller, runtime: SubmitRuntime
) -> Cluster:
    """Change a cluster's status only.

    Raises:
        ClusterNotFoundError: there is no such cluster.
    """
    written = _put_status(
        runtime.catalog.write_cluster,
        ClusterNotFoundError(f"there is no cluster {cluster_id!r}"),
        _StatusChange(cluster_id, request, caller, runtime.clock.now_ms()),
    )
    runtime.catalog_cache.look_again()
    count("ClusterWritten", cluster_id=cluster_id, user=caller.user)
    return written


@dataclass(frozen=True, slots=True)
class _StatusChange:
    entry_id: str
    request: StatusRequest
    caller: Caller
    now_ms: int


def _put_status(
    write: Callable[[str, Callable[[Entry | None], Entry]], Entry],
    missing: NotFoundError,
    wanted: _StatusChange,
) -> Entry:
    def change(existing: Entry | None) -> Entry:
        if existing is None:
            raise missing
        return replace(
            existing,
            status=CatalogStatus(wanted.request.status),
            user=wanted.caller.user,
            updated_at_ms=wanted.now_ms,
        )

    return write(wanted.entry_id, change)


def _common(entry_id: str, request: ClusterRequest, caller: Caller) -> dict[str, Any]:
    return {
        "id": entry_id,
        "name": request.name,
        "version": request.version,
        "description": request.description,
        "tags": plain_tags(
            request.tags,
            system_tags(id=entry_id, name=request.name, version=request.version),
        ),
        "status": CatalogStatus(request.status),
        "context": request.context,
        "user": caller.user,
    }


def _stamped(wanted: Entry, existing: CatalogEntry | None, now_ms: int) -> Entry:
    created_at_ms = existing.created_at_ms if existing else now_ms
    return replace(wanted, created_at_ms=created_at_ms, updated_at_ms=now_ms)


def _check_id(entry_id: str, sent: str | None) -> None:
    is_sound = 0 < len(entry_id) <= MAX_ID_CHARACTERS and entry_id.isprintable()
    message = (
        f"must be 1 to {MAX_ID_CHARACTERS} printable characters"
        if not is_sound
        else f"is {sent!r}, but the path says {entry_id!r}"
        if sent not in (None, entry_id)
        else None
    )
    if message:
        raise InvalidRequestError(f"id {message}", details=[{"path": "id", "message": message}])
