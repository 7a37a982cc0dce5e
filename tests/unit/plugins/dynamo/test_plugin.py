"""Runs of dynamo: over moto, and over pages, which moto does not have."""

import itertools
import json

import boto3
import pytest
from botocore.exceptions import ClientError

from heimdall.aws.clients import AwsClients
from heimdall.aws.failures import RoleRefusedError
from heimdall.domain.errors import PluginError, TransientPluginError
from heimdall.domain.failures import Failure
from heimdall.domain.result import Column
from heimdall.plugin.identity import Allow, PluginServices
from heimdall.plugin.spec import HealthRequest, RunHandle, RunState, StopReason
from heimdall.plugins.dynamo.plugin import build_plugin
from tests.fakes.dynamo_pages import DynamoPages, page, refusal
from tests.fakes.runs import FakeStopSignal, make_identity, make_run_request
from tests.fakes.tables_of_others import DIGITS

ROLE = "arn:aws:iam::123456789012:role/heimdall/music"
ALL = 'SELECT * FROM "Music"'


def test_every_type_comes_back_as_it_is(dynamo):
    report = dynamo.start("SELECT * FROM Music WHERE Artist = :a", params={"a": "Acme"})

    assert report.state is RunState.SUCCEEDED
    columns = {column.name: column.type for column in report.result.columns}
    assert [dict(zip(columns, row, strict=True)) for row in report.result.rows] == [
        {**dict.fromkeys(columns), "Artist": "Acme", "Song": "One", "Plays": 7},
        {
            **dict.fromkeys(columns),
            "Artist": "Acme",
            "Song": "Two",
            "Exact": DIGITS,
            "Cover": "00ff",
            "Live": True,
            "Words": '["la",1.50,null]',
            "Team": '{"drums":"Ada","size":3}',
            "Moods": ["calm", "sad"],
            "Charts": [9, 10],
            "Prints": ["01", "02"],
        },
    ]
    assert columns == {
        "Artist": "string",
        "Plays": "int",
        "Song": "string",
        "Charts": "list<int>",
        "Cover": "binary",
        "Exact": "decimal",
        "Label": "null",
        "Live": "boolean",
        "Moods": "list<string>",
        "Prints": "list<binary>",
        "Team": "json",
        "Words": "json",
    }


def test_parameters_are_bound_and_never_pasted(dynamo):
    trick = "x' OR Artist = 'Acme"

    assert dynamo.start(f"{ALL} WHERE Artist = :a", params={"a": trick}).result.rows == []
    found = dynamo.start("SELECT Plays FROM Music WHERE Song = :s", params={"s": "It's"})
    assert found.result.rows == [[9007199254740993]]


def test_index_is_read(dynamo):
    pages = DynamoPages([page({"Song": {"S": "One"}})])

    found = dynamo.start('SELECT Song, Plays FROM "Music"."by-song" WHERE Song = \'One\'')

    assert pages.asked[0]["Statement"] == (
        'SELECT Song, Plays FROM "Music"."by-song" WHERE Song = \'One\''
    )
    assert found.result.columns == [Column("Song", "string"), Column("Plays", "null")]


def test_nothing_found_is_a_result_of_no_rows(dynamo):
    report = dynamo.start("SELECT Song FROM Music WHERE Artist = 'nobody'")

    assert (report.result.columns, report.result.rows) == ([Column("Song", "null")], [])


@pytest.mark.parametrize(
    "query",
    [
        "DELETE FROM Music WHERE Artist = 'Acme' AND Song = 'One'",
        "/* SELECT */ UPDATE Music SET Plays = 0 WHERE Artist = 'Acme' AND Song = 'One'",
        "INSERT INTO Music VALUE {'Artist': 'Acme', 'Song': 'Three'}",
        "--\rDELETE FROM Music WHERE Artist = 'Acme' AND Song = 'One'",
        "EXISTS(SELECT * FROM Music WHERE Artist = 'Acme')",
        "SELECT * FROM Music; DELETE FROM Music WHERE Artist = 'Acme' AND Song = 'One'",
    ],
)
def test_writes_are_refused_before_they_are_sent(dynamo, query):
    pages = DynamoPages([])

    with pytest.raises(PluginError, match="refused") as raised:
        dynamo.start(query)

    assert raised.value.failure is Failure.USER_ERROR
    assert (pages.asked, dynamo.aws.asked) == ([], [])
    assert boto3.client("dynamodb").scan(TableName="Music")["Count"] == 3


