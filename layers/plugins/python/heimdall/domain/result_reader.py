"""Results read from their JSON piece by piece, without being kept in memory."""

import codecs
import json
import re
from collections.abc import Iterator
from typing import Any, Protocol

from heimdall.domain.result import Column

CHUNK_BYTES = 1 << 20

_TRIES = 3
_BLANK = re.compile(r"[ \t\r\n]*")


class Readable(Protocol):
    """Bytes that come in pieces."""

    def read(self, size: int, /) -> bytes:
        """Give at most so many bytes; none at the end."""
        ...


def read_result(
    result: Readable, *, chunk_bytes: int = CHUNK_BYTES
) -> tuple[list[Column], Iterator[list[Any]]]:
    """Read a result's columns; its rows are read as they are asked for.

    Args:
        result: JSON as `heimdall.domain.result.Result` writes it: the columns, then the rows.
        chunk_bytes: how much is read at a time; a row may be larger.

    Raises:
        ValueError: it is no result.
    """
    columns, chunks = read_chunks(result, chunk_bytes)
    return columns, (row for rows in chunks for row in rows)


def read_chunks(
    result: Readable, chunk_bytes: int = CHUNK_BYTES
) -> tuple[list[Column], Iterator[list[list[Any]]]]:
    """Read a result's columns, and its rows many at a time.

    Raises:
        ValueError: it is no result.
    """
    source = _Source(result, chunk_bytes)
    for token in ("{", '"columns"', ":"):
        source.expect(token)
    columns = source.value()
    for token in (",", '"data"', ":", "["):
        source.expect(token)
    named = [Column(column["name"], column.get("type", "string")) for column in columns]
    return named, source.rows()


class _Source:
    """Reads JSON from the front; what was read is forgotten."""

    def __init__(self, result: Readable, chunk_bytes: int) -> None:
        self._result = result
        self._chunk_bytes = chunk_bytes
        self._decode = codecs.getincrementaldecoder("utf-8")().decode
        self._scan = json.JSONDecoder().raw_decode
        self._text = ""
        self._at = 0
        self._has_all = False
        self._is_fresh = True

    def expect(self, token: str) -> None:
        """Pass over a token and the blanks before it."""
        if self._peek(len(token)) != token:
            raise ValueError(f"this is no result: it lacks {token}")
        self._at += len(token)

    def value(self) -> Any:  # noqa: ANN401 - JSON
        """Read one list or object, whatever its size."""
        self._peek(1)
        size = self._chunk_bytes
        while True:
            try:
                value, self._at = self._scan(self._text, self._at)
            except json.JSONDecodeError:
                if self._has_all:
                    raise
                self._fill(size)
                size *= 2  # so that a large row is not scanned from its start too often
            else:
                return value

    def rows(self) -> Iterator[list[list[Any]]]:
        """Yield all rows, many at a time."""
        while self._peek(1) != "]":
            yield self._many_rows() or [self.value()]
            if self._peek(1) == "]":
                return
            self.expect(",")

    def _many_rows(self) -> list[Any]:
        """Read the rows that are here as a whole, if it is easy to tell where the last ends."""
        tries = _TRIES if self._is_fresh else 0
        self._is_fresh = False
        end = len(self._text)
        for _ in range(tries):
            end = self._text.rfind("],[", self._at, end) + 1
            if not end:
                break
            try:
                rows: list[Any] = json.loads(f"[{self._text[self._at : end]}]")
            except json.JSONDecodeError:
                continue  # it was in a text, or in a list of lists
            self._at = end
            return rows
        return []

    def _peek(self, size: int) -> str:
        """Return what comes after blanks; less than asked for at the end."""
        while True:
            blank = _BLANK.match(self._text, self._at)
            self._at = blank.end() if blank else self._at
            found = self._text[self._at : self._at + size]
            if len(found) == size or self._has_all:
                return found
            self._fill(self._chunk_bytes)

    def _fill(self, size: int) -> None:
        read = self._result.read(size)
        self._has_all = not read
        self._text = self._text[self._at :] + self._decode(read, final=self._has_all)
        self._at = 0
        self._is_fresh = True
