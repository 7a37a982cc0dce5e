"""The HTTP API in front of submit and query: IAM on every route, an access log with the caller."""

import json

from aws_cdk import RemovalPolicy
from aws_cdk import aws_apigatewayv2 as apigateway
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_logs as logs
from aws_cdk.aws_apigatewayv2_authorizers import HttpIamAuthorizer
from aws_cdk.aws_apigatewayv2_integrations import HttpLambdaIntegration
from constructs import Construct

from infra.config import LOG_RETENTION, Config

ROUTE = "/api/v1/{proxy+}"
ACCESS_LOG = {
    "request_id": "$context.requestId",
    "time": "$context.requestTimeEpoch",
    "method": "$context.httpMethod",
    "path": "$context.path",
    "route": "$context.routeKey",
    "status": "$context.status",
    "response_bytes": "$context.responseLength",
    "response_ms": "$context.responseLatency",
    "integration_ms": "$context.integrationLatency",
    "integration_error": "$context.integrationErrorMessage",
    "error": "$context.error.message",
    "caller_account": "$context.identity.accountId",
    "caller_arn": "$context.identity.userArn",
    "caller_id": "$context.identity.caller",
    "source_ip": "$context.identity.sourceIp",
    "user_agent": "$context.identity.userAgent",
}


class JobApi(Construct):
    """Writes go to submit, everything else to query."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        submit: lambda_.IFunction,
        query: lambda_.IFunction,
        config: Config,
    ) -> None:
        super().__init__(scope, construct_id)
        self.http_api = apigateway.HttpApi(
            self,
            "Api",
            api_name=config.stack_prefix,
            description="Heimdall: jobs, commands and clusters",
            default_authorizer=HttpIamAuthorizer(),
            create_default_stage=False,
        )
        self.http_api.add_routes(
            path=ROUTE,
            methods=[apigateway.HttpMethod.POST, apigateway.HttpMethod.PUT],
            integration=HttpLambdaIntegration("Submit", submit),
        )
        self.http_api.add_routes(
            path=ROUTE,
            methods=[apigateway.HttpMethod.ANY],
            integration=HttpLambdaIntegration("Query", query),
        )
        self._add_stage(config)

    def _add_stage(self, config: Config) -> None:
        access_log = logs.LogGroup(
            self,
            "AccessLog",
            retention=logs.RetentionDays[LOG_RETENTION[config.log_retention_days]],
            removal_policy=RemovalPolicy.RETAIN,
        )
        apigateway.CfnStage(
            self,
            "Stage",
            api_id=self.http_api.api_id,
            stage_name="$default",
            auto_deploy=True,
            access_log_settings=apigateway.CfnStage.AccessLogSettingsProperty(
                destination_arn=access_log.log_group_arn, format=json.dumps(ACCESS_LOG)
            ),
            default_route_settings=_limits(config),
        )


def _limits(config: Config) -> apigateway.CfnStage.RouteSettingsProperty | None:
    """The configured limits of all callers together; without any, the account's hold."""
    if config.requests_per_second is None:
        return None
    return apigateway.CfnStage.RouteSettingsProperty(
        throttling_rate_limit=config.requests_per_second,
        throttling_burst_limit=config.request_burst,
    )
