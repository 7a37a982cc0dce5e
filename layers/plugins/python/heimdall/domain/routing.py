"""Chooses the pair of a command and a cluster that does a job."""

from collections.abc import Iterable, Sequence
from random import Random
from typing import Any, Protocol

from heimdall.domain.catalog import CatalogSnapshot
from heimdall.domain.command import CatalogEntry
from heimdall.domain.errors import NoPairMatchesError
from heimdall.domain.pairs import CandidatePairs, Pair
from heimdall.domain.tags import members

_CLOSEST = 3


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
    return [tag for tag in dict.fromkeys(wanted) if tag not in carried]
