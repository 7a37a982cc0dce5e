"""What redshift asks of AWS, and what it makes of the answers."""

from dataclasses import replace

import pytest

from heimdall.domain.errors import PluginError, TransientPluginError
from heimdall.domain.failures import Failure
from heimdall.domain.result import Column
from heimdall.plugin.detached import WorkSearch
from heimdall.plugin.spec import HealthRequest, RunHandle, RunReport, RunState
from heimdall.plugins.redshift.plugin import RedshiftPlugin
from tests.fakes.engines.bench import Output
from tests.fakes.runs import JOB_ID, make_identity, make_run_request
from tests.fakes.stubbed_aws import StubbedAws

STATEMENT = "d9b6c0c9-0747-4bf4-b142-e8883122f766"
SUCCEEDED = RunReport(state=RunState.SUCCEEDED)
NAME = make_identity().work_name
SECRET = "arn:aws:secretsmanager:us-east-1:123456789012:secret:warehouse-a1b2c3"
CLUSTER = {"cluster_identifier": "warehouse", "database": "sales", "db_user": "reports"}
SERVERLESS = {"workgroup_name": "analytics", "database": "sales"}
DATA = "redshift-data"
ASKED = {"Id": STATEMENT}


@pytest.fixture
def aws():
    stubs = StubbedAws()
    yield stubs
    stubs.assert_all_were_made()


@pytest.fixture
def plugin(aws):
    return RedshiftPlugin(aws)


def request(command=None, cluster=None, **context):
    return make_run_request(
        "redshift",
        context=context or {"query": "select 1"},
        command_context=command,
        cluster_context=cluster or CLUSTER,
    )


def common(**changes):
    return {
        "ClientToken": f"{JOB_ID}-1",
        "StatementName": NAME,
        "WithEvent": True,
        "Database": "sales",
        **changes,
    }


def started(plugin, aws, *, command=None, **context):
    context = {"query": "select 1", **context}
    asked = common(Sql="select 1", ClusterIdentifier="warehouse", DbUser="reports")
    aws.expect(DATA, "execute_statement", asked, ASKED)
    return plugin.start(request(command, **context))


def expect_description(aws, status, **fields):
    answer = {"Id": STATEMENT, "Status": status, **fields}
    aws.expect(DATA, "describe_statement", ASKED, answer)


def part(number, status="FINISHED", **fields):
    return {"Id": f"{STATEMENT}:{number}", "Status": status, **fields}


def expect_page(aws, *rows, statement=STATEMENT, token=None, next_token=None):
    asked = {"Id": statement, **({"NextToken": token} if token else {})}
    answer = {
        "Records": [[{"longValue": value} for value in row] for row in rows],
        "ColumnMetadata": [{"name": "n", "label": "n", "typeName": "int4"}],
        **({"NextToken": next_token} if next_token else {}),
    }
    aws.expect(DATA, "get_statement_result", asked, answer)


def test_query_is_asked_with_all_that_the_contexts_say(plugin, aws):
    asked = common(
        Sql="select :a",
        Parameters=[{"name": "a", "value": "1"}],
        WorkgroupName="analytics",
        SecretArn=SECRET,
    )
    aws.expect(DATA, "execute_statement", asked, ASKED)

    handle = plugin.start(
        request(
            query="select :a",
            parameters={"a": "1"},
            cluster={**SERVERLESS, "secret_arn": SECRET},
        )
    )

    assert handle.work_id == f"redshift:{STATEMENT}"
    assert handle.outputs == {"statement_id": STATEMENT, "statement_name": NAME}


def test_several_statements_are_one_batch(plugin, aws):
    statements = ["create temp table t as select 1", "select * from t"]
    asked = common(Sqls=statements, ClusterIdentifier="warehouse", DbUser="reports")
    aws.expect(DATA, "batch_execute_statement", asked, ASKED)

    assert plugin.start(request(statements=statements)).work_id == f"redshift:{STATEMENT}"


