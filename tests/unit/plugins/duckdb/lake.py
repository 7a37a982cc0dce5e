"""Files in a bucket of moto's, and runs of duckdb over them."""

import io
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, ClassVar

import boto3
import pyarrow as pa
import pyarrow.parquet as pq
from moto import mock_aws

from heimdall.plugin.spec import RunReport, RunState
from heimdall.plugins.duckdb.plugin import DuckdbPlugin
from tests.fakes.runs import PlainAws, make_run_request
from tests.fakes.session import fresh_session

BUCKET = "lake"
PREFIX = f"s3://{BUCKET}/sales/"
REGION = "eu-west-1"


def parquet(rows: Mapping[str, Sequence[Any]]) -> bytes:
    file = io.BytesIO()
    pq.write_table(pa.table(dict(rows)), file)
    return file.getvalue()


FILES = {
    "sales/day=1/a.parquet": parquet({"id": [1, 2], "amount": [1.5, 2.5]}),
    "sales/day=2/b.parquet": parquet({"id": [3], "amount": [4.0]}),
    "sales/people.csv": b"name,age\nada,36\ngrace,85\n",
    "sales/events.json": b'{"kind": "click", "n": 1}\n{"kind": "view", "n": 2}\n',
    "sales-other/secret.csv": b"secret\nhunter2\n",
    "other/secret.csv": b"secret\nhunter2\n",
    "secret.csv": b"secret\nhunter2\n",
}


class LakeAws(PlainAws):
    """Makes one client for all runs over a lake: each takes a tenth of a second."""

    client_of_s3: ClassVar[Any] = None

    def client(self, service: str, *args: Any, **options: Any) -> Any:
        if type(self).client_of_s3 is None:
            type(self).client_of_s3 = super().client(service, *args, **options)
        return self.client_of_s3


@contextmanager
def lake() -> Iterator[Any]:
    """Serve the files; give a client of S3."""
    with mock_aws():
        fresh_session()
        client = boto3.client("s3", region_name=REGION)
        client.create_bucket(
            Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": REGION}
        )
        for key, body in FILES.items():
            client.put_object(Bucket=BUCKET, Key=key, Body=body)
        LakeAws.client_of_s3 = None
        yield client
        boto3.DEFAULT_SESSION = None


def run_query(
    query: str,
    params: Mapping[str, Any] | None = None,
    *,
    command: Mapping[str, Any] | None = None,
    prefixes: Sequence[str] = (PREFIX,),
    job: Mapping[str, Any] | None = None,
    **changes: Any,
) -> RunReport:
    """Run a query at a cluster with some prefixes."""
    run = make_run_request(
        "duckdb",
        context={"query": query, "params": params or {}, **(job or {})},
        command_context=command or {},
        cluster_context={"region": REGION, "prefixes": list(prefixes)},
        **changes,
    )
    return DuckdbPlugin(LakeAws()).start(run)


def rows_of(query: str, params: Mapping[str, Any] | None = None, **changes: Any) -> list[Any]:
    """Return the rows of a query that succeeds."""
    report = run_query(query, params, **changes)
    assert report.state is RunState.SUCCEEDED, report.detail
    assert report.result is not None
    return [tuple(row) for row in report.result.rows]
