"""Work that an engine does for a run: its handle is kept, and it is asked after until it ends."""

import json
import time
from collections.abc import Callable, MutableMapping
from dataclasses import dataclass, replace

from functions.execute import asking
from heimdall.domain.errors import PluginError, StoreThrottledError
from heimdall.domain.job import Job
from heimdall.domain.ports import JobStore, StaleJobError
from heimdall.observability import logger
from heimdall.plugin.detached import is_detached
from heimdall.plugin.spec import Plugin, RunHandle, RunReport, RunState, StopSignal

POLL_SECONDS = 1.0
FOLLOW_SECONDS = 20.0
"""How long a function follows work by itself: a sync job's caller waits no longer for it."""

CANCEL_GRACE_SECONDS = 5.0


@dataclass(slots=True, kw_only=True)
class EngineWork:
    """What an engine does for one run.

    Attributes:
        job: as it is stored.
        handle: how to find the work.
        outputs: what the plugin told of the work; grows as it tells more.
        tell: returns the job with them.
        follow_seconds: after which the work is left to itself.
    """

    job: Job
    handle: RunHandle
    plugin: Plugin
    jobs: JobStore
    supervisor: StopSignal
    outputs: MutableMapping[str, str]
    tell: Callable[[Job], Job]
    follow_seconds: float = FOLLOW_SECONDS

    def follow(self) -> RunReport | None:
        """Store the handle, then ask after the work until it has ended.

        The engine is told when the work has to end.

        Returns:
            How it ended; None if it goes on, and may be left to the state machine.

        Raises:
            StaleJobError: the run is not ours any more; the engine was told to end the work.
            PluginError: the engine lost the work, or a plugin that cannot be asked by others did
                not end it when it was told to.
        """
        handle = json.dumps(dict(self.handle.values))
        self.outputs.update(self.handle.outputs)
        try:
            self._keep(lambda job: self.tell(replace(job, handle=handle)))
        except StoreThrottledError:
            if not is_detached(self.plugin):
                raise
            return None  # it works already: whoever starts it again gets the same handle
        return self._ask_on()

    def _ask_on(self) -> RunReport | None:
        give_up_at: float | None = None
        leave_at = time.monotonic() + self.follow_seconds
        while True:
            report = asking.poll(self.plugin, self.handle)
            self.outputs.update(report.outputs)
            if report.state is not RunState.RUNNING:
                return report
            self._show()
            pause = report.retry_after_seconds or POLL_SECONDS
            if give_up_at is not None:
                if time.monotonic() > give_up_at:
                    if is_detached(self.plugin):
                        return None
                    raise PluginError("the engine was told to end the work and has not done so")
                time.sleep(min(pause, POLL_SECONDS))
            elif time.monotonic() >= leave_at:
                return None
            elif self.supervisor.wait(pause) and self._cancel():
                give_up_at = time.monotonic() + CANCEL_GRACE_SECONDS

    def _show(self) -> None:
        """Store what is new; if that fails now, it is tried again after the next poll."""
        try:
            self._keep(self.tell)
        except StoreThrottledError as error:
            logger.info("outputs not stored yet", reason=str(error), job_id=self.job.id)

    def _keep(self, change: Callable[[Job], Job]) -> None:
        """Save a change of the job, also if somebody asked for its end in the meantime."""
        before = self.job
        while (after := change(before)) != before:
            try:
                self.jobs.save(before, after)
            except StaleJobError as stale:
                current = stale.current
                if current is None or not current.has_open_run(self.job.run):
                    self.plugin.cancel(self.handle)
                    raise
                before = current
            else:
                before = after
                break
        self.job = before

    def _cancel(self) -> bool:
        if asking.cancel(self.plugin, self.handle):
            return True
        time.sleep(POLL_SECONDS)
        return False
