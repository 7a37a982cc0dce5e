"""One object of any size, written piece by piece: kept as a whole, or not at all."""

import io
from contextlib import suppress
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from heimdall.store.throttling import error_code

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_s3.type_defs import CompletedPartTypeDef

PART_BYTES = 16 * 1024 * 1024
"""S3 takes 10,000 parts, so an object may have 160 GB."""


class Upload(io.RawIOBase):
    """Takes bytes, and sends each part when it is full; a small object is one PUT.

    Args:
        client: of S3.
        bucket: where the object goes.
        key: its name.
        content_type: its type.
        part_bytes: how much is sent at once; S3 takes no part below 5 MiB but the last.
    """

    def __init__(
        self,
        client: "S3Client",
        bucket: str,
        key: str,
        content_type: str,
        *,
        part_bytes: int = PART_BYTES,
    ) -> None:
        super().__init__()
        self._client = client
        self._bucket, self._key, self._type = bucket, key, content_type
        self._part_bytes = part_bytes
        self._pending = bytearray()
        self._size = 0
        self._upload = ""
        self._parts: list[CompletedPartTypeDef] = []

    def writable(self) -> bool:
        """Say yes."""
        return True

    def write(self, data: bytes) -> int:  # type: ignore[override]
        """Append; sends what fills a part."""
        self._pending += data
        self._size += len(data)
        while len(self._pending) >= self._part_bytes:
            self._send(bytes(self._pending[: self._part_bytes]))
            del self._pending[: self._part_bytes]
        return len(data)

    def complete(self) -> None:
        """Send the rest; the object is there when this returns."""
        if not self._parts:
            self._client.put_object(
                Bucket=self._bucket,
                Key=self._key,
                Body=bytes(self._pending),
                ContentType=self._type,
            )
            return
        if self._pending:
            self._send(bytes(self._pending))
        try:
            self._client.complete_multipart_upload(
                Bucket=self._bucket,
                Key=self._key,
                UploadId=self._upload,
                MultipartUpload={"Parts": self._parts},
            )
        except ClientError as error:
            # S3 no longer knows an upload that a first try completed whose answer was lost.
            if error_code(error) != "NoSuchUpload" or not self._is_there():
                raise

    def abort(self) -> None:
        """Drop what was sent so far; if S3 does not, the bucket's own rule does a day later."""
        if self._upload:
            with suppress(ClientError, BotoCoreError):
                self._client.abort_multipart_upload(
                    Bucket=self._bucket, Key=self._key, UploadId=self._upload
                )

    def _is_there(self) -> bool:
        """Whether the whole object is, as far as one can tell who may not read it."""
        listed = self._client.list_objects_v2(Bucket=self._bucket, Prefix=self._key, MaxKeys=1)
        found = [(entry["Key"], entry["Size"]) for entry in listed.get("Contents", [])]
        return found == [(self._key, self._size)]

    def _send(self, data: bytes) -> None:
        if not self._upload:
            self._upload = self._client.create_multipart_upload(
                Bucket=self._bucket, Key=self._key, ContentType=self._type
            )["UploadId"]
        number = len(self._parts) + 1
        sent = self._client.upload_part(
            Bucket=self._bucket,
            Key=self._key,
            UploadId=self._upload,
            PartNumber=number,
            Body=data,
        )
        self._parts.append({"ETag": sent["ETag"], "PartNumber": number})
