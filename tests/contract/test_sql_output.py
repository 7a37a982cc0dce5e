"""What reads a wrapper's output has to do, and what is made of it."""

import json
from contextlib import contextmanager
from io import BytesIO

import boto3
import pytest
from botocore.exceptions import ClientError

from heimdall.domain.errors import PluginError, TransientPluginError
from heimdall.domain.failures import Failure
from heimdall.domain.result import ResultForm
from heimdall.plugin.spec import RunState
from heimdall.spark import report as reports
from heimdall.spark.report import WRAPPER, SqlReport, collect_result, read_report
from heimdall.spark.sql_job import S3Output, bucket_and_key, upload
from tests.fakes.runs import FakeStream
from tests.fakes.tables import BUCKET

RESULT = b'{"columns":[{"name":"a","type":"int"}],"data":[[1]]}'
PART = "parquet/part-00000.snappy.parquet"
OK = {"ok": True, "rows": 1, "bytes": len(RESULT), "columns": [], "parquet": [PART], "notes": []}


class Output:
    """Keeps what is handed over."""

    def __init__(self):
        self.stdout, self.stderr = FakeStream(), FakeStream()
        self.results = {}

    def put_result(self, form, content):
        self.results[form] = content.read()


class InMemoryOutput:
    """Implements `heimdall.spark.report.SqlOutput`."""

    def __init__(self):
        self.files = {}

    @contextmanager
    def open(self, name):
        yield BytesIO(self.files[name]) if name in self.files else None


@pytest.fixture(params=["s3", "memory"])
def source(request):
    return (
        S3Output(request.getfixturevalue("s3"), f"s3://{BUCKET}/out")
        if (request.param == "s3")
        else InMemoryOutput()
    )


@pytest.fixture
def s3(aws):
    return boto3.client("s3")


def put(source, name, data):
    if isinstance(source, InMemoryOutput):
        source.files[name] = data
    else:
        source.s3.put_object(Bucket=BUCKET, Key=f"out/{name}", Body=data)


def put_report(source, **changes):
    put(source, "report.json", json.dumps(OK | changes).encode())
    return read_report(source)


def test_wrapper_that_did_not_get_so_far_left_no_report(source):
    assert read_report(source) is None


@pytest.mark.parametrize("text", [b"", b"{", b'{"rows": 1}', b'["ok"]', b"\xff"])
def test_what_is_no_report_is_an_error(source, text):
    put(source, "report.json", text)

    with pytest.raises(PluginError, match=r"report\.json of the run cannot be read"):
        read_report(source)


def test_report_is_said_as_plugins_do(source):
    assert put_report(source).as_run().state is RunState.SUCCEEDED
    failed = put_report(source, ok=False, failure="user_error", message="no such table").as_run()

    assert (failed.state, failed.failure, failed.detail) == (
        RunState.FAILED,
        Failure.USER_ERROR,
        "no such table",
    )


def test_failure_without_a_reason_is_the_engines():
    failed = SqlReport(ok=False).as_run()

    assert failed.failure is Failure.ENGINE_FAULT
    assert failed.detail


def test_result_is_handed_over_in_both_forms(source):
    report = put_report(source)
    put(source, "result.json", RESULT)
    put(source, PART, b"PAR1")
    output = Output()

    collect_result(source, report, output)

    assert output.results == {ResultForm.JSON: RESULT, ResultForm.PARQUET: b"PAR1"}


def test_result_without_parquet_is_handed_over_with_the_note_why(source):
    report = put_report(source, parquet=[], notes=["the result cannot be had as Parquet: ..."])
    put(source, "result.json", RESULT)
    output = Output()

    collect_result(source, report, output)

    assert output.results == {ResultForm.JSON: RESULT}
    assert output.stderr.text == "the result cannot be had as Parquet: ...\n"


@pytest.mark.parametrize("changes", [{"bytes": 0, "parquet": []}, {"ok": False}])
def test_statement_without_a_result_hands_nothing_over(source, changes):
    output = Output()

    collect_result(source, put_report(source, **changes), output)

    assert output.results == {}


@pytest.mark.parametrize("left", [(), ("result.json",)])
def test_result_that_is_gone_is_an_error(source, left):
    report = put_report(source)
    for name in left:
        put(source, name, RESULT)

    with pytest.raises(PluginError, match="of the result is gone"):
        collect_result(source, report, Output())


@pytest.mark.parametrize("stored", [RESULT[:-1], RESULT + b" ", b""])
def test_result_of_another_size_than_reported_is_an_error(source, stored):
    report = put_report(source)
    put(source, "result.json", stored)
    output = Output()

    with pytest.raises(PluginError, match=rf"has {len(stored)} bytes, not {len(RESULT)}"):
        collect_result(source, report, output)

    assert output.results == {}


def test_result_larger_than_the_executor_can_copy_is_an_error(source, monkeypatch):
    report = put_report(source)
    put(source, "result.json", RESULT)
    put(source, PART, b"P" * len(RESULT) * 2)
    monkeypatch.setattr(reports, "MAX_RESULT_BYTES", len(RESULT))

    with pytest.raises(PluginError, match=f"not at most {len(RESULT)}"):
        collect_result(source, report, Output())


def test_wrapper_and_statement_are_put_where_spark_reads_them(s3):
    upload(s3, wrapper=f"s3://{BUCKET}/w.py", query=f"s3a://{BUCKET}/q/1.sql", text="SELECT 'é'")

    read = {
        key: s3.get_object(Bucket=BUCKET, Key=key)["Body"].read() for key in ("w.py", "q/1.sql")
    }
    assert read == {"w.py": WRAPPER.read_bytes(), "q/1.sql": "SELECT 'é'".encode()}


def test_bucket_that_is_not_there_is_an_error_that_stays(s3):
    for use in (
        lambda: upload(s3, wrapper="s3://nowhere/w.py", query="s3://nowhere/q.sql", text="x"),
        lambda: read_report(S3Output(s3, "s3://nowhere/out")),
    ):
        with pytest.raises(PluginError, match="NoSuchBucket") as raised:
            use()
        assert not isinstance(raised.value, TransientPluginError)


def test_what_may_not_be_read_now_is_not_taken_for_missing(s3):
    def deny(**_):
        raise ClientError({"Error": {"Code": "AccessDenied"}}, "GetObject")

    s3.meta.events.register("before-call.s3.GetObject", deny)

    with pytest.raises(TransientPluginError, match="AccessDenied"):
        read_report(S3Output(s3, f"s3://{BUCKET}/out"))


@pytest.mark.parametrize(
    ("uri", "found"),
    [
        ("s3://b/k", ("b", "k")),
        ("s3a://b/a/b c#d", ("b", "a/b c#d")),
        ("s3://b/a?b=c", ("b", "a?b=c")),
    ],
)
def test_addresses_are_taken_apart(uri, found):
    assert bucket_and_key(uri) == found
