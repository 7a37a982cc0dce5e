"""Contexts, streams and results in S3: what is too large for a job's item."""

from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from io import BufferedReader
from typing import TYPE_CHECKING, BinaryIO, cast

from botocore.exceptions import ClientError

from heimdall.domain.errors import NotFoundError, ResultNotFoundError
from heimdall.domain.job_files import FilesUnusableError
from heimdall.domain.result import ResultForm
from heimdall.store import keys
from heimdall.store.throttling import error_code, throttling_translated

if TYPE_CHECKING:
    from botocore.response import StreamingBody
    from mypy_boto3_s3 import S3Client

URL_SECONDS = 300
"""How long an address handed to a client is good for."""

_UNUSABLE = frozenset(
    {
        *("NoSuchBucket", "AccessDenied", "AllAccessDisabled"),
        *("KMS.DisabledException", "KMS.NotFoundException", "KMS.KMSInvalidStateException"),
    }
)
_TEXT = "text/plain; charset=utf-8"
_JSON = "application/json"
_TYPES = {
    ResultForm.JSON: _JSON,
    ResultForm.CSV: "text/csv; charset=utf-8",
    ResultForm.PARQUET: "application/vnd.apache.parquet",
    ResultForm.ARROW: "application/vnd.apache.arrow.stream",
}


@dataclass(frozen=True, slots=True)
class S3JobFiles:
    """Keeps a job's files in the bucket; implements `heimdall.domain.job_files.JobFiles`.

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
        with self._object(keys.context_object(job_id)) as body:
            if body is None:
                raise NotFoundError("the job's context is not kept any more", job_id=job_id)
            return body.read().decode()

    def put_result(self, job_id: str, run: int, result: str) -> None:
        """Keep a run's result (JSON text)."""
        self._put(keys.result_object(job_id, run), result.encode(), _JSON)

    def result(self, job_id: str, run: int) -> str:
        """Read a run's result."""
        with self.open_result(job_id, run) as body:
            return body.read().decode()

    @contextmanager
    def open_result(self, job_id: str, run: int) -> "Iterator[StreamingBody]":
        """Read a run's result piece by piece."""
        with self._object(keys.result_object(job_id, run)) as body:
            if body is None:
                raise ResultNotFoundError("the result is not kept any more", job_id=job_id)
            yield body

    def has_result(self, job_id: str, run: int, form: ResultForm) -> bool:
        """Whether this result is kept in a form."""
        return self._size(keys.result_object(job_id, run, form)) is not None

    @contextmanager
    def open_result_anywhere(self, job_id: str, run: int, form: ResultForm) -> Iterator[BinaryIO]:
        """Open a run's result, to be read at any place."""
        from heimdall.store.download import BUFFER_BYTES, Download

        key = keys.result_object(job_id, run, form)
        size = self._size(key)
        if size is None:
            raise ResultNotFoundError("the result is not kept any more", job_id=job_id)
        raw = Download(self.client(), self.bucket, key, size)
        with throttling_translated(), BufferedReader(raw, BUFFER_BYTES) as file:
            yield file

    @contextmanager
    def write_result(self, job_id: str, run: int, form: ResultForm) -> Iterator[BinaryIO]:
        """Open a file of any size for a run's result in one more form."""
        from heimdall.store.upload import Upload

        key = keys.result_object(job_id, run, form)
        with _told_unusable(self.bucket), throttling_translated():
            upload = Upload(self.client(), self.bucket, key, _TYPES[form])
            try:
                yield cast(BinaryIO, upload)
                upload.complete()
            except BaseException:
                upload.abort()
                raise

    def result_forms(self, job_id: str, run: int) -> set[ResultForm]:
        """Tell in which forms a run's result is kept, without reading it."""
        objects = {keys.result_object(job_id, run, form): form for form in ResultForm}
        prefix = keys.result_prefix(job_id, run)
        with throttling_translated():
            listed = self.client().list_objects_v2(Bucket=self.bucket, Prefix=prefix)
        found = [entry["Key"] for entry in listed.get("Contents", [])]
        return {objects[key] for key in found if key in objects}

    def put_result_file(self, job_id: str, run: int, form: ResultForm, content: BinaryIO) -> None:
        """Keep a run's result in one more form, read from where the file stands to its end."""
        self._put(keys.result_object(job_id, run, form), content, _TYPES[form])

    def result_url(self, job_id: str, run: int, form: ResultForm = ResultForm.JSON) -> str:
        """Return an address that gives the result to whoever has it, for a few minutes."""
        return self._url(keys.result_object(job_id, run, form), _TYPES[form])

    def put_stream_part(self, job_id: str, run: int, name: str, part: int, data: bytes) -> None:
        """Keep one part of a stream; `name` is stdout or stderr, parts count from 0."""
        self._put(keys.stream_object(job_id, run, name, part), data, _TEXT)

    def stream_part(self, job_id: str, run: int, name: str, part: int) -> bytes:
        """Read one part of a stream; empty if it was not written yet."""
        with self._object(keys.stream_object(job_id, run, name, part)) as body:
            return body.read() if body is not None else b""

    def stream_bytes(self, job_id: str, run: int, name: str) -> int:
        """Tell how much of a stream was written so far."""
        prefix = keys.stream_prefix(job_id, run, name)
        with throttling_translated():
            listed = self.client().list_objects_v2(Bucket=self.bucket, Prefix=prefix)
        return sum(entry["Size"] for entry in listed.get("Contents", []))

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

    def _put(self, key: str, data: bytes | BinaryIO, content_type: str) -> None:
        with _told_unusable(self.bucket), throttling_translated():
            self.client().put_object(
                Bucket=self.bucket, Key=key, Body=data, ContentType=content_type
            )

    def _size(self, key: str) -> int | None:
        """Return the size of an object; None if there is none."""
        try:
            with throttling_translated():
                return self.client().head_object(Bucket=self.bucket, Key=key)["ContentLength"]
        except ClientError as error:
            if error_code(error) == "404":
                return None
            raise

    @contextmanager
    def _object(self, key: str) -> "Iterator[StreamingBody | None]":
        """Open an object; None if there is none."""
        with throttling_translated():
            try:
                body = self.client().get_object(Bucket=self.bucket, Key=key)["Body"]
            except ClientError as error:
                if error_code(error) != "NoSuchKey":
                    raise
                yield None
            else:
                with closing(body):
                    yield body

    def _url(self, key: str, content_type: str) -> str:
        return self.client().generate_presigned_url(
            "get_object",
            Params={"Bucket": self.bucket, "Key": key, "ResponseContentType": content_type},
            ExpiresIn=URL_SECONDS,
        )


@contextmanager
def _told_unusable(bucket: str) -> "Iterator[None]":
    """Say which bucket cannot be written, if that is not going to pass."""
    try:
        yield
    except ClientError as error:
        if error_code(error) not in _UNUSABLE:
            raise
        raise FilesUnusableError(
            f"the gateway's bucket {bucket} cannot be written ({error_code(error)}); "
            "see that it is there and that the function's role may write to it"
        ) from error
