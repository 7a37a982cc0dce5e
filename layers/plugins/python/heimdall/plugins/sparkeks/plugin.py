"""Makes applications of the spark-operator, follows them, and reads what they leave."""

from collections.abc import Iterator
from contextlib import suppress
from typing import ClassVar, cast

from heimdall.aws.handles import identity_of, value_of
from heimdall.domain.errors import PluginError, TransientPluginError
from heimdall.domain.failures import Failure
from heimdall.domain.result import Result
from heimdall.plugin.detached import EnginePlugin, FoundWork, WorkSearch
from heimdall.plugin.identity import AwsAccess, Identity, PluginServices
from heimdall.plugin.output import RunOutput
from heimdall.plugin.spec import (
    HealthReport,
    HealthRequest,
    RunHandle,
    RunReport,
    RunRequest,
    RunState,
)
from heimdall.plugins.sparkeks.api_server import ApiServer, ConflictError
from heimdall.plugins.sparkeks.application import JOB_LABEL, Settings, manifest_of, name_of, run_of
from heimdall.plugins.sparkeks.connections import Connections
from heimdall.plugins.sparkeks.files import canceled_mark, plan_of, storage_of, template_of
from heimdall.plugins.sparkeks.options import ClusterOptions, CommandOptions, JobOptions
from heimdall.plugins.sparkeks.pods import active_pods, copy_logs
from heimdall.plugins.sparkeks.status import has_ended, report_of
from heimdall.spark.storage import RunFiles

GROUP = "/apis/sparkoperator.k8s.io/v1beta2"
"""Where the operator's objects are."""


