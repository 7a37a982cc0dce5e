"""What keeps the parts of a job that are too large for its item."""

from contextlib import AbstractContextManager
from typing import BinaryIO, Protocol

from heimdall.domain.result import ResultForm
from heimdall.domain.result_reader import Readable


class FilesUnusableError(Exception):
    """Files cannot be kept: a fault of the deployment, which trying again does not mend."""


class JobFiles(Protocol):
    """Keeps what is too large for a job's item: contexts, streams, results."""

    def put_context(self, job_id: str, context: str) -> None:
        """Keep a job's context (JSON text)."""
        ...

    def context(self, job_id: str) -> str:
        """Read a job's context.

        Raises:
            NotFoundError: it is not kept any more.
        """
        ...

    def put_result(self, job_id: str, run: int, result: str) -> None:
        """Keep a run's result (JSON text)."""
        ...

    def result(self, job_id: str, run: int) -> str:
        """Read a run's result.

        Raises:
            ResultNotFoundError: it is not kept any more.
        """
        ...

    def open_result(self, job_id: str, run: int) -> AbstractContextManager[Readable]:
        """Read a run's result piece by piece.

        Raises:
            ResultNotFoundError: it is not kept any more.
        """
        ...

    def has_result(self, job_id: str, run: int, form: ResultForm) -> bool:
        """Whether this result is kept in a form."""
        ...

    def open_result_anywhere(
        self, job_id: str, run: int, form: ResultForm
    ) -> AbstractContextManager[BinaryIO]:
        """Open a run's result, to be read at any place.

        Raises:
            ResultNotFoundError: it is not kept any more.
        """
        ...

    def write_result(
        self, job_id: str, run: int, form: ResultForm
    ) -> AbstractContextManager[BinaryIO]:
        """Open a file of any size for a run's result in one more form.

        It is kept, as a whole, when the block ends; of a block that raises nothing is kept.
        """
        ...

    def result_forms(self, job_id: str, run: int) -> set[ResultForm]:
        """Tell in which forms a run's result is kept."""
        ...

    def put_result_file(self, job_id: str, run: int, form: ResultForm, content: BinaryIO) -> None:
        """Keep a run's result in one more form, read from where the file stands to its end."""
        ...

    def result_url(self, job_id: str, run: int, form: ResultForm = ResultForm.JSON) -> str:
        """Return an address that gives the result to whoever has it, for a few minutes."""
        ...

    def put_stream_part(self, job_id: str, run: int, name: str, part: int, data: bytes) -> None:
        """Keep one part of a stream; `name` is stdout or stderr, parts count from 0."""
        ...

    def stream_part(self, job_id: str, run: int, name: str, part: int) -> bytes:
        """Read one part of a stream; empty if it was not written yet."""
        ...

    def stream_bytes(self, job_id: str, run: int, name: str) -> int:
        """Tell how much of a stream was written so far."""
        ...

    def join_stream(self, job_id: str, run: int, name: str, parts: int) -> None:
        """Make one object of a stream's parts, for `stream_url`."""
        ...

    def stream_url(self, job_id: str, run: int, name: str, *, parts: int) -> str:
        """Return an address that gives a finished stream, for a few minutes."""
        ...
