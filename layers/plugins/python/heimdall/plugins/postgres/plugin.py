"""Runs a job's SQL inside `start`: the statements, their result, and their end before time."""

from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import partial
from typing import Any, ClassVar, cast

import psycopg

from heimdall.domain.errors import PluginError
from heimdall.domain.failures import Failure
from heimdall.domain.result import Result
from heimdall.plugin.handles import unknown_handle
from heimdall.plugin.identity import PluginServices
from heimdall.plugin.lexicon import POSTGRES
from heimdall.plugin.spec import (
    HealthReport,
    HealthRequest,
    Plugin,
    RunHandle,
    RunReport,
    RunRequest,
    RunState,
)
from heimdall.plugin.sql_options import check_sql, limits_of
from heimdall.plugin.watch import EndedError, Ending, Watch, ended_report
from heimdall.plugins.postgres.batches import Chunk, as_texts, batches_of, schema_of, settled
from heimdall.plugins.postgres.connecting import connected
from heimdall.plugins.postgres.ending import watched
from heimdall.plugins.postgres.failures import statement_error
from heimdall.plugins.postgres.options import ClusterOptions, CommandOptions, JobOptions
from heimdall.plugins.postgres.prefetch import read_ahead
from heimdall.plugins.postgres.script import Rows, Script, running
from heimdall.plugins.postgres.splitting import statements_of
from heimdall.tables.handing import hand_over_table


class PostgresPlugin:
    """Works inside `start`: when that returns, no statement of the run is left at the server."""

    name: ClassVar[str] = "postgres"

    def start(self, run: RunRequest) -> RunReport:
        """Run the statements to their end, or until the run has to stop."""
        watch = Watch(run.stop, run.seconds_left)
        if watch.is_stopped():
            return ended_report(Ending.STOPPED, run)
        try:
            result = _result(run, _script(run), watch)
        except (psycopg.Error, PluginError, EndedError):
            if watch.ending is None:
                raise
            return ended_report(watch.ending, run)
        return RunReport(state=RunState.SUCCEEDED, result=result)

    def poll(self, handle: RunHandle) -> RunReport:
        """Refuse: postgres gives out no handles."""
        raise unknown_handle(self.name, handle)

    def cancel(self, handle: RunHandle) -> None:
        """Refuse: postgres gives out no handles."""
        raise unknown_handle(self.name, handle)

    def health(self, request: HealthRequest) -> HealthReport:
        """Connect, and have the server answer one question."""
        with connected(
            cast(ClusterOptions, request.cluster_options),
            name=f"{request.identity.deployment} health",
            seconds=request.seconds_left,
        ) as connection:
            try:
                connection.execute("SELECT 1")
            except psycopg.Error as error:
                raise statement_error(error) from None
        return HealthReport(is_healthy=True)


def build_plugin(services: PluginServices) -> Plugin:  # noqa: ARG001 - part of the protocol
    """Return the plugin."""
    return PostgresPlugin()


def _script(run: RunRequest) -> Script:
    job, command = cast(JobOptions, run.options), cast(CommandOptions, run.command_options)
    try:
        check_sql(job, command, POSTGRES)
        statements = statements_of(job.query)
    except ValueError as error:
        raise PluginError(str(error), failure=Failure.USER_ERROR) from error
    return Script(
        statements=statements,
        params=job.params,
        is_read_only=command.read_only,
        is_autocommit=command.autocommit,
        wants_rows=job.return_result,
    )


def _result(run: RunRequest, script: Script, watch: Watch) -> Result | None:
    with (
        connected(
            cast(ClusterOptions, run.cluster_options),
            name=run.identity.work_name,
            seconds=run.seconds_left,
            go_on=watch.heed,
            redactor=run.output.redactor,
            is_read_only=script.is_read_only,
        ) as connection,
        watched(connection, watch),
        running(script, connection, watch.heed) as rows,
    ):
        return None if rows is None else _handed_over(run, rows, connection)


def _handed_over(run: RunRequest, rows: Rows, connection: psycopg.Connection[Any]) -> Result | None:
    job = cast(JobOptions, run.options)
    limits = limits_of(job, cast(CommandOptions, run.command_options))
    described = as_texts(rows.columns) if job.as_text else rows.columns
    with read_ahead(rows.chunks, give_up=partial(_give_up, connection)) as chunks:
        first = next(chunks, None)
        columns = settled(described, first)
        schema = schema_of(columns)
        batches = batches_of(columns, schema, _joined(first, chunks, rows.commit))
        return hand_over_table(schema, batches, run.output, limits=limits)


def _give_up(connection: psycopg.Connection[Any]) -> None:
    """End a statement whose rows nobody wants any more."""
    with suppress(psycopg.Error):
        connection.cancel_safe()


def _joined(
    first: Chunk | None, others: Iterator[Chunk], commit: Callable[[], None]
) -> Iterator[Chunk]:
    """Give all rows; whoever asks for more behind the last ones has taken them all."""
    if first is not None:
        yield first
        yield from others
    commit()
