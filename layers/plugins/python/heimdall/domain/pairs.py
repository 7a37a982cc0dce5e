"""The pairs that satisfy a job's criteria, and how one of them is drawn."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from random import Random

from heimdall.domain.catalog import CatalogSnapshot
from heimdall.domain.cluster import Cluster
from heimdall.domain.command import Command
from heimdall.domain.tags import members, nth_member

FEW = 16
"""So few entries are looked at one by one."""

DRAWS = 64
"""How often to draw before counting: it fails only if several tags are rare just together."""

ALL = ~0
"""The set of everything."""

Rectangle = tuple[int, int]
"""A set of commands and a set of clusters, each of which fits each."""


@dataclass(frozen=True, slots=True)
class Pair:
    """What runs a job, and where."""

    command: Command
    cluster: Cluster


class CandidatePairs:
    """All pairs that satisfy a job's criteria, without listing them.

    Args:
        snapshot: where to look.
        command_criteria: tags that a command must carry.
        cluster_criteria: tags that a cluster must carry.
        closed: the set of the commands that are left out, whatever their tags.
    """

    def __init__(
        self,
        snapshot: CatalogSnapshot,
        command_criteria: Sequence[str],
        cluster_criteria: Sequence[str],
        closed: int = 0,
    ) -> None:
        self._snapshot = snapshot
        self._open = ~closed
        self._command_criteria = frozenset(command_criteria)
        self._cluster_criteria = frozenset(cluster_criteria)

    def __iter__(self) -> Iterator[Pair]:
        """Yield every pair, in no particular order."""
        for commands, clusters in self._rectangles():
            for command in members(commands):
                for cluster in members(clusters):
                    yield self._pair(command, cluster)

    def count(self) -> int:
        """Return how many pairs there are."""
        return sum(_size(rectangle) for rectangle in self._rectangles())

    def sample(self, random: Random) -> Pair | None:
        """Return one pair, each with the same probability, or None if there is no pair.

        If few commands or few clusters carry the rarest tag asked for, their pairs are counted.
        Else pairs are drawn: every fitting pair with the rarest tag is as likely as any other, and
        the first that has the other tags too is taken. Neither takes longer in a larger catalog.
        If many draws in a row fail, all pairs are counted.
        """
        snapshot = self._snapshot
        clusters = snapshot.cluster_index.rarest(self._cluster_criteria)
        if len(clusters) <= FEW:
            return self._pick(self._rectangles_of_clusters(clusters), random)
        commands = snapshot.command_index.rarest(self._command_criteria)
        if len(commands) <= FEW:
            return self._pick(self._rectangles_of_commands(commands), random)
        return self._first_that_fits(islice(self._draws(random), DRAWS)) or self._pick(
            self._rectangles(), random
        )

    def _first_that_fits(self, draws: Iterable[tuple[int, int]]) -> Pair | None:
        commands, clusters = self._snapshot.command_index, self._snapshot.cluster_index
        for command, cluster in draws:
            if (
                self._command_criteria <= commands.tags[command]
                and self._cluster_criteria <= clusters.tags[cluster]
                and self._is_open(command)
            ):
                return self._pair(command, cluster)
        return None

    def _draws(self, random: Random) -> Iterator[tuple[int, int]]:
        """Draw, without an end, from the pairs with the rarest tag that was asked for."""
        by_command, by_cluster = self._snapshot.commands_by_pairs, self._snapshot.clusters_by_pairs
        of_commands = [(by_command.weight(tag), tag) for tag in self._command_criteria]
        of_clusters = [(by_cluster.weight(tag), tag) for tag in self._cluster_criteria]
        weight, tag = min(of_commands + of_clusters, default=(0, ""))
        if not weight:
            return
        if (weight, tag) in of_commands:
            while True:
                command = by_command.draw(tag, random)
                clusters = self._snapshot.clusters_of[self._snapshot.group_of[command]]
                yield command, clusters[int(random.random() * len(clusters))]
        while True:
            cluster = by_cluster.draw(tag, random)
            yield self._command_for(cluster, random), cluster

    def _command_for(self, cluster: int, random: Random) -> int:
        tags = self._snapshot.cluster_index.tags[cluster]
        groups = [self._snapshot.commands_of[group] for group in self._snapshot.groups_within(tags)]
        n = int(random.random() * sum(len(group) for group in groups))
        for group in groups:
            if n < len(group):
                return group[n]
            n -= len(group)
        raise AssertionError("a cluster is drawn only if a command fits it")

    def _pick(self, parts: Iterable[Rectangle], random: Random) -> Pair | None:
        rectangles = list(parts)
        sizes = [_size(rectangle) for rectangle in rectangles]
        n = int(random.random() * sum(sizes))
        for (commands, clusters), size in zip(rectangles, sizes, strict=True):
            if n < size:
                row, column = divmod(n, clusters.bit_count())
                return self._pair(nth_member(commands, row), nth_member(clusters, column))
            n -= size
        return None

    def _rectangles(self) -> Iterator[Rectangle]:
        """Split the pairs by the commands' `cluster_tags`, into commands x clusters."""
        rest = self._snapshot.command_index.having(self._command_criteria) & self._open
        allowed = self._snapshot.cluster_index.having(self._cluster_criteria)
        while rest and allowed:
            group = self._snapshot.group_of[(rest & -rest).bit_length() - 1]
            commands = rest & self._snapshot.command_groups[group]
            rest ^= commands
            clusters = allowed & self._snapshot.cluster_groups[group]
            if clusters:
                yield commands, clusters

    def _rectangles_of_clusters(self, clusters: Iterable[int]) -> Iterator[Rectangle]:
        """Split the pairs of some clusters, by cluster and by the commands' `cluster_tags`."""
        snapshot = self._snapshot
        allowed = snapshot.command_index.having(self._command_criteria) & self._open
        for cluster in clusters:
            tags = snapshot.cluster_index.tags[cluster]
            if self._cluster_criteria <= tags:
                for group in snapshot.groups_within(tags):
                    yield allowed & snapshot.command_groups[group], 1 << cluster

    def _rectangles_of_commands(self, commands: Iterable[int]) -> Iterator[Rectangle]:
        """Split the pairs of some commands, by command."""
        snapshot = self._snapshot
        allowed = snapshot.cluster_index.having(self._cluster_criteria)
        for command in commands:
            carries_all = self._command_criteria <= snapshot.command_index.tags[command]
            if carries_all and self._is_open(command):
                group = snapshot.group_of[command]
                yield 1 << command, allowed & snapshot.cluster_groups[group]

    def _is_open(self, command: int) -> bool:
        return self._open == ALL or bool(self._open >> command & 1)

    def _pair(self, command: int, cluster: int) -> Pair:
        return Pair(
            self._snapshot.command_index.entries[command],
            self._snapshot.cluster_index.entries[cluster],
        )


def _size(rectangle: Rectangle) -> int:
    commands, clusters = rectangle
    return commands.bit_count() * clusters.bit_count()
