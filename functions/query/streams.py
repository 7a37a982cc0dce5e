"""What a job printed, read from any byte on, also while it runs."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import NoReturn

from heimdall.domain.errors import InvalidRequestError, RangeNotSatisfiableError
from heimdall.domain.job import UNKNOWN_SIZE, Job
from heimdall.domain.job_files import JobFiles
from heimdall.domain.job_status import JobStatus
from heimdall.domain.limits import MAX_RUNS
from heimdall.domain.stream import PART_BYTES, part_of
from heimdall.http.ranges import ByteRange
from heimdall.runtime import QueryRuntime

ANSWER_BYTES = 4 * 1024 * 1024
"""The most that one answer carries: Lambda's 6 MB, less a third for base64."""

FIRST_READ_SECONDS = 1.5
"""An executor looks every second for readers; the first one waits until it has noticed."""


@dataclass(frozen=True, slots=True)
class StreamAnswer:
    """What a reader of a stream gets: bytes, or an address.

    Attributes:
        first: where in the stream the bytes begin.
        size: of the whole stream; None if that is not known, as long as it grows.
        is_part: whether there is more than these bytes, or they were asked for as a range.
        next_offset: where to go on reading, if there was more than fits an answer.
    """

    data: bytes = b""
    first: int = 0
    size: int | None = None
    is_part: bool = False
    next_offset: int | None = None
    url: str | None = None


def read_offset(text: str | None) -> int | None:
    """Read the parameter `offset`.

    Raises:
        InvalidRequestError: it is no whole number from 0.
    """
    if text is None:
        return None
    if text.isascii() and text.isdigit() and len(text) <= len(str(1 << 63)):
        return int(text)
    message = "must be a whole number of bytes from 0"
    raise InvalidRequestError(f"offset {message}", details=[{"path": "offset", "message": message}])


def of_run(job: Job, text: str | None) -> Job:
    """Return a job as readers of one of its runs' streams need it.

    Args:
        job: whose run.
        text: the parameter `run`; None for the latest.

    Raises:
        InvalidRequestError: it is not the number of a run that has begun.
    """
    if text is None or text == str(job.run):
        return job
    is_number = text.isascii() and text.isdigit() and len(text) <= len(str(MAX_RUNS))
    if not is_number or not 0 < int(text) <= job.run:
        message = f"must be a run of the job that has begun, of which there are {job.run}"
        raise InvalidRequestError(f"run {message}", details=[{"path": "run", "message": message}])
    return replace(
        job,
        run=int(text),
        status=JobStatus.FAILED,
        stdout=b"",
        stdout_bytes=UNKNOWN_SIZE,
        stderr=b"",
        stderr_bytes=UNKNOWN_SIZE,
        reused_from=None,
    )


def read_stream(
    job: Job,
    name: str,
    *,
    wanted: int | ByteRange | None,
    runtime: QueryRuntime,
    sleep: Callable[[float], None],
) -> StreamAnswer:
    """Read a job's stdout or stderr, at most two seconds old while the job runs.

    Args:
        job: whose stream.
        name: stdout or stderr.
        wanted: the first byte wanted, or a range of them; None for the whole stream, which may
            come as an address.
        runtime: what the function works with.
        sleep: waits some seconds.

    Raises:
        RangeNotSatisfiableError: the stream ends before the range begins.
    """
    stream = _Stream.of(_watched(job, runtime, sleep), name, runtime.files)
    if isinstance(wanted, ByteRange):
        return _read_range(stream, wanted)
    if wanted is None and stream.size is not None and stream.size > ANSWER_BYTES:
        return StreamAnswer(url=stream.url())
    first = wanted or 0
    data = stream.read(first, ANSWER_BYTES + 1)
    if len(data) <= ANSWER_BYTES:
        return StreamAnswer(data, first, stream.size)
    return StreamAnswer(
        data[:ANSWER_BYTES],
        first,
        stream.size,
        is_part=True,
        next_offset=first + ANSWER_BYTES,
    )


@dataclass(frozen=True, slots=True)
class _Stream:
    """A stream, wherever it is.

    Attributes:
        kept: the stream itself, if the job's item has it.
        size: None if only reading tells.
    """

    job: Job
    name: str
    files: JobFiles
    kept: bytes
    size: int | None

    @classmethod
    def of(cls, job: Job, name: str, files: JobFiles) -> "_Stream":
        kept, size = (
            (job.stdout, job.stdout_bytes) if name == "stdout" else (job.stderr, job.stderr_bytes)
        )
        is_known = size != UNKNOWN_SIZE and (job.status.is_final or job.is_waiting)
        return cls(job, name, files, kept, size if is_known else None)

    def size_now(self) -> int:
        """Tell how many bytes there are by now."""
        if self.size is not None:
            return self.size
        return self.files.stream_bytes(*self.job.files_of, self.name)

    def read(self, first: int, count: int) -> bytes:
        """Read at most so many bytes from one on; none behind the end."""
        is_behind = self.size is not None and first >= self.size
        if self.kept or is_behind:
            return self.kept[first : first + count]
        data = b""
        while len(data) < count:
            position = first + len(data)
            part = self.files.stream_part(*self.job.files_of, self.name, part_of(position))
            data += part[position % PART_BYTES :]
            if len(part) < PART_BYTES:
                break
        return data[:count]

    def url(self) -> str:
        parts = part_of(self.size_now() - 1) + 1
        return self.files.stream_url(*self.job.files_of, self.name, parts=parts)


def _watched(job: Job, runtime: QueryRuntime, sleep: Callable[[float], None]) -> Job:
    """Return a job after its executor has had the time to write what it has for readers."""
    if job.status not in (JobStatus.RUNNING, JobStatus.CANCELING):
        return job
    if runtime.jobs.watch(job.id, now_ms=runtime.clock.now_ms()):
        return job
    sleep(FIRST_READ_SECONDS)
    return runtime.jobs.get(job.id)


def _read_range(stream: _Stream, wanted: ByteRange) -> StreamAnswer:
    first, count = wanted.first, wanted.count
    if first is None:
        size = stream.size_now()
        if count == 0:
            _refuse(stream)
        if size == 0:
            return StreamAnswer(size=stream.size)
        first = max(size - (count or 0), 0)
        count = size - first
    room = ANSWER_BYTES + 1
    data = stream.read(first, room if count is None else min(count, room))
    if not data:
        _refuse(stream)
    is_cut = len(data) > ANSWER_BYTES
    return StreamAnswer(
        data[:ANSWER_BYTES],
        first,
        stream.size,
        is_part=True,
        next_offset=first + ANSWER_BYTES if is_cut else None,
    )


def _refuse(stream: _Stream) -> NoReturn:
    size = stream.size_now()
    raise RangeNotSatisfiableError(
        f"{stream.name} has {size:,} bytes, and the range begins behind them",
        size=size,
        job_id=stream.job.id,
    )
