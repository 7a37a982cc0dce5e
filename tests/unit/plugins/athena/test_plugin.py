"""What athena asks of AWS, and what it makes of the answers."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest

from heimdall.domain.errors import PluginError, TransientPluginError
from heimdall.domain.failures import Failure
from heimdall.domain.result import Column, ResultForm
from heimdall.plugin.detached import WorkSearch
from heimdall.plugin.spec import HealthRequest, RunReport, RunState
from heimdall.plugins.athena.plugin import AthenaPlugin
from tests.fakes.engines.bench import Output
from tests.fakes.runs import JOB_ID, make_identity, make_run_request
from tests.fakes.stubbed_aws import ANY, StubbedAws

QUERY = "01234567-0123-0123-0123-012345678901"
NOW = datetime(2026, 10, 1, 12, tzinfo=UTC)
SUCCEEDED = RunReport(state=RunState.SUCCEEDED)
MARK = f"/* {make_identity().work_name} */ "


@pytest.fixture
def aws():
    stubs = StubbedAws()
    yield stubs
    stubs.assert_all_were_made()


@pytest.fixture
def plugin(aws):
    return AthenaPlugin(aws)


def request(query="select 1", command=None, cluster=None, **context):
    context = {"query": query, **context}
    return make_run_request(
        "athena", context=context, command_context=command, cluster_context=cluster
    )


def started(plugin, aws, **contexts):
    aws.expect("athena", "start_query_execution", ANYTHING, {"QueryExecutionId": QUERY})
    return plugin.start(request(**contexts))


ANYTHING = {
    "ClientRequestToken": ANY,
    "QueryString": ANY,
    "WorkGroup": ANY,
    "QueryExecutionContext": ANY,
}


def execution(state, number=0, *, query="select 1", hours_ago=0, **status):
    submitted = NOW - timedelta(hours=hours_ago)
    return {
        "QueryExecutionId": QUERY.replace("0", str(number)),
        "Query": query,
        "StatementType": "DML",
        "Status": {"State": state, "SubmissionDateTime": submitted, **status},
        "Statistics": {"DataScannedInBytes": 10_485_760},
    }


def expect_state(aws, state, **status):
    answer = {"QueryExecution": execution(state, **status)}
    aws.expect("athena", "get_query_execution", {"QueryExecutionId": QUERY}, answer)


def expect_rows(aws, *rows, token=None, next_token=None):
    asked = {"QueryExecutionId": QUERY, **({"NextToken": token} if token else {})}
    columns = [{"Name": "city", "Type": "varchar"}, {"Name": "orders", "Type": "bigint"}]
    answer = {
        "ResultSet": {
            "Rows": [{"Data": [{"VarCharValue": text} for text in row]} for row in rows],
            "ResultSetMetadata": {"ColumnInfo": columns},
        },
        **({"NextToken": next_token} if next_token else {}),
    }
    aws.expect("athena", "get_query_results", asked, answer)


def test_query_is_asked_with_all_that_the_contexts_say(plugin, aws):
    aws.expect(
        "athena",
        "start_query_execution",
        {
            "ClientRequestToken": f"{JOB_ID}-1",
            "QueryString": f"{MARK}select ?",
            "WorkGroup": "reports",
            "QueryExecutionContext": {"Catalog": "lake", "Database": "sales"},
            "ResultConfiguration": {"OutputLocation": "s3://answers/"},
            "ExecutionParameters": ["'Berlin'"],
        },
        {"QueryExecutionId": QUERY},
    )

    handle = plugin.start(
        request(
            "select ?",
            parameters=["'Berlin'"],
            command={"database": "sales", "output_location": "s3://answers/"},
            cluster={"workgroup": "reports", "catalog": "lake"},
        )
    )

    assert handle.work_id == f"athena:{QUERY}"
    assert handle.outputs == {
        "query_execution_id": QUERY,
        "url": "https://us-east-1.console.aws.amazon.com/athena/home?region=us-east-1"
        f"#/query-editor/history/{QUERY}",
    }


def test_query_whose_answer_may_be_used_again_carries_no_mark(plugin, aws):
    by_age = {"ResultReuseByAgeConfiguration": {"Enabled": True, "MaxAgeInMinutes": 60}}
    asked = {**ANYTHING, "QueryString": "select 1", "ResultReuseConfiguration": by_age}
    aws.expect("athena", "start_query_execution", asked, {"QueryExecutionId": QUERY})

    plugin.start(request(command={"result_reuse_minutes": 60}))


def test_failed_query_tells_athenas_reason_and_class(plugin, aws):
    handle = started(plugin, aws)
    error = {"ErrorCategory": 2, "ErrorType": 1006, "Retryable": False}
    expect_state(aws, "FAILED", StateChangeReason="SYNTAX_ERROR: line 1:8", AthenaError=error)

    report = plugin.poll(handle)

    assert (report.state, report.failure) == (RunState.FAILED, Failure.USER_ERROR)
    assert report.detail == "SYNTAX_ERROR: line 1:8"
    assert report.outputs == {"data_scanned_bytes": "10485760"}


def test_query_that_the_workgroups_limit_ended_says_so(plugin, aws):
    handle = started(plugin, aws)
    expect_state(aws, "CANCELLED", StateChangeReason="Bytes scanned limit was exceeded")

    report = plugin.poll(handle)

    assert (report.state, report.failure) == (RunState.CANCELED, None)
    assert report.detail == "Bytes scanned limit was exceeded"


def test_small_answer_is_the_result(plugin, aws):
    handle = started(plugin, aws)
    expect_state(aws, "SUCCEEDED")
    expect_rows(aws, ["city", "orders"], ["Berlin", "17"], next_token="more")
    expect_rows(aws, ["Paris", "4"], token="more")

    result = plugin.collect(handle, SUCCEEDED, Output())

    assert result.columns == [Column("city", "string"), Column("orders", "int")]
    assert result.rows == [["Berlin", 17], ["Paris", 4]]


def test_large_answer_goes_to_the_output_page_by_page(plugin, aws):
    handle = started(plugin, aws)
    expect_state(aws, "SUCCEEDED")
    tokens = [None, *(f"page-{number}" for number in range(1, 10)), None]
    for number, (token, next_token) in enumerate(pairwise(tokens)):
        first = [] if number else [["city", "orders"]]
        rows = [["x" * 100, str(row)] for row in range(number * 100, number * 100 + 100)]
        expect_rows(aws, *first, *rows, token=token, next_token=next_token)
    output = Output()

    assert plugin.collect(handle, SUCCEEDED, output) is None

    written = json.loads(output.results[ResultForm.JSON])
    assert [row[1] for row in written["data"]] == list(range(1_000))


def test_answer_beyond_the_commands_limit_fails_the_job(plugin, aws):
    handle = started(plugin, aws, command={"max_rows": 2})
    expect_state(aws, "SUCCEEDED")
    expect_rows(aws, ["city", "orders"], ["Berlin", "1"], ["Paris", "2"], ["Rome", "3"])
    output = Output()

    with pytest.raises(PluginError, match="more than 2 rows") as raised:
        plugin.collect(handle, SUCCEEDED, output)

    assert raised.value.failure is Failure.USER_ERROR
    assert output.results == {}


def test_answer_that_nobody_wants_is_not_read(plugin, aws):
    handle = started(plugin, aws, return_result=False)

    assert plugin.collect(handle, SUCCEEDED, Output()) is None


def test_statement_without_an_answer_has_no_result(plugin, aws):
    handle = started(plugin, aws, query="create table t (a int) location 's3://b/'")
    expect_state(aws, "SUCCEEDED")
    answer = {"ResultSet": {"Rows": [], "ResultSetMetadata": {"ColumnInfo": []}}}
    aws.expect("athena", "get_query_results", {"QueryExecutionId": QUERY}, answer)

    assert plugin.collect(handle, SUCCEEDED, Output()) is None


def test_answer_whose_bucket_went_away_fails_the_job(plugin, aws):
    handle = started(plugin, aws)
    expect_state(aws, "SUCCEEDED")
    aws.refuse("athena", "get_query_results", "InvalidRequestException")

    with pytest.raises(PluginError, match="reading the result") as raised:
        plugin.collect(handle, SUCCEEDED, Output())

    assert not isinstance(raised.value, TransientPluginError)


def test_throttled_page_is_read_later_and_nothing_is_kept(plugin, aws):
    handle = started(plugin, aws)
    expect_state(aws, "SUCCEEDED")
    expect_rows(aws, ["city", "orders"], ["Berlin", "17"], next_token="more")
    aws.refuse("athena", "get_query_results", "TooManyRequestsException")
    output = Output()

    with pytest.raises(TransientPluginError):
        plugin.collect(handle, SUCCEEDED, output)

    assert output.results == {}


def test_refused_stop_of_an_ended_query_is_no_error(plugin, aws):
    handle = started(plugin, aws)
    aws.refuse("athena", "stop_query_execution", "InvalidRequestException")
    expect_state(aws, "SUCCEEDED")

    plugin.cancel(handle)


def test_refused_stop_of_a_running_query_is_an_error(plugin, aws):
    handle = started(plugin, aws)
    aws.refuse("athena", "stop_query_execution", "InvalidRequestException")
    expect_state(aws, "RUNNING")

    with pytest.raises(PluginError, match="stopping the query"):
        plugin.cancel(handle)


def found(plugin):
    run = request()
    search = WorkSearch(
        command_options=run.command_options,
        cluster_options=run.cluster_options,
        identity=replace(make_identity(), job_id="", run=0),
    )
    return [(work.job_id, work.run) for work in plugin.find_work(search)]


def expect_page(aws, *queries, token=None, next_token=None, left_out=()):
    listed = [query["QueryExecutionId"] for query in queries]
    asked = {"WorkGroup": "primary", "MaxResults": 50, **({"NextToken": token} if token else {})}
    answer = {"QueryExecutionIds": listed, **({"NextToken": next_token} if next_token else {})}
    aws.expect("athena", "list_query_executions", asked, answer)
    described = {"QueryExecutions": list(queries), "UnprocessedQueryExecutionIds": list(left_out)}
    asked = {"QueryExecutionIds": listed}
    aws.expect("athena", "batch_get_query_execution", asked, described)


def test_search_ends_where_all_queries_have_ended(plugin, aws):
    marked = f"{MARK}select 1"
    expect_page(
        aws,
        execution("QUEUED", 1, query=marked),
        execution("SUCCEEDED", 2, query=marked),
        execution("RUNNING", 3),
        next_token="a",
    )
    expect_page(aws, execution("RUNNING", 4, query=marked, hours_ago=23), token="a", next_token="b")
    expect_page(aws, execution("SUCCEEDED", 5, hours_ago=25), token="b", next_token="c")

    assert found(plugin) == [(JOB_ID, 1), (JOB_ID, 1)]


def test_search_that_is_not_told_of_all_queries_is_tried_again(plugin, aws):
    left_out = [{"QueryExecutionId": QUERY, "ErrorMessage": "no time"}]
    expect_page(aws, execution("SUCCEEDED", 1), left_out=left_out)

    with pytest.raises(TransientPluginError, match="no time"):
        found(plugin)


@pytest.mark.parametrize(("state", "is_healthy"), [("ENABLED", True), ("DISABLED", False)])
def test_cluster_is_as_healthy_as_its_workgroup(plugin, aws, state, is_healthy):
    run = request(cluster={"workgroup": "reports"})
    answer = {"WorkGroup": {"Name": "reports", "State": state}}
    aws.expect("athena", "get_work_group", {"WorkGroup": "reports"}, answer)

    report = plugin.health(
        HealthRequest(
            cluster=run.cluster,
            cluster_options=run.cluster_options,
            seconds_left=10.0,
            identity=make_identity(job_id="", run=0),
        )
    )

    assert report.is_healthy is is_healthy
    assert is_healthy or "reports is disabled" in report.detail
