"""`heimdall submit, status, logs, result, cancel, jobs`: what is done with jobs."""

import itertools
import json
import sys
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer
from pydantic import ValidationError

from heimdall_client._client import Client
from heimdall_client._job_models import Job, JobRequest, JobStatus
from heimdall_client._session import JobId, JsonOption, Outside, session_of
from heimdall_client._streams import Stream
from heimdall_client._terminal import printable, progress, say, show_json, show_table

MAX_PAGE = 101


class Format(StrEnum):
    """How a result is printed."""

    TABLE = "table"
    JSON = "json"


def submit(  # noqa: PLR0913 - an argument for each option
    context: typer.Context,
    *,
    name: Annotated[str, typer.Option(help="What to call the job.")],
    command_tag: Annotated[
        list[str], typer.Option("--command-tag", "-c", help="A tag that the command must have.")
    ],
    cluster_tag: Annotated[
        list[str], typer.Option("--cluster-tag", "-l", help="A tag that the cluster must have.")
    ],
    version: Annotated[str, typer.Option(help="Version of what submits the job.")] = "",
    job_context: Annotated[
        str,
        typer.Option(
            "--context", help="What the plugin wants to know: JSON, @FILE, or @- (stdin)."
        ),
    ] = "{}",
    tag: Annotated[list[str] | None, typer.Option(help="A tag for the job.")] = None,
    description: Annotated[str, typer.Option(help="What the job is for.")] = "",
    user: Annotated[
        str | None,
        typer.Option(help="For whom; honored only by APIs that trust your credentials so far."),
    ] = None,
    wait: Annotated[bool, typer.Option("--wait", help="Wait until the job has ended.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Submit a job and print its id. Exits with 1 if the job is known to have failed."""
    try:
        request = JobRequest(
            name=name,
            version=version,
            description=description,
            tags=tag or [],
            context=_read_context(job_context),
            command_criteria=command_tag,
            cluster_criteria=cluster_tag,
        )
    except ValidationError as error:
        raise typer.BadParameter(error.errors()[0]["msg"]) from error
    session = session_of(context)
    with session.client(user=user) as client:
        job = client.submit_job(request)
        if user not in {None, job.user}:
            say(f"note: the job is {printable(job.user)}'s: this gateway passes no user on")
        if wait and not job.is_final:
            job = _wait(client, job, session.outside)
    _show_submitted(job, as_json=as_json)


def status(context: typer.Context, job: JobId, as_json: JsonOption = False) -> None:
    """Print where a job stands."""
    with session_of(context).client() as client:
        state = client.get_job(job) if as_json else client.get_job_status(job)
    if as_json:
        show_json(state)
        return
    typer.echo(state.status)
    if state.error:
        say(printable(state.error))


def logs(
    context: typer.Context,
    job: JobId,
    stderr: Annotated[bool, typer.Option("--stderr", help="Print stderr, not stdout.")] = False,
    follow: Annotated[
        bool, typer.Option("--follow", "-f", help="Go on until the job has ended.")
    ] = False,
    offset: Annotated[int, typer.Option(min=0, help="Skip so many bytes.")] = 0,
) -> None:
    """Print what a job has printed."""
    session = session_of(context)
    stream: Stream = "stderr" if stderr else "stdout"
    with session.client() as client:
        pieces = (
            client.follow_stream(job, stream, offset=offset, sleep=session.outside.sleep)
            if follow
            else client.iterate_stream(job, stream, offset=offset)
        )
        for piece in pieces:
            sys.stdout.buffer.write(piece)
            sys.stdout.buffer.flush()


def result(
    context: typer.Context,
    job: JobId,
    format: Annotated[Format, typer.Option(help="How to print it.")] = Format.TABLE,  # noqa: A002 - the option's name
) -> None:
    """Print the table that a job gave back."""
    with session_of(context).client() as client:
        table = client.get_result(job)
    if format is Format.JSON:
        show_json(table)
    else:
        show_table([column.name for column in table.columns], table.data)


def cancel(context: typer.Context, job: JobId) -> None:
    """Ask for a job's end."""
    with session_of(context).client() as client:
        typer.echo(client.cancel_job(job))


def jobs(
    context: typer.Context,
    limit: Annotated[int, typer.Option(min=1, help="How many, newest first.")] = 20,
    as_json: JsonOption = False,
) -> None:
    """List jobs, newest first."""
    with session_of(context).client() as client:
        found = list(itertools.islice(client.iterate_jobs(page_size=min(limit, MAX_PAGE)), limit))
    if as_json:
        show_json(found)
        return
    show_table(
        ["ID", "STATUS", "NAME", "USER", "COMMAND", "CLUSTER", "CREATED (UTC)"],
        [
            (
                job.id,
                job.status,
                job.name,
                job.user,
                job.command_name,
                job.cluster_name,
                _written(job.created_at),
            )
            for job in found
        ],
    )


def _read_context(text: str) -> dict[str, object]:
    if text == "@-":
        text = sys.stdin.read()
    elif text.startswith("@"):
        try:
            text = Path(text[1:]).read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise typer.BadParameter(f"--context: {error}") from error
    try:
        context = json.loads(text)
    except ValueError as error:
        raise typer.BadParameter(f"--context is no JSON: {error}") from error
    if not isinstance(context, dict):
        raise typer.BadParameter('--context must be a JSON object, such as \'{"query": "..."}\'')
    return context


def _wait(client: Client, job: Job, outside: Outside) -> Job:
    say(f"job {job.id} is {job.status}")
    try:
        with progress(f"waiting for job {job.id}"):
            return client.wait(job.id, sleep=outside.sleep, clock=outside.clock)
    except KeyboardInterrupt:
        say(f"the job goes on; `heimdall cancel {job.id}` would stop it")
        raise


def _show_submitted(job: Job, *, as_json: bool) -> None:
    if as_json:
        show_json(job)
    else:
        typer.echo(job.id)
    say(f"{job.status}: {printable(f'{job.command_name} on {job.cluster_name}')}")
    if job.error:
        say(printable(job.error))
    if job.is_final and job.status != JobStatus.SUCCEEDED:
        raise typer.Exit(1)


def _written(epoch_seconds: int | None) -> str:
    if epoch_seconds is None:
        return ""
    return datetime.fromtimestamp(epoch_seconds, UTC).strftime("%Y-%m-%d %H:%M:%S")
