"""Invokes a function of Lambda: waits for its answer, or follows its durable execution."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, ClassVar, cast

from heimdall.aws.failures import engine_errors
from heimdall.aws.options import AwsClusterOptions
from heimdall.domain.result import Result
from heimdall.plugin.detached import EnginePlugin, FoundWork, WorkSearch
from heimdall.plugin.identity import Allow, AwsAccess, PluginServices
from heimdall.plugin.output import RunOutput
from heimdall.plugin.spec import HealthReport, HealthRequest, RunHandle, RunReport, RunRequest
from heimdall.plugins.lambda_.durable import DurableExecutions
from heimdall.plugins.lambda_.invocation import invoke_and_wait
from heimdall.plugins.lambda_.options import CommandOptions

if TYPE_CHECKING:
    from mypy_boto3_lambda import LambdaClient


class LambdaPlugin:
    """Calls functions; only durable ones can be asked for and stopped once they were called."""

    name: ClassVar[str] = "lambda"

    def __init__(self, aws: AwsAccess) -> None:
        self._aws = aws
        self._durable = DurableExecutions(aws)

    def start(self, run: RunRequest) -> RunHandle | RunReport:
        """Call the function and wait for its answer, or start its durable execution."""
        if cast(CommandOptions, run.command_options).durable:
            return self._durable.start(run)
        return invoke_and_wait(self._aws, run)

    def poll(self, handle: RunHandle) -> RunReport:
        """Ask for the durable execution."""
        return self._durable.poll(handle)

    def cancel(self, handle: RunHandle) -> None:
        """Stop the durable execution."""
        self._durable.cancel(handle)

    def collect(
        self,
        handle: RunHandle,
        report: RunReport,
        output: RunOutput,  # noqa: ARG002 - executions share the log streams of their function
    ) -> Result | None:
        """Read the result of the durable execution."""
        return self._durable.collect(handle, report)

    def find_work(self, search: WorkSearch) -> Iterator[FoundWork]:
        """List the durable executions; calls that are waited for cannot be found."""
        if cast(CommandOptions, search.command_options).durable:
            yield from self._durable.find_work(search)

    def health(self, request: HealthRequest) -> HealthReport:
        """See whether Lambda lets the role list functions."""
        cluster = cast(AwsClusterOptions, request.cluster_options)
        policy = (Allow(["lambda:ListFunctions"], ["*"]),)
        client: LambdaClient = self._aws.client(
            "lambda", cluster.identity(request.identity), policy
        )
        with engine_errors("listing functions"):
            client.list_functions(MaxItems=1)
        return HealthReport(is_healthy=True)


def build_plugin(services: PluginServices) -> EnginePlugin:
    """Return the plugin."""
    return LambdaPlugin(services.aws)