@pytest.mark.parametrize(
    ("query", "resource"),
    [(ALL, "table/Music"), (f'{ALL}."by-song"', "table/Music/index/by-song")],
)
def test_session_may_read_the_table_and_nothing_else(dynamo, query, resource):
    DynamoPages([page()])
    dynamo.start(query, cluster={"role_arn": ROLE, "region": "us-east-1", "external_id": "ex"})

    ((service, identity, policy),) = dynamo.aws.asked
    assert (service, identity) == (
        "dynamodb",
        make_identity(role_arn=ROLE, region="us-east-1", external_id="ex"),
    )
    assert policy == (
        Allow(["dynamodb:PartiQLSelect"], [f"arn:aws:dynamodb:us-east-1:123456789012:{resource}"]),
        Allow(["kms:Decrypt"], ["arn:aws:kms:*:*:key/*"]),
    )


def test_table_is_read_in_the_role(dynamo):
    run = make_run_request(
        "dynamo",
        context={"query": ALL},
        cluster_context={"role_arn": ROLE, "region": "us-east-1"},
    )

    report = build_plugin(PluginServices(aws=AwsClients())).start(run)

    assert len(report.result.rows) == 3


def test_role_that_is_refused_is_told(dynamo):
    run = make_run_request("dynamo", context={"query": ALL}, cluster_context={"role_arn": ROLE})
    error = {"Error": {"Code": "AccessDenied", "Message": "not you"}}

    class Refused:
        def execute_statement(self, **_):
            raise RoleRefusedError(ClientError(error, "AssumeRole"), ROLE)

        def client(self, *_, **__):
            return self

    with pytest.raises(PluginError, match=f"the role {ROLE} cannot be assumed") as raised:
        build_plugin(PluginServices(aws=Refused())).start(run)

    assert raised.value.failure is None


def test_all_pages_are_one_table(dynamo):
    pages = DynamoPages(
        [
            page(next_token="1"),
            page({"b": {"S": "1"}, "a": {"N": "2"}}, next_token="2"),
            page(next_token="3"),
            page({"a": {"N": "3"}, "b": {"S": "4"}}, {"c": {"L": []}, "b": {"NULL": True}}),
        ]
    )

    report = dynamo.start(f"{ALL} WHERE b = :b", params={"b": 1}, consistent_read=True)

    assert report.result.columns == [
        Column("a", "int"), Column("b", "string"), Column("c", "json"),
    ]  # fmt: skip
    assert report.result.rows == [[2, "1", None], [3, "4", None], [None, None, "[]"]]
    assert report.outputs == {"pages": "4", "consumed_capacity_units": "2"}
    assert [asked.get("NextToken") for asked in pages.asked] == [None, "1", "2", "3"]
    assert {json.dumps({**asked, "NextToken": ""}, sort_keys=True) for asked in pages.asked} == {
        json.dumps(
            {
                "ConsistentRead": True,
                "NextToken": "",
                "Parameters": [{"N": "1"}],
                "ReturnConsumedCapacity": "TOTAL",
                "Statement": f"{ALL} WHERE b = ?",
            }
        )
    }


def test_limit_ends_the_reading_after_empty_first_pages(dynamo):
    item = {"a": {"S": "x"}}
    pages = DynamoPages(
        [page(next_token="1"), page(item, next_token="2"), page(item, item, item, next_token="3")]
    )

    report = dynamo.start(ALL, limit=3)

    assert report.result.rows == [["x"]] * 3
    assert [asked["Limit"] for asked in pages.asked] == [3, 6, 12]


def test_limit_that_is_not_reached_reads_all(dynamo):
    assert len(dynamo.start(ALL, limit=100).result.rows) == 3


def test_limit_of_a_page_has_an_end(dynamo):
    many = itertools.chain([page(next_token="x")] * 40, [page()])
    pages = DynamoPages(list(many))

    dynamo.start(ALL, limit=1)

    assert (len(pages.asked), max(asked["Limit"] for asked in pages.asked)) == (41, 10_000)


def test_result_that_nobody_wants_is_not_kept(dynamo):
    DynamoPages([page({"a": {"S": "x"}}, next_token="1"), page({"a": {"S": "y"}})])

    report = dynamo.start(ALL, return_result=False, command={"max_rows": 1})

    assert (report.state, report.result) == (RunState.SUCCEEDED, None)
    assert report.outputs["pages"] == "2"


def test_large_result_is_put(dynamo):
    DynamoPages([page(*[{"a": {"S": "x" * 100}}] * 100, next_token="1"), page({"b": {"N": "1"}})])

    report = dynamo.start(ALL)

    assert report.result is None
    stored = json.loads(dynamo.stored())
    assert stored["columns"] == [{"name": "a", "type": "string"}, {"name": "b", "type": "int"}]
    assert stored["data"] == [["x" * 100, None]] * 100 + [[None, 1]]


