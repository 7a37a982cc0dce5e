"""The stack that holds no data: functions, API, queues, schedule and alarms."""

from collections.abc import Mapping, Sequence

from aws_cdk import CfnOutput, CfnParameter, Stack
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_stepfunctions as stepfunctions
from constructs import Construct

from infra.config import Config
from infra.engine_events import EngineEvents
from infra.heimdall_function import FunctionSpec, HeimdallFunction
from infra.job_api import JobApi
from infra.job_queue import (
    EXECUTION_SECONDS,
    TAKING_SECONDS,
    WAKES_AT_ONCE,
    WAKING_FUNCTIONS,
    JobQueue,
)
from infra.long_jobs import LongJobs
from infra.monitoring import Monitoring
from infra.permissions import Permissions
from infra.plugin_layer import PluginLayer, RunnerLayer
from infra.schedule import Schedule, Timetable
from infra.settings import RunnerAddress, Settings
from infra.stateful import HeimdallStateful

PRINCIPAL = "arn:aws[a-z-]*:iam::[0-9]{12}:(user/[A-Za-z0-9_+=.@/-]+|role/[A-Za-z0-9_+=.@-]+)"
"""A user, or a role without its path, which the ARN of an assumed role does not tell."""

SWEEP = Timetable(
    rate="1 minute", description="Finds jobs that nobody works on", event={}, seconds=60
)

SUBJECTS = r"arn:aws[a-z-]*:iam::[0-9*?]+:(user|role)/[A-Za-z0-9_+=.@/*?-]+"
"""Patterns of them."""


