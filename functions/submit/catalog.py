"""Changing the catalog."""

from dataclasses import dataclass, replace
from typing import Any

from functions.submit.catalog_schemas import RollbackRequest, StatusRequest
from functions.submit.definitions import AnyRequest, Definition
from heimdall.domain.access import Caller
from heimdall.domain.command import CatalogStatus
from heimdall.domain.history import Action, AnyEntry, Change, Precondition
from heimdall.domain.kinds import entry_not_found
from heimdall.observability import count
from heimdall.runtime import SubmitRuntime


@dataclass(frozen=True, slots=True, kw_only=True)
class Writer:
    """Who changes an entry, and on which condition."""

    caller: Caller
    precondition: Precondition


def put_entry(
    definition: Definition[AnyEntry, AnyRequest],
    entry_id: str,
    request: AnyRequest,
    *,
    writer: Writer,
    runtime: SubmitRuntime,
) -> AnyEntry:
    """Add or replace an entry.

    Raises:
        InvalidRequestError: something in it is wrong.
        RevisionConflictError: the entry does not stand as the writer expects.
    """
    wanted = definition.define(entry_id, request, runtime)
    change = _change(Action.PUT, writer, runtime)
    return _write(wanted, change, writer=writer, runtime=runtime)


def put_status(
    definition: Definition[AnyEntry, Any],
    entry_id: str,
    request: StatusRequest,
    *,
    writer: Writer,
    runtime: SubmitRuntime,
) -> AnyEntry:
    """Change an entry's status only.

    Raises:
        NotFoundError: there is no such entry.
        RevisionConflictError: the entry does not stand as the writer expects.
    """
    kind = definition.kind
    change = _change(Action.STATUS, writer, runtime)

    def with_status(existing: AnyEntry | None) -> AnyEntry:
        if existing is None:
            raise entry_not_found(kind, entry_id)
        writer.precondition.check(existing)
        return replace(
            existing,
            status=CatalogStatus(request.status),
            user=writer.caller.user,
            updated_at_ms=change.at_ms,
        )

    written = runtime.catalog.write(kind, entry_id, with_status, change=change)
    _written(written, writer, runtime)
    return written


def roll_back(
    definition: Definition[AnyEntry, AnyRequest],
    entry_id: str,
    request: RollbackRequest,
    *,
    writer: Writer,
    runtime: SubmitRuntime,
) -> AnyEntry:
    """Write an entry again as one of its revisions left it, checked like anything new.

    Raises:
        NotFoundError: there is no such entry, or it never had this revision.
        InvalidRequestError: it may no longer be written so.
        RevisionConflictError: the entry does not stand as the writer expects.
    """
    runtime.catalog.get(definition.kind, entry_id)
    past = runtime.catalog.revision_of(definition.kind, entry_id, request.revision)
    wanted = definition.define(entry_id, definition.request_for(past.entry), runtime)
    change = _change(Action.ROLLBACK, writer, runtime, restored=request.revision)
    return _write(wanted, change, writer=writer, runtime=runtime)


def _write(wanted: AnyEntry, change: Change, *, writer: Writer, runtime: SubmitRuntime) -> AnyEntry:
    def stamped(existing: AnyEntry | None) -> AnyEntry:
        writer.precondition.check(existing)
        return replace(
            wanted,
            user=writer.caller.user,
            created_at_ms=existing.created_at_ms if existing else change.at_ms,
            updated_at_ms=change.at_ms,
        )

    written = runtime.catalog.write(type(wanted), wanted.id, stamped, change=change)
    _written(written, writer, runtime)
    return written


def _written(entry: AnyEntry, writer: Writer, runtime: SubmitRuntime) -> None:
    runtime.catalog_cache.look_again()
    ids = {f"{entry.kind}_id": entry.id}
    count(f"{type(entry).__name__}Written", **ids, user=writer.caller.user)


def _change(
    action: Action, writer: Writer, runtime: SubmitRuntime, *, restored: int | None = None
) -> Change:
    return Change(
        action=action,
        caller=writer.caller,
        at_ms=runtime.clock.now_ms(),
        keep_for_days=runtime.settings.audit_retention_days,
        restored=restored,
    )
