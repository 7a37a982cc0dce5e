"""One object of any size, read at any place without being copied."""

import io
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer
    from mypy_boto3_s3 import S3Client

BUFFER_BYTES = 1024 * 1024


class Download(io.RawIOBase):
    """Asks S3 for what is read, in ranges.

    Args:
        client: of S3.
        bucket: where the object is.
        key: its name.
        size: of the object, in bytes.
    """

    def __init__(self, client: "S3Client", bucket: str, key: str, size: int) -> None:
        super().__init__()
        self._client = client
        self._bucket, self._key, self._size = bucket, key, size
        self._at = 0

    def readable(self) -> bool:
        """Say yes."""
        return True

    def seekable(self) -> bool:
        """Say yes."""
        return True

    def tell(self) -> int:
        """Return where the next read begins."""
        return self._at

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Go to a place."""
        starts = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._size}
        self._at = max(starts[whence] + offset, 0)
        return self._at

    def readinto(self, buffer: "WriteableBuffer") -> int:
        """Read as much as there is room for; nothing at the end."""
        view = memoryview(buffer).cast("B")
        wanted = min(len(view), self._size - self._at)
        if wanted <= 0:
            return 0
        last = self._at + wanted - 1
        found = self._client.get_object(
            Bucket=self._bucket, Key=self._key, Range=f"bytes={self._at}-{last}"
        )["Body"].read()
        view[: len(found)] = found
        self._at += len(found)
        return len(found)
