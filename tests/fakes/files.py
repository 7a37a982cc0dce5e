"""Files of jobs in memory; held to the same contract as those in S3."""

from collections import Counter
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from io import BytesIO
from typing import BinaryIO

from heimdall.domain.errors import NotFoundError, ResultNotFoundError
from heimdall.domain.result import ResultForm
from heimdall.domain.result_reader import Readable
from heimdall.store import keys


@dataclass
class InMemoryJobFiles:
    """Implements `heimdall.domain.job_files.JobFiles`; counts how often each object is written."""

    objects: dict[str, bytes] = field(default_factory=dict)
    writes: Counter[str] = field(default_factory=Counter)

    def put_context(self, job_id: str, context: str) -> None:
        self._put(keys.context_object(job_id), context.encode())

    def context(self, job_id: str) -> str:
        try:
            return self.objects[keys.context_object(job_id)].decode()
        except KeyError:
            raise NotFoundError("gone", job_id=job_id) from None

    def put_result(self, job_id: str, run: int, result: str) -> None:
        self._put(keys.result_object(job_id, run), result.encode())

    def result(self, job_id: str, run: int) -> str:
        with self.open_result(job_id, run) as body:
            return body.read(-1).decode()

    def open_result(self, job_id: str, run: int) -> AbstractContextManager[Readable]:
        try:
            return BytesIO(self.objects[keys.result_object(job_id, run)])
        except KeyError:
            raise ResultNotFoundError("gone", job_id=job_id) from None

    def has_result(self, job_id: str, run: int, form: ResultForm) -> bool:
        return keys.result_object(job_id, run, form) in self.objects

    def open_result_anywhere(
        self, job_id: str, run: int, form: ResultForm
    ) -> AbstractContextManager[BinaryIO]:
        try:
            return BytesIO(self.objects[keys.result_object(job_id, run, form)])
        except KeyError:
            raise ResultNotFoundError("gone", job_id=job_id) from None

    def result_forms(self, job_id: str, run: int) -> set[ResultForm]:
        objects = {keys.result_object(job_id, run, form): form for form in ResultForm}
        return {form for key, form in objects.items() if key in self.objects}

    def put_result_file(self, job_id: str, run: int, form: ResultForm, content: BinaryIO) -> None:
        self._put(keys.result_object(job_id, run, form), content.read())

    @contextmanager
    def write_result(self, job_id: str, run: int, form: ResultForm) -> Iterator[BinaryIO]:
        file = BytesIO()
        yield file
        self._put(keys.result_object(job_id, run, form), file.getvalue())

    def result_url(self, job_id: str, run: int, form: ResultForm = ResultForm.JSON) -> str:
        return keys.result_object(job_id, run, form)

    def put_stream_part(self, job_id: str, run: int, name: str, part: int, data: bytes) -> None:
        self._put(keys.stream_object(job_id, run, name, part), data)

    def stream_part(self, job_id: str, run: int, name: str, part: int) -> bytes:
        return self.objects.get(keys.stream_object(job_id, run, name, part), b"")

    def stream_bytes(self, job_id: str, run: int, name: str) -> int:
        prefix = keys.stream_prefix(job_id, run, name)
        return sum(len(data) for key, data in self.objects.items() if key.startswith(prefix))

    def join_stream(self, job_id: str, run: int, name: str, parts: int) -> None:
        whole = [self.objects[keys.stream_object(job_id, run, name, part)] for part in range(parts)]
        self._put(keys.stream_object(job_id, run, name), b"".join(whole))

    def stream_url(self, job_id: str, run: int, name: str, *, parts: int) -> str:
        return keys.stream_object(job_id, run, name, None if parts > 1 else 0)

    def _put(self, key: str, data: bytes) -> None:
        self.objects[key] = data
        self.writes[key] += 1
