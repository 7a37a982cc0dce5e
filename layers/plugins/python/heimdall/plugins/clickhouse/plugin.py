"""Executes a statement; it is over when `start` returns."""

from typing import ClassVar, cast

import urllib3
from clickhouse_connect.driver.exceptions import ClickHouseError

from heimdall.domain.errors import PluginError
from heimdall.plugin.handles import unknown_handle
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
from heimdall.plugin.watch import Ending, Watch, ended_report
from heimdall.plugins.clickhouse.endpoints import open_client, places_of, trusted
from heimdall.plugins.clickhouse.failures import failed
from heimdall.plugins.clickhouse.killer import Killer
from heimdall.plugins.clickhouse.lines import Lines
from heimdall.plugins.clickhouse.options import ClusterOptions, CommandOptions, JobOptions
from heimdall.plugins.clickhouse.self_describing import read_with_types
from heimdall.plugins.clickhouse.statement import answers, execute

_PING_SECONDS = 5.0
_KILL_SECONDS = 1.0
"""How long a server may take to follow, before its lines are cut."""

_OK = 200


class ClickHousePlugin:
    """Gives its queries the run's token as their id, by which they are ended."""

    name: ClassVar[str] = "clickhouse"

    def __init__(self) -> None:
        read_with_types()

    def start(self, run: RunRequest) -> RunReport:
        """Execute the statement to its end, or until it has to stop."""
        watch = Watch(run.stop, run.seconds_left)
        if watch.is_stopped():
            return ended_report(Ending.STOPPED, run)
        try:
            return _executed(run, watch)
        except (ClickHouseError, PluginError) as error:
            if watch.ending is not None:
                return ended_report(watch.ending, run)
            if isinstance(error, PluginError):
                raise
            changes = not answers(cast(JobOptions, run.options).query)
            raise failed(error, changes=changes) from error

    def poll(self, handle: RunHandle) -> RunReport:
        """Refuse: clickhouse gives out no handles."""
        raise unknown_handle(self.name, handle)

    def cancel(self, handle: RunHandle) -> None:
        """Refuse: clickhouse gives out no handles."""
        raise unknown_handle(self.name, handle)

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


def _executed(run: RunRequest, watch: Watch) -> RunReport:
    job, command = cast(JobOptions, run.options), cast(CommandOptions, run.command_options)
    cluster = cast(ClusterOptions, run.cluster_options)
    lines = Lines()
    with watch.over(lines.cut):
        client, place = open_client(cluster, command, lines, seconds=run.seconds_left)
    try:
        password = command.password.reveal() if command.password is not None else ""
        pool = Lines().pool(trusted(cluster))
        killer = Killer(pool, place.url, command.username, password, run.token)
        with watch.over(
            killer.kill,
            every_seconds=_KILL_SECONDS,
            cut=lines.cut,
            cut_after_seconds=_KILL_SECONDS,
        ):
            result = execute(client, run, job, command)
    finally:
        client.close()
    outputs = {"query_id": run.token, "endpoint": place.url}
    return RunReport(state=RunState.SUCCEEDED, result=result, outputs=outputs)
