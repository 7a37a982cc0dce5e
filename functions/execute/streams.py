"""One stream of a run on its way to S3: kept in memory, written when it pays."""

from dataclasses import dataclass
from threading import Lock

from heimdall.domain.job import Job
from heimdall.domain.job_files import JobFiles
from heimdall.domain.stream import INLINE_BYTES, MAX_BYTES, PART_BYTES
from heimdall.plugin.redaction import RedactedStream, Redactor

_DROPPED = b"\n[heimdall: the stream is longer than %d bytes; the rest was dropped]\n"


@dataclass(frozen=True, slots=True)
class StreamEnd:
    """What became of a stream: itself, if it is small and was never written; and its size."""

    kept: bytes
    size: int


class RunStreams:
    """Stdout and stderr of a run, without the secrets that a redactor knows.

    Attributes:
        writers: what takes the bytes in the end.
        redacted: what plugins write to.
    """

    def __init__(self, files: JobFiles, job: Job, redactor: Redactor) -> None:
        self.writers = [
            StreamWriter(files, job_id=job.id, run=job.run, name=name)
            for name in ("stdout", "stderr")
        ]
        self.redacted = [RedactedStream(writer, redactor) for writer in self.writers]

    def close(self) -> "list[StreamEnd]":
        """Store the rest of both."""
        for stream in self.redacted:
            stream.close()
        return [writer.close() for writer in self.writers]


class StreamWriter:
    """Takes what a plugin writes; implements `heimdall.plugin.output.OutputStream`.

    The part that is not full yet is written again and again by `flush`, full ones once.
    """

    def __init__(self, files: JobFiles, *, job_id: str, run: int, name: str) -> None:
        self._files = files
        self._job_id = job_id
        self._run = run
        self._name = name
        self._lock = Lock()
        self._part = bytearray()
        self._full_parts = 0
        self._stored = 0
        self._is_cut = False

    @property
    def size(self) -> int:
        """How many bytes were taken so far."""
        return self._full_parts * PART_BYTES + len(self._part)

    def write(self, data: bytes) -> None:
        """Append; blocks while a full part is being stored."""
        with self._lock:
            if self._is_cut:
                return
            room = MAX_BYTES - self.size
            self._append(data[:room])
            if len(data) > room:
                self._is_cut = True
                self._append(_DROPPED % MAX_BYTES)

    def flush(self) -> None:
        """Store what was not stored yet."""
        with self._lock:
            self._flush()

    def close(self) -> StreamEnd:
        """Store the rest, unless the stream is so small that the job's item takes it."""
        with self._lock:
            if not self._stored and self.size <= INLINE_BYTES:
                return StreamEnd(bytes(self._part), self.size)
            self._flush()
            parts = self._full_parts + bool(self._part)
            if parts > 1:
                self._files.join_stream(self._job_id, self._run, self._name, parts)
            return StreamEnd(b"", self.size)

    def _append(self, data: bytes) -> None:
        view = memoryview(data)
        while view:
            taken = PART_BYTES - len(self._part)
            self._part += view[:taken]
            view = view[taken:]
            if len(self._part) == PART_BYTES:
                self._flush()
                self._full_parts += 1
                self._part = bytearray()

    def _flush(self) -> None:
        if self._stored == self.size:
            return
        self._files.put_stream_part(
            self._job_id, self._run, self._name, self._full_parts, bytes(self._part)
        )
        self._stored = self.size
