"""Reads a table page by page, and gives all pages as one result."""

import time
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any, ClassVar, cast

from heimdall.aws.failures import engine_errors
from heimdall.domain.errors import PluginError
from heimdall.domain.failures import Failure
from heimdall.plugin.handles import unknown_handle
from heimdall.plugin.identity import AwsAccess, PluginServices
from heimdall.plugin.parameters import python_value
from heimdall.plugin.results import hand_over
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
from heimdall.plugins.dynamo.options import ClusterOptions, CommandOptions, JobOptions
from heimdall.plugins.dynamo.policy import HEALTH_POLICY, reading_policy
from heimdall.plugins.dynamo.reading import ItemReader
from heimdall.plugins.dynamo.selection import Selection, read_selection
from heimdall.plugins.dynamo.table import ItemTable
from heimdall.plugins.dynamo.values import sent_value

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

ANSWER_SECONDS = 10
"""How long DynamoDB may take for a page: it reads 1 MB at most."""

_ROWS_BETWEEN_LOOKS = 1_000


class DynamoPlugin:
    """Works inside `start`; only reads, so that a second start does no harm."""

    name: ClassVar[str] = "dynamo"

    def __init__(self, aws: AwsAccess) -> None:
        self._aws = aws

    def start(self, run: RunRequest) -> RunReport:
        """Read all pages, or those until the limit; heed a stop between them."""
        ends_at = time.monotonic() + run.seconds_left
        try:
            _heed_stop(run)
            return self._read(run, ends_at)
        except _InterruptedError as interrupted:
            return interrupted.report

    def poll(self, handle: RunHandle) -> RunReport:
        """Refuse: dynamo gives out no handles."""
        raise unknown_handle(self.name, handle)

    def cancel(self, handle: RunHandle) -> None:
        """Refuse: dynamo gives out no handles."""
        raise unknown_handle(self.name, handle)

    def health(self, request: HealthRequest) -> HealthReport:
        """Ask for the name of one table."""
        cluster = cast(ClusterOptions, request.cluster_options)
        identity = cluster.identity(request.identity)
        client: DynamoDBClient = self._aws.client("dynamodb", identity, HEALTH_POLICY)
        with engine_errors("listing tables"):
            client.list_tables(Limit=1)
        return HealthReport(is_healthy=True)

    def _read(self, run: RunRequest, ends_at: float) -> RunReport:
        job, command = cast(JobOptions, run.options), cast(CommandOptions, run.command_options)
        selection, limits = _selection(job), limits_of(job, command)
        reader = self._reader(run, job, selection)
        with ItemTable(selection.attributes, limits) as table:
            for items in reader.pages():
                if job.return_result:
                    table.add(items)
                if reader.has_more:
                    _heed(run, ends_at)
            result = None
            if job.return_result:
                rows = _heeding(table.rows(), run, ends_at)
                result = hand_over(table.columns(), rows, run.output, limits=limits)
        return RunReport(state=RunState.SUCCEEDED, result=result, outputs=reader.outputs())

    def _reader(self, run: RunRequest, job: JobOptions, selection: Selection) -> ItemReader:
        identity = cast(ClusterOptions, run.cluster_options).identity(run.identity)
        policy = reading_policy(identity, selection)
        client = self._aws.client("dynamodb", identity, policy, answer_seconds=ANSWER_SECONDS)
        asked: dict[str, Any] = {
            "Statement": selection.text,
            "ConsistentRead": job.consistent_read,
            "ReturnConsumedCapacity": "TOTAL",
        }
        if selection.parameters:
            asked["Parameters"] = _parameters(job, selection)
        return ItemReader(client, asked, job.limit)


def build_plugin(services: PluginServices) -> Plugin:
    """Return the plugin."""
    return DynamoPlugin(services.aws)


def _selection(job: JobOptions) -> Selection:
    """Read the statement once more: nothing but a SELECT is sent, whoever made the job."""
    try:
        return read_selection(job.query)
    except ValueError as error:
        raise PluginError(f"refused: {error}", failure=Failure.USER_ERROR) from error


def _parameters(job: JobOptions, selection: Selection) -> list[Any]:
    """Return the values of the question marks, in their order."""
    try:
        return [sent_value(python_value(job.params[name])) for name in selection.parameters]
    except KeyError as error:
        said = f"refused: params lacks :{error.args[0]}"
        raise PluginError(said, failure=Failure.USER_ERROR) from error
    except ValueError as error:
        raise PluginError(f"refused: params: {error}", failure=Failure.USER_ERROR) from error


class _InterruptedError(Exception):
    """The run has to end before its work has.

    Attributes:
        report: of the run.
    """

    def __init__(self, state: RunState, detail: str) -> None:
        super().__init__(detail)
        self.report = RunReport(state=state, detail=detail)


def _heed_stop(run: RunRequest) -> None:
    if run.stop.reason is not None:
        raise _InterruptedError(RunState.CANCELED, f"stopped: {run.stop.reason}")


def _heed(run: RunRequest, ends_at: float) -> None:
    _heed_stop(run)
    if time.monotonic() >= ends_at:
        detail = f"still reading after {run.seconds_left:g} s, all the time that it had"
        raise _InterruptedError(RunState.FAILED, detail)


def _heeding(rows: Iterable[list[Any]], run: RunRequest, ends_at: float) -> Iterator[list[Any]]:
    """Yield the rows; a million of them take their time."""
    for number, row in enumerate(rows):
        if number % _ROWS_BETWEEN_LOOKS == _ROWS_BETWEEN_LOOKS - 1:
            _heed(run, ends_at)
        yield row
