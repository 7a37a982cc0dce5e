"""The alarms: what is watched (here) and whom they tell (the configured topic, if any)."""

from collections.abc import Mapping

from aws_cdk import Duration
from aws_cdk import aws_apigatewayv2 as apigateway
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_cloudwatch_actions as actions
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_sns as sns
from constructs import Construct

from infra.config import Config
from infra.heimdall_function import METRICS_NAMESPACE
from infra.job_queue import JobQueue

FIVE_MINUTES = Duration.minutes(5)


class Monitoring(Construct):
    """One alarm for each thing that needs a person."""

    def __init__(self, scope: Construct, construct_id: str, *, config: Config) -> None:
        super().__init__(scope, construct_id)
        self._topic = (
            sns.Topic.from_topic_arn(self, "Topic", config.alarm_topic_arn)
            if config.alarm_topic_arn
            else None
        )
        self._stale_message_seconds = config.stale_message_seconds

    def watch_functions(self, functions: Mapping[str, lambda_.IFunction]) -> None:
        """Alarm on invocations that ended with an exception or were turned away."""
        for name, function in functions.items():
            self._alarm(
                f"{name}Errors",
                function.metric_errors(period=FIVE_MINUTES, statistic="Sum"),
                f"The function {name} failed: see its log.",
            )
            self._alarm(
                f"{name}Throttles",
                function.metric_throttles(period=FIVE_MINUTES, statistic="Sum"),
                f"Invocations of {name} were turned away: the account's concurrency is used up.",
            )

    def watch_queues(self, queues: Mapping[str, JobQueue]) -> None:
        """Alarm on jobs that wait too long and on jobs that were given up on."""
        for name, jobs in queues.items():
            self._alarm(
                f"{name.title()}DeadLetters",
                # They are taken out at once, so that how many there are says nothing.
                jobs.dead_letters.metric_number_of_messages_received(
                    period=FIVE_MINUTES, statistic="Sum"
                ),
                f"Deliveries to the runner {name} failed again and again: see its function's log.",
            )
            self._alarm(
                f"{name.title()}OldestMessage",
                jobs.queue.metric_approximate_age_of_oldest_message(
                    period=FIVE_MINUTES, statistic="Maximum"
                ),
                f"A job waits for the runner {name}: raise its concurrency, or see its log.",
                threshold=self._stale_message_seconds,
            )

    def watch_sweep(self) -> None:
        """Alarm on jobs that the sweep could not see to, though it went on with the others."""
        self._alarm(
            "SweepFailures",
            cloudwatch.Metric(
                namespace=METRICS_NAMESPACE,
                metric_name="JobSweepFailed",
                dimensions_map={"service": "orchestrate"},
                period=FIVE_MINUTES,
                statistic="Sum",
            ),
            "The sweep could not see to a job: see the log of Orchestrate.",
        )

    def watch_orphans(self) -> None:
        """Alarm on work at engines that no job waits for, unless it was stopped."""
        self._alarm(
            "Orphans",
            cloudwatch.Metric(
                namespace=METRICS_NAMESPACE,
                metric_name="OrphanFound",
                dimensions_map={"service": "execute"},
                period=FIVE_MINUTES,
                statistic="Sum",
            ),
            "Work goes on at an engine that no job waits for: see orphan.found in the audit trail.",
        )

    def watch_api(self, api: apigateway.HttpApi) -> None:
        """Alarm on answers of 500 and above, which a function gives without failing itself."""
        self._alarm(
            "ApiErrors",
            api.metric_server_error(period=FIVE_MINUTES, statistic="Sum"),
            "The API answered with 5xx: see the access log, then the function's log.",
        )

    def watch_long_jobs(self, state_machine_arn: str) -> None:
        """Alarm on executions that could not conclude their run, which is left to the sweep."""
        self._alarm(
            "LongJobsFailed",
            cloudwatch.Metric(
                namespace="AWS/States",
                metric_name="ExecutionsFailed",
                dimensions_map={"StateMachineArn": state_machine_arn},
                period=FIVE_MINUTES,
                statistic="Sum",
            ),
            "A long job could not be concluded: see its execution, then the runner's log.",
        )

    def _alarm(
        self, name: str, metric: cloudwatch.IMetric, description: str, *, threshold: float = 1
    ) -> None:
        alarm = cloudwatch.Alarm(
            self,
            name,
            metric=metric,
            alarm_description=description,
            threshold=threshold,
            evaluation_periods=1,
            comparison_operator=(cloudwatch.ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD),
            treat_missing_data=cloudwatch.TreatMissingData.NOT_BREACHING,
        )
        if self._topic:
            alarm.add_alarm_action(actions.SnsAction(self._topic))
