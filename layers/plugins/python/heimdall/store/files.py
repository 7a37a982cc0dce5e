"""Contexts, streams and results in S3: what is too large for a job's item."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from heimdall.store import keys
from heimdall.store.throttling import error_code, throttling_translated

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

URL_SECONDS = 300
"""How long an address handed to a client is good for."""

_TEXT = "text/plain; charset=utf-8"
_JSON = "application/json"


@dataclass(frozen=True, slots=True)
class S3JobFiles:
    """Keeps a job's files in the bucket; implements `heimdall.domain.ports.JobFiles`.

    Args:
        client: makes the client when the first file is needed; most jobs have none.
    """

    client: Callable[[], "S3Client"]
    bucket: str

    def put_context(self, job_id: str, context: str) -> None:
        """Keep a job's context (JSON text)."""
        self._put(keys.context_object(job_id), context.encode(), _JSON)

    def context(self, job_id: str) -> str:
        """Read a job's context."""
        return self._get(keys.context_object(job_id)).decode()

    def put_result(self, job_id: str, run: int, result: str) -> None:
        """Keep a run's result (JSON text)."""
        self._put(keys.result_object(job_id, run), result.encode(), _JSON)

    def result(self, job_id: str, run: int) -> str:
        """Read a run's result."""
        return self._get(keys.result_object(job_id, run)).decode()

    def result_url(self, job_id: str, run: int) -> str:
        """Return an address that gives the result to whoever has it, for a few minutes."""
        return self._url(keys.result_object(job_id, run), _JSON)

    def put_stream_part(self, job_id: str, run: int, name: str, part: int, data: bytes) -> None:
        """Keep one part of a stream; `name` is stdout or stderr, parts count from 0."""
        self._put(keys.stream_object(job_id, run, name, part), data, _TEXT)

    def stream_part(self, job_id: str, run: int, name: str, part: int) -> bytes:
        """Read one part of a stream; empty if it was not written yet."""
        try:
            return self._get(keys.stream_object(job_id, run, name, part))
        except ClientError as error:
            if error_code(error) == "NoSuchKey":
                return b""
            raise

    def join_stream(self, job_id: str, run: int, name: str, parts: int) -> None:
        """Make one object of a stream's parts, for `stream_url`, without reading them."""
        client, key = self.client(), keys.stream_object(job_id, run, name)
        with throttling_translated():
            upload = client.create_multipart_upload(Bucket=self.bucket, Key=key, ContentType=_TEXT)[
                "UploadId"
            ]
            copied = [
                client.upload_part_copy(
                    Bucket=self.bucket,
                    Key=key,
                    UploadId=upload,
                    PartNumber=part + 1,
                    CopySource={
                        "Bucket": self.bucket,
                        "Key": keys.stream_object(job_id, run, name, part),
                    },
                )["CopyPartResult"]
                for part in range(parts)
            ]
            client.complete_multipart_upload(
                Bucket=self.bucket,
                Key=key,
                UploadId=upload,
                MultipartUpload={
                    "Parts": [
                        {"PartNumber": number, "ETag": part["ETag"]}
                        for number, part in enumerate(copied, start=1)
                    ]
                },
            )

    def stream_url(self, job_id: str, run: int, name: str, *, parts: int) -> str:
        """Return an address that gives a finished stream, for a few minutes."""
        part = None if parts > 1 else 0
        return self._url(keys.stream_object(job_id, run, name, part), _TEXT)

    def _put(self, key: str, data: bytes, content_type: str) -> None:
        with throttling_translated():
            self.client().put_object(
                Bucket=self.bucket, Key=key, Body=data, ContentType=content_type
            )

    def _get(self, key: str) -> bytes:
        with throttling_translated():
            return self.client().get_object(Bucket=self.bucket, Key=key)["Body"].read()

    def _url(self, key: str, content_type: str) -> str:
        return self.client().generate_presigned_url(
            "get_object",
            Params={"Bucket": self.bucket, "Key": key, "ResponseContentType": content_type},
            ExpiresIn=URL_SECONDS,
        )
