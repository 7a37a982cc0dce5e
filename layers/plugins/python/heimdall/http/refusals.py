"""Notes in the audit trail who was refused what, whichever route refused it."""

from heimdall.domain.access import Caller
from heimdall.domain.audit import AuditEntry, AuditUnavailableError, is_recorded
from heimdall.domain.errors import HeimdallError
from heimdall.http.auth import Gate
from heimdall.observability import logger

_PREFIX = "/api/v1/"
_VERBS = {"GET": "read", "POST": "submit", "PUT": "put"}


def record_refusal(
    error: HeimdallError, *, caller: Caller, method: str, path: str, gate: Gate
) -> None:
    """Write what a request was refused into the trail, if it belongs there."""
    if is_recorded(error):
        action, target = action_of(method, path)
        note_refusal(error, caller=caller, action=action, target=target, gate=gate)


def note_refusal(
    error: HeimdallError, *, caller: Caller, action: str, target: str, gate: Gate
) -> None:
    """Write a refusal into the trail; the caller is refused even if that cannot be done."""
    entry = AuditEntry.refused(
        caller, error, at_ms=gate.clock.now_ms(), action=action, target=target
    )
    try:
        gate.audit().record(entry)
    except AuditUnavailableError as unavailable:
        logger.warning("refusal not in the audit trail", exc_info=unavailable, **entry.to_dict())


def action_of(method: str, path: str) -> tuple[str, str]:
    """Tell what a request is for, in the words of the trail: an action and a target.

    `POST /api/v1/job/<id>/cancel` is `job.cancel` of `job/<id>`, whatever is read is `job.read`.
    """
    noun, entry_id, verb = (*path.removeprefix(_PREFIX).split("/", 2), "", "")[:3]
    done = _VERBS.get(method, method.lower()) if method == "GET" or not verb else verb
    return f"{noun}.{done}", f"{noun}/{entry_id}" if entry_id else ""