class HeimdallService(Stack):
    """Everything that can be deleted and deployed again without losing a job."""

    def __init__(
        self, scope: Construct, construct_id: str, *, config: Config, data: HeimdallStateful
    ) -> None:
        super().__init__(scope, construct_id, description="Heimdall: API, functions and queues")
        # W6001: the names of the data are told here too, so that one stack tells them all
        self.template_options.metadata = {"cfn-lint": {"config": {"ignore_checks": ["W6001"]}}}
        self._config = config
        self._layer = PluginLayer(self, "Layer", config=config)
        self._runner_layers: dict[tuple[str, ...], RunnerLayer] = {}
        self._queues = {name: JobQueue(self, f"{name.title()}Jobs") for name in config.runners}
        self._wakes = {name: JobQueue(self, f"{name.title()}Wakes") for name in config.runners}
        self._long_jobs = LongJobs(self, "LongJobs", name=f"{config.stack_prefix}-long-jobs")
        self._permissions = Permissions(
            data=data,
            queue_arns=[jobs.queue.queue_arn for jobs in self._queues.values()],
            dead_letters_arns=[queue.dead_letters.queue_arn for queue in self._all_queues()],
            role_arns=config.role_arns,
            wakes_arns=[wakes.queue.queue_arn for wakes in self._wakes.values()],
            long_jobs_arn=self._long_jobs.arn,
        )
        self._settings = Settings(
            data=data,
            deployment=f"{config.stack_prefix}-{self.region}",
            long_jobs_arn=self._long_jobs.arn,
            trusted_proxies=self._trusted_proxies(),
            admins=self._admins(),
            default_role=self._default_role(),
            retention_days=config.retention_days,
            audit_retention_days=config.audit_retention_days,
            stop_orphans=config.stop_orphans,
        )
        self._executors = {name: self._execute(name) for name in config.runners}
        self._executor_arns = [each.function_arn for each in self._executors.values()]
        self._addresses = {name: self._address(name) for name in config.runners}
        maker = config.maker_of_forms()
        self._forms_function = self._addresses[maker].function if maker else ""
        functions = {
            "Submit": self._submit(),
            "Query": self._query(),
            "Orchestrate": self._orchestrate(),
        }
        api = JobApi(
            self, "Api", submit=functions["Submit"], query=functions["Query"], config=config
        )
        Schedule(self, "EveryMinute", function=functions["Orchestrate"], timetable=SWEEP)
        for name, executor in self._executors.items():
            search = _search_of(config.runners[name])
            Schedule(self, f"{name.title()}Orphans", function=executor, timetable=search)
        machine = self._long_jobs.run_by(self._executor_arns)
        plugins = [plugin for each in config.runners.values() for plugin in each]
        EngineEvents(self, "Ends", plugins=plugins, function=functions["Orchestrate"])
        functions |= {f"Execute{name.title()}": each for name, each in self._executors.items()}
        self._watch(functions, api, machine)
        self._tell_data(data)
        self._tell_service(functions, api)

    def _submit(self) -> lambda_.IFunction:
        return self._function(
            "Submit",
            FunctionSpec(
                package="submit",
                description="HTTP writes: jobs submitted and canceled, the catalog changed",
                memory_mb=self._config.submit_memory_mb,
                timeout_seconds=29,
                environment=self._settings.submit(self._addresses),
                grants=self._permissions.submit(executor_arns=self._executor_arns),
            ),
        )

    def _query(self) -> lambda_.IFunction:
        return self._function(
            "Query",
            FunctionSpec(
                package="query",
                description="HTTP reads",
                memory_mb=self._config.query_memory_mb,
                timeout_seconds=29,
                environment=self._settings.query(
                    self._addresses, forms_function=self._forms_function
                ),
                grants=self._permissions.query(executor_arns=self._executor_arns),
            ),
        )

    def _orchestrate(self) -> lambda_.IFunction:
        dead_letters = {jobs.dead_letters.queue_arn: name for name, jobs in self._queues.items()}
        function = self._function(
            "Orchestrate",
            FunctionSpec(
                package="orchestrate",
                description="Finds jobs that nobody works on, sends them again or ends them",
                memory_mb=self._config.orchestrate_memory_mb,
                timeout_seconds=TAKING_SECONDS,
                environment=self._settings.orchestrate(self._addresses, dead_letters=dead_letters),
                grants=self._permissions.orchestrate(),
            ),
        )
        for queue in self._all_queues():
            queue.give_dead_letters_to(function)
        return function

    def _all_queues(self) -> list[JobQueue]:
        return [*self._queues.values(), *self._wakes.values()]

    def _execute(self, runner: str) -> lambda_.IFunction:
        jobs, wakes = self._queues[runner], self._wakes[runner]
        function = self._function(
            f"Execute{runner.title()}",
            FunctionSpec(
                package="execute",
                description=f"Runs jobs: {', '.join(self._config.runners[runner])}",
                memory_mb=self._config.memory_mb_of(runner),
                storage_mb=self._config.storage_mb_of(runner),
                layers=self._layers_of(runner),
                network=self._config.runner_vpc.get(runner),
                timeout_seconds=EXECUTION_SECONDS,
                environment=self._settings.execute(
                    queue_url=jobs.queue.queue_url, wakes_url=wakes.queue.queue_url
                ),
                grants=self._permissions.execute(
                    queue_arn=jobs.queue.queue_arn,
                    wakes_arn=wakes.queue.queue_arn,
                    makes_forms=runner == self._config.maker_of_forms(),
                ),
                policy_arns=self._config.runner_policies.get(runner, ()),
                wakes_itself=True,
            ),
        )
        jobs.deliver_to(function, max_concurrency=self._concurrency(runner))
        wakes.deliver_to(function, max_concurrency=WAKING_FUNCTIONS, at_once=WAKES_AT_ONCE)
        return function

    def _layers_of(self, runner: str) -> list[RunnerLayer]:
        """The layers of a runner beside the shared one; runners of the same families share one."""
        families = self._config.families_of(runner)
        if not families:
            return []
        if families not in self._runner_layers:
            name = "".join(family.title() for family in families)
            self._runner_layers[families] = RunnerLayer(self, f"{name}Layer", families=families)
        return [self._runner_layers[families]]

    def _function(self, construct_id: str, spec: FunctionSpec) -> lambda_.IFunction:
        return HeimdallFunction(
            self, construct_id, spec=spec, layer=self._layer, config=self._config
        ).function

    def _address(self, runner: str) -> RunnerAddress:
        return RunnerAddress(
            function=self._executors[runner].function_name,
            queue_url=self._queues[runner].queue.queue_url,
            wakes_url=self._wakes[runner].queue.queue_url,
            plugins=self._config.runners[runner],
        )

    def _trusted_proxies(self) -> str:
        return CfnParameter(
            self,
            "TrustedProxies",
            description="Users and roles (IAM ARNs, comma separated) that may name another caller "
            "in X-Heimdall-User",
            default="",
            allowed_pattern=f"^({PRINCIPAL}(,{PRINCIPAL})*)?$",
            constraint_description="give ARNs of IAM users, and of roles without their path, "
            "separated by commas without spaces",
        ).value_as_string

    def _admins(self) -> str:
        return CfnParameter(
            self,
            "Admins",
            description="Users and roles (IAM ARNs, * and ? as wildcards, comma separated) that "
            "may change the catalog, whatever its bindings say",
            default="",
            allowed_pattern=f"^({SUBJECTS}(,{SUBJECTS})*)?$",
            constraint_description="give ARNs of IAM users, and of roles without their path, "
            "separated by commas without spaces",
        ).value_as_string

    def _default_role(self) -> str:
        return CfnParameter(
            self,
            "DefaultRole",
            description="The role of callers whom IAM lets in and no binding names",
            default="submitter",
            allowed_values=["none", "viewer", "submitter", "operator"],
        ).value_as_string

    def _concurrency(self, runner: str) -> float:
        return CfnParameter(
            self,
            f"{runner.title()}Concurrency",
            type="Number",
            description=f"How many async jobs the runner {runner} works on at once",
            default=50,
            min_value=2,
            max_value=1000,
        ).value_as_number

    def _watch(
        self,
        functions: Mapping[str, lambda_.IFunction],
        api: JobApi,
        machine: stepfunctions.CfnStateMachine,
    ) -> None:
        monitoring = Monitoring(self, "Monitoring", config=self._config)
        monitoring.watch_functions(functions)
        monitoring.watch_queues(self._queues)
        monitoring.watch_sweep()
        monitoring.watch_orphans()
        monitoring.watch_api(api.http_api)
        monitoring.watch_long_jobs(machine.attr_arn)

    def _tell_data(self, data: HeimdallStateful) -> None:
        self._tell("JobsTable", data.jobs.table_name)
        self._tell("CatalogTable", data.catalog.table_name)
        self._tell("Bucket", data.bucket.bucket_name)

    def _tell_service(self, functions: Mapping[str, lambda_.IFunction], api: JobApi) -> None:
        self._tell("ApiUrl", api.http_api.api_endpoint)
        for name, function in functions.items():
            self._tell(f"{name}Function", function.function_name)
        for name, executor in self._executors.items():
            if executor.role:
                self._tell(f"{name.title()}RoleArn", executor.role.role_arn)
        for name, jobs in self._queues.items():
            self._tell(f"{name.title()}QueueUrl", jobs.queue.queue_url)
            self._tell(f"{name.title()}DeadLetterQueueUrl", jobs.dead_letters.queue_url)

    def _tell(self, name: str, value: str) -> None:
        CfnOutput(self, name, value=value)


def _search_of(plugins: Sequence[str]) -> Timetable:
    return Timetable(
        rate="1 day",
        description="Finds work at engines that no job waits for",
        event={"look_for_orphans": {"plugins": list(plugins)}},
        seconds=3_600,
    )
