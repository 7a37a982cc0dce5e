"""One attempt to do a job: its plugin called, and kept what that tells on the way."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from pydantic import BaseModel, ValidationError

from functions.execute.engine import EngineWork
from functions.execute.streams import StreamWriter
from functions.execute.supervisor import Supervisor
from heimdall.domain.attributes import with_attributes, with_outputs
from heimdall.domain.cluster import Cluster
from heimdall.domain.command import Command
from heimdall.domain.errors import HeimdallError
from heimdall.domain.job import Job
from heimdall.domain.ports import JobFiles, StaleJobError
from heimdall.observability import logger
from heimdall.plugin.spec import RunReport, RunRequest, RunState
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
        context: the job's, once it is read.
        outputs: what the plugin told so far.
    """

    job: Job
    assignment: Assignment
    runtime: ExecuteRuntime
    supervisor: Supervisor
    streams: Sequence[StreamWriter]
    seconds_left: float
    context: dict[str, Any] | None = None
    outputs: dict[str, str] = field(default_factory=dict)

    def make(self) -> RunReport:
        """Let the plugin do the work; whatever it raises becomes a report.

        Raises:
            StaleJobError: the run is not ours any more.
        """
        try:
            return self._work()
        except StaleJobError:
            raise
        except HeimdallError as error:
            return RunReport(state=RunState.FAILED, detail=str(error))
        except ValidationError as error:
            return RunReport(state=RunState.FAILED, detail=f"a context no longer fits: {error}")
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
        told = with_outputs(job, self.outputs)
        if self.context is None:
            return told
        command, cluster = self.assignment.command, self.assignment.cluster
        return with_attributes(told, command, cluster, context=self.context)

    def _request(self, context: dict[str, Any]) -> RunRequest:
        job, command, cluster = self.job, self.assignment.command, self.assignment.cluster
        models = self.runtime.plugins.options(command.plugin)
        return RunRequest(
            job_id=job.id,
            run=job.run,
            token=f"{job.id}-{job.run}",
            user=job.user,
            command=command,
            cluster=cluster,
            options=_validated(models.job, context),
            command_options=_validated(models.command, dict(command.context)),
            cluster_options=_validated(models.cluster, dict(cluster.context)),
            seconds_left=self.seconds_left,
            stop=self.supervisor,
            stdout=self.streams[0],
            stderr=self.streams[1],
        )


def read_context(job: Job, *, files: JobFiles) -> dict[str, Any]:
    """Read a job's context, wherever it is."""
    text = job.context if job.context is not None else files.context(job.id)
    context: dict[str, Any] = json.loads(text)
    return context


def _validated(model: type[BaseModel], context: dict[str, Any]) -> BaseModel:
    return model.model_validate(context)
