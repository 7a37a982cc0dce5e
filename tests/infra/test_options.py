"""What the context can change, and what it must not say."""

import json

import pytest

from infra.config import Config, ConfigError, context_of_checkout, read_config
from tests.infra.assembly import ROOT, Assembly, run_app
from tests.infra.conftest import DEFAULTS

TOPIC = "arn:aws:sns:eu-west-1:123456789012:on-call"
POLICY = "arn:aws:iam::123456789012:policy/engines/OfRunners"
OPTIONS = {
    "heimdall:retention_days": 90,
    "heimdall:log_retention_days": "7",
    "heimdall:execute_memory_mb": "768",
    "heimdall:runners": '{"light": ["ping"], "sql": ["trino", "clickhouse"], "slow": ["trino"]}',
    "heimdall:runner_memory_mb": '{"slow": 3008}',
    "heimdall:runner_storage_mb": '{"slow": 10240}',
    "heimdall:runner_vpc": json.dumps(
        {"sql": {"subnet_ids": ["subnet-1a", "subnet-2b"], "security_group_ids": ["sg-3c"]}}
    ),
    "heimdall:stop_orphans": "true",
    "heimdall:role_arns": '["arn:aws:iam::210987654321:role/for-heimdall/*"]',
    "heimdall:runner_policies": json.dumps({"sql": [POLICY]}),
    "heimdall:alarm_topic_arn": TOPIC,
    "heimdall:stale_message_seconds": 900,
    "heimdall:requests_per_second": 100,
    "heimdall:request_burst": 200,
    "heimdall:xray_tracing": "true",
    "heimdall:deletion_protection": "false",
}


@pytest.fixture(scope="module")
def changed(tmp_path_factory):
    """The application with every option set, as the command line would: mostly as text."""
    folder = tmp_path_factory.mktemp("changed")
    done = run_app(folder, context=DEFAULTS | OPTIONS)
    assert done.returncode == 0, done.stderr
    return Assembly(folder)


def functions(assembly):
    return assembly.properties("AWS::Lambda::Function")


def test_retention_reaches_functions_and_bucket(changed):
    variables = functions(changed)["SubmitFunction"]["Environment"]["Variables"]
    rules = changed.properties("AWS::S3::Bucket")["Files"]["LifecycleConfiguration"]["Rules"]

    assert variables["HEIMDALL_RETENTION_DAYS"] == "90"
    assert rules[0]["ExpirationInDays"] == 97


def test_logs_are_kept_as_long_as_configured(changed):
    groups = changed.properties("AWS::Logs::LogGroup").values()

    assert {group["RetentionInDays"] for group in groups} == {7}


def test_each_runner_has_its_function_queue_and_parameter(changed):
    runners = json.loads(
        functions(changed)["SubmitFunction"]["Environment"]["Variables"]["HEIMDALL_RUNNERS"]
    )

    assert runners["sql"] == {
        "function": "ExecuteSqlFunction",
        "queue_url": "SqlJobsQueue",
        "wakes_url": "SqlWakesQueue",
        "plugins": ["trino", "clickhouse"],
    }
    assert "SqlConcurrency" in changed.service["Parameters"]
    assert "SqlQueueUrl" in changed.service["Outputs"]


@pytest.mark.parametrize(
    ("runner", "memory_mb", "storage_mb"),
    [("Light", 768, None), ("Sql", 1769, 2048), ("Slow", 3008, 10240)],
)
def test_runner_has_its_own_memory_and_storage(changed, runner, memory_mb, storage_mb):
    function = functions(changed)[f"Execute{runner}Function"]

    assert function["MemorySize"] == memory_mb
    assert function.get("EphemeralStorage") == ({"Size": storage_mb} if storage_mb else None)


def test_runners_of_one_family_share_its_layer_and_others_do_not_have_it(changed):
    layers = {name: function["Layers"] for name, function in functions(changed).items()}

    assert layers == {
        **{name: ["Layer"] for name in layers},
        "ExecuteSqlFunction": ["Layer", "SqlLayer"],
        "ExecuteSlowFunction": ["Layer", "SqlLayer"],
    }


