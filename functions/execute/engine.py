"""Work that an engine does for a run: its handle is kept, and it is asked after until it ends."""

import json
import time
from dataclasses import replace

from functions.execute.supervisor import Supervisor
from heimdall.domain.errors import PluginError, TransientPluginError
from heimdall.domain.job import Job
from heimdall.domain.ports import JobStore, StaleJobError
from heimdall.observability import logger
from heimdall.plugin.spec import Plugin, RunHandle, RunReport, RunState

POLL_SECONDS = 1.0
CANCEL_GRACE_SECONDS = 5.0


def keep_handle(job: Job, handle: RunHandle, *, plugin: Plugin, jobs: JobStore) -> Job:
    """Store how to find the work, also if somebody asked for its end in the meantime.

    Raises:
        StaleJobError: the run is not ours any more; the engine was told to end the work.
    """
    text = json.dumps(dict(handle.values))
    before = job
    while True:
        after = replace(before, handle=text)
        try:
            jobs.save(before, after)
        except StaleJobError as stale:
            current = stale.current
            if current is None or current.run != job.run or current.status.is_final:
                plugin.cancel(handle)
                raise
            before = current
        else:
            return after


def follow(handle: RunHandle, *, plugin: Plugin, supervisor: Supervisor) -> RunReport:
    """Ask after the work until it has ended; tell the engine when it has to.

    Raises:
        PluginError: the engine lost the work, or did not end it when it was told to.
    """
    give_up_at: float | None = None
    while True:
        report = _poll(plugin, handle)
        if report.state is not RunState.RUNNING:
            return report
        pause = report.retry_after_seconds or POLL_SECONDS
        if give_up_at is not None:
            if time.monotonic() > give_up_at:
                raise PluginError("the engine was told to end the work and has not done so")
            time.sleep(min(pause, POLL_SECONDS))
        elif supervisor.wait(pause) and _cancel(plugin, handle):
            give_up_at = time.monotonic() + CANCEL_GRACE_SECONDS


def _poll(plugin: Plugin, handle: RunHandle) -> RunReport:
    try:
        return plugin.poll(handle)
    except TransientPluginError as error:
        logger.info("engine out of reach", reason=str(error))
        return RunReport(state=RunState.RUNNING)


def _cancel(plugin: Plugin, handle: RunHandle) -> bool:
    try:
        plugin.cancel(handle)
    except TransientPluginError as error:
        logger.info("engine out of reach", reason=str(error))
        time.sleep(POLL_SECONDS)
        return False
    return True
