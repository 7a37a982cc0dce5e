"""How queries run: parameters, several statements, limits, failures, ends before time."""

import json
import time
from io import BytesIO

import pyarrow.parquet as pq
import pytest
from pydantic import ValidationError

from heimdall.domain.errors import PluginError, TransientPluginError
from heimdall.domain.failures import Failure
from heimdall.domain.result import ResultForm
from heimdall.plugin.spec import HealthRequest, RunState, StopReason
from heimdall.plugins.duckdb.options import OPTIONS
from heimdall.plugins.duckdb.patterns import fits
from heimdall.plugins.duckdb.plugin import DuckdbPlugin
from tests.fakes.runs import (
    FakeOutput,
    FakeStopSignal,
    PlainAws,
    in_background,
    make_identity,
    make_run_request,
)
from tests.unit.plugins.duckdb.lake import PREFIX, REGION, lake, rows_of, run_query

ENDLESS = "SELECT count(*) FROM range(10_000_000_000) a WHERE hash(a.range) = 1"
ROLE = "arn:aws:iam::123456789012:role/lake"


@pytest.fixture
def s3():
    with lake() as client:
        yield client


def rows(query, params=None, **changes):
    return rows_of(query, params, prefixes=[], **changes)


def failure(query, **changes):
    with pytest.raises(PluginError) as raised:
        run_query(query, prefixes=changes.pop("prefixes", []), **changes)
    return raised.value


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        (None, "NULL"),
        (True, "BOOLEAN"),
        (2**40, "BIGINT"),
        (2**100, "HUGEINT"),
        (1.5, "DOUBLE"),
        ("'; DROP TABLE t; --", "VARCHAR"),
        ({"type": "decimal", "value": "12.50"}, "DECIMAL"),
        ({"type": "date", "value": "2026-11-22"}, "DATE"),
        ({"type": "time", "value": "10:00:00"}, "TIME"),
        ({"type": "timestamp", "value": "2026-11-22T10:00:00"}, "TIMESTAMP"),
        ({"type": "timestamptz", "value": "2026-11-22T10:00:00+02:00"}, "TIMESTAMP WITH TIME ZONE"),
        ({"type": "binary", "value": "00ff"}, "BLOB"),
        ({"type": "uuid", "value": "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"}, "UUID"),
        ({"type": "bigint", "value": str(2**62)}, "BIGINT"),
        ([1, 2], "INTEGER[]"),
    ],
)
def test_parameter_is_bound_with_its_type(value, kind):
    [(found, same)] = rows("SELECT typeof(:v), :v IS NOT DISTINCT FROM :v -- not :w", {"v": value})

    assert same is True
    assert found.strip('"').startswith(kind)


def test_text_of_a_parameter_is_never_sql():
    assert rows("SELECT :v", {"v": "' OR 1=1; --"}) == [("' OR 1=1; --",)]


def test_what_looks_like_a_parameter_is_none():
    query = "SELECT ':a', '1'::INTEGER, [1, 2, 3][1:2], $$:b$$ /* :c */ -- :d"

    assert rows(query) == [(":a", 1, [1, 2], ":b")]


def test_statements_run_in_their_order_and_the_last_gives_the_result():
    query = (
        "CREATE TABLE t (n INTEGER); INSERT INTO t VALUES (:a), (:b); UPDATE t SET n = n + 1;"
        "SELECT error('never') FROM t WHERE false; SELECT sum(n)::INTEGER AS n FROM t;"
    )

    assert rows(query, {"a": 1, "b": 2}) == [(5,)]


def test_statement_before_the_last_fails_the_job():
    assert "oops" in str(failure("SELECT error('oops'); SELECT 1"))


def test_statement_without_an_answer_has_no_result():
    report = run_query("CREATE TABLE t (n INTEGER)", prefixes=[])

    assert (report.state, report.result) == (RunState.SUCCEEDED, None)


def test_rows_that_change_are_told():
    assert rows("CREATE TABLE t (n INTEGER); INSERT INTO t VALUES (1), (2)") == [(2,)]
    assert rows("CREATE TABLE t (n HUGEINT); INSERT INTO t VALUES (1) RETURNING n") == [("1",)]


def test_pivot_describe_and_explain_have_results():
    assert rows("PIVOT (SELECT 'a' AS k, 1 AS v) ON k USING sum(v)") == [("1",)]
    assert rows("DESCRIBE SELECT 1 AS n")[0][:2] == ("n", "INTEGER")
    assert rows("EXPLAIN ANALYZE SELECT 1")