@pytest.mark.parametrize(
    ("command", "job", "message"),
    [
        ({"max_rows": 2}, {}, "more than 2 rows"),
        ({}, {"max_rows": 2}, "more than 2 rows"),
        ({"max_bytes": 100}, {}, "more than 100 bytes"),
        ({}, {"max_bytes": 100}, "more than 100 bytes"),
    ],
)
def test_result_that_is_too_large_fails(dynamo, command, job, message):
    with pytest.raises(PluginError, match=message) as raised:
        dynamo.start(ALL, command=command, **job)

    assert raised.value.failure is Failure.USER_ERROR
    assert dynamo.run.output.results == {}


def test_reading_stops_between_pages(dynamo):
    stop = FakeStopSignal()

    def answers():
        stop.set(StopReason.CANCELED)
        return page({"a": {"S": "x"}}, next_token="more")

    pages = DynamoPages(answers)
    report = dynamo.start(ALL, changes={"stop": stop})

    assert (report.state, report.detail) == (RunState.CANCELED, "stopped: canceled")
    assert (len(pages.asked), report.result) == (1, None)


def test_many_rows_are_not_written_when_it_has_to_stop(dynamo):
    stop = FakeStopSignal()

    def last_page():
        stop.set(StopReason.DEADLINE)
        return page(*[{"a": {"S": "x"}}] * 1_000)

    DynamoPages(last_page)
    report = dynamo.start(ALL, changes={"stop": stop})

    assert (report.state, report.detail) == (RunState.CANCELED, "stopped: deadline")
    assert dynamo.run.output.results == {}


def test_last_page_is_a_result_whatever_time_it_took(dynamo):
    assert dynamo.start(ALL, changes={"seconds_left": 0.0}).state is RunState.SUCCEEDED


def test_time_that_is_over_is_a_failure(dynamo):
    DynamoPages(lambda: page(next_token="more"))

    report = dynamo.start(ALL, changes={"seconds_left": 0.01})

    assert report.state is RunState.FAILED
    assert report.detail == "still reading after 0.01 s, all the time that it had"


@pytest.mark.parametrize(
    ("code", "failure"),
    [
        ("ProvisionedThroughputExceededException", Failure.THROTTLED),
        ("ThrottlingException", Failure.THROTTLED),
        ("RequestLimitExceeded", Failure.THROTTLED),
    ],
)
def test_throttling_in_the_middle_is_not_for_good(dynamo, code, failure):
    DynamoPages(iter_of(page({"a": {"S": "x"}}, next_token="1"), refusal(code)))

    with pytest.raises(TransientPluginError, match=code) as raised:
        dynamo.start(ALL)

    assert raised.value.failure is failure
    assert dynamo.run.output.results == {}


@pytest.mark.parametrize(
    ("code", "failure"),
    [
        ("ValidationException", Failure.USER_ERROR),
        ("ResourceNotFoundException", Failure.USER_ERROR),
        ("AccessDeniedException", None),
    ],
)
def test_refusal_is_for_good(dynamo, code, failure):
    DynamoPages([refusal(code, "because")])

    with pytest.raises(PluginError, match=f"{code}: because") as raised:
        dynamo.start(ALL)

    assert not isinstance(raised.value, TransientPluginError)
    assert raised.value.failure is failure


def test_table_that_is_not_there_is_the_users_error(dynamo):
    with pytest.raises(PluginError, match="ResourceNotFoundException") as raised:
        dynamo.start("SELECT * FROM Nothing")

    assert raised.value.failure is Failure.USER_ERROR


def test_parameter_without_a_value_is_refused(dynamo):
    with pytest.raises(PluginError, match="params lacks :a"):
        dynamo.start(f"{ALL} WHERE a = :a")
    with pytest.raises(PluginError, match=r"params: .* 40 digits"):
        dynamo.start(f"{ALL} WHERE a = :a", params={"a": 10**40 - 1})


def test_health_asks_for_a_table(dynamo):
    run_cluster = {"role_arn": ROLE, "region": "us-east-1"}
    dynamo.start(ALL, cluster=run_cluster)
    dynamo.aws.asked.clear()

    report = dynamo.plugin.health(
        HealthRequest(
            cluster=dynamo.run.cluster,
            cluster_options=dynamo.run.cluster_options,
            seconds_left=5.0,
            identity=make_identity(),
        )
    )

    assert report.is_healthy
    assert dynamo.aws.asked[0][2] == (Allow(["dynamodb:ListTables"], ["*"]),)


def test_there_are_no_handles(dynamo):
    for call in (dynamo.plugin.poll, dynamo.plugin.cancel):
        with pytest.raises(PluginError, match="no handles"):
            call(RunHandle(values={"a": "b"}))


def iter_of(first, last):
    """Give one answer, then another for ever: boto3 asks again."""
    answers = itertools.chain([first], itertools.repeat(last))
    return lambda: next(answers)
