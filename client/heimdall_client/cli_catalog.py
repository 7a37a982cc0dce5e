"""`heimdall apply`: makes the catalog what a file says."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from heimdall_client._differences import Absent
from heimdall_client._session import JsonOption, session_of
from heimdall_client._terminal import printable, progress, say, show_json
from heimdall_client.catalog_file import read_catalog_file
from heimdall_client.plan import Action, Step, apply_plan, make_plan

MAX_SHOWN = 200
"""Of a longer value the beginning is shown; `--json` has all of it."""

_MARKS: dict[Action, str] = {"add": "+", "change": "~", "leave": "=", "delete": "-"}
_WORDS: dict[Action, str] = {
    "add": "added",
    "change": "changed",
    "leave": "left alone",
    "delete": "deleted",
}


def apply(
    context: typer.Context,
    file: Annotated[
        Path,
        typer.Argument(help="YAML with `commands:`, `clusters:`, `bindings:`, `policies:`."),
    ],
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Print the plan, and change nothing.")
    ] = False,
    prune: Annotated[
        bool,
        typer.Option(
            "--prune", help="Delete what the file does not have, of the kinds that it lists."
        ),
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Add and change entries of the catalog as a file says; others are left alone."""
    catalog = read_catalog_file(file)
    for note in catalog.notes:
        say(f"note: {note}")
    with session_of(context).client() as client:
        with progress("comparing with the catalog"):
            plan = make_plan(client, catalog, prune=prune)
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
        name = f"{step.kind} {printable(step.id)}"
        typer.echo(f"{_MARKS[step.action]} {name} {_WORDS[step.action]}")
        for change in step.changes:
            values = f"{_shown(change.before)} -> {_shown(change.after)}"
            typer.echo(f"    {printable(change.path)}: {values}")
    counts = {action: sum(step.action == action for step in plan) for action in _WORDS}
    shown = [action for action in _WORDS if counts[action] or action != "delete"]
    typer.echo(", ".join(f"{counts[action]} {_WORDS[action]}" for action in shown))


def _shown(value: object) -> str:
    if value is Absent.NOTHING:
        return "nothing"
    text = printable(json.dumps(value, ensure_ascii=False))
    return text if len(text) <= MAX_SHOWN else f"{text[:MAX_SHOWN]}..."


def _as_json(step: Step) -> dict[str, object]:
    return {
        "kind": step.kind,
        "id": step.id,
        "action": step.action,
        "fields": list(step.fields),
        "changes": [
            {"path": change.path, "before": _json(change.before), "after": _json(change.after)}
            for change in step.changes
        ],
    }


def _json(value: object) -> object:
    return value.value if isinstance(value, Absent) else value
