"""What people see: tables and JSON on stdout, messages on stderr."""

import json
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import TypeVar

import typer
from pydantic import BaseModel

from heimdall_client._exceptions import ApiError, HeimdallError

Listed = TypeVar("Listed", bound=BaseModel)


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


def show_yaml(data: object) -> None:
    """Print what has fields within fields, for people; nothing in it can steer the terminal."""
    import yaml

    text = yaml.safe_dump(_plain(data), sort_keys=False, allow_unicode=True)
    for line in text.splitlines():
        typer.echo(printable(line))


def show_table(headings: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Print aligned columns; cells are never cut, so that what is printed can be searched."""
    from rich.cells import cell_len

    lines = [tuple(headings), *(tuple(_cell(value) for value in row) for row in rows)]
    widths = [max(cell_len(line[i]) for line in lines) for i in range(len(headings))]
    for line in lines:
        padded = [cell + " " * (widths[i] - cell_len(cell)) for i, cell in enumerate(line)]
        typer.echo("  ".join(padded).rstrip())


def show_list(
    items: Sequence[Listed],
    headings: Sequence[str],
    row: Callable[[Listed], Sequence[object]],
    *,
    as_json: bool,
) -> None:
    """Print items as JSON, or a row for each."""
    if as_json:
        show_json(list(items))
    else:
        show_table(headings, map(row, items))


def printable(text: str) -> str:
    """Write control characters as escapes: text of others must not steer the terminal."""
    return "".join(
        char if char.isprintable() else char.encode("unicode_escape").decode() for char in text
    )


def time_text(epoch_seconds: int | None) -> str:
    """Write a time of UTC; nothing for None."""
    if epoch_seconds is None:
        return ""
    return datetime.fromtimestamp(epoch_seconds, UTC).strftime("%Y-%m-%d %H:%M:%S")


def span_text(begin: int | None, end: int | None) -> str:
    """Write the time between two, in seconds since the epoch; nothing if one is None."""
    if begin is None or end is None:
        return ""
    return str(timedelta(seconds=max(end - begin, 0)))


@contextmanager
def progress(message: str) -> Iterator[Callable[[str], None]]:
    """Show that something is going on, if a person is looking.

    Yields a function that changes the message.
    """
    if not sys.stderr.isatty():
        yield lambda _: None
        return
    from rich.console import Console
    from rich.text import Text

    with Console(stderr=True).status(Text(message), spinner="dots") as status:
        yield lambda changed: status.update(Text(printable(changed)))


def _plain(data: object) -> object:
    if isinstance(data, BaseModel):
        return data.model_dump(mode="json", exclude_unset=True)
    if isinstance(data, list):
        return [_plain(item) for item in data]
    if isinstance(data, dict):
        return {name: _plain(item) for name, item in data.items()}
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
