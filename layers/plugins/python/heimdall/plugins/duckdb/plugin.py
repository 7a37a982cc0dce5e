"""Runs a query of DuckDB inside `start` and hands its answer over."""

from collections.abc import Callable
from typing import Any, ClassVar, cast

import duckdb
import pyarrow as pa

from heimdall.aws.failures import engine_errors
from heimdall.plugin.handles import unknown_handle
from heimdall.plugin.identity import AwsAccess, Identity, PluginServices
from heimdall.plugin.spec import (
    HealthReport,
    HealthRequest,
    Plugin,
    RunHandle,
    RunReport,
    RunRequest,
    RunState,
)
from heimdall.plugin.sql_options import SqlJobOptions
from heimdall.plugin.watch import EndedError, Ending, Watch, ended_report
from heimdall.plugins.duckdb.failures import failure_of
from heimdall.plugins.duckdb.options import ClusterOptions, CommandOptions, Sizes
from heimdall.plugins.duckdb.query import answered
from heimdall.plugins.duckdb.rights import session_policy
from heimdall.plugins.duckdb.s3 import PrefixedS3
from heimdall.plugins.duckdb.session import opened

_ANSWER_SECONDS = 10
"""S3 sends its first byte within a fraction of this; a stop is heeded no sooner."""


class DuckdbPlugin:
    """Works inside `start`: nothing of the database is left when that returns."""

    name: ClassVar[str] = "duckdb"

    def __init__(self, aws: AwsAccess) -> None:
        self._aws = aws

    def start(self, run: RunRequest) -> RunReport:
        """Run the query to its end, or until it has to stop."""
        watch = Watch(run.stop, run.seconds_left)
        if watch.is_stopped():
            return ended_report(Ending.STOPPED, run)
        files = self._files(cast(ClusterOptions, run.cluster_options), run.identity, watch.is_over)
        try:
            return self._work(run, files, watch)
        except (duckdb.Error, pa.ArrowException, OSError, EndedError) as error:
            if watch.ending is not None:
                return ended_report(watch.ending, run)
            raise failure_of(error, files.error if files else None) from error

    def poll(self, handle: RunHandle) -> RunReport:
        """Refuse: duckdb gives out no handles."""
        raise unknown_handle(self.name, handle)

    def cancel(self, handle: RunHandle) -> None:
        """Refuse: duckdb gives out no handles."""
        raise unknown_handle(self.name, handle)

    def health(self, request: HealthRequest) -> HealthReport:
        """Run a query without files, and list one key below each prefix."""
        cluster = cast(ClusterOptions, request.cluster_options)
        with opened(None, (), Sizes(memory_mb=128, spill_mb=0, threads=1)) as connection:
            connection.execute("SELECT 1").fetchall()
        if cluster.prefixes:
            client = self._client(cluster, request.identity)
            for prefix in cluster.prefixes:
                bucket, _, start = prefix.removeprefix("s3://").partition("/")
                with engine_errors(f"listing {prefix}"):
                    client.list_objects_v2(Bucket=bucket, Prefix=start, MaxKeys=1)
        return HealthReport(is_healthy=True)

    def _work(self, run: RunRequest, files: PrefixedS3 | None, watch: Watch) -> RunReport:
        job, command = cast(SqlJobOptions, run.options), cast(CommandOptions, run.command_options)
        prefixes = cast(ClusterOptions, run.cluster_options).prefixes
        with (
            opened(files, prefixes, command.sizes) as connection,
            watch.over(connection.interrupt),
        ):
            result = answered(connection, job, command, run.output, watch)
        return RunReport(state=RunState.SUCCEEDED, result=result)

    def _files(
        self, cluster: ClusterOptions, identity: Identity, is_stopped: Callable[[], bool]
    ) -> PrefixedS3 | None:
        if not cluster.prefixes:
            return None
        return PrefixedS3(self._client(cluster, identity), cluster.prefixes, is_stopped)

    def _client(self, cluster: ClusterOptions, identity: Identity) -> Any:  # noqa: ANN401 - of boto3
        acting = cluster.identity(identity)
        policy = session_policy(acting, cluster.prefixes, cluster.kms_keys)
        return self._aws.client("s3", acting, policy, answer_seconds=_ANSWER_SECONDS)


def build_plugin(services: PluginServices) -> Plugin:
    """Return the plugin."""
    return DuckdbPlugin(services.aws)
