"""`heimdall submit`: submits a job, or tells what would become of it."""

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer
from pydantic import ValidationError

from heimdall_client._client import Client
from heimdall_client._exceptions import HeimdallError
from heimdall_client._explanation import Candidate, Explanation
from heimdall_client._job_models import Job, JobRequest
from heimdall_client._limits import JobLimits, JobRetries, JobReuse
from heimdall_client._session import JsonOption, Outside, TimeoutOption, session_of
from heimdall_client._submission import is_outcome_unknown, new_idempotency_key
from heimdall_client._terminal import printable, progress, say, show_json, show_table
from heimdall_client.cli_job import exit_if_failed, wait_for_end


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
    queue_seconds: Annotated[
        int | None, typer.Option(min=1, help="Give the job up if a run waits longer to begin.")
    ] = None,
    run_seconds: Annotated[
        int | None, typer.Option(min=1, help="Stop a run that takes longer.")
    ] = None,
    not_after: Annotated[
        int | None,
        typer.Option(min=1, help="Give the job up at this time: seconds since the epoch, UTC."),
    ] = None,
    max_runs: Annotated[
        int | None, typer.Option(min=1, help="Try it so often, if the command allows it.")
    ] = None,
    reuse: Annotated[
        int | None,
        typer.Option(
            min=1,
            max=86_400,
            help="Share the run of a job like it that began at most so many seconds ago.",
        ),
    ] = None,
    user: Annotated[
        str | None,
        typer.Option(help="For whom; honored only by APIs that trust your credentials so far."),
    ] = None,
    idempotency_key: Annotated[
        str | None,
        typer.Option(
            help="The same job with the same key is submitted once, however often you do it."
            "  [default: a new key]",
        ),
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Tell what would be chosen and why; submit nothing.")
    ] = False,
    wait: Annotated[bool, typer.Option("--wait", help="Wait until the job has ended.")] = False,
    timeout: TimeoutOption = None,
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
            limits=_limits(queue_seconds, run_seconds, not_after),
            retries=None if max_runs is None else JobRetries(max_runs=max_runs),
            reuse=None if reuse is None else JobReuse(max_age_seconds=reuse),
        )
    except ValidationError as error:
        raise typer.BadParameter(error.errors()[0]["msg"]) from error
    session = session_of(context)
    with session.client(user=user) as client:
        if dry_run:
            _show_explanation(client.explain_job(request), as_json=as_json)
            return
        key = new_idempotency_key() if idempotency_key is None else idempotency_key
        submission = _Submission(client, request, key, session.outside)
        with submission.key_told_if_interrupted():
            job = submission.send()
            if wait and not job.is_final:
                say(f"job {job.id} is {job.status}")
                job = wait_for_end(client, job.id, timeout_seconds=timeout, outside=session.outside)
    if user not in {None, job.user}:
        say(f"note: the job is {printable(job.user)}'s: this gateway passes no user on")
    if as_json:
        show_json(job)
    else:
        typer.echo(job.id)
    if job.reused_from:
        say(f"note: it shares the run of the job {printable(job.reused_from)}")
    say(f"{job.status}: {printable(f'{job.command_name} on {job.cluster_name}')}")
    exit_if_failed(job)


def _limits(
    queue_seconds: int | None, run_seconds: int | None, not_after: int | None
) -> JobLimits | None:
    limits = JobLimits(queue_seconds=queue_seconds, run_seconds=run_seconds, not_after=not_after)
    return None if limits == JobLimits() else limits


@dataclass(slots=True)
class _Submission:
    """What this command submits, and a later one can pick up by its key."""

    client: Client
    request: JobRequest
    key: str
    outside: Outside
    is_taken: bool = False

    def send(self) -> Job:
        """Submit, and give the job as it stands: one that the key picks up may have got on."""
        with progress("submitting"):
            job = self.client.submit_job(
                self.request, idempotency_key=self.key, sleep=self.outside.sleep
            )
        self.is_taken = True
        if not job.is_replay:
            return job
        say("note: this key was used before; this is the job of then")
        return job if job.is_final else self.client.get_job(job.id)

    @contextmanager
    def key_told_if_interrupted(self) -> Iterator[None]:
        """Tell the key to whoever does not get to know what becomes of the job."""
        try:
            yield
        except (HeimdallError, KeyboardInterrupt) as error:
            is_interrupted = self.is_taken or isinstance(error, KeyboardInterrupt)
            if is_interrupted or is_outcome_unknown(error):
                known = "the job goes on" if self.is_taken else "the job may have been submitted"
                say(
                    f"{known}: the same command with `--idempotency-key {self.key}` picks it up"
                    " again, and submits nothing twice"
                )
            raise


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


def _show_explanation(explanation: Explanation, *, as_json: bool) -> None:
    """Print every candidate with its fate. Exits with 1 if the job would be refused."""
    if as_json:
        show_json(explanation)
    else:
        found = explanation.candidates
        rows = [
            *(_row("command", candidate) for candidate in found.commands),
            *(_row("cluster", candidate) for candidate in found.clusters),
        ]
        show_table(["KIND", "ID", "NAME", "VERDICT", "STEP", "WHY"], rows)
        omitted = found.omitted_commands + found.omitted_clusters
        if omitted:
            say(f"{omitted:,} more are not shown: they came less close")
    if not explanation.is_accepted:
        say(f"would be refused: {printable(explanation.error or explanation.outcome)}")
        raise typer.Exit(1)
    pair = f"{explanation.command_id} on {explanation.cluster_id}"
    say(f"would run: {printable(pair)}; nothing was submitted: this was a dry run")


def _row(kind: str, candidate: Candidate) -> tuple[str, ...]:
    lacks = f"lacks {', '.join(candidate.missing)}" if candidate.missing else ""
    return (
        kind,
        candidate.id,
        candidate.name,
        candidate.verdict,
        candidate.step or "",
        candidate.reason or lacks,
    )
