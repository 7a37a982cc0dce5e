"""Starts the wrapper in a PySpark of this machine and finds it again by its directory."""

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, ClassVar, cast

from heimdall.domain.errors import PluginError
from heimdall.domain.failures import Failure
from heimdall.domain.result import Result
from heimdall.plugin.detached import EnginePlugin, FoundWork, WorkSearch
from heimdall.plugin.identity import PluginServices
from heimdall.plugin.output import RunOutput
from heimdall.plugin.spec import (
    HealthReport,
    HealthRequest,
    RunHandle,
    RunReport,
    RunRequest,
    RunState,
)
from heimdall.plugins.spark_local import directory as machine
from heimdall.plugins.spark_local import supervisor
from heimdall.plugins.spark_local.directory import RunDirectory, machine_errors
from heimdall.plugins.spark_local.options import (
    ClusterOptions,
    CommandOptions,
    JobOptions,
    properties_of,
)
from heimdall.spark.report import WRAPPER, arguments, collect_result, read_report

DEFAULTS = {
    "spark.master": "local[*]",
    "spark.sql.session.timeZone": "UTC",
    "spark.sql.shuffle.partitions": "8",
}
FIRST_POLL_SECONDS = 2.0


class SparkLocalPlugin:
    """Has one directory per run, named after it, so that a second start finds the first one's."""

    name: ClassVar[str] = "spark-local"

    def start(self, run: RunRequest) -> RunHandle:
        """Start Spark, or find what a former try has started."""
        cluster = cast(ClusterOptions, run.cluster_options)
        found = RunDirectory(_base(cluster) / run.identity.work_name)
        if found.process() is None:
            program = shutil.which(cluster.spark_submit)
            if program is None:
                raise PluginError(_MISSING.format(cluster.spark_submit))
            with machine_errors("preparing the run's directory"):
                machine.forget_old(found.path.parent)
                _prepare(found.path, cast(JobOptions, run.options).query)
            machine.launch(found, [program, *_submission(run, found.path)])
        return _handle(found)

    def poll(self, handle: RunHandle) -> RunReport:
        """See whether the process has ended, and how."""
        run = _open(handle)
        is_supervised = run.is_supervised()
        end = run.end()  # in this order: the end is written before the supervisor goes
        if end is not None:
            return _ended(run, end)
        if is_supervised:
            return RunReport(state=RunState.RUNNING)
        if run.is_running():
            run.stop()
            said = "what looked after Spark is gone, so Spark is ended"
            return RunReport(state=RunState.RUNNING, detail=said)
        said = "the process is gone and has not said how it ended"
        return RunReport(state=RunState.FAILED, detail=said, failure=Failure.ENGINE_FAULT)

    def cancel(self, handle: RunHandle) -> None:
        """Ask the process to end; it is killed two seconds later. One that has ended stays so."""
        _open(handle).stop()

    def collect(self, handle: RunHandle, report: RunReport, output: RunOutput) -> Result | None:
        """Copy the logs, and hand the result over as JSON and as Parquet."""
        run = _open(handle)
        run.copy_log("stdout", output.stdout)
        run.copy_log("stderr", output.stderr)
        if report.state is RunState.SUCCEEDED and (said := read_report(run)):
            collect_result(run, said, output)
        return None

    def find_work(self, search: WorkSearch) -> Iterator[FoundWork]:
        """List the processes that run under names of ours."""
        base = _base(cast(ClusterOptions, search.cluster_options))
        for path in sorted(base.iterdir()) if base.is_dir() else ():
            work, found = search.identity.run_of(path.name), RunDirectory(path)
            if work and (found.is_supervised() or found.is_running()):
                detail = f"Spark in {path}"
                handle = _handle(found)
                yield FoundWork(job_id=work[0], run=work[1], handle=handle, detail=detail)

    def health(self, request: HealthRequest) -> HealthReport:
        """See whether there is a spark-submit."""
        program = cast(ClusterOptions, request.cluster_options).spark_submit
        if shutil.which(program) is None:
            return HealthReport(is_healthy=False, detail=_MISSING.format(program))
        return HealthReport(is_healthy=True)


