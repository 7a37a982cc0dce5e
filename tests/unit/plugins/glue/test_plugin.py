"""Runs of glue, over moto."""

import gzip
import json

import boto3
import pytest
from moto import mock_aws
from pydantic import ValidationError

from heimdall.domain.errors import PluginError, TransientPluginError
from heimdall.domain.failures import Failure
from heimdall.domain.result import ResultForm
from heimdall.plugin.identity import Allow, PluginServices
from heimdall.plugin.spec import HealthRequest, RunHandle, RunState, StopReason
from heimdall.plugin.sql_text import SqlText
from heimdall.plugins.glue.options import OPTIONS, ClusterOptions, CommandOptions, JobOptions
from heimdall.plugins.glue.plugin import build_plugin
from tests.fakes.runs import FakeStopSignal, PlainAws, make_identity, make_run_request
from tests.fakes.session import fresh_session
from tests.fakes.stubbed_aws import StubbedAws
from tests.fakes.tables_of_others import (
    METADATA,
    METADATA_LOCATION,
    create_sales,
    put_metadata,
    put_table,
)

ROLE = "arn:aws:iam::123456789012:role/heimdall/lake"
TEXT = json.dumps(METADATA, ensure_ascii=False)


@pytest.fixture
def aws():
    with mock_aws():
        fresh_session()
        create_sales()
        yield PlainAws()
        boto3.DEFAULT_SESSION = None


def start(aws, table="sales.orders", *, command=None, cluster=None, **changes):
    run = make_run_request(
        "glue",
        context={"table_name": table},
        command_context=command,
        cluster_context=cluster,
        **changes,
    )
    return build_plugin(PluginServices(aws=aws)).start(run)


def row_of(report):
    (row,) = report.result.rows
    return dict(zip((column.name for column in report.result.columns), row, strict=True))


def test_metadata_is_told_as_it_is_and_in_columns(aws):
    report = start(aws)

    assert report.state is RunState.SUCCEEDED
    assert report.outputs == {"metadata_location": METADATA_LOCATION}
    assert row_of(report) == {
        "message": TEXT,
        "table_name": "sales.orders",
        "metadata_location": METADATA_LOCATION,
        "table_uuid": "9c12d441-03fe-4693-9a96-a0705ddf69c1",
        "format_version": 2,
        "location": "s3://lake/sales/orders",
        "last_updated": "2026-11-22T10:00:00.123000Z",
        "current_snapshot_id": 9007199254740993,
        "snapshot_count": 1,
        "schema": json.dumps(METADATA["schemas"][1], ensure_ascii=False, separators=(",", ":")),
        "partition_spec": '[{"source-id":1,"field-id":1000,"name":"id","transform":"identity"}]',
        "properties": '{"owner":"ada"}',
    }


def test_metadata_of_version_1_is_told(aws):
    first = {
        "format-version": 1,
        "location": "s3://lake/sales/orders",
        "last-updated-ms": 0,
        "schema": {"type": "struct", "fields": []},
        "partition-spec": [],
        "current-snapshot-id": -1,
    }
    put_metadata(json.dumps(first).encode())

    row = row_of(start(aws))

    assert row["message"] == json.dumps(first)
    assert (row["schema"], row["partition_spec"]) == ('{"type":"struct","fields":[]}', "[]")
    assert (row["table_uuid"], row["current_snapshot_id"], row["snapshot_count"]) == (None, None, 0)
    assert (row["last_updated"], row["properties"]) == ("1970-01-01T00:00:00.000000Z", "{}")


def test_what_metadata_does_not_say_is_null(aws):
    put_metadata(b'{"format-version": 3}')

    told = {name: value for name, value in row_of(start(aws)).items() if value is not None}

    assert told == {
        "message": '{"format-version": 3}',
        "table_name": "sales.orders",
        "metadata_location": METADATA_LOCATION,
        "format_version": 3,
        "snapshot_count": 0,
        "properties": "{}",
    }


def test_packed_metadata_is_unpacked(aws):
    put_metadata(gzip.compress(TEXT.encode()))

    assert row_of(start(aws))["message"] == TEXT


