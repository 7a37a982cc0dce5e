"""What applying a catalog file would do, and the doing of it."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Literal

from heimdall_client._catalog_models import (
    CatalogEntry,
    CatalogStatus,
    ClusterDefinition,
    CommandDefinition,
)
from heimdall_client._client import Client
from heimdall_client._exceptions import (
    ApiError,
    ApplyError,
    ClusterNotFoundError,
    CommandNotFoundError,
    HeimdallError,
)
from heimdall_client.catalog_file import CatalogFile

SYSTEM_TAGS = ("_id:", "_name:", "_version:")
READERS = 8
Action = Literal["add", "change", "leave"]
Kind = Literal["cluster", "command"]
AnyDefinition = CommandDefinition | ClusterDefinition


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """What happens to one command or cluster.

    Attributes:
        definition: what is written; its status is the present one where the file gives none.
        fields: what changes. Not the values: contexts may hold what is not for a screen.
    """

    kind: Kind
    id: str
    action: Action
    definition: AnyDefinition
    fields: tuple[str, ...] = ()


def make_plan(client: Client, catalog: CatalogFile) -> list[Step]:
    """Compare a file with the catalog; clusters come first, since commands look for them.

    Raises:
        ApplyError: the API refused to show one; its cause says why.
    """
    with ThreadPoolExecutor(READERS) as pool:
        clusters = _steps(pool, "cluster", catalog.clusters, client.clusters.get)
        commands = _steps(pool, "command", catalog.commands, client.commands.get)
        return [*clusters, *commands]


def apply_plan(client: Client, plan: Iterable[Step]) -> int:
    """Write what is added or changed, one by one; returns how many were.

    Raises:
        ApplyError: one could not be written; its cause says why.
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
    if isinstance(step.definition, CommandDefinition):
        client.commands.put(step.id, step.definition)
    else:
        client.clusters.put(step.id, step.definition)


def _steps(
    pool: ThreadPoolExecutor,
    kind: Kind,
    wanted: Mapping[str, AnyDefinition],
    get: Callable[[str], CatalogEntry],
) -> Iterator[Step]:
    def current(entry_id: str) -> CatalogEntry | None:
        try:
            return get(entry_id)
        except (CommandNotFoundError, ClusterNotFoundError):
            return None
        except ApiError as error:
            message = f"the {kind} {entry_id} could not be read; nothing was changed"
            raise ApplyError(message) from error

    found = pool.map(current, wanted)
    for (entry_id, definition), entry in zip(wanted.items(), found, strict=True):
        yield _step(kind, entry_id, definition, entry)


def _step(kind: Kind, entry_id: str, definition: AnyDefinition, entry: CatalogEntry | None) -> Step:
    if entry is None:
        return Step(kind=kind, id=entry_id, action="add", definition=definition)
    if definition.status is None:
        definition = definition.model_copy(update={"status": _status_to_keep(entry)})
    changed = tuple(
        name
        for name in type(definition).model_fields
        if _comparable(name, getattr(definition, name)) != _comparable(name, getattr(entry, name))
    )
    action: Action = "change" if changed else "leave"
    return Step(kind=kind, id=entry_id, action=action, definition=definition, fields=changed)


def _status_to_keep(entry: CatalogEntry) -> CatalogStatus:
    """A file without a status does not undo a deactivation; what it lists, it wants to exist."""
    is_inactive = entry.status == CatalogStatus.INACTIVE
    return CatalogStatus.INACTIVE if is_inactive else CatalogStatus.ACTIVE


def _comparable(name: str, value: object) -> object:
    """Tags are sets, and an object's own system tags are nobody's to write."""
    if name == "tags" and isinstance(value, list):
        return {tag for tag in value if not tag.startswith(SYSTEM_TAGS)}
    return set(value) if isinstance(value, list) else _typed(value)


def _typed(value: object) -> object:
    """Tell true from 1, which Python does not."""
    if isinstance(value, dict):
        return {name: _typed(item) for name, item in value.items()}
    if isinstance(value, list):
        return [_typed(item) for item in value]
    return (value,) if isinstance(value, bool) else value


def _listed(steps: Iterable[Step]) -> str:
    return ", ".join(f"{step.kind} {step.id}" for step in steps) or "nothing"
