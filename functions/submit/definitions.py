"""What clients send, checked and made an entry of the catalog."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from functions.submit.catalog_schemas import (
    BindingRequest,
    ClusterRequest,
    CommandRequest,
    EntryRequest,
)
from functions.submit.contexts import (
    check_cluster_context,
    check_command_context,
    check_references,
)
from functions.submit.limits import limit_faults
from functions.submit.policy_schemas import PolicyRequest, RangerRequest
from functions.submit.schemas import Request, parse_body, plain_tags, refusal
from heimdall.domain.access import Binding
from heimdall.domain.attributes import template_faults
from heimdall.domain.cluster import Cluster
from heimdall.domain.command import CatalogStatus, Command, system_tags
from heimdall.domain.errors import InvalidRequestError, UnknownPluginError
from heimdall.domain.history import AnyEntry
from heimdall.domain.policy import Policy
from heimdall.plugin.secret_fields import secret_paths
from heimdall.runtime import SubmitRuntime

MAX_ID_CHARACTERS = 255

AnyRequest = TypeVar("AnyRequest", bound=Request)


@dataclass(frozen=True, slots=True)
class Definition(Generic[AnyEntry, AnyRequest]):
    """How entries of one kind are written.

    Attributes:
        kind: what they are.
        request: what is sent for one.
        define: checks what was sent for an id, and makes the entry; who writes it, and when, is
            still to be added.
    """

    kind: type[AnyEntry]
    request: type[AnyRequest]
    define: Callable[[str, AnyRequest, SubmitRuntime], AnyEntry]

    def request_for(self, entry: AnyEntry) -> AnyRequest:
        """Return what would have to be sent for an entry as it is.

        Raises:
            InvalidRequestError: it may no longer be sent.
        """
        values = entry.to_dict()
        sent = {name: values[name] for name in self.request.model_fields}
        return parse_body(self.request, json.dumps(sent))


def define_command(command_id: str, request: CommandRequest, runtime: SubmitRuntime) -> Command:
    """Make a command of what was sent for it.

    Raises:
        InvalidRequestError: the id or the context is wrong, or limits contradict one another.
        UnknownPluginError: the deployment lacks the plugin.
    """
    _check_id(command_id, request.id)
    if not runtime.runners.has_plugin(request.plugin):
        raise UnknownPluginError(
            f"plugin: this deployment has no plugin {request.plugin!r}",
            details=[{"path": "plugin", "message": "not among the plugins of any runner"}],
        )
    check_command_context(request.context, request.plugin, runtime)
    limits = request.limits.model_dump(exclude_none=True)
    retries = request.retries.model_dump(exclude_unset=True)
    faults = limit_faults(limits, retries)
    if faults:
        raise refusal(faults)
    return Command(
        **_common(command_id, request),
        context=request.context,
        plugin=request.plugin,
        is_sync=request.is_sync,
        cluster_tags=tuple(dict.fromkeys(request.cluster_tags)),
        allowed_callers=tuple(dict.fromkeys(request.allowed_callers)),
        limits=limits,
        retries=retries,
    )


def define_cluster(cluster_id: str, request: ClusterRequest, runtime: SubmitRuntime) -> Cluster:
    """Make a cluster of what was sent for it.

    Raises:
        InvalidRequestError: the id, a template, a secret or a reference is wrong.
    """
    _check_id(cluster_id, request.id)
    check_cluster_context(request.context, runtime)
    attributes = {label: shown.model_dump() for label, shown in request.attributes.items()}
    faults = template_faults(attributes)
    if faults:
        raise refusal(faults)
    return Cluster(
        **_common(cluster_id, request),
        context=request.context,
        attributes=attributes,
        health_check=request.health_check,
    )


def define_binding(binding_id: str, request: BindingRequest, _: SubmitRuntime) -> Binding:
    """Make a binding of what was sent for it.

    Raises:
        InvalidRequestError: the id is wrong.
    """
    _check_id(binding_id, request.id)
    return Binding(
        id=binding_id,
        name=request.name or binding_id,
        description=request.description,
        status=CatalogStatus(request.status),
        role=request.role,
        principals=tuple(dict.fromkeys(request.principals)),
        teams=tuple(dict.fromkeys(request.teams)),
    )


def define_policy(policy_id: str, request: PolicyRequest, _: SubmitRuntime) -> Policy:
    """Make a policy of what was sent for it.

    Raises:
        InvalidRequestError: the id is wrong, a reference is stray, or there is nothing in it.
    """
    _check_id(policy_id, request.id)
    if not request.rules and request.ranger is None:
        raise refusal([{"path": "rules", "message": "are missing: give rules, ranger, or both"}])
    sent = request.model_dump(mode="json", include={"rules", "ranger"})
    if sent["ranger"]:
        check_references(sent["ranger"], secret_paths(RangerRequest), path="ranger")
    return Policy(
        **_common(policy_id, request),
        cluster_tags=tuple(dict.fromkeys(request.cluster_tags)),
        rules=tuple(sent["rules"]),
        ranger=sent["ranger"],
    )


DEFINITIONS: Mapping[str, Definition[Any, Any]] = {
    "command": Definition(Command, CommandRequest, define_command),
    "cluster": Definition(Cluster, ClusterRequest, define_cluster),
    "binding": Definition(Binding, BindingRequest, define_binding),
    "policy": Definition(Policy, PolicyRequest, define_policy),
}


def _common(entry_id: str, request: EntryRequest) -> dict[str, Any]:
    system = system_tags(id=entry_id, name=request.name, version=request.version)
    return {
        "id": entry_id,
        "name": request.name,
        "version": request.version,
        "description": request.description,
        "tags": plain_tags(request.tags, system),
        "status": CatalogStatus(request.status),
    }


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
