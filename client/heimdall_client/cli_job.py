"""`heimdall status, runs, logs, cancel`: one job, followed to its end."""

import sys
from typing import Annotated

import typer

from heimdall_client._client import Client
from heimdall_client._job_models import Job, JobState, JobStatus, Run
from heimdall_client._session import JobId, JsonOption, Outside, TimeoutOption, session_of
from heimdall_client._streams import Stream
from heimdall_client._terminal import (
    printable,
    progress,
    say,
    show_json,
    show_list,
    span_text,
    time_text,
)


def status(
    context: typer.Context,
    job: JobId,
    wait: Annotated[
        bool, typer.Option("--wait", help="Wait until it has ended; exit with 1 if it failed.")
    ] = False,
    timeout: TimeoutOption = None,
    as_json: JsonOption = False,
) -> None:
    """Print where a job stands, and what its cluster tells of it."""
    session = session_of(context)
    with session.client() as client:
        found = (
            wait_for_end(client, job, timeout_seconds=timeout, outside=session.outside)
            if wait
            else client.get_job(job)
        )
    if as_json:
        show_json(found)
    else:
        typer.echo(found.status)
        for label, shown in found.job_attributes.items():
            say(printable(f"{label}: {shown.value}"))
    if wait:
        exit_if_failed(found)
    elif found.error:
        say(printable(found.error))


def runs(context: typer.Context, job: JobId, as_json: JsonOption = False) -> None:
    """List how often a job was tried, where, and how each run ended."""
    with session_of(context).client() as client:
        found = client.list_runs(job)
    headings = ["RUN", "STATUS", "CLUSTER", "STARTED (UTC)", "RAN", "FAILURE", "ERROR"]
    show_list(found, headings, _run_row, as_json=as_json)


def _run_row(run: Run) -> tuple[object, ...]:
    ran = span_text(run.started_at, run.finished_at)
    start = time_text(run.started_at)
    return (run.run, run.status, run.cluster_name, start, ran, run.failure, run.error)


def logs(  # noqa: PLR0913 - an argument for each option
    context: typer.Context,
    job: JobId,
    *,
    stderr: Annotated[bool, typer.Option("--stderr", help="Print stderr, not stdout.")] = False,
    follow: Annotated[
        bool, typer.Option("--follow", "-f", help="Go on until the job has ended.")
    ] = False,
    offset: Annotated[int, typer.Option(min=0, help="Skip so many bytes.")] = 0,
    tail_bytes: Annotated[
        int | None, typer.Option(min=1, help="Begin so many bytes before the present end.")
    ] = None,
    run: Annotated[
        int | None, typer.Option(min=1, help="Of this run, as `runs` lists it, not of the latest.")
    ] = None,
) -> None:
    """Print what a job has printed."""
    if offset and tail_bytes:
        raise typer.BadParameter("give --offset or --tail-bytes, not both")
    if follow and run:
        raise typer.BadParameter("give --follow or --run, not both: the latest run is followed")
    session = session_of(context)
    stream: Stream = "stderr" if stderr else "stdout"
    with session.client() as client:
        pieces = (
            client.follow_stream(
                job, stream, offset=offset, tail_bytes=tail_bytes, sleep=session.outside.sleep
            )
            if follow
            else client.iterate_stream(job, stream, offset=offset, tail_bytes=tail_bytes, run=run)
        )
        for piece in pieces:
            sys.stdout.buffer.write(piece)
            sys.stdout.buffer.flush()


def cancel(context: typer.Context, job: JobId, as_json: JsonOption = False) -> None:
    """Ask for a job's end."""
    with session_of(context).client() as client:
        status = client.cancel_job(job)
    if as_json:
        show_json({"id": job, "status": status})
    else:
        typer.echo(status)


def wait_for_end(
    client: Client, job_id: str, *, timeout_seconds: float | None, outside: Outside
) -> Job:
    """Wait for a job, and say what can be done if that is interrupted."""
    try:
        with progress(f"waiting for job {job_id}") as update:

            def tell(state: JobState) -> None:
                update(f"job {job_id} is {state.status}")

            return client.wait(
                job_id,
                timeout_seconds=timeout_seconds,
                sleep=outside.sleep,
                clock=outside.clock,
                on_state=tell,
            )
    except KeyboardInterrupt:
        say(f"`heimdall status {job_id} --wait` waits again, `heimdall cancel {job_id}` stops it")
        raise


def exit_if_failed(job: Job) -> None:
    """Tell why a job failed, and end with 1 if it did."""
    if job.error:
        say(printable(job.error))
    if job.is_final and job.status != JobStatus.SUCCEEDED:
        raise typer.Exit(1)