def test_tables_of_one_run_are_unknown_to_the_next():
    run_query("CREATE TABLE t (n INTEGER)", prefixes=[])

    assert "does not exist" in str(failure("SELECT * FROM t"))


def test_query_without_a_wanted_result_runs_all_the_same():
    assert run_query("SELECT 1", prefixes=[], job={"return_result": False}).result is None
    assert "oops" in str(
        failure("SELECT error('oops') FROM range(3)", job={"return_result": False})
    )


def test_result_without_rows_has_its_columns():
    result = run_query("SELECT 1 AS a WHERE false", prefixes=[]).result

    assert [column.name for column in result.columns] == ["a"]
    assert result.rows == []


def test_result_beyond_the_limits_fails_and_is_not_kept():
    output = FakeOutput()
    query = "SELECT repeat('x', 1000) FROM range(20_000)"

    for limits in ({"max_rows": 19_999}, {"max_bytes": 10_000_000}):
        error = failure(query, command=limits, output=output)
        assert next(iter(limits)) in str(error)
    assert output.results == {}
    error = failure(query, job={"max_rows": 19_999})
    assert error.failure is Failure.USER_ERROR


def test_large_result_is_streamed():
    output = FakeOutput()

    report = run_query(
        "SELECT n, hash(n) AS h FROM range(2_000_000) t(n)",
        prefixes=[],
        output=output,
        command={"memory_mb": 64, "max_rows": 2_000_000},
    )

    assert report.result is None
    table = pq.read_table(BytesIO(output.results[ResultForm.PARQUET]), columns=["n"])
    assert table.column("n").to_pylist()[-1] == 1_999_999


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("SELEC 1", "Parser Error"),
        ("SELECT nope", "Binder Error"),
        ("SELECT * FROM nope", "Catalog Error"),
        ("SELECT 'x'::INTEGER", "Conversion Error"),
        ("SELECT 2147483647::INTEGER + 1::INTEGER", "Out of Range Error"),
        (
            "CREATE TABLE t (n INTEGER PRIMARY KEY); INSERT INTO t VALUES (1), (1)",
            "Constraint Error",
        ),
        ("SELECT CASE WHEN range = 99999 THEN error('late') END FROM range(100_000)", "late"),
    ],
)
def test_fault_of_the_query_is_the_users_error(query, said):
    error = failure(query)

    assert said in str(error)
    assert error.failure is Failure.USER_ERROR


def test_stop_ends_a_statement_at_once():
    run = make_run_request("duckdb", context={"query": f"CREATE TABLE t AS {ENDLESS}"})

    started = in_background(DuckdbPlugin(PlainAws()).start, run)
    time.sleep(0.3)
    began = time.monotonic()
    run.stop.set(StopReason.CANCELED)

    assert started.result(5).state is RunState.CANCELED
    assert time.monotonic() - began < 3


def test_stop_ends_a_result_that_is_being_kept():
    output = FakeOutput()
    context = {"query": "SELECT n FROM range(10_000_000_000) t(n)"}
    run = make_run_request(
        "duckdb",
        context=context,
        command_context={"max_rows": 1_000_000_000, "max_bytes": 1024**4},
        output=output,
        seconds_left=1.0,
    )

    report = in_background(DuckdbPlugin(PlainAws()).start, run).result(10)

    assert report.state is RunState.FAILED
    assert "1 s" in report.detail
    assert ResultForm.PARQUET not in output.results


def test_s3_that_asks_for_patience_is_transient(s3):
    from botocore.exceptions import ClientError

    class Throttled(PlainAws):
        def client(self, *args, **options):
            client = super().client(*args, **options)

            def refuse(**_):
                raise ClientError({"Error": {"Code": "SlowDown", "Message": "slow"}}, "HeadObject")

            client.head_object = refuse
            return client

    run = make_run_request(
        "duckdb",
        context={"query": f"SELECT * FROM '{PREFIX}people.csv'"},
        cluster_context={"region": REGION, "prefixes": [PREFIX]},
    )
    with pytest.raises(TransientPluginError, match="SlowDown"):
        DuckdbPlugin(Throttled()).start(run)


