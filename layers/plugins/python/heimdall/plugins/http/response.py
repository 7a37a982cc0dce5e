"""An answer whose head is no larger than we read, whatever other libraries allow."""

import http.client
from io import BufferedReader
from typing import cast

MAX_HEAD_BYTES = 65_536
"""Status lines and headers. The standard library counts headers by a limit of the whole process,
which clickhouse-connect, for one, multiplies by a hundred."""


class HeadTooLargeError(http.client.HTTPException):
    """The answer has more headers than we read."""


class BoundedResponse(http.client.HTTPResponse):
    """Reads the body as ever, but no head beyond MAX_HEAD_BYTES."""

    def begin(self) -> None:
        """Read the head, and those of all provisional answers (100) before it.

        Raises:
            HeadTooLargeError: it is too large.
            http.client.HTTPException, OSError: it is none, or was broken off.
        """
        whole = self.fp
        self.fp = cast(BufferedReader, _Head(whole))
        try:
            super().begin()
        finally:
            if self.fp is not None:  # what is no HTTP was closed
                self.fp = whole


class _Head:
    """Counts what is read of a file."""

    def __init__(self, file: BufferedReader) -> None:
        self._file = file
        self._left = MAX_HEAD_BYTES

    def readline(self, limit: int = -1) -> bytes:
        line = self._file.readline(limit)
        self._left -= len(line)
        if self._left < 0:
            raise HeadTooLargeError(f"its headers are larger than {MAX_HEAD_BYTES:,} bytes")
        return line

    def close(self) -> None:
        self._file.close()
