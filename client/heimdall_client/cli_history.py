"""`heimdall show, history, revision, rollback`: one entry of the catalog, now and then."""

from enum import StrEnum
from typing import Annotated, Any

import typer

from heimdall_client._catalog_models import Revision
from heimdall_client._client import Client
from heimdall_client._entries import Entries
from heimdall_client._paging import first_of
from heimdall_client._session import JsonOption, Limit, session_of
from heimdall_client._terminal import printable, say, show_json, show_list, show_yaml, time_text


class Kind(StrEnum):
    """The kinds of entries in the catalog."""

    COMMAND = "command"
    CLUSTER = "cluster"
    BINDING = "binding"
    POLICY = "policy"


KindArgument = Annotated[Kind, typer.Argument(metavar="KIND", help=f"{', '.join(Kind)}.")]
EntryId = Annotated[str, typer.Argument(metavar="ID", help="The entry's id.")]
Number = Annotated[int, typer.Argument(min=1, metavar="REVISION", help="As `history` lists it.")]


def show(
    context: typer.Context, kind: KindArgument, entry_id: EntryId, as_json: JsonOption = False
) -> None:
    """Print an entry of the catalog with all its fields."""
    with session_of(context).client() as client:
        entry = _entries(client, kind).get(entry_id)
    (show_json if as_json else show_yaml)(entry)


def history(
    context: typer.Context,
    kind: KindArgument,
    entry_id: EntryId,
    limit: Limit = 20,
    as_json: JsonOption = False,
) -> None:
    """List who changed an entry, when, and which fields; newest first."""
    with session_of(context).client() as client:
        entries = _entries(client, kind)
        found = first_of(lambda size: entries.iterate_revisions(entry_id, page_size=size), limit)
    headings = ["REVISION", "TIME (UTC)", "USER", "ACTION", "CHANGED"]
    show_list(found, headings, _row, as_json=as_json)


def revision(
    context: typer.Context,
    kind: KindArgument,
    entry_id: EntryId,
    number: Number,
    as_json: JsonOption = False,
) -> None:
    """Print an entry as one revision left it, and what that changed."""
    with session_of(context).client() as client:
        past = _entries(client, kind).get_revision(entry_id, number)
    (show_json if as_json else show_yaml)(past)


def rollback(
    context: typer.Context,
    kind: KindArgument,
    entry_id: EntryId,
    number: Number,
    if_revision: Annotated[
        int | None, typer.Option(min=1, help="Only if the entry is still at this revision.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Make an entry what one revision left; prints the new revision."""
    with session_of(context).client() as client:
        entry = _entries(client, kind).roll_back(entry_id, number, if_revision=if_revision)
    if as_json:
        show_json(entry)
    else:
        typer.echo(entry.revision)
    say(f"the {kind} {printable(entry.id)} is as in revision {number} again")


def _row(line: Revision) -> tuple[object, ...]:
    action = line.action
    if line.restored_revision is not None:
        action = f"{action} to {line.restored_revision}"
    return (line.revision, time_text(line.created_at), line.user, action, ", ".join(line.changed))


def _entries(client: Client, kind: Kind) -> Entries[Any, Any]:
    """Give the entries of one kind."""
    by_kind: dict[Kind, Entries[Any, Any]] = {
        Kind.COMMAND: client.commands,
        Kind.CLUSTER: client.clusters,
        Kind.BINDING: client.bindings,
        Kind.POLICY: client.policies,
    }
    return by_kind[kind]
