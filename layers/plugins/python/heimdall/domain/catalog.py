"""The catalog compiled for choosing, and kept at hand."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Generic, TypeVar

from heimdall.domain.access import Binding
from heimdall.domain.allowed_callers import AllowedCallers
from heimdall.domain.clock import Clock
from heimdall.domain.cluster import Cluster
from heimdall.domain.command import CatalogEntry, Command
from heimdall.domain.ports import CatalogStore
from heimdall.domain.tags import Members, SubsetIndex, TagIndex, WeightedCarriers, bits

MAX_LISTED = 100_000
"""How many members of sets are kept as lists too, which are faster to draw from."""

MAX_AGE_MS = 4_000
"""How old a snapshot may get before it is compared with the store's revision."""

OneKind = TypeVar("OneKind", bound=CatalogEntry)


class CatalogSnapshot:
    """All commands, clusters and bindings at one revision; never changes.

    Commands with the same `cluster_tags` form a group: they fit the same clusters.

    Attributes:
        allowed_callers: tells which of the active commands are closed to a caller.
        command_groups: for each group, the set of its commands.
        cluster_groups: for each group, the set of the clusters that fit it.
        group_of: for each active command, its group.
        commands_of: for each group, its commands as a list.
        clusters_of: for each group, the clusters that fit it.
        groups_within: finds the groups that fit a cluster with these tags.
        commands_by_pairs: carriers of a command's tag, weighted by how many clusters fit each.
        clusters_by_pairs: carriers of a cluster's tag, weighted by how many commands fit each.
    """

    def __init__(
        self,
        revision: int,
        commands: Mapping[str, Command],
        clusters: Mapping[str, Cluster],
        bindings: Sequence[Binding] = (),
    ) -> None:
        self.revision = revision
        self.bindings = bindings
        self.commands = commands
        self.clusters = clusters
        self.command_index = TagIndex(commands.values())
        self.allowed_callers = AllowedCallers(self.command_index.entries)
        self.cluster_index = TagIndex(clusters.values())
        groups: dict[frozenset[str], list[int]] = defaultdict(list)
        for position, command in enumerate(self.command_index.entries):
            groups[frozenset(command.cluster_tags)].append(position)
        size = len(self.command_index.entries)
        self.command_groups = [bits(positions, size) for positions in groups.values()]
        self.cluster_groups = [self.cluster_index.having(tags) for tags in groups]
        self.group_of = [0] * size
        for group, positions in enumerate(groups.values()):
            for position in positions:
                self.group_of[position] = group
        self.groups_within = SubsetIndex(groups).within
        self.commands_of = list(groups.values())
        self.clusters_of = _listed(self.cluster_groups)
        self.commands_by_pairs = WeightedCarriers(
            self.command_index.positions,
            [self.cluster_groups[group].bit_count() for group in self.group_of],
        )
        self.clusters_by_pairs = WeightedCarriers(
            self.cluster_index.positions,
            [
                sum(len(self.commands_of[group]) for group in self.groups_within(tags))
                for tags in self.cluster_index.tags
            ],
        )

    def changed(self, revision: int, entries: Iterable[CatalogEntry]) -> "CatalogSnapshot":
        """Return the snapshot that has these newer entries in it; it has no use for policies."""
        newest: dict[type, dict[str, Any]] = {
            Command: dict(self.commands),
            Cluster: dict(self.clusters),
            Binding: {binding.id: binding for binding in self.bindings},
        }
        for entry in entries:
            if type(entry) in newest:
                newest[type(entry)][entry.id] = entry
        return CatalogSnapshot(
            revision, newest[Command], newest[Cluster], tuple(newest[Binding].values())
        )


def _listed(sets: Sequence[int]) -> list[Sequence[int]]:
    """List the members of sets, of small ones first, as far as the memory for it goes."""
    listed: list[Sequence[int]] = [Members(found) for found in sets]
    room = MAX_LISTED
    for position in sorted(range(len(sets)), key=lambda position: len(listed[position])):
        room -= len(listed[position])
        if room < 0:
            break
        listed[position] = list(listed[position])
    return listed


class CatalogCache:
    """Keeps a snapshot at hand that is at most five seconds behind the store."""

    def __init__(self, store: CatalogStore, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self._snapshot = CatalogSnapshot(0, {}, {})
        self._checked_at_ms: int | None = None

    def snapshot(self) -> CatalogSnapshot:
        """Return the catalog as of at most five seconds ago.

        Raises:
            StoreThrottledError: the store could not be read.
        """
        now_ms = self._clock.now_ms()
        if self._checked_at_ms is None or now_ms - self._checked_at_ms >= MAX_AGE_MS:
            head = self._store.revision()
            if head != self._snapshot.revision:
                self._snapshot = self._read(head)
            self._checked_at_ms = now_ms
        return self._snapshot

    def look_again(self) -> None:
        """Compare with the store at the next request: this process itself has just written."""
        self._checked_at_ms = None

    def _read(self, head: int) -> CatalogSnapshot:
        if self._snapshot.revision == 0:
            entries: Iterable[CatalogEntry] = self._store.entries()
        else:
            entries = self._store.changes_since(self._snapshot.revision)
        # An entry may be newer than `head`; the next check reads it again, which changes nothing.
        return self._snapshot.changed(head, entries)


class KindCache(Generic[OneKind]):
    """Keeps the entries of one kind at hand, at most five seconds behind the store.

    Args:
        store: its revision tells whether anything was written.
        read: reads the entries from it.
        clock: tells how old they are.
    """

    def __init__(
        self, store: CatalogStore, read: Callable[[], Iterable[OneKind]], clock: Clock
    ) -> None:
        self._store = store
        self._read = read
        self._clock = clock
        self._revision = -1
        self._entries: Sequence[OneKind] = ()
        self._checked_at_ms: int | None = None

    def entries(self) -> Sequence[OneKind]:
        """Return the entries as of at most five seconds ago; the same object if nothing changed.

        Raises:
            StoreThrottledError: the store could not be read.
        """
        now_ms = self._clock.now_ms()
        if self._checked_at_ms is None or now_ms - self._checked_at_ms >= MAX_AGE_MS:
            head = self._store.revision()
            if head != self._revision:
                self._entries, self._revision = tuple(self._read()), head
            self._checked_at_ms = now_ms
        return self._entries
