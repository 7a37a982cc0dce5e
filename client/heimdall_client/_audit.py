"""The audit trail: who changed what, and who was refused what."""

from pydantic import Field

from heimdall_client._wire import Answer


class AuditEntry(Answer):
    """One change or refusal.

    Attributes:
        user: for whom it was asked.
        principal: the ARN that signed.
        subject: what roles are bound to: that ARN, or `named:<user>`.
        action: a noun and a verb, such as `command.put`.
        target: such as `command/ping`.
        outcome: `done` or `refused`.
        code: of the error, if it was refused.
        revision: of the entry, if one was changed.
        changed: names of the entry's fields that were changed.
    """

    id: str
    created_at: int | None = None
    user: str = ""
    principal: str = ""
    subject: str = ""
    action: str = ""
    target: str = ""
    outcome: str = ""
    code: str = ""
    reason: str = ""
    revision: int | None = None
    changed: list[str] = Field(default_factory=list)
    request_id: str = ""
