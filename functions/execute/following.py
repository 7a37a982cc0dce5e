"""A run that waits for another job's instead of doing the work again."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

from heimdall.domain.errors import (
    JobNotFoundError,
    PluginError,
    StoreThrottledError,
    TransientPluginError,
)
from heimdall.domain.failures import Failure
from heimdall.domain.job import Job
from heimdall.domain.job_status import JobStatus
from heimdall.domain.long_jobs import end_wanted_since_ms
from heimdall.domain.ports import JobStore
from heimdall.domain.sharing import FOLLOWS, followed_by, why_lost
from heimdall.plugin.detached import FoundWork, WorkSearch
from heimdall.plugin.output import RunOutput
from heimdall.plugin.spec import (
    HealthReport,
    HealthRequest,
    Plugin,
    RunHandle,
    RunReport,
    RunRequest,
    RunState,
)
from heimdall.runtime import ExecuteRuntime

KEY = "heimdall.share_key"


@dataclass(frozen=True, slots=True, kw_only=True)
class LeaderSucceeded(RunReport):
    """The leader's result is this run's, too."""

    leader: Job


@dataclass(frozen=True, slots=True, kw_only=True)
class LeaderLost(RunReport):
    """The leader's end says nothing of this run's: the job has to go on by itself."""


class Following:
    """Waits for a leader as if that were an engine; a `heimdall.plugin.detached.EnginePlugin`.

    A follower that is to end has ended: nothing goes on for it anywhere.
    """

    name: ClassVar[str] = "following"

    def __init__(self, jobs: JobStore, *, is_to_end: bool = False) -> None:
        self._jobs = jobs
        self._is_to_end = is_to_end

    def start(self, run: RunRequest) -> RunHandle | RunReport:
        """Refuse: whom to wait for is not part of a request."""
        raise PluginError(f"run {run.run} cannot be started here: it only waits for another job")

    def poll(self, handle: RunHandle) -> RunReport:
        """Ask how the leader's run goes."""
        if self._is_to_end:
            return RunReport(state=RunState.CANCELED)
        try:
            leader = self._jobs.get(handle.values[FOLLOWS])
        except JobNotFoundError:
            leader = None
        except StoreThrottledError as error:
            raise TransientPluginError(str(error)) from error
        reason = why_lost(leader, key=handle.values[KEY])
        if leader is None or reason:
            detail = f"the job {handle.values[FOLLOWS]}, which this run waited for, {reason}"
            return LeaderLost(state=RunState.FAILED, detail=detail)
        return _as_it_goes(leader)

    def cancel(self, handle: RunHandle) -> None:  # noqa: ARG002 - part of the protocol
        """Wait no longer. The leader goes on: others may wait for it."""
        self._is_to_end = True

    def health(self, request: HealthRequest) -> HealthReport:  # noqa: ARG002 - part of the protocol
        """Say that there is no cluster behind this that could be unwell."""
        return HealthReport(is_healthy=True)

    def collect(self, handle: RunHandle, report: RunReport, output: RunOutput) -> None:
        """Leave everything where the leader's run left it."""

    def find_work(self, search: WorkSearch) -> Iterator[FoundWork]:  # noqa: ARG002
        """Give nothing: no work goes on but the leader's own."""
        return iter(())


def plugin_of(job: Job, runtime: ExecuteRuntime) -> Plugin:
    """Return what does the work of a job's current run, or waits for another's."""
    if followed_by(job) is None:
        return runtime.plugins.plugin(job.plugin)
    is_to_end = end_wanted_since_ms(job, now_ms=runtime.clock.now_ms()) is not None
    return Following(runtime.jobs, is_to_end=is_to_end)


def _as_it_goes(leader: Job) -> RunReport:
    if leader.status is JobStatus.SUCCEEDED:
        return LeaderSucceeded(state=RunState.SUCCEEDED, leader=leader)
    if not leader.status.is_final:
        return RunReport(state=RunState.RUNNING, detail=f"waits for the job {leader.id}")
    return RunReport(
        state=RunState.FAILED,
        detail=f"the job {leader.id}, whose run this job shared, failed: {leader.error}",
        failure=Failure(leader.failure) if leader.failure else None,
    )
