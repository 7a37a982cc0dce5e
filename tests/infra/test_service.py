"""API, queue, schedule, alarms, parameters and outputs."""

import json
import re

import pytest

from infra.config import Config

RUNNERS = Config().runners
TITLES = [name.title() for name in RUNNERS]


@pytest.fixture(scope="module")
def parameters(assembly):
    return assembly.service["Parameters"]


def test_every_route_asks_iam(assembly):
    routes = assembly.properties("AWS::ApiGatewayV2::Route").values()

    assert {route["RouteKey"] for route in routes} == {
        "POST /api/v1/{proxy+}",
        "PUT /api/v1/{proxy+}",
        "ANY /api/v1/{proxy+}",
    }
    assert {route["AuthorizationType"] for route in routes} == {"AWS_IAM"}


@pytest.mark.parametrize(
    ("method", "function"), [("POST", "Submit"), ("PUT", "Submit"), ("ANY", "Query")]
)
def test_writes_go_to_submit_and_everything_else_to_query(assembly, method, function):
    routes = assembly.properties("AWS::ApiGatewayV2::Route").values()
    integrations = assembly.properties("AWS::ApiGatewayV2::Integration")

    (route,) = [each for each in routes if each["RouteKey"].startswith(f"{method} ")]
    integration = integrations[route["Target"].removeprefix("integrations/")]

    assert integration["IntegrationUri"] == f"{function}Function.Arn"
    assert integration["IntegrationType"] == "AWS_PROXY"
    assert integration["PayloadFormatVersion"] == "2.0"


def test_access_log_is_json_and_names_the_caller(assembly):
    stage = assembly.properties("AWS::ApiGatewayV2::Stage")["ApiStage"]
    log = assembly.resources("AWS::Logs::LogGroup")["ApiAccessLog"]
    line = json.loads(stage["AccessLogSettings"]["Format"])

    assert stage["StageName"] == "$default"
    assert stage["AccessLogSettings"]["DestinationArn"] == "ApiAccessLog.Arn"
    assert line["caller_arn"] == "$context.identity.userArn"
    assert line["caller_account"] == "$context.identity.accountId"
    assert log["Properties"] == {"RetentionInDays": 30}
    assert log["DeletionPolicy"] == "Retain"


def test_api_has_no_limits_of_its_own_by_default(assembly):
    assert "DefaultRouteSettings" not in assembly.properties("AWS::ApiGatewayV2::Stage")["ApiStage"]


def test_queue_gives_up_on_a_job_after_five_deliveries(assembly):
    queue = assembly.properties("AWS::SQS::Queue")["LightJobsQueue"]

    assert queue == {
        "RedrivePolicy": {"deadLetterTargetArn": "LightJobsDeadLetters.Arn", "maxReceiveCount": 5},
        "SqsManagedSseEnabled": True,
        "VisibilityTimeout": 5400,
    }


def test_dead_letters_are_encrypted_and_kept_two_weeks(assembly):
    queue = assembly.properties("AWS::SQS::Queue")["LightJobsDeadLetters"]

    assert queue == {
        "MessageRetentionPeriod": 14 * 24 * 3600,
        "SqsManagedSseEnabled": True,
        "VisibilityTimeout": 360,
    }


