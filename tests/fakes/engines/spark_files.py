"""What drivers of Spark leave in S3: the wrapper's report, the result's forms, packed logs."""

import gzip
import json
from typing import Any

import boto3

RESULT = {"columns": [{"name": "n", "type": "int"}], "data": [[1], [2], [3]]}
PARQUET = b"PAR1 three rows PAR1"


def put_success(output: str, result: dict[str, Any] | None = None) -> None:
    """Leave what the wrapper does after a statement with a result, below `s3://bucket/prefix`."""
    told = result or RESULT
    data = json.dumps(told).encode()
    put(f"{output}/parquet/part-00000.parquet", PARQUET)
    put(f"{output}/result.json", data)
    put_report(
        output,
        ok=True,
        rows=len(told["data"]),
        bytes=len(data),
        columns=told["columns"],
        parquet=["parquet/part-00000.parquet"],
    )


def put_failure(output: str, failure: str, message: str) -> None:
    """Leave what the wrapper does after a statement that failed."""
    put_report(output, ok=False, failure=failure, message=message)


def put_report(output: str, **fields: Any) -> None:
    """Leave a report."""
    put(f"{output}/report.json", json.dumps(fields).encode())


def put_log(uri: str, text: str) -> None:
    """Leave a packed log."""
    put(uri, gzip.compress(text.encode()))


def put(uri: str, content: bytes) -> None:
    """Leave an object at `s3://bucket/key`."""
    bucket, _, key = uri.partition("://")[2].partition("/")
    boto3.client("s3").put_object(Bucket=bucket, Key=key, Body=content)


def read(uri: str) -> bytes:
    """Return the object at `s3://bucket/key`."""
    bucket, _, key = uri.partition("://")[2].partition("/")
    return boto3.client("s3").get_object(Bucket=bucket, Key=key)["Body"].read()


def make_bucket(name: str = "spark-data") -> None:
    """Make the bucket that the contexts name."""
    boto3.client("s3").create_bucket(Bucket=name)