@pytest.mark.parametrize(
    ("code", "status", "failure"),
    [
        ("ActiveStatementsExceededException", 400, Failure.THROTTLED),
        ("ActiveSessionsExceededException", 400, Failure.NO_CAPACITY),
        ("ExecuteStatementException", 500, Failure.ENGINE_FAULT),
        ("InternalServerException", 500, Failure.ENGINE_FAULT),
    ],
)
def test_statement_that_cannot_be_taken_now_is_tried_again(plugin, aws, code, status, failure):
    aws.refuse(DATA, "execute_statement", code, status=status)

    with pytest.raises(TransientPluginError) as raised:
        plugin.start(request())

    assert raised.value.failure is failure


def test_statement_that_is_refused_fails_the_run(plugin, aws):
    aws.refuse(DATA, "execute_statement", "ValidationException")

    with pytest.raises(PluginError, match="starting the statement") as raised:
        plugin.start(request())

    assert not isinstance(raised.value, TransientPluginError)


@pytest.mark.parametrize("status", ["SUBMITTED", "PICKED", "STARTED"])
def test_statement_that_has_not_ended_runs(plugin, aws, status):
    handle = started(plugin, aws)
    expect_description(aws, status)

    assert plugin.poll(handle) == RunReport(state=RunState.RUNNING, detail=status.lower())


def test_failed_statement_tells_redshifts_sentence_and_no_class(plugin, aws):
    handle = started(plugin, aws)
    error = 'ERROR: relation "orders" does not exist'
    expect_description(aws, "FAILED", Error=error, RedshiftQueryId=17)

    report = plugin.poll(handle)

    assert (report.state, report.detail, report.failure) == (RunState.FAILED, error, None)
    assert report.outputs == {"redshift_query_id": "17"}


@pytest.mark.parametrize("status", ["FAILED", "FINISHED"])
def test_batch_with_a_failed_statement_failed_and_says_which(plugin, aws, status):
    handle = started(plugin, aws)
    parts = [part(1), part(2, "FAILED", Error="ERROR: division by zero"), part(3, "ABORTED")]
    expect_description(aws, status, SubStatements=parts, Error="see there")

    report = plugin.poll(handle)

    assert report.state is RunState.FAILED
    assert report.detail == "statement 2 of 3: ERROR: division by zero"


def test_answer_is_read_to_its_last_page(plugin, aws):
    handle = started(plugin, aws)
    expect_description(aws, "FINISHED", HasResultSet=True)
    expect_page(aws, [1], [2], next_token="more")
    expect_page(aws, [3], token="more")

    result = plugin.collect(handle, SUCCEEDED, Output())

    assert (result.columns, result.rows) == ([Column("n", "int")], [[1], [2], [3]])


def test_batch_gives_the_last_answer_that_there_is(plugin, aws):
    handle = started(plugin, aws)
    parts = [part(1, HasResultSet=True), part(2, HasResultSet=True), part(3, HasResultSet=False)]
    expect_description(aws, "FINISHED", HasResultSet=True, SubStatements=parts)
    expect_page(aws, [2], statement=f"{STATEMENT}:2")

    assert plugin.collect(handle, SUCCEEDED, Output()).rows == [[2]]


@pytest.mark.parametrize("parts", [[], [part(1), part(2)]])
def test_statements_without_an_answer_have_no_result(plugin, aws, parts):
    handle = started(plugin, aws)
    expect_description(aws, "FINISHED", HasResultSet=False, SubStatements=parts)

    assert plugin.collect(handle, SUCCEEDED, Output()) is None


def test_answer_that_nobody_wants_is_not_read(plugin, aws):
    handle = started(plugin, aws, return_result=False)

    assert plugin.collect(handle, SUCCEEDED, Output()) is None


def test_answer_beyond_the_commands_limit_fails_the_job(plugin, aws):
    handle = started(plugin, aws, command={"max_rows": 1})
    expect_description(aws, "FINISHED", HasResultSet=True)
    expect_page(aws, [1], [2])

    with pytest.raises(PluginError, match="more than 1 rows"):
        plugin.collect(handle, SUCCEEDED, Output())