@pytest.mark.parametrize("queue", ["LightJobsQueue", "LightJobsDeadLetters"])
def test_queue_refuses_plain_http(assembly, queue):
    policy = assembly.properties("AWS::SQS::QueuePolicy")[f"{queue}Policy"]
    (statement,) = policy["PolicyDocument"]["Statement"]

    assert policy["Queues"] == [queue]
    assert statement["Effect"] == "Deny"
    assert statement["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}


def test_runner_is_given_one_job_at_a_time(assembly):
    deliveries = assembly.properties("AWS::Lambda::EventSourceMapping")

    assert deliveries["LightJobsDelivery"] == {
        "BatchSize": 1,
        "EventSourceArn": "LightJobsQueue.Arn",
        "FunctionName": "ExecuteLightFunction",
        "FunctionResponseTypes": ["ReportBatchItemFailures"],
        "ScalingConfig": {"MaximumConcurrency": "LightConcurrency"},
    }


def test_runner_is_given_several_wakes_at_a_time(assembly):
    wakes = assembly.properties("AWS::Lambda::EventSourceMapping")["LightWakesDelivery"]

    assert wakes == {
        "BatchSize": 10,
        "EventSourceArn": "LightWakesQueue.Arn",
        "FunctionName": "ExecuteLightFunction",
        "FunctionResponseTypes": ["ReportBatchItemFailures"],
        "ScalingConfig": {"MaximumConcurrency": 20},
    }


@pytest.mark.parametrize(
    "queue", [f"{runner}{kind}" for runner in TITLES for kind in ("Jobs", "Wakes")]
)
def test_orchestrate_is_given_what_the_runner_gave_up_on(assembly, queue):
    mappings = assembly.properties("AWS::Lambda::EventSourceMapping")

    assert mappings[f"{queue}PuttingAside"] == {
        "BatchSize": 10,
        "EventSourceArn": f"{queue}DeadLetters.Arn",
        "FunctionName": "OrchestrateFunction",
        "FunctionResponseTypes": ["ReportBatchItemFailures"],
        "ScalingConfig": {"MaximumConcurrency": 2},
    }


def test_orchestrate_is_called_every_minute(assembly):
    schedule = assembly.properties("AWS::Scheduler::Schedule")["EveryMinuteSchedule"]

    assert schedule["ScheduleExpression"] == "rate(1 minute)"
    assert schedule["FlexibleTimeWindow"] == {"Mode": "OFF"}
    assert schedule["Target"]["Arn"] == "OrchestrateFunction.Arn"
    assert schedule["Target"]["RoleArn"] == "EveryMinuteRole.Arn"


@pytest.mark.parametrize("name", RUNNERS)
def test_each_runner_looks_for_orphans_of_its_plugins_every_day(assembly, name):
    runner = name.title()
    schedule = assembly.properties("AWS::Scheduler::Schedule")[f"{runner}OrphansSchedule"]
    told = json.loads(schedule["Target"]["Input"])

    assert schedule["ScheduleExpression"] == "rate(1 day)"
    assert schedule["Target"]["Arn"] == f"Execute{runner}Function.Arn"
    assert schedule["Target"]["RoleArn"] == f"{runner}OrphansRole.Arn"
    assert told == {"look_for_orphans": {"plugins": list(RUNNERS[name])}}


def test_alarms_watch_functions_queues_sweep_and_api(assembly):
    alarms = assembly.properties("AWS::CloudWatch::Alarm").values()
    watched = {
        (alarm["MetricName"], alarm["Dimensions"][0]["Value"]): alarm["Threshold"]
        for alarm in alarms
    }
    functions = [f"{name}Function" for name in ("Submit", "Query", "Orchestrate")]
    functions += [f"Execute{runner}Function" for runner in TITLES]

    assert watched == {
        **{("Errors", function): 1 for function in functions},
        **{("Throttles", function): 1 for function in functions},
        **{
            ("NumberOfMessagesReceived", f"{runner}JobsDeadLetters.QueueName"): 1
            for runner in TITLES
        },
        **{
            ("ApproximateAgeOfOldestMessage", f"{runner}JobsQueue.QueueName"): 300
            for runner in TITLES
        },
        ("JobSweepFailed", "orchestrate"): 1,
        ("OrphanFound", "execute"): 1,
        ("5xx", "Api"): 1,
        ("ExecutionsFailed", "LongJobsStateMachine.Arn"): 1,
    }
    for alarm in alarms:
        assert alarm["ComparisonOperator"] == "GreaterThanOrEqualToThreshold"
        assert alarm["TreatMissingData"] == "notBreaching"
        assert "AlarmActions" not in alarm


def test_outputs_tell_where_everything_is(assembly):
    outputs = assembly.service["Outputs"]

    assert {name: assembly.render(output["Value"]) for name, output in outputs.items()} == {
        "ApiUrl": "Api.ApiEndpoint",
        "JobsTable": "Jobs",
        "CatalogTable": "Catalog",
        "Bucket": "Files",
        **{f"{runner}QueueUrl": f"{runner}JobsQueue" for runner in TITLES},
        **{f"{runner}DeadLetterQueueUrl": f"{runner}JobsDeadLetters" for runner in TITLES},
        **{f"{runner}RoleArn": f"Execute{runner}Role.Arn" for runner in TITLES},
        "SubmitFunction": "SubmitFunction",
        "QueryFunction": "QueryFunction",
        **{f"Execute{runner}Function": f"Execute{runner}Function" for runner in TITLES},
        "OrchestrateFunction": "OrchestrateFunction",
    }


def test_concurrency_of_the_runner_is_a_parameter(parameters):
    light = parameters["LightConcurrency"]

    assert (light["Type"], light["Default"], light["MinValue"]) == ("Number", 50, 2)


def test_nobody_is_a_trusted_proxy_by_default(parameters):
    assert parameters["TrustedProxies"]["Type"] == "String"
    assert parameters["TrustedProxies"]["Default"] == ""


@pytest.mark.parametrize(
    "proxies",
    [
        "",
        "arn:aws:iam::123456789012:user/heimdall-gateway",
        "arn:aws:iam::123456789012:role/Portal,arn:aws:iam::123456789012:user/team/b@example.com",
    ],
)
def test_trusted_proxies_are_users_and_roles(parameters, proxies):
    assert re.fullmatch(parameters["TrustedProxies"]["AllowedPattern"], proxies)


@pytest.mark.parametrize(
    "proxies",
    [
        "*",
        "arn:aws:iam::123456789012:user/*",
        "arn:aws:iam::123456789012:root",
        "arn:aws:iam::123456789012:role/team/Portal",
        "arn:aws:sts::123456789012:assumed-role/Portal/me",
        "arn:aws:iam::123456789012:user/a, arn:aws:iam::123456789012:user/b",
    ],
)
def test_trusted_proxies_are_nothing_else(parameters, proxies):
    assert not re.fullmatch(parameters["TrustedProxies"]["AllowedPattern"], proxies)
