"""One Lambda function with a role and a log group of its own."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from aws_cdk import Acknowledgment, Duration, RemovalPolicy, Size, Validations
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_logs as logs
from constructs import Construct

from infra.build import build_function
from infra.config import LOG_RETENTION, Config, Network
from infra.permissions import Grants, allow
from infra.plugin_layer import ARCHITECTURE, RUNTIME, PluginLayer, RunnerLayer
from infra.sizes import check_size

METRICS_NAMESPACE = "Heimdall"
NOT_THE_LATEST_PYTHON = Acknowledgment(
    id="AwsSolutions-L1",
    reason="Python 3.13 starts 20 ms faster than 3.14, and AWS supports it until June 2029.",
)
TRACES_EVERYWHERE = Acknowledgment(
    id="AwsSolutions-IAM5[Resource::*]",
    reason="The actions of X-Ray know no resource that could be named.",
)

JOIN_NETWORK = [
    f"ec2:{operation}"
    for operation in (
        "CreateNetworkInterface",
        "DescribeNetworkInterfaces",
        "DescribeSubnets",
        "DeleteNetworkInterface",
        "AssignPrivateIpAddresses",
        "UnassignPrivateIpAddresses",
    )
]
"""What Lambda does in the name of a function that is in a VPC."""

ANY_INTERFACE = Acknowledgment(
    id="AwsSolutions-IAM5[Resource::*]",
    reason="Lambda makes the network interfaces itself, and some of the actions know no resource.",
)


@dataclass(frozen=True, kw_only=True)
class FunctionSpec:
    """What makes one function different from the others.

    Attributes:
        package: its folder below functions/, where handler.py is.
        timeout_seconds: after this Lambda stops it.
        environment: what its settings class reads.
        policy_arns: managed policies that its role has beside its grants.
        storage_mb: the size of its /tmp; None for what Lambda gives without being asked.
        layers: those it has beside the one that all functions share.
        network: where in a VPC it is; None for nowhere.
        wakes_itself: whether it sends to queues that it takes from, on purpose: Lambda would take
            that for a mistake and put the message aside that ends a chain of sixteen.
    """

    package: str
    description: str
    memory_mb: int
    timeout_seconds: int
    environment: Mapping[str, str]
    grants: Grants
    policy_arns: Sequence[str] = ()
    wakes_itself: bool = False
    storage_mb: int | None = None
    layers: Sequence[RunnerLayer] = ()
    network: Network | None = None


class HeimdallFunction(Construct):
    """The function, the log group it writes and the role that allows what its spec lists."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        spec: FunctionSpec,
        layer: PluginLayer,
        config: Config,
    ) -> None:
        super().__init__(scope, construct_id)
        log_group = logs.LogGroup(
            self,
            "Logs",
            retention=logs.RetentionDays[LOG_RETENTION[config.log_retention_days]],
            removal_policy=RemovalPolicy.DESTROY,
        )
        package = build_function(spec.package)
        check_size(construct_id, [package, layer.folder, *(each.folder for each in spec.layers)])
        role = self._role(spec, log_group, traced=config.xray_tracing)
        self.function = lambda_.Function(
            self,
            "Function",
            description=spec.description,
            runtime=RUNTIME,
            architecture=ARCHITECTURE,
            code=lambda_.Code.from_asset(str(package)),
            handler=f"functions.{spec.package}.handler.lambda_handler",
            layers=[layer, *spec.layers],
            role=role.without_policy_updates(),
            log_group=log_group,
            memory_size=spec.memory_mb,
            ephemeral_storage_size=Size.mebibytes(spec.storage_mb) if spec.storage_mb else None,
            timeout=Duration.seconds(spec.timeout_seconds),
            tracing=lambda_.Tracing.ACTIVE if config.xray_tracing else None,
            recursive_loop=lambda_.RecursiveLoop.ALLOW if spec.wakes_itself else None,
            environment={
                **spec.environment,
                "POWERTOOLS_SERVICE_NAME": spec.package,
                "POWERTOOLS_METRICS_NAMESPACE": METRICS_NAMESPACE,
                "POWERTOOLS_LOG_LEVEL": "INFO",
            },
        )
        resource = self.function.node.default_child
        assert isinstance(resource, lambda_.CfnFunction)  # noqa: S101 - it is what CDK makes
        # CDK writes a DependsOn; the function refers to its role anyway.
        resource.add_deletion_override("DependsOn")
        if spec.network:
            resource.vpc_config = lambda_.CfnFunction.VpcConfigProperty(
                subnet_ids=list(spec.network.subnet_ids),
                security_group_ids=list(spec.network.security_group_ids),
            )
        Validations.of(self.function).acknowledge(NOT_THE_LATEST_PYTHON)

    def _role(self, spec: FunctionSpec, log_group: logs.LogGroup, *, traced: bool) -> iam.Role:
        write = ["logs:CreateLogStream", "logs:PutLogEvents"]
        statements = [*spec.grants.statements, allow("Logs", write, [log_group.log_group_arn])]
        wildcards = [*spec.grants.wildcards]
        if traced:
            trace = ["xray:PutTraceSegments", "xray:PutTelemetryRecords"]
            statements.append(allow("Traces", trace, ["*"]))
            wildcards.append(TRACES_EVERYWHERE)
        if spec.network:
            statements.append(allow("JoinNetwork", JOIN_NETWORK, ["*"]))
            wildcards.append(ANY_INTERFACE)
        role = iam.Role(
            self,
            "Role",
            assumed_by=iam.ServicePrincipal("lambda.amazonaws.com"),
            inline_policies={spec.package: iam.PolicyDocument(statements=statements)},
            managed_policies=[
                iam.ManagedPolicy.from_managed_policy_arn(self, f"Policy{number}", arn)
                for number, arn in enumerate(spec.policy_arns)
            ],
        )
        Validations.of(role).acknowledge(*wildcards)
        return role
