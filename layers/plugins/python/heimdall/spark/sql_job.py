"""A SparkSQL statement whose wrapper, text and result are in S3."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, BinaryIO, cast
from urllib.parse import urlsplit

from botocore.exceptions import ClientError

from heimdall.aws.failures import engine_errors, error_code
from heimdall.spark.report import WRAPPER

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

_MISSING = ("NoSuchKey", "404")


def bucket_and_key(uri: str) -> tuple[str, str]:
    """Take `s3://bucket/key` apart; s3a and s3n mean the same."""
    parts = urlsplit(uri, allow_fragments=False)
    key = f"{parts.path}?{parts.query}" if parts.query else parts.path
    return parts.netloc, key.lstrip("/")


def upload(s3: "S3Client", *, wrapper: str, query: str, text: str) -> None:
    """Put the wrapper and a statement where Spark will read them.

    Args:
        s3: the client that writes.
        wrapper: the URI that the script gets.
        query: the URI that the statement's text gets.
        text: the statement.

    Raises:
        TransientPluginError: not now; once more does no harm.
        PluginError: it must not be written there.
    """
    for uri, content, content_type in (
        (wrapper, WRAPPER.read_bytes(), "text/x-python"),
        (query, text.encode(), "application/sql"),
    ):
        bucket, key = bucket_and_key(uri)
        with engine_errors(f"writing {uri}"):
            s3.put_object(Bucket=bucket, Key=key, Body=content, ContentType=content_type)


@dataclass(frozen=True, slots=True)
class S3Output:
    """Reads what a wrapper left below a URI; implements `heimdall.spark.report.SqlOutput`."""

    s3: "S3Client"
    uri: str

    @contextmanager
    def open(self, name: str) -> Iterator[BinaryIO | None]:
        """Open a file below the output; None if there is none."""
        uri = f"{self.uri.rstrip('/')}/{name}"
        bucket, key = bucket_and_key(uri)
        with engine_errors(f"reading {uri}", is_under_way=True):
            try:
                body = self.s3.get_object(Bucket=bucket, Key=key)["Body"]
            except ClientError as error:
                if error_code(error) not in _MISSING:
                    raise
                yield None
            else:
                with closing(body):
                    yield cast(BinaryIO, body)
