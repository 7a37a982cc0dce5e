"""The search for orphans: work at engines under our marks whose job does not wait for it."""

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, field, replace
from itertools import islice

from functions.execute import asking
from functions.execute.redacted_logs import keep_out_of_logs
from heimdall.domain.audit import MAX_TEXT, AuditEntry, AuditUnavailableError
from heimdall.domain.catalog import CatalogCache
from heimdall.domain.errors import HeimdallError, JobNotFoundError
from heimdall.domain.orphans import GATEWAY, MAX_PLACES, Place, places, why_orphan
from heimdall.observability import count, logger
from heimdall.plugin.detached import EnginePlugin, FoundWork, WorkSearch, is_detached
from heimdall.plugin.identity import Identity
from heimdall.plugin.redaction import Redactor
from heimdall.plugin.secret import SecretReader
from heimdall.runtime import ExecuteRuntime


@dataclass(slots=True)
class OrphanReport:
    """What one search did.

    Attributes:
        searched: places that were looked at.
        failed: those of them where nothing could be seen, or not all.
        found: orphans, those that were stopped among them.
        stopped: orphans whose engine was told to end them.
    """

    searched: int = 0
    failed: int = 0
    found: int = 0
    stopped: int = 0
    is_complete: bool = True
    seen: set[tuple[str, str]] = field(default_factory=set)


def look_for_orphans(
    plugins: Collection[str],
    *,
    runtime: ExecuteRuntime,
    has_time: Callable[[], bool],
) -> OrphanReport:
    """Look at all engines of a runner, and report or stop what no job waits for.

    Args:
        plugins: the runner's.
        runtime: what the function works with.
        has_time: whether to go on.
    """
    report = OrphanReport()
    engines = {name for name in plugins if is_detached(runtime.plugins.plugin(name))}
    snapshot = CatalogCache(runtime.catalog, runtime.clock).snapshot()
    everywhere = places(snapshot, engines, runtime.random)
    for place in islice(everywhere, MAX_PLACES):
        if not has_time():
            report.is_complete = False
            return report
        _look_at(place, report, runtime)
    report.is_complete = next(everywhere, None) is None
    return report


def _look_at(place: Place, report: OrphanReport, runtime: ExecuteRuntime) -> None:
    report.searched += 1
    try:
        plugin = runtime.plugins.plugin(place.command.plugin)
        if is_detached(plugin):
            for work in _found(plugin, place, runtime):
                _judge(plugin, work, report, runtime)
    except HeimdallError as error:
        _note_failure(place, report, str(error))
    except Exception as error:  # noqa: BLE001 - other people's code ends here
        logger.warning("search failed", exc_info=True, cluster_id=place.cluster.id)
        _note_failure(place, report, f"{type(error).__name__}: {error}")


def _found(plugin: EnginePlugin, place: Place, runtime: ExecuteRuntime) -> Iterator[FoundWork]:
    redactor = Redactor()
    keep_out_of_logs(redactor)
    reader = SecretReader(runtime.read_secret, redactor)
    secrets = {"secrets": reader}
    models = runtime.plugins.options(place.command.plugin)
    found = plugin.find_work(
        WorkSearch(
            command_options=models.command.model_validate(
                dict(place.command.context), context=secrets
            ),
            cluster_options=models.cluster.model_validate(
                dict(place.cluster.context), context=secrets
            ),
            identity=Identity(deployment=runtime.settings.deployment, user=GATEWAY.user),
        )
    )
    for work in found:
        yield replace(work, handle=replace(work.handle, read_secret=reader.reveal_again))


def _judge(
    plugin: EnginePlugin, work: FoundWork, report: OrphanReport, runtime: ExecuteRuntime
) -> None:
    known = (plugin.name, repr(sorted(work.handle.values.items())))
    if known in report.seen:
        return
    report.seen.add(known)
    try:
        job = runtime.jobs.get(work.job_id)
    except JobNotFoundError:
        job = None
    reason = why_orphan(job, work.job_id, work.run, now_ms=runtime.clock.now_ms())
    if reason is None:
        return
    report.found += 1
    is_stopped = runtime.settings.stop_orphans and asking.cancel(plugin, work.handle)
    report.stopped += is_stopped
    _tell(plugin.name, work, reason, is_stopped=is_stopped, runtime=runtime)


def _tell(
    plugin: str, work: FoundWork, reason: str, *, is_stopped: bool, runtime: ExecuteRuntime
) -> None:
    told = f"{plugin}: {work.detail}, of run {work.run}: {reason}"
    logger.warning("orphan", job_id=work.job_id, detail=told, is_stopped=is_stopped)
    count("OrphanStopped" if is_stopped else "OrphanFound", job_id=work.job_id, plugin=plugin)
    done = AuditEntry.done(
        GATEWAY,
        at_ms=runtime.clock.now_ms(),
        action="orphan.stopped" if is_stopped else "orphan.found",
        target=f"job/{work.job_id}",
    )
    entry = replace(done, reason=told[:MAX_TEXT])
    try:
        runtime.audit().record(entry)
    except AuditUnavailableError as error:
        logger.warning("orphan not in the audit trail", exc_info=error, **entry.to_dict())


def _note_failure(place: Place, report: OrphanReport, reason: str) -> None:
    report.failed += 1
    command_id, cluster_id = place.command.id, place.cluster.id
    logger.warning(
        "no search for orphans", reason=reason, command_id=command_id, cluster_id=cluster_id
    )
    count("OrphanSearchFailed", command_id=command_id, cluster_id=cluster_id)