def test_large_metadata_is_put(aws):
    put_metadata(json.dumps({**METADATA, "properties": {"x": "y" * 100_000}}).encode())
    run = make_run_request("glue", context={"table_name": "sales.orders"})

    assert build_plugin(PluginServices(aws=aws)).start(run).result is None
    (row,) = json.loads(run.output.results[ResultForm.JSON])["data"]
    assert json.loads(row[0])["properties"] == {"x": "y" * 100_000}


@pytest.mark.parametrize("pack", [bytes, gzip.compress])
def test_metadata_beyond_the_bound_is_not_read(aws, pack):
    size = len(TEXT.encode())
    put_metadata(pack(TEXT.encode()))

    assert start(aws, command={"max_metadata_bytes": size}).state is RunState.SUCCEEDED
    with pytest.raises(PluginError, match=f"more than {size - 1:,} bytes") as raised:
        start(aws, command={"max_metadata_bytes": size - 1})
    assert raised.value.failure is Failure.USER_ERROR


def test_packed_bomb_is_not_unpacked(aws):
    put_metadata(gzip.compress(b"0" * 50_000_000))

    with pytest.raises(PluginError, match="more than 1,000,000 bytes"):
        start(aws, command={"max_metadata_bytes": 1_000_000})


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "no metadata file of Iceberg"),
        (b"<xml/>", "no metadata file of Iceberg"),
        (b"[]", "no metadata file of Iceberg"),
        (b"{}", "no metadata file of Iceberg"),
        (b'{"format-version": 2, "schemas": 7}', "no metadata file of Iceberg"),
        (b'{"format-version": 2, "last-updated-ms": "x"}', "no metadata file of Iceberg"),
        (b'{"format-version": 2, "last-updated-ms": 1e300}', "no metadata file of Iceberg"),
        (b'{"format-version": 2, "properties": {"a": NaN}}', "NaN is no number"),
        (b'{"format-version": "2"}', "format-version is of the type str"),
        (b'{"format-version": 2, "current-snapshot-id": 1.5}', "of the type float"),
        (b'{"format-version": 2, "current-snapshot-id": true}', "of the type bool"),
        (b"[" * 100_000, "no metadata file of Iceberg"),
        (b"\xff\xfe", "no text in UTF-8"),
        (gzip.compress(TEXT.encode())[:-20], "cannot be unpacked: it ends in the middle"),
        (b"\x1f\x8b broken", "cannot be unpacked"),
    ],
)
def test_file_that_is_no_metadata_fails(aws, content, message):
    put_metadata(content)

    with pytest.raises(PluginError, match=message) as raised:
        start(aws)

    assert not isinstance(raised.value, TransientPluginError)


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({}, "no table of Iceberg with a metadata file: it is EXTERNAL_TABLE"),
        ({"table_type": "DELTA", "metadata_location": METADATA_LOCATION}, "it is DELTA"),
        ({"table_type": "ICEBERG"}, "it is ICEBERG"),
        ({"table_type": "iceberg", "metadata_location": "hdfs://x/y"}, "'hdfs://x/y' is no place"),
        ({"metadata_location": "s3://lake/a*/b"}, "policies read"),
    ],
)
def test_table_without_metadata_in_s3_fails(aws, parameters, message):
    put_table("other", parameters)

    with pytest.raises(PluginError) as raised:
        start(aws, "sales.other")

    assert message in str(raised.value)


def test_table_type_need_not_be_told(aws):
    put_table("other", {"metadata_location": METADATA_LOCATION})

    assert row_of(start(aws, "sales.other"))["format_version"] == 2


def test_metadata_file_that_is_not_there_fails(aws):
    put_table("other", {"metadata_location": "s3://lake/gone.metadata.json"})

    with pytest.raises(PluginError, match=r"NoSuchKey.* names a file that is not there"):
        start(aws, "sales.other")


@pytest.mark.parametrize("table", ["sales.nothing", "nowhere.orders"])
def test_table_that_is_not_there_is_the_users_error(aws, table):
    with pytest.raises(PluginError, match=f"for the table {table}: EntityNotFound") as raised:
        start(aws, table)

    assert raised.value.failure is Failure.USER_ERROR


