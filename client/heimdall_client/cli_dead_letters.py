"""`heimdall dead, redrive`: what runners did not take, and how it is put back."""

from collections.abc import Iterator, Sequence
from typing import Annotated

import typer

from heimdall_client._client import Client
from heimdall_client._dead_letters import DeadLetter, LeftLetter, Redriven
from heimdall_client._paging import first_of
from heimdall_client._session import JsonOption, Limit, session_of
from heimdall_client._terminal import (
    printable,
    progress,
    say,
    show_json,
    show_list,
    time_text,
)

_AT_ONCE = 100


def dead(context: typer.Context, limit: Limit = 20, as_json: JsonOption = False) -> None:
    """List what runners did not take, however often it was delivered."""
    with session_of(context).client() as client, progress("looking for what was put aside"):
        found = first_of(lambda size: client.dead_letters.iterate(page_size=size), limit)
    headings = ["ID", "PUT ASIDE (UTC)", "RUNNER", "RUN", "WHY", "MESSAGE"]
    show_list(found, headings, _row, as_json=as_json)


def redrive(
    context: typer.Context,
    ids: Annotated[
        list[str] | None,
        typer.Argument(metavar="[ID]...", help="As `dead` lists them; all jobs if left out."),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Let jobs that no runner took wait for one again. Exits with 1 if something is left."""
    redriven: list[str] = []
    left: list[LeftLetter] = []
    with session_of(context).client() as client, progress("putting back") as update:
        for part in _put_back(client, ids):
            redriven += part.redriven
            left += part.left
            update(f"put back {len(redriven)}")
    if as_json:
        show_json({"redriven": redriven, "left": left})
    else:
        for letter_id in redriven:
            typer.echo(printable(letter_id))
        for letter in left:
            say(printable(f"{letter.id} is left: {letter.reason}"))
    if left:
        raise typer.Exit(1)


def _put_back(client: Client, ids: Sequence[str] | None) -> Iterator[Redriven]:
    if ids:
        for first in range(0, len(ids), _AT_ONCE):
            yield client.dead_letters.redrive(ids[first : first + _AT_ONCE])
        return
    while True:
        part = client.dead_letters.redrive()
        yield part
        if not part.has_more or not (part.redriven or part.left):
            return


def _row(letter: DeadLetter) -> tuple[object, ...]:
    return (
        letter.id,
        time_text(letter.put_aside_at),
        letter.runner,
        letter.run,
        letter.reason,
        letter.body,
    )
