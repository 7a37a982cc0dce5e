"""The catalog compiled for choosing: tag -> bit set of the active entries that carry it."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Generic, TypeVar

from heimdall.domain.clock import Clock
from heimdall.domain.cluster import Cluster
from heimdall.domain.command import CatalogEntry, Command
from heimdall.domain.ports import CatalogStore

MAX_AGE_MS = 4_000
"""How old a snapshot may get before it is compared with the store's revision."""

Entry = TypeVar("Entry", bound=CatalogEntry)


class TagIndex(Generic[Entry]):
    """The active ones among some entries, found by tag.

    A set of entries is an int whose bit `i` stands for `entries[i]`.

    Attributes:
        tags: for each entry, all its tags.
    """

    def __init__(self, entries: Iterable[Entry]) -> None:
        self.entries: Sequence[Entry] = tuple(entry for entry in entries if entry.is_active)
        self.all = (1 << len(self.entries)) - 1
        self.tags = [frozenset(entry.all_tags) for entry in self.entries]
        self._positions: dict[str, list[int]] = defaultdict(list)
        for position, tags in enumerate(self.tags):
            for tag in tags:
                self._positions[tag].append(position)
        size = len(self.entries)
        self._sets = {tag: _bits(found, size) for tag, found in self._positions.items()}

    def having(self, tags: Iterable[str], among: int | None = None) -> int:
        """Return the set of the entries (of `among`) that carry all of these tags."""
        found = self.all if among is None else among
        for tag in tags:
            found &= self._sets.get(tag, 0)
            if not found:
                break
        return found

    def rarest(self, tags: Iterable[str]) -> Sequence[int]:
        """Return the entries that carry the rarest of these tags, as positions."""
        found: Sequence[int] = range(len(self.entries))
        for tag in tags:
            carriers = self._positions.get(tag, ())
            if len(carriers) < len(found):
                found = carriers
        return found


class CatalogSnapshot:
    """All commands and clusters at one revision; never changes.

    Attributes:
        cluster_groups: for each distinct `cluster_tags` of a command, the set of clusters with
            these tags.
        command_groups: the set of the commands with these `cluster_tags`, in the same order.
        group_of: for each active command, the position of its group.
    """

    def __init__(
        self, revision: int, commands: Mapping[str, Command], clusters: Mapping[str, Cluster]
    ) -> None:
        self.revision = revision
        self.commands = commands
        self.clusters = clusters
        self.command_index = TagIndex(commands.values())
        self.cluster_index = TagIndex(clusters.values())
        groups: dict[frozenset[str], list[int]] = defaultdict(list)
        for position, command in enumerate(self.command_index.entries):
            groups[frozenset(command.cluster_tags)].append(position)
        size = len(self.command_index.entries)
        self.command_groups = [_bits(positions, size) for positions in groups.values()]
        self.cluster_groups = [self.cluster_index.having(tags) for tags in groups]
        self.group_of = [0] * size
        for group, positions in enumerate(groups.values()):
            for position in positions:
                self.group_of[position] = group

    def changed(self, revision: int, entries: Iterable[Command | Cluster]) -> "CatalogSnapshot":
        """Return the snapshot that has these newer entries in it."""
        commands, clusters = dict(self.commands), dict(self.clusters)
        for entry in entries:
            if isinstance(entry, Command):
                commands[entry.id] = entry
            else:
                clusters[entry.id] = entry
        return CatalogSnapshot(revision, commands, clusters)


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

    def _read(self, head: int) -> CatalogSnapshot:
        if self._snapshot.revision == 0:
            entries: Iterable[Command | Cluster] = self._store.entries()
        else:
            entries = self._store.changes_since(self._snapshot.revision)
        # An entry may be newer than `head`; the next check reads it again, which changes nothing.
        return self._snapshot.changed(head, entries)


def members(found: int) -> Iterator[int]:
    """Yield the positions in a set, lowest first."""
    while found:
        lowest = found & -found
        yield lowest.bit_length() - 1
        found ^= lowest


def nth_member(found: int, n: int) -> int:
    """Return the position of the `n`-th member of a set, counted from 0."""
    position, width = 0, found.bit_length()
    while width > 1:
        half = width >> 1
        low = found & ((1 << half) - 1)
        count = low.bit_count()
        if n < count:
            found, width = low, half
        else:
            found >>= half
            n -= count
            position += half
            width -= half
    return position


def _bits(positions: Iterable[int], size: int) -> int:
    octets = bytearray(size // 8 + 1)
    for position in positions:
        octets[position >> 3] |= 1 << (position & 7)
    return int.from_bytes(octets, "little")