def test_session_may_read_the_prefixes_and_nothing_else(s3):
    aws = PlainAws()
    run = make_run_request(
        "duckdb",
        context={"query": "SELECT 1"},
        cluster_context={
            "prefixes": [PREFIX, "s3://lake/more/", "s3://whole-bucket/"],
            "role_arn": ROLE,
            "region": REGION,
            "kms_keys": ["arn:aws:kms:eu-west-1:123456789012:key/abc"],
        },
    )

    DuckdbPlugin(aws).start(run)

    [(service, identity, policy)] = aws.asked
    assert (service, identity.role_arn) == ("s3", ROLE)
    assert [(list(part.actions), list(part.resources)) for part in policy] == [
        (
            ["s3:GetObject"],
            [
                "arn:aws:s3:::lake/sales/*",
                "arn:aws:s3:::lake/more/*",
                "arn:aws:s3:::whole-bucket/*",
            ],
        ),
        (["s3:ListBucket"], ["arn:aws:s3:::lake", "arn:aws:s3:::whole-bucket"]),
        (["kms:Decrypt"], ["arn:aws:kms:eu-west-1:123456789012:key/abc"]),
    ]


@pytest.mark.parametrize(
    "prefix",
    [
        "s3://lake/sales",
        "s3://lake",
        "s3://lake/../x/",
        "s3://lake/a/./b/",
        "s3://lake/a//b/",
        "s3://lake/a*/",
        "s3://lake/a'/",
        "https://lake/a/",
        "/etc/",
        "s3:///a/",
    ],
)
def test_prefix_that_is_none_is_refused(prefix):
    with pytest.raises(ValidationError):
        OPTIONS.cluster.model_validate({"prefixes": [prefix]})


@pytest.mark.parametrize(
    ("job", "said"),
    [
        ({"query": "-- nothing"}, "no statement"),
        ({"query": "SELECT :a"}, "lacks :a"),
        ({"query": "SELECT 1", "params": {"a": 1}}, "does not use"),
        ({"query": "SELECT 1", "max_rows": 2_000_000}, "max_rows may be at most"),
    ],
)
def test_job_that_cannot_be_right_is_refused_at_its_submission(job, said):
    job = OPTIONS.job.model_validate(job)

    with pytest.raises(ValueError, match=said):
        OPTIONS.check(job, OPTIONS.command(), OPTIONS.cluster())


def test_policy_sees_the_text_that_duckdb_gets():
    job, command = OPTIONS.job(query="SELECT :a, ':a'"), OPTIONS.command(read_only=True)

    seen = OPTIONS.sql(job, command, OPTIONS.cluster())

    assert (seen.dialect, seen.text, seen.is_read_only) == ("duckdb", "SELECT $a, ':a'", True)


@pytest.mark.parametrize(
    ("prefixes", "problem"), [([PREFIX], None), ([], None), (["s3://nowhere/x/"], "NoSuchBucket")]
)
def test_health_lists_the_prefixes(s3, prefixes, problem):
    run = make_run_request(
        "duckdb",
        context={"query": "SELECT 1"},
        cluster_context={"region": REGION, "prefixes": prefixes},
    )
    request = HealthRequest(
        cluster=run.cluster,
        cluster_options=run.cluster_options,
        seconds_left=10.0,
        identity=make_identity(),
    )

    if problem is None:
        assert DuckdbPlugin(PlainAws()).health(request).is_healthy
    else:
        with pytest.raises(PluginError, match=problem):
            DuckdbPlugin(PlainAws()).health(request)


@pytest.mark.parametrize(
    ("pattern", "key", "is_fit"),
    [
        ("a/*.csv", "a/b.csv", True),
        ("a/*.csv", "a/b/c.csv", False),
        ("a/**", "a/b/c.csv", True),
        ("a/**/c.csv", "a/c.csv", True),
        ("a/**/**/c.csv", "a/b/b/c.csv", True),
        ("a/**/x/*.csv", "a/x/y/x/z.csv", True),
        ("a/**/x", "a/y", False),
        ("**", "", True),
        ("a/?.csv", "a/b.csv", True),
        ("a/[!b].csv", "a/b.csv", False),
        ("a" + "/**" * 50 + "/x", "a" + "/b" * 200, False),
        ("*a" * 100 + "b", "a" * 5_000, False),
    ],
)
def test_pattern_fits_keys_within_reasonable_time(pattern, key, is_fit):
    began = time.monotonic()

    assert fits(pattern.split("/"), key.split("/")) is is_fit
    assert time.monotonic() - began < 2


def test_plugin_begins_nothing_when_it_has_to_stop():
    report = run_query(ENDLESS, prefixes=[], stop=FakeStopSignal(StopReason.CANCELED))

    assert report.state is RunState.CANCELED
    assert json.dumps(report.detail)
