"""`heimdall audit`: who changed what, and who was refused what."""

from datetime import UTC, datetime
from enum import StrEnum
from typing import Annotated

import typer

from heimdall_client._audit import AuditEntry
from heimdall_client._paging import first_of
from heimdall_client._queries import AuditQuery
from heimdall_client._session import JsonOption, Limit, session_of
from heimdall_client._terminal import progress, show_list, time_text
from heimdall_client.cli_lists import LIKE, User, query_of


class Outcome(StrEnum):
    """What became of what somebody asked for."""

    DONE = "done"
    REFUSED = "refused"


Time = Annotated[
    datetime | None,
    typer.Option(formats=["%Y-%m-%d", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M:%S"], help="UTC."),
]


def audit(  # noqa: PLR0913 - an argument for each option
    context: typer.Context,
    *,
    user: User = None,
    action: Annotated[
        str | None, typer.Option(help=f"Such as command.put, or job.%. {LIKE}")
    ] = None,
    target: Annotated[str | None, typer.Option(help=f"Such as command/ping. {LIKE}")] = None,
    outcome: Annotated[Outcome | None, typer.Option(help="What became of it.")] = None,
    since: Time = None,
    until: Time = None,
    limit: Limit = 20,
    as_json: JsonOption = False,
) -> None:
    """List who changed what, and who was refused what, newest first."""
    query = query_of(
        AuditQuery,
        user=user,
        action=action,
        target=target,
        outcome=outcome,
        since=_epoch_seconds(since),
        until=_epoch_seconds(until),
    )
    with session_of(context).client() as client, progress("looking through the audit trail"):
        found = first_of(lambda size: client.iterate_audit(query, page_size=size), limit)
    headings = ["TIME (UTC)", "USER", "ACTION", "TARGET", "OUTCOME", "WHAT"]
    show_list(found, headings, _row, as_json=as_json)


def _row(entry: AuditEntry) -> tuple[object, ...]:
    what = entry.reason or ", ".join(entry.changed)
    return (
        time_text(entry.created_at),
        entry.user,
        entry.action,
        entry.target,
        entry.outcome,
        what,
    )


def _epoch_seconds(time: datetime | None) -> int | None:
    return None if time is None else int(time.replace(tzinfo=UTC).timestamp())
