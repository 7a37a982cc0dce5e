"""One Lambda function with a role and a log group of its own."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from aws_cdk import Acknowledgment, Duration, RemovalPolicy, Validations
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_logs as logs
from constructs import Construct

from infra.build import build_function
from infra.config import LOG_RETENTION, Config
from infra.permissions import allow
from infra.plugin_layer import ARCHITECTURE, RUNTIME


@dataclass(frozen=True, kw_only=True)
class FunctionSpec:
    """What makes one function different from the others.

    Attributes:
        package: its folder below functions/, where handler.py is.
        timeout_seconds: after this Lambda stops it.
        environment: what its settings class reads.
        statements: everything it may do beside writing its log.
    """

    package: str
    description: str
    memory_mb: int
    timeout_seconds: int
    environment: Mapping[str, str]
    statements: Sequence[iam.PolicyStatement]


class HeimdallFunction(Construct):
    """The function, the log group it writes and the role that allows what its spec lists."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        spec: FunctionSpec,
        layer: lambda_.ILayerVersion,
        config: Config,
    ) -> None:
        super().__init__(scope, construct_id)
        log_group = logs.LogGroup(
            self,
            "Logs",
            retention=logs.RetentionDays[LOG_RETENTION[config.log_retention_days]],
            removal_policy=RemovalPolicy.DESTROY,
        )
        statements = [*spec.statements, _write(log_group)]
        if config.xray_tracing:
            statements.append(
                allow("Traces", ["xray:PutTraceSegments", "xray:PutTelemetryRecords"], ["*"])
            )
        role = iam.Role(
            self,
            "Role",
            assumed_by=iam.ServicePrincipal("lambda.amazonaws.com"),
            inline_policies={spec.package: iam.PolicyDocument(statements=statements)},
        )
        Validations.of(role).acknowledge(
            Acknowledgment(
                id="AwsSolutions-IAM5[Resource::*]",
                reason="The actions of X-Ray, if it is switched on, know no resource to name.",
            )
        )
        self.function = lambda_.Function(
            self,
            "Function",
            description=spec.description,
            runtime=RUNTIME,
            architecture=ARCHITECTURE,
            code=lambda_.Code.from_asset(str(build_function(spec.package))),
            handler=f"functions.{spec.package}.handler.lambda_handler",
            layers=[layer],
            role=role.without_policy_updates(),
            log_group=log_group,
            memory_size=spec.memory_mb,
            timeout=Duration.seconds(spec.timeout_seconds),
            tracing=lambda_.Tracing.ACTIVE if config.xray_tracing else None,
            environment={
                **spec.environment,
                "POWERTOOLS_SERVICE_NAME": spec.package,
                "POWERTOOLS_METRICS_NAMESPACE": "Heimdall",
                "POWERTOOLS_LOG_LEVEL": "INFO",
            },
        )

        _without_dependency(self.function)
        Validations.of(self.function).acknowledge(
            Acknowledgment(
                id="AwsSolutions-L1",
                reason="Python 3.13 starts 20 ms faster than 3.14; AWS supports it until 2029.",
            )
        )


def _write(log_group: logs.LogGroup) -> iam.PolicyStatement:
    return allow("Logs", ["logs:CreateLogStream", "logs:PutLogEvents"], [log_group.log_group_arn])


def _without_dependency(function: lambda_.Function) -> None:
    """Leave out the DependsOn that CDK writes: the function refers to its role anyway."""
    resource = function.node.default_child
    if isinstance(resource, lambda_.CfnFunction):
        resource.add_deletion_override("DependsOn")
