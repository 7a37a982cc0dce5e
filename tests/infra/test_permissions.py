"""Every statement of every role, exactly: one removed, widened or added fails a test."""

import pytest

from infra.config import Config

CONFIG = Config()
RUNNERS = [name.title() for name in CONFIG.runners]
FORMS = next((name.title() for name in CONFIG.runners if CONFIG.families_of(name)), None)


def each_runners(resource):
    """What a statement names of every runner; alone it is no list."""
    names = [resource.format(runner) for runner in RUNNERS]
    return names if len(names) > 1 else names[0]


EXECUTORS = each_runners("Execute{}Function.Arn")
SECRETS = "arn:Partition:secretsmanager:Region:AccountId:secret:heimdall/*"
PARAMETERS = "arn:Partition:ssm:Region:AccountId:parameter/heimdall/*"
ENGINE_ROLES = "arn:Partition:iam::AccountId:role/heimdall/*"
DEAD_LETTERS = {"ForAllValues:StringLike": {"dynamodb:LeadingKeys": ["DEAD"]}}

LONG_JOBS = "arn:Partition:states:Region:AccountId:stateMachine:Heimdall-long-jobs"
FUNCTIONS = {
    "Submit": {
        "Jobs": (
            ["dynamodb:PutItem", "dynamodb:GetItem", "dynamodb:UpdateItem"],
            "Jobs.Arn",
        ),
        "Catalog": (
            [
                "dynamodb:GetItem",
                "dynamodb:Query",
                "dynamodb:PutItem",
                "dynamodb:UpdateItem",
                "dynamodb:DeleteItem",
            ],
            "Catalog.Arn",
        ),
        "StoreContexts": ("s3:PutObject", "Files.Arn/jobs/*/context.json"),
        "RepeatResults": ("s3:GetObject", "Files.Arn/jobs/*/result.json"),
        "SendJobs": ("sqs:SendMessage", each_runners("{}JobsQueue.Arn")),
        "WakeLongJobs": ("sqs:SendMessage", each_runners("{}WakesQueue.Arn")),
        "RunSyncJobs": ("lambda:InvokeFunction", EXECUTORS),
        "FindDeadLetters": (["dynamodb:Query", "dynamodb:DeleteItem"], "Jobs.Arn", DEAD_LETTERS),
        "MarkOpenJobs": (
            "dynamodb:BatchWriteItem",
            "Jobs.Arn",
            {"ForAllValues:StringLike": {"dynamodb:LeadingKeys": ["OPEN#*"]}},
        ),
        "Logs": (["logs:CreateLogStream", "logs:PutLogEvents"], "SubmitLogs.Arn"),
    },
    "Query": {
        "Jobs": (["dynamodb:GetItem", "dynamodb:BatchGetItem"], "Jobs.Arn"),
        "ListJobs": (
            "dynamodb:Query",
            [f"Jobs.Arn/index/{name}" for name in ("by_time", "by_user", "by_update")],
        ),
        "ListOpenJobs": (
            "dynamodb:Query",
            "Jobs.Arn",
            {"ForAllValues:StringLike": {"dynamodb:LeadingKeys": ["OPEN#*"]}},
        ),
        "MarkWatchedJobs": (
            "dynamodb:PutItem",
            "Jobs.Arn",
            {"ForAllValues:StringLike": {"dynamodb:LeadingKeys": ["WATCH#*"]}},
        ),
        "ListDeadLetters": ("dynamodb:Query", "Jobs.Arn", DEAD_LETTERS),
        "Catalog": (
            ["dynamodb:GetItem", "dynamodb:Query", "dynamodb:BatchGetItem"],
            "Catalog.Arn",
        ),
        "RecordRefusals": (
            "dynamodb:PutItem",
            "Catalog.Arn",
            {"ForAllValues:StringLike": {"dynamodb:LeadingKeys": ["AUDIT#*"]}},
        ),
        "ReadFiles": ("s3:GetObject", "Files.Arn/jobs/*"),
        "AskRunners": ("lambda:InvokeFunction", EXECUTORS),
        "StoreCsv": ("s3:PutObject", "Files.Arn/jobs/*/result.csv"),
        "TellMissingFromForbidden": ("s3:ListBucket", "Files.Arn"),
        "Logs": (["logs:CreateLogStream", "logs:PutLogEvents"], "QueryLogs.Arn"),
    },
    "Orchestrate": {
        "FindNewJobs": ("dynamodb:Query", "Jobs.Arn/index/by_time"),
        "KeepOpenJobs": (
            ["dynamodb:Query", "dynamodb:BatchWriteItem"],
            "Jobs.Arn",
            {"ForAllValues:StringLike": {"dynamodb:LeadingKeys": ["OPEN#*"]}},
        ),
        "Jobs": (
            ["dynamodb:GetItem", "dynamodb:BatchGetItem", "dynamodb:UpdateItem"],
            "Jobs.Arn",
        ),
        "SendJobs": ("sqs:SendMessage", each_runners("{}JobsQueue.Arn")),
        "WakeLongJobs": ("sqs:SendMessage", each_runners("{}WakesQueue.Arn")),
        "KeepDeadLetters": ("dynamodb:PutItem", "Jobs.Arn", DEAD_LETTERS),
        "TakeDeadLetters": (
            ["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"],
            [
                f"{runner}{queue}DeadLetters.Arn"
                for queue in ("Jobs", "Wakes")
                for runner in RUNNERS
            ],
        ),
        "Logs": (["logs:CreateLogStream", "logs:PutLogEvents"], "OrchestrateLogs.Arn"),
    },
}


