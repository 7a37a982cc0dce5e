"""`heimdall apply`: makes the catalog what a file says."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from heimdall_client._session import JsonOption, session_of
from heimdall_client._terminal import printable, progress, say, show_json
from heimdall_client.catalog_file import read_catalog_file
from heimdall_client.plan import Action, Step, apply_plan, make_plan

_MARKS: dict[Action, str] = {"add": "+", "change": "~", "leave": "="}
_WORDS: dict[Action, str] = {"add": "added", "change": "changed", "leave": "left alone"}


def apply(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(help="YAML with `commands:` and `clusters:`.")],
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Print the plan, and change nothing.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Add and change commands and clusters as a file says; others are left alone."""
    catalog = read_catalog_file(file)
    for note in catalog.notes:
        say(f"note: {note}")
    with session_of(context).client() as client:
        with progress("comparing with the catalog"):
            plan = make_plan(client, catalog)
        if as_json:
            show_json([_as_json(step) for step in plan])
        else:
            _show(plan)
        if dry_run:
            say("nothing was changed: this was a dry run")
            return
        with progress("writing"):
            written = apply_plan(client, plan)
    say(f"{written} written" if written else "nothing to do")


def _show(plan: Sequence[Step]) -> None:
    for step in plan:
        changed = f": {', '.join(step.fields)}" if step.fields else ""
        name = f"{step.kind} {printable(step.id)}"
        typer.echo(f"{_MARKS[step.action]} {name} {_WORDS[step.action]}{changed}")
    counts = [
        f"{sum(step.action == action for step in plan)} {word}" for action, word in _WORDS.items()
    ]
    typer.echo(", ".join(counts))


def _as_json(step: Step) -> dict[str, object]:
    return {"kind": step.kind, "id": step.id, "action": step.action, "fields": list(step.fields)}
