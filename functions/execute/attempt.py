"""One attempt to do a job: its plugin called, and kept what that tells on the way."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from pydantic import ValidationError

from functions.execute.engine import EngineWork
from functions.execute.redacted import redacted_report, refuse_secret_handle
from functions.execute.redacted_logs import keep_out_of_logs
from functions.execute.supervisor import Supervisor
from heimdall.domain.attributes import with_attributes, with_outputs
from heimdall.domain.cluster import Cluster
from heimdall.domain.command import Command
from heimdall.domain.errors import HeimdallError
from heimdall.domain.job import Job
from heimdall.domain.job_files import JobFiles
from heimdall.domain.ports import StaleJobError
from heimdall.observability import logger
from heimdall.plugin.identity import Identity
from heimdall.plugin.redaction import Redactor
from heimdall.plugin.secret import SecretReader
from heimdall.plugin.spec import OutputStream, RunReport, RunRequest, RunState
from heimdall.runtime import ExecuteRuntime


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
        streams: stdout and stderr, without secrets.
        redactor: knows the secrets that were revealed to the plugin.
        context: the job's, once it is read.
        outputs: what the plugin told so far.
    """

    job: Job
    assignment: Assignment
    runtime: ExecuteRuntime
    supervisor: Supervisor
    streams: Sequence[OutputStream]
    redactor: Redactor
    seconds_left: float
    context: dict[str, Any] | None = None
    outputs: dict[str, str] = field(default_factory=dict)

    def make(self) -> RunReport:
        """Let the plugin do the work; whatever it raises becomes a report, without secrets.

        Raises:
            StaleJobError: the run is not ours any more.
        """
        keep_out_of_logs(self.redactor)
        return redacted_report(self._reported(), self.redactor)

    def _reported(self) -> RunReport:
        try:
            return self._work()
        except StaleJobError:
            raise
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

    def _work(self) -> RunReport:
        plugin = self.runtime.plugins.plugin(self.assignment.command.plugin)
        self.context = read_context(self.job, files=self.runtime.files)
        started = plugin.start(self._request(self.context))
        if isinstance(started, RunReport):
            self.outputs.update(started.outputs)
            return started
        refuse_secret_handle(started, plugin, self.redactor)
        work = EngineWork(
            job=self.job,
            handle=started,
            plugin=plugin,
            jobs=self.runtime.jobs,
            supervisor=self.supervisor,
            outputs=self.outputs,
            tell=self.tell,
        )
        try:
            return work.follow()
        finally:
            self.job = work.job

    def tell(self, job: Job) -> Job:
        """Return the job with what the plugin told so far, in its outputs and its attributes."""
        told = with_outputs(job, self.redactor.value(self.outputs))
        if self.context is None:
            return told
        command, cluster = self.assignment.command, self.assignment.cluster
        return with_attributes(told, command, cluster, context=self.context)

    def _request(self, context: dict[str, Any]) -> RunRequest:
        job, command, cluster = self.job, self.assignment.command, self.assignment.cluster
        models = self.runtime.plugins.options(command.plugin)
        secrets = {"secrets": SecretReader(self.runtime.read_secret, self.redactor)}
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
            stop=self.supervisor,
            stdout=self.streams[0],
            stderr=self.streams[1],
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
