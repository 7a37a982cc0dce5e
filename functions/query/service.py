"""Reading jobs, and what is too large for their items."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from heimdall.domain.errors import InvalidRequestError, ResultNotFoundError
from heimdall.domain.job import UNKNOWN_SIZE, Job, JobStatus
from heimdall.domain.ports import JobFiles
from heimdall.domain.stream import PART_BYTES, part_of
from heimdall.runtime import QueryRuntime

ANSWER_BYTES = 4 * 1024 * 1024
"""The most that one answer carries: Lambda's 6 MB, less a third for base64."""

FIRST_READ_SECONDS = 1.5
"""An executor looks every second for readers; the first one waits until it has noticed."""


@dataclass(frozen=True, slots=True)
class StreamAnswer:
    """What a reader of a stream gets: bytes from an offset, or an address.

    Attributes:
        next_offset: where to go on reading, if there was more than fits an answer.
    """

    data: bytes = b""
    next_offset: int | None = None
    url: str | None = None


def read_context(job: Job, *, files: JobFiles) -> dict[str, Any]:
    """Read a job's context, wherever it is."""
    text = job.context if job.context is not None else files.context(job.id)
    context: dict[str, Any] = json.loads(text)
    return context


def read_result(job: Job, *, files: JobFiles) -> tuple[str | None, str | None]:
    """Read a job's result: its JSON, or an address if it is too large to answer with.

    Raises:
        ResultNotFoundError: there is none.
    """
    if not job.result_bytes:
        reason = "has no result" if job.status.is_final else f"is {job.status}: no result yet"
        raise ResultNotFoundError(f"the job {reason}", job_id=job.id)
    if job.result is not None:
        return job.result, None
    if job.result_bytes <= ANSWER_BYTES:
        return files.result(job.id, job.run), None
    return None, files.result_url(job.id, job.run)


def read_stream(
    job: Job,
    name: str,
    *,
    offset: int | None,
    runtime: QueryRuntime,
    sleep: Callable[[float], None],
) -> StreamAnswer:
    """Read a job's stdout or stderr, at most two seconds old while the job runs.

    Args:
        job: whose stream.
        name: stdout or stderr.
        offset: the first byte wanted; None for the whole stream, which may come as an address.
        runtime: what the function works with.
        sleep: waits some seconds.
    """
    if not job.status.is_final:
        return _read_growing(job, name, offset or 0, runtime=runtime, sleep=sleep)
    kept, size = _kept(job, name)
    if kept:
        return StreamAnswer(kept[offset or 0 :])
    if size > ANSWER_BYTES and offset is None:
        parts = part_of(size - 1) + 1
        return StreamAnswer(url=runtime.files.stream_url(job.id, job.run, name, parts=parts))
    if size == 0:
        return StreamAnswer()
    return _read_parts(job, name, offset or 0, files=runtime.files)


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


def _read_growing(
    job: Job,
    name: str,
    offset: int,
    *,
    runtime: QueryRuntime,
    sleep: Callable[[float], None],
) -> StreamAnswer:
    if job.status not in (JobStatus.RUNNING, JobStatus.CANCELING):
        return StreamAnswer()
    if not runtime.jobs.watch(job.id, now_ms=runtime.clock.now_ms()):
        sleep(FIRST_READ_SECONDS)
        job = runtime.jobs.get(job.id)
        kept, _ = _kept(job, name)
        if kept:
            return StreamAnswer(kept[offset:])
    return _read_parts(job, name, offset, files=runtime.files)


def _read_parts(job: Job, name: str, offset: int, *, files: JobFiles) -> StreamAnswer:
    """Read from an offset on, at most what fits an answer."""
    data = b""
    position = offset
    while len(data) <= ANSWER_BYTES:
        part = files.stream_part(job.id, job.run, name, part_of(position))
        data += part[position % PART_BYTES :]
        position = offset + len(data)
        if len(part) < PART_BYTES:
            return _cut(data, offset)
    return _cut(data, offset)


def _cut(data: bytes, offset: int) -> StreamAnswer:
    if len(data) <= ANSWER_BYTES:
        return StreamAnswer(data)
    return StreamAnswer(data[:ANSWER_BYTES], next_offset=offset + ANSWER_BYTES)


def _kept(job: Job, name: str) -> tuple[bytes, int]:
    """Return what the job's item holds of a stream, and the size of the whole."""
    kept, size = (
        (job.stdout, job.stdout_bytes) if name == "stdout" else (job.stderr, job.stderr_bytes)
    )
    return kept, size if size != UNKNOWN_SIZE else 1
