"""Reads an object of S3 as a file, by ranges."""

import io
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from threading import Lock, local

AHEAD_BYTES = 256 * 1024
"""Of a small read, so much is fetched: footers and headers are read in many pieces."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Described:
    """What S3 says of an object; the etag keeps a reader with one version of it."""

    size: int
    etag: str
    modified: datetime


class ObjectReader(io.RawIOBase):
    """A file whose bytes are fetched when they are read, by several threads at the same time.

    DuckDB's threads share a file: each goes to a position and reads there, with nothing to keep
    the others from moving in between. So a read that follows a seek of its own thread happens
    where that went. Reads without one go on where the last read ended, whoever made it.

    Args:
        size: in bytes.
        fetch: gives the bytes from a position on, so many of them.
    """

    def __init__(self, size: int, fetch: Callable[[int, int], bytes]) -> None:
        super().__init__()
        self._size = size
        self._fetch = fetch
        self._lock = Lock()
        self._position = 0
        self._turn = 0
        self._own = local()
        self._held: tuple[int, bytes] = (0, b"")

    def readable(self) -> bool:
        """Say yes."""
        return True

    def seekable(self) -> bool:
        """Say yes."""
        return True

    def tell(self) -> int:
        """Return where this thread's next read begins."""
        sought = self._sought()
        return self._position if sought is None else sought

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Go to a position; the next read of this thread begins there."""
        start = {io.SEEK_SET: 0, io.SEEK_CUR: self.tell(), io.SEEK_END: self._size}[whence]
        position = max(0, start + offset)
        with self._lock:
            self._position = position
            self._own.sought = (position, self._turn)
        return position

    def read(self, size: int | None = -1) -> bytes:
        """Return the next bytes: fewer than asked for at the end only."""
        with self._lock:
            position = self._begin()
            left = max(0, self._size - position)
            wanted = left if size is None or size < 0 else min(size, left)
            self._position = position + wanted
        if wanted >= AHEAD_BYTES:
            return self._fetched(position, wanted)
        return self._near(position, wanted) if wanted else b""

    def _begin(self) -> int:
        sought = self._sought()
        self._own.sought = None
        if sought is not None:
            return sought
        self._turn += 1  # the file is read in one go: earlier seeks are of no effect
        return self._position

    def _sought(self) -> int | None:
        """Return where this thread went, unless the file was read on since."""
        position, turn = getattr(self._own, "sought", None) or (0, -1)
        return position if turn == self._turn else None

    def _near(self, position: int, wanted: int) -> bytes:
        """Read a little, with what comes next or, at the end of the file, before it."""
        start, data = self._held
        if not 0 <= position - start <= len(data) - wanted:
            size = min(self._size, AHEAD_BYTES)
            start = min(position, self._size - size)
            data = self._fetched(start, size)
            self._held = start, data
        return data[position - start :][:wanted]

    def _fetched(self, start: int, size: int) -> bytes:
        data = self._fetch(start, size)
        if len(data) != size:
            raise OSError(f"{len(data)} bytes came where {size} were asked for")
        return data