class SparkEksPlugin:
    """Names applications after their runs, so that a second start finds the first one's."""

    name: ClassVar[str] = "sparkeks"

    def __init__(self, aws: AwsAccess) -> None:
        self._aws = aws
        self._connections = Connections(aws)

    def start(self, run: RunRequest) -> RunHandle:
        """Upload the statement and make the application, or find that it is made already."""
        job = cast(JobOptions, run.options)
        command = cast(CommandOptions, run.command_options)
        cluster = cast(ClusterOptions, run.cluster_options)
        identity = cluster.identity(run.identity)
        api = self._connections.open(identity, cluster.cluster_name, is_under_way=False)
        plan = plan_of(job, command, run.job_id, run.run)
        storage = storage_of(self._aws, identity)
        template = template_of(storage, cluster)
        settings = Settings(job=job, command=command, cluster=cluster, template=template)
        manifest = manifest_of(identity, settings, storage.upload(plan))
        # If there is one, an earlier try has made it: nobody else gives such names.
        with suppress(ConflictError):
            api.create(_applications(command.kube_namespace), manifest, "making the application")
        files = RunFiles(output=plan.output, returns_result=plan.return_result)
        return _handle(name_of(identity), command.kube_namespace, cluster, identity, files)

    def poll(self, handle: RunHandle) -> RunReport:
        """Ask for the application's state; if it is gone, whether we have canceled it."""
        api, path = self._open(handle)
        found = api.get(path, "asking for the application")
        files = RunFiles.of(handle)
        storage = storage_of(self._aws, identity_of(handle))
        if found is not None:
            report = report_of(found)
            if report.state is RunState.FAILED:
                return storage.explained(report, files)
            return report
        if not storage.has(files, canceled_mark(files)):
            raise PluginError(
                "the engine no longer knows the work: somebody has deleted the application"
            )
        pods = active_pods(api, _namespace(handle), _application(handle))
        if pods:
            said = f"the application is deleted; {pods} of its pods are still being stopped"
            return RunReport(state=RunState.RUNNING, detail=said)
        return RunReport(state=RunState.CANCELED, detail="the application was deleted")

    def cancel(self, handle: RunHandle) -> None:
        """Delete the application with its pods; one that has ended stays as it is."""
        api, path = self._open(handle)
        found = api.get(path, "canceling the application")
        if found is None or has_ended(found):
            return
        files = RunFiles.of(handle)
        storage_of(self._aws, identity_of(handle)).put(canceled_mark(files), b"")
        # Only as it was found: an application that has ended meanwhile keeps its end.
        as_found = {"resourceVersion": found["metadata"]["resourceVersion"]}
        options = {"propagationPolicy": "Foreground", "preconditions": as_found}
        try:
            api.delete(path, options, "canceling the application")
        except ConflictError:
            raise TransientPluginError(
                "canceling the application: it has changed meanwhile", failure=Failure.ENGINE_FAULT
            ) from None

    def collect(self, handle: RunHandle, report: RunReport, output: RunOutput) -> Result | None:
        """Read the result, and the end of the driver's log, however the run ended."""
        if report.state is RunState.SUCCEEDED:
            storage = storage_of(self._aws, identity_of(handle))
            storage.collect_result(RunFiles.of(handle), output)
        try:
            api, _ = self._open(handle)
        except TransientPluginError:
            raise
        except PluginError as error:  # the cluster went away; a result is in S3 all the same
            output.stderr.write(f"[heimdall: there is no log here: {error}]\n".encode())
        else:
            copy_logs(api, _namespace(handle), _application(handle), output)
        return None

    def find_work(self, search: WorkSearch) -> Iterator[FoundWork]:
        """List the applications that have not ended and have names of ours."""
        command = cast(CommandOptions, search.command_options)
        cluster = cast(ClusterOptions, search.cluster_options)
        identity = cluster.identity(search.identity)
        api = self._connections.open(identity, cluster.cluster_name, is_under_way=False)
        namespace = command.kube_namespace
        listed = api.items(_applications(namespace), JOB_LABEL, "listing applications")
        for found in listed:
            name = found["metadata"]["name"]
            run = run_of(name, identity)
            if run is None or has_ended(found):
                continue
            output = plan_of(None, command, *run).output
            handle = _handle(name, namespace, cluster, identity, RunFiles(output=output))
            yield FoundWork(
                job_id=run[0], run=run[1], handle=handle, detail=f"SparkApplication {name}"
            )

    def health(self, request: HealthRequest) -> HealthReport:
        """See whether the cluster is active, lets the role in and has the operator."""
        cluster = cast(ClusterOptions, request.cluster_options)
        identity = cluster.identity(request.identity)
        place = self._connections.find(identity, cluster.cluster_name)
        if place.status != "ACTIVE":
            return HealthReport(is_healthy=False, detail=f"the cluster is {place.status}")
        api = self._connections.open(identity, cluster.cluster_name, is_under_way=False)
        if api.get(GROUP, "asking for the operator") is None:
            return HealthReport(is_healthy=False, detail="the cluster has no spark-operator")
        return HealthReport(is_healthy=True)

    def _open(self, handle: RunHandle) -> tuple[ApiServer, str]:
        path = f"{_applications(_namespace(handle))}/{_application(handle)}"
        cluster_name = value_of(handle, "cluster_name")
        return self._connections.open(identity_of(handle), cluster_name), path


def build_plugin(services: PluginServices) -> EnginePlugin:
    """Return the plugin."""
    return SparkEksPlugin(services.aws)


def _applications(namespace: str) -> str:
    return f"{GROUP}/namespaces/{namespace}/sparkapplications"


def _application(handle: RunHandle) -> str:
    return value_of(handle, "application")


def _namespace(handle: RunHandle) -> str:
    return value_of(handle, "namespace")


def _handle(
    name: str, namespace: str, cluster: ClusterOptions, identity: Identity, files: RunFiles
) -> RunHandle:
    return RunHandle(
        values={
            "application": name,
            "namespace": namespace,
            "cluster_name": cluster.cluster_name,
            "identity": identity.to_text(),
            **files.to_values(),
        },
        outputs={"spark_application_id": name, "kube_namespace": namespace},
    )