def test_first_runner_with_arrow_makes_forms_and_is_the_only_one_to_read_results(changed):
    variables = functions(changed)["QueryFunction"]["Environment"]["Variables"]
    roles = changed.properties("AWS::IAM::Role")
    may_read = {
        (name, each["Action"], each["Resource"])
        for name, role in roles.items()
        for each in role["Policies"][0]["PolicyDocument"]["Statement"]
        if name.startswith("Execute") and each["Sid"] in ("ReadResults", "TellMissingFromForbidden")
    }

    assert variables["HEIMDALL_FORMS_FUNCTION"] == "ExecuteSqlFunction"
    assert may_read == {
        ("ExecuteSqlRole", "s3:GetObject", "Files.Arn/jobs/*/result.*"),
        ("ExecuteSqlRole", "s3:ListBucket", "Files.Arn"),
    }


def test_only_the_named_runner_is_in_the_vpc(changed):
    networks = {name: each.get("VpcConfig") for name, each in functions(changed).items()}

    assert networks == {
        **dict.fromkeys(networks),
        "ExecuteSqlFunction": {
            "SubnetIds": ["subnet-1a", "subnet-2b"],
            "SecurityGroupIds": ["sg-3c"],
        },
    }


def test_only_the_runner_in_the_vpc_may_join_it(changed):
    may_join = {
        name: each["Action"]
        for name, role in changed.properties("AWS::IAM::Role").items()
        for each in role["Policies"][0]["PolicyDocument"]["Statement"]
        if each["Sid"] == "JoinNetwork"
    }

    assert may_join == {
        "ExecuteSqlRole": [
            "ec2:CreateNetworkInterface",
            "ec2:DescribeNetworkInterfaces",
            "ec2:DescribeSubnets",
            "ec2:DeleteNetworkInterface",
            "ec2:AssignPrivateIpAddresses",
            "ec2:UnassignPrivateIpAddresses",
        ]
    }


def test_runner_may_take_jobs_of_its_own_queue_only(changed):
    (policy,) = changed.properties("AWS::IAM::Role")["ExecuteSqlRole"]["Policies"]
    take = [each for each in policy["PolicyDocument"]["Statement"] if each["Sid"] == "TakeJobs"]

    assert [each["Resource"] for each in take] == [["SqlJobsQueue.Arn", "SqlWakesQueue.Arn"]]


@pytest.mark.parametrize("runner", ["Light", "Sql"])
def test_runner_may_take_the_roles_that_are_configured_beside_the_accounts_own(changed, runner):
    (policy,) = changed.properties("AWS::IAM::Role")[f"Execute{runner}Role"]["Policies"]
    resources = {each["Sid"]: each["Resource"] for each in policy["PolicyDocument"]["Statement"]}

    assert resources["TakeRoles"] == [
        "arn:Partition:iam::AccountId:role/heimdall/*",
        "arn:aws:iam::210987654321:role/for-heimdall/*",
    ]


def test_role_of_the_named_runner_has_the_configured_policies_and_no_other(changed):
    roles = changed.properties("AWS::IAM::Role")

    assert {name: role.get("ManagedPolicyArns") for name, role in roles.items()} == {
        **dict.fromkeys(roles),
        "ExecuteSqlRole": [POLICY],
    }


@pytest.mark.parametrize("runner", ["Light", "Sql"])
def test_orphans_are_stopped_if_configured(changed, runner):
    variables = functions(changed)[f"Execute{runner}Function"]["Environment"]["Variables"]

    assert variables["HEIMDALL_STOP_ORPHANS"] == "true"


def test_submit_may_reach_all_runners(changed):
    (policy,) = changed.properties("AWS::IAM::Role")["SubmitRole"]["Policies"]
    resources = {each["Sid"]: each["Resource"] for each in policy["PolicyDocument"]["Statement"]}

    assert resources["SendJobs"] == [
        f"{runner}JobsQueue.Arn" for runner in ("Light", "Sql", "Slow")
    ]
    assert resources["RunSyncJobs"] == [
        f"Execute{runner}Function.Arn" for runner in ("Light", "Sql", "Slow")
    ]


def test_alarms_tell_the_topic(changed):
    alarms = changed.properties("AWS::CloudWatch::Alarm")

    assert {tuple(alarm["AlarmActions"]) for alarm in alarms.values()} == {(TOPIC,)}
    assert alarms["MonitoringLightOldestMessage"]["Threshold"] == 900


def test_api_has_the_configured_limits(changed):
    stage = changed.properties("AWS::ApiGatewayV2::Stage")["ApiStage"]

    assert stage["DefaultRouteSettings"] == {
        "ThrottlingBurstLimit": 200,
        "ThrottlingRateLimit": 100,
    }


