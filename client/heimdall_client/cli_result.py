"""`heimdall result`: the table that a job gave back, in the form that is wanted."""

import codecs
import sys
from collections.abc import Iterator
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from heimdall_client._results import ResultForm
from heimdall_client._session import JobId, JsonOption, session_of
from heimdall_client._terminal import printable, progress, say, show_json, show_table


class Format(StrEnum):
    """How a result is printed."""

    TABLE = "table"
    JSON = "json"
    CSV = "csv"
    PARQUET = "parquet"
    ARROW = "arrow"


_FILES: dict[Format, ResultForm] = {
    Format.JSON: "json",
    Format.CSV: "csv",
    Format.PARQUET: "parquet",
    Format.ARROW: "arrow",
}
_BINARY = {Format.PARQUET: "Parquet", Format.ARROW: "Arrow"}


def result(
    context: typer.Context,
    job: JobId,
    format: Annotated[  # noqa: A002 - the option's name
        Format | None,
        typer.Option(help="How to print it.  [default: table, or what --output ends with]"),
    ] = None,
    output: Annotated[Path | None, typer.Option("--output", "-o", help="Write to a file.")] = None,
    as_json: JsonOption = False,
) -> None:
    """Print the table that a job gave back."""
    wanted = _wanted(format, output, as_json=as_json)
    with session_of(context).client() as client:
        if output is not None:
            with progress(f"writing {output}"):
                size = _write(client.download_result(job, _FILES[wanted]), output)
            say(f"{size:,} bytes written to {output}")
        elif wanted in {Format.CSV, *_BINARY}:
            _print(client.download_result(job, _FILES[wanted]))
        else:
            table = client.get_result(job)
            if wanted is Format.JSON:
                show_json(table)
            else:
                show_table([column.name for column in table.columns], table.data)


def _wanted(given: Format | None, output: Path | None, *, as_json: bool) -> Format:
    if as_json and given not in {None, Format.JSON}:
        raise typer.BadParameter("give --json or --format, not both")
    wanted = Format.JSON if as_json else given
    if output is None:
        wanted = wanted or Format.TABLE
        if wanted in _BINARY and sys.stdout.isatty():
            name = _BINARY[wanted]
            raise typer.BadParameter(f"{name} is nothing for a terminal: give --output FILE")
        return wanted
    if wanted is None:
        ending = output.suffix.removeprefix(".").lower()
        wanted = next((form for form in _FILES if form.value == ending), None)
    if wanted not in _FILES:
        raise typer.BadParameter("--output wants --format json, csv, parquet or arrow")
    return wanted


def _write(pieces: Iterator[bytes], output: Path) -> int:
    """Write a file whole or not at all; returns its size in bytes."""
    is_device = output.exists() and not output.is_file()
    part = output if is_device else output.with_name(f"{output.name}.part")
    try:
        with part.open("wb") as file:
            size = sum(file.write(piece) for piece in pieces)
        if part != output:
            part.replace(output)
    except OSError as error:
        raise typer.BadParameter(f"--output: {error}") from error
    finally:
        if part != output:
            part.unlink(missing_ok=True)
    return size


def _print(pieces: Iterator[bytes]) -> None:
    """Print the bytes as they are; to a terminal, nothing that steers it."""
    if not sys.stdout.isatty():
        for piece in pieces:
            sys.stdout.buffer.write(piece)
            sys.stdout.buffer.flush()
        return
    decoder = codecs.getincrementaldecoder("utf-8")("replace")
    for piece in pieces:
        text = decoder.decode(piece).replace("\r\n", "\n")
        typer.echo("\n".join(printable(line) for line in text.split("\n")), nl=False)
