"""Runs one statement at StarRocks, and reads its result while the run lasts."""

from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import closing, suppress
from dataclasses import dataclass
from functools import partial
from typing import ClassVar, cast

from pyarrow import flight

from heimdall.domain.errors import PluginError
from heimdall.domain.failures import Failure
from heimdall.domain.result import Result
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
from heimdall.plugin.sql_options import limits_of
from heimdall.plugin.watch import EndedError, Watch, ended_report
from heimdall.plugins.starrocks.failures import engine_errors, unsettled
from heimdall.plugins.starrocks.frontend import Frontend, log_in
from heimdall.plugins.starrocks.options import (
    ClusterOptions,
    CommandOptions,
    JobOptions,
    credentials_of,
)
from heimdall.plugins.starrocks.reading import reading
from heimdall.plugins.starrocks.statement import LogIn, Statement, bound
from heimdall.plugins.starrocks.waiting import result_of
from heimdall.tables.handing import hand_over_table

LOGIN_SECONDS = 20.0
"""How long logging in may take."""

_LONGEST_SECONDS = 259_200  # as StarRocks allows
_LAST_SECONDS = 1.0


class StarRocksPlugin:
    """Works inside `start`: a result is there as long as somebody reads it."""

    name: ClassVar[str] = "starrocks"

    def start(self, run: RunRequest) -> RunReport:
        """Run the statement and hand its result over."""
        watch = Watch(run.stop, run.seconds_left)
        try:
            watch.heed()
            return RunReport(state=RunState.SUCCEEDED, result=_result_of(run, watch))
        except EndedError as error:
            return ended_report(error.ending, run)

    def poll(self, handle: RunHandle) -> RunReport:
        """Refuse: starrocks gives out no handles."""
        raise unknown_handle(self.name, handle)

    def cancel(self, handle: RunHandle) -> None:
        """Refuse: starrocks gives out no handles."""
        raise unknown_handle(self.name, handle)

    def health(self, request: HealthRequest) -> HealthReport:
        """Log in and ask for the number 1; where nobody is to log in, see whether it answers."""
        cluster, seconds = cast(ClusterOptions, request.cluster_options), request.seconds_left
        user, secret = cluster.username, cluster.password
        with engine_errors("asking for its health"):
            if user is None or secret is None:
                return _answers(cluster, seconds)
            with closing(log_in(cluster, user, secret.reveal(), seconds)) as session:
                session.ask("SELECT 1", seconds)
        return HealthReport(is_healthy=True)


def build_plugin(services: PluginServices) -> Plugin:  # noqa: ARG001 - part of the protocol
    """Return the plugin."""
    return StarRocksPlugin()


def _answers(cluster: ClusterOptions, seconds: float) -> HealthReport:
    """See whether there is a frontend that wants to know who asks."""
    with suppress(flight.FlightUnauthenticatedError):
        log_in(cluster, "", "", seconds).close()
    return HealthReport(is_healthy=True)


def _result_of(run: RunRequest, watch: Watch) -> Result | None:
    job, cluster = cast(JobOptions, run.options), cast(ClusterOptions, run.cluster_options)
    try:
        text, values = bound(job.query, job.params)
        user, password = credentials_of(cast(CommandOptions, run.command_options), cluster)
    except ValueError as error:
        raise PluginError(str(error), failure=Failure.USER_ERROR) from error
    enter = partial(log_in, cluster, user, password.reveal())
    pool = ThreadPoolExecutor(1, thread_name_prefix="starrocks")
    entering = pool.submit(_entered, enter, run.seconds_left, watch)
    try:
        with engine_errors("logging in"):
            session = result_of(entering, watch)
        statement = Statement(session, text, values, run.identity.work_name)
        return _answer(run, statement, Work(session, watch, pool, enter))
    finally:
        # who stopped may have stopped before there was a session to let go of
        entering.add_done_callback(_let_go)
        pool.shutdown(wait=False)


@dataclass(frozen=True, slots=True)
class Work:
    """What a statement is run with."""

    session: Frontend
    watch: Watch
    pool: ThreadPoolExecutor
    enter: LogIn


def _answer(run: RunRequest, statement: Statement, work: Work) -> Result | None:
    """Run the statement and read its result; a statement whose run ends early is ended too."""
    executing = work.pool.submit(statement.execute, work.watch.seconds_left)
    try:
        with engine_errors("running the statement", is_under_way=True):
            info = result_of(executing, work.watch)
        result = _read(run, info, work)
    except BaseException as error:
        if statement.has_begun or isinstance(error, EndedError):
            statement.end(work.enter)
            wait([executing], _LAST_SECONDS)
        if isinstance(error, PluginError) and statement.changes:
            raise unsettled(error) from None
        raise
    statement.close()
    return result


def _read(run: RunRequest, info: flight.FlightInfo, work: Work) -> Result | None:
    job, cluster = cast(JobOptions, run.options), cast(ClusterOptions, run.cluster_options)
    with reading(work.session, work.watch, cluster.parallel_parts) as (parts, pool):
        schema = parts.open(info, pool)
        batches = parts.batches(schema)
        if job.return_result and len(schema):
            limits = limits_of(job, cast(CommandOptions, run.command_options))
            return hand_over_table(schema, batches, run.output, limits=limits)
        for _ in batches:  # what has no reader is not carried out to its end
            pass
    return None


def _entered(enter: LogIn, seconds: float, watch: Watch) -> Frontend:
    """Log in, and have StarRocks end what takes longer than the run may."""
    session = enter(min(watch.seconds_left, LOGIN_SECONDS))
    longest = min(max(int(seconds), 1), _LONGEST_SECONDS)
    session.ask(f"SET query_timeout = {longest}", LOGIN_SECONDS)
    return session


def _let_go(entering: "Future[Frontend]") -> None:
    if not entering.cancelled() and entering.exception() is None:
        entering.result().close()
