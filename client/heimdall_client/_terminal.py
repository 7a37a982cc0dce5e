"""What people see: tables and JSON on stdout, messages on stderr."""

import json
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager

import typer
from pydantic import BaseModel

from heimdall_client._exceptions import ApiError, HeimdallError


def say(message: str) -> None:
    """Tell people something; programs do not read it."""
    typer.echo(message, err=True)


def say_error(error: HeimdallError) -> None:
    """Tell what went wrong, where exactly, and what led to it."""
    say("error: " + "\n".join(printable(line) for line in str(error).splitlines()))
    cause = error.__cause__ if isinstance(error.__cause__, HeimdallError) else error
    if cause is not error:
        say(f"because: {printable(str(cause))}")
    if isinstance(cause, ApiError):
        for line in _details(cause.details):
            say(f"  {line}")
        if cause.code or cause.request_id:
            known = [cause.code, cause.request_id and f"request {cause.request_id}"]
            say(f"  ({', '.join(part for part in known if part)})")


def show_json(data: object) -> None:
    """Print JSON; ASCII only, so that no name in it can steer the terminal."""
    typer.echo(json.dumps(_plain(data), indent=2))


def show_table(headings: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Print aligned columns; cells are never cut, so that what is printed can be searched."""
    from rich.cells import cell_len

    lines = [tuple(headings), *(tuple(_cell(value) for value in row) for row in rows)]
    widths = [max(cell_len(line[i]) for line in lines) for i in range(len(headings))]
    for line in lines:
        padded = [cell + " " * (widths[i] - cell_len(cell)) for i, cell in enumerate(line)]
        typer.echo("  ".join(padded).rstrip())


def printable(text: str) -> str:
    """Write control characters as escapes: text of others must not steer the terminal."""
    return "".join(
        char if char.isprintable() else char.encode("unicode_escape").decode() for char in text
    )


@contextmanager
def progress(message: str) -> Iterator[None]:
    """Show that something is going on, if a person is looking."""
    if not sys.stderr.isatty():
        yield
        return
    from rich.console import Console

    with Console(stderr=True).status(message, spinner="dots"):
        yield


def _plain(data: object) -> object:
    if isinstance(data, BaseModel):
        return data.model_dump(mode="json", exclude_unset=True)
    if isinstance(data, list):
        return [_plain(item) for item in data]
    return data


def _cell(value: object) -> str:
    if value is None:
        return ""
    return printable(value if isinstance(value, str) else json.dumps(value, ensure_ascii=False))


def _details(details: object) -> Iterator[str]:
    """Write `[{"path": .., "message": ..}]` as lines; anything else as JSON."""
    for item in details if isinstance(details, list) else [details] if details else []:
        if isinstance(item, dict) and {"path", "message"} <= set(item):
            yield printable(f"{item['path']}: {item['message']}")
        else:
            yield json.dumps(item)
