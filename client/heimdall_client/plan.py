"""What applying a catalog file would do, and the doing of it."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, Literal

from heimdall_client._catalog_models import CatalogEntry, CatalogStatus, EntryDefinition
from heimdall_client._client import Client
from heimdall_client._differences import Difference, differences
from heimdall_client._entries import NOT_THERE, Entries
from heimdall_client._exceptions import (
    ApiError,
    ApplyError,
    BindingNotFoundError,
    ClusterNotFoundError,
    CommandNotFoundError,
    HeimdallError,
    PolicyNotFoundError,
)
from heimdall_client._kinds import PLURALS, Kind
from heimdall_client._queries import EntryQuery
from heimdall_client.catalog_file import CatalogFile

READERS = 8
Action = Literal["add", "change", "leave", "delete"]

_ORDER: tuple[Kind, ...] = ("policy", "cluster", "command", "binding")
"""Clusters are guarded before they are there, commands look for them; last comes who may use it."""

_ENDS: tuple[Kind, ...] = ("command", "cluster", "binding", "policy")
"""What is pruned goes the other way: a policy stays as long as what it guards."""

_NOT_FOUND = (
    BindingNotFoundError,
    ClusterNotFoundError,
    CommandNotFoundError,
    PolicyNotFoundError,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """What happens to one entry.

    Attributes:
        definition: what is written; its status is the present one where the file gives none. None
            for what is deleted.
        changes: what differs; empty for what is added.
        if_revision: the revision that the plan has seen; nothing is written if it is another.
    """

    kind: Kind
    id: str
    action: Action
    definition: EntryDefinition | None = None
    changes: tuple[Difference, ...] = ()
    if_revision: int | None = None

    @property
    def fields(self) -> tuple[str, ...]:
        """The fields in which something changes."""
        return tuple(dict.fromkeys(change.field for change in self.changes))


def make_plan(client: Client, catalog: CatalogFile, *, prune: bool = False) -> list[Step]:
    """Compare a file with the catalog.

    Args:
        client: the API.
        catalog: what the file says.
        prune: delete entries that the file does not have, of the kinds that it lists.

    Raises:
        ApplyError: the API refused to show something; its cause says why.
    """
    with ThreadPoolExecutor(READERS) as pool:
        steps = [
            step
            for kind in _ORDER
            for step in _steps(pool, kind, catalog.of(kind), _entries(client, kind).get)
        ]
    if prune:
        for kind in _ENDS:
            if kind in catalog.kinds:
                steps += _deletions(client, kind, catalog.of(kind))
    return steps


def apply_plan(client: Client, plan: Iterable[Step]) -> int:
    """Write what is added, changed or deleted, one by one; returns how many were.

    Raises:
        ApplyError: one could not be written, or was changed since the plan was made; its cause
            says why.
    """
    steps = [step for step in plan if step.action != "leave"]
    for index, step in enumerate(steps):
        try:
            _write(client, step)
        except HeimdallError as error:
            raise ApplyError(
                f"the {step.kind} {step.id} could not be written\n"
                f"applied: {_listed(steps[:index])}\n"
                f"not applied: {_listed(steps[index:])}"
            ) from error
    return len(steps)


def _write(client: Client, step: Step) -> None:
    entries = _entries(client, step.kind)
    if step.definition is None:
        entries.set_status(step.id, CatalogStatus.DELETED, if_revision=step.if_revision)
    else:
        entries.put(step.id, step.definition, if_revision=step.if_revision)


def _entries(client: Client, kind: Kind) -> Entries[Any, Any]:
    by_kind: dict[Kind, Entries[Any, Any]] = {
        "command": client.commands,
        "cluster": client.clusters,
        "binding": client.bindings,
        "policy": client.policies,
    }
    return by_kind[kind]


def _steps(
    pool: ThreadPoolExecutor,
    kind: Kind,
    wanted: Mapping[str, EntryDefinition],
    get: Callable[[str], CatalogEntry],
) -> Iterator[Step]:
    def current(entry_id: str) -> CatalogEntry | None:
        try:
            return get(entry_id)
        except _NOT_FOUND:
            return None
        except ApiError as error:
            message = f"the {kind} {entry_id} could not be read; nothing was changed"
            raise ApplyError(message) from error

    found = pool.map(current, wanted)
    for (entry_id, definition), entry in zip(wanted.items(), found, strict=True):
        yield _step(kind, entry_id, definition, entry)


def _step(
    kind: Kind, entry_id: str, definition: EntryDefinition, entry: CatalogEntry | None
) -> Step:
    if entry is None:
        return Step(
            kind=kind, id=entry_id, action="add", definition=definition, if_revision=NOT_THERE
        )
    if definition.status is None:
        definition = definition.model_copy(update={"status": _status_to_keep(entry)})
    changes = tuple(differences(entry, definition))
    return Step(
        kind=kind,
        id=entry_id,
        action="change" if changes else "leave",
        definition=definition,
        changes=changes,
        if_revision=entry.revision,
    )


def _deletions(client: Client, kind: Kind, wanted: Mapping[str, EntryDefinition]) -> Iterator[Step]:
    deleted = CatalogStatus.DELETED.value
    there = EntryQuery(status=[status.value for status in CatalogStatus if status != deleted])
    try:
        found = list(_entries(client, kind).iterate(there))
    except ApiError as error:
        message = f"the {PLURALS[kind]} could not be listed; nothing was changed"
        raise ApplyError(message) from error
    for entry in sorted(found, key=lambda entry: str(entry.id)):
        if entry.id not in wanted:
            yield Step(
                kind=kind,
                id=entry.id,
                action="delete",
                changes=(Difference("status", entry.status, deleted),),
                if_revision=entry.revision,
            )


def _status_to_keep(entry: CatalogEntry) -> CatalogStatus:
    """A file without a status does not undo a deactivation; what it lists, it wants to exist."""
    is_inactive = entry.status == CatalogStatus.INACTIVE
    return CatalogStatus.INACTIVE if is_inactive else CatalogStatus.ACTIVE


def _listed(steps: Iterable[Step]) -> str:
    return ", ".join(f"{step.kind} {step.id}" for step in steps) or "nothing"
