"""Executes a statement; it is over when `start` returns."""

from typing import ClassVar, cast

import urllib3
from clickhouse_connect.driver.exceptions import ClickHouseError

from heimdall.domain.errors import PluginError
from heimdall.plugin.identity import PluginServices
from heimdall.plugin.spec import (
    HealthReport,
    HealthRequest,
    Plugin,
    RunHandle,
    RunReport,
    RunRequest,
    RunState,
)
from heimdall.plugins.clickhouse.endpoints import open_client, places_of, trusted
from heimdall.plugins.clickhouse.failures import failed
from heimdall.plugins.clickhouse.lines import Lines
from heimdall.plugins.clickhouse.options import ClusterOptions, CommandOptions, JobOptions
from heimdall.plugins.clickhouse.self_describing import read_with_types
from heimdall.plugins.clickhouse.statement import answers, execute
from heimdall.plugins.clickhouse.watch import Killer, Watch

_PING_SECONDS = 5.0
_OK = 200


class ClickHousePlugin:
    """Gives its queries the run's token as their id, by which they are ended."""

    name: ClassVar[str] = "clickhouse"

    def __init__(self) -> None:
        read_with_types()

    def start(self, run: RunRequest) -> RunReport:
        """Execute the statement to its end, or until it has to stop."""
        if run.stop.reason is not None:
            return RunReport(state=RunState.CANCELED, detail=f"stopped: {run.stop.reason}")
        lines = Lines()
        with Watch(run, lines) as watch:
            try:
                return _executed(run, lines, watch)
            except ClickHouseError as error:
                if watch.report is not None:
                    return watch.report
                changes = not answers(cast(JobOptions, run.options).query)
                raise failed(error, changes=changes) from error
            except PluginError:
                if watch.report is not None:
                    return watch.report
                raise

    def poll(self, handle: RunHandle) -> RunReport:
        """Refuse: clickhouse gives out no handles."""
        raise PluginError(f"clickhouse gives out no handles; this is none: {dict(handle.values)}")

    def cancel(self, handle: RunHandle) -> None:
        """Refuse: clickhouse gives out no handles."""
        raise PluginError(f"clickhouse gives out no handles; this is none: {dict(handle.values)}")

    def health(self, request: HealthRequest) -> HealthReport:
        """See whether one of the endpoints answers."""
        cluster = cast(ClusterOptions, request.cluster_options)
        pool = Lines().pool(trusted(cluster))
        said = []
        for place in places_of(cluster):
            wait = min(_PING_SECONDS, request.seconds_left / len(cluster.endpoints))
            try:
                answer = pool.request("GET", f"{place.url}/ping", timeout=wait, retries=False)
            except urllib3.exceptions.HTTPError as error:
                said.append(f"{place.url}: {error}")
                continue
            if answer.status == _OK:
                return HealthReport(is_healthy=True)
            said.append(f"{place.url} answered {answer.status}")
        return HealthReport(is_healthy=False, detail="; ".join(said))


def build_plugin(services: PluginServices) -> Plugin:  # noqa: ARG001 - part of the protocol
    """Return the plugin."""
    return ClickHousePlugin()


def _executed(run: RunRequest, lines: Lines, watch: Watch) -> RunReport:
    job, command = cast(JobOptions, run.options), cast(CommandOptions, run.command_options)
    cluster = cast(ClusterOptions, run.cluster_options)
    client, place = open_client(cluster, command, lines, seconds=run.seconds_left)
    try:
        password = command.password.reveal() if command.password is not None else ""
        pool = Lines().pool(trusted(cluster))
        watch.killer = Killer(pool, place.url, command.username, password)
        result = execute(client, run, job, command)
    finally:
        client.close()
    outputs = {"query_id": run.token, "endpoint": place.url}
    return RunReport(state=RunState.SUCCEEDED, result=result, outputs=outputs)
