"""Logs that engines leave in S3, packed by gzip or not: their ends, read within bounds."""

import zlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from heimdall.aws.failures import ACCESS, engine_errors, error_code
from heimdall.aws.s3 import S3Place

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

MAX_LOG_BYTES = 4 * 1024 * 1024
"""Of a longer log the end is kept: failures are told there."""

MAX_UNPACKED_BYTES = 256 * 1024 * 1024
"""Reading stops here; engines begin a new file long before."""

_CHUNK_BYTES = 256 * 1024
_GZIP = 31  # zlib's number for data with a gzip header
_MISSING = ("NoSuchKey", "NoSuchBucket", "404")


@dataclass(frozen=True, slots=True)
class Log:
    """What is known of a log: its end, or why there is none.

    Attributes:
        content: with a line at its beginning that says so if something was left out.
        fault: for people: why it could not be read; None if it was read, or is not there.
    """

    content: bytes = b""
    fault: str | None = None


def read_log(s3: "S3Client", place: S3Place, *, limit: int = MAX_LOG_BYTES) -> Log:
    """Read the end of one log; one that is not there is empty.

    Args:
        s3: a client that may read it.
        place: of the object; names that end with `.gz` are unpacked.
        limit: how many bytes to keep.

    Raises:
        TransientPluginError: S3 is throttled or out of reach.
    """
    with engine_errors(f"reading {place.uri}"):
        try:
            body = s3.get_object(Bucket=place.bucket, Key=place.key)["Body"]
            return _end_of(place, body.iter_chunks(_CHUNK_BYTES), limit)
        except ClientError as error:
            code = error_code(error)
            if code in _MISSING:
                return Log()
            if code in ACCESS:
                return Log(fault=f"{place.uri} cannot be read: {code}")
            raise


def find_logs(
    s3: "S3Client", below: S3Place, names: Sequence[str]
) -> tuple[Sequence[S3Place], str | None]:
    """List the objects below a place whose keys end with one of the names.

    Returns:
        The objects, and, for people, why they could not be listed, or None.

    Raises:
        TransientPluginError: S3 is throttled or out of reach.
    """
    found: list[S3Place] = []
    with engine_errors(f"listing {below.uri}"):
        try:
            pages = s3.get_paginator("list_objects_v2").paginate(
                Bucket=below.bucket, Prefix=f"{below.key}/"
            )
            for page in pages:
                keys = (each["Key"] for each in page.get("Contents", ()))
                found += [S3Place(below.bucket, key) for key in keys if key.endswith(tuple(names))]
        except ClientError as error:
            code = error_code(error)
            if code not in (*ACCESS, *_MISSING):
                raise
            return (), f"{below.uri} cannot be listed: {code}"
    return found, None


def _end_of(place: S3Place, chunks: Iterable[bytes], limit: int) -> Log:
    kept, total = bytearray(), 0
    try:
        for part in _unpacked(chunks) if place.key.endswith(".gz") else chunks:
            total += len(part)
            kept += part
            del kept[:-limit]
            if total > MAX_UNPACKED_BYTES:
                return Log(fault=f"{place.uri} is not read: more than {MAX_UNPACKED_BYTES:,} bytes")
    except zlib.error as error:
        return Log(fault=f"{place.uri} is no gzip file: {error}")
    if total <= limit:
        return Log(bytes(kept))
    note = f"[heimdall: only the last {limit:,} bytes of {place.uri} are here]\n"
    return Log(note.encode() + kept)


def _unpacked(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """Unpack gzip in bounded parts; files may be several packed ones in a row."""
    unpacker = zlib.decompressobj(_GZIP)
    for chunk in chunks:
        rest = chunk
        while rest:
            yield unpacker.decompress(rest, _CHUNK_BYTES)
            rest = unpacker.unconsumed_tail
            if unpacker.eof:
                rest = unpacker.unused_data
                unpacker = zlib.decompressobj(_GZIP)
    yield unpacker.flush()
