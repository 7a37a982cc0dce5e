"""Chooses the pair of a command and a cluster that does a job."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from random import Random
from typing import Any, Protocol

from heimdall.domain.catalog import CatalogSnapshot, members, nth_member
from heimdall.domain.cluster import Cluster
from heimdall.domain.command import CatalogEntry, Command
from heimdall.domain.errors import NoPairMatchesError

_TRIES = 16
_CLOSEST = 3


@dataclass(frozen=True, slots=True)
class Pair:
    """What runs a job, and where."""

    command: Command
    cluster: Cluster


class CandidatePairs:
    """All pairs that satisfy a job's criteria, without listing them.

    Commands with the same `cluster_tags` fit the same clusters, so that the pairs are a few
    rectangles of commands x clusters whatever the size of the catalog.
    """

    def __init__(
        self,
        snapshot: CatalogSnapshot,
        command_criteria: Sequence[str],
        cluster_criteria: Sequence[str],
    ) -> None:
        self._snapshot = snapshot
        self._command_criteria = frozenset(command_criteria)
        self._cluster_criteria = frozenset(cluster_criteria)

    def __iter__(self) -> Iterator[Pair]:
        """Yield every pair, in no particular order."""
        for commands, clusters in self._rectangles():
            for command in members(commands):
                for cluster in members(clusters):
                    yield self._pair(command, cluster)

    def sample(self, random: Random) -> Pair | None:
        """Return one pair, each with the same probability, or None if there is no pair.

        Drawing from the carriers of the rarest tags until a draw fits takes a time that does not
        depend on the size of the catalog; where few draws fit, the pairs are counted instead.
        """
        return self._draw(random) or self._count_off(random)

    def _draw(self, random: Random) -> Pair | None:
        commands, clusters = self._snapshot.command_index, self._snapshot.cluster_index
        some_commands = commands.rarest(self._command_criteria)
        some_clusters = clusters.rarest(self._cluster_criteria)
        if not some_commands or not some_clusters:
            return None
        for _ in range(_TRIES):
            command = some_commands[int(random.random() * len(some_commands))]
            cluster = some_clusters[int(random.random() * len(some_clusters))]
            tags = clusters.tags[cluster]
            if (
                self._command_criteria <= commands.tags[command]
                and self._cluster_criteria <= tags
                and tags.issuperset(commands.entries[command].cluster_tags)
            ):
                return self._pair(command, cluster)
        return None

    def _count_off(self, random: Random) -> Pair | None:
        rectangles = list(self._rectangles())
        sizes = [one.bit_count() * other.bit_count() for one, other in rectangles]
        n = int(random.random() * sum(sizes))
        for (commands, clusters), size in zip(rectangles, sizes, strict=True):
            if n < size:
                row, column = divmod(n, clusters.bit_count())
                return self._pair(nth_member(commands, row), nth_member(clusters, column))
            n -= size
        return None

    def _rectangles(self) -> Iterator[tuple[int, int]]:
        """Split the pairs by the commands' `cluster_tags`, into commands x clusters."""
        rest = self._snapshot.command_index.having(self._command_criteria)
        allowed = self._snapshot.cluster_index.having(self._cluster_criteria)
        while rest and allowed:
            group = self._snapshot.group_of[(rest & -rest).bit_length() - 1]
            commands = rest & self._snapshot.command_groups[group]
            rest ^= commands
            clusters = allowed & self._snapshot.cluster_groups[group]
            if clusters:
                yield commands, clusters

    def _pair(self, command: int, cluster: int) -> Pair:
        return Pair(
            self._snapshot.command_index.entries[command],
            self._snapshot.cluster_index.entries[cluster],
        )


class RoutingStrategy(Protocol):
    """Picks one of the pairs that fit."""

    name: str

    def choose(self, pairs: CandidatePairs) -> Pair | None:
        """Return one of the pairs, or None if there is none."""
        ...


class RandomRouting:
    """Any pair with the same probability: what Heimdall does."""

    name = "random"

    def __init__(self, random: Random) -> None:
        self._random = random

    def choose(self, pairs: CandidatePairs) -> Pair | None:
        """Return one of the pairs, or None if there is none."""
        return pairs.sample(self._random)


def choose_pair(
    snapshot: CatalogSnapshot,
    *,
    command_criteria: Sequence[str],
    cluster_criteria: Sequence[str],
    strategy: RoutingStrategy,
) -> Pair:
    """Choose among the active commands and clusters whose tags satisfy the criteria.

    Raises:
        NoPairMatchesError: none does; it says which step emptied the set and what came close.
    """
    pair = strategy.choose(CandidatePairs(snapshot, command_criteria, cluster_criteria))
    if pair is None:
        raise _no_pair(snapshot, command_criteria, cluster_criteria)
    return pair


def _no_pair(
    snapshot: CatalogSnapshot, command_criteria: Sequence[str], cluster_criteria: Sequence[str]
) -> NoPairMatchesError:
    commands = snapshot.command_index.having(command_criteria)
    if not commands:
        return _refusal(
            "command_criteria",
            "no active command has all tags of command_criteria",
            closest=_closest(snapshot.commands.values(), command_criteria),
        )
    fitting = 0
    for group, members_of_group in enumerate(snapshot.command_groups):
        if members_of_group & commands:
            fitting |= snapshot.cluster_groups[group]
    if not fitting:
        command = snapshot.command_index.entries[next(members(commands))]
        return _refusal(
            "cluster_tags",
            "no active cluster has all cluster_tags of a command that matches",
            closest=_closest(snapshot.clusters.values(), command.cluster_tags),
        )
    compatible = [snapshot.cluster_index.entries[position] for position in members(fitting)]
    return _refusal(
        "cluster_criteria",
        "no active cluster that fits a matching command has all tags of cluster_criteria",
        closest=_closest(compatible, cluster_criteria),
    )


def _refusal(step: str, reason: str, *, closest: list[dict[str, Any]]) -> NoPairMatchesError:
    hint = ""
    if closest:
        first = closest[0]
        lacks = ", ".join(first["missing"]) or f"nothing, but it is {first['status']}"
        hint = f"; the closest, {first['id']!r}, lacks {lacks}"
    return NoPairMatchesError(f"{reason}{hint}", details={"step": step, "closest": closest})


def _closest(entries: Iterable[CatalogEntry], wanted: Sequence[str]) -> list[dict[str, Any]]:
    """Return the entries that lack the fewest of the tags; inactive ones come after active."""
    ranked = []
    for entry in entries:
        missing = _missing(entry, wanted)
        if len(missing) < len(wanted) or not wanted:
            ranked.append((len(missing), not entry.is_active, entry.id, entry.status, missing))
    ranked.sort()
    return [
        {"id": identity, "status": str(status), "missing": missing}
        for _, _, identity, status, missing in ranked[:_CLOSEST]
    ]


def _missing(entry: CatalogEntry, wanted: Sequence[str]) -> list[str]:
    carried = frozenset(entry.all_tags)
    return [tag for tag in wanted if tag not in carried]
