"""One attempt to do a job: its plugin called, and kept what that tells on the way."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

from pydantic import ValidationError

from functions.execute.collecting import RunParts, collected
from functions.execute.engine import EngineWork
from functions.execute.guarding import Guard
from functions.execute.redacted import redacted_report, refuse_secret_handle
from functions.execute.redacted_logs import keep_out_of_logs
from heimdall.domain.attributes import with_attributes, with_outputs
from heimdall.domain.cluster import Cluster
from heimdall.domain.command import Command
from heimdall.domain.errors import HeimdallError, PluginError, TransientPluginError
from heimdall.domain.job import Job
from heimdall.domain.job_files import JobFiles
from heimdall.domain.ports import StaleJobError
from heimdall.observability import logger
from heimdall.plugin.detached import is_detached
from heimdall.plugin.identity import Identity
from heimdall.plugin.secret import SecretReader
from heimdall.plugin.spec import (
    Plugin,
    RunHandle,
    RunReport,
    RunRequest,
    RunState,
    StopSignal,
)
from heimdall.runtime import ExecuteRuntime

Told = TypeVar("Told")


@dataclass(frozen=True, slots=True)
class Assignment:
    """A job that is RUNNING, with what runs it and where."""

    job: Job
    command: Command
    cluster: Cluster


@dataclass(slots=True, kw_only=True)
class Attempt:
    """One run of a job, from its plugin's first call to the last report.

    Attributes:
        job: as it is stored.
        seconds_left: how long the work may take inside the plugin's `start`.
        parts: where all that the run gives is kept.
        context: the job's, once it is read.
        handle: of work that was left to itself.
        outputs: what the plugin told so far.
        share_key: of work that others may wait for.
        follower: what waits for another job's run instead of the work, if that is so.
    """

    job: Job
    assignment: Assignment
    runtime: ExecuteRuntime
    supervisor: StopSignal
    parts: RunParts
    seconds_left: float
    context: dict[str, Any] | None = None
    handle: RunHandle | None = None
    outputs: dict[str, str] = field(default_factory=dict)
    share_key: str = ""
    follower: Plugin | None = None

    def make(self) -> RunReport | None:
        """Let the plugin do the work; whatever it raises becomes a report, without secrets.

        Returns:
            How the work ended; None if it goes on at an engine and may be left to itself.

        Raises:
            StaleJobError: the run is not ours any more.
        """
        return self._told(self._work)

    def begin(self, *, is_retry: bool) -> RunHandle | RunReport:
        """Let the plugin start work at its engine, and do not follow it.

        Raises:
            TransientPluginError: it could not be started now.
            StaleJobError: the run is not ours any more.
        """
        return self._told(lambda: self._start(is_retry=is_retry), passes=TransientPluginError)

    def _told(
        self, work: Callable[[], Told], passes: type[Exception] = StaleJobError
    ) -> Told | RunReport:
        """Give what comes of some work without secrets; what it raises becomes a report."""
        keep_out_of_logs(self.parts.redactor)
        told = self._reported(work, passes)
        return redacted_report(told, self.parts.redactor) if isinstance(told, RunReport) else told

    def _reported(self, work: Callable[[], Told], passes: type[Exception]) -> Told | RunReport:
        try:
            return work()
        except (StaleJobError, passes):
            raise
        except PluginError as error:
            return RunReport(state=RunState.FAILED, detail=str(error), failure=error.failure)
        except HeimdallError as error:
            return RunReport(state=RunState.FAILED, detail=str(error))
        except ValidationError as error:
            detail = f"a context no longer fits: {_faults_of(error)}"
            return RunReport(state=RunState.FAILED, detail=detail)
        except Exception as error:  # noqa: BLE001 - other people's code ends here
            logger.exception("plugin failed", job_id=self.job.id)
            plugin = self.assignment.command.plugin
            reason = f"the plugin {plugin!r} failed: {type(error).__name__}: {error}"
            return RunReport(state=RunState.FAILED, detail=reason)

    def _start(self, *, is_retry: bool = False) -> RunHandle | RunReport:
        self.context = read_context(self.job, files=self.runtime.files)
        secrets = SecretReader(self.runtime.read_secret, self.parts.redactor)
        if not self._guard(secrets, is_retry=is_retry) or not self._note_start():
            return RunReport(state=RunState.CANCELED)
        started = self._shared(is_retry=is_retry)
        if started is None:
            started = self._plugin.start(self._request(self.context, secrets, is_retry=is_retry))
        self.outputs.update(started.outputs)
        if isinstance(started, RunHandle):
            refuse_secret_handle(started, self._plugin, self.parts.redactor)
            return replace(started, read_secret=secrets.reveal_again)
        return started

    def _shared(self, *, is_retry: bool) -> RunHandle | RunReport | None:
        """Say what the run does instead of its work; None if it does that, maybe for others too."""
        if self.job.reuse_seconds is None or self.context is None:
            return None
        from functions.execute.following import Following
        from functions.execute.sharing import share

        shared = share(
            self.job,
            self.assignment.command,
            self.assignment.cluster,
            context=self.context,
            is_retry=is_retry,
            runtime=self.runtime,
        )
        self.share_key = shared.key
        if isinstance(shared.instead, RunHandle):
            self.follower = Following(self.runtime.jobs)
        return shared.instead

    def _guard(self, secrets: SecretReader, *, is_retry: bool) -> bool:
        """Have the job's SQL checked; return whether the work is still wanted."""
        guard = Guard(
            job=self.job,
            command=self.assignment.command,
            cluster=self.assignment.cluster,
            context=self.context or {},
            secrets=secrets,
            runtime=self.runtime,
        )
        return guard.admits(is_retry=is_retry, save=self._save)

    def _note_start(self) -> bool:
        """Store that work may be at the engine from now on: a crash must not forget it.

        Returns:
            Whether the work is still wanted: not if the run was canceled by now.

        Raises:
            StaleJobError: the run is not ours any more.
        """
        if self.job.is_start_called or not is_detached(self._plugin):
            return True
        return self._save(replace(self.job, is_detached=True, is_start_called=True))

    def _save(self, noted: Job) -> bool:
        """Store the job as it is noted; return whether the run is still wanted.

        Raises:
            StaleJobError: the run is not ours any more.
        """
        try:
            self.runtime.jobs.save(self.job, noted)
        except StaleJobError as stale:
            current = stale.current
            if current is None or not current.has_open_run(self.job.run):
                raise
            self.job = current
            return False
        self.job = noted
        return True

    def _work(self) -> RunReport | None:
        try:
            started = self._start()
        except TransientPluginError:
            if is_detached(self._plugin):
                return None  # the engine may have taken it: the next try finds out
            raise
        if isinstance(started, RunReport):
            return started
        work = EngineWork(
            job=self.job,
            handle=started,
            plugin=self._plugin,
            jobs=self.runtime.jobs,
            supervisor=self.supervisor,
            outputs=self.outputs,
            tell=self.tell,
        )
        try:
            report = work.follow()
        finally:
            self.job = work.job
        self.handle = started
        if report is None or not is_detached(self._plugin):
            return report
        try:
            return collected(self._plugin, started, report, self.parts.output)
        except TransientPluginError:
            return None

    @property
    def told_outputs(self) -> dict[str, str]:
        """What the plugin told so far, without secrets."""
        redacted: dict[str, str] = self.parts.redactor.value(self.outputs)
        return redacted

    def tell(self, job: Job) -> Job:
        """Return the job with what the plugin told so far, in its outputs and its attributes."""
        if job.share_key != self.share_key:
            job = replace(job, share_key=self.share_key)
        told = with_outputs(job, self.told_outputs)
        if self.context is None:
            return told
        command, cluster = self.assignment.command, self.assignment.cluster
        return with_attributes(told, command, cluster, context=self.context)

    @property
    def _plugin(self) -> Plugin:
        return self.follower or self.runtime.plugins.plugin(self.assignment.command.plugin)

    def _request(
        self, context: dict[str, Any], reader: SecretReader, *, is_retry: bool
    ) -> RunRequest:
        job, command, cluster = self.job, self.assignment.command, self.assignment.cluster
        models = self.runtime.plugins.options(command.plugin)
        secrets = {"secrets": reader}
        return RunRequest(
            job_id=job.id,
            run=job.run,
            token=f"{job.id}-{job.run}",
            user=job.user,
            command=command,
            cluster=cluster,
            options=models.job.model_validate(context, context=secrets),
            command_options=models.command.model_validate(dict(command.context), context=secrets),
            cluster_options=models.cluster.model_validate(dict(cluster.context), context=secrets),
            seconds_left=self.seconds_left,
            run_seconds=job.run_seconds,
            is_retry=is_retry,
            stop=self.supervisor,
            stdout=self.parts.output.stdout,
            stderr=self.parts.output.stderr,
            output=self.parts.output,
            identity=identity_of(job, self.runtime),
        )


def identity_of(job: Job, runtime: ExecuteRuntime) -> Identity:
    """Return on whose behalf a job's current run calls its engine."""
    return Identity(
        deployment=runtime.settings.deployment,
        user=job.user,
        caller=job.caller,
        job_id=job.id,
        run=job.run,
    )


def read_context(job: Job, *, files: JobFiles) -> dict[str, Any]:
    """Read a job's context, wherever it is."""
    text = job.context if job.context is not None else files.context(job.id)
    context: dict[str, Any] = json.loads(text)
    return context


def _faults_of(error: ValidationError) -> str:
    """Say what is wrong where, without the values, which pydantic's own text repeats."""
    return "; ".join(
        f"{'.'.join(str(part) for part in fault['loc'])}: {fault['msg']}"
        for fault in error.errors(include_url=False, include_context=False, include_input=False)
    )
