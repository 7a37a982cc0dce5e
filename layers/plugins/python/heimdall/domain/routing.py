"""Chooses the pair of a command and a cluster that does a job."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from random import Random
from typing import Any, Protocol

from heimdall.domain.catalog import CatalogSnapshot, members, nth_member
from heimdall.domain.cluster import Cluster
from heimdall.domain.command import CatalogEntry, Command
from heimdall.domain.errors import NoPairMatchesError

_FEW_GROUPS = 32
_SAMPLES = 64
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

    def __init__(self, snapshot: CatalogSnapshot, commands: int, clusters: int) -> None:
        self._snapshot = snapshot
        self._commands = commands
        self._clusters = clusters

    def __iter__(self) -> Iterator[Pair]:
        """Yield every pair, in no particular order."""
        for command in members(self._commands):
            for cluster in members(self._fitting(self._snapshot.group_of[command])):
                yield self._pair(command, cluster)

    def sample(self, random: Random) -> Pair | None:
        """Return one pair, each with the same probability, or None if there is no pair."""
        if not self._commands or not self._clusters:
            return None
        rectangles = self._rectangles(at_most=_FEW_GROUPS)
        if rectangles is None:
            return self._sample_by_rejection(random) or self._sample_from(
                self._rectangles(at_most=len(self._snapshot.command_groups)) or [], random
            )
        return self._sample_from(rectangles, random)

    def _rectangles(self, *, at_most: int) -> list[tuple[int, int]] | None:
        """Split the pairs by the commands' `cluster_tags`; None if that makes too many parts."""
        parts: list[tuple[int, int]] = []
        rest = self._commands
        for _ in range(at_most):
            if not rest:
                return parts
            group = self._snapshot.group_of[(rest & -rest).bit_length() - 1]
            commands = rest & self._snapshot.command_groups[group]
            rest ^= commands
            clusters = self._fitting(group)
            if clusters:
                parts.append((commands, clusters))
        return None if rest else parts

    def _sample_from(self, rectangles: Sequence[tuple[int, int]], random: Random) -> Pair | None:
        sizes = [one.bit_count() * other.bit_count() for one, other in rectangles]
        total = sum(sizes)
        if not total:
            return None
        n = int(random.random() * total)
        for (commands, clusters), size in zip(rectangles, sizes, strict=True):
            if n < size:
                row, column = divmod(n, clusters.bit_count())
                return self._pair(nth_member(commands, row), nth_member(clusters, column))
            n -= size
        return None

    def _sample_by_rejection(self, random: Random) -> Pair | None:
        commands, clusters = self._commands.bit_count(), self._clusters.bit_count()
        for _ in range(_SAMPLES):
            command = nth_member(self._commands, random.randrange(commands))
            fitting = self._fitting(self._snapshot.group_of[command])
            n = random.randrange(clusters)
            if n < fitting.bit_count():
                return self._pair(command, nth_member(fitting, n))
        return None

    def _fitting(self, group: int) -> int:
        return self._clusters & self._snapshot.cluster_groups[group]

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
    commands = snapshot.command_index.having(command_criteria)
    clusters = snapshot.cluster_index.having(cluster_criteria) if commands else 0
    pair = strategy.choose(CandidatePairs(snapshot, commands, clusters))
    if pair is None:
        raise _no_pair(snapshot, commands, command_criteria, cluster_criteria)
    return pair


def _no_pair(
    snapshot: CatalogSnapshot,
    commands: int,
    command_criteria: Sequence[str],
    cluster_criteria: Sequence[str],
) -> NoPairMatchesError:
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
