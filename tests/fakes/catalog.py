"""The catalog in memory; held to the same contract as the one in DynamoDB."""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import TypeVar

from heimdall.domain.cluster import Cluster
from heimdall.domain.command import Command
from heimdall.domain.errors import (
    ClusterNotFoundError,
    CommandNotFoundError,
    ConcurrentChangeError,
)
from heimdall.domain.ports import Page

_TRIES = 10

Entry = TypeVar("Entry", Command, Cluster)


@dataclass
class CatalogData:
    """What several stores may share: every version of every entry, in the order written."""

    versions: list[Command | Cluster] = field(default_factory=list)


@dataclass
class InMemoryCatalogStore:
    """Implements `heimdall.domain.ports.CatalogStore`; counts how often it is read."""

    data: CatalogData = field(default_factory=CatalogData)
    reads: Counter[str] = field(default_factory=Counter)

    def revision(self) -> int:
        self.reads["revision"] += 1
        return len(self.data.versions)

    def cursor_key(self) -> bytes:
        return b"a key of 32 bytes for the cursor" if self.data.versions else b""

    def entries(self) -> Iterable[Command | Cluster]:
        self.reads["entries"] += 1
        return [*self._sorted(Command), *self._sorted(Cluster)]

    def changes_since(self, revision: int) -> Iterable[Command | Cluster]:
        self.reads["changes_since"] += 1
        return self.data.versions[revision:]

    def command(self, command_id: str) -> Command:
        found = self._latest(Command).get(command_id)
        if found is None:
            raise CommandNotFoundError(f"there is no command {command_id!r}")
        return found

    def cluster(self, cluster_id: str) -> Cluster:
        found = self._latest(Cluster).get(cluster_id)
        if found is None:
            raise ClusterNotFoundError(f"there is no cluster {cluster_id!r}")
        return found

    def list_commands(self, *, limit: int, after: str | None) -> Page[Command]:
        return _page(self._sorted(Command), limit, after)

    def list_clusters(self, *, limit: int, after: str | None) -> Page[Cluster]:
        return _page(self._sorted(Cluster), limit, after)

    def write_command(
        self, command_id: str, change: Callable[[Command | None], Command]
    ) -> Command:
        return self._write(Command, command_id, change)

    def write_cluster(
        self, cluster_id: str, change: Callable[[Cluster | None], Cluster]
    ) -> Cluster:
        return self._write(Cluster, cluster_id, change)

    def _write(
        self, kind: type[Entry], entry_id: str, change: Callable[[Entry | None], Entry]
    ) -> Entry:
        for _ in range(_TRIES):
            head = len(self.data.versions)
            entry = replace(change(self._latest(kind).get(entry_id)), revision=head + 1)
            if head == len(self.data.versions):
                self.data.versions.append(entry)
                return entry
        raise ConcurrentChangeError(f"{entry_id!r} is being changed by others")

    def _latest(self, kind: type[Entry]) -> dict[str, Entry]:
        return {entry.id: entry for entry in self.data.versions if isinstance(entry, kind)}

    def _sorted(self, kind: type[Entry]) -> list[Entry]:
        return [entry for _, entry in sorted(self._latest(kind).items())]


def _page(entries: Sequence[Entry], limit: int, after: str | None) -> Page[Entry]:
    rest = [entry for entry in entries if after is None or entry.id > after]
    page = rest[:limit]
    return Page(page, next_after=page[-1].id if len(rest) > limit else None)
