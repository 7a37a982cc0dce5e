"""Tells of every command and every cluster why a job would or would not run there."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from heimdall.domain.catalog import CatalogSnapshot
from heimdall.domain.cluster import Cluster
from heimdall.domain.command import CatalogEntry, Command
from heimdall.domain.pairs import Pair
from heimdall.domain.routing import Wish, missing_tags
from heimdall.domain.tags import members

MAX_CANDIDATES = 2_000
"""So many commands, and so many clusters, are shown: those that came closest."""

_DEMANDS = 20
"""With so many commands' `cluster_tags` a cluster is compared, to tell what it lacks."""

_NAMED = 3


class Verdict(StrEnum):
    """What became of a candidate, best first."""

    CHOSEN = "chosen"
    FITS = "fits"
    LOST = "lost"


class Step(StrEnum):
    """Where a candidate lost: the further down, the closer it came."""

    STATUS = "status"
    COMMAND_CRITERIA = "command_criteria"
    ALLOWED_CALLERS = "allowed_callers"
    CLUSTER_TAGS = "cluster_tags"
    CLUSTER_CRITERIA = "cluster_criteria"
    STRATEGY = "strategy"


_VERDICTS, _STEPS = tuple(Verdict), tuple(Step)


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A command or a cluster, and what became of it.

    Attributes:
        step: where it lost; None if it was chosen.
        reason: why, as a sentence without its subject: `it lacks data:prod`.
        missing: the tags without which it is no candidate.
    """

    entry: CatalogEntry
    verdict: Verdict
    step: Step | None = None
    reason: str = ""
    missing: Sequence[str] = ()

    @property
    def distance(self) -> tuple[int, int, bool, int, str]:
        """How far it is from being chosen; for sorting."""
        progress = _STEPS.index(self.step) if self.step else len(_STEPS)
        is_off = not self.entry.is_active
        return (
            _VERDICTS.index(self.verdict),
            len(self.missing),
            is_off,
            -progress,
            self.entry.id,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """Every command and every cluster, closest first.

    Attributes:
        pairs: how many pairs fit.
    """

    pairs: int
    commands: Sequence[Candidate]
    clusters: Sequence[Candidate]


def explain(snapshot: CatalogSnapshot, wish: Wish, chosen: Pair | None) -> Explanation:
    """Tell what became of each command and each cluster when this pair was chosen, or none."""
    choice = _Choice(snapshot, wish, chosen)
    return Explanation(
        pairs=wish.pairs(snapshot).count(),
        commands=_closest_first(map(choice.of_command, snapshot.commands.values())),
        clusters=_closest_first(map(choice.of_cluster, snapshot.clusters.values())),
    )


class _Choice:
    """What each step of the choice left."""

    def __init__(self, snapshot: CatalogSnapshot, wish: Wish, chosen: Pair | None) -> None:
        self._wish = wish
        self._chosen = (chosen.command, chosen.cluster) if chosen else ()
        commands, clusters = snapshot.command_index, snapshot.cluster_index
        matching = commands.having(wish.command_criteria)
        left = matching & ~wish.closed(snapshot)
        groups = [n for n, of_group in enumerate(snapshot.command_groups) if of_group & left]
        with_criteria = clusters.having(wish.cluster_criteria)
        self._matching = _ids(commands.entries, matching)
        self._left = _ids(commands.entries, left)
        self._housed: set[str] = set()
        self._fitting: set[str] = set()
        compatible = 0
        for group in groups:
            hosts, of_group = snapshot.cluster_groups[group], snapshot.command_groups[group] & left
            compatible |= hosts
            if hosts:
                self._housed |= _ids(commands.entries, of_group)
            if hosts & with_criteria:
                self._fitting |= _ids(commands.entries, of_group)
        self._compatible = _ids(clusters.entries, compatible)
        self._demands = [
            commands.entries[snapshot.commands_of[group][0]].cluster_tags
            for group in groups[:_DEMANDS]
        ]

    def of_command(self, command: Command) -> Candidate:
        """Tell what became of a command."""
        missing = missing_tags(command, self._wish.command_criteria)
        if not command.is_active:
            return _inactive(command, missing)
        if command.id not in self._matching:
            return _lost(command, Step.COMMAND_CRITERIA, f"it lacks {_named(missing)}", missing)
        if command.id not in self._left:
            return _lost(command, Step.ALLOWED_CALLERS, "its allowed_callers are others")
        if command.id not in self._housed:
            reason = f"no active cluster has its cluster_tags {_named(command.cluster_tags)}"
            return _lost(command, Step.CLUSTER_TAGS, reason)
        if command.id not in self._fitting:
            reason = "no active cluster where it could run has all tags of cluster_criteria"
            return _lost(command, Step.CLUSTER_CRITERIA, reason)
        return self._fits(command)

    def of_cluster(self, cluster: Cluster) -> Candidate:
        """Tell what became of a cluster."""
        lacks = missing_tags(cluster, self._wish.cluster_criteria)
        missing = list(dict.fromkeys([*self._missing_of_commands(cluster), *lacks]))
        if not cluster.is_active:
            return _inactive(cluster, missing)
        if not self._left:
            return _lost(cluster, Step.CLUSTER_TAGS, "no command is left to run there", missing)
        if cluster.id not in self._compatible:
            reason = f"no command that is left runs there; it lacks {_named(missing)}"
            return _lost(cluster, Step.CLUSTER_TAGS, reason, missing)
        if lacks:
            return _lost(cluster, Step.CLUSTER_CRITERIA, f"it lacks {_named(lacks)}", lacks)
        return self._fits(cluster)

    def _missing_of_commands(self, cluster: Cluster) -> Sequence[str]:
        """Return what the cluster lacks of the `cluster_tags` that it comes closest to."""
        lacking = (missing_tags(cluster, demand) for demand in self._demands)
        return min(lacking, key=len, default=())

    def _fits(self, entry: CatalogEntry) -> Candidate:
        if any(entry is chosen for chosen in self._chosen):
            return Candidate(entry=entry, verdict=Verdict.CHOSEN)
        return Candidate(
            entry=entry,
            verdict=Verdict.FITS,
            step=Step.STRATEGY,
            reason="the strategy picked another",
        )


def _inactive(entry: CatalogEntry, missing: Sequence[str]) -> Candidate:
    also = f" and lacks {_named(missing)}" if missing else ""
    return _lost(entry, Step.STATUS, f"it is {entry.status}{also}", missing)


def _lost(entry: CatalogEntry, step: Step, reason: str, missing: Sequence[str] = ()) -> Candidate:
    return Candidate(
        entry=entry, verdict=Verdict.LOST, step=step, reason=reason, missing=tuple(missing)
    )


def _named(tags: Sequence[str]) -> str:
    more = f" and {len(tags) - _NAMED} more" if len(tags) > _NAMED else ""
    return ", ".join(tags[:_NAMED]) + more


def _closest_first(candidates: Iterable[Candidate]) -> list[Candidate]:
    return sorted(candidates, key=lambda candidate: candidate.distance)


def _ids(entries: Sequence[CatalogEntry], found: int) -> set[str]:
    return {entries[position].id for position in members(found)}