def of_executor(runner):
    """What every runner may do; one of them makes other forms of results."""
    reads = {
        "ReadResults": ("s3:GetObject", "Files.Arn/jobs/*/result.*"),
        "TellMissingFromForbidden": ("s3:ListBucket", "Files.Arn"),
    }
    return {
        "Jobs": (
            ["dynamodb:GetItem", "dynamodb:UpdateItem", "dynamodb:BatchGetItem"],
            "Jobs.Arn",
        ),
        "Catalog": (["dynamodb:GetItem", "dynamodb:Query"], "Catalog.Arn"),
        "RecordOrphans": (
            "dynamodb:PutItem",
            "Catalog.Arn",
            {"ForAllValues:StringLike": {"dynamodb:LeadingKeys": ["AUDIT#*"]}},
        ),
        "StoreOutput": ("s3:PutObject", "Files.Arn/jobs/*"),
        "DropUploads": ("s3:AbortMultipartUpload", "Files.Arn/jobs/*"),
        "ReadContexts": ("s3:GetObject", "Files.Arn/jobs/*/context.json"),
        "JoinStreams": ("s3:GetObject", "Files.Arn/jobs/*/std*"),
        "TakeJobs": (
            ["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"],
            [f"{runner}JobsQueue.Arn", f"{runner}WakesQueue.Arn"],
        ),
        "SendNextRuns": ("sqs:SendMessage", f"{runner}JobsQueue.Arn"),
        "SendWakes": ("sqs:SendMessage", f"{runner}WakesQueue.Arn"),
        "StartLongJobs": ("states:StartExecution", LONG_JOBS),
        "TellLongJobs": ("states:SendTaskSuccess", "*"),
        "RememberWork": (
            "dynamodb:PutItem",
            "Jobs.Arn",
            {"ForAllValues:StringLike": {"dynamodb:LeadingKeys": ["WORK#*"]}},
        ),
        "LeadOthers": (
            "dynamodb:PutItem",
            "Jobs.Arn",
            {"ForAllValues:StringLike": {"dynamodb:LeadingKeys": ["LEAD#*"]}},
        ),
        "FindSharedResults": ("s3:ListBucket", "Files.Arn"),
        "ReadSecrets": ("secretsmanager:GetSecretValue", SECRETS),
        "ReadParameters": ("ssm:GetParameter", PARAMETERS),
        "TakeRoles": (
            ["sts:AssumeRole", "sts:TagSession", "sts:SetSourceIdentity"],
            ENGINE_ROLES,
        ),
        "Logs": (["logs:CreateLogStream", "logs:PutLogEvents"], f"Execute{runner}Logs.Arn"),
        **(reads if runner == FORMS else {}),
    }


FUNCTIONS |= {f"Execute{runner}": of_executor(runner) for runner in RUNNERS}
OTHERS = {
    "EveryMinute": {"Invoke": ("lambda:InvokeFunction", "OrchestrateFunction.Arn")},
    **{
        f"{runner}Orphans": {"Invoke": ("lambda:InvokeFunction", f"Execute{runner}Function.Arn")}
        for runner in RUNNERS
    },
    "LongJobs": {"CallRunners": ("lambda:InvokeFunction", EXECUTORS)},
}
ROLES = FUNCTIONS | OTHERS

