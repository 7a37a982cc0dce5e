"""Having an engine start a run's work, once whatever dies on the way."""

from functions.execute import asking
from functions.execute.attempt import Attempt
from functions.execute.collecting import RunParts
from functions.execute.long_end import end_run
from functions.execute.open_run import OpenRun, handle_text
from heimdall.domain.errors import NotFoundError
from heimdall.domain.job_status import JobStatus
from heimdall.domain.long_jobs import STARTING_MS, end_wanted_since_ms
from heimdall.plugin.spec import RunHandle, RunReport, RunState

START_SECONDS = 120.0
"""How long a start may take: less than the lease that covers it."""


class _NeverStops:
    """Implements `heimdall.plugin.spec.StopSignal`: a start is not interrupted."""

    reason = None

    def wait(self, seconds: float) -> bool:  # noqa: ARG002 - part of the protocol
        """Return at once: nobody may wait in a start."""
        return False


def start_work(run: OpenRun) -> RunHandle | None:
    """Have the work started and its handle stored.

    That it may have been started is stored before it is, so that a cancel, or a try after a
    crash, knows whether there may be work at the engine.

    Returns:
        The handle; None if the run is over instead.

    Raises:
        TransientPluginError: it could not be started now.
    """
    is_retry = run.job.is_start_called
    if not is_retry and (report := _unwanted(run)) is not None:
        end_run(run, report)
        return None
    lease_ms = run.now_ms + STARTING_MS
    if not run.save(is_detached=True, is_start_called=True, lease_expires_at_ms=lease_ms):
        return None
    try:
        assignment = run.assignment()
    except NotFoundError as error:
        end_run(run, RunReport(state=RunState.FAILED, detail=str(error)))
        return None
    attempt = Attempt(
        job=run.job,
        assignment=assignment,
        runtime=run.runtime,
        supervisor=_NeverStops(),
        parts=RunParts(run.job, run.runtime.files),
        seconds_left=START_SECONDS,
    )
    started = attempt.begin(is_retry=is_retry)
    if isinstance(started, RunReport):
        end_run(run, started, parts=attempt.parts, tell=attempt.tell)
        return None
    return _keep(run, started, attempt)


def _keep(run: OpenRun, handle: RunHandle, attempt: Attempt) -> RunHandle | None:
    """Store where the work is, first for events and then for everyone."""
    if handle.work_id is not None:
        run.runtime.work.remember(handle.work_id, run.job, now_ms=run.now_ms)
    changes = {"handle": handle_text(handle), "share_key": attempt.share_key}
    if run.save(attempt.told_outputs, **changes, lease_expires_at_ms=None):
        return handle
    asking.cancel(run.plugin, handle)
    return None


def _unwanted(run: OpenRun) -> RunReport | None:
    """Say how a run ends that nobody wants any more and that no engine has heard of."""
    if run.job.status is JobStatus.CANCELING:
        return RunReport(state=RunState.CANCELED)
    if end_wanted_since_ms(run.job, now_ms=run.now_ms) is not None:
        detail = "its time was over before its work was started"
        return RunReport(state=RunState.FAILED, detail=detail)
    return None
