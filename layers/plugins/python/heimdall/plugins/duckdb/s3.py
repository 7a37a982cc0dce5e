"""The only way by which DuckDB reaches S3: a filesystem of the prefixes that a cluster names."""

import re
from collections.abc import Callable, Sequence
from datetime import datetime
from threading import Lock
from typing import TYPE_CHECKING, Any, TypeVar

from botocore.exceptions import ClientError
from fsspec import AbstractFileSystem

from heimdall.aws.failures import engine_errors, error_code
from heimdall.domain.errors import PluginError
from heimdall.domain.failures import Failure
from heimdall.plugins.duckdb.objects import Described, ObjectReader
from heimdall.plugins.duckdb.patterns import fits

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

T = TypeVar("T")

MAX_LISTED = 100_000
"""How many keys a pattern may have to be compared with."""

_MISSING = frozenset({"404", "NoSuchKey", "NoSuchBucket"})
_WILD = re.compile(r"[*?\[]")


class PrefixedS3(AbstractFileSystem):  # type: ignore[misc]  # fsspec is not typed
    """Reads objects below some prefixes, whatever path is asked for.

    DuckDB turns what is raised here into texts, so the first error is kept.

    Args:
        prefixes: `s3://bucket/prefix/`, each with its slash at the end.
        is_stopped: tells whether the run has to end.
    """

    protocol = "s3"
    cachable = False

    def __init__(
        self, client: "S3Client", prefixes: Sequence[str], is_stopped: Callable[[], bool]
    ) -> None:
        super().__init__(skip_instance_cache=True)
        self._client = client
        self._prefixes = tuple(prefixes)
        self._is_stopped = is_stopped
        self._lock = Lock()
        self._described: dict[str, Described] = {}
        self.error: PluginError | None = None

    @classmethod
    def _strip_protocol(cls, path: str) -> str:
        return path

    def unstrip_protocol(self, name: str) -> str:
        """Return a path as it is: paths always have their protocol here."""
        return name

    def glob(self, path: str, **_: Any) -> list[str]:  # noqa: ANN401 - fsspec's
        """Return the paths that a pattern of DuckDB's fits; a path without one is itself."""
        return self._kept(lambda: self._glob(path))

    def open(self, path: str, mode: str = "rb", **_: Any) -> ObjectReader:  # noqa: ANN401 - fsspec's
        """Open an object for reading."""
        return self._kept(lambda: self._open_object(path, mode))

    def info(self, path: str, **_: Any) -> dict[str, Any]:  # noqa: ANN401 - fsspec's
        """Return what DuckDB asks of a file: its size."""
        described = self._kept(lambda: self._describe(path))
        return {"name": path, "size": described.size, "type": "file"}

    def modified(self, path: str) -> datetime:
        """Return when an object was written."""
        return self._kept(lambda: self._describe(path)).modified

    def _glob(self, path: str) -> list[str]:
        bucket, pattern = self._place(path)
        wild = _WILD.search(pattern)
        if wild is None:
            return [path]
        parts = pattern.split("/")
        keys = self._keys(bucket, pattern[: wild.start()])
        return sorted(f"s3://{bucket}/{key}" for key in keys if fits(parts, key.split("/")))

    def _keys(self, bucket: str, start: str) -> list[str]:
        keys: list[str] = []
        with engine_errors(f"listing s3://{bucket}/{start}*"):
            pages = self._client.get_paginator("list_objects_v2").paginate(
                Bucket=bucket, Prefix=start
            )
            for page in pages:
                self._heed_stop()
                found = page.get("Contents", [])
                keys += [each["Key"] for each in found]
                for each in found:
                    self._described[f"s3://{bucket}/{each['Key']}"] = Described(
                        size=each["Size"], etag=each["ETag"], modified=each["LastModified"]
                    )
                if len(keys) > MAX_LISTED:
                    raise PluginError(
                        f"more than {MAX_LISTED:,} objects have keys that begin with "
                        f"s3://{bucket}/{start}: name them more exactly",
                        failure=Failure.USER_ERROR,
                    )
        return keys

    def _open_object(self, path: str, mode: str) -> ObjectReader:
        if mode != "rb":
            raise PluginError(
                f"{path} cannot be written: a query reads only", failure=Failure.USER_ERROR
            )
        bucket, key = self._place(path)
        described = self._describe(path)

        def fetch(start: int, size: int) -> bytes:
            return self._kept(lambda: self._fetch(bucket, key, described, (start, size)))

        return ObjectReader(described.size, fetch)

    def _describe(self, path: str) -> Described:
        if path not in self._described:
            bucket, key = self._place(path)
            self._heed_stop()
            with engine_errors(f"opening {path}"):
                try:
                    head = self._client.head_object(Bucket=bucket, Key=key)
                except ClientError as error:
                    if error_code(error) not in _MISSING:
                        raise
                    raise PluginError(
                        f"there is no object {path}", failure=Failure.USER_ERROR
                    ) from None
            self._described[path] = Described(
                size=head["ContentLength"], etag=head["ETag"], modified=head["LastModified"]
            )
        return self._described[path]

    def _fetch(self, bucket: str, key: str, described: Described, part: tuple[int, int]) -> bytes:
        start, size = part
        self._heed_stop()
        with engine_errors(
            f"reading s3://{bucket}/{key}, which may have changed meanwhile, at byte {start}"
        ):
            body = self._client.get_object(
                Bucket=bucket,
                Key=key,
                Range=f"bytes={start}-{start + size - 1}",
                IfMatch=described.etag,
            )["Body"]
            pieces = []
            for piece in body.iter_chunks(1024 * 1024):
                self._heed_stop()
                pieces.append(piece)
        return b"".join(pieces)

    def _place(self, path: str) -> tuple[str, str]:
        """Take a path apart, if it is below one of the prefixes."""
        is_below = any(path.startswith(prefix) for prefix in self._prefixes)
        bucket, _, key = path.removeprefix("s3://").partition("/")
        if not is_below or {".", ".."} & set(key.split("/")):
            raise PluginError(
                f"{path} is below none of the prefixes of the cluster",
                failure=Failure.USER_ERROR,
            )
        return bucket, key

    def _heed_stop(self) -> None:
        if self._is_stopped():
            raise InterruptedError("the run has to end")

    def _kept(self, call: Callable[[], T]) -> T:
        try:
            return call()
        except PluginError as error:
            with self._lock:
                self.error = self.error or error
            raise