def test_answer_that_is_not_kept_any_more_fails_the_job(plugin, aws):
    handle = started(plugin, aws)
    expect_description(aws, "FINISHED", HasResultSet=True)
    aws.refuse(DATA, "get_statement_result", "ResourceNotFoundException")

    with pytest.raises(PluginError, match="no longer knows") as raised:
        plugin.collect(handle, SUCCEEDED, Output())

    assert not isinstance(raised.value, TransientPluginError)


def test_statement_that_cannot_be_stopped_yet_is_stopped_later(plugin, aws):
    handle = started(plugin, aws)
    aws.refuse(DATA, "cancel_statement", "ValidationException")
    expect_description(aws, "SUBMITTED")

    with pytest.raises(TransientPluginError, match="while it is SUBMITTED"):
        plugin.cancel(handle)


def test_stop_that_had_no_effect_is_asked_for_again(plugin, aws):
    handle = started(plugin, aws)
    aws.expect(DATA, "cancel_statement", ASKED, {"Status": False})
    expect_description(aws, "STARTED")

    with pytest.raises(TransientPluginError, match="while it is STARTED"):
        plugin.cancel(handle)


def test_stop_that_does_not_reach_the_database_is_asked_for_again(plugin, aws):
    handle = started(plugin, aws)
    aws.refuse(DATA, "cancel_statement", "DatabaseConnectionException")

    with pytest.raises(TransientPluginError):
        plugin.cancel(handle)


def test_handle_with_another_versions_cluster_is_refused(plugin):
    values = {"statement": STATEMENT, "cluster": '{"host": "a"}', "identity": "{}"}
    values["identity"] = make_identity().to_text()

    with pytest.raises(PluginError, match="cannot be read"):
        plugin.poll(RunHandle(values=values))


def test_search_asks_for_every_status_and_page_of_the_role_and_tells_each_statement_once(
    plugin, aws
):
    run = request()
    where = {"ClusterIdentifier": "warehouse", "Database": "sales", "RoleLevel": True}
    prefix = NAME.removesuffix(f"{JOB_ID}-1")
    listed = {"Id": STATEMENT, "StatementName": NAME, "Status": "STARTED"}
    other = {**listed, "Id": STATEMENT.replace("d", "e"), "StatementName": f"{prefix}x"}
    answers = {
        "SUBMITTED": [[listed]],
        "PICKED": [[other], []],
        "STARTED": [[], [listed]],
    }
    for status, pages in answers.items():
        for number, page in enumerate(pages):
            asked = {**where, "StatementName": prefix, "Status": status}
            more = {"NextToken": "more"} if number + 1 < len(pages) else {}
            asked |= {"NextToken": "more"} if number else {}
            aws.expect(DATA, "list_statements", asked, {"Statements": page, **more})
    search = WorkSearch(
        command_options=run.command_options,
        cluster_options=run.cluster_options,
        identity=replace(make_identity(), job_id="", run=0),
    )

    found = list(plugin.find_work(search))

    assert [(work.job_id, work.run, work.detail) for work in found] == [(JOB_ID, 1, STATEMENT)]


@pytest.mark.parametrize(("status", "is_healthy"), [("AVAILABLE", True), ("MODIFYING", False)])
def test_workgroup_is_asked_for_and_not_woken(plugin, aws, status, is_healthy):
    run = request(cluster=SERVERLESS)
    answer = {"workgroup": {"workgroupName": "analytics", "status": status}}
    asked = {"workgroupName": "analytics"}
    aws.expect("redshift-serverless", "get_workgroup", asked, answer)

    report = plugin.health(
        HealthRequest(
            cluster=run.cluster,
            cluster_options=run.cluster_options,
            seconds_left=10.0,
            identity=make_identity(job_id="", run=0),
        )
    )

    assert report.is_healthy is is_healthy
    assert is_healthy or "modifying" in report.detail
