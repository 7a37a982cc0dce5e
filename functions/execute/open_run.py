"""One run that has not ended, as it is stored, with its plugin and its handle."""

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Self

from functions.execute import asking
from functions.execute.attempt import Assignment, read_context
from functions.execute.following import plugin_of
from functions.execute.redacted import redacted_report
from functions.execute.redacted_logs import keep_out_of_logs
from heimdall.domain.attributes import with_attributes, with_outputs
from heimdall.domain.cluster import Cluster
from heimdall.domain.command import Command
from heimdall.domain.errors import JobNotFoundError
from heimdall.domain.job import Job
from heimdall.domain.ports import StaleJobError
from heimdall.plugin.redaction import Redactor
from heimdall.plugin.secret import SecretReader
from heimdall.plugin.spec import Plugin, RunHandle, RunReport
from heimdall.runtime import ExecuteRuntime


class OpenRun:
    """A job's current run; `job` is always what was stored last.

    Attributes:
        now_ms: when it was read: one time for all that is decided.
        redactor: knows the secrets that are revealed to the plugin.
    """

    def __init__(self, job: Job, runtime: ExecuteRuntime) -> None:
        self.job = job
        self.runtime = runtime
        self.now_ms = runtime.clock.now_ms()
        self.redactor = Redactor()
        self._secrets = SecretReader(runtime.read_secret, self.redactor)
        keep_out_of_logs(self.redactor)

    @classmethod
    def read(cls, job_id: str, run: int, runtime: ExecuteRuntime) -> Self | None:
        """Read a run; None if it is over, or gone."""
        try:
            job = runtime.jobs.get(job_id)
        except JobNotFoundError:
            return None
        return cls(job, runtime) if job.has_open_run(run) else None

    @property
    def plugin(self) -> Plugin:
        """What does the work, or waits for another job's."""
        return plugin_of(self.job, self.runtime)

    @property
    def handle(self) -> RunHandle:
        """How to find the work; the run must have one."""
        values = json.loads(self.job.handle or "{}")
        return RunHandle(values=values, read_secret=self._secrets.reveal_again)

    def poll(self) -> RunReport:
        """Ask the engine where the work is; RUNNING also if that cannot be told now."""
        return redacted_report(asking.poll(self.plugin, self.handle), self.redactor)

    def assignment(self) -> Assignment:
        """Read command and cluster.

        Raises:
            NotFoundError: one of them is gone.
        """
        command = self.runtime.catalog.get(Command, self.job.command_id)
        return Assignment(self.job, command, self.runtime.catalog.get(Cluster, self.job.cluster_id))

    def save(self, outputs: Mapping[str, str] | None = None, **changes: Any) -> bool:  # noqa: ANN401 - fields of Job
        """Store changes of the job, also if somebody asked for its end in the meantime.

        Returns:
            Whether it was stored: not if the run is over, or somebody else took this wake.
        """
        while True:
            after = replace(self.told(self.job, outputs or {}), **changes)
            try:
                self.runtime.jobs.save(self.job, after)
            except StaleJobError as stale:
                current = stale.current
                if current is None or not current.has_open_run(self.job.run):
                    return False
                if "wakes" in changes and current.wakes != self.job.wakes:
                    return False
                self.job = current
            else:
                self.job = after
                return True

    def told(self, job: Job, outputs: Mapping[str, str]) -> Job:
        """Return the job with more outputs, and with its cluster's attributes if they are new."""
        told = with_outputs(job, outputs)
        if told == job:
            return job
        assignment = self.assignment()
        context = read_context(job, files=self.runtime.files)
        return with_attributes(told, assignment.command, assignment.cluster, context=context)


def handle_text(handle: RunHandle) -> str:
    """Write a handle's values for the job's item."""
    return json.dumps(dict(handle.values))
