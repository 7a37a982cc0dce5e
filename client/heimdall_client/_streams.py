"""A job's streams, read piece by piece."""

from collections.abc import Callable, Iterator
from typing import Literal

from heimdall_client._connection import Connection, segment

FOLLOW_PAUSE_SECONDS = 1.0

Stream = Literal["stdout", "stderr"]


def read_stream(
    connection: Connection, job_id: str, stream: Stream, *, offset: int
) -> Iterator[bytes]:
    """Read from a byte on, as far as the stream goes now."""
    path = f"/job/{segment(job_id)}/{stream}"
    following: int | None = offset
    while following is not None:
        following = yield from connection.read(path, offset=following)


def follow(
    read: Callable[[int], Iterator[bytes]],
    has_ended: Callable[[], bool],
    *,
    offset: int,
    sleep: Callable[[float], None],
) -> Iterator[bytes]:
    """Read from a byte on until the job has ended and all of it has been read."""
    is_last = False
    while not is_last:
        is_last = has_ended()  # asked first: nothing is missed
        for piece in read(offset):
            offset += len(piece)
            yield piece
        if not is_last:
            sleep(FOLLOW_PAUSE_SECONDS)
