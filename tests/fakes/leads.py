"""Leads in memory; held to the same contract as those in DynamoDB."""

from collections.abc import Callable
from dataclasses import dataclass, field


@dataclass
class InMemoryLeads:
    """Implements `heimdall.domain.sharing.Leads`.

    Attributes:
        before_take: what happens just before somebody takes a lead; each once.
    """

    leaders: dict[str, str] = field(default_factory=dict)
    before_take: list[Callable[[], object]] = field(default_factory=list)

    def leader(self, key: str) -> str | None:
        return self.leaders.get(key)

    def take(self, key: str, job_id: str, *, replacing: str | None, now_ms: int) -> str | None:
        if self.before_take:
            self.before_take.pop(0)()
        leader = self.leaders.get(key)
        if leader not in (None, replacing, job_id):
            return leader
        self.leaders[key] = job_id
        return None
