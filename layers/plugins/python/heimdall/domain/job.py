"""Jobs: one request each, and its life."""

from dataclasses import dataclass, replace

from heimdall.domain.errors import InvalidTransitionError
from heimdall.domain.job_status import TRANSITIONS, JobStatus

LEASE_MS = 60_000
"""How long a run may be silent before its executor counts as dead."""

UNKNOWN_SIZE = -1
"""The size of a stream whose writer died: what there is of it is found by reading."""

MAX_ERROR_CHARACTERS = 4_096
"""Longer reasons are cut, with a mark, so that an item keeps far below DynamoDB's 400 KB."""

MAX_AGE_SECONDS = 86_400
"""The oldest result that a job may share: files outlive their job by more than that."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunOutcome:
    """How a run ended.

    Attributes:
        status: SUCCEEDED, FAILED or CANCELED.
        error: for people: why it did not succeed.
        failure: of which class that is: a value of `heimdall.domain.failures.Failure`.
        result: the result's JSON where it is small enough to be kept in the job.
        result_bytes: size of the stored result, wherever it is; 0 if there is none.
        result_form: what the result is stored as; see `heimdall.domain.result.stored_forms`.
        stdout: the stream itself where it is small enough to be kept in the job.
        stdout_bytes: size of the whole stream; so for `stderr`.
        reused_from: the job that did the work, if the run waited for that instead.
        reused_run: the run of that job.
        is_leader_lost: whether the run waited for work that will not be done, so that another is
            to follow in any case.
    """

    status: JobStatus
    error: str | None = None
    failure: str | None = None
    result: str | None = None
    result_bytes: int = 0
    result_form: str = "json"
    stdout: bytes = b""
    stdout_bytes: int = 0
    stderr: bytes = b""
    stderr_bytes: int = 0
    reused_from: str | None = None
    reused_run: int = 0
    is_leader_lost: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """One request, as it stands. All times are milliseconds since the epoch, UTC.

    Attributes:
        caller: the IAM ARN that submitted it (without a session's name).
        user: whom the job is for: the caller, or whom a trusted proxy named.
        owner: the subject that it is for (see `heimdall.domain.access`).
        teams: the owner's teams at the time of the submission; their members see the job too.
        command_revision: the command's revision that the current run has; so for the cluster.
        attributes: the cluster's attributes rendered for this job, as JSON text.
        outputs: what the plugin told of the work (ids at the engine, addresses), as JSON text.
        context: the job's context as JSON text; None if it is too large for the item.
        run: the number of the latest attempt; 0 before the first.
        started_at_ms: when that began.
        lease_expires_at_ms: when the executor of the current run must have been heard of again.
        claim: a random word of the executor that took the current run off the queue.
        sent_at_ms: when the next run was last sent to its runner's queue, or will come out of it.
        sends: how often it was sent again.
        handle: how to find the work of the current run at the engine, as JSON text.
        queue_seconds: how long each run may wait until it begins.
        queue_deadline_ms: when the job's next run must have begun.
        not_after_ms: from when on nobody wants the job any more, queued or running.
        run_seconds: how long a run may take.
        deadline_ms: when the current run has to be over.
        failure: the class of the last run's failure: a value of `heimdall.domain.failures.Failure`.
        max_runs: how many runs there may be in all.
        past_runs: those that were followed by another, or will be; see `heimdall.domain.runs`.
        is_detached: whether the current run's work goes on at an engine without a function.
        is_start_called: whether the current run's work may have been started at an engine.
        task_token: by which the state machine is told that the work has ended.
        wake_at_ms: when the engine is to be asked again.
        wakes: how often it was.
        expires_at: when a finished job is removed, in seconds since the epoch.
        is_undelivered: whether it is FAILED only because its next run could not be delivered.
        policy: what the policies that guard its cluster said of its SQL, and by which rules.
        reopened_at_ms: when it last went on after that; earlier deliveries count no more.
        reuse_seconds: how old a result may be that the job shares with others; None if none may.
        share_key: what the current run shares with others if it leads; see
            `heimdall.domain.sharing`.
        reused_from: the job whose run made the job's result, and all its files.
        reused_run: which of its runs that was.
    """

    id: str
    name: str
    user: str
    caller: str
    command_criteria: tuple[str, ...]
    cluster_criteria: tuple[str, ...]
    command_id: str
    command_name: str
    cluster_id: str
    cluster_name: str
    plugin: str
    status: JobStatus
    created_at_ms: int
    updated_at_ms: int
    version: str = ""
    description: str = ""
    tags: tuple[str, ...] = ()
    is_sync: bool = False
    owner: str = ""
    teams: tuple[str, ...] = ()
    command_revision: int = 0
    cluster_revision: int = 0
    attributes: str | None = None
    outputs: str | None = None
    choice: str = ""
    context: str | None = "{}"
    run: int = 0
    started_at_ms: int | None = None
    finished_at_ms: int | None = None
    lease_expires_at_ms: int | None = None
    claim: str = ""
    sent_at_ms: int | None = None
    sends: int = 0
    handle: str | None = None
    queue_seconds: int | None = None
    queue_deadline_ms: int | None = None
    not_after_ms: int | None = None
    run_seconds: int | None = None
    deadline_ms: int | None = None
    failure: str | None = None
    max_runs: int = 1
    past_runs: str | None = None
    is_detached: bool = False
    is_start_called: bool = False
    task_token: str | None = None
    wake_at_ms: int | None = None
    wakes: int = 0
    error: str | None = None
    canceled_by: str | None = None
    result: str | None = None
    result_bytes: int = 0
    result_form: str = "json"
    stdout: bytes = b""
    stdout_bytes: int = 0
    stderr: bytes = b""
    stderr_bytes: int = 0
    expires_at: int | None = None
    is_undelivered: bool = False
    policy: str | None = None
    reopened_at_ms: int = 0
    reuse_seconds: int | None = None
    share_key: str = ""
    reused_from: str | None = None
    reused_run: int = 0

    @property
    def is_waiting(self) -> bool:
        """Whether the next run is still to begin, be it the first or another."""
        return self.status in (JobStatus.NEW, JobStatus.ACCEPTED)

    @property
    def files_of(self) -> tuple[str, int]:
        """The job and the run whose files are the job's result and streams."""
        if self.reused_from is not None:
            return self.reused_from, self.reused_run
        return self.id, self.run

    def has_open_run(self, run: int) -> bool:
        """Whether this run is the latest and has not ended."""
        return self.run == run and not self.status.is_final and not self.is_waiting

    def started(self, *, now_ms: int, lease_expires_at_ms: int, claim: str = "") -> "Job":
        """Begin the next run; `claim` tells apart two executors that try to at the same time."""
        self._check(JobStatus.RUNNING)
        now_ms = self._at(now_ms)
        return replace(
            self,
            status=JobStatus.RUNNING,
            updated_at_ms=now_ms,
            run=self.run + 1,
            started_at_ms=now_ms,
            lease_expires_at_ms=lease_expires_at_ms,
            claim=claim,
            deadline_ms=self._deadline_of_run(now_ms),
            handle=None,
            failure=None,
            stdout=b"",
            stdout_bytes=0,
            stderr=b"",
            stderr_bytes=0,
            is_start_called=False,
            policy=None,
            task_token=None,
            wake_at_ms=None,
            wakes=0,
            share_key="",
        )

    def finished(self, outcome: RunOutcome, *, now_ms: int, keep_for_days: int) -> "Job":
        """End the job the way its run ended; while it waits for a run, its output stays."""
        self._check(outcome.status)
        if self.is_waiting:
            outcome = self._with_output(outcome)
        now_ms = self._at(now_ms)
        return replace(
            self,
            status=outcome.status,
            updated_at_ms=now_ms,
            finished_at_ms=now_ms,
            lease_expires_at_ms=None,
            deadline_ms=None,
            task_token=None,
            wake_at_ms=None,
            error=cut(outcome.error, MAX_ERROR_CHARACTERS),
            failure=outcome.failure,
            result=outcome.result,
            result_bytes=outcome.result_bytes,
            result_form=outcome.result_form,
            stdout=outcome.stdout,
            stdout_bytes=outcome.stdout_bytes,
            stderr=outcome.stderr,
            stderr_bytes=outcome.stderr_bytes,
            reused_from=outcome.reused_from,
            reused_run=outcome.reused_run,
            expires_at=now_ms // 1_000 + keep_for_days * 86_400,
        )

    def cancel_requested(self, *, by: str, now_ms: int, keep_for_days: int) -> "Job":
        """Ask for the job's end; the first who asks is remembered.

        A job that waits for a run is CANCELED at once: nothing has to end first.
        """
        if self.status is JobStatus.CANCELING:
            return self
        if self.run and not self.is_waiting:
            self._check(JobStatus.CANCELING)
            now_ms = self._at(now_ms)
            return replace(
                self,
                status=JobStatus.CANCELING,
                updated_at_ms=now_ms,
                canceled_by=by,
                deadline_ms=min(now_ms, self.deadline_ms or now_ms),
            )
        canceled = self.finished(
            RunOutcome(status=JobStatus.CANCELED), now_ms=now_ms, keep_for_days=keep_for_days
        )
        return replace(canceled, canceled_by=by)

    def with_status(self, status: JobStatus, *, now_ms: int) -> "Job":
        """Return the job in another status, if the present one allows it."""
        self._check(status)
        return replace(self, status=status, updated_at_ms=self._at(now_ms))

    def _at(self, now_ms: int) -> int:
        """Return when a change is: clocks differ, and no change is before the one it follows."""
        return max(now_ms, self.updated_at_ms)

    def _with_output(self, outcome: RunOutcome) -> RunOutcome:
        return replace(
            outcome,
            stdout=self.stdout,
            stdout_bytes=self.stdout_bytes,
            stderr=self.stderr,
            stderr_bytes=self.stderr_bytes,
        )

    def _deadline_of_run(self, now_ms: int) -> int | None:
        ends = [self.not_after_ms] if self.not_after_ms is not None else []
        if self.run_seconds is not None:
            ends.append(now_ms + self.run_seconds * 1_000)
        return min(ends, default=None)

    def _check(self, status: JobStatus) -> None:
        if status not in TRANSITIONS[self.status]:
            raise InvalidTransitionError(
                f"the job is {self.status} and cannot become {status}", job_id=self.id
            )


def cut(text: str | None, characters: int) -> str | None:
    """Return a text with a mark at its end if it had to be cut."""
    if text is None or len(text) <= characters:
        return text
    return text[: characters - 15] + "... (truncated)"
