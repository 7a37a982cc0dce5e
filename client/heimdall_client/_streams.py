"""A job's streams, read piece by piece."""

import re
from collections.abc import Callable, Iterator
from typing import Literal

import httpx

from heimdall_client._connection import Call, Connection, errors_mapped, segment
from heimdall_client._exceptions import ApiError, RangeNotSatisfiableError, TransportError
from heimdall_client._waiting import LAST_PAUSE_SECONDS, MAX_FAILURES, PAUSE_GROWTH, may_pass

FOLLOW_PAUSE_SECONDS = 1.0
NEXT_OFFSET = "X-Heimdall-Next-Offset"
_CONTENT_RANGE = re.compile(r"bytes ([0-9]{1,18})-")

Stream = Literal["stdout", "stderr"]


class StreamReader:
    """Reads one stream of a job, and knows how far it has come.

    Args:
        connection: the way to the API.
        job_id: whose stream.
        stream: which one.
        offset: the first byte wanted.
        tail_bytes: begin so many bytes before the stream's present end instead.
        run: whose stream, by number; None for the latest.
    """

    def __init__(
        self,
        connection: Connection,
        job_id: str,
        stream: Stream,
        *,
        offset: int = 0,
        tail_bytes: int | None = None,
        run: int | None = None,
    ) -> None:
        self._connection = connection
        self._path = f"/job/{segment(job_id)}/{stream}"
        self._position = offset
        self._tail_bytes = tail_bytes
        self._run = {} if run is None else {"run": run}

    def read(self, max_bytes: int | None = None) -> Iterator[bytes]:
        """Read on, as far as the stream goes now, or until there are so many bytes."""
        end = None if max_bytes is None else self._position + max_bytes
        goes_on = max_bytes is None or max_bytes > 0
        while goes_on:
            start = self._position
            try:
                with self._connection.open(self._next_call(end)) as answer:
                    yield from self._pieces(answer, end)
            except RangeNotSatisfiableError:
                return  # there is nothing yet where the range begins
            following = answer.headers.get(NEXT_OFFSET, "")
            goes_on = following.isdecimal() and int(following) > start
            if end is not None:
                goes_on = start < self._position < end

    def _next_call(self, end: int | None) -> Call:
        if self._tail_bytes is not None:
            tail = f"bytes=-{self._tail_bytes}"
            return Call("GET", self._path, params=self._run, headers={"Range": tail})
        if end is not None:
            whole = f"bytes={self._position}-{end - 1}"
            return Call("GET", self._path, params=self._run, headers={"Range": whole})
        offset = {"offset": self._position} if self._position else {}
        return Call("GET", self._path, params=offset | self._run)

    def _pieces(self, answer: httpx.Response, end: int | None) -> Iterator[bytes]:
        """Read one answer; it may begin too early and end too late, if ranges are ignored."""
        begins = self._beginning_of(answer, is_range=end is not None)
        if self._tail_bytes is not None:
            self._position = begins
            self._tail_bytes = None
        with errors_mapped():
            for received in answer.iter_bytes():
                ends = begins + len(received)
                piece = received[max(self._position - begins, 0) :]
                piece = piece if end is None else piece[: max(end - self._position, 0)]
                begins = ends
                self._position += len(piece)
                if piece:
                    yield piece

    def _beginning_of(self, answer: httpx.Response, *, is_range: bool) -> int:
        found = _CONTENT_RANGE.match(answer.headers.get("content-range", ""))
        if found:
            return int(found[1])
        return 0 if is_range or self._tail_bytes is not None else self._position


def follow(
    reader: StreamReader, has_ended: Callable[[], bool], *, sleep: Callable[[float], None]
) -> Iterator[bytes]:
    """Read on until the job has ended and all is read, through short outages of the API."""
    failures = 0
    while True:
        try:
            is_last = has_ended()  # asked first: nothing is missed
            for piece in reader.read():
                failures = 0
                yield piece
            if is_last:
                return
            failures = 0
        except (TransportError, ApiError) as error:
            failures += 1
            if failures > MAX_FAILURES or not may_pass(error):
                raise
        sleep(min(FOLLOW_PAUSE_SECONDS * PAUSE_GROWTH**failures, LAST_PAUSE_SECONDS))