WILDCARDS = {
    "Files.Arn/jobs/*": "any job; its id is part of the key",
    "Files.Arn/jobs/*/context.json": "the context of any job; its id is part of the key",
    "Files.Arn/jobs/*/result.csv": "the result of any job as CSV; its id is part of the key",
    **({"Files.Arn/jobs/*/result.*": "the result of any job in any form"} if FORMS else {}),
    "Files.Arn/jobs/*/result.json": "the result of any job; its id is part of the key",
    "Files.Arn/jobs/*/std*": "the streams of any job; its id is part of the key",
    "*": "a task token names no resource",
    SECRETS: "secrets are made after the deployment",
    PARAMETERS: "so are parameters",
    ENGINE_ROLES: "so are the roles that clusters name",
}
"""Resources of allowing statements with a star in them, each with its reason."""


def allowed(statement):
    assert statement["Effect"] == "Allow"
    parts = [statement["Action"], statement["Resource"]]
    return tuple([*parts, statement["Condition"]] if "Condition" in statement else parts)


def statements_of(role):
    return [each for policy in role["Policies"] for each in policy["PolicyDocument"]["Statement"]]


@pytest.fixture(scope="module")
def roles(assembly):
    return assembly.properties("AWS::IAM::Role")


def test_there_is_one_role_for_each_function_for_the_schedule_and_for_long_jobs(roles):
    assert set(roles) == {f"{name}Role" for name in ROLES}


@pytest.mark.parametrize("name", ROLES)
def test_role_allows_exactly_what_its_function_needs(roles, name):
    statements = statements_of(roles[f"{name}Role"])

    assert {each["Sid"]: allowed(each) for each in statements} == ROLES[name]
    assert len(statements) == len(ROLES[name])


@pytest.mark.parametrize("name", ROLES)
def test_role_has_no_permission_from_elsewhere(assembly, roles, name):
    assert "ManagedPolicyArns" not in roles[f"{name}Role"]
    assert not assembly.resources("AWS::IAM::Policy")
    assert not assembly.resources("AWS::IAM::ManagedPolicy")


@pytest.mark.parametrize("name", FUNCTIONS)
def test_function_has_its_own_role_that_only_lambda_may_take(assembly, roles, name):
    function = assembly.properties("AWS::Lambda::Function")[f"{name}Function"]

    assert function["Role"] == f"{name}Role.Arn"
    (trust,) = roles[f"{name}Role"]["AssumeRolePolicyDocument"]["Statement"]
    assert trust == {
        "Action": "sts:AssumeRole",
        "Effect": "Allow",
        "Principal": {"Service": "lambda.amazonaws.com"},
    }


@pytest.mark.parametrize("schedule", ["EveryMinute", *(f"{runner}Orphans" for runner in RUNNERS)])
def test_only_schedules_of_this_account_may_take_the_role_of_a_schedule(roles, schedule):
    (trust,) = roles[f"{schedule}Role"]["AssumeRolePolicyDocument"]["Statement"]

    assert trust["Principal"] == {"Service": "scheduler.amazonaws.com"}
    assert trust["Condition"] == {"StringEquals": {"aws:SourceAccount": "AccountId"}}


def test_every_star_in_a_resource_has_a_reason(roles):
    stars = {
        each["Resource"]
        for role in roles.values()
        for each in statements_of(role)
        if "*" in str(each["Resource"])
    }

    assert stars == set(WILDCARDS)


def test_only_rules_of_events_may_invoke_orchestrate(assembly):
    permissions = assembly.properties("AWS::Lambda::Permission").values()
    rules = assembly.resources("AWS::Events::Rule")

    allowed = [each for each in permissions if each["FunctionName"] == "OrchestrateFunction.Arn"]
    assert {each["Principal"] for each in allowed} == {"events.amazonaws.com"}
    assert {each["SourceArn"] for each in allowed} == {f"{name}.Arn" for name in rules}


def test_only_the_api_may_invoke_submit_and_query(assembly):
    permissions = assembly.properties("AWS::Lambda::Permission").values()
    theirs = [each for each in permissions if each["FunctionName"] != "OrchestrateFunction.Arn"]

    assert {each["FunctionName"] for each in theirs} == {
        "SubmitFunction.Arn",
        "QueryFunction.Arn",
    }
    for each in theirs:
        assert each["Action"] == "lambda:InvokeFunction"
        assert each["Principal"] == "apigateway.amazonaws.com"
        assert each["SourceArn"].startswith("arn:Partition:execute-api:Region:AccountId:Api/")