def test_tracing_adds_what_it_needs_and_nothing_else(changed):
    for name, function in functions(changed).items():
        role = changed.properties("AWS::IAM::Role")[name.replace("Function", "Role")]
        statements = role["Policies"][0]["PolicyDocument"]["Statement"]

        assert function["TracingConfig"] == {"Mode": "Active"}
        assert [
            each
            for each in statements
            if each["Resource"] == "*" and each["Sid"] not in ("TellLongJobs", "JoinNetwork")
        ] == [
            {
                "Sid": "Traces",
                "Effect": "Allow",
                "Action": ["xray:PutTraceSegments", "xray:PutTelemetryRecords"],
                "Resource": "*",
            }
        ]


def test_protection_can_be_lifted(changed):
    for table in changed.properties("AWS::DynamoDB::GlobalTable").values():
        assert table["Replicas"][0]["DeletionProtectionEnabled"] is False
    assert '"terminationProtection": true' not in (changed.folder / "manifest.json").read_text()


def test_defaults_hold_without_any_key():
    assert read_config({"cli-telemetry": False}) == Config()


def test_context_is_that_of_cdk_json():
    committed = json.loads((ROOT / "cdk.json").read_text())["context"]

    assert committed.items() <= context_of_checkout().items()


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        ("retention", 30, "heimdall:retention is no option; there are stack_prefix, "),
        ("retention_days", 0, "heimdall:retention_days: Input should be greater than or equal"),
        ("retention_days", "soon", "heimdall:retention_days: Input should be a valid integer"),
        ("log_retention_days", 8, "CloudWatch Logs knows 1, 3, 5, 7, 14, 30"),
        ("submit_memory_mb", 64, "heimdall:submit_memory_mb"),
        ("runners", {}, "heimdall:runners: Value should have at least 1 item"),
        ("runners", "light=ping", "heimdall:runners: Value error, not JSON"),
        ("runners", {"light": []}, "heimdall:runners.light"),
        ("runners", {"light": ["Ping!"]}, "heimdall:runners.light.0"),
        ("runners", {"Light-1": ["ping"]}, "heimdall:runners.Light-1"),
        ("role_arns", ["role/heimdall"], "heimdall:role_arns.0: String should match"),
        ("role_arns", ["*"], "heimdall:role_arns.0: String should match"),
        ("role_arns", "arn:aws:iam::210987654321:role/x", "heimdall:role_arns: Value error, not"),
        ("runner_policies", {"light": []}, "heimdall:runner_policies.light: Tuple should have"),
        ("runner_policies", {"slow": [POLICY]}, "runner_policies names slow, and there is no such"),
        (
            "runner_policies",
            {"light": ["arn:aws:iam::aws:policy/AdministratorAccess"]},
            "heimdall:runner_policies.light.0: String should match",
        ),
        (
            "runner_memory_mb",
            {"slow": 1769},
            "runner_memory_mb names slow, and there is no such runner",
        ),
        ("runner_memory_mb", {"light": 64}, "heimdall:runner_memory_mb.light: Input should be"),
        ("runner_storage_mb", {"light": 256}, "heimdall:runner_storage_mb.light: Input should be"),
        ("runner_storage_mb", {"slow": 512}, "runner_storage_mb names slow"),
        ("runner_vpc", {"light": {}}, "heimdall:runner_vpc.light.subnet_ids: Field required"),
        (
            "runner_vpc",
            {"light": {"subnet_ids": ["vpc-1"], "security_group_ids": ["sg-1"]}},
            "heimdall:runner_vpc.light.subnet_ids.0: String should match",
        ),
        (
            "runner_vpc",
            {"slow": {"subnet_ids": ["subnet-1"], "security_group_ids": ["sg-1"]}},
            "runner_vpc names slow, and there is no such runner",
        ),
        ("plugin_requirements", "nowhere.txt", "there is no file nowhere.txt"),
        ("alarm_topic_arn", "on-call", "heimdall:alarm_topic_arn"),
        ("stack_prefix", "my-stack", "heimdall:stack_prefix"),
        ("request_burst", 10, "give requests_per_second and request_burst together"),
        ("xray_tracing", "perhaps", "heimdall:xray_tracing"),
    ],
)
def test_wrong_option_is_refused_by_name(key, value, message):
    with pytest.raises(ConfigError) as refused:
        read_config({f"heimdall:{key}": value})

    assert message in str(refused.value)


def test_application_says_what_is_wrong_in_one_sentence(tmp_path):
    done = run_app(tmp_path, context={"heimdall:retention_days": -1})

    assert done.returncode == 1
    assert done.stderr.strip() == (
        "heimdall:retention_days: Input should be greater than or equal to 1, not -1"
    )