_MISSING = "there is no program {!r} on this machine: see the cluster's spark_submit"


def build_plugin(services: PluginServices) -> EnginePlugin:  # noqa: ARG001 - part of the protocol
    """Return the plugin."""
    return SparkLocalPlugin()


def _base(cluster: ClusterOptions) -> Path:
    return Path(cluster.directory or Path(tempfile.gettempdir()) / "heimdall-spark-local")


def _prepare(path: Path, query: str) -> None:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    for name in ("", "output", *supervisor.SCRATCH):
        (path / name).mkdir(mode=0o700, exist_ok=True)
    for name, content in (("wrapper.py", WRAPPER.read_bytes()), ("query.sql", query.encode())):
        with tempfile.NamedTemporaryFile(dir=path, prefix=name, delete=False) as draft:
            draft.write(content)
        Path(draft.name).replace(path / name)  # whole, and no draft is shared by two starts


def _submission(run: RunRequest, path: Path) -> list[str]:
    """Return the arguments of spark-submit."""
    job = cast(JobOptions, run.options)
    command = cast(CommandOptions, run.command_options)
    properties = {
        **DEFAULTS,
        **properties_of(job, command, cast(ClusterOptions, run.cluster_options)),
        "spark.submit.deployMode": "client",
        "spark.driver.bindAddress": "127.0.0.1",
        "spark.driver.host": "127.0.0.1",
        "spark.ui.enabled": "false",
        "spark.local.dir": str(path / "tmp"),
        "spark.driver.defaultJavaOptions": f"-Djava.io.tmpdir={path / 'tmp'}",
        "spark.sql.warehouse.dir": (path / "warehouse").as_uri(),
        "spark.sql.catalogImplementation": "in-memory",
    }
    settings = [word for item in properties.items() for word in ("--conf", "=".join(item))]
    asked = arguments(
        query=f"file:{path / 'query.sql'}",
        output=f"file:{path / 'output'}",
        max_rows=command.max_rows,
        max_bytes=command.max_bytes,
        return_result=job.return_result,
    )
    return [*settings, str(path / "wrapper.py"), *asked]


def _handle(run: RunDirectory) -> RunHandle:
    process = run.process()
    if process is None:
        raise PluginError(f"the run's directory {run.path} was deleted while it was started")
    values = {"directory": str(run.path), "pid": str(process["pid"]), "born": process["born"]}
    outputs = {"directory": str(run.path), "pid": str(process["pid"])}
    return RunHandle(values=values, outputs=outputs, retry_after_seconds=FIRST_POLL_SECONDS)


def _open(handle: RunHandle) -> RunDirectory:
    try:
        run = RunDirectory(Path(handle.values["directory"]))
    except KeyError:
        raise PluginError(
            "the handle of the work has no directory: this version of the plugin did not write it"
        ) from None
    if not run.is_there:
        raise PluginError(f"the run's directory {run.path} is gone, and with it what it left")
    return run


def _ended(run: RunDirectory, end: dict[str, Any]) -> RunReport:
    ending = end.get("ending")
    if ending == supervisor.NOT_STARTED:
        said = f"Spark cannot be started: {end.get('reason')}"
        return RunReport(state=RunState.FAILED, detail=said, failure=Failure.ENGINE_FAULT)
    if ending != supervisor.EXITED:
        said = f"the run's supervisor says {ending!r}, which is unknown here"
        return RunReport(state=RunState.RUNNING, detail=said)
    report = read_report(run)
    code = end["code"]
    is_credible = report is not None and report.ok == (code == 0)
    if report and is_credible and (report.ok or not end.get("stopped") or report.is_users_error):
        return report.as_run()
    if end.get("stopped"):
        return RunReport(state=RunState.CANCELED)
    said = f"spark-submit ended with code {code}: {run.last_words() or 'it says nothing'}"
    return RunReport(state=RunState.FAILED, detail=said, failure=Failure.ENGINE_FAULT)
