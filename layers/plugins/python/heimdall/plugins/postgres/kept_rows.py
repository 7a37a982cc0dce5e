"""Keeps the rows of a statement that others follow: only they show whether it has the result."""

import tempfile
from collections.abc import Iterable, Iterator

from heimdall.domain.errors import PluginError
from heimdall.domain.failures import Failure
from heimdall.plugins.postgres.batches import Chunk

MAX_BYTES = 256 * 1024 * 1024
"""Half of the disk that an executor has."""

_IN_MEMORY_BYTES = 4 * 1024 * 1024


class KeptRows:
    """Rows on the disk, or in memory as long as they are few."""

    def __init__(self) -> None:
        self._file = tempfile.SpooledTemporaryFile(max_size=_IN_MEMORY_BYTES)  # noqa: SIM115 - closed by `close`
        self._chunks: list[tuple[int, int | None]] = []
        self._bytes = 0

    def keep(self, chunks: Iterable[Chunk]) -> None:
        """Read all rows; of too many, none are kept."""
        for chunk in chunks:
            self._keep(chunk)

    def _keep(self, chunk: Chunk) -> None:
        self._bytes += len(chunk.data)
        if self._bytes > MAX_BYTES:
            self._file.seek(0)
            self._file.truncate()
            return
        self._chunks.append((len(chunk.data), chunk.rows))
        self._file.write(chunk.data)

    def chunks(self) -> Iterator[Chunk]:
        """Give the rows as they came.

        Raises:
            PluginError: there were too many to be kept.
        """
        if self._bytes > MAX_BYTES:
            raise PluginError(
                f"the result has more than {MAX_BYTES:,} bytes, and statements behind the one that "
                "gives it: put that one last",
                failure=Failure.USER_ERROR,
            )
        self._file.seek(0)
        for size, rows in self._chunks:
            yield Chunk(self._file.read(size), rows)

    def close(self) -> None:
        """Forget the rows."""
        self._file.close()
