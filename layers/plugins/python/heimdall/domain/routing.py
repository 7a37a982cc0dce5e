"""Chooses the pair of a command and a cluster that does a job."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import islice
from random import Random
from typing import Any, Protocol

from heimdall.domain.access import Caller
from heimdall.domain.catalog import CatalogSnapshot
from heimdall.domain.command import CatalogEntry
from heimdall.domain.errors import CallerNotAllowedError, NoPairMatchesError
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What a job asks of its pair, and who asks.

    Attributes:
        command_criteria: tags that the command must carry.
        cluster_criteria: tags that the cluster must carry, beside the command's `cluster_tags`.
    """

    command_criteria: Sequence[str]
    cluster_criteria: Sequence[str]
    caller: Caller

    def closed(self, snapshot: CatalogSnapshot) -> int:
        """Return the set of the commands that are not for this caller."""
        return snapshot.allowed_callers.closed_to(self.caller)

    def pairs(self, snapshot: CatalogSnapshot) -> CandidatePairs:
        """Return the pairs that satisfy the wish."""
        return CandidatePairs(
            snapshot, self.command_criteria, self.cluster_criteria, self.closed(snapshot)
        )


def choose_pair(snapshot: CatalogSnapshot, wish: Wish, *, strategy: RoutingStrategy) -> Pair:
    """Choose among the active commands and clusters whose tags satisfy the criteria.

    Raises:
        NoPairMatchesError: none does; it says which step emptied the set and what came close.
        CallerNotAllowedError: all commands that do are for other callers.
    """
    pair = strategy.choose(wish.pairs(snapshot))
    if pair is None:
        raise _no_pair(snapshot, wish)
    return pair


def _no_pair(snapshot: CatalogSnapshot, wish: Wish) -> NoPairMatchesError | CallerNotAllowedError:
    matching = snapshot.command_index.having(wish.command_criteria)
    if not matching:
        return _refusal(
            "command_criteria",
            "no active command has all tags of command_criteria",
            closest=_closest(snapshot.commands.values(), wish.command_criteria),
        )
    commands = matching & ~wish.closed(snapshot)
    if not commands:
        return _not_allowed(snapshot, matching, wish.caller)
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
        closest=_closest(compatible, wish.cluster_criteria),
    )


def _not_allowed(snapshot: CatalogSnapshot, closed: int, caller: Caller) -> CallerNotAllowedError:
    first = [snapshot.command_index.entries[n] for n in islice(members(closed), _CLOSEST)]
    count = closed.bit_count()
    which = f"the command {first[0].id!r}" if count == 1 else f"all {count} commands"
    closest = [{"id": each.id, "status": str(each.status), "missing": []} for each in first]
    return CallerNotAllowedError(
        f"{which} with these tags may be run by its allowed_callers only, "
        f"and {caller.subject} is none of them",
        details={"step": "allowed_callers", "closest": closest},
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
        missing = missing_tags(entry, wanted)
        if len(missing) < len(wanted) or not wanted:
            ranked.append((len(missing), not entry.is_active, entry.id, entry.status, missing))
    ranked.sort()
    return [
        {"id": identity, "status": str(status), "missing": missing}
        for _, _, identity, status, missing in ranked[:_CLOSEST]
    ]


def missing_tags(entry: CatalogEntry, wanted: Iterable[str]) -> list[str]:
    """Return those of the tags that the entry does not carry, each once."""
    carried = frozenset(entry.all_tags)
    return [tag for tag in dict.fromkeys(wanted) if tag not in carried]