def test_sessions_may_read_the_one_table_and_the_one_file(aws):
    cluster = {"role_arn": ROLE, "region": "us-east-1"}
    start(aws, cluster=cluster)
    start(aws, command={"catalog_id": "123456789012"}, cluster=cluster)

    (glue, who, asking), (s3, _, reading), (_, _, elsewhere), _ = aws.asked
    place = "arn:aws:glue:us-east-1:123456789012:"
    assert (glue, s3, who) == ("glue", "s3", make_identity(role_arn=ROLE, region="us-east-1"))
    tables = [f"{place}catalog", f"{place}database/sales", f"{place}table/sales/orders"]
    assert asking == elsewhere == (Allow(["glue:GetTable"], tables),)
    assert reading == (
        Allow(["s3:GetObject"], [f"arn:aws:s3:::{METADATA_LOCATION.removeprefix('s3://')}"]),
        Allow(["kms:Decrypt"], ["arn:aws:kms:*:*:key/*"]),
    )


def test_catalog_may_be_of_another_account_or_within_one():
    aws = StubbedAws()
    asked = {"CatalogId": "210987654321:nested", "DatabaseName": "sales", "Name": "orders"}
    aws.expect("glue", "get_table", asked, {"Table": {"Name": "orders", "TableType": "VIEW"}})

    with pytest.raises(PluginError, match="it is VIEW"):
        start(aws, command={"catalog_id": "210987654321:nested"})


@pytest.mark.parametrize(
    ("code", "kind", "message"),
    [
        ("AccessDeniedException", PluginError, "IAM and Lake Formation both"),
        ("ThrottlingException", TransientPluginError, "ThrottlingException"),
        ("InternalServiceException", PluginError, "InternalServiceException"),
    ],
)
def test_refusal_of_glue_is_told(code, kind, message):
    aws = StubbedAws()
    aws.refuse("glue", "get_table", code)

    with pytest.raises(kind, match=message) as raised:
        start(aws)

    assert type(raised.value) is kind


def test_refusal_of_s3_is_told():
    aws = StubbedAws()
    table = {"Name": "orders", "Parameters": {"metadata_location": METADATA_LOCATION}}
    aws.expect("glue", "get_table", {"DatabaseName": "sales", "Name": "orders"}, {"Table": table})
    aws.refuse("s3", "get_object", "AccessDenied", status=403)

    with pytest.raises(PluginError, match=f"file {METADATA_LOCATION}: AccessDenied"):
        start(aws)


def test_nothing_is_asked_when_it_has_to_stop_already(aws):
    report = start(aws, stop=FakeStopSignal(StopReason.CANCELED))

    assert (report.state, aws.asked) == (RunState.CANCELED, [])


def test_health_asks_for_a_database(aws):
    report = build_plugin(PluginServices(aws=aws)).health(
        HealthRequest(
            cluster=make_run_request("glue", context={"table_name": "a.b"}).cluster,
            cluster_options=ClusterOptions(region="us-east-1"),
            seconds_left=5.0,
            identity=make_identity(),
        )
    )

    assert report.is_healthy
    assert aws.asked[0][2] == (Allow(["glue:GetDatabases"], ["*"]),)


def test_there_are_no_handles(aws):
    plugin = build_plugin(PluginServices(aws=aws))
    for call in (plugin.poll, plugin.cancel):
        with pytest.raises(PluginError, match="no handles"):
            call(RunHandle(values={"a": "b"}))


@pytest.mark.parametrize(
    "table", ["", "orders", "a.b.c", ".orders", "sales.", "sales.*", "s?.x", "a b.c", 'a".b', "ä.b"]
)
def test_table_name_has_two_parts(table):
    with pytest.raises(ValidationError):
        JobOptions.model_validate({"table_name": table})


@pytest.mark.parametrize("catalog", ["", "me", "12345678901", "123456789012:", "123456789012:*"])
def test_catalog_is_an_account(catalog):
    with pytest.raises(ValidationError):
        CommandOptions.model_validate({"catalog_id": catalog})


def test_policy_sees_a_read_of_the_table():
    sql = OPTIONS.sql(JobOptions(table_name="sales.orders"), CommandOptions(), ClusterOptions())

    assert sql == SqlText(
        dialect="trino",
        text='SELECT * FROM "sales"."orders"',
        catalog="AwsDataCatalog",
    )
