"""Choosing a pair: how long it takes, and how that grows with the catalog."""

import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from random import SystemRandom

from benchmarks.row import Row
from heimdall.domain.access import Caller
from heimdall.domain.catalog import CatalogSnapshot
from heimdall.domain.cluster import Cluster
from heimdall.domain.command import Command
from heimdall.domain.errors import NoPairMatchesError
from heimdall.domain.routing import RandomRouting, Wish, choose_pair

BUDGET_MS = 1.0
BUDGET_RATIO = 2.0
SMALL, LARGE = 100, 10_000
TYPES = 20
TEAM_SIZE = 10
CLOSED_EVERY = 4
ROUNDS = 51
CHOICES_A_ROUND = 40
SECONDS_A_KIND = 1.5
"""Slow kinds get fewer rounds."""

Criteria = tuple[Sequence[str], Sequence[str]]
Choose = Callable[[CatalogSnapshot, Criteria], None]

KINDS: Mapping[str, Criteria] = {
    "both by id": (["_id:command-43"], ["_id:cluster-43"]),
    "a type on its clusters": (["type:3"], ["type:3"]),
    "a team's command of a type": (["team:4", "type:3"], ["type:3"]),
    "one command anywhere": (["_id:command-43"], ["env:prod"]),
    "anything on one cluster": (["env:prod"], ["_id:cluster-43"]),
    "anything anywhere": (["env:prod"], ["env:prod"]),
}
REFUSED: Mapping[str, Criteria] = {
    "an unknown command": (["type:none"], ["type:3"]),
    "an unknown cluster": (["type:3"], ["type:none"]),
    "known tags that never meet": (["type:3"], ["type:4"]),
}


def catalog(
    size: int, *, closed_every: int | None = None
) -> tuple[dict[str, Command], dict[str, Cluster]]:
    """Make so many commands and clusters.

    There are 20 types and teams of ten; half of the commands go to any cluster of their type, the
    other half to their team's only. All but one in ten are production.

    Args:
        size: how many of each.
        closed_every: one in so many commands is for its team's callers only.
    """
    commands: dict[str, Command] = {}
    clusters: dict[str, Cluster] = {}
    for number in range(size):
        kind, team = f"type:{number % TYPES}", f"team:{number // TEAM_SIZE}"
        tags = (kind, team, "env:test" if number % 10 == 0 else "env:prod")
        command = Command(
            id=f"command-{number}",
            name=f"command {number % 50}",
            plugin="noop",
            tags=tags,
            cluster_tags=(kind, team) if number % 2 else (kind,),
            allowed_callers=(f"{team}-.*", "named:admin-.*")
            if closed_every and number % closed_every == 0
            else (),
        )
        cluster = Cluster(id=f"cluster-{number}", name=f"cluster {number % 50}", tags=tags)
        commands[command.id], clusters[cluster.id] = command, cluster
    return commands, clusters


def selection_rows() -> list[Row]:
    """Measure every kind of criteria on a small and a large catalog, in turns."""
    small = CatalogSnapshot(1, *catalog(SMALL))
    entries = catalog(LARGE)
    before = time.perf_counter()
    large = CatalogSnapshot(1, *entries)
    compiled_ms = (time.perf_counter() - before) * 1_000
    chosen = _times(KINDS, _choose, small, large)
    small_closed = CatalogSnapshot(1, *catalog(SMALL, closed_every=CLOSED_EVERY))
    large_closed = CatalogSnapshot(1, *catalog(LARGE, closed_every=CLOSED_EVERY))
    closed = _times(KINDS, _choose, small_closed, large_closed)
    refused = _times(REFUSED, _refuse, small, large)
    how = f"medians of up to {ROUNDS} rounds of {CHOICES_A_ROUND} choices, both catalogs in turns"
    return [
        Row(
            name="choosing a pair among 10,000 x 10,000",
            value=max(large_us for _, large_us in chosen.values()) / 1_000,
            unit="ms",
            budget=BUDGET_MS,
            digits=4,
            how=f"{_listed(chosen)}; {how}",
        ),
        Row(
            name="choosing a pair: 10,000 x 10,000 against 100 x 100",
            value=max(large_us / small_us for small_us, large_us in chosen.values()),
            unit="x",
            budget=BUDGET_RATIO,
            how=f"{_listed(chosen)}; {how}",
        ),
        Row(
            name="choosing a pair where one command in four has allowed_callers",
            value=max(large_us for _, large_us in closed.values()) / 1_000,
            unit="ms",
            budget=BUDGET_MS,
            digits=4,
            how=f"{_listed(closed)}; {how}",
        ),
        Row(
            name="refusing a job that fits none of 10,000 x 10,000",
            value=max(large_us for _, large_us in refused.values()) / 1_000,
            unit="ms",
            digits=4,
            how=f"{_listed(refused)}; {how}; it names the closest entries",
        ),
        Row(
            name="compiling a catalog of 20,000 entries",
            value=compiled_ms,
            unit="ms",
            digits=0,
            how="making the snapshot of 10,000 commands and 10,000 clusters, once",
        ),
    ]


def _times(
    kinds: Mapping[str, Criteria], choose: Choose, small: CatalogSnapshot, large: CatalogSnapshot
) -> dict[str, tuple[float, float]]:
    """Return the microseconds that a choice takes in the small and in the large catalog."""
    found = {}
    for kind, criteria in kinds.items():
        taken: list[tuple[float, float]] = []
        give_up_at = time.monotonic() + SECONDS_A_KIND
        while len(taken) < ROUNDS and (not taken or time.monotonic() < give_up_at):
            in_small_us = _choice_us(choose, small, criteria)
            taken.append((in_small_us, _choice_us(choose, large, criteria)))
        all_small, all_large = zip(*taken, strict=True)
        found[kind] = (statistics.median(all_small), statistics.median(all_large))
    return found


def _choice_us(choose: Choose, snapshot: CatalogSnapshot, criteria: Criteria) -> float:
    before = time.perf_counter_ns()
    for _ in range(CHOICES_A_ROUND):
        choose(snapshot, criteria)
    return (time.perf_counter_ns() - before) / CHOICES_A_ROUND / 1_000


_strategy = RandomRouting(SystemRandom())
_CALLER = Caller(principal="arn:aws:iam::123456789012:role/portal", user="ada", is_named=True)


def _choose(snapshot: CatalogSnapshot, criteria: Criteria) -> None:
    wish = Wish(command_criteria=criteria[0], cluster_criteria=criteria[1], caller=_CALLER)
    choose_pair(snapshot, wish, strategy=_strategy)


def _refuse(snapshot: CatalogSnapshot, criteria: Criteria) -> None:
    try:
        _choose(snapshot, criteria)
    except NoPairMatchesError:
        return
    raise RuntimeError(f"a pair was found for {criteria}")


def _listed(times: Mapping[str, tuple[float, float]]) -> str:
    return ", ".join(
        f"{kind}: {in_large:.1f} us ({in_small:.1f} at 100 x 100)"
        for kind, (in_small, in_large) in times.items()
    )
