"""Events of engines: the run whose work has ended is woken; how it ended, the engine is asked."""

from collections.abc import Mapping
from typing import Any

from heimdall.domain.errors import JobNotFoundError
from heimdall.observability import count, logger
from heimdall.runtime import OrchestrateRuntime


def pass_on(event: Mapping[str, Any], *, runtime: OrchestrateRuntime) -> bool:
    """Wake the run that an event of EventBridge concerns; return whether there is one.

    An event of somebody else's work, of a run that is over, or of no known kind is dropped.

    Raises:
        RunnerUnavailableError: the run could not be woken now.
    """
    work_id = _work_of(event, runtime)
    found = runtime.work.find(work_id) if work_id else None
    if found is None:
        return False
    job_id, run = found
    try:
        job = runtime.jobs.get(job_id)
    except JobNotFoundError:
        return False
    if not job.has_open_run(run):
        return False
    runtime.runners.wake(job)
    count("JobWokenByEvent", job_id=job_id, plugin=job.plugin)
    return True


def _work_of(event: Mapping[str, Any], runtime: OrchestrateRuntime) -> str | None:
    kind = (event.get("source"), event.get("detail-type"))
    detail = event.get("detail")
    if not isinstance(detail, Mapping):
        return None
    plugins = {name for runner in runtime.settings.runners.values() for name in runner.plugins}
    for plugin in sorted(plugins):
        for each in runtime.plugins.events(plugin):
            if (each.source, each.detail_type) == kind and (found := each.work_id(detail)):
                return found
    logger.info("event of no work known", source=kind[0], detail_type=kind[1])
    return None
