"""Reads an object of S3 as a file, by ranges."""

import io
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

AHEAD_BYTES = 256 * 1024
"""Of a small read, so much is fetched: footers and headers are read in many pieces."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Described:
    """What S3 says of an object; the etag keeps a reader with one version of it."""

    size: int
    etag: str
    modified: datetime


class ObjectReader(io.RawIOBase):
    """A file whose bytes are fetched when they are read.

    Args:
        size: in bytes.
        fetch: gives the bytes from a position on, so many of them.
    """

    def __init__(self, size: int, fetch: Callable[[int, int], bytes]) -> None:
        super().__init__()
        self._size = size
        self._fetch = fetch
        self._position = 0
        self._held, self._held_at = b"", 0

    def readable(self) -> bool:
        """Say yes."""
        return True

    def seekable(self) -> bool:
        """Say yes."""
        return True

    def tell(self) -> int:
        """Return the position."""
        return self._position

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Go to a position."""
        start = {io.SEEK_SET: 0, io.SEEK_CUR: self._position, io.SEEK_END: self._size}[whence]
        self._position = max(0, start + offset)
        return self._position

    def read(self, size: int | None = -1) -> bytes:
        """Return the next bytes: fewer than asked for at the end only."""
        left = max(0, self._size - self._position)
        wanted = left if size is None or size < 0 else min(size, left)
        if wanted == 0:
            return b""
        position = self._position
        start = position - self._held_at
        if not 0 <= start <= len(self._held) - wanted:
            if wanted >= AHEAD_BYTES:
                self._position += wanted
                return self._fetched(position, wanted)
            self._hold()
            start = position - self._held_at
        self._position += wanted
        return self._held[start : start + wanted]

    def _hold(self) -> None:
        """Fetch what comes next, or, at the end of the file, what is before it too."""
        size = min(self._size, AHEAD_BYTES)
        self._held_at = min(self._position, self._size - size)
        self._held = self._fetched(self._held_at, size)

    def _fetched(self, start: int, size: int) -> bytes:
        data = self._fetch(start, size)
        if len(data) != size:
            raise OSError(f"{len(data)} bytes came where {size} were asked for")
        return data
