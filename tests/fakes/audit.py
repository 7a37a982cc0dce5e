"""The audit trail in memory; held to the same contract as the one in DynamoDB."""

from dataclasses import dataclass, field

from heimdall.domain.audit import AuditEntry, AuditQuery, AuditUnavailableError
from heimdall.domain.ports import Page


@dataclass
class InMemoryAuditLog:
    """Implements `heimdall.domain.audit.AuditLog`; cannot be written while it is broken."""

    entries: list[AuditEntry] = field(default_factory=list)
    is_broken: bool = False

    def record(self, entry: AuditEntry) -> None:
        if self.is_broken:
            raise AuditUnavailableError("out of order")
        self.entries.append(entry)

    def list_entries(self, query: AuditQuery, *, limit: int, after: str | None) -> Page[AuditEntry]:
        rest = [
            entry
            for entry in sorted(self.entries, key=lambda entry: entry.id, reverse=True)
            if query.matches(entry) and (after is None or entry.id < after)
        ]
        page = rest[:limit]
        return Page(page, next_after=page[-1].id if len(rest) > limit else None)
