"""What applying a catalog file would do, and the doing of it."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Literal

from heimdall_client._client import Client
from heimdall_client._exceptions import ClusterNotFoundError, CommandNotFoundError, HeimdallError
from heimdall_client._models import (
    CatalogDefinition,
    CatalogEntry,
    CatalogStatus,
    ClusterDefinition,
    CommandDefinition,
)
from heimdall_client.catalog_file import CatalogFile

SYSTEM_TAGS = ("_id:", "_name:", "_version:")
READERS = 8
Action = Literal["add", "change", "leave"]
Kind = Literal["cluster", "command"]


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
    definition: CatalogDefinition
    fields: tuple[str, ...] = ()


class ApplyError(HeimdallError):
    """A step failed; those before it have been done, those after it have not."""

    def __init__(self, failed: Step, *, done: Iterable[Step], left: Iterable[Step]) -> None:
        super().__init__(
            f"the {failed.kind} {failed.id} could not be written\n"
            f"applied: {_listed(done)}\n"
            f"not applied: {_listed([failed, *left])}"
        )


def make_plan(client: Client, catalog: CatalogFile) -> list[Step]:
    """Compare a file with the catalog; clusters come first, since commands look for them."""
    with ThreadPoolExecutor(READERS) as pool:
        clusters = _steps(pool, "cluster", catalog.clusters, client.get_cluster)
        commands = _steps(pool, "command", catalog.commands, client.get_command)
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
            raise ApplyError(step, done=steps[:index], left=steps[index + 1 :]) from error
    return len(steps)


def _write(client: Client, step: Step) -> None:
    match step.definition:
        case CommandDefinition():
            client.put_command(step.id, step.definition)
        case ClusterDefinition():
            client.put_cluster(step.id, step.definition)


def _steps(
    pool: ThreadPoolExecutor,
    kind: Kind,
    wanted: Mapping[str, CatalogDefinition],
    get: Callable[[str], CatalogEntry],
) -> Iterator[Step]:
    def current(entry_id: str) -> CatalogEntry | None:
        try:
            return get(entry_id)
        except (CommandNotFoundError, ClusterNotFoundError):
            return None

    found = pool.map(current, wanted)
    for (entry_id, definition), entry in zip(wanted.items(), found, strict=True):
        yield _step(kind, entry_id, definition, entry)


def _step(
    kind: Kind, entry_id: str, definition: CatalogDefinition, entry: CatalogEntry | None
) -> Step:
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
    return set(value) if isinstance(value, list) else value


def _listed(steps: Iterable[Step]) -> str:
    return ", ".join(f"{step.kind} {step.id}" for step in steps) or "nothing"
