"""Files of jobs in memory; held to the same contract as those in S3."""

from collections import Counter
from dataclasses import dataclass, field

from heimdall.store import keys


@dataclass
class InMemoryJobFiles:
    """Implements `heimdall.domain.ports.JobFiles`; counts how often each object is written."""

    objects: dict[str, bytes] = field(default_factory=dict)
    writes: Counter[str] = field(default_factory=Counter)

    def put_context(self, job_id: str, context: str) -> None:
        self._put(keys.context_object(job_id), context.encode())

    def context(self, job_id: str) -> str:
        return self.objects[keys.context_object(job_id)].decode()

    def put_result(self, job_id: str, run: int, result: str) -> None:
        self._put(keys.result_object(job_id, run), result.encode())

    def result(self, job_id: str, run: int) -> str:
        return self.objects[keys.result_object(job_id, run)].decode()

    def result_url(self, job_id: str, run: int) -> str:
        return keys.result_object(job_id, run)

    def put_stream_part(self, job_id: str, run: int, name: str, part: int, data: bytes) -> None:
        self._put(keys.stream_object(job_id, run, name, part), data)

    def stream_part(self, job_id: str, run: int, name: str, part: int) -> bytes:
        return self.objects.get(keys.stream_object(job_id, run, name, part), b"")

    def join_stream(self, job_id: str, run: int, name: str, parts: int) -> None:
        whole = [self.objects[keys.stream_object(job_id, run, name, part)] for part in range(parts)]
        self._put(keys.stream_object(job_id, run, name), b"".join(whole))

    def stream_url(self, job_id: str, run: int, name: str, *, parts: int) -> str:
        return keys.stream_object(job_id, run, name, None if parts > 1 else 0)

    def _put(self, key: str, data: bytes) -> None:
        self.objects[key] = data
        self.writes[key] += 1
